#include "profiler/watch/watch_report.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace decodemeter {

namespace fs = std::filesystem;

WatchReporter::WatchReporter(const fs::path& report_dir)
    : file_((report_dir / std::to_string(::getpid())).string()) {}

// One write a line, so that a process that is killed leaves whole lines.
void WatchReporter::say(const char* what, const std::string& text) const noexcept {
    const int file = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) return;
    std::string line = std::string(what) + ' ' + text.substr(0, 1000);
    std::replace(line.begin(), line.end(), '\n', ' ');
    line += '\n';
    [[maybe_unused]] const auto written = ::write(file, line.data(), line.size());
    ::close(file);
}

WatchReport read_watch_report(const fs::path& report_dir) {
    WatchReport report;
    for (const fs::directory_entry& entry : fs::directory_iterator(report_dir)) {
        ++report.processes;
        std::ifstream file(entry.path());
        for (std::string line; std::getline(file, line);) {
            const auto space = line.find(' ');
            const std::string what = line.substr(0, space);
            const std::string text = space == std::string::npos ? "" : line.substr(space + 1);
            report.unfinished += what == "unfinished";
            if (what == "sample") report.samples.insert(text);
            if (what == "name") report.names.insert(text);
            if (what == "stopped") report.stopped.push_back(text);
            if (what == "problem") report.problems.insert(text);
        }
    }
    return report;
}

}  // namespace decodemeter
