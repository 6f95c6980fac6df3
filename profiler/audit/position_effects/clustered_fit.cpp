#include "profiler/audit/position_effects/clustered_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "profiler/statistics/distributions.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr int rounds = 4;
constexpr double clip_deviations = 4;
constexpr double normal_mad = 1.4826;
constexpr double rounding_error = 1e-7;  // of records that were written without noise

void center(std::vector<double>& column) {
    const double middle = mean(column);
    for (double& value : column) value -= middle;
}

// Sums of products of the centered columns.
struct Products {
    double xx = 0;
    double xz = 0;
    double zz = 0;

    double determinant() const { return xx * zz - xz * xz; }
};

class Fit {
public:
    Fit(std::span<const Cluster> clusters, int columns) : columns_(columns) {
        for (const Cluster& cluster : clusters) {
            if (cluster.y.size() < 2) continue;
            Cluster centered = cluster;
            positions_.push_back(cluster.x[0]);
            center(centered.y);
            for (int k = 0; k < columns; ++k) center(centered.x[static_cast<std::size_t>(k)]);
            if (columns == 1) centered.x[1].assign(centered.y.size(), 0.0);
            clusters_.push_back(std::move(centered));
        }
        for (const Cluster& cluster : clusters_) {
            for (std::size_t i = 0; i < cluster.y.size(); ++i) {
                products_.xx += cluster.x[0][i] * cluster.x[0][i];
                products_.xz += cluster.x[0][i] * cluster.x[1][i];
                products_.zz += cluster.x[1][i] * cluster.x[1][i];
            }
        }
    }

    ClusteredFit run(IndependentUnit unit) {
        ClusteredFit fit;
        fit.error.fill(std::numeric_limits<double>::infinity());
        if (!solvable()) return fit;
        for (int round = 0; round < rounds; ++round) {
            const double limit = clip_limit(fit.value);
            fit.value = solve(limit, fit.value);
        }
        fit.scale = clip_limit(fit.value) / clip_deviations;
        set_errors(fit, unit);
        return fit;
    }

private:
    bool solvable() const {
        if (!(products_.xx > 0)) return false;
        return columns_ == 1 || products_.determinant() > 1e-9 * products_.xx * products_.zz;
    }

    double residual(const Cluster& cluster, std::size_t i,
                    const std::array<double, 2>& value) const {
        return cluster.y[i] - value[0] * cluster.x[0][i] - value[1] * cluster.x[1][i];
    }

    double clip_limit(const std::array<double, 2>& value) const {
        std::vector<double> residuals;
        for (const Cluster& cluster : clusters_) {
            for (std::size_t i = 0; i < cluster.y.size(); ++i)
                residuals.push_back(residual(cluster, i, value));
        }
        return clip_deviations * std::max(robust_deviation(residuals), 1e-9);
    }

    std::array<double, 2> invert(double gx, double gz) const {
        if (columns_ == 1) return {gx / products_.xx, 0};
        const double determinant = products_.determinant();
        return {(products_.zz * gx - products_.xz * gz) / determinant,
                (products_.xx * gz - products_.xz * gx) / determinant};
    }

    // Least squares of the fitted values plus the clipped residuals.
    std::array<double, 2> solve(double limit, const std::array<double, 2>& value) const {
        double gx = 0;
        double gz = 0;
        for (const Cluster& cluster : clusters_) {
            for (std::size_t i = 0; i < cluster.y.size(); ++i) {
                const double clipped = std::clamp(residual(cluster, i, value), -limit, limit);
                gx += clipped * cluster.x[0][i];
                gz += clipped * cluster.x[1][i];
            }
        }
        const std::array<double, 2> step = invert(gx, gz);
        return {value[0] + step[0], value[1] + step[1]};
    }

    // What the rows of one unit add to the gradients and to the columns' own squares.
    struct Unit {
        std::array<double, 2> gradient{};
        std::array<double, 2> leverage{};
    };

    std::vector<Unit> units_of(const ClusteredFit& fit, IndependentUnit unit) const {
        const double limit = clip_deviations * fit.scale;
        std::map<std::pair<std::size_t, double>, Unit> units;
        for (std::size_t c = 0; c < clusters_.size(); ++c) {
            const Cluster& cluster = clusters_[c];
            for (std::size_t i = 0; i < cluster.y.size(); ++i) {
                Unit& sums = units[key_of(unit, c, i)];
                const double clipped = std::clamp(residual(cluster, i, fit.value), -limit, limit);
                const std::array<double, 2> own = own_columns(cluster, i);
                for (std::size_t k = 0; k < 2; ++k) {
                    sums.gradient[k] += clipped * cluster.x[k][i];
                    sums.leverage[k] += own[k] * own[k];
                }
            }
        }
        std::vector<Unit> all;
        for (const auto& [key, sums] : units) all.push_back(sums);
        return all;
    }

    std::pair<std::size_t, double> key_of(IndependentUnit unit, std::size_t cluster,
                                          std::size_t row) const {
        if (unit == IndependentUnit::cluster) return {cluster, 0};
        if (unit == IndependentUnit::row) return {cluster, static_cast<double>(row)};
        return {0, positions_[cluster][row]};
    }

    // Each column without what the other explains.
    std::array<double, 2> own_columns(const Cluster& cluster, std::size_t i) const {
        const double x = cluster.x[0][i];
        const double z = cluster.x[1][i];
        if (columns_ == 1) return {x, 0};
        return {x - products_.xz / products_.zz * z, z - products_.xz / products_.xx * x};
    }

    void set_errors(ClusteredFit& fit, IndependentUnit unit) const {
        const std::vector<Unit> units = units_of(fit, unit);
        const double groups =
            unit == IndependentUnit::row ? static_cast<double>(clusters_.size()) : 0;
        const double spent = static_cast<double>(units.size()) - columns_ - groups;
        const double correction = spent > 0 ? static_cast<double>(units.size()) / spent : HUGE_VAL;
        for (std::size_t k = 0; k < static_cast<std::size_t>(columns_); ++k) {
            double squares = 0;
            double leverage = 0;
            double leverage_squares = 0;
            for (const Unit& sums : units) {
                const double influence = invert(sums.gradient[0], sums.gradient[1])[k];
                squares += influence * influence;
                leverage += sums.leverage[k];
                leverage_squares += sums.leverage[k] * sums.leverage[k];
            }
            fit.error[k] = std::sqrt(squares * correction);
            fit.degrees[k] = std::min(leverage * leverage / leverage_squares - 1, spent);
        }
    }

    int columns_;
    std::vector<Cluster> clusters_;               // centered
    std::vector<std::vector<double>> positions_;  // x[0] as given
    Products products_;
};

}  // namespace

double robust_deviation(std::span<const double> values) {
    const double middle = median(values);
    std::vector<double> distances;
    distances.reserve(values.size());
    for (const double value : values) distances.push_back(std::fabs(value - middle));
    return normal_mad * median(distances);
}

double claim_factor(double degrees) {
    constexpr double confidence = 1 - 2.1561e-4;  // 3.7 standard errors of a normal distribution
    return student_t_factor(confidence, std::max(degrees, 1.0));
}

bool is_significant(double value, double error, double degrees) {
    return std::isfinite(error) && degrees >= 1 &&
           std::fabs(value) >= claim_factor(degrees) * std::max(error, rounding_error);
}

bool is_significant(const ClusteredFit& fit, std::size_t column) {
    return is_significant(fit.value[column], fit.error[column], fit.degrees[column]);
}

ClusteredFit fit_within_clusters(std::span<const Cluster> clusters, int columns,
                                 IndependentUnit unit) {
    return Fit(clusters, columns).run(unit);
}

}  // namespace decodemeter
