#include <nlohmann/json.hpp>
#include <random>

#include "profiler/record/format/line_parser.hpp"
#include "profiler/record/format/line_scanner.hpp"
#include "profiler/record/format/record_json.hpp"
#include "profiler/record/store/record_reader.hpp"
#include "tests/catch.hpp"
#include "tests/record/example_record.hpp"

using namespace decodemeter;
using Json = nlohmann::json;

namespace {

// A line with the room after it that reading needs.
struct PaddedLine {
    std::string text;
    std::size_t size;

    explicit PaddedLine(std::string line) : text(std::move(line)), size(text.size()) {
        text += '\n';
        text.resize(size + json_padding, '\0');
    }
    std::string_view view() const { return std::string_view(text).substr(0, size); }
};

bool scanned(const std::string& line) {
    LineState state;
    return scan_line(PaddedLine(line).view(), state);
}

// Everything that a state holds, as text.
std::string contents(const LineState& state) {
    std::string text = to_json_line(state.record) + "|" + state.fault + "|" +
                       std::to_string(state.seen) + "|" + std::to_string(state.stored_decode_steps);
    if (state.record.stored_per_token_ms)
        text += "|" + std::to_string(*state.record.stored_per_token_ms);
    return text;
}

// A line that the scanner accepts must be accepted by the parser, with the same contents.
bool readers_agree(const std::string& line) {
    const PaddedLine padded(line);
    LineState fast;
    LineState tolerant;
    if (!scan_line(padded.view(), fast)) return true;
    LineParser parser;
    const bool parsed = parser.parse(padded.view(), padded.text.size(), tolerant);
    INFO(line);
    CHECK(parsed);
    CHECK(contents(fast) == contents(tolerant));
    return parsed && contents(fast) == contents(tolerant);
}

SampleRecord rich_record() {
    SampleRecord record = test::example_record(17, 40);
    for (std::size_t i = 0; i < record.T_decode_per_step.size(); ++i) {
        record.T_decode_per_step[i] = 1.5 + 1.0 / static_cast<double>(3 + i);
    }
    record.clocks = StepClocks{record.T_decode_per_step, record.T_decode_per_step,
                               record.T_decode_per_step, "span"};
    record.cupti = CuptiSummary{{1.5},        {0.1}, {0}, {1e-9}, {0}, {900}, {1000}, {1}, {8},
                                std::nullopt, {},    7,   0,      0,   1,     2,      3,   4};
    record.gpu->throttle = {"sw_power_cap", "hw_slowdown"};
    record.flags = {"throttled"};
    record.trace = "trace.json";
    record.prompt = "What is this?";
    record.pred = "a cat";
    record.answers = {"a cat", "cat"};
    record.accuracy = 1e-3;
    record.synthetic = true;
    return record;
}

std::string with_spaces(const std::string& line) {
    std::string spaced;
    bool quoted = false;
    for (const char c : line) {
        quoted ^= c == '"';
        spaced += c;
        if (!quoted && (c == ',' || c == ':')) spaced += ' ';
    }
    return spaced;
}

}  // namespace

TEST_CASE("Lines as they are written are read the fast way, with spaces and in other orders too") {
    SampleRecord bare = test::example_record(3, 1);
    bare.config.tier.reset();
    bare.clocks.reset();
    bare.subtraction.reset();
    bare.gpu.reset();
    bare.cupti_refused = "no library";
    for (const SampleRecord& record : {test::example_record(), rich_record(), bare}) {
        const std::string line = to_json_line(record);
        INFO(line);
        CHECK(scanned(line));
        CHECK(scanned(with_spaces(line)));
        CHECK(scanned(Json::parse(line).dump()));  // sorted by name
        CHECK(readers_agree(line));
        CHECK(readers_agree(with_spaces(line)));
        CHECK(readers_agree(Json::parse(line).dump()));
    }
}

TEST_CASE("Numbers of every length come to the same double either way") {
    std::mt19937_64 engine(5);
    Json json = Json::parse(to_json_line(test::example_record()));
    for (int i = 0; i < 2000; ++i) {
        const double exponent = static_cast<double>(engine() % 40) - 20;
        json["T_total"] = static_cast<double>(engine()) * 0x1p-64 * std::pow(10, exponent);
        CHECK(readers_agree(json.dump()));
    }
    for (const char* number :
         {"0", "0.0", "1e3", "1E-5", "12345678901234567890", "0.00000000000000000000000000001",
          "4.9e-324", "1.7976931348623157e308", "9007199254740993", "1.0000000000000000000001"}) {
        std::string line = json.dump();
        const std::size_t begin = line.find("\"T_total\":") + 10;
        line.replace(begin, line.find_first_of(",}", begin) - begin, number);
        INFO(number);
        CHECK(readers_agree(line));
    }
}

TEST_CASE("What is out of the ordinary is left to the tolerant reader") {
    const Json json = Json::parse(to_json_line(test::example_record()));
    const auto with = [&](const char* field, const Json& value) {
        Json changed = json;
        changed[field] = value;
        return changed.dump();
    };
    CHECK_FALSE(scanned(with("T_total", -1.0)));
    CHECK_FALSE(scanned(with("T_total", "12")));
    CHECK_FALSE(scanned(with("T_total", nullptr)));
    CHECK_FALSE(scanned(with("output_tokens", 2.5)));
    CHECK_FALSE(scanned(with("output_tokens", -2)));
    CHECK_FALSE(scanned(with("tier", "huge")));
    CHECK_FALSE(scanned(with("tier", 3)));
    CHECK_FALSE(scanned(with("novel", Json{{"x", 1}})));
    CHECK_FALSE(scanned(with("pred", "caf\u00e9")));
    CHECK_FALSE(scanned(with("pred", "a \"quoted\" word")));
    CHECK(scanned(with("novel", 12)));
    CHECK_FALSE(scanned(json.dump() + "x"));
    CHECK_FALSE(scanned("[1]"));
    CHECK_FALSE(scanned("{}x"));
}

TEST_CASE(
    "A line changed at random is never accepted with other contents than the tolerant reader "
    "finds") {
    const std::string alphabet = "\",:{}[]0123456789.-+eEntrufals \t\\x\x7f\x80";
    std::mt19937_64 engine(20260108);
    const std::vector<std::string> lines = {to_json_line(test::example_record()),
                                            to_json_line(rich_record()),
                                            with_spaces(to_json_line(test::example_record(5, 2)))};
    int accepted = 0;
    for (int i = 0; i < 20000; ++i) {
        std::string line = lines[engine() % lines.size()];
        for (std::uint64_t changes = 1 + engine() % 3; changes > 0; --changes) {
            const std::size_t place = engine() % line.size();
            const char letter = alphabet[engine() % alphabet.size()];
            if (engine() % 3 == 0) line.erase(place, 1 + engine() % 4);
            else if (engine() % 2 == 0) line[place] = letter;
            else line.insert(place, 1, letter);
        }
        LineState state;
        accepted += scan_line(PaddedLine(line).view(), state);
        if (!readers_agree(line)) break;
    }
    CHECK(accepted > 1000);
}

TEST_CASE("Fields that come twice are read alike") {
    const std::string line = to_json_line(rich_record());
    const std::string body = line.substr(1, line.size() - 2);
    CHECK(scanned("{" + body + "," + body + "}"));
    CHECK(readers_agree("{" + body + "," + body + "}"));
}
