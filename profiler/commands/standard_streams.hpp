// The descriptors 0 to 2 of this process.
#pragma once

namespace decodemeter {

// Opens the ones that are closed to /dev/null, so that no file of ours gets their numbers. To be
// called before anything else is opened.
void open_standard_streams();

// Log messages go to standard error, which may be full or unread: they are dropped then, and the
// command goes on.
void log_to_standard_error();

// Writes out what standard output holds. Throws std::runtime_error where any of it was lost.
void flush_standard_output();

}  // namespace decodemeter
