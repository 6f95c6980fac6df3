#include "profiler/samples/manifest.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using test::TemporaryDirectory;
using test::write_text;

TEST_CASE("A manifest names prompts, and pictures relative to itself") {
    TemporaryDirectory directory;
    write_text(directory / "mine.jsonl",
               "{\"prompt\": \"What is it?\", \"image\": \"pictures/a.jpg\", \"answers\": [\"a "
               "cat\", \"cat\"]}\n"
               "\n"
               "{\"prompt\": \"2 + 2?\", \"image\": null, \"dataset\": \"sums\", \"task\": "
               "\"text_vqa\", \"answers\": "
               "\"4\"}\r\n"
               "{\"prompt\": \"And\\nthis?\", \"image\": \"/abs/b.png\", \"note\": 7}");
    const auto samples = read_manifest(directory / "mine.jsonl");
    REQUIRE(samples.size() == 3);
    CHECK(samples[0].dataset == "mine");
    CHECK(samples[0].image == directory / "pictures/a.jpg");
    CHECK(samples[0].answers == std::vector<std::string>{"a cat", "cat"});
    CHECK(samples[0].sample_id == 0);
    CHECK(samples[1].dataset == "sums");
    CHECK(samples[1].image.empty());
    CHECK(samples[1].task == "text_vqa");
    CHECK(samples[1].answers == std::vector<std::string>{"4"});
    CHECK(samples[1].sample_id == 0);
    CHECK(samples[2].image == "/abs/b.png");
    CHECK(samples[2].prompt == "And\nthis?");
    CHECK(samples[2].sample_id == 1);
}

TEST_CASE("A line that cannot be used is refused with its number") {
    TemporaryDirectory directory;
    const auto path = directory / "m.jsonl";
    const auto refused = [&](const std::string& line, const std::string& why) {
        write_text(path, "{\"prompt\": \"fine\"}\n\n" + line + "\n{\"prompt\": \"fine\"}\n");
        CAPTURE(line);
        CHECK_THROWS_AS(read_manifest(path), InputError);
        CHECK_THROWS_WITH(read_manifest(path),
                          Catch::Contains("m.jsonl: line 3: ") && Catch::Contains(why));
    };
    refused("prompt: hello", "is not valid JSON");
    refused("{\"prompt\": \"torn", "is not valid JSON");
    refused("[]", "must be an object");
    refused("{\"image\": \"a.jpg\"}", "has no field \"prompt\"");
    refused("{\"prompt\": 7}", "prompt: must be a string, is 7");
    refused("{\"prompt\": \"x\", \"image\": 7}", "image: must be a string");
    refused("{\"prompt\": \"x\", \"answers\": [7]}", "answers[0]: must be a string");
    refused("{\"prompt\": \"x\", \"dataset\": \"../up\"}",
            "dataset: must be a name without slashes");
    refused("{\"prompt\": \"x\", \"dataset\": \"\"}", "dataset: must be a name without slashes");
    refused("{\"prompt\": \"\xFF\"}", "is not valid JSON");
}

TEST_CASE("A manifest's ids are kept, and fields that are not read are named once") {
    TemporaryDirectory directory;
    const auto path = directory / "m.jsonl";
    write_text(path,
               "{\"prompt\": \"a\", \"id\": \"q-17\", \"note\": 1}\n"
               "{\"prompt\": \"b\", \"id\": 262148000, \"note\": 2, \"img\": \"later\"}\n"
               "{\"prompt\": \"c\", \"id\": [1]}\n");
    std::set<std::string> unknown;
    const auto samples = read_manifest(path, &unknown);
    REQUIRE(samples.size() == 3);
    CHECK(samples[0].manifest_id == "q-17");
    CHECK(samples[1].manifest_id == "262148000");
    CHECK(samples[2].manifest_id.empty());
    CHECK(unknown == std::set<std::string>{"img", "note"});
}

TEST_CASE("Pictures under another name than image are not taken for texts") {
    TemporaryDirectory directory;
    const auto path = directory / "m.jsonl";
    write_text(path, "{\"prompt\": \"a\", \"img\": \"pictures/a.JPG\"}\n");
    CHECK_THROWS_AS(read_manifest(path), InputError);
    CHECK_THROWS_WITH(read_manifest(path), Catch::Contains("m.jsonl") &&
                                               Catch::Contains("\"img\"") &&
                                               Catch::Contains("call it \"image\""));
    write_text(path, "{\"prompt\": \"a\", \"image\": \"a.jpg\", \"source\": \"b.jpg\"}\n");
    CHECK(read_manifest(path).size() == 1);
}

TEST_CASE("An empty or absent manifest is refused") {
    TemporaryDirectory directory;
    write_text(directory / "m.jsonl", "\n  \n");
    CHECK_THROWS_WITH(read_manifest(directory / "m.jsonl"), Catch::Contains("holds no samples"));
    CHECK_THROWS_WITH(read_manifest(directory / "n.jsonl"), Catch::Contains("no such file"));
}
