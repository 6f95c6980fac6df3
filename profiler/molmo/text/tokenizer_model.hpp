// What a tokenizer.json says.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "profiler/molmo/text/added_tokens.hpp"
#include "profiler/molmo/text/byte_pair_encoder.hpp"
#include "profiler/molmo/text/pre_tokenizer.hpp"
#include "profiler/system/json_document.hpp"

namespace decodemeter::molmo {

struct Token {
    std::string bytes;
    bool exists = false;  // ids may have gaps
    bool special = false;
};

struct TokenizerModel {
    bool compose = false;  // normalize to NFC
    PreTokenizer pre_tokenizer = PreTokenizer::gpt2;
    BytePairEncoder encoder;
    AddedTokens raw_tokens;       // looked for in the text as it comes
    AddedTokens composed_tokens;  // looked for between those, after normalization
    std::map<std::string, TokenId, std::less<>> added;
    std::vector<Token> tokens;  // by id
};

// Far above any vocabulary; keeps a stray id from costing gigabytes.
inline constexpr std::int64_t max_token_id = (1 << 20) - 1;

TokenizerModel read_tokenizer_model(const JsonValue& tokenizer_json);
TokenizerModel byte_level_model();

}  // namespace decodemeter::molmo
