// The keys of the records read so far, to find duplicates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "profiler/record/sample_record.hpp"

namespace decodemeter {

// An open-addressing table of places in a vector of records: no allocation for each key, and no
// copy of it.
class KeySet {
public:
    void reserve(std::size_t records) {
        std::size_t slots = 64;
        while (slots < 2 * records) slots *= 2;
        if (slots > slots_.size()) rehash(slots);
    }

    // False where one of `records` has this key already. Otherwise the key belongs to the record
    // that the caller adds at the end of `records` next.
    bool insert(const std::string& key, const std::vector<SampleRecord>& records) {
        if (2 * (size_ + 1) > slots_.size()) rehash(slots_.empty() ? 64 : 2 * slots_.size());
        const std::size_t hash = std::hash<std::string>()(key);
        Slot* slot = &slots_[hash & (slots_.size() - 1)];
        while (slot->used) {
            if (slot->hash == hash && records[slot->place].key == key) return false;
            slot = next(slot);
        }
        *slot = {hash, records.size(), true};
        ++size_;
        return true;
    }

private:
    struct Slot {
        std::size_t hash = 0;
        std::size_t place = 0;
        bool used = false;
    };

    Slot* next(Slot* slot) {
        return ++slot == slots_.data() + slots_.size() ? slots_.data() : slot;
    }

    void rehash(std::size_t slots) {
        std::vector<Slot> old(slots);
        old.swap(slots_);
        for (const Slot& moved : old) {
            if (!moved.used) continue;
            Slot* slot = &slots_[moved.hash & (slots - 1)];
            while (slot->used) slot = next(slot);
            *slot = moved;
        }
    }

    std::vector<Slot> slots_;
    std::size_t size_ = 0;
};

}  // namespace decodemeter
