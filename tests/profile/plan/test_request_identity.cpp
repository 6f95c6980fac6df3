#include <algorithm>

#include "profiler/profile/plan/request_identity.hpp"
#include "profiler/samples/image_folder.hpp"
#include "profiler/samples/request_digest.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using test::TemporaryDirectory;
using test::write_text;

namespace {

SampleRecord record_of(const Sample& sample, bool with_digest = true) {
    SampleRecord record;
    record.dataset = sample.dataset;
    record.sample_id = sample.sample_id;
    record.key = record_key(sample.dataset, sample.sample_id, record.config, 0);
    record.prompt = sample.prompt;
    record.image = sample.image.filename().string();
    if (with_digest) record.request_digest = request_digest(sample);
    return record;
}

StoredRecords stored_of(const std::vector<Sample>& samples, bool with_digest = true) {
    StoredRecords stored;
    for (const Sample& sample : samples) stored.add(record_of(sample, with_digest));
    return stored;
}

std::vector<std::int64_t> ids(const std::vector<Sample>& samples) {
    std::vector<std::int64_t> found;
    for (const Sample& sample : samples) found.push_back(sample.sample_id);
    return found;
}

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("In a folder that grew, known pictures keep their ids and new ones get free ones") {
    const bool with_digest = GENERATE(true, false);
    TemporaryDirectory folder;
    write_text(folder / "c.jpg", "c");
    write_text(folder / "d.jpg", "d");
    const auto before = read_image_folder(folder.path(), "what?", "images");
    const StoredRecords stored = stored_of(before, with_digest);
    write_text(folder / "a.jpg", "a");
    auto samples = read_image_folder(folder.path(), "what?", "images");
    const auto moved = identify_samples(samples, stored);
    CHECK(ids(samples) == Ids{3, 0, 1});
    REQUIRE(moved.size() == 1);
    CHECK(moved.front().was == "\"what?\" about c.jpg");
    CHECK(moved.front().is == "\"what?\" about a.jpg");
}

TEST_CASE(
    "Another question about the same picture, and another picture of the same name, are new") {
    TemporaryDirectory folder;
    write_text(folder / "cat.jpg", "a cat");
    const auto before = read_image_folder(folder / "cat.jpg", "what?", "images");
    const StoredRecords stored = stored_of(before);

    auto asked_again = before;
    CHECK(identify_samples(asked_again, stored).empty());
    CHECK(ids(asked_again) == Ids{0});

    auto asked_other = read_image_folder(folder / "cat.jpg", "why?", "images");
    CHECK(identify_samples(asked_other, stored).size() == 1);
    CHECK(ids(asked_other) == Ids{1});

    write_text(folder / "cat.jpg", "a dog");
    auto other_picture = before;
    CHECK(identify_samples(other_picture, stored).size() == 1);
    CHECK(ids(other_picture) == Ids{1});
}

TEST_CASE("Equal pictures are as many samples as they are") {
    TemporaryDirectory folder;
    write_text(folder / "b.jpg", "same");
    write_text(folder / "c.jpg", "same");
    const StoredRecords stored = stored_of(read_image_folder(folder.path(), "what?", "images"));
    write_text(folder / "a.jpg", "same");
    auto samples = read_image_folder(folder.path(), "what?", "images");
    identify_samples(samples, stored);
    Ids found = ids(samples);
    std::sort(found.begin(), found.end());
    CHECK(found == Ids{0, 1, 2});
}

TEST_CASE("A picture that is gone is told by its name, and other data sets do not matter") {
    TemporaryDirectory folder;
    write_text(folder / "cat.jpg", "a cat");
    const auto before = read_image_folder(folder / "cat.jpg", "what?", "images");
    const StoredRecords stored = stored_of(before);
    std::filesystem::remove(folder / "cat.jpg");
    auto samples = before;
    samples.push_back(before.front());
    samples.back().dataset = "others";
    CHECK(identify_samples(samples, stored).empty());
    CHECK(ids(samples) == Ids{0, 0});
}

TEST_CASE("A sample_id under which earlier versions mixed two requests is nobody's") {
    TemporaryDirectory folder;
    write_text(folder / "cat.jpg", "a cat");
    auto samples = read_image_folder(folder / "cat.jpg", "what?", "images");
    StoredRecords stored = stored_of(samples);
    SampleRecord other = record_of(samples.front());
    other.request_digest = "00000000000000aa";
    other.key += "1";
    stored.add(other);
    CHECK(identify_samples(samples, stored).size() == 1);
    CHECK(ids(samples) == Ids{1});
}
