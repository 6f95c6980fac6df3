// Text to token ids and back: byte-level byte-pair encoding from a tokenizer.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/molmo/text/token_layout.hpp"

namespace decodemeter::molmo {

struct DecodeOptions {
    bool skip_special = false;
    bool clean_up_spaces = false;  // as ModelConfig::clean_up_spaces says
};

class Tokenizer {
public:
    static constexpr std::size_t max_text_bytes = 1U << 28;

    // Throws InputError, naming the file and the place in it, for a tokenizer other than Molmo's
    // kinds (GPT-2's or Qwen2's words, NFC, byte-level pairs), a broken one, or one without Molmo's
    // special tokens.
    static Tokenizer read(const std::filesystem::path& tokenizer_json);
    static Tokenizer parse(std::string_view json, const std::string& origin);
    // A token for each byte (ids 0 to 255) and Molmo's special tokens; no file needed.
    static Tokenizer byte_level();

    Tokenizer(Tokenizer&&) noexcept;
    Tokenizer& operator=(Tokenizer&&) noexcept;
    ~Tokenizer();

    // Adds no BOS. Added tokens that stand in the text as such become their ids. Broken UTF-8 is
    // read as U+FFFD. Throws InputError for a text above max_text_bytes.
    std::vector<std::int64_t> encode(std::string_view text) const;

    // Always valid UTF-8: what the tokens' bytes leave broken becomes U+FFFD. Ids without a token
    // give nothing.
    std::string decode(std::span<const std::int64_t> ids, const DecodeOptions& options = {}) const;

    std::int64_t bos_id() const noexcept;  // <|endoftext|>
    std::int64_t eos_id() const noexcept;  // <|endoftext|>, too
    const ImageTokenIds& image_tokens() const noexcept;
    // The id of an added token, such as "<|image|>".
    std::optional<std::int64_t> find(std::string_view added_token) const;
    // One more than the highest id.
    std::int64_t size() const noexcept;

private:
    struct Implementation;
    explicit Tokenizer(std::unique_ptr<const Implementation> implementation);
    std::unique_ptr<const Implementation> implementation_;
};

}  // namespace decodemeter::molmo
