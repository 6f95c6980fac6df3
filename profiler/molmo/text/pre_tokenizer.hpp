// Text is split into words before byte pairs are merged; no merge crosses a word's edge.
#pragma once

#include <cstddef>
#include <span>

#include "profiler/molmo/text/unicode_text.hpp"

namespace decodemeter::molmo {

// The scanners take the longest word that this regular expression would, at the place where it
// would: gpt2    's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ qwen2
// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|
// ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
enum class PreTokenizer { gpt2, qwen2 };

// The index after the word that begins at `begin`, which is below text.size().
std::size_t word_end(PreTokenizer pre_tokenizer, std::span<const Character> text,
                     std::size_t begin) noexcept;

}  // namespace decodemeter::molmo
