#include <string>

#include "profiler/molmo/molmo.hpp"
#include "profiler/molmo/step_operations.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;
using namespace decodemeter::molmo;

namespace {

// Writes down each mark.
class Listener final : public StageObserver {
public:
    void begin(Stage stage) noexcept override { note('(', stage); }
    void end(Stage stage) noexcept override { note(')', stage); }
    void step_edge(int step) noexcept override { heard += std::to_string(step); }
    std::string heard;

private:
    void note(char what, Stage stage) noexcept {
        heard += what;
        heard += "Pvpldg"[static_cast<std::size_t>(stage)];
    }
};

Image stripes(int width, int height) {
    Image image;
    image.width = width;
    image.height = height;
    image.rgb.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
    for (std::size_t i = 0; i < image.rgb.size(); ++i)
        image.rgb[i] = static_cast<std::uint8_t>(i * 37 % 251);
    return image;
}

Molmo tiny() { return Molmo::built_in("tiny-molmoe", {}); }

GenerateOptions fixed_length(int tokens) { return {{}, tokens, false, Extent::everything}; }

}  // namespace

TEST_CASE("N returned tokens take N - 1 decode steps, and each stage is announced once") {
    Molmo model = tiny();
    const Image image = stripes(200, 100);
    Listener listener;
    const auto input = model.prepare({&image, "what?", std::nullopt, 12}, listener);
    CHECK(listener.heard == "(P)P");
    listener.heard.clear();
    const Generation generation = model.generate(*input, fixed_length(4), listener);
    CHECK(generation.tokens.size() == 4);
    CHECK(listener.heard == "(g(v)v(p)p(l)l0(d)d1(d)d2(d)d3)g");
}

TEST_CASE("One token takes no decode step, and a text has no vision stage") {
    Molmo model = tiny();
    NullObserver nobody;
    Listener listener;
    const auto input = model.prepare({nullptr, "what?", std::nullopt, 12}, nobody);
    CHECK(Molmo::facts(*input).vision_tokens == 0);
    CHECK(model.generate(*input, fixed_length(1), listener).tokens.size() == 1);
    CHECK(listener.heard == "(g(l)l0)g");
}

TEST_CASE("The same request gives the same tokens, whatever was run between") {
    Molmo model = tiny();
    NullObserver nobody;
    const Image image = stripes(300, 500);
    const auto input = model.prepare({&image, "describe", std::nullopt, 12}, nobody);
    const auto other = model.prepare({nullptr, "something else", std::nullopt, 12}, nobody);
    const auto tokens = model.generate(*input, fixed_length(12), nobody).tokens;
    model.generate(*other, {{3, {0, 5}}, 30, false, Extent::everything}, nobody);
    CHECK(model.generate(*input, fixed_length(12), nobody).tokens == tokens);
    CHECK(tiny().generate(*input, fixed_length(12), nobody).tokens == tokens);
}

TEST_CASE("All blocks and the trained top_k, named or not, are one") {
    Molmo model = tiny();
    NullObserver nobody;
    const auto input = model.prepare({nullptr, "describe", std::nullopt, 12}, nobody);
    std::vector<int> all(static_cast<std::size_t>(model.config().layers));
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int>(i);
    const Generation named =
        model.generate(*input, {{8, all}, 10, false, Extent::everything}, nobody);
    CHECK(named.tokens == model.generate(*input, fixed_length(10), nobody).tokens);
    const Generation fewer =
        model.generate(*input, {{2, {0, 1}}, 10, false, Extent::everything}, nobody);
    CHECK(fewer.active_blocks == std::vector{0, 1});
    CHECK(fewer.tokens != named.tokens);
}

TEST_CASE("Knobs that a model does not have are refused") {
    const Molmo model = tiny();
    CHECK_THROWS_AS(model.check({17, {}}), InputError);
    CHECK_THROWS_AS(model.check({-1, {}}), InputError);
    CHECK_THROWS_AS(model.check({4, {0, 0}}), InputError);
    CHECK_THROWS_AS(model.check({4, {3, 1}}), InputError);
    CHECK_THROWS_AS(model.check({4, {16}}), InputError);
    CHECK_NOTHROW(model.check({16, {15}}));
    CHECK_THROWS_AS(Molmo::built_in("tiny-molmo", {}).check({4, {}}), InputError);
}

TEST_CASE("Tiers choose the number of tiles") {
    const Molmo model = tiny();
    NullObserver nobody;
    const Image image = stripes(640, 480);
    int before = 0;
    for (const TierRange& tier : tier_ranges) {
        const auto input = model.prepare({&image, "x", tier, 12}, nobody);
        const InputFacts& facts = Molmo::facts(*input);
        CHECK(facts.crops == facts.tiling[0] * facts.tiling[1] + 1);
        CHECK(facts.crops - 1 >= tier.min_tiles);
        CHECK(facts.crops > before);
        before = facts.crops;
    }
}

TEST_CASE(
    "A decode step allocates nothing of a weight's size, and as many operations for each block") {
    Molmo model = tiny();
    NullObserver nobody;
    const auto input = model.prepare({nullptr, "describe", std::nullopt, 12}, nobody);
    const auto count = [&](std::vector<int> blocks) {
        return count_step_operations(model, *input,
                                     {{8, std::move(blocks)}, 4, false, Extent::everything});
    };
    const StepOperations one = count({0});
    const StepOperations two = count({0, 1});
    const StepOperations three = count({0, 1, 2});
    CHECK(one.operations > 0);
    CHECK(three.operations - two.operations == two.operations - one.operations);
    const ModelConfig& config = model.config();
    const std::int64_t smallest_weight_bytes = std::int64_t{config.d_model} * config.d_model * 4;
    CHECK(three.largest_allocation_bytes > 0);
    CHECK(three.largest_allocation_bytes < smallest_weight_bytes);
}
