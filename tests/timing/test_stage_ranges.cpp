#include <string>
#include <vector>

#include "profiler/timing/nvtx_ranges.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;

namespace {

// Writes down what is opened, with "-" for a close.
struct WritingSink {
    std::vector<std::string>* lines;
    void push(Stage stage, int step) noexcept {
        lines->push_back(std::string(stage_names[static_cast<std::size_t>(stage)]) + ":" +
                         std::to_string(step));
    }
    void pop() noexcept { lines->push_back("-"); }
};

void generate(StageObserver& observer, int steps) {
    observer.begin(Stage::generate, 0);
    observer.begin(Stage::prefill, 0);
    observer.end(Stage::prefill, 0);
    observer.begin(Stage::decode_step, 1);
    for (int step = 1; step <= steps; ++step) observer.end(Stage::decode_step, step);
    observer.end(Stage::generate, 0);
}

}  // namespace

TEST_CASE("Ranges nest, name their step, and all are closed") {
    std::vector<std::string> lines;
    StageRanges<WritingSink> ranges({&lines});
    generate(ranges, 2);
    CHECK(lines == std::vector<std::string>{"generate:0", "prefill:0", "-", "decode_step:1", "-",
                                            "decode_step:2", "-", "decode_step:3", "-", "-"});
}

TEST_CASE(
    "A decoding that ends before its first step leaves no range open, and the next one starts "
    "afresh") {
    std::vector<std::string> lines;
    StageRanges<WritingSink> ranges({&lines});
    generate(ranges, 0);
    generate(ranges, 1);
    int open = 0;
    for (const std::string& line : lines) open += line == "-" ? -1 : 1;
    CHECK(open == 0);
}

TEST_CASE("NVTX ranges do no harm where no tool listens") {
    NvtxRanges ranges;
    generate(ranges, 3);
    SUCCEED();
}
