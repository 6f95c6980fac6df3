#include "profiler/molmo/text/byte_pair_encoder.hpp"

#include <algorithm>
#include <functional>
#include <queue>

namespace decodemeter::molmo {

namespace {

// Up to this many symbols a plain search for the lowest rank beats a queue.
constexpr std::size_t short_word = 32;

// The symbols of a long word as a list whose links skip what was merged away.
struct SymbolList {
    static constexpr std::uint32_t end = 0xFFFFFFFF;

    struct Symbol {
        TokenId token;
        std::uint32_t previous;
        std::uint32_t next;
        Merge merge;  // with the next symbol
    };
    std::vector<Symbol> symbols;

    explicit SymbolList(const std::vector<TokenId>& tokens) {
        symbols.reserve(tokens.size());
        const auto last = static_cast<std::uint32_t>(tokens.size() - 1);
        for (std::uint32_t i = 0; i <= last; ++i) {
            symbols.push_back({tokens[i],
                               i == 0 ? end : i - 1,
                               i == last ? end : i + 1,
                               {MergeTable::no_rank, 0}});
        }
    }

    void update(std::uint32_t at, const MergeTable& merges) {
        Symbol& symbol = symbols[at];
        symbol.merge = symbol.next == end ? Merge{MergeTable::no_rank, 0}
                                          : merges.find(symbol.token, symbols[symbol.next].token);
    }

    void merge_with_next(std::uint32_t at) {
        Symbol& symbol = symbols[at];
        Symbol& gone = symbols[symbol.next];
        symbol.token = symbol.merge.token;
        symbol.next = gone.next;
        gone.merge.rank = MergeTable::no_rank;
        if (symbol.next != end) symbols[symbol.next].previous = at;
    }
};

// Rank above place, so that the queue orders by rank, then from left to right.
std::uint64_t candidate(std::uint32_t rank, std::uint32_t at) {
    return static_cast<std::uint64_t>(rank) << 32 | at;
}

using Queue = std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>>;

Queue all_candidates(SymbolList& list, const MergeTable& merges) {
    std::vector<std::uint64_t> candidates;
    for (std::uint32_t i = 0; i < list.symbols.size(); ++i) {
        list.update(i, merges);
        if (const auto rank = list.symbols[i].merge.rank; rank != MergeTable::no_rank)
            candidates.push_back(candidate(rank, i));
    }
    return Queue(std::greater<>(), std::move(candidates));
}

}  // namespace

BytePairEncoder::BytePairEncoder(const std::array<TokenId, 256>& byte_tokens, MergeTable merges)
    : byte_tokens_(byte_tokens), merges_(std::move(merges)) {}

void BytePairEncoder::encode(std::string_view word, std::vector<TokenId>& tokens) const {
    std::vector<TokenId> symbols;
    symbols.reserve(word.size());
    for (const char byte : word) {
        const TokenId token = byte_tokens_[static_cast<unsigned char>(byte)];
        if (token != no_token) symbols.push_back(token);
    }
    if (symbols.size() > short_word) {
        merge_long(symbols);
    } else {
        merge_short(symbols);
    }
    tokens.insert(tokens.end(), symbols.begin(), symbols.end());
}

void BytePairEncoder::merge_short(std::vector<TokenId>& symbols) const {
    std::array<Merge, short_word> merges;
    const auto update = [&](std::size_t at) {
        merges[at] = merges_.find(symbols[at], symbols[at + 1]);
    };
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) update(i);
    while (symbols.size() > 1) {
        const auto end = merges.begin() + static_cast<std::ptrdiff_t>(symbols.size() - 1);
        const auto lowest = std::min_element(
            merges.begin(), end, [](const Merge& a, const Merge& b) { return a.rank < b.rank; });
        if (lowest->rank == MergeTable::no_rank) return;
        const auto at = static_cast<std::size_t>(lowest - merges.begin());
        symbols[at] = lowest->token;
        symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
        std::copy(lowest + 1, end, lowest);
        if (at > 0) update(at - 1);
        if (at + 1 < symbols.size()) update(at);
    }
}

void BytePairEncoder::merge_long(std::vector<TokenId>& symbols) const {
    SymbolList list(symbols);
    Queue queue = all_candidates(list, merges_);
    while (!queue.empty()) {
        const auto rank = static_cast<std::uint32_t>(queue.top() >> 32);
        const auto at = static_cast<std::uint32_t>(queue.top());
        queue.pop();
        if (list.symbols[at].merge.rank != rank) continue;  // a neighbor has merged since
        list.merge_with_next(at);
        for (const std::uint32_t changed : {at, list.symbols[at].previous}) {
            if (changed == SymbolList::end) continue;
            list.update(changed, merges_);
            if (const auto next = list.symbols[changed].merge.rank; next != MergeTable::no_rank) {
                queue.push(candidate(next, changed));
            }
        }
    }
    symbols.clear();
    for (std::uint32_t at = 0; at != SymbolList::end; at = list.symbols[at].next)
        symbols.push_back(list.symbols[at].token);
}

}  // namespace decodemeter::molmo
