#include "profiler/record/task.hpp"

#include "tests/catch.hpp"

using namespace decodemeter;

TEST_CASE("Tasks are told from prompts by the published keywords") {
    CHECK(task_of_prompt("Describe this image.") == Task::captioning);
    CHECK(task_of_prompt("What do you see?") == Task::captioning);
    CHECK(task_of_prompt("Is it red?") == Task::vqa);
    CHECK(task_of_prompt("how many are there") == Task::vqa);
    CHECK(task_of_prompt("Summarize the document") == Task::doc_qa);
    CHECK(task_of_prompt("showing the whole") == Task::other);
}

TEST_CASE("A data set's name tells its task") {
    CHECK(dataset_task("coco_2014_vqa") == Task::vqa);
    CHECK(dataset_task("photos_vqa") == Task::vqa);
    CHECK(dataset_task("coco_caption") == Task::captioning);
    CHECK(dataset_task("photos_caption") == Task::captioning);
    CHECK(dataset_task("doc_qa") == Task::doc_qa);
    CHECK(dataset_task("photos_document") == Task::doc_qa);
    CHECK(dataset_task("text_vqa") == Task::text_vqa);
    CHECK(dataset_task("photos_text") == Task::text_vqa);
    CHECK(dataset_task("st_qa") == Task::text_vqa);
    CHECK(dataset_task("mmmu") == Task::other);
    CHECK(dataset_task("holidays") == Task::other);
}
