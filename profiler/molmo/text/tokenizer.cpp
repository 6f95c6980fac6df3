#include "profiler/molmo/text/tokenizer.hpp"

#include <array>
#include <unordered_map>

#include "profiler/molmo/text/tokenizer_model.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter::molmo {

namespace {

constexpr std::size_t file_limit_bytes = 64U << 20;
constexpr std::string_view end_of_text = "<|endoftext|>";

// Splits `text` at the added tokens: calls on_text for what lies between them, in order.
template <class OnText>
void split_at(const AddedTokens& added, std::string_view text, std::vector<TokenId>& tokens,
              const OnText& on_text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const AddedTokens::Match match =
            added.empty() ? AddedTokens::Match{text.size(), text.size(), 0} : added.find(text, at);
        if (match.begin > at) on_text(text.substr(at, match.begin - at));
        if (match.end > match.begin) tokens.push_back(match.token);
        at = match.end;
    }
}

// Words repeat: where one has been encoded before, its tokens are copied from the output.
class WordMemory {
public:
    void encode(const BytePairEncoder& encoder, std::string_view word,
                std::vector<TokenId>& tokens) {
        if (word.size() > longest_word) return encoder.encode(word, tokens);
        const auto known = places_.find(word);
        if (known != places_.end()) {
            for (std::size_t i = 0; i < known->second.count; ++i)
                tokens.push_back(tokens[known->second.begin + i]);
            return;
        }
        const std::size_t begin = tokens.size();
        encoder.encode(word, tokens);
        if (places_.size() < most_words) places_.emplace(word, Place{begin, tokens.size() - begin});
    }

private:
    static constexpr std::size_t longest_word = 32, most_words = 1 << 16;
    struct Place {
        std::size_t begin;
        std::size_t count;
    };
    std::unordered_map<std::string_view, Place> places_;
};

void encode_words(const TokenizerModel& model, std::string_view text,
                  std::vector<TokenId>& tokens) {
    const std::vector<Character> all = characters(text);
    WordMemory memory;
    for (std::size_t begin = 0; begin < all.size();) {
        const std::size_t end = word_end(model.pre_tokenizer, all, begin);
        const std::size_t first = all[begin].offset;
        const std::size_t last = end < all.size() ? all[end].offset : text.size();
        memory.encode(model.encoder, text.substr(first, last - first), tokens);
        begin = end;
    }
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    std::string replaced;
    replaced.reserve(text.size());
    std::size_t at = 0;
    for (std::size_t found = text.find(from); found != std::string::npos;
         found = text.find(from, at)) {
        replaced.append(text, at, found - at).append(to);
        at = found + from.size();
    }
    if (at == 0) return;
    text = replaced.append(text, at, std::string::npos);
}

// In this order, as one replacement can make another possible.
void clean_up_spaces(std::string& text) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 10> replacements = {
        {{" .", "."},
         {" ?", "?"},
         {" !", "!"},
         {" ,", ","},
         {" ' ", "'"},
         {" n't", "n't"},
         {" 'm", "'m"},
         {" 's", "'s"},
         {" 've", "'ve"},
         {" 're", "'re"}}};
    for (const auto& [from, to] : replacements) replace_all(text, from, to);
}

TokenId special_token(const TokenizerModel& model, std::string_view text,
                      const std::string& origin) {
    const auto found = model.added.find(text);
    if (found == model.added.end()) {
        throw InputError(origin + ": added_tokens: has no " + std::string(text) +
                         ", so this is no Molmo's tokenizer");
    }
    return found->second;
}

}  // namespace

struct Tokenizer::Implementation {
    TokenizerModel model;
    TokenId end_of_text_id;
    ImageTokenIds image;

    Implementation(TokenizerModel from, const std::string& origin)
        : model(std::move(from)),
          end_of_text_id(special_token(model, end_of_text, origin)),
          image{special_token(model, "<im_start>", origin),
                special_token(model, "<im_end>", origin),
                special_token(model, "<im_patch>", origin),
                special_token(model, "<im_col>", origin)} {}
};

Tokenizer::Tokenizer(std::unique_ptr<const Implementation> implementation)
    : implementation_(std::move(implementation)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::read(const std::filesystem::path& tokenizer_json) {
    const auto document = JsonDocument::read(tokenizer_json, file_limit_bytes);
    return Tokenizer(std::make_unique<Implementation>(read_tokenizer_model(document->root()),
                                                      document->origin()));
}

Tokenizer Tokenizer::parse(std::string_view json, const std::string& origin) {
    const auto document = JsonDocument::parse(json, origin);
    return Tokenizer(
        std::make_unique<Implementation>(read_tokenizer_model(document->root()), origin));
}

Tokenizer Tokenizer::byte_level() {
    return Tokenizer(
        std::make_unique<Implementation>(byte_level_model(), "the byte-level tokenizer"));
}

std::vector<std::int64_t> Tokenizer::encode(std::string_view text) const {
    if (text.size() > max_text_bytes) {
        throw InputError("a text of " + std::to_string(text.size()) + " bytes is longer than the " +
                         std::to_string(max_text_bytes) + " that are tokenized");
    }
    const TokenizerModel& model = implementation_->model;
    std::vector<TokenId> tokens;
    const std::string valid = valid_utf8(text);
    split_at(model.raw_tokens, valid, tokens, [&](std::string_view part) {
        const std::string composed = model.compose ? nfc(part) : std::string(part);
        split_at(model.composed_tokens, composed, tokens,
                 [&](std::string_view words) { encode_words(model, words, tokens); });
    });
    return {tokens.begin(), tokens.end()};
}

std::string Tokenizer::decode(std::span<const std::int64_t> ids,
                              const DecodeOptions& options) const {
    const std::vector<Token>& tokens = implementation_->model.tokens;
    std::string bytes;
    for (const std::int64_t id : ids) {
        if (id < 0 || id >= size()) continue;
        const Token& token = tokens[static_cast<std::size_t>(id)];
        if (!(token.special && options.skip_special)) bytes += token.bytes;
    }
    std::string text = valid_utf8(bytes);
    if (options.clean_up_spaces) clean_up_spaces(text);
    return text;
}

std::int64_t Tokenizer::bos_id() const noexcept { return implementation_->end_of_text_id; }
std::int64_t Tokenizer::eos_id() const noexcept { return implementation_->end_of_text_id; }
const ImageTokenIds& Tokenizer::image_tokens() const noexcept { return implementation_->image; }

std::optional<std::int64_t> Tokenizer::find(std::string_view added_token) const {
    const auto found = implementation_->model.added.find(added_token);
    return found == implementation_->model.added.end() ? std::nullopt
                                                       : std::optional<std::int64_t>(found->second);
}

std::int64_t Tokenizer::size() const noexcept {
    return static_cast<std::int64_t>(implementation_->model.tokens.size());
}

}  // namespace decodemeter::molmo
