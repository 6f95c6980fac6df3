// Runs device kernels (kernels/position_sum/phases.hpp) on the host, against a kernel's hopes:
// between two barriers one thread finishes all its phases before the next one begins, in an order
// of the adversary's choice; copies arrive at once or not before they are waited for; shared memory
// and registers are NaN at first.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <optional>
#include <random>
#include <stdexcept>
#include <vector>

#include "kernels/position_sum/phases.hpp"

namespace decodemeter::kernels {

enum class ThreadOrder { ascending, descending, shuffled };
enum class CopyTime { at_once, at_wait };

struct Adversary {
    ThreadOrder order = ThreadOrder::ascending;
    CopyTime copies = CopyTime::at_wait;
    // Planted faults.
    std::optional<Barrier> missing_barrier;
    bool ignores_waits = false;
};

inline std::vector<Adversary> all_adversaries() {
    std::vector<Adversary> all;
    for (const ThreadOrder order :
         {ThreadOrder::ascending, ThreadOrder::descending, ThreadOrder::shuffled})
        for (const CopyTime copies : {CopyTime::at_once, CopyTime::at_wait})
            all.push_back({order, copies, {}, false});
    return all;
}

template <class T>
class Poisoned {
public:
    Poisoned() : bytes_(sizeof(T) / sizeof(Four) + 1) {
        std::memset(bytes_.data(), 0xff, bytes_.size() * sizeof(Four));
    }
    T& get() { return *reinterpret_cast<T*>(bytes_.data()); }

private:
    std::vector<Four> bytes_;
};

template <class Kernel>
class HostThread {
public:
    HostThread(int index_, typename Kernel::Shared& shared_, const Adversary& adversary)
        : index(index_), shared(shared_), registers(storage_.get()), adversary_(&adversary) {}
    HostThread(HostThread&&) noexcept = default;

    int index;
    typename Kernel::Shared& shared;

private:
    Poisoned<typename Kernel::Registers> storage_;

public:
    typename Kernel::Registers& registers;

    void copy(Four& to, const float* from, int floats, bool whole) {
        if (whole && floats != 0 &&
            (floats != 4 || reinterpret_cast<std::uintptr_t>(from) % 16 != 0))
            throw std::logic_error("a copy of sixteen bytes is not whole or not aligned");
        if (adversary_->copies == CopyTime::at_once) arrive({&to, from, floats});
        else open_.push_back({&to, from, floats});
    }
    void commit() { groups_.push_back(std::exchange(open_, {})); }
    template <int pending>
    void wait() {
        if (adversary_->ignores_waits) return;
        while (groups_.size() > pending) {
            for (const Copy& copy : groups_.front()) arrive(copy);
            groups_.erase(groups_.begin());
        }
    }

private:
    struct Copy {
        Four* to;
        const float* from;
        int floats;
    };
    static void arrive(const Copy& copy) {
        for (int i = 0; i < 4; ++i) copy.to->at[i] = i < copy.floats ? copy.from[i] : 0.0f;
    }

    const Adversary* adversary_;
    std::vector<Copy> open_;
    std::vector<std::vector<Copy>> groups_;
};

template <class Kernel>
class HostBlock {
public:
    HostBlock(std::int64_t index_, const Adversary& adversary)
        : index(index_), adversary_(adversary) {
        threads_.reserve(Kernel::threads);
        for (int i = 0; i < Kernel::threads; ++i)
            threads_.emplace_back(i, shared_.get(), adversary);
        order_.resize(Kernel::threads);
        std::iota(order_.begin(), order_.end(), 0);
        std::minstd_rand random(static_cast<unsigned>(index_ + 1));
        if (adversary.order == ThreadOrder::descending) std::reverse(order_.begin(), order_.end());
        if (adversary.order == ThreadOrder::shuffled)
            std::shuffle(order_.begin(), order_.end(), random);
    }

    std::int64_t index;

    void each(std::function<void(HostThread<Kernel>&)> phase) {
        phases_.push_back(std::move(phase));
    }
    void barrier(Barrier barrier) {
        if (adversary_.missing_barrier != barrier) finish();
    }
    const typename Kernel::Shared& shared() { return shared_.get(); }
    void finish() {
        for (const int i : order_)
            for (const auto& phase : phases_) phase(threads_[static_cast<std::size_t>(i)]);
        phases_.clear();
    }

private:
    const Adversary& adversary_;
    Poisoned<typename Kernel::Shared> shared_;
    std::vector<HostThread<Kernel>> threads_;
    std::vector<int> order_;
    std::vector<std::function<void(HostThread<Kernel>&)>> phases_;
};

// One block after the other, in the threads' order.
struct HostLauncher {
    Adversary adversary;

    template <class Kernel>
    void launch(const Kernel& kernel) const {
        const std::int64_t blocks = kernel.blocks();
        for (std::int64_t i = 0; i < blocks; ++i) {
            HostBlock<Kernel> block(adversary.order == ThreadOrder::descending ? blocks - 1 - i : i,
                                    adversary);
            kernel.run(block);
            block.finish();
        }
    }
};

}  // namespace decodemeter::kernels
