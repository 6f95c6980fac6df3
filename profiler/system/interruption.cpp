#include "profiler/system/interruption.hpp"

#include <atomic>

namespace decodemeter {

namespace {

constexpr std::array signals = {SIGINT, SIGTERM};

std::atomic<int> noted{0};  // the first signal; 0: none
static_assert(std::atomic<int>::is_always_lock_free);

void note(int signal) {
    noted = signal;
    std::signal(signal, SIG_DFL);
}

}  // namespace

Interruption::Interruption() {
    noted = 0;
    for (std::size_t i = 0; i < signals.size(); ++i) {
        ::sigaction(signals[i], nullptr, &before_[i]);
        if (before_[i].sa_handler == SIG_IGN) continue;
        struct sigaction action {};
        action.sa_handler = note;
        action.sa_flags = SA_RESTART;
        ::sigaction(signals[i], &action, nullptr);
    }
}

Interruption::~Interruption() {
    for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &before_[i], nullptr);
}

bool Interruption::requested() const noexcept { return noted != 0; }

void Interruption::check() const {
    if (requested()) throw Interrupted{};
}

std::string_view Interruption::signal_name() const noexcept {
    return noted == SIGTERM ? "SIGTERM" : "SIGINT";
}

int Interruption::exit_code() const noexcept {
    constexpr int ended_by_signal = 128;
    return ended_by_signal + noted;
}

}  // namespace decodemeter
