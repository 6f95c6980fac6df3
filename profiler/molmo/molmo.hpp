// Molmo, ready to run. No LibTorch in this header.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/molmo/checkpoint/model_config.hpp"
#include "profiler/molmo/image/image_file.hpp"
#include "profiler/molmo/image/tiling.hpp"
#include "profiler/molmo/text/tokenizer.hpp"
#include "profiler/stage/cuda_stream.hpp"
#include "profiler/stage/stage_observer.hpp"

namespace decodemeter::molmo {

enum class Precision { float32, bfloat16 };
std::string_view to_string(Precision precision) noexcept;

struct ModelOptions {
    std::string device = "cpu";          // "cpu" or "cuda"
    std::optional<Precision> precision;  // none: bfloat16, but float32 for tiny models on the CPU
    std::uint64_t seed = 3407;           // of random weights
    int threads = 0;                     // of the CPU; 0: one for each core
    std::function<void(std::int64_t done, std::int64_t total)>
        progress;  // bytes of weights that are in place
};

// What goes into the model for one sample: crops and token ids, on the model's device.
class PreparedInput;

struct InputFacts {
    std::array<int, 2> image_size{};  // height, width; 0, 0 without an image
    std::array<int, 2> tiling{};      // rows, columns
    int crops = 0;
    int vision_tokens = 0;  // positions that receive an image feature
    int text_tokens = 0;    // all others
    int prompt_tokens = 0;
};

struct Request {
    const Image* image = nullptr;   // none: text only
    std::string prompt;             // the user's words; the template is put around them
    std::optional<TierRange> tier;  // none: Molmo's own tiling
    int max_crops = 12;
};

struct Knobs {
    int top_k = 0;                   // 0: what the model was trained with
    std::vector<int> active_blocks;  // ascending; empty: all
};

// How much of generate() runs: subtraction times parts alone.
enum class Extent { vision, prefill, everything };

struct GenerateOptions {
    Knobs knobs;
    int max_new_tokens = 64;
    bool stop_at_eos = true;
    Extent extent = Extent::everything;
};

struct Generation {
    std::vector<std::int64_t> tokens;  // new ids, the EOS included when it was sampled
    bool ends_with_eos = false;
    std::vector<int> active_blocks;  // that ran
    int top_k = 0;                   // 0 in a dense model
};

class Molmo {
public:
    // A Hugging Face snapshot: config.json, safetensors, tokenizer.json. Throws InputError naming
    // what is missing, extra or misshapen.
    static Molmo load(const std::filesystem::path& directory, const ModelOptions& options);

    // tiny-molmoe, tiny-molmo, molmoe-1b or molmo-7b-d with random weights; no files needed.
    static Molmo built_in(std::string_view name, const ModelOptions& options);
    static const std::vector<std::string>& built_in_names();

    Molmo(Molmo&&) noexcept;
    Molmo& operator=(Molmo&&) noexcept;
    ~Molmo();

    const ModelConfig& config() const noexcept;
    const Tokenizer& tokenizer() const noexcept;
    Precision precision() const noexcept;
    const std::string& name() const noexcept;
    const std::string& weights_source()
        const noexcept;  // "random(seed)", or the snapshot's name and hash
    std::int64_t eos_id() const noexcept;
    int threads() const noexcept;                         // of the CPU that LibTorch uses
    std::int64_t weight_bytes() const;                    // in the memory of the device
    static std::string torch_version();                   // of the LibTorch that runs, as "2.11.0"
    static std::filesystem::path torch_library_folder();  // where it lies
    static std::string torch_cuda_fault();  // why its CUDA library does not load; empty: it does
    const std::vector<std::string>& warnings()
        const noexcept;  // tensors of the checkpoint that nothing uses

    // Stage preprocess: image to crops, prompt to token ids, both to the device.
    std::shared_ptr<const PreparedInput> prepare(const Request& request,
                                                 StageObserver& observer) const;
    static const InputFacts& facts(const PreparedInput& input) noexcept;

    // All other stages. Greedy. Throws InputError for knobs that this model does not have.
    Generation generate(const PreparedInput& input, const GenerateOptions& options,
                        StageObserver& observer);

    // Throws InputError when the knobs do not fit this model; the same test that generate() makes.
    void check(const Knobs& knobs) const;

    // The stream on which generate() works on `device` when this thread calls it; none on the CPU.
    // Throws InputError for a device that is not there.
    static std::optional<CudaStream> stream_on(const std::string& device);
    // Waits for the device. Nothing to wait for on the CPU.
    void synchronize() const;
    // How often LibTorch has asked the driver for memory of the device; 0 on the CPU.
    std::int64_t device_allocations() const;
    // Gives unused device memory back, as torch.cuda.empty_cache() does. False on the CPU, which
    // has no such cache.
    bool empty_cache() const;

    struct Implementation;  // for verify()
    Implementation& implementation() noexcept { return *implementation_; }

private:
    explicit Molmo(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace decodemeter::molmo
