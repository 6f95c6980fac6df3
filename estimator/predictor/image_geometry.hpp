// How many crops an image took, and which tier that is. A leaf.
#pragma once

namespace decodemeter {

// Crops, the global one included, of an image of `vision_tokens` features: a tiling of r x c tiles
// has 144 + (8r+4)(8c+4). Of several tilings with the same count the squarest is taken; counts that
// no tiling has are divided by 144, a whole crop's features. 0 without an image.
int crops_of_vision_tokens(int vision_tokens) noexcept;

// The same, except that it never falls as tokens grow: the most crops of any tiling with at most as
// many features.
int monotone_crops(int vision_tokens) noexcept;

// The tier (0 low, 1 medium, 2 high) that holds `num_crops` crops: 1-3, 4-8 and 9-15 tiles beside
// the global crop.
int tier_of_crops(int num_crops) noexcept;

}  // namespace decodemeter
