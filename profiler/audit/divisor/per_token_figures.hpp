// The per-token figures that a set of records states, or that follow from it.
#pragma once

#include <span>
#include <vector>

#include "profiler/audit/divisor/per_token_fit.hpp"
#include "profiler/record/sample_record.hpp"

namespace decodemeter {

enum class FigureSource {
    stored,         // the file's own T_decode_per_token, else T_LLM_decode / N
    per_step_mean,  // T_LLM_decode / (N - 1)
    per_token,      // T_LLM_decode / N
};

enum class FigureGroups { dataset_and_config, config };

// The figures of records with N >= 2 and a figure above 0.
std::vector<PerTokenFigure> per_token_figures(
    std::span<const SampleRecord> records, FigureSource source,
    FigureGroups groups = FigureGroups::dataset_and_config);

// Whether any group has more than one N, without which figures tell nothing of it.
bool lengths_vary(std::span<const PerTokenFigure> figures);

}  // namespace decodemeter
