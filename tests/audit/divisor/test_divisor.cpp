#include <array>
#include <functional>
#include <map>
#include <string>

#include "profiler/audit/divisor/divisor.hpp"
#include "profiler/audit/divisor/per_token_figures.hpp"
#include "tests/audit/synthetic_sets.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;
using namespace decodemeter::test;

namespace {

void check_right(DivisorVerdict truth, double least_strength, double largest_strength,
                 const Figure& figure) {
    const Outcome outcome = diagnose_sets(truth, least_strength, largest_strength, figure);
    for (const auto& [verdict, count] : outcome.wrongly)
        UNSCOPED_INFO(count << " sets taken for " << verdict);
    CHECK(outcome.wrong == 0);
    CHECK(outcome.undecided <= 10);
    CHECK(outcome.right >= 990);
}

}  // namespace

TEST_CASE("The published table is T/N: 46.7 ms a step, whatever the length") {
    const std::vector<PerTokenFigure> table = {{0, 2, 24.62, 0},
                                               {0, 4, 34.42, 0},
                                               {0, 8, 41.09, 0},
                                               {0, 15.5, 41.47, 0},
                                               {0, 25, 45.17, 0}};
    const DivisorDiagnosis diagnosis = diagnose_divisor(table);
    CHECK(diagnosis.verdict == DivisorVerdict::n);
    CHECK(diagnosis.step_ms == Approx(46.7).margin(0.05));
    CHECK(diagnosis.r_squared == Approx(0.97).margin(0.005));
    CHECK_FALSE(diagnosis.slope);
}

TEST_CASE("1,000 sets divided by N-1: none taken for another divisor") {
    check_right(DivisorVerdict::n_minus_1, 1, 1, n_minus_1);
}
TEST_CASE("1,000 sets divided by N: none taken for another divisor") {
    check_right(DivisorVerdict::n, 1, 1, n);
}
TEST_CASE("1,000 sets divided by N+1: none taken for another divisor") {
    check_right(DivisorVerdict::n_plus_1, 1, 1, n_plus_1);
}
TEST_CASE("1,000 sets with a constant part of 1.5 steps and more: none taken for anything else") {
    check_right(DivisorVerdict::constant_part, 1.5, 30, prefill_included);
}
TEST_CASE("1,000 sets whose steps grow by 0.5 % a token and more: divisor and slope are told") {
    check_right(DivisorVerdict::n_minus_1, 0.005, 0.1, slope);
}
TEST_CASE("The divisor N is found beside a slope in 1,000 sets") {
    check_right(DivisorVerdict::n, 0.005, 0.1, slope_over_n);
}

TEST_CASE("Cost, slope and counted-in prefill are found with their sizes") {
    const DivisorDiagnosis sloped = diagnose_divisor(SyntheticSet(1, 0.02, slope).figures);
    REQUIRE(sloped.slope);
    CHECK(sloped.slope->lower < 2);
    CHECK(sloped.slope->upper > 2);
    Draws draws(8);
    std::vector<PerTokenFigure> figures;
    for (int i = 0; i < 400; ++i) {
        const int tokens = draws.integer(2, 64);
        figures.push_back({0, static_cast<double>(tokens),
                           prefill_included(tokens, 20, 5) * (1 + 0.01 * draws.normal()), 0});
    }
    const DivisorDiagnosis counted_in = diagnose_divisor(figures);
    CHECK(counted_in.step_ms == Approx(20).epsilon(0.01));
    CHECK(counted_in.constant_ms == Approx(100).epsilon(0.02));
    CHECK(counted_in.noise_percent == Approx(1).epsilon(0.1));
}

TEST_CASE(
    "A prefill of the same milliseconds under configurations of different speed is recognized") {
    Draws draws(21);
    std::vector<PerTokenFigure> figures;
    for (int i = 0; i < 300; ++i) {
        const int tokens = draws.integer(2, 64);
        const std::size_t group = static_cast<std::size_t>(draws.integer(0, 3));
        const double c = 5.0 * static_cast<double>(group + 1);
        figures.push_back({group, static_cast<double>(tokens),
                           (60 + c * (tokens - 1)) / tokens * (1 + 0.01 * draws.normal()), 0});
    }
    const DivisorDiagnosis diagnosis = diagnose_divisor(figures);
    CHECK(diagnosis.verdict == DivisorVerdict::constant_part);
    CHECK(diagnosis.noise_percent < 1.2);
}

TEST_CASE("A constant part is called prefill only where it is as long as the records' prefill") {
    Draws draws(22);
    std::vector<PerTokenFigure> own;
    std::vector<PerTokenFigure> other;
    for (int i = 0; i < 300; ++i) {
        const double tokens = draws.integer(2, 64);
        const double ms = (80 + 20 * (tokens - 1)) / tokens * (1 + 0.01 * draws.normal());
        own.push_back({0, tokens, ms, 80});
        other.push_back({0, tokens, ms, 24});
    }
    CHECK(diagnose_divisor(own).verdict == DivisorVerdict::prefill_included);
    CHECK(diagnose_divisor(other).verdict == DivisorVerdict::constant_part);
}

TEST_CASE("With a known divisor, a fast or slow first step is a constant part of the totals") {
    for (const double first : {0.5, 3.0}) {
        Draws draws(23);
        std::vector<PerTokenFigure> per_step;
        for (int i = 0; i < 300; ++i) {
            const double tokens = draws.integer(2, 64);
            const double ms = 20 * (first + tokens - 2) / (tokens - 1);
            per_step.push_back({0, tokens, ms * (1 + 0.01 * draws.normal()), 400});
        }
        const DivisorDiagnosis n =
            diagnose_known_divisor(per_step, DivisorVerdict::n, DivisorSource::stored);
        CHECK(n.verdict == DivisorVerdict::n);
        CHECK(n.reason.find("constant part") != std::string::npos);
        CHECK(diagnose_known_divisor(per_step, DivisorVerdict::n_minus_1, DivisorSource::stored)
                  .verdict == DivisorVerdict::constant_part);
        const DivisorDiagnosis steps =
            diagnose_known_divisor(per_step, DivisorVerdict::n_minus_1, DivisorSource::steps);
        CHECK(steps.verdict == DivisorVerdict::n_minus_1);
    }
}

TEST_CASE("An undecided fit gives no numbers") {
    std::vector<PerTokenFigure> same(300, {0, 16, 1.5, 0});
    const DivisorDiagnosis diagnosis = diagnose_divisor(same);
    CHECK(std::isnan(diagnosis.step_ms));
    CHECK(std::isnan(diagnosis.r_squared));
    CHECK_FALSE(diagnosis.slope);
}

TEST_CASE("A few wild requests do not turn the diagnosis, and are counted") {
    SyntheticSet set(0, 1, n);
    for (std::size_t i = 0; i < set.figures.size(); i += 40) set.figures[i].ms *= 30;
    const DivisorDiagnosis diagnosis = diagnose_divisor(set.figures);
    CHECK(diagnosis.verdict == DivisorVerdict::n);
    CHECK(diagnosis.outliers == 5);
}

TEST_CASE("A set without noise is diagnosed too") {
    for (const auto& [truth, figure] : {std::pair{DivisorVerdict::n_minus_1, Figure(n_minus_1)},
                                        {DivisorVerdict::n, Figure(n)},
                                        {DivisorVerdict::n_plus_1, Figure(n_plus_1)}}) {
        std::vector<PerTokenFigure> figures;
        for (int tokens = 2; tokens <= 64; ++tokens)
            figures.push_back({0, static_cast<double>(tokens), figure(tokens, 8, 1), 0});
        CHECK(diagnose_divisor(figures).verdict == truth);
        CHECK(diagnose_divisor(figures).step_ms == Approx(8));
    }
}

TEST_CASE("Where the lengths do not vary, or there are too few, nothing is claimed") {
    std::vector<PerTokenFigure> same(300, {0, 16, 1.5, 0});
    CHECK(diagnose_divisor(same).verdict == DivisorVerdict::undecided);
    CHECK(std::isnan(diagnose_divisor(same).step_ms));
    CHECK(diagnose_divisor({}).verdict == DivisorVerdict::undecided);
    // One request for each configuration: every difference may be the configuration's.
    std::vector<PerTokenFigure> scattered;
    for (std::size_t i = 0; i < 100; ++i)
        scattered.push_back({i, 2.0 + static_cast<double>(i % 50), 1.5, 0});
    CHECK(diagnose_divisor(scattered).verdict == DivisorVerdict::undecided);
}

TEST_CASE("Pure noise that no shape explains is left undecided or called flat, never a divisor") {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Draws draws(seed);
        std::vector<PerTokenFigure> figures;
        for (int i = 0; i < 200; ++i) {
            figures.push_back(
                {0, static_cast<double>(draws.integer(2, 64)), std::exp(draws.normal()), 0});
        }
        const DivisorVerdict verdict = diagnose_divisor(figures).verdict;
        CHECK((verdict == DivisorVerdict::undecided || verdict == DivisorVerdict::n_minus_1));
    }
}

TEST_CASE("Figures of records: the stored one, else T/N, and N = 1 and zero times are left out") {
    SampleRecord record;
    record.output_tokens = 4;
    record.T_LLM_decode = 12;
    SampleRecord stored = record;
    SampleRecord single = record;
    SampleRecord zero = record;
    SampleRecord other = record;
    stored.stored_per_token_ms = 4;
    single.output_tokens = 1;
    zero.T_LLM_decode = 0;
    other.config.top_k = 4;
    const std::vector<SampleRecord> records = {record, stored, single, zero, other};
    const auto figures = per_token_figures(records, FigureSource::stored);
    REQUIRE(figures.size() == 3);
    CHECK(figures[0].ms == 3);
    CHECK(figures[1].ms == 4);
    CHECK(figures[1].group == 0);
    CHECK(figures[2].group == 1);
    CHECK(per_token_figures(records, FigureSource::per_step_mean)[1].ms == 4);
    CHECK(per_token_figures(records, FigureSource::per_token)[1].ms == 3);
}
