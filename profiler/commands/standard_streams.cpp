#include "profiler/commands/standard_streams.hpp"

#include <fcntl.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

#include "profiler/report/log_output.hpp"

namespace decodemeter {

namespace {

// A message is worth a short wait for a slow reader, a night's run is not.
constexpr std::chrono::milliseconds message_patience{200};

const char* color_of(spdlog::level::level_enum level) {
    switch (level) {
        case spdlog::level::info:
            return "\x1b[32m";
        case spdlog::level::warn:
            return "\x1b[33m\x1b[1m";
        default:
            return "\x1b[31m\x1b[1m";
    }
}

class LogSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        std::string text(line.data(), line.size());
        if (colored_) {
            text.insert(message.color_range_end, "\x1b[m");
            text.insert(message.color_range_start, color_of(message.level));
        }
        write_log(STDERR_FILENO, text, message_patience);
    }
    void flush_() override {}

    bool colored_ = ::isatty(STDERR_FILENO) == 1;
};

}  // namespace

void open_standard_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
        // The lowest free number is taken, which is this one.
        [[maybe_unused]] const int opened = ::open("/dev/null", O_RDWR);
    }
}

void log_to_standard_error() {
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("decodemeter", std::make_shared<LogSink>()));
    spdlog::set_pattern("%^%l%$: %v");
}

void flush_standard_output() {
    errno = 0;
    std::cout.flush();
    const bool failed = std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout;
    if (!failed) return;
    const std::string reason =
        errno == 0 ? "" : " (" + std::generic_category().message(errno) + ")";
    throw std::runtime_error("standard output: not all of the output could be written" + reason);
}

}  // namespace decodemeter
