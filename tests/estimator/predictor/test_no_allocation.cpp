// A program of its own, because it replaces operator new.
#include <cstdlib>
#include <new>

#include "estimator/predictor/predictor.hpp"
#include "tests/catch.hpp"

namespace {

bool counting = false;
long allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
    if (counting) ++allocations;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
// Replaced too, for what it gives is freed by the operators below.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    if (counting) ++allocations;
    return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("No prediction allocates") {
    const decodemeter::Predictor predictor{std::filesystem::path(DECODEMETER_TEST_MODEL)};
    double sum = 0;
    counting = true;
    for (int tokens = 1; tokens < 100; ++tokens)
        sum += predictor.predict({928, 60, 2, 8, 16, 0}, tokens).total.p95_ms +
               predictor.step_ms({928, 60, 2, 8, 16, 0}, tokens);
    counting = false;
    CHECK(allocations == 0);
    CHECK(sum > 0);
}
