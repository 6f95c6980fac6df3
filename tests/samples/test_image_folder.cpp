#include <map>
#include <set>

#include "profiler/samples/image_folder.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using test::TemporaryDirectory;
using test::write_text;

namespace {

void touch(const TemporaryDirectory& directory, std::initializer_list<const char*> names) {
    for (const char* name : names) write_text(directory / name, "");
}

}  // namespace

TEST_CASE("A folder gives its pictures by name, all with the same prompt") {
    TemporaryDirectory directory;
    touch(directory, {"b.JPG", "a.png", "notes.txt", "c.webp", "d.jpeg", "e.gif"});
    std::filesystem::create_directory(directory / "folder.png");
    const auto samples = read_image_folder(directory.path(), "Why?", "mine");
    REQUIRE(samples.size() == 4);
    CHECK(samples[0].image == directory / "a.png");
    CHECK(samples[1].image == directory / "b.JPG");
    CHECK(samples[3].sample_id == 3);
    CHECK(samples[3].dataset == "mine");
    CHECK(samples[3].prompt == "Why?");
}

TEST_CASE("One file gives one sample, even if it is not there") {
    const auto samples = read_image_folder("/nowhere/picture", "Why?", "mine");
    REQUIRE(samples.size() == 1);
    CHECK(samples[0].image == "/nowhere/picture");
}

TEST_CASE("A folder without pictures is refused") {
    TemporaryDirectory directory;
    touch(directory, {"notes.txt"});
    CHECK_THROWS_AS(read_image_folder(directory.path(), "Why?", "mine"), InputError);
    CHECK_THROWS_WITH(read_photographs(directory.path()), Catch::Contains("holds no pictures"));
    CHECK_THROWS_AS(read_photographs("/nowhere/at/all"), InputError);
}

TEST_CASE("Photographs are asked what suits them: questions, captions, documents, reading") {
    TemporaryDirectory directory;
    touch(directory, {"astronaut.png", "page.png", "rocket.jpg", "holiday.jpg"});
    std::map<std::string, std::vector<Sample>> by_dataset;
    for (const Sample& sample : read_photographs(directory.path()))
        by_dataset[sample.dataset].push_back(sample);
    REQUIRE(by_dataset.size() == 4);
    CHECK(by_dataset["photos_caption"].size() == 4);
    CHECK(by_dataset["photos_vqa"].size() == 4);
    CHECK(by_dataset["photos_vqa"][0].prompt == "What is the woman wearing?");
    CHECK(by_dataset["photos_vqa"][1].prompt == "What is shown in this picture?");
    CHECK(by_dataset["photos_document"].size() == 3);
    CHECK(by_dataset["photos_document"][0].task == "doc_qa");
    REQUIRE(by_dataset["photos_text"].size() == 2);
    CHECK(by_dataset["photos_text"][1].image == directory / "rocket.jpg");
    for (const auto& [dataset, samples] : by_dataset) {
        std::set<std::int64_t> ids;
        for (const Sample& sample : samples) ids.insert(sample.sample_id);
        CHECK(ids.size() == samples.size());
        CHECK(*ids.begin() == 0);
        CHECK(*ids.rbegin() == static_cast<std::int64_t>(samples.size()) - 1);
    }
}
