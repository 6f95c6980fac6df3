#include <algorithm>
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
    observer.begin(Stage::generate);
    observer.begin(Stage::prefill);
    observer.end(Stage::prefill);
    observer.step_edge(0);
    for (int step = 1; step <= steps; ++step) {
        observer.begin(Stage::decode_step);
        observer.end(Stage::decode_step);
        observer.step_edge(step);
    }
    observer.end(Stage::generate);
}

}  // namespace

TEST_CASE("Ranges nest, name their step, and all are closed") {
    std::vector<std::string> lines;
    StageRanges<WritingSink> ranges({&lines});
    generate(ranges, 2);
    CHECK(lines == std::vector<std::string>{"generate:0", "prefill:0", "-", "decode_step:1", "-",
                                            "decode_step:2", "-", "-"});
}

TEST_CASE("A generate() after another one numbers its steps from 1 and leaves no range open") {
    std::vector<std::string> lines;
    StageRanges<WritingSink> ranges({&lines});
    generate(ranges, 3);
    generate(ranges, 0);
    generate(ranges, 1);
    int open = 0;
    for (const std::string& line : lines) open += line == "-" ? -1 : 1;
    CHECK(open == 0);
    CHECK(std::count(lines.begin(), lines.end(), "decode_step:1") == 2);
}

TEST_CASE("NVTX ranges do no harm where no tool listens") {
    NvtxRanges ranges;
    generate(ranges, 3);
    SUCCEED();
}
