#include "profiler/watch/range_reader.hpp"

#include <string>
#include <vector>

#include "tests/catch.hpp"

using namespace decodemeter;
using Lines = std::vector<std::string>;

namespace {

// Writes down samples and marks as they come.
struct Written final : StageObserver {
    Lines lines;

    void begin(Stage stage, int step) noexcept override { add("+", stage, step); }
    void end(Stage stage, int step) noexcept override { add("-", stage, step); }
    void add(const char* what, Stage stage, int step) {
        std::string line = what + std::string(stage_names[static_cast<std::size_t>(stage)]);
        if (step > 0) line += " " + std::to_string(step);
        lines.push_back(line);
    }
};

struct Reading {
    Written written;
    RangeReader reader{written,
                       {[this] { written.lines.push_back("sample"); },
                        [this](int steps, bool enclosed) {
                            written.lines.push_back((enclosed ? "enclosed " : "bare ") + std::to_string(steps));
                        }}};

    void range(const char* name, const RangeLane& lane = {}) {
        reader.push(lane, name);
        reader.pop(lane);
    }
    const Lines& lines() const { return written.lines; }
};

const Lines two_steps = {"sample",         "+generate",      "+prefill",  "-prefill",  "+decode_step 1",
                         "-decode_step 1", "-decode_step 2", "-generate", "enclosed 2"};

}  // namespace

TEST_CASE("A generate() with its stages becomes their marks: one start of decoding, an edge for each step") {
    Reading reading;
    reading.reader.push({}, "generate");
    for (const char* stage : {"prefill", "decode_step", "decode_step"}) reading.range(stage);
    reading.reader.pop({});
    CHECK(reading.lines() == two_steps);
}

TEST_CASE("Ranges of other names are passed over wherever they stand") {
    Reading reading;
    reading.range("load");
    reading.reader.push({}, "main");
    reading.reader.push({}, "generate");
    reading.reader.push({}, "layers");
    for (const char* stage : {"prefill", "attention", "decode_step", "Decode_step", "decode_step"})
        reading.range(stage);
    reading.reader.pop({});
    reading.reader.pop({});
    reading.reader.pop({});
    reading.range("preprocess");
    CHECK(reading.lines() == two_steps);
}

TEST_CASE("Ranges by number may end in any order") {
    Reading reading;
    reading.reader.start(7, {}, "generate");
    reading.reader.start(8, {}, "prefill");
    reading.reader.start(9, {}, "decode_step");
    reading.reader.end(8);
    reading.reader.end(9);
    reading.reader.end(1234);
    reading.reader.end(7);
    CHECK(reading.lines() == Lines{"sample", "+generate", "+prefill", "+decode_step 1", "-prefill", "-decode_step 1",
                                   "-generate", "enclosed 1"});
}

TEST_CASE("Without a range around it a sample ends where the next one begins, the last at finish") {
    Reading reading;
    for (const char* stage : {"vision_encoder", "prefill", "decode_step", "vision_encoder", "prefill"})
        reading.range(stage);
    reading.reader.finish();
    reading.reader.finish();
    CHECK(reading.lines() == Lines{"sample", "+generate", "+vision_encoder", "-vision_encoder", "+prefill", "-prefill",
                                   "+decode_step 1", "-decode_step 1", "-generate", "bare 1", "sample", "+generate",
                                   "+vision_encoder", "-vision_encoder", "+prefill", "-prefill", "-generate",
                                   "bare 0"});
}

TEST_CASE("A stage in several ranges begins once") {
    Reading reading;
    reading.reader.push({}, "generate");
    for (const char* stage : {"vision_encoder", "vision_encoder", "prefill"}) reading.range(stage);
    reading.reader.pop({});
    CHECK(reading.lines() == Lines{"sample", "+generate", "+vision_encoder", "-vision_encoder", "-vision_encoder",
                                   "+prefill", "-prefill", "-generate", "enclosed 0"});
}

TEST_CASE("Other threads do not step into a sample, and domains have stacks of their own") {
    Reading reading;
    const RangeLane mine{1, 0}, library{1, 5}, other{2, 0};
    reading.reader.push(mine, "generate");
    reading.range("decode_step", other);
    reading.reader.push(library, "decode_step");
    reading.reader.push(mine, "prefill");
    reading.reader.pop(library);
    reading.reader.pop(mine);
    reading.range("generate", other);
    reading.reader.pop(mine);
    CHECK(reading.lines() == Lines{"sample", "+generate", "+decode_step 1", "+prefill", "-decode_step 1", "-prefill",
                                   "-generate", "enclosed 1"});
    reading.range("generate", other);  // now it may
    CHECK(reading.lines().size() == 12);
}

TEST_CASE("In decodemeter's own domain the step that generate ends is none") {
    const auto steps_of = [](std::uint64_t domain) {
        Reading reading;
        reading.reader.set_own_domain(3);
        const RangeLane lane{0, domain};
        reading.reader.push(lane, "generate");
        for (const char* stage : {"prefill", "decode_step", "decode_step"}) reading.range(stage, lane);
        reading.reader.pop(lane);
        return reading.lines().back();
    };
    CHECK(steps_of(3) == "enclosed 1");
    CHECK(steps_of(4) == "enclosed 2");
}

TEST_CASE("Ranges that were open before, or never end, do no harm") {
    Reading reading;
    reading.reader.pop({});
    reading.reader.push({}, "prefill");
    reading.reader.finish();
    reading.reader.pop({});
    CHECK(reading.lines() == Lines{"sample", "+generate", "+prefill", "-generate", "bare 0"});
}

TEST_CASE("A generate() within another is part of it") {
    Reading reading;
    reading.reader.push({}, "generate");
    reading.reader.push({}, "generate");
    for (const char* stage : {"prefill", "decode_step", "decode_step"}) reading.range(stage);
    reading.reader.pop({});
    reading.reader.pop({});
    CHECK(reading.lines() == two_steps);
}
