#include "profiler/system/error.hpp"
#include "profiler/system/json_document.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;

namespace {

const char* const example = R"({"name": "x", "on": true, "none": null, "size": 7, "ratio": 0.5,
                               "list": [1, {"deep": [2, 3]}], "twice": 1, "twice": 2})";

}  // namespace

TEST_CASE("Values are read by type, within bounds") {
    const auto document = JsonDocument::parse(example, "f.json");
    const JsonValue root = document->root();
    CHECK(root.at("name").string() == "x");
    CHECK(root.at("on").boolean());
    CHECK(root.at("size").integer(0, 7) == 7);
    CHECK(root.at("size").number(0, 10) == 7);
    CHECK(root.at("ratio").number(0, 1) == 0.5);
    CHECK(root.at("list").elements().size() == 2);
    CHECK_FALSE(root.find("none"));
    CHECK_FALSE(root.find("missing"));
    CHECK(root.fields().size() == 8);
    CHECK(root.fields()[7].name == "twice");
    CHECK(root.fields()[7].value.integer(0, 9) == 2);
}

TEST_CASE("Each failure names the file, the place and what was wanted") {
    const auto document = JsonDocument::parse(example, "f.json");
    const JsonValue root = document->root();
    CHECK_THROWS_WITH(root.at("missing"), "f.json: has no field \"missing\"");
    CHECK_THROWS_WITH(root.at("none"), "f.json: has no field \"none\"");
    CHECK_THROWS_WITH(root.at("size").integer(8, 9),
                      "f.json: size: must be an integer from 8 to 9, is 7");
    CHECK_THROWS_WITH(root.at("ratio").integer(0, 9),
                      "f.json: ratio: must be an integer from 0 to 9, is 0.5");
    CHECK_THROWS_WITH(root.at("name").number(0, 1),
                      "f.json: name: must be a number from 0 to 1, is \"x\"");
    CHECK_THROWS_WITH(root.at("size").string(), "f.json: size: must be a string, is 7");
    CHECK_THROWS_WITH(root.at("size").boolean(), "f.json: size: must be true or false, is 7");
    CHECK_THROWS_WITH(root.at("list").fields(), "f.json: list: must be an object");
    CHECK_THROWS_WITH(root.elements(), "f.json: must be an array");
    const JsonValue deep = root.at("list").elements()[1].at("deep").elements()[1];
    CHECK_THROWS_WITH(deep.string(), "f.json: list[1].deep[1]: must be a string, is 3");
    CHECK_THROWS_AS(deep.string(), InputError);
}

TEST_CASE("What is no JSON is refused") {
    for (const char* text :
         {"", "{", "{\"a\": }", "[1, 2", "nul", "{\"a\": NaN}", "\"\xFF\"", "{} {}"}) {
        CAPTURE(text);
        CHECK_THROWS_WITH(JsonDocument::parse(text, "f.json"),
                          Catch::StartsWith("f.json: is not valid JSON"));
    }
}

TEST_CASE("Nesting is limited, so that a hostile file cannot exhaust the stack") {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    CHECK_NOTHROW(JsonDocument::parse(nested(JsonDocument::max_depth - 1), "f"));
    CHECK_THROWS_AS(JsonDocument::parse(nested(JsonDocument::max_depth + 1), "f"), InputError);
    CHECK_THROWS_AS(JsonDocument::parse(std::string(1'000'000, '['), "f"), InputError);
}

TEST_CASE("A byte order mark before the text is passed over") {
    CHECK(JsonDocument::parse("\xEF\xBB\xBF[1]", "f")->root().elements().size() == 1);
}

TEST_CASE("A file above the limit is refused before it is parsed") {
    test::TemporaryDirectory directory;
    test::write_text(directory / "a.json", "[1, 2, 3]");
    CHECK(JsonDocument::read(directory / "a.json", 100)->root().elements().size() == 3);
    CHECK_THROWS_WITH(JsonDocument::read(directory / "a.json", 5),
                      Catch::Contains("more than the 5 that are read"));
}
