#include "profiler/report/gnuplot.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

extern char** environ;

namespace decodemeter {

namespace {

namespace fs = std::filesystem;

constexpr const char* install_hint =
    "gnuplot is not installed; plots need it: apt-get install gnuplot-nox";

// A file of our own for gnuplot's input or complaints, removed at the end.
class ScratchFile {
public:
    ScratchFile() {
        std::string pattern = (fs::temp_directory_path() / "decodemeter-plot-XXXXXX").string();
        const int descriptor = ::mkstemp(pattern.data());
        if (descriptor < 0)
            throw std::runtime_error("cannot make a temporary file for gnuplot: " + pattern);
        ::close(descriptor);
        path_ = pattern;
    }
    ~ScratchFile() {
        std::error_code ignored;
        fs::remove(path_, ignored);
    }
    ScratchFile(const ScratchFile&) = delete;
    ScratchFile& operator=(const ScratchFile&) = delete;

    const fs::path& path() const { return path_; }
    std::string text() const {
        std::ostringstream text;
        text << std::ifstream(path_).rdbuf();
        return text.str();
    }

private:
    fs::path path_;
};

// Runs gnuplot with one argument, without a shell; its output goes to `complaints`. The exit
// status, or -1 where it is not there.
int run_gnuplot(const std::string& argument, const fs::path& complaints) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, complaints.c_str(),
                                     O_WRONLY | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    std::string program = "gnuplot";
    std::string text = argument;
    char* arguments[] = {program.data(), text.data(), nullptr};
    pid_t child = 0;
    const int failure =
        ::posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) return -1;
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

void draw_one(const Figure& figure, Picture picture, const fs::path& file) {
    const ScratchFile script;
    const ScratchFile complaints;
    std::ofstream(script.path()) << gnuplot_script(figure, picture, fs::absolute(file));
    const int status = run_gnuplot(script.path().string(), complaints.path());
    if (status == -1 || status == 127) throw std::runtime_error(install_hint);
    std::error_code error;
    if (status != 0 || fs::file_size(file, error) == 0 || error)
        throw std::runtime_error("gnuplot could not draw " + file.string() + ": " +
                                 complaints.text());
}

}  // namespace

bool gnuplot_is_installed() {
    const ScratchFile complaints;
    return run_gnuplot("--version", complaints.path()) == 0;
}

void draw(const Figure& figure, const fs::path& stem) {
    if (!stem.parent_path().empty()) fs::create_directories(stem.parent_path());
    draw_one(figure, Picture::png, stem.string() + ".png");
    draw_one(figure, Picture::svg, stem.string() + ".svg");
}

}  // namespace decodemeter
