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

    void begin(Stage stage) noexcept override { add("+", stage); }
    void end(Stage stage) noexcept override { add("-", stage); }
    void step_edge(int step) noexcept override { lines.push_back("edge " + std::to_string(step)); }
    void add(const char* what, Stage stage) {
        lines.push_back(what + std::string(stage_names[static_cast<std::size_t>(stage)]));
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

const Lines two_steps = {"sample",       "+generate",    "+prefill",     "-prefill",
                         "edge 0",       "+decode_step", "-decode_step", "edge 1",
                         "+decode_step", "-decode_step", "edge 2",       "-generate",
                         "enclosed 2"};

// A prefill that is open when the first step begins ends there.
const Lines late_prefill = {"sample",       "+generate",    "+prefill", "-prefill",  "edge 0",
                            "+decode_step", "-decode_step", "edge 1",   "-generate", "enclosed 1"};

}  // namespace

TEST_CASE("Decoding begins at the end of prefill, and each pass ends with an edge") {
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
    CHECK(reading.lines() == late_prefill);
}

TEST_CASE("Without a range around it a sample ends where the next one begins, the last at finish") {
    Reading reading;
    reading.ranges({"vision_encoder", "prefill", "decode_step", "vision_encoder"});
    CHECK(reading.reader.in_bare_sample());
    reading.ranges({"prefill"});
    reading.reader.finish();
    reading.reader.finish();
    CHECK_FALSE(reading.reader.in_bare_sample());
    CHECK(reading.lines() == Lines{"sample",          "+generate",    "+vision_encoder",
                                   "-vision_encoder", "+prefill",     "-prefill",
                                   "edge 0",          "+decode_step", "-decode_step",
                                   "edge 1",          "-generate",    "bare 1",
                                   "sample",          "+generate",    "+vision_encoder",
                                   "-vision_encoder", "+prefill",     "-prefill",
                                   "edge 0",          "-generate",    "bare 0"});
}

TEST_CASE("Prefill in chunks is one prefill, and decoding begins at the end of the last") {
    Reading reading;
    reading.reader.push(0, "generate");
    reading.ranges({"vision_encoder", "vision_encoder", "prefill", "prefill", "decode_step"});
    reading.reader.pop(0);
    CHECK(reading.lines() == Lines{"sample", "+generate", "+vision_encoder", "-vision_encoder",
                                   "+vision_encoder", "-vision_encoder", "+prefill", "-prefill",
                                   "edge 0", "+prefill", "-prefill", "edge 0", "+decode_step",
                                   "-decode_step", "edge 1", "-generate", "enclosed 1"});
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
    CHECK(reading.lines() == late_prefill);
}

TEST_CASE("Without a prefill decoding begins with the first step") {
    Reading reading;
    reading.reader.push(0, "generate");
    reading.ranges({"decode_step"});
    reading.reader.pop(0);
    CHECK(reading.lines() == Lines{"sample", "+generate", "edge 0", "+decode_step", "-decode_step",
                                   "edge 1", "-generate", "enclosed 1"});
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
