#include <string>

#include "profiler/molmo/text/tokenizer.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using namespace decodemeter::molmo;

namespace {

// A tokenizer small enough to read; the tests break one part of it.
const std::string whole = R"({
 "normalizer": {"type": "NFC"},
 "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
 "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "c": 3, "abc": 4, "<|endoftext|>": 5},
           "merges": ["a b", ["ab", "c"]]},
 "added_tokens": [
  {"id": 5, "content": "<|endoftext|>", "special": true},
  {"id": 6, "content": "<im_start>", "special": true}, {"id": 7, "content": "<im_end>", "special": true},
  {"id": 8, "content": "<im_patch>", "special": true}, {"id": 9, "content": "<im_col>", "special": true},
  {"id": 10, "content": "xy", "normalized": true}, {"id": 11, "content": "xyx", "normalized": true},
  {"id": 12, "content": "e\u0301", "normalized": true}]})";

std::string with(const std::string& from, const std::string& to) {
    std::string text = whole;
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("Merges apply in their order, and bytes without a token are left out") {
    const Tokenizer tokenizer = Tokenizer::parse(whole, "t");
    CHECK(tokenizer.encode("abc") == Ids{4});
    CHECK(tokenizer.encode("aab") == Ids{0, 2});
    CHECK(tokenizer.encode("azb") == Ids{2});
    CHECK(tokenizer.size() == 13);
}

TEST_CASE(
    "Added tokens: raw ones first, then normalized ones in normalized text, leftmost and longest") {
    const Tokenizer tokenizer = Tokenizer::parse(whole, "t");
    CHECK(tokenizer.encode("axyx") == Ids{0, 11});
    CHECK(tokenizer.encode("a<im_col>xy") == Ids{0, 9, 10});
    CHECK(tokenizer.encode("\u00e9") == Ids{12});
    CHECK(tokenizer.encode("e\u0301") == Ids{12});
}

TEST_CASE("Of the pairs that merge, the lowest rank goes first, the leftmost of them first") {
    const Tokenizer tokenizer =
        Tokenizer::parse(with(R"("merges": ["a b", ["ab", "c"]])", R"("merges": ["a a", "aa a"])")
                             .replace(whole.find(R"("b": 1)"), 6, R"("b": 1, "aa": 20, "aaa": 21)"),
                         "t");
    CHECK(tokenizer.encode("aaa") == Ids{21});
    CHECK(tokenizer.encode("aaaa") == Ids{20, 20});
    CHECK(tokenizer.encode(std::string(100, 'a')) == Ids(50, 20));
}

TEST_CASE("A tokenizer that is broken or of another kind is refused, naming the place") {
    const auto refused = [](const std::string& text, const std::string& why) {
        CAPTURE(why);
        CHECK_THROWS_AS(Tokenizer::parse(text, "t.json"), InputError);
        CHECK_THROWS_WITH(Tokenizer::parse(text, "t.json"),
                          Catch::StartsWith("t.json: ") && Catch::Contains(why));
    };
    refused("", "is not valid JSON");
    refused("[]", "must be an object");
    refused("{}", "has no field \"model\"");
    refused(with("\"NFC\"", "\"NFKC\""), "normalizer.type: must be \"NFC\"");
    refused(with("\"BPE\"", "\"Unigram\""), "model.type: must be \"BPE\"");
    refused(with("\"use_regex\": true", "\"use_regex\": false"), "pre_tokenizer");
    refused(with("\"add_prefix_space\": false", "\"add_prefix_space\": true"),
            "pre_tokenizer.add_prefix_space");
    refused(with("\"a\": 0", "\"a\": -1"),
            "model.vocab.a: must be an integer from 0 to 1048575, is -1");
    refused(with("\"a\": 0", "\"a\": 1e3"), "model.vocab.a: must be an integer");
    refused(with("\"a\": 0", "\"a\": 99999999999999999999"), "is not valid JSON");
    refused(with("\"a\": 0", "\"a\": 1048576"),
            "model.vocab.a: must be an integer from 0 to 1048575");
    refused(with("\"a\": 0", "\"a\": 1"), "model.vocab.b: is the id of another token, too");
    refused(with("\"a\": 0", "\"a\": 0, \"a\": 30"), "belongs to a token that occurs twice");
    refused(with("\"a b\"", "\"a z\""),
            "model.merges[0]: needs \"az\", which the vocabulary lacks");
    refused(with("\"a b\"", "\"ab\""), "model.merges[0]: must be two tokens with a space between");
    refused(with("\"a b\"", "\"a b c\""), "must be two tokens");
    refused(with("\"a b\"", "\" ab\""), "model.merges[0]: has an empty token");
    refused(with("\"a b\"", "7"), "model.merges[0]: must be a string");
    refused(with("\"a b\"", "\"a b\", \"a b\""), "model.merges[1]: is a pair that occurs twice");
    refused(with("\"id\": 6", "\"id\": 4"), "added_tokens[1].id: is the id of another token, too");
    refused(with("\"id\": 5", "\"id\": 50"), "added_tokens[0].id: must be 5, as in the vocabulary");
    refused(with("\"<im_start>\"", "\"\""), "added_tokens[1].content: must have 1 to 1024 bytes");
    refused(with("\"<im_start>\"", "\"<im_end>\""), "added_tokens[2].content: occurs twice");
    refused(with("\"<im_start>\"", "\"<im_stop>\""),
            "has no <im_start>, so this is no Molmo's tokenizer");
    refused(with("\"special\": true", "\"special\": true, \"lstrip\": true"),
            "added_tokens[0].lstrip: must be false");
    refused(with("\"special\": true", "\"special\": 1"),
            "added_tokens[0].special: must be true or false");
    refused(std::string(100, '[') + std::string(100, ']'), "at most 64 levels deep");
}

TEST_CASE("A tokenizer file that is not there is refused by name") {
    test::TemporaryDirectory directory;
    CHECK_THROWS_WITH(Tokenizer::read(directory / "tokenizer.json"),
                      Catch::Contains("tokenizer.json: no such file"));
    CHECK_THROWS_WITH(Tokenizer::read(directory.path()),
                      Catch::Contains("is a directory, not a file"));
}
