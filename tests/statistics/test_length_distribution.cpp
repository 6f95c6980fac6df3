#include <numeric>

#include "profiler/statistics/length_distribution.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;

TEST_CASE("The published output lengths have their published means, medians and ranges") {
    CHECK(published_lengths("vqa").mean() == Approx(2.22).margin(0.005));
    CHECK(published_lengths("captioning").mean() == Approx(54.67).margin(0.005));
    CHECK(published_lengths("captioning").quantile(0.5) == 64);
    CHECK(published_lengths("captioning").minimum == 30);
    CHECK(published_lengths("captioning").maximum() == 64);
    CHECK(published_lengths("doc_qa").mean() == Approx(5.51).margin(0.005));
    CHECK(published_lengths("doc_qa").maximum() == 28);
    CHECK(published_lengths("text_vqa").mean() == Approx(3.44).margin(0.005));
    CHECK(published_lengths("text_vqa").maximum() == 15);
}

TEST_CASE("Probabilities of lengths sum to one and quantiles stay in range") {
    for (const char* task : {"vqa", "captioning", "doc_qa", "text_vqa"}) {
        const LengthDistribution& lengths = published_lengths(task);
        CHECK(std::accumulate(lengths.probability.begin(), lengths.probability.end(), 0.0) ==
              Approx(1));
        CHECK(lengths.quantile(0) == lengths.minimum);
        CHECK(lengths.quantile(0.9999999) == lengths.maximum());
    }
}

TEST_CASE("A mean outside the range is refused") {
    CHECK_THROWS_AS(tilted_lengths(2, 10, 11), std::invalid_argument);
    CHECK_THROWS_AS(tilted_lengths(2, 10, 1), std::invalid_argument);
    CHECK_THROWS_AS(tilted_lengths(5, 5, 5), std::invalid_argument);
}
