// A word's bytes to tokens, by merging neighbors.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "profiler/molmo/text/merge_table.hpp"

namespace decodemeter::molmo {

class BytePairEncoder {
public:
    static constexpr TokenId no_token = -1;

    BytePairEncoder(const std::array<TokenId, 256>& byte_tokens, MergeTable merges);

    // Appends the tokens of one word. Of all neighbors that merge, those of the lowest rank do
    // first, the leftmost of them first, until none merge. Bytes without a token are left out. O(n
    // log n) in the word.
    void encode(std::string_view word, std::vector<TokenId>& tokens) const;

private:
    void merge_short(std::vector<TokenId>& symbols) const;
    void merge_long(std::vector<TokenId>& symbols) const;

    std::array<TokenId, 256> byte_tokens_;
    MergeTable merges_;
};

}  // namespace decodemeter::molmo
