// Whether the tests of the device's kernels would see a fault: each one of plant_faults.py, each
// missing barrier, and a wait for copies that does not wait.
#include "kernels/position_sum/planted_fault.hpp"
#include "tests/catch.hpp"
#include "tests/kernels/position_sum/implementations.hpp"

using namespace decodemeter::kernels;

namespace {

// Several tiles, chunks of h, groups of samples and chunks of positions, none of them full;
// weights; ties.
std::vector<Case> cases() {
    return {make_case({150, 139, 77}, {Activation::relu, Link::softplus}, Weighting::none, true, 3),
            make_case({37, 45, 70}, {Activation::relu, Link::softplus}, Weighting::by_sample),
            with_ties(make_case({40, 37, 21}, {Activation::relu, Link::softplus})),
            with_fixed_weights(
                make_case({37, 45, 70}, {Activation::relu, Link::softplus}, Weighting::by_sample)),
            make_case({20, 37, 33}, {Activation::gelu, Link::softplus})};
}

bool is_caught(const Case& made, const Results<double>& expected, const Adversary& adversary) {
    return excess(run(device_on_host(TileSize::medium, adversary, 2), made), expected) > 1;
}

bool is_caught_by_some(const std::vector<Adversary>& adversaries) {
    for (const Case& made : cases()) {
        const Results<double> expected = reference(made);
        for (const Adversary& adversary : adversaries)
            if (is_caught(made, expected, adversary)) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("Without a planted fault the device's kernels are right") {
    planted_fault = 0;
    CHECK(!is_caught_by_some(all_adversaries()));
}

TEST_CASE("Each planted fault is seen") {
    REQUIRE(planted_faults >= 10);
    for (planted_fault = 1; planted_fault <= planted_faults; ++planted_fault) {
        INFO("fault " << planted_fault << " of plant_faults.py");
        CHECK(is_caught_by_some(all_adversaries()));
    }
    planted_fault = 0;
}

TEST_CASE("Each barrier of the device's kernels is needed, and a missing one is seen") {
    for (int i = 0; i < barrier_count; ++i) {
        std::vector<Adversary> faults = all_adversaries();
        for (Adversary& fault : faults) fault.missing_barrier = static_cast<Barrier>(i);
        INFO("barrier " << i);
        CHECK(is_caught_by_some(faults));
    }
}

TEST_CASE("A wait that does not wait for its copies is seen") {
    std::vector<Adversary> faults = all_adversaries();
    for (Adversary& fault : faults) fault.ignores_waits = true;
    CHECK(is_caught_by_some(faults));
}
