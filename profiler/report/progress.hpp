// A progress bar for a terminal; lines now and then where the output is not one. A leaf.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace decodemeter {

// Drawing never fails and never waits for a reader: a line that cannot be written is dropped.
class Progress {
public:
    // `label` names the work, `total` its steps, of which `done_before` were done by an earlier
    // run. Writes to `stream`, standard error unless told otherwise.
    Progress(std::string label, std::int64_t total, std::FILE* stream = stderr,
             std::int64_t done_before = 0);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // Sets the number of steps done, those of an earlier run included, and a short note, as "epoch
    // loss 0.12". Redraws at most ten times a second.
    void update(std::int64_t done, const std::string& note = {});

    // Draws the last state and ends the line; the destructor does it otherwise.
    void finish();

private:
    void draw(std::chrono::steady_clock::time_point now);

    std::string label_;
    std::string note_;
    std::int64_t total_;
    std::int64_t done_before_;
    std::int64_t done_;
    std::int64_t drawn_ = -1;  // steps that the last line shows; -1: none was drawn
    int file_;
    bool terminal_;
    bool finished_ = false;
    std::chrono::steady_clock::time_point start_;
    std::chrono::steady_clock::time_point last_draw_{};
};

// What a progress line shows.
struct ProgressState {
    std::string label;
    std::int64_t done = 0;
    std::int64_t total = 1;
    std::string elapsed;  // as "5:09"
    std::string left;     // the same; empty: not known
    std::string note;
};

// The line in at most `width` columns: the bar gets narrower first, then the note is cut, then the
// line. Without a width (0) the line is as long as it needs to be.
std::string progress_line(const ProgressState& state, int width);

// "1:05:09", "5:09" or "0:09".
std::string format_duration(std::chrono::seconds duration);

}  // namespace decodemeter
