// Ctrl-C (SIGINT) and SIGTERM end a command between two pieces of work.
#pragma once

#include <array>
#include <csignal>
#include <string_view>

namespace decodemeter {

// Thrown by Interruption::check().
struct Interrupted {};

// Takes the two signals for as long as it lives. The first one is noted, a second one ends the
// program at once. Signals that the program was started to ignore stay ignored.
class Interruption {
public:
    Interruption();
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;

    bool requested() const noexcept;
    // Throws Interrupted where one was noted.
    void check() const;
    // "SIGINT" or "SIGTERM", and 128 and the signal's number; of a noted signal.
    std::string_view signal_name() const noexcept;
    int exit_code() const noexcept;

private:
    std::array<struct sigaction, 2> before_{};
};

}  // namespace decodemeter
