#include "profiler/molmo/text/merge_table.hpp"

#include <bit>

namespace decodemeter::molmo {

namespace {

constexpr std::uint64_t golden_ratio =
    0x9E3779B97F4A7C15;  // Fibonacci hashing: the upper bits of the product are mixed

std::uint64_t pair_of(TokenId left, TokenId right) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
           static_cast<std::uint32_t>(right);
}

}  // namespace

MergeTable::MergeTable(std::size_t merges)
    : slots_(std::bit_ceil(2 * merges + 2)), shift_(64 - std::countr_zero(slots_.size())) {}

std::size_t MergeTable::slot_of(std::uint64_t pair) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = static_cast<std::size_t>((pair ^ pair >> 32) * golden_ratio >> shift_);
    while (slots_[slot].pair != pair && slots_[slot].pair != empty) slot = (slot + 1) & mask;
    return slot;
}

bool MergeTable::insert(TokenId left, TokenId right, Merge merge) {
    const std::uint64_t pair = pair_of(left, right);
    Slot& slot = slots_[slot_of(pair)];
    if (slot.pair == pair) return false;
    slot = {pair, merge};
    return true;
}

Merge MergeTable::find(TokenId left, TokenId right) const noexcept {
    return slots_[slot_of(pair_of(left, right))].merge;
}

}  // namespace decodemeter::molmo
