#include <cstring>

#include "profiler/molmo/checkpoint/safetensors.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"
#include "tests/golden_directory.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using namespace decodemeter::molmo;
using test::TemporaryDirectory;

namespace {

std::string file_of(const std::string& header, std::size_t data_bytes) {
    const std::uint64_t length = header.size();
    std::string file(reinterpret_cast<const char*>(&length), sizeof length);
    return file + header + std::string(data_bytes, 'x');
}

SafetensorsContents parse(const std::string& file) {
    return parse_safetensors(std::as_bytes(std::span(file)), "f");
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& range) {
    return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
           ",\"data_offsets\":" + range + "}";
}

}  // namespace

TEST_CASE("What is written is what is read") {
    TemporaryDirectory directory;
    const std::vector<float> numbers = {1.5F, -2, 0.25F, 7, 8, 9};
    const std::vector<std::int64_t> ids = {3, -4};
    const std::vector<TensorView> tensors = {
        {"weights", DType::f32, {2, 3}, std::as_bytes(std::span(numbers))},
        {"empty", DType::bf16, {0, 5}, {}},
        {"ids", DType::i64, {2}, std::as_bytes(std::span(ids))},
        {"one \"quoted\" name", DType::u8, {}, std::as_bytes(std::span(numbers)).first(1)},
    };
    write_safetensors(directory / "t.safetensors", tensors, {{"format", "pt"}});

    const SafetensorsFile file(directory / "t.safetensors");
    CHECK(file.metadata().at("format") == "pt");
    REQUIRE(file.tensors().size() == tensors.size());
    for (const TensorView& tensor : tensors) {
        const TensorView& read = file.at(tensor.name);
        CHECK(read.dtype == tensor.dtype);
        CHECK(read.shape == tensor.shape);
        CHECK(std::equal(read.bytes.begin(), read.bytes.end(), tensor.bytes.begin(),
                         tensor.bytes.end()));
    }
    CHECK(file.find("nothing") == nullptr);
    CHECK_THROWS_WITH(file.at("nothing"),
                      Catch::Contains("t.safetensors: has no tensor \"nothing\""));
    CHECK(describe(DType::bf16, std::vector<std::int64_t>{0, 5}) == "BF16 [0, 5]");
}

TEST_CASE("Views stay valid when the file object is moved") {
    TemporaryDirectory directory;
    const std::vector<float> numbers = {1.5F};
    write_safetensors(
        directory / "t.safetensors",
        std::vector<TensorView>{{"w", DType::f32, {1}, std::as_bytes(std::span(numbers))}});
    SafetensorsFile file(directory / "t.safetensors");
    const std::byte* data = file.at("w").bytes.data();
    const SafetensorsFile moved = std::move(file);
    CHECK(moved.at("w").bytes.data() == data);
    CHECK(std::memcmp(data, numbers.data(), 4) == 0);
}

TEST_CASE("The golden weights are read whole") {
    const SafetensorsFile file(test::golden_directory() / "tiny-molmoe/tiny-molmoe.safetensors");
    std::int64_t parameters = 0;
    for (const TensorView& tensor : file.tensors())
        parameters += static_cast<std::int64_t>(tensor.bytes.size() / 4);
    CHECK(parameters == 493888);
    CHECK(file.at("lm_head.weight").shape == std::vector<std::int64_t>{1280, 64});
}

TEST_CASE("A broken header is refused with the reason") {
    const auto refused = [](const std::string& file, const std::string& why) {
        CAPTURE(why);
        CHECK_THROWS_AS(parse(file), InputError);
        CHECK_THROWS_WITH(parse(file), Catch::StartsWith("f") && Catch::Contains(why));
    };
    const std::string fine = entry("a", "F32", "[2]", "[0,8]");
    CHECK(parse(file_of("{" + fine + "}", 8)).tensors.size() == 1);
    CHECK(parse(file_of("{}", 0)).tensors.empty());
    CHECK(parse(file_of("{" + fine + "}   ", 8)).tensors.size() == 1);

    refused("", "is cut short: 0 bytes");
    refused("1234567", "is cut short: 7 bytes");
    refused(std::string(8, '\xFF'),
            "claims a header of 18446744073709551615 bytes, above the limit of 100000000");
    refused(file_of("{" + fine + "}", 8).substr(0, 20), "is cut short: its header should have");
    refused(file_of("", 0), "does not begin with '{'");
    refused(file_of("[]", 0), "does not begin with '{'");
    refused(file_of("{" + fine, 8), "is not valid JSON");
    refused(file_of("{" + fine + "}", 7),
            "a.data_offsets: [0, 8) lies outside the 7 bytes of data");
    refused(file_of("{" + fine + "}", 9), "1 bytes at the end belong to no tensor");
    refused(file_of("{" + fine + "," + fine + "}", 8), "\"a\" occurs twice");
    refused(file_of("{" + entry("a", "F31", "[2]", "[0,8]") + "}", 8),
            "a.dtype: is an unknown dtype, is \"F31\"");
    refused(file_of("{" + entry("a", "F64", "[2]", "[0,8]") + "}", 8),
            "a: F64 [2] does not fill its 8 bytes");
    refused(file_of("{" + entry("a", "F32", "[-2]", "[0,8]") + "}", 8),
            "a.shape[0]: must be an integer from 0");
    refused(file_of("{" + entry("a", "F32", "2", "[0,8]") + "}", 8), "a.shape: must be an array");
    refused(file_of("{" + entry("a", "F32", "[1,1,1,1,1,1,1,1,2]", "[0,8]") + "}", 8),
            "more than 8 dimensions");
    refused(file_of("{" + entry("a", "F32", "[4611686018427387904,4]", "[0,8]") + "}", 8),
            "does not fill its 8 bytes");
    refused(file_of("{" + entry("a", "F32", "[2]", "[8,0]") + "}", 8), "lies outside");
    refused(file_of("{" + entry("a", "F32", "[2]", "[0]") + "}", 8),
            "must have a begin and an end");
    refused(file_of("{" + entry("a", "F32", "[2]", "[0,18446744073709551615]") + "}", 8),
            "a.data_offsets[1]");
    refused(file_of("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8),
            "a: has no field \"data_offsets\"");
    refused(file_of("{\"a\":7}", 0), "a: must be an object");
    refused(file_of("{\"__metadata__\":{\"a\":7}}", 0), "__metadata__.a: must be a string");
    refused(file_of("{" + fine + "," + entry("b", "F32", "[2]", "[4,12]") + "}", 12),
            "\"b\" overlap");
    refused(file_of("{" + fine + "," + entry("b", "F32", "[2]", "[0,8]") + "}", 8), "overlap");
    refused(file_of("{" + fine + "," + entry("b", "F32", "[1]", "[12,16]") + "}", 16),
            "a hole before the bytes of \"b\"");
}

TEST_CASE("More tensors than any checkpoint has are refused") {
    std::string header = "{";
    for (std::size_t i = 0; i <= max_tensors; ++i) {
        header += (i == 0 ? "" : ",") + entry("t" + std::to_string(i), "U8", "[0]", "[0,0]");
    }
    CHECK_THROWS_WITH(parse(file_of(header + "}", 0)),
                      Catch::Contains("has 100001 tensors, above the limit of 100000"));
}

TEST_CASE("Tensors need not lie in the order of the header, nor be aligned") {
    const auto contents = parse(file_of("{" + entry("late", "F32", "[1]", "[1,5]") + "," +
                                            entry("early", "U8", "[1]", "[0,1]") + "}",
                                        5));
    REQUIRE(contents.tensors.size() == 2);
    CHECK(contents.tensors[0].name == "early");
    CHECK(contents.tensors[1].bytes.size() == 4);
}

TEST_CASE("A checkpoint file that cannot be written is an error") {
    CHECK_THROWS_WITH(write_safetensors("/proc/nowhere/t.safetensors", {}),
                      Catch::Contains("cannot be written"));
}
