// How fast are records read? Prints records per second of each case, both ways:
//   lines   read_native_lines() on text in memory, each record dropped
//   set     read_results() on a file, all records kept
// Usage: bench_record_reading [directory]; with a directory its cases' files stay there, and
// bench/record_reading.py compares them with Python's json in the same run.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "profiler/record/format/record_json.hpp"
#include "profiler/record/store/record_reader.hpp"
#include "tests/record/example_record.hpp"

namespace fs = std::filesystem;
using namespace decodemeter;

namespace {

constexpr int rounds = 5;

// Steps are floats that became doubles, as CUDA events give them: 17 digits each.
SampleRecord record_of(std::int64_t sample_id, int output_tokens) {
    SampleRecord record = test::example_record(sample_id, output_tokens);
    record.T_LLM_decode = 0;
    for (std::size_t i = 0; i < record.T_decode_per_step.size(); ++i) {
        const auto place = (static_cast<std::size_t>(sample_id) + 7 * (i + 1)) % 97;
        record.T_decode_per_step[i] =
            static_cast<double>(1.5F + 0.001F * static_cast<float>(place));
        record.T_LLM_decode += record.T_decode_per_step[i];
    }
    record.decode_end_ms = record.decode_start_ms + record.T_LLM_decode;
    record.T_total = record.decode_end_ms + 0.1;
    record.clocks =
        StepClocks{record.T_decode_per_step, record.T_decode_per_step, std::nullopt, "span"};
    return record;
}

// The example of the format's description, 1.1 kB: times of few digits.
std::string short_line(std::int64_t sample_id) {
    SampleRecord record = test::example_record(sample_id, 4);
    record.T_decode_per_step = {1.55, 1.53, 1.54};
    record.T_LLM_decode = 4.62;
    record.decode_end_ms = 22.82;
    record.T_total = 22.9;
    record.clocks = StepClocks{{1.58, 1.54, 1.55}, record.T_decode_per_step, std::nullopt, "span"};
    return to_json_line(record);
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

template <class Work>
double best_seconds(const Work& work) {
    double best = 1e9;
    for (int round = 0; round < rounds; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        work();
        best = std::min(best, seconds_since(begin));
    }
    return best;
}

template <class Line>
void run(const fs::path& directory, const std::string& name, std::int64_t records,
         const Line& line) {
    std::string text;
    for (std::int64_t i = 0; i < records; ++i) text += line(i) + "\n";
    const std::size_t size = text.size();
    const fs::path folder = directory / name;
    fs::create_directories(folder / "coco_2014_vqa");
    std::ofstream(folder / "coco_2014_vqa/records.jsonl", std::ios::binary) << text;
    text.resize(size + json_padding, '\0');

    const double lines = best_seconds([&] {
        ReadReport report;
        read_native_lines(
            std::string_view(text).substr(0, size), name, [](SampleRecord&&) {}, report);
        if (report.read != records) std::abort();
    });
    const double set = best_seconds([&] {
        if (read_results(folder).records.size() != static_cast<std::size_t>(records)) std::abort();
    });
    const auto count = static_cast<double>(records);
    std::printf("%s records=%lld bytes_per_record=%.0f lines_per_second=%.0f set_per_second=%.0f\n",
                name.c_str(), static_cast<long long>(records), static_cast<double>(size) / count,
                count / lines, count / set);
}

}  // namespace

int main(int argc, char** argv) {
    const fs::path directory =
        argc > 1 ? argv[1] : fs::temp_directory_path() / "decodemeter-bench-records";
    run(directory, "short", 100000, short_line);
    run(directory, "steps_63", 20000,
        [](std::int64_t i) { return to_json_line(record_of(i, 64)); });
    if (argc < 2) fs::remove_all(directory);
}
