// run.json: what all records of a results directory have in common.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace decodemeter {

struct DeviceInfo {
    std::string type = "cpu";  // "cpu" or "cuda"
    std::string name;
    std::string uuid;
    std::string driver;
    std::optional<std::int64_t> memory_bytes;
    std::optional<int> sm_count;
    std::optional<double> sm_mhz_max;
    std::optional<int> threads;  // of the CPU
};

struct SoftwareVersions {
    std::string decodemeter;
    std::string git_revision;
    bool dirty = false;
    std::string torch;
    std::string cuda_runtime;  // empty: built without CUDA
    std::string cupti;         // empty: not used
};

// Which implementation of attention the framework chose, as "flash" or "math"; empty: not known.
struct AttentionInfo {
    std::string decode;
    std::string prefill;
};

struct ModelInfo {
    std::string name;
    std::string dtype;
    std::string weights;  // "random(seed)", or a path's base name and hash
    std::map<std::string, std::int64_t> sizes;
    AttentionInfo attention_backend = {};
};

// When a generate() stops: by EOS, after max_new_tokens, or at a length drawn before.
struct StopRule {
    std::string output_lengths = "natural";
    int max_new_tokens = 0;
    std::uint64_t length_seed = 0;
};

struct WarmUp {
    int runs = 0;
    bool agreed = false;
    double last_window_ms = 0;
    double difference_percent = 0;
};

struct Shard {
    int index = 0;  // 0-based
    int count = 1;

    bool whole() const noexcept { return count == 1; }
};

// One start of `profile` on this directory; a resumed run has several.
struct RunStart {
    std::string time;
    std::string command_line;
    std::string git_revision;
    std::string device_uuid = {};  // empty: the processor, or not known
};

struct RunHeader {
    DeviceInfo device;
    SoftwareVersions versions;
    ModelInfo model;
    std::string execution_mode = "eager";
    StopRule stop_rule;
    int max_crops = 0;
    std::string block_rule = "prefix";  // or "importance:" and the hash of block_order
    std::vector<int> block_order;       // blocks that are left out first; empty: the last ones
    std::map<std::string, std::vector<std::string>> knobs;
    std::uint64_t order_seed = 0;
    WarmUp warm_up;
    std::vector<RunStart> starts;
    Shard shard;
    bool synthetic = false;
    std::map<std::string, std::string> absent;  // what could not be measured here, and why
    std::map<std::string, std::string>
        figures;  // free-form results of the run as JSON texts: overhead, operations per step
};

// What makes two runs different runs, as "model.dtype: float32 here, bfloat16 in run.json". Empty:
// the same run. What one of the two does not tell is not compared.
std::vector<std::string> run_differences(const RunHeader& mine, const RunHeader& existing);

// What a run that goes on in its directory need not have in common with its earlier starts, but its
// reader should know: the very device and its driver. A requeued job may get another of a kind.
std::vector<std::string> machine_changes(const RunHeader& mine, const RunHeader& existing);

}  // namespace decodemeter
