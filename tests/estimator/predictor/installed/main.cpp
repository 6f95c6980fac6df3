#include <cstdio>
#include <decodemeter/predictor.hpp>
#include <stdexcept>

int main(int argc, char** argv) {
    try {
        const decodemeter::Predictor predictor(argc > 1 ? argv[1] : "");
        const auto estimate = predictor.predict({928, 60, 2, 8, 16, 0}, 20);
        std::printf("%.17g %.17g\n", estimate.total.expected_ms, estimate.total.p95_ms);
    } catch (const std::runtime_error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
