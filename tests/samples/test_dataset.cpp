#include "profiler/samples/dataset.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using test::TemporaryDirectory;
using test::write_text;

namespace {

using Answers = std::vector<std::string>;

std::vector<Sample> read(const std::string& name, const TemporaryDirectory& directory,
                         const std::string& split = "") {
    return read_dataset({name, directory.path(), split});
}

constexpr const char* vqa_questions =
    R"({"info": {}, "license": {}, "task_type": "Open-Ended", "data_type": "mscoco",
    "data_subtype": "val2014", "questions": [
    {"image_id": 262148, "question": "Where is he looking?", "question_id": 262148000},
    {"image_id": 393225, "question": "What is this?", "question_id": 393225000}]})";

}  // namespace

TEST_CASE(
    "VQAv2: questions and annotations are joined by question, pictures named as COCO names them") {
    TemporaryDirectory directory;
    write_text(directory / "v2_OpenEnded_mscoco_val2014_questions.json", vqa_questions);
    write_text(directory / "v2_mscoco_val2014_annotations.json", R"({"annotations": [
        {"question_type": "what", "multiple_choice_answer": "soup", "image_id": 393225, "answer_type": "other",
         "question_id": 393225000, "answers": [{"answer": "soup", "answer_confidence": "yes", "answer_id": 1},
                                               {"answer": "stew", "answer_confidence": "maybe", "answer_id": 2}]},
        {"image_id": 262148, "question_id": 262148000,
         "answers": [{"answer": "down", "answer_confidence": "yes", "answer_id": 1}]}]})");
    const auto samples = read("coco_2014_vqa", directory);
    REQUIRE(samples.size() == 2);
    CHECK(samples[0].dataset == "coco_2014_vqa");
    CHECK(samples[0].image == directory / "val2014/COCO_val2014_000000262148.jpg");
    CHECK(samples[0].prompt == "vqa2: Where is he looking?");
    CHECK(samples[0].task == "vqa");
    CHECK(samples[0].answers == Answers{"down"});
    CHECK(samples[0].manifest_id == "262148000");
    CHECK(samples[1].sample_id == 1);
    CHECK(samples[1].answers == Answers{"soup", "stew"});
}

TEST_CASE("VQAv2's test split has questions alone, and pictures of 2015") {
    TemporaryDirectory directory;
    write_text(directory / "questions/v2_OpenEnded_mscoco_test2015_questions.json", vqa_questions);
    std::filesystem::create_directories(directory / "images/test2015");
    const auto samples = read("coco_2014_vqa", directory, "test");
    REQUIRE(samples.size() == 2);
    CHECK(samples[0].image == directory / "images/test2015/COCO_test2015_000000262148.jpg");
    CHECK(samples[0].answers.empty());
}

TEST_CASE("OK-VQA: answers as they were given, not as they were stemmed") {
    TemporaryDirectory directory;
    write_text(directory / "OpenEnded_mscoco_val2014_questions.json", vqa_questions);
    write_text(directory / "mscoco_val2014_annotations.json", R"({"annotations": [
        {"image_id": 262148, "question_id": 262148000, "confidence": 3, "answer_type": "other",
         "answers": [{"answer_id": 1, "raw_answer": "racing", "answer_confidence": "yes", "answer": "race"}]}]})");
    const auto samples = read("okvqa", directory);
    REQUIRE(samples.size() == 2);
    CHECK(samples[0].prompt == "okvqa: Where is he looking?");
    CHECK(samples[0].answers == Answers{"racing"});
    CHECK(samples[1].answers.empty());
}

TEST_CASE("COCO captions: one sample for each picture, its captions as answers") {
    TemporaryDirectory directory;
    const char* captions = R"({"info": {}, "images": [
        {"license": 3, "file_name": "COCO_val2014_000000391895.jpg", "height": 360, "width": 640, "id": 391895},
        {"license": 4, "file_name": "COCO_val2014_000000522418.jpg", "height": 480, "width": 640, "id": 522418}],
        "licenses": [], "annotations": [
        {"image_id": 391895, "id": 770337, "caption": "A man with a red helmet on a small moped."},
        {"image_id": 522418, "id": 681330, "caption": "A woman cutting a cake."},
        {"image_id": 391895, "id": 771687, "caption": "Man riding a motor bike."}]})";
    write_text(directory / "annotations/captions_val2014.json", captions);
    const auto samples = read("coco_caption", directory);
    REQUIRE(samples.size() == 2);
    CHECK(samples[0].image == directory / "val2014/COCO_val2014_000000391895.jpg");
    CHECK(samples[0].task == "captioning");
    CHECK(samples[0].prompt == "coco_captioning: Write a very short description of this image.");
    CHECK(samples[0].answers.size() == 2);
    write_text(directory / "annotations/captions_val2017.json", captions);
    CHECK(read("coco_caption", directory, "validation_2017")[0].image.parent_path() ==
          directory / "val2017");
}

TEST_CASE("TextVQA: validation pictures lie among the training ones") {
    TemporaryDirectory directory;
    const char* questions =
        R"({"dataset_type": "val", "dataset_name": "textvqa", "dataset_version": "0.5.1", "data": [
        {"question": "what is the brand of this camera?", "image_id": "003a8ae2ef43b901",
         "image_classes": ["Cassette deck"], "flickr_original_url": "https://x", "image_width": 1024,
         "image_height": 664, "answers": ["nous les gosses", "dakota"], "question_tokens": [], "question_id": 34602,
         "set_name": "val"}]})";
    write_text(directory / "TextVQA_0.5.1_val.json", questions);
    write_text(directory / "TextVQA_0.5.1_test.json", questions);
    const auto samples = read("text_vqa", directory);
    REQUIRE(samples.size() == 1);
    CHECK(samples[0].image == directory / "train_images/003a8ae2ef43b901.jpg");
    CHECK(samples[0].prompt == "text_vqa: what is the brand of this camera?");
    CHECK(samples[0].answers == Answers{"nous les gosses", "dakota"});
    CHECK(read("text_vqa", directory, "test")[0].image ==
          directory / "test_images/003a8ae2ef43b901.jpg");
}

TEST_CASE("DocVQA: both names of its question file, both names of its folder of pictures") {
    TemporaryDirectory directory;
    const char* questions =
        R"({"dataset_name": "docvqa", "dataset_split": "val", "dataset_version": "1.0", "data": [
        {"questionId": 49153, "question": "What is the 'actual' value per 1000, during the year 1975?",
         "question_types": ["figure/diagram"], "image": "documents/pybv0228_81.png", "docId": 14465,
         "ucsf_document_id": "pybv0228", "ucsf_document_page_no": "81", "answers": ["0.28"], "data_split": "val"}]})";
    write_text(directory / "val_v1.0.json", questions);
    auto samples = read("doc_qa", directory);
    REQUIRE(samples.size() == 1);
    CHECK(samples[0].image == directory / "documents/pybv0228_81.png");
    CHECK(samples[0].task == "doc_qa");
    CHECK(samples[0].answers == Answers{"0.28"});
    std::filesystem::remove(directory / "val_v1.0.json");
    write_text(directory / "spdocvqa_qas/val_v1.0_withQT.json", questions);
    std::filesystem::create_directory(directory / "spdocvqa_images");
    CHECK(read("doc_qa", directory)[0].image == directory / "spdocvqa_images/pybv0228_81.png");
}

TEST_CASE("ST-VQA: pictures by their path, a test split without answers") {
    TemporaryDirectory directory;
    write_text(directory / "train_task_3.json", R"({"task": 3, "data": [
        {"question_id": 0, "question": "What is the price of the bananas per kg?", "answers": ["11.98", "$11.98"],
         "dataset": "coco-text", "file_name": "COCO_train2014_000000131854.jpg",
         "file_path": "coco-text/COCO_train2014_000000131854.jpg"}]})");
    write_text(directory / "test_task_3.json", R"({"task": 3, "data": [
        {"question_id": 50000, "question": "What does the sign say?", "file_path": "test_task3/STR-test/img_000112.jpg"}]})");
    const auto samples = read("st_qa", directory);
    REQUIRE(samples.size() == 1);
    CHECK(samples[0].image == directory / "coco-text/COCO_train2014_000000131854.jpg");
    CHECK(samples[0].answers == Answers{"11.98", "$11.98"});
    CHECK(read("st_qa", directory, "test")[0].answers.empty());
}

TEST_CASE("TallyQA: a list of counting questions") {
    TemporaryDirectory directory;
    write_text(directory / "test.json", R"([
        {"image": "VG_100K_2/2405722.jpg", "answer": 1, "data_source": "imported_genome", "question": "How many towers?",
         "image_id": 92410, "question_id": 30096951, "issimple": true},
        {"image": "VG_100K/1.jpg", "answer": 12, "question": "How many birds?", "image_id": 1, "question_id": 2}])");
    const auto samples = read("tally_qa", directory);
    REQUIRE(samples.size() == 2);
    CHECK(samples[0].image == directory / "VG_100K_2/2405722.jpg");
    CHECK(samples[0].prompt == "tally_qa: How many towers?");
    CHECK(samples[0].task == "count");
    CHECK(samples[1].answers == Answers{"12"});
}

TEST_CASE("ScienceQA: only problems with a picture, options lettered, the hint first") {
    TemporaryDirectory directory;
    write_text(directory / "problems.json", R"({
        "1": {"question": "Which is farthest north?", "choices": ["West Virginia", "Oregon"], "answer": 1, "hint": "",
              "image": "image.png", "task": "closed choice", "grade": "grade2", "split": "train"},
        "5": {"question": "Is it solid?", "choices": ["yes", "no"], "answer": 0, "hint": "See the ice.",
              "image": "image.png", "split": "val"},
        "6": {"question": "Which word?", "choices": ["a", "b"], "answer": 0, "hint": "", "image": null, "split": "val"}})");
    const auto samples = read("science_qa_img", directory);
    REQUIRE(samples.size() == 1);
    CHECK(samples[0].image == directory / "val/5/image.png");
    CHECK(samples[0].prompt == "science_qa: See the ice.\nIs it solid?\nA: yes\nB: no\n");
    CHECK(samples[0].answers == Answers{"A"});
    CHECK(read("science_qa_img", directory, "train")[0].answers == Answers{"B"});
    CHECK_THROWS_WITH(read("science_qa_img", directory, "test"),
                      Catch::Contains("holds no samples of the split test"));
}

TEST_CASE("MMMU: the manifest that the script writes") {
    TemporaryDirectory directory;
    CHECK_THROWS_WITH(read("mmmu", directory), Catch::Contains("scripts/mmmu_manifest writes it"));
    write_text(directory / "mmmu_validation.jsonl",
               "{\"dataset\": \"mmmu\", \"task\": \"choice\", \"image\": \"images/a.png\", "
               "\"prompt\": \"Which?\\nA: x\\nB: y\\n\", \"answers\": [\"B\"]}\n"
               "{\"dataset\": \"mmmu\", \"task\": \"vqa\", \"image\": null, \"prompt\": \"How "
               "far?\", \"answers\": "
               "[\"4\"]}\n");
    const auto samples = read("mmmu", directory);
    REQUIRE(samples.size() == 2);
    CHECK(samples[0].prompt == "a_okvqa_mc: Which?\nA: x\nB: y\n");
    CHECK(samples[0].image == directory / "images/a.png");
    CHECK(samples[1].prompt == "vqa2: How far?");
    CHECK(samples[1].task == "vqa");
    CHECK(samples[1].image.empty());
    CHECK(samples[1].sample_id == 1);
}

TEST_CASE("Style tags are left out where that is asked for") {
    TemporaryDirectory directory;
    write_text(directory / "test.json",
               R"([{"image": "a/1.jpg", "answer": 1, "question": "How many?"}])");
    CHECK(read_dataset({"tally_qa", directory.path(), "", false})[0].prompt == "How many?");
}

TEST_CASE("An unknown data set, split or directory is refused with what there is") {
    TemporaryDirectory directory;
    CHECK(dataset_names().size() == 9);
    CHECK_THROWS_WITH(
        read("vqa", directory),
        Catch::Contains("there is no data set \"vqa\"; there are coco_2014_vqa, okvqa"));
    CHECK_THROWS_WITH(read("tally_qa", directory, "dev"),
                      Catch::Contains("tally_qa has no split \"dev\"; it has test, train"));
    for (const std::string& name : dataset_names()) {
        CAPTURE(name);
        CHECK_THROWS_AS(read(name, directory), InputError);
        CHECK_THROWS_WITH(read(name, directory),
                          Catch::Contains(directory.path().string() + ": holds no "));
        CHECK_FALSE(dataset_files(name, dataset_splits(name).front()).empty());
    }
}

TEST_CASE("A file that is not as its owners publish it is refused with the place") {
    TemporaryDirectory directory;
    const auto refused = [&](const std::string& name, const std::string& file,
                             const std::string& text, const std::string& why) {
        write_text(directory / file, text);
        CAPTURE(name, text);
        CHECK_THROWS_AS(read(name, directory), InputError);
        CHECK_THROWS_WITH(read(name, directory),
                          Catch::Contains(file + ": ") && Catch::Contains(why));
    };
    refused("tally_qa", "test.json", "[{\"image\": 7}]", "[0].image: must be a string");
    refused("tally_qa", "test.json", "{}", "must be an array");
    refused("tally_qa", "test.json", "[", "is not valid JSON");
    refused("tally_qa", "test.json", "[]", "holds no samples");
    refused("text_vqa", "TextVQA_0.5.1_val.json", "{\"data\": [{\"image_id\": \"a\"}]}",
            "data[0]: has no field \"question\"");
    refused("doc_qa", "val_v1.0.json", "{}", "has no field \"data\"");
    refused(
        "science_qa_img", "problems.json",
        R"({"1": {"question": "?", "choices": [], "answer": 0, "image": "image.png", "split": "val"}})",
        "1.choices: must have 1 to 26 options");
    refused(
        "science_qa_img", "problems.json",
        R"({"1": {"question": "?", "choices": ["a"], "answer": 1, "image": "image.png", "split": "val"}})",
        "1.answer: must be an integer from 0 to 0");
}
