// What predict and budget share: the flags about an answer's length, and how answers are put in
// words.
#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "estimator/evaluate/budget.hpp"

namespace decodemeter {

inline constexpr std::array all_decode_rules = {DecodeRule::average, DecodeRule::positions,
                                                DecodeRule::maximum, DecodeRule::expectation,
                                                DecodeRule::expected_length};

struct LengthFlags {
    std::string task;     // empty: by data set, then prompt, else other
    std::string dataset;  // a name as in records
    std::string prompt;
    std::string decode = "maximum";
    double quantile = 0.95;  // 0.95 or 0.99
};
void add_length_options(CLI::App& command, LengthFlags& flags);
Task chosen_task(const LengthFlags& flags);
// The lengths of the chosen task; of all records together where neither option nor name tells it.
// Warns of a data set that the estimator has no records of.
LengthForecast chosen_forecast(const LatencyModel& model, const LengthFlags& flags);

// "captioning: conservative 64 tokens, mean 54.7 (from records)"
std::string length_line(const LengthFlags& flags, const LengthForecast& forecast);
std::string request_line(const Request& request);
// "OK", "EXTRAPOLATED: top_k lies outside what was measured"
std::string coverage_line(Coverage coverage, std::span<const Feature> offending);
// "top_k, num_crops"
std::string names_of(std::span<const Feature> features);
nlohmann::ordered_json names_json(std::span<const Feature> features);
// Which records the model came from.
std::string source_line(const LatencyModel& model);
nlohmann::ordered_json request_json_value(const Request& request);

}  // namespace decodemeter
