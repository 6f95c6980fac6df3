#include "profiler/audit/divisor/length_effect.hpp"

#include <algorithm>

#include "profiler/statistics/rank_correlation.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

// One method's figures, with whose they are.
struct FigureSeries {
    std::vector<std::size_t> records;
    std::vector<double> values;

    void add(std::size_t record, double value) {
        records.push_back(record);
        values.push_back(value);
    }
};

// Divides each figure by the median of its group; groups whose median is 0 are left out.
FigureSeries relative_to_group(const FigureSeries& series, std::span<const SampleRecord> records) {
    std::map<ConfigKey, std::vector<double>> groups;
    const auto group_of = [&](std::size_t i) { return records[series.records[i]].config; };
    for (std::size_t i = 0; i < series.values.size(); ++i)
        groups[group_of(i)].push_back(series.values[i]);
    std::map<ConfigKey, double> medians;
    for (const auto& [group, values] : groups) medians[group] = median(values);
    FigureSeries relative;
    for (std::size_t i = 0; i < series.values.size(); ++i) {
        const double center = medians[group_of(i)];
        if (center > 0) relative.add(series.records[i], series.values[i] / center);
    }
    return relative;
}

LengthCorrelation correlate(std::string figure, const FigureSeries& series,
                            std::span<const SampleRecord> records) {
    const FigureSeries relative = relative_to_group(series, records);
    std::vector<double> tokens;
    for (const std::size_t record : relative.records)
        tokens.push_back(records[record].output_tokens);
    const RankCorrelation ranked = rank_correlation(tokens, relative.values);
    return {std::move(figure), correlation(tokens, relative.values), ranked.rho, ranked.p,
            tokens.size()};
}

}  // namespace

std::array<FigureByLength, length_bins.size()> figures_by_length(
    std::span<const SampleRecord> records) {
    std::array<std::vector<double>, length_bins.size()> tokens;
    std::array<std::vector<double>, length_bins.size()> per_token;
    std::array<std::vector<double>, length_bins.size()> per_step;
    for (const SampleRecord& record : records) {
        if (record.output_tokens < 2) continue;
        const std::size_t bin = length_bin_of(record.output_tokens);
        tokens[bin].push_back(record.output_tokens);
        per_token[bin].push_back(decode_per_token_ms(record));
        per_step[bin].push_back(*decode_per_step_mean_ms(record));
    }
    std::array<FigureByLength, length_bins.size()> figures;
    for (std::size_t bin = 0; bin < figures.size(); ++bin)
        figures[bin] = {tokens[bin].size(), mean(tokens[bin]), mean(per_token[bin]),
                        mean(per_step[bin])};
    return figures;
}

std::vector<LengthCorrelation> length_correlations(std::span<const SampleRecord> records,
                                                   std::span<const DecodeTimes> times) {
    FigureSeries per_token;
    FigureSeries per_step;
    FigureSeries subtracted_per_token;
    FigureSeries subtracted_per_step;
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (records[i].output_tokens < 2) continue;
        per_token.add(i, decode_per_token_ms(records[i]));
        per_step.add(i, *decode_per_step_mean_ms(records[i]));
    }
    for (const DecodeTimes& entry : times) {
        subtracted_per_token.add(entry.record, entry.subtraction_ms / entry.tokens);
        subtracted_per_step.add(entry.record, entry.subtraction_ms / (entry.tokens - 1));
    }
    std::vector<LengthCorrelation> correlations = {
        correlate("recorded, T/(N−1)", per_step, records),
        correlate("recorded, T/N", per_token, records)};
    if (!times.empty()) {
        correlations.push_back(correlate("subtraction, T/(N−1)", subtracted_per_step, records));
        correlations.push_back(correlate("subtraction, T/N", subtracted_per_token, records));
    }
    return correlations;
}

std::map<std::string, OutputLengthSummary> output_lengths_by_dataset(
    std::span<const SampleRecord> records) {
    std::map<std::string, std::vector<double>> lengths;
    for (const SampleRecord& record : records)
        lengths[record.dataset].push_back(record.output_tokens);
    std::map<std::string, OutputLengthSummary> summaries;
    for (auto& [dataset, values] : lengths) {
        std::sort(values.begin(), values.end());
        const double average = mean(values);
        const double deviation = standard_deviation(values);
        summaries[dataset] = {values.size(),
                              average,
                              quantile_of_sorted(values, 0.5),
                              deviation,
                              deviation / average,
                              quantile_of_sorted(values, 0.95),
                              quantile_of_sorted(values, 0.99),
                              values.front(),
                              values.back()};
    }
    return summaries;
}

}  // namespace decodemeter
