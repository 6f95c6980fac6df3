#include "profiler/statistics/length_distribution.hpp"

#include <cmath>
#include <map>
#include <stdexcept>
#include <string>

namespace decodemeter {

namespace {

// Probabilities proportional to ratio^i on i = 0 ... size-1.
std::vector<double> geometric(std::size_t size, double ratio) {
    std::vector<double> weights(size);
    double weight = 1;
    double sum = 0;
    for (double& value : weights) {
        value = weight;
        sum += weight;
        weight *= ratio;
    }
    for (double& value : weights) value /= sum;
    return weights;
}

double mean_index(const std::vector<double>& probability) {
    double mean = 0;
    for (std::size_t i = 0; i < probability.size(); ++i)
        mean += static_cast<double>(i) * probability[i];
    return mean;
}

// The mean index grows with the ratio, so bisection finds it.
double ratio_for_mean(std::size_t size, double mean) {
    double low = 1e-9;
    double high = 1e9;
    for (int i = 0; i < 200; ++i) {
        const double middle = std::sqrt(low * high);
        (mean_index(geometric(size, middle)) < mean ? low : high) = middle;
    }
    return std::sqrt(low * high);
}

}  // namespace

double LengthDistribution::mean() const { return minimum + mean_index(probability); }

int LengthDistribution::quantile(double u) const {
    double sum = 0;
    for (std::size_t i = 0; i < probability.size(); ++i) {
        sum += probability[i];
        if (sum > u) return minimum + static_cast<int>(i);
    }
    return maximum();
}

LengthDistribution tilted_lengths(int minimum, int maximum, double mean, double at_maximum) {
    const auto size = static_cast<std::size_t>(maximum - minimum) + (at_maximum > 0 ? 0 : 1);
    const double rest_mean = (mean - at_maximum * maximum) / (1 - at_maximum) - minimum;
    if (maximum <= minimum || rest_mean <= 0 || rest_mean >= static_cast<double>(size - 1)) {
        throw std::invalid_argument("no length distribution has this range and mean");
    }
    LengthDistribution distribution{minimum, geometric(size, ratio_for_mean(size, rest_mean))};
    if (at_maximum > 0) {
        for (double& value : distribution.probability) value *= 1 - at_maximum;
        distribution.probability.push_back(at_maximum);
    }
    return distribution;
}

const LengthDistribution& published_lengths(std::string_view task) {
    static const std::map<std::string, LengthDistribution, std::less<>> distributions = {
        {"vqa", tilted_lengths(2, 10, 2.22)},
        {"captioning", tilted_lengths(30, 64, 54.67, 0.52)},
        {"doc_qa", tilted_lengths(2, 28, 5.51)},
        {"text_vqa", tilted_lengths(2, 15, 3.44)},
    };
    const auto found = distributions.find(task);
    return found == distributions.end() ? distributions.at("vqa") : found->second;
}

}  // namespace decodemeter
