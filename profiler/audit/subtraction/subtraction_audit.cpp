#include "profiler/audit/subtraction/subtraction_audit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "profiler/audit/subtraction/difference_causes.hpp"
#include "profiler/statistics/median_interval.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

template <class Counted>
double fraction(std::span<const DecodeTimes> times, Counted counted) {
    return times.empty() ? std::numeric_limits<double>::quiet_NaN()
                         : static_cast<double>(std::count_if(times.begin(), times.end(), counted)) /
                               static_cast<double>(times.size());
}

double zero_fraction(std::span<const DecodeTimes> times) {
    return fraction(times, [](const DecodeTimes& entry) { return entry.subtraction_ms <= 0; });
}

std::vector<DecodeTimes> compared_only(std::span<const DecodeTimes> times) {
    std::vector<DecodeTimes> compared;
    std::copy_if(times.begin(), times.end(), std::back_inserter(compared),
                 [](const DecodeTimes& entry) { return entry.direct_ms.has_value(); });
    return compared;
}

DifferenceByLength of_bin(std::span<const DecodeTimes> times, std::size_t bin) {
    std::vector<DecodeTimes> here;
    std::copy_if(times.begin(), times.end(), std::back_inserter(here),
                 [&](const DecodeTimes& entry) { return length_bin_of(entry.tokens) == bin; });
    std::vector<double> direct;
    std::vector<double> differences;
    for (const DecodeTimes& entry : compared_only(here)) {
        direct.push_back(*entry.direct_ms);
        differences.push_back(entry.subtraction_ms - *entry.direct_ms);
    }
    return {here.size(),  zero_fraction(here), direct.size(),
            mean(direct), mean(differences),   standard_deviation(differences)};
}

double median_error_percent(std::span<const DecodeTimes> compared, int fewest, int most) {
    std::vector<double> errors;
    for (const DecodeTimes& entry : compared) {
        if (entry.tokens < fewest || entry.tokens > most || *entry.direct_ms <= 0) continue;
        errors.push_back(100 * std::fabs(entry.subtraction_ms - *entry.direct_ms) /
                         *entry.direct_ms);
    }
    return median(errors);
}

}  // namespace

SubtractionAudit audit_subtraction(std::span<const SampleRecord> records,
                                   std::span<const DecodeTimes> times) {
    SubtractionAudit audit;
    const std::vector<DecodeTimes> compared = compared_only(times);
    std::vector<double> differences;
    std::vector<double> signed_differences;
    for (const DecodeTimes& entry : compared) {
        differences.push_back(entry.subtraction_ms - *entry.direct_ms);
        signed_differences.push_back(entry.signed_ms - *entry.direct_ms);
    }
    audit.samples = times.size();
    audit.compared = compared.size();
    audit.zero_fraction = zero_fraction(times);
    audit.negative_fraction =
        fraction(times, [](const DecodeTimes& entry) { return entry.signed_ms < -1e-6; });
    audit.bias_ms = mean(differences);
    audit.signed_bias_ms = mean(signed_differences);
    const MedianInterval interval = median_interval(differences);
    audit.median_ms = interval.median;
    audit.median_lower_ms = interval.lower;
    audit.median_upper_ms = interval.upper;
    audit.short_error_percent = median_error_percent(compared, 2, 3);
    audit.long_error_percent = median_error_percent(compared, 10, std::numeric_limits<int>::max());
    for (std::size_t bin = 0; bin < length_bins.size(); ++bin)
        audit.by_length[bin] = of_bin(times, bin);
    audit.causes = difference_causes(records, times);
    return audit;
}

}  // namespace decodemeter
