#include "profiler/system/program.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <system_error>

namespace decodemeter {

namespace {

// For the program, and not for us, while it runs.
constexpr std::array its_signals = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};

// Blocked in this thread, so that they are waited for instead, until it goes out of scope.
class BlockedSignals {
public:
    BlockedSignals() {
        sigemptyset(&waited_for_);
        sigaddset(&waited_for_, SIGCHLD);
        for (const int signal : its_signals) sigaddset(&waited_for_, signal);
        pthread_sigmask(SIG_BLOCK, &waited_for_, &before_);
    }
    ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;

    const sigset_t& waited_for() const noexcept { return waited_for_; }
    const sigset_t& before() const noexcept { return before_; }

private:
    sigset_t waited_for_{}, before_{};
};

// That the program begins with the signals that we began with.
class SpawnAttributes {
public:
    explicit SpawnAttributes(const sigset_t& mask) {
        posix_spawnattr_init(&attributes_);
        posix_spawnattr_setsigmask(&attributes_, &mask);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
    }
    ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
    SpawnAttributes(const SpawnAttributes&) = delete;
    SpawnAttributes& operator=(const SpawnAttributes&) = delete;

    const posix_spawnattr_t* get() const noexcept { return &attributes_; }

private:
    posix_spawnattr_t attributes_;
};

// Waits until the child is no more, and hands it what was sent to us alone: the keyboard's signals
// go to the whole group.
int wait_for(pid_t child, const sigset_t& signals) {
    // Should another thread of ours take the child's signal, the next look finds it ended.
    constexpr timespec between_looks{0, 50'000'000};
    for (;;) {
        siginfo_t info{};
        const int signal = ::sigtimedwait(&signals, &info, &between_looks);
        if (signal > 0 && signal != SIGCHLD && info.si_code != SI_KERNEL) ::kill(child, signal);
        int status = 0;
        const pid_t ended = ::waitpid(child, &status, WNOHANG);
        if (ended == child) return status;
        if (ended < 0 && errno != EINTR)
            throw std::system_error(errno, std::generic_category(), "cannot wait");
    }
}

}  // namespace

std::filesystem::path own_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

int run_program(const std::string& program, const std::vector<std::string>& arguments) {
    std::vector<std::string> owned = {program};
    owned.insert(owned.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& argument : owned) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    const BlockedSignals signals;
    const SpawnAttributes attributes(signals.before());
    pid_t child = 0;
    const int error = ::posix_spawnp(&child, program.c_str(), nullptr, attributes.get(),
                                     pointers.data(), environ);
    if (error != 0)
        throw std::system_error(error, std::generic_category(), "cannot start " + program);
    const int status = wait_for(child, signals.waited_for());
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace decodemeter
