#include <map>

#include "profiler/error/error.hpp"
#include "profiler/input/json_document.hpp"
#include "profiler/molmo/tokenizer.hpp"
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
    CHECK(tokenizer.decode(ids, {.skip_special = true}) == item.at("decoded_skip_special").string());
    if (const auto cleaned = item.find("decoded_skip_special_cleaned")) {
        CHECK(tokenizer.decode(ids, {.skip_special = true, .clean_up_spaces = true}) == cleaned->string());
    }
}

// Returns how many texts and id sequences were compared.
std::size_t check_golden(const Tokenizer& tokenizer, const JsonValue& golden) {
    for (const JsonField& special : golden.at("special_ids").fields()) {
        CHECK(tokenizer.find(special.name) == special.value.integer(0, 1 << 20));
    }
    const auto cases = golden.at("cases").elements(), decode_cases = golden.at("decode_cases").elements();
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
        const Tokenizer tokenizer = Tokenizer::read(golden / directory_of.at(kind.name) / "tokenizer.json");
        CHECK(tokenizer.size() == kind.value.at("vocab_size_incl_added").integer(0, 1 << 20));
        CHECK(tokenizer.eos_id() == kind.value.at("eos_id").integer(0, 1 << 20));
        CHECK(check_golden(tokenizer, kind.value) >= 90);
    }
}

TEST_CASE("The real checkpoints' tokenizers encode and decode every golden text exactly", "[real]") {
    const std::filesystem::path golden = test::golden_directory() / "tokenizer.real.golden.json";
    if (real_checkpoints().empty() || !std::filesystem::exists(golden)) {
        WARN("skipped: DECODEMETER_MOLMO_DIR names no folder of real checkpoints, or the golden file is not there");
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
