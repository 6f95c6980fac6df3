#include "profiler/molmo/text/added_tokens.hpp"

namespace decodemeter::molmo {

std::size_t AddedTokens::child_of(std::size_t node, unsigned char byte) const noexcept {
    std::size_t child = nodes_[node].child;
    while (child != 0 && nodes_[child].byte != byte) child = nodes_[child].sibling;
    return child;
}

void AddedTokens::insert(std::string_view content, TokenId token) {
    std::size_t node = 0;
    for (const char character : content) {
        const auto byte = static_cast<unsigned char>(character);
        std::size_t child = child_of(node, byte);
        if (child == 0) {
            child = nodes_.size();
            nodes_.push_back({byte, -1, 0, nodes_[node].child});
            nodes_[node].child = child;
        }
        node = child;
    }
    nodes_[node].token = token;
}

AddedTokens::Match AddedTokens::match_at(std::string_view text, std::size_t at) const noexcept {
    Match longest{at, at, 0};
    std::size_t node = 0;
    for (std::size_t end = at; end < text.size(); ++end) {
        node = child_of(node, static_cast<unsigned char>(text[end]));
        if (node == 0) break;
        if (nodes_[node].token >= 0) longest = {at, end + 1, nodes_[node].token};
    }
    return longest;
}

AddedTokens::Match AddedTokens::find(std::string_view text, std::size_t from) const noexcept {
    for (std::size_t at = from; at < text.size(); ++at) {
        const Match match = match_at(text, at);
        if (match.end > match.begin) return match;
    }
    return {text.size(), text.size(), 0};
}

}  // namespace decodemeter::molmo
