// What a report draws: predictions beside measurements, as figures. Drawing is report/gnuplot's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "estimator/evaluate/evaluation.hpp"
#include "profiler/report/gnuplot.hpp"

namespace decodemeter {

struct NamedFigure {
    std::string name;     // of the files: "scatter_plots"
    std::string caption;  // what to see in it
    Figure figure;
};

// Predicted against measured: prefill and decode total of one model.
NamedFigure scatter_figure(const Dataset& dataset, ModelKind model, const Predictions& predictions);
// Distribution of the relative error of every model.
NamedFigure error_distribution_figure(const Dataset& dataset, const PredictionsByModel& models);
// Relative error at each level of a knob.
NamedFigure errors_by_tier_figure(const Dataset& dataset, const PredictionsByModel& models);
NamedFigure errors_by_top_k_figure(const Dataset& dataset, const PredictionsByModel& models);
NamedFigure errors_by_blocks_figure(const Dataset& dataset, const PredictionsByModel& models);
// Step latency against position: measured median and spread, and every model's curve, for a cheap,
// a middle and a dear configuration.
NamedFigure position_figure(const Dataset& dataset, const PredictionsByModel& models);
// Share of requests under their P95 bound, by N and by configuration.
NamedFigure coverage_figure(const CoverageReport& coverage);

// All of them, in the order of a report.
std::vector<NamedFigure> report_figures(const Dataset& dataset, const PredictionsByModel& models,
                                        const EvaluationReport& report);

// The model that a report shows where one is shown: physics, else the first.
ModelKind leading_model(const PredictionsByModel& models);

}  // namespace decodemeter
