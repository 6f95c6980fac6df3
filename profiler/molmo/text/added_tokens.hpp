// Tokens that are found in a text as they stand, before it is split into words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/molmo/text/merge_table.hpp"

namespace decodemeter::molmo {

class AddedTokens {
public:
    static constexpr std::size_t longest_bytes =
        1024;  // a search costs this much at each place, at worst

    // `content` is not empty, at most longest_bytes long, and not there yet.
    void insert(std::string_view content, TokenId token);
    bool empty() const noexcept { return nodes_.size() == 1; }

    struct Match {
        std::size_t begin = 0;
        std::size_t end = 0;  // equal to begin: no match
        TokenId token = 0;
    };
    // The leftmost match at or after `from`; of those that begin there, the longest.
    Match find(std::string_view text, std::size_t from) const noexcept;

private:
    // A trie of bytes: children are chained through `sibling`, for most nodes have one.
    struct Node {
        unsigned char byte = 0;
        TokenId token = -1;
        std::size_t child = 0;  // 0: none
        std::size_t sibling = 0;
    };

    std::size_t child_of(std::size_t node, unsigned char byte) const noexcept;
    Match match_at(std::string_view text, std::size_t at) const noexcept;

    std::vector<Node> nodes_ = std::vector<Node>(1);
};

}  // namespace decodemeter::molmo
