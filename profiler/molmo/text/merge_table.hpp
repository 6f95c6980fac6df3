// Which pairs of tokens merge, in which order, and into what.
#pragma once

#include <cstdint>
#include <vector>

namespace decodemeter::molmo {

using TokenId = std::int32_t;

struct Merge {
    std::uint32_t rank = 0;  // lower merges first
    TokenId token = 0;
};

// An open-addressing hash table, because a long prompt asks it millions of times.
class MergeTable {
public:
    static constexpr std::uint32_t no_rank = 0xFFFFFFFF;

    explicit MergeTable(std::size_t merges = 0);

    // False where the pair is there already. At most as many pairs as the constructor was told of.
    bool insert(TokenId left, TokenId right, Merge merge);
    // Rank no_rank where the pair does not merge.
    Merge find(TokenId left, TokenId right) const noexcept;

private:
    struct Slot {
        std::uint64_t pair = empty;
        Merge merge{no_rank, 0};
    };
    static constexpr std::uint64_t empty = ~std::uint64_t{0};

    std::size_t slot_of(std::uint64_t pair) const noexcept;

    std::vector<Slot> slots_;
    int shift_;
};

}  // namespace decodemeter::molmo
