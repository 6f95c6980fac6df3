#include <map>

#include "profiler/molmo/text/tokenizer.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/json_document.hpp"
#include "tests/catch.hpp"
#include "tests/golden_directory.hpp"

using namespace decodemeter;
using namespace decodemeter::molmo;

namespace {

std::vector<std::int64_t> ids_of(const JsonValue& json) {
    std::vector<std::int64_t> ids;
    for (const JsonValue& id : json.elements()) ids.push_back(id.integer(0, 1 << 20));
    return ids;
}

void check_decoding(const Tokenizer& tokenizer, const JsonValue& item) {
    const auto ids = ids_of(item.at("ids"));
    CHECK(tokenizer.decode(ids) == item.at("decoded").string());
    CHECK(tokenizer.decode(ids, {.skip_special = true}) ==
          item.at("decoded_skip_special").string());
    if (const auto cleaned = item.find("decoded_skip_special_cleaned")) {
        CHECK(tokenizer.decode(ids, {.skip_special = true, .clean_up_spaces = true}) ==
              cleaned->string());
    }
}

// Returns how many texts and id sequences were compared.
std::size_t check_golden(const Tokenizer& tokenizer, const JsonValue& golden) {
    for (const JsonField& special : golden.at("special_ids").fields()) {
        CHECK(tokenizer.find(special.name) == special.value.integer(0, 1 << 20));
    }
    const auto cases = golden.at("cases").elements();
    const auto decode_cases = golden.at("decode_cases").elements();
    for (const JsonValue& item : cases) {
        CAPTURE(item.at("text").string());
        CHECK(tokenizer.encode(item.at("text").string()) == ids_of(item.at("ids")));
        check_decoding(tokenizer, item);
    }
    for (const JsonValue& item : decode_cases) check_decoding(tokenizer, item);
    return cases.size() + decode_cases.size();
}

std::filesystem::path real_checkpoints() {
    const char* named = std::getenv("DECODEMETER_MOLMO_DIR");
    return named != nullptr ? named : "";
}

}  // namespace

TEST_CASE("Both kinds of tokenizer encode and decode every golden text exactly") {
    const std::filesystem::path golden = test::golden_directory();
    const auto document = JsonDocument::read(golden / "tokenizer.golden.json", 1 << 24);
    const std::map<std::string_view, const char*> directory_of = {{"neox", "tiny-molmoe"},
                                                                  {"qwen2", "tiny-molmo-dense"}};
    for (const JsonField& kind : document->root().fields()) {
        CAPTURE(kind.name);
        const Tokenizer tokenizer =
            Tokenizer::read(golden / directory_of.at(kind.name) / "tokenizer.json");
        CHECK(tokenizer.size() == kind.value.at("vocab_size_incl_added").integer(0, 1 << 20));
        CHECK(tokenizer.eos_id() == kind.value.at("eos_id").integer(0, 1 << 20));
        CHECK(check_golden(tokenizer, kind.value) >= 90);
    }
}

TEST_CASE("The real checkpoints' tokenizers encode and decode every golden text exactly",
          "[real]") {
    const std::filesystem::path golden = test::golden_directory() / "tokenizer.real.golden.json";
    if (real_checkpoints().empty() || !std::filesystem::exists(golden)) {
        WARN(
            "test skipped: no DECODEMETER_MOLMO_DIR, or no tokenizer.real.golden.json among the "
            "golden files");
        return;
    }
    const auto document = JsonDocument::read(golden, 1 << 24);
    const std::map<std::string_view, const char*> directory_of = {{"molmoe_1b", "molmoe-1b"},
                                                                  {"molmo_7b_d", "molmo-7b-d"}};
    for (const JsonField& model : document->root().fields()) {
        CAPTURE(model.name);
        const Tokenizer tokenizer =
            Tokenizer::read(real_checkpoints() / directory_of.at(model.name) / "tokenizer.json");
        CHECK(check_golden(tokenizer, model.value) >= 100);
    }
}

TEST_CASE("Every text comes back from its tokens, whatever its characters") {
    const Tokenizer real =
        Tokenizer::read(test::golden_directory() / "tiny-molmo-dense/tokenizer.json");
    const Tokenizer bytes = Tokenizer::byte_level();
    for (const char* text : {"", " ", "a\nb\r\n  c\t", "\u4f60\u597d \U0001F468\u200d\U0001F469",
                             "it's <im_patch> 12345", "\x01\x7f"}) {
        CHECK(real.decode(real.encode(text)) == text);
        CHECK(bytes.decode(bytes.encode(text)) == text);
    }
}

TEST_CASE("A megabyte of anything comes back from its tokens") {
    const Tokenizer tokenizer = Tokenizer::read(
        test::golden_directory() / GENERATE("tiny-molmoe", "tiny-molmo-dense") / "tokenizer.json");
    const std::string unit = GENERATE("a", " ", "\n", " \n", "\U0001F600", "ab1 ", "<im_patch>",
                                      "|<EXTRA_TOKENS_", "'s", "the ");
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    CHECK((tokenizer.decode(tokenizer.encode(text)) == text));
}

TEST_CASE("A megabyte of combining marks in the wrong order is put in order") {
    const Tokenizer tokenizer =
        Tokenizer::read(test::golden_directory() / "tiny-molmoe/tokenizer.json");
    std::string text = "a";
    std::string sorted = "a";
    for (int i = 0; i < 250'000; ++i) text += "\u0301\u0323";
    for (int i = 0; i < 249'999; ++i) sorted += "\u0323";
    for (int i = 0; i < 250'000; ++i) sorted += "\u0301";
    // The first dot below composes with the letter.
    CHECK((tokenizer.decode(tokenizer.encode(text)) == "\u1EA1" + sorted.substr(1)));
}

TEST_CASE("A text that is broken UTF-8 is tokenized as if it had replacement characters") {
    const Tokenizer tokenizer = Tokenizer::byte_level();
    CHECK(tokenizer.encode("a\xFF"
                           "b") == tokenizer.encode("a\uFFFD"
                                                    "b"));
}

TEST_CASE("The byte-level tokenizer knows each byte and Molmo's special tokens") {
    const Tokenizer tokenizer = Tokenizer::byte_level();
    CHECK(tokenizer.size() == 262);
    CHECK(tokenizer.encode("A\xC3\xA9") == std::vector<std::int64_t>{65, 0xC3, 0xA9});
    CHECK(tokenizer.encode("x<im_col><|endoftext|>") == std::vector<std::int64_t>{'x', 260, 256});
    CHECK(tokenizer.bos_id() == 256);
    CHECK(tokenizer.eos_id() == 256);
    CHECK(tokenizer.image_tokens().start == 257);
    CHECK(tokenizer.image_tokens().end == 258);
    CHECK(tokenizer.image_tokens().patch == 259);
    CHECK(tokenizer.image_tokens().column == 260);
    CHECK(tokenizer.find("<|image|>") == 261);
    CHECK_FALSE(tokenizer.find("<|nothing|>"));
}

TEST_CASE(
    "Ids without a token decode to nothing, and bytes that form no character to replacement "
    "characters") {
    const Tokenizer tokenizer = Tokenizer::byte_level();
    CHECK(tokenizer.decode(std::vector<std::int64_t>{-1, 'a', 5000, 1LL << 40}) == "a");
    CHECK(tokenizer.decode(std::vector<std::int64_t>{0xE4, 0xBD, 'a', 0xFF}) == "\uFFFDa\uFFFD");
    CHECK(tokenizer.decode(std::vector<std::int64_t>{'a', 256}, {.skip_special = true}) == "a");
}

TEST_CASE("Decoded text loses the space before punctuation only where that is asked for") {
    const Tokenizer tokenizer = Tokenizer::byte_level();
    const auto ids = tokenizer.encode("a . b ? c ! d , e ' f n't 'm 's 've 're  .");
    CHECK(tokenizer.decode(ids) == "a . b ? c ! d , e ' f n't 'm 's 've 're  .");
    CHECK(tokenizer.decode(ids, {.clean_up_spaces = true}) == "a. b? c! d, e'fn't'm's've're .");
}

TEST_CASE("A text that is absurdly long is refused") {
    const Tokenizer tokenizer = Tokenizer::byte_level();
    const std::string text(Tokenizer::max_text_bytes + 1, 'a');
    CHECK_THROWS_AS(tokenizer.encode(text), InputError);
}
