#include <fstream>

#include "profiler/molmo/verify.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"
#include "tests/golden_directory.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using namespace decodemeter::molmo;
namespace fs = std::filesystem;

namespace {

// A copy whose checkpoint can be spoiled.
fs::path copy_of(const fs::path& model, const fs::path& directory) {
    fs::copy(model, directory / "model", fs::copy_options::recursive);
    for (const char* folder : {"images", "prep"}) {
        fs::copy(model.parent_path() / folder, directory / folder, fs::copy_options::recursive);
    }
    return directory / "model";
}

}  // namespace

TEST_CASE("Both models agree with the original code, stage by stage, in float32") {
    for (const char* model : {"tiny-molmoe", "tiny-molmo-dense"}) {
        INFO(model);
        const Verification result =
            verify(test::golden_directory() / model, {"cpu", Precision::float32});
        CHECK(result.passed);
        CHECK(result.runs > 0);
        CHECK(result.runs_with_equal_ids == result.runs);
        double worst = 0;
        for (const StageDifference& stage : result.stages) {
            INFO(stage.run << " " << stage.stage << " " << stage.largest_absolute);
            CHECK(stage.agrees);
            worst = std::max(worst, stage.largest_relative);
        }
        CHECK(worst < 2e-5);
    }
}

TEST_CASE(
    "Both models lie as close to the original in bfloat16 as the original's own bfloat16 does") {
    for (const char* model : {"tiny-molmoe", "tiny-molmo-dense"}) {
        INFO(model);
        const Verification result =
            verify(test::golden_directory() / model, {"cpu", Precision::bfloat16});
        INFO(result.logits_rms);
        CHECK(result.passed);
        CHECK(result.logits_rms > 0);
        // float32's limits are not these rows'.
        for (const StageDifference& stage : result.stages) {
            INFO(stage.run << " " << stage.stage);
            CHECK((!stage.judged || stage.largest_absolute == 0));
        }
    }
}

TEST_CASE("A checkpoint with one spoiled weight does not agree") {
    const test::TemporaryDirectory directory;
    const fs::path model = copy_of(test::golden_directory() / "tiny-molmo-dense", directory.path());
    const fs::path weights = model / "tiny-molmo-dense.safetensors";
    std::fstream file(weights, std::ios::binary | std::ios::in | std::ios::out);
    std::uint64_t header = 0;
    file.read(reinterpret_cast<char*>(&header), 8);
    // Tens of values in a row, so that at least one is of a tensor whose output is compared.
    const std::vector<float> wrong(4096, 0.5F);
    file.seekp(static_cast<std::streamoff>(8 + header +
                                           (fs::file_size(weights) - 8 - header) / 2 / 4 * 4));
    file.write(reinterpret_cast<const char*>(wrong.data()),
               static_cast<std::streamsize>(wrong.size() * sizeof(float)));
    file.close();
    CHECK_FALSE(verify(model, {"cpu", Precision::float32}).passed);
}

TEST_CASE("A directory without golden vectors is refused with what is missing") {
    const test::TemporaryDirectory directory;
    CHECK_THROWS_AS(verify(directory.path(), {}), InputError);
}
