// A tokenizer.json, then, after a NUL, a text to encode with it and to decode again.
#include "profiler/molmo/text/tokenizer.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace decodemeter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::read_or_refuse([&] {
        const auto [json, text] = fuzz::split_at_nul(fuzz::text_of(data, size));
        const molmo::Tokenizer tokenizer = molmo::Tokenizer::parse(json, "fuzz");
        const auto ids = tokenizer.encode(text.empty() ? "abc <im_patch> it's 1\n" : text);
        for (const std::int64_t id : ids) {
            if (id < 0 || id >= tokenizer.size()) ::abort();
        }
        tokenizer.decode(ids, {.skip_special = true, .clean_up_spaces = true});
    });
    return 0;
}
