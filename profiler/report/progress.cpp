#include "profiler/report/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "profiler/report/log_output.hpp"
#include "profiler/report/table.hpp"

namespace decodemeter {

namespace {

using Clock = std::chrono::steady_clock;
constexpr int widest_bar = 28;
constexpr int narrowest_bar = 8;
constexpr int shortest_note = 12;
constexpr auto terminal_interval = std::chrono::milliseconds(100);
constexpr auto line_interval = std::chrono::seconds(10);
constexpr std::chrono::milliseconds no_wait{0};

std::string bar(double fraction, int width) {
    const int full = static_cast<int>(fraction * width);
    std::string text;
    for (int i = 0; i < width; ++i) text += i < full ? "█" : "░";
    return text;
}

int columns(const std::string& text) { return static_cast<int>(display_width(text)); }

// The first `width` columns of UTF-8 text without wide characters.
std::string cut(const std::string& text, int width) {
    int seen = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
        if (seen++ == width) return text.substr(0, i);
    }
    return text;
}

std::string as_clock(Clock::duration duration) {
    return format_duration(std::chrono::duration_cast<std::chrono::seconds>(duration));
}

}  // namespace

std::string format_duration(std::chrono::seconds duration) {
    const auto seconds = duration.count();
    if (seconds >= 3600)
        return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

std::string progress_line(const ProgressState& state, int width) {
    const double fraction = static_cast<double>(state.done) / static_cast<double>(state.total);
    std::string figures =
        fmt::format("{:3.0f} % {}/{} {}", 100 * fraction, state.done, state.total, state.elapsed);
    if (!state.left.empty()) figures += " left " + state.left;
    std::string note = state.note.empty() ? "" : "  " + state.note;
    if (width <= 0)
        return fmt::format("{} {} {}{}", state.label, bar(fraction, widest_bar), figures, note);
    const int room = width - columns(state.label) - columns(figures) - 2;
    const int bar_width = std::clamp(room - columns(note), narrowest_bar, widest_bar);
    const int note_width = room - bar_width;
    if (columns(note) > note_width) note = note_width < shortest_note ? "" : cut(note, note_width);
    return cut(fmt::format("{} {} {}{}", state.label, bar(fraction, bar_width), figures, note),
               width);
}

Progress::Progress(std::string label, std::int64_t total, std::FILE* stream,
                   std::int64_t done_before)
    : label_(std::move(label)),
      total_(std::max<std::int64_t>(total, 1)),
      done_before_(std::clamp<std::int64_t>(done_before, 0, total_)),
      done_(done_before_),
      file_(::fileno(stream)),
      terminal_(::isatty(file_) == 1),
      start_(Clock::now()) {}

Progress::~Progress() {
    if (!finished_ && done_ > done_before_) finish();
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
    if (terminal_ || drawn_ != done_) draw(Clock::now());
    if (terminal_) write_log(file_, "\n", no_wait);
}

void Progress::draw(Clock::time_point now) {
    last_draw_ = now;
    drawn_ = done_;
    const auto elapsed = now - start_;
    ProgressState state{label_, done_, total_, as_clock(elapsed), {}, note_};
    if (done_ > done_before_ && done_ < total_) {
        const auto steps = static_cast<double>(done_ - done_before_);
        const auto left =
            std::chrono::duration<double>(elapsed) * (static_cast<double>(total_ - done_) / steps);
        state.left = as_clock(std::chrono::duration_cast<Clock::duration>(left));
    }
    // A line in the last column would wrap on some terminals.
    const int width = terminal_ ? terminal_width(file_).value_or(81) - 1 : 0;
    const std::string line = progress_line(state, width);
    // \x1b[K clears what a longer line left behind.
    write_log(file_, terminal_ ? "\r" + line + "\x1b[K" : line + "\n", no_wait);
}

}  // namespace decodemeter
