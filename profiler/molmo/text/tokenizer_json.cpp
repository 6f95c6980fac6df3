#include <algorithm>
#include <optional>
#include <unordered_map>

#include "profiler/molmo/text/byte_alphabet.hpp"
#include "profiler/molmo/text/tokenizer_model.hpp"

namespace decodemeter::molmo {

namespace {

constexpr std::string_view qwen2_pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

using Vocabulary = std::unordered_map<std::string_view, TokenId>;

void require_string(const JsonValue& json, const char* field, std::string_view value) {
    const JsonValue found = json.at(field);
    if (found.string() != value) found.fail("must be \"" + std::string(value) + "\"");
}

void require_flag(const JsonValue& json, const char* field, bool value) {
    const auto found = json.find(field);
    if (found && found->boolean() != value) found->fail(value ? "must be true" : "must be false");
}

void require_absent(const JsonValue& json, const char* field) {
    const auto found = json.find(field);
    if (found && !(found->is_string() && found->string().empty())) found->fail("is not supported");
}

bool read_normalizer(const JsonValue& root) {
    const auto normalizer = root.find("normalizer");
    if (normalizer) require_string(*normalizer, "type", "NFC");
    return normalizer.has_value();
}

bool is_byte_level(const JsonValue& step, bool splits_words) {
    const auto use_regex = step.find("use_regex");
    require_flag(step, "add_prefix_space", false);
    return step.at("type").string() == "ByteLevel" &&
           (!use_regex || use_regex->boolean()) == splits_words;
}

PreTokenizer read_pre_tokenizer(const JsonValue& root) {
    const JsonValue json = root.at("pre_tokenizer");
    if (is_byte_level(json, true)) return PreTokenizer::gpt2;
    require_string(json, "type", "Sequence");
    const auto steps = json.at("pretokenizers").elements();
    if (steps.size() != 2 || !is_byte_level(steps[1], false))
        json.fail("must be a Split and a ByteLevel without use_regex");
    require_string(steps[0], "type", "Split");
    require_string(steps[0], "behavior", "Isolated");
    require_flag(steps[0], "invert", false);
    require_string(steps[0].at("pattern"), "Regex", qwen2_pattern);
    return PreTokenizer::qwen2;
}

void check_model(const JsonValue& model) {
    require_string(model, "type", "BPE");
    for (const char* field :
         {"unk_token", "continuing_subword_prefix", "end_of_word_suffix", "dropout"}) {
        require_absent(model, field);
    }
    require_flag(model, "byte_fallback", false);
    require_flag(model, "ignore_merges", false);
}

TokenId read_id(const JsonValue& json) {
    return static_cast<TokenId>(json.integer(0, max_token_id));
}

void place_token(const JsonValue& json, TokenId id, std::string bytes, std::vector<Token>& tokens) {
    const auto index = static_cast<std::size_t>(id);
    if (index >= tokens.size()) tokens.resize(index + 1);
    if (tokens[index].exists) json.fail("is the id of another token, too");
    tokens[index] = {std::move(bytes), true, false};
}

Vocabulary read_vocabulary(const JsonValue& json, std::vector<Token>& tokens) {
    Vocabulary vocabulary;
    for (const JsonField& field : json.fields()) {
        const TokenId id = read_id(field.value);
        if (!vocabulary.emplace(field.name, id).second)
            field.value.fail("belongs to a token that occurs twice");
        place_token(field.value, id, token_bytes(field.name), tokens);
    }
    return vocabulary;
}

// A merge is written "left right" or ["left", "right"].
std::pair<std::string_view, std::string_view> read_pair(const JsonValue& json) {
    if (json.is_array()) {
        const auto parts = json.elements();
        if (parts.size() != 2) json.fail("must have two tokens");
        return {parts[0].string(), parts[1].string()};
    }
    const std::string_view text = json.string();
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos || text.find(' ', space + 1) != std::string_view::npos) {
        json.fail("must be two tokens with a space between");
    }
    return {text.substr(0, space), text.substr(space + 1)};
}

TokenId token_of(const Vocabulary& vocabulary, std::string_view name, const JsonValue& merge) {
    const auto found = vocabulary.find(name);
    if (found == vocabulary.end())
        merge.fail("needs \"" + std::string(name) + "\", which the vocabulary lacks");
    return found->second;
}

MergeTable read_merges(const JsonValue& json, const Vocabulary& vocabulary) {
    const auto merges = json.elements();
    MergeTable table(merges.size());
    std::string joined;
    for (std::size_t rank = 0; rank < merges.size(); ++rank) {
        const auto [left, right] = read_pair(merges[rank]);
        if (left.empty() || right.empty()) merges[rank].fail("has an empty token");
        joined.assign(left).append(right);
        const Merge merge{static_cast<std::uint32_t>(rank),
                          token_of(vocabulary, joined, merges[rank])};
        if (!table.insert(token_of(vocabulary, left, merges[rank]),
                          token_of(vocabulary, right, merges[rank]), merge)) {
            merges[rank].fail("is a pair that occurs twice");
        }
    }
    return table;
}

std::array<TokenId, 256> byte_tokens_of(const Vocabulary& vocabulary) {
    std::array<TokenId, 256> byte_tokens{};
    for (int byte = 0; byte < 256; ++byte) {
        const auto found = vocabulary.find(byte_token(static_cast<unsigned char>(byte)));
        byte_tokens[static_cast<std::size_t>(byte)] =
            found == vocabulary.end() ? BytePairEncoder::no_token : found->second;
    }
    return byte_tokens;
}

// An added token may be in the vocabulary already, under the same id; then it only gains its flags.
void add_token(const JsonValue& json, const Vocabulary& vocabulary, TokenizerModel& model) {
    const JsonValue content = json.at("content");
    const std::string_view text = content.string();
    const TokenId id = read_id(json.at("id"));
    for (const char* flag : {"lstrip", "rstrip", "single_word"}) require_flag(json, flag, false);
    if (text.empty() || text.size() > AddedTokens::longest_bytes) {
        content.fail("must have 1 to " + std::to_string(AddedTokens::longest_bytes) + " bytes");
    }
    if (!model.added.emplace(text, id).second) content.fail("occurs twice");
    if (const auto known = vocabulary.find(text); known == vocabulary.end()) {
        place_token(json.at("id"), id, token_bytes(text), model.tokens);
    } else if (known->second != id) {
        json.at("id").fail("must be " + std::to_string(known->second) + ", as in the vocabulary");
    }
    const auto special = json.find("special");
    const auto normalized = json.find("normalized");
    model.tokens[static_cast<std::size_t>(id)].special = special && special->boolean();
    if (normalized && normalized->boolean()) {
        model.composed_tokens.insert(model.compose ? nfc(text) : std::string(text), id);
    } else {
        model.raw_tokens.insert(text, id);
    }
}

}  // namespace

TokenizerModel read_tokenizer_model(const JsonValue& root) {
    const JsonValue json = root.at("model");
    check_model(json);
    std::vector<Token> tokens;
    const Vocabulary vocabulary = read_vocabulary(json.at("vocab"), tokens);
    TokenizerModel model{
        read_normalizer(root),
        read_pre_tokenizer(root),
        BytePairEncoder(byte_tokens_of(vocabulary), read_merges(json.at("merges"), vocabulary)),
        {},
        {},
        {},
        std::move(tokens)};
    for (const JsonValue& token : root.at("added_tokens").elements())
        add_token(token, vocabulary, model);
    return model;
}

TokenizerModel byte_level_model() {
    std::array<TokenId, 256> byte_tokens{};
    std::vector<Token> tokens;
    for (int byte = 0; byte < 256; ++byte) {
        byte_tokens[static_cast<std::size_t>(byte)] = byte;
        tokens.push_back({std::string(1, static_cast<char>(byte)), true, false});
    }
    TokenizerModel model{
        false, PreTokenizer::gpt2, BytePairEncoder(byte_tokens, MergeTable()), {}, {}, {}, {}};
    for (const char* text :
         {"<|endoftext|>", "<im_start>", "<im_end>", "<im_patch>", "<im_col>", "<|image|>"}) {
        const auto id = static_cast<TokenId>(tokens.size());
        tokens.push_back({text, true, true});
        model.added.emplace(text, id);
        model.raw_tokens.insert(text, id);
    }
    model.tokens = std::move(tokens);
    return model;
}

}  // namespace decodemeter::molmo
