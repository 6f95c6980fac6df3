#include "profiler/molmo/image/tiling.hpp"
#include "profiler/molmo/text/token_layout.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/json_document.hpp"
#include "tests/catch.hpp"
#include "tests/golden_directory.hpp"

using namespace decodemeter;
using namespace decodemeter::molmo;

namespace {

std::vector<std::vector<int>> golden_tilings() {
    const auto document =
        JsonDocument::read(test::golden_directory() / "tiling.golden.json", 1 << 24);
    std::vector<std::vector<int>> rows;
    for (const JsonValue& row : document->root().at("rows").elements()) {
        std::vector<int>& numbers = rows.emplace_back();
        for (const JsonValue& number : row.elements())
            numbers.push_back(number.small_integer(0, 1 << 20));
    }
    return rows;
}

}  // namespace

TEST_CASE(
    "Tilings, resized sizes and token counts are those of the original, over all sizes in the "
    "table") {
    const ImageGeometry geometry;
    const auto rows = golden_tilings();
    REQUIRE(rows.size() > 100);
    for (const auto& row : rows) {
        CAPTURE(row);
        const int height = row[0];
        const int width = row[1];
        const Tiling tiling = choose_tiling(geometry, height, width, row[2]);
        CHECK(tiling == Tiling{row[3], row[4]});
        const Placement tiles =
            place_on_canvas(height, width, tiling.rows * 224 + 112, tiling.columns * 224 + 112);
        CHECK(std::pair(tiles.height, tiles.width) == std::pair(row[5], row[6]));
        const Placement global = place_on_canvas(height, width, 336, 336);
        CHECK(std::pair(global.height, global.width) == std::pair(row[7], row[8]));
        CHECK(feature_tokens(geometry, tiling) == row[9]);
        CHECK(image_tokens(geometry, tiling) == row[10]);
    }
}

TEST_CASE("A side that scales to no pixel is refused with the image's size, and only then") {
    const ImageGeometry geometry;
    for (const auto& row : golden_tilings()) {
        CAPTURE(row);
        const Tiling tiling{row[3], row[4]};
        const bool usable = row[5] > 0 && row[6] > 0 && row[7] > 0 && row[8] > 0;
        if (usable) {
            CHECK_NOTHROW(plan_crops(geometry, tiling, row[0], row[1]));
        } else {
            CHECK_THROWS_AS(plan_crops(geometry, tiling, row[0], row[1]), InputError);
        }
    }
    CHECK_THROWS_WITH(plan_crops(geometry, {}, 1, 400),
                      Catch::Contains("400 x 1 pixels is unusable"));
}

TEST_CASE("Tiers choose the tilings of the published rule") {
    const auto document =
        JsonDocument::read(test::golden_directory() / "tier_tiling.published.json", 1 << 20);
    int rows = 0;
    for (const JsonValue& row : document->root().at("rows").elements()) {
        const auto cells = row.elements();
        const auto number = [&](std::size_t i) { return cells[i].small_integer(1, 1 << 20); };
        const auto tier =
            std::find_if(tier_ranges.begin(), tier_ranges.end(),
                         [&](const TierRange& range) { return range.name == cells[2].string(); });
        REQUIRE(tier != tier_ranges.end());
        CAPTURE(number(0), number(1), tier->name, number(3));
        CHECK(choose_tiling(*tier, number(0), number(1), number(3)) ==
              Tiling{number(4), number(5)});
        ++rows;
    }
    CHECK(rows == 192);
}

TEST_CASE("A cap below a tier's minimum is refused") {
    CHECK_THROWS_WITH(choose_tiling(tier_ranges[2], 480, 640, 8),
                      Catch::Contains("tier high needs at least 9 tiles"));
    CHECK(choose_tiling(tier_ranges[2], 480, 640, 9) == Tiling{3, 3});
    CHECK_THROWS_AS(choose_tiling(tier_ranges[0], 480, 640, 0), InputError);
    CHECK_THROWS_AS(choose_tiling(ImageGeometry{}, 480, 640, 0), InputError);
}

TEST_CASE("The image lies in the middle of its canvas, the odd pixel below and to the right") {
    const Placement placement = place_on_canvas(17, 23, 336, 336);
    CHECK(placement.height == 248);
    CHECK(placement.width == 336);
    CHECK(placement.top == 44);
    CHECK(placement.left == 0);
    CHECK(place_on_canvas(10, 20, 11, 20).top == 0);
}

TEST_CASE("Tiles begin one window apart, in raster order") {
    const auto origins = tile_origins(ImageGeometry{}, {2, 3});
    REQUIRE(origins.size() == 6);
    CHECK(origins[1].left == 224);
    CHECK(origins[5].top == 224);
    CHECK(origins[5].left == 448);
}
