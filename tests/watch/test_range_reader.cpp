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
    void add(const WatchedSample& seen) {
        lines.push_back((seen.enclosed ? "enclosed " : "bare ") + std::to_string(seen.steps) +
                        (seen.whole ? "" : ", not whole"));
    }
};

struct Reading {
    Written written;
    RangeReader reader{written,
                       {[this] { written.lines.push_back("sample"); },
                        [this](const WatchedSample& seen) { written.add(seen); }}};

    void ranges(const std::vector<const char*>& names, RangeDomain domain = 0) {
        for (const char* name : names) {
            reader.push(domain, name);
            reader.pop(domain);
        }
    }
    const Lines& lines() const { return written.lines; }
    // What the samples came to.
    Lines samples() const {
        Lines ended;
        for (const std::string& line : written.lines) {
            if (line.starts_with("enclosed") || line.starts_with("bare")) ended.push_back(line);
        }
        return ended;
    }
};

const Lines two_steps = {"sample",         "+generate",      "+prefill",
                         "-prefill",       "+decode_step 1", "-decode_step 1",
                         "-decode_step 2", "-generate",      "enclosed 2"};

}  // namespace

TEST_CASE(
    "A generate() with its stages becomes their marks: one start of decoding, an edge for each "
    "step") {
    Reading reading;
    reading.reader.push(0, "generate");
    reading.ranges({"prefill", "decode_step", "decode_step"});
    reading.reader.pop(0);
    CHECK(reading.lines() == two_steps);
}

TEST_CASE("Ranges of other names are passed over wherever they stand") {
    Reading reading;
    reading.ranges({"load"});
    CHECK(reading.reader.push(0, "main") == 0);
    CHECK(reading.reader.push(0, "generate") == 1);
    reading.reader.push(0, "layers");
    reading.ranges({"prefill", "attention", "decode_step", "Decode_step", "decode_step"});
    CHECK(reading.reader.pop(0) == 2);
    reading.reader.pop(0);
    reading.reader.pop(0);
    reading.ranges({"preprocess"});
    CHECK(reading.lines() == two_steps);
}

TEST_CASE("Ranges by number may end in any order") {
    Reading reading;
    CHECK(reading.reader.start(7, 0, "generate"));
    CHECK_FALSE(reading.reader.start(6, 0, "load"));
    reading.reader.start(8, 0, "prefill");
    reading.reader.start(9, 0, "decode_step");
    for (const std::uint64_t range : {8, 9, 1234, 7}) reading.reader.end(range);
    CHECK(reading.lines() == Lines{"sample", "+generate", "+prefill", "+decode_step 1", "-prefill",
                                   "-decode_step 1", "-generate", "enclosed 1"});
}

TEST_CASE("Without a range around it a sample ends where the next one begins, the last at finish") {
    Reading reading;
    reading.ranges({"vision_encoder", "prefill", "decode_step", "vision_encoder"});
    CHECK(reading.reader.in_bare_sample());
    reading.ranges({"prefill"});
    reading.reader.finish();
    reading.reader.finish();
    CHECK_FALSE(reading.reader.in_bare_sample());
    CHECK(reading.lines() == Lines{"sample", "+generate", "+vision_encoder", "-vision_encoder",
                                   "+prefill", "-prefill", "+decode_step 1", "-decode_step 1",
                                   "-generate", "bare 1", "sample", "+generate", "+vision_encoder",
                                   "-vision_encoder", "+prefill", "-prefill", "-generate",
                                   "bare 0"});
}

TEST_CASE("A stage in several ranges begins once, and prefill in chunks is one prefill") {
    Reading reading;
    reading.reader.push(0, "generate");
    reading.ranges({"vision_encoder", "vision_encoder", "prefill", "prefill", "decode_step"});
    reading.reader.pop(0);
    CHECK(reading.lines() == Lines{"sample", "+generate", "+vision_encoder", "-vision_encoder",
                                   "-vision_encoder", "+prefill", "-prefill", "-prefill",
                                   "+decode_step 1", "-decode_step 1", "-generate", "enclosed 1"});
}

TEST_CASE("A prefill after steps begins another sample, within generate too") {
    Reading reading;
    reading.reader.push(0, "generate");
    reading.ranges({"prefill", "decode_step", "decode_step", "prefill", "decode_step"});
    reading.reader.pop(0);
    CHECK(reading.samples() == Lines{"bare 2", "enclosed 1"});
}

TEST_CASE("Each domain has a stack of its own") {
    Reading reading;
    reading.reader.push(0, "generate");
    reading.reader.push(5, "prefill");
    reading.reader.push(0, "decode_step");
    CHECK(reading.reader.pop(5) == 0);
    CHECK(reading.reader.pop(0) == 1);
    reading.reader.pop(0);
    CHECK(reading.lines() == Lines{"sample", "+generate", "+prefill", "+decode_step 1", "-prefill",
                                   "-decode_step 1", "-generate", "enclosed 1"});
}

TEST_CASE("In decodemeter's own domain the step that generate ends is none") {
    const auto samples_of = [](RangeDomain domain) {
        Reading reading;
        reading.reader.set_own_domain(3);
        reading.reader.push(domain, "generate");
        reading.ranges({"prefill", "decode_step", "decode_step"}, domain);
        reading.reader.pop(domain);
        return reading.samples();
    };
    CHECK(samples_of(3) == Lines{"enclosed 1"});
    CHECK(samples_of(4) == Lines{"enclosed 2"});
}

TEST_CASE("What an exception leaves open spoils its own sample and no other") {
    Reading reading;
    for (int request = 0; request < 3; ++request) {
        reading.reader.push(0, "generate");
        reading.ranges({"prefill", "decode_step"});
        if (request == 1)
            reading.reader.push(0, "decode_step");  // and the pop of generate closes this one
        reading.reader.pop(0);
    }
    reading.reader.finish();
    CHECK(reading.samples() == Lines{"enclosed 1", "bare 2, not whole", "enclosed 1"});
}

TEST_CASE("A sample is not whole while a stage is open, or generate when the program ends") {
    Reading reading;
    reading.reader.push(0, "prefill");
    reading.reader.finish();
    CHECK(reading.reader.pop(0) == 0);  // of a sample that is over
    reading.reader.push(0, "generate");
    reading.ranges({"prefill", "decode_step"});
    reading.reader.finish();
    reading.reader.pop(0);
    reading.ranges({"generate"});
    CHECK(reading.samples() ==
          Lines{"bare 0, not whole", "bare 1, not whole", "enclosed 0, not whole"});
}

TEST_CASE("A pop without its push does no harm") {
    Reading reading;
    CHECK(reading.reader.pop(0) == 0);
    CHECK(reading.reader.push(0, "main") == 0);
    CHECK(reading.lines().empty());
}

TEST_CASE("A generate() within another is part of it") {
    Reading reading;
    reading.reader.push(0, "generate");
    reading.reader.push(0, "generate");
    reading.ranges({"prefill", "decode_step", "decode_step"});
    reading.reader.pop(0);
    reading.reader.pop(0);
    CHECK(reading.lines() == two_steps);
}
