// A progress bar for a terminal; lines now and then where the output is not one. A leaf.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace decodemeter {

class Progress {
public:
    // `label` names the work, `total` its steps. Writes to `stream`, standard error unless told
    // otherwise.
    Progress(std::string label, std::int64_t total, std::FILE* stream = stderr);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // Sets the number of steps done and a short note, as "epoch loss 0.12". Redraws at most ten
    // times a second.
    void update(std::int64_t done, const std::string& note = {});

    // Draws the last state and ends the line; the destructor does it otherwise.
    void finish();

private:
    void draw(std::chrono::steady_clock::time_point now);

    std::string label_;
    std::string note_;
    std::int64_t total_;
    std::int64_t done_ = 0;
    std::FILE* stream_;
    bool terminal_;
    bool finished_ = false;
    std::chrono::steady_clock::time_point start_;
    std::chrono::steady_clock::time_point last_draw_{};
};

// "1:05:09", "5:09" or "0:09".
std::string format_duration(std::chrono::seconds duration);

}  // namespace decodemeter
