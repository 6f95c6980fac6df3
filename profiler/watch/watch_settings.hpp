// What `decodemeter watch` hands to the library that it has a program load.
#pragma once

#include <string>

#include "profiler/record/config_key.hpp"

namespace decodemeter {

struct WatchSettings {
    std::string results_dir;
    std::string dataset = "watched";
    std::string name;          // of the model, or of the program
    std::string command_line;  // of the program
    ConfigKey config;          // of samples that say nothing else of themselves
    int vision_tokens = 0;
    int text_tokens = 0;
    int max_steps = 4096;
    bool events = true;  // CUDA events at the edges, where the program uses CUDA
    bool cupti = false;
    std::string report_dir;  // where each process says what it saw: see watch_report.hpp
};

// The execution mode of a watched run, which keeps its records apart from measured ones.
inline constexpr const char* watched_execution_mode = "watched";

// The environment variable that carries them.
inline constexpr const char* watch_settings_variable = "DECODEMETER_WATCH";

std::string to_text(const WatchSettings& settings);
// Throws InputError where the text is not what to_text() wrote.
WatchSettings parse_watch_settings(const std::string& text);

// A data set is one folder of the results directory. Throws InputError for what cannot be one.
void check_dataset_name(const std::string& name);

// What a sample says of itself by an NVTX mark: `decodemeter {"vision_tokens": 576, "text_tokens":
// 40}`. Of the fields dataset, tier, top_k, num_active_blocks, vision_tokens and text_tokens those
// that are there replace the settings'. False where `message` is no such mark; throws InputError
// where it is one, but broken.
bool apply_mark(const std::string& message, WatchSettings& settings);

}  // namespace decodemeter
