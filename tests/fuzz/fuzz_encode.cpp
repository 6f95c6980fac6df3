// A text, encoded by both kinds of tokenizer, and by one without merges, which must give the text
// back.
#include "profiler/molmo/text/tokenizer.hpp"
#include "profiler/molmo/text/unicode_text.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/golden_directory.hpp"

using namespace decodemeter;
using molmo::Tokenizer;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Tokenizer bytes = Tokenizer::byte_level();
    static const Tokenizer gpt2 =
        Tokenizer::read(test::golden_directory() / "tiny-molmoe/tokenizer.json");
    static const Tokenizer qwen2 =
        Tokenizer::read(test::golden_directory() / "tiny-molmo-dense/tokenizer.json");
    const std::string_view text = fuzz::text_of(data, size);
    if (bytes.decode(bytes.encode(text)) != molmo::valid_utf8(text)) ::abort();
    for (const Tokenizer* tokenizer : {&gpt2, &qwen2}) {
        const std::string decoded =
            tokenizer->decode(tokenizer->encode(text), {.clean_up_spaces = true});
        if (molmo::valid_utf8(decoded) != decoded) ::abort();
    }
    return 0;
}
