#include "estimator/commands/interrupt.hpp"

#include <csignal>

namespace decodemeter {

namespace {

volatile std::sig_atomic_t seen = 0;

void on_interrupt(int) {
    seen = 1;
    std::signal(SIGINT, SIG_DFL);
}

}  // namespace

InterruptWatch::InterruptWatch() {
    seen = 0;
    before_ = std::signal(SIGINT, on_interrupt);
}

InterruptWatch::~InterruptWatch() { std::signal(SIGINT, before_ == SIG_ERR ? SIG_DFL : before_); }

bool InterruptWatch::interrupted() const noexcept { return seen != 0; }

}  // namespace decodemeter
