// The first byte chooses a manifest or one of the data sets; the rest is its file. A data set's
// second file follows after a NUL.
#include "profiler/samples/dataset.hpp"
#include "profiler/samples/manifest.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace decodemeter;

namespace {

void read_one_dataset(const std::string& name, std::string_view text) {
    const auto [first, second] = fuzz::split_at_nul(text);
    const std::string split = dataset_splits(name).front();
    bool is_first = true;
    for (std::string file : dataset_files(name, split)) {
        file.resize(std::min(file.find('|'), file.size()));
        fuzz::write_scratch(file, is_first ? first : second);
        is_first = false;
    }
    for (const Sample& sample : read_dataset({name, fuzz::scratch_directory(), split})) {
        if (sample.dataset != name) ::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text = fuzz::text_of(data + 1, size - 1);
    const std::size_t choice = data[0] % (dataset_names().size() + 1);
    fuzz::read_or_refuse([&] {
        if (choice < dataset_names().size()) return read_one_dataset(dataset_names()[choice], text);
        fuzz::write_scratch("manifest.jsonl", text);
        read_manifest(fuzz::scratch_directory() / "manifest.jsonl");
    });
    return 0;
}
