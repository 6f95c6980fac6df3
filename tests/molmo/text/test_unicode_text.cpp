#include "profiler/molmo/text/pre_tokenizer.hpp"
#include "profiler/molmo/text/unicode_text.hpp"
#include "tests/catch.hpp"

using namespace decodemeter::molmo;

namespace {

std::vector<std::string> words(PreTokenizer kind, const std::string& text) {
    const auto all = characters(text);
    std::vector<std::string> result;
    for (std::size_t begin = 0; begin < all.size();) {
        const std::size_t end = word_end(kind, all, begin);
        REQUIRE(end > begin);
        const std::size_t last = end < all.size() ? all[end].offset : text.size();
        result.push_back(text.substr(all[begin].offset, last - all[begin].offset));
        begin = end;
    }
    return result;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("Broken UTF-8 becomes one replacement character for each maximal subpart") {
    const std::string bad = "\uFFFD";
    CHECK(valid_utf8("a\xC3") == "a" + bad);
    CHECK(valid_utf8("\xC3(") == bad + "(");
    CHECK(valid_utf8("\xE2\x82") == bad);
    CHECK(valid_utf8("\xF0\x9F\x98") == bad);
    CHECK(valid_utf8("\xF0\x9F"
                     "a\x98") == bad + "a" + bad);
    CHECK(valid_utf8("\xED\xA0\x80") == bad + bad + bad);  // a surrogate
    CHECK(valid_utf8("\xC0\xAF") == bad + bad);            // an overlong form
    CHECK(valid_utf8("\xF4\x90\x80\x80") == bad + bad + bad + bad);
    CHECK(valid_utf8("\xF5\x80") == bad + bad);
    CHECK(valid_utf8("\u00e9\u4f60\U0010FFFF") == "\u00e9\u4f60\U0010FFFF");
}

TEST_CASE("UTF-8 written is UTF-8 read") {
    for (const char32_t code : {0x0U, 0x7FU, 0x80U, 0x7FFU, 0x800U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
        std::string text;
        append_utf8(code, text);
        REQUIRE(characters(text).size() == 1);
        CHECK(characters(text)[0].code == code);
    }
}

TEST_CASE("Normalization composes, orders marks, and leaves excluded characters apart") {
    CHECK(nfc("e\u0301") == "\u00e9");
    CHECK(nfc("a\u0301\u0323") == "\u1EA1\u0301");
    CHECK(nfc("q\u0323\u0307") == "q\u0323\u0307");
    CHECK(nfc("\u1100\u1161\u11a8") == "\uAC01");
    CHECK(nfc("\u212B") == "\u00C5");
    CHECK(nfc("\u0958") == "\u0915\u093C");
    CHECK(nfc("plain \u00fc") == "plain \u00fc");
}

TEST_CASE("GPT-2's words") {
    const auto split = [](const std::string& text) { return words(PreTokenizer::gpt2, text); };
    CHECK(split("Don't stop  now") == Words{"Don", "'t", " stop", " ", " now"});
    CHECK(split("it's 1234 a1b2") == Words{"it", "'s", " 1234", " a", "1", "b", "2"});
    CHECK(split("DON'T") == Words{"DON", "'", "T"});
    CHECK(split("end   ") == Words{"end", "   "});
    CHECK(split("a \n\n b") == Words{"a", " \n\n", " b"});
    CHECK(split("\t\tx") == Words{"\t", "\t", "x"});
    CHECK(split(" ...!?") == Words{" ...!?"});
    CHECK(split("\u00a0a") == Words{"\u00a0", "a"});
}

TEST_CASE("Qwen2's words") {
    const auto split = [](const std::string& text) { return words(PreTokenizer::qwen2, text); };
    CHECK(split("Don't DON'T I'LL") == Words{"Don", "'t", " DON", "'T", " I", "'LL"});
    CHECK(split("it'\u017f") == Words{"it", "'\u017f"});
    CHECK(split("12 3") == Words{"1", "2", " ", "3"});
    CHECK(split("(word) \tx") == Words{"(word", ")", " ", "\tx"});
    CHECK(split("a \n\n b") == Words{"a", " \n\n", " b"});
    CHECK(split("x!\r\n\ny") == Words{"x", "!\r\n\n", "y"});
    CHECK(split("  \n  ") == Words{"  \n", "  "});
    CHECK(split("\u00a0a") == Words{"\u00a0a"});
}
