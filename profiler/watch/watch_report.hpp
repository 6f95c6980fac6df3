// What each watched process tells the command that started it: one small file each, a line for each
// thing worth saying.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace decodemeter {

struct WatchReport {
    int processes = 0;              // that used NVTX
    std::set<std::string> samples;  // keys of their records
    std::int64_t unfinished =
        0;  // not recorded: a range was left open, or there was no stage in them
    std::set<std::string> names;       // of ranges, the first few
    std::vector<std::string> stopped;  // why a process was no longer watched
    std::set<std::string> problems;    // what was passed over, as a broken mark
};

// Appends to the file of this process; what cannot be written is not said.
class WatchReporter {
public:
    explicit WatchReporter(const std::filesystem::path& report_dir);

    void loaded() const { say("loaded", ""); }
    void sample(const std::string& key) const { say("sample", key); }
    void unfinished() const { say("unfinished", ""); }
    void name(const std::string& name) const { say("name", name); }
    void stopped(const std::string& reason) const { say("stopped", reason); }
    void problem(const std::string& what) const { say("problem", what); }

private:
    void say(const char* what, const std::string& text) const noexcept;

    std::string file_;
};

WatchReport read_watch_report(const std::filesystem::path& report_dir);

}  // namespace decodemeter
