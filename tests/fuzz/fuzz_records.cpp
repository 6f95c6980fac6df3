// The first byte chooses native record lines (even) or a published results document (odd); the rest
// is the file. What a reader has to say of a bad line is in its report: no exception but InputError
// may leave.
#include "profiler/record/format/record_json.hpp"
#include "profiler/record/store/record_reader.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace decodemeter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string padded(fuzz::text_of(data + 1, size - 1));
    padded.append(json_padding, ' ');
    const std::string_view text(padded.data(), size - 1);
    fuzz::read_or_refuse([&] {
        ReadReport report;
        std::int64_t given = 0;
        const auto sink = [&](SampleRecord&&) { ++given; };
        if (data[0] % 2 == 0) {
            read_native_lines(text, "fuzz", sink, report);
        } else {
            read_published_document(text, "fuzz", "fuzz", sink, report);
        }
        if (given != report.read) ::abort();
    });
    return 0;
}
