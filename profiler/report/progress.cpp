#include "profiler/report/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace decodemeter {

namespace {

using Clock = std::chrono::steady_clock;
constexpr int bar_width = 28;
constexpr auto terminal_interval = std::chrono::milliseconds(100);
constexpr auto line_interval = std::chrono::seconds(10);

std::string bar(double fraction) {
    const int full = static_cast<int>(fraction * bar_width);
    std::string text;
    for (int i = 0; i < bar_width; ++i) text += i < full ? "█" : "░";
    return text;
}

}  // namespace

std::string format_duration(std::chrono::seconds duration) {
    const auto seconds = duration.count();
    if (seconds >= 3600)
        return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

Progress::Progress(std::string label, std::int64_t total, std::FILE* stream)
    : label_(std::move(label)),
      total_(std::max<std::int64_t>(total, 1)),
      stream_(stream),
      terminal_(::isatty(::fileno(stream)) == 1),
      start_(Clock::now()) {}

Progress::~Progress() {
    if (!finished_ && done_ > 0) finish();
}

void Progress::update(std::int64_t done, const std::string& note) {
    done_ = std::min(done, total_);
    note_ = note;
    const auto now = Clock::now();
    if (now - last_draw_ <
        (terminal_ ? Clock::duration(terminal_interval) : Clock::duration(line_interval)))
        return;
    draw(now);
}

void Progress::finish() {
    finished_ = true;
    draw(Clock::now());
    if (terminal_) std::fputc('\n', stream_);
    std::fflush(stream_);
}

void Progress::draw(Clock::time_point now) {
    last_draw_ = now;
    const double fraction = static_cast<double>(done_) / static_cast<double>(total_);
    const auto elapsed = now - start_;
    std::string line = fmt::format(
        "{} {} {:3.0f} % {}/{} {}", label_, bar(fraction), 100 * fraction, done_, total_,
        format_duration(std::chrono::duration_cast<std::chrono::seconds>(elapsed)));
    if (done_ > 0 && done_ < total_) {
        const auto left = std::chrono::duration<double>(elapsed) * ((1 - fraction) / fraction);
        line += " left " + format_duration(std::chrono::duration_cast<std::chrono::seconds>(left));
    }
    if (!note_.empty()) line += "  " + note_;
    // \x1b[K clears what a longer line left behind.
    fmt::print(stream_, "{}", terminal_ ? "\r" + line + "\x1b[K" : line + "\n");
    std::fflush(stream_);
}

}  // namespace decodemeter
