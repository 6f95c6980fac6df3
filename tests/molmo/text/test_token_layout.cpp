#include "profiler/molmo/text/token_layout.hpp"
#include "tests/catch.hpp"
#include "tests/molmo/golden_preprocessing.hpp"

using namespace decodemeter;
using namespace decodemeter::molmo;

TEST_CASE("Image tokens, feature positions and masks are those of the original") {
    const char* const folder = GENERATE("prep", "preprocess-real");
    const auto cases = test::preprocessing_cases(folder);
    REQUIRE_FALSE(cases.empty());
    for (const auto& item : cases) {
        CAPTURE(folder, item.name);
        const SafetensorsFile golden(item.file);
        const Tiling tiling =
            choose_tiling(item.geometry, item.height, item.width, item.geometry.max_crops);
        const CropPlan plan = plan_crops(item.geometry, tiling, item.height, item.width);

        const auto tokens = test::numbers<std::int32_t>(golden.at("image_tokens"));
        const auto ids = image_token_ids(item.geometry, tiling, item.ids);
        CHECK(std::vector<std::int64_t>(tokens.begin(), tokens.end()) == ids);
        CHECK(ids.size() == static_cast<std::size_t>(image_tokens(item.geometry, tiling)));

        const auto golden_idx = test::numbers<std::int32_t>(golden.at("image_input_idx"));
        CHECK(golden.at("image_input_idx").shape ==
              std::vector<std::int64_t>{tiling.crops(), item.geometry.cells()});
        CHECK(image_input_idx(item.geometry, tiling, 0) == golden_idx);

        CHECK(image_masks(item.geometry, plan) == test::numbers<float>(golden.at("image_masks")));
    }
}

TEST_CASE("Each feature position is an image patch token, and gets exactly one feature") {
    const ImageGeometry geometry;
    const Tiling tiling =
        GENERATE(Tiling{1, 1}, Tiling{2, 2}, Tiling{3, 4}, Tiling{12, 1}, Tiling{1, 7});
    const auto ids = image_token_ids(geometry, tiling, {1, 2, 3, 4});
    std::vector<int> features(ids.size() + 1, 0);
    for (const std::int32_t position : image_input_idx(geometry, tiling, 1)) {
        if (position != dropped_cell) ++features[static_cast<std::size_t>(position)];
    }
    for (std::size_t position = 0; position < ids.size(); ++position) {
        CHECK(features[position + 1] == (ids[position] == 3 ? 1 : 0));
    }
    CHECK(std::count(ids.begin(), ids.end(), 3) == feature_tokens(geometry, tiling));
}

TEST_CASE(
    "The mask of tile k is given to crop k, counted from the global one, and the last crop has "
    "-1") {
    const ImageGeometry geometry;
    const CropPlan plan = plan_crops(geometry, {1, 2}, 100, 300);
    const auto masks = image_masks(geometry, plan);
    REQUIRE(masks.size() == 3 * 576);
    CHECK(std::all_of(masks.end() - 576, masks.end(), [](float mask) { return mask == -1.0F; }));
    CHECK(masks[0] == 0.0F);  // the canvas is padded above the image
    CHECK(masks[12 * 24 + 12] == 1.0F);
}

TEST_CASE("A prompt is wrapped in roles, and its tokens follow BOS and the image") {
    CHECK(prompt_text("Why?") == " User: Why? Assistant:");
    CHECK(input_ids(9, std::vector<std::int64_t>{1, 2}, std::vector<std::int64_t>{5}) ==
          std::vector<std::int64_t>{9, 1, 2, 5});
    CHECK(input_ids(9, {}, std::vector<std::int64_t>{5}) == std::vector<std::int64_t>{9, 5});
}
