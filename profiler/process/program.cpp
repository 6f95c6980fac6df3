#include "profiler/process/program.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace decodemeter {

namespace {

constexpr std::array keyboard_signals = {SIGINT, SIGQUIT};

// Ignores what the keyboard sends, until it goes out of scope.
class IgnoredKeyboard {
public:
    IgnoredKeyboard() {
        for (std::size_t i = 0; i < before_.size(); ++i) before_[i] = std::signal(keyboard_signals[i], SIG_IGN);
    }
    ~IgnoredKeyboard() {
        for (std::size_t i = 0; i < before_.size(); ++i) std::signal(keyboard_signals[i], before_[i]);
    }
    IgnoredKeyboard(const IgnoredKeyboard&) = delete;
    IgnoredKeyboard& operator=(const IgnoredKeyboard&) = delete;

private:
    std::array<void (*)(int), keyboard_signals.size()> before_{};
};

// That the program gets the keyboard's signals as usual.
class SpawnAttributes {
public:
    SpawnAttributes() {
        posix_spawnattr_init(&attributes_);
        sigset_t usual;
        sigemptyset(&usual);
        for (const int signal : keyboard_signals) sigaddset(&usual, signal);
        posix_spawnattr_setsigdefault(&attributes_, &usual);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF);
    }
    ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
    SpawnAttributes(const SpawnAttributes&) = delete;
    SpawnAttributes& operator=(const SpawnAttributes&) = delete;

    const posix_spawnattr_t* get() const noexcept { return &attributes_; }

private:
    posix_spawnattr_t attributes_;
};

}  // namespace

std::filesystem::path own_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

int run_program(const std::string& program, const std::vector<std::string>& arguments) {
    std::vector<std::string> owned = {program};
    owned.insert(owned.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& argument : owned) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    const IgnoredKeyboard ignored;
    const SpawnAttributes attributes;
    pid_t child = 0;
    const int error = ::posix_spawnp(&child, program.c_str(), nullptr, attributes.get(), pointers.data(), environ);
    if (error != 0) throw std::system_error(error, std::generic_category(), "cannot start " + program);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "cannot wait for " + program);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace decodemeter
