#include "profiler/report/log_output.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <ctime>

namespace decodemeter {

namespace {

using Clock = std::chrono::steady_clock;

// Keeps a write to a pipe without readers from ending the program.
class BrokenPipeGuard {
public:
    BrokenPipeGuard() noexcept {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        sigset_t pending;
        sigpending(&pending);
        was_pending_ = sigismember(&pending, SIGPIPE) == 1;
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~BrokenPipeGuard() {
        const timespec no_wait{0, 0};
        if (!was_pending_) {
            while (sigtimedwait(&pipe_, nullptr, &no_wait) < 0 && errno == EINTR) {
            }
        }
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    BrokenPipeGuard(const BrokenPipeGuard&) = delete;
    BrokenPipeGuard& operator=(const BrokenPipeGuard&) = delete;

private:
    sigset_t pipe_{};
    sigset_t before_{};
    bool was_pending_ = false;
};

bool wait_until_writable(int file, Clock::time_point deadline) noexcept {
    pollfd descriptor{file, POLLOUT, 0};
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        const int wait_ms = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
        const int ready = ::poll(&descriptor, 1, wait_ms);
        if (ready < 0 && errno == EINTR) continue;
        return ready > 0 && (descriptor.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
    }
}

}  // namespace

void write_log(int file, std::string_view text, std::chrono::milliseconds patience) noexcept {
    const BrokenPipeGuard guard;
    const auto deadline = Clock::now() + patience;
    while (!text.empty() && wait_until_writable(file, deadline)) {
        // A pipe that poll() calls writable takes PIPE_BUF bytes without blocking.
        const std::size_t size = std::min<std::size_t>(text.size(), PIPE_BUF);
        const ssize_t written = ::write(file, text.data(), size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::optional<int> terminal_width(int file) noexcept {
    winsize size{};
    if (::isatty(file) != 1 || ::ioctl(file, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return std::nullopt;
    return size.ws_col;
}

int output_width() noexcept { return terminal_width(STDOUT_FILENO).value_or(0); }

}  // namespace decodemeter
