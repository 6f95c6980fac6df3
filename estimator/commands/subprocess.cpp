#include "estimator/commands/subprocess.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace decodemeter {

std::filesystem::path own_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

int run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments) {
    std::string name = program.string();
    std::vector<std::string> owned = arguments;
    std::vector<char*> pointers = {name.data()};
    for (std::string& argument : owned) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    pid_t child = 0;
    if (const int error = ::posix_spawn(&child, name.c_str(), nullptr, nullptr, pointers.data(), environ); error != 0)
        throw std::system_error(error, std::generic_category(), "cannot start " + name);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "cannot wait for " + name);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace decodemeter
