#include <sys/resource.h>
#include <csignal>

#include "profiler/record/format/record_json.hpp"
#include "profiler/record/store/merge_shards.hpp"
#include "profiler/record/store/record_reader.hpp"
#include "profiler/record/store/record_store.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"
#include "tests/record/example_record.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using test::example_record;
using test::TemporaryDirectory;

TEST_CASE("A store that is opened again knows the records that are there") {
    TemporaryDirectory directory;
    {
        RecordStore store(directory.path(), {});
        store.append(example_record(1));
        store.append(example_record(2));
    }
    RecordStore store(directory.path(), {});
    CHECK(store.resumed_records() == 2);
    CHECK(store.contains(example_record(1).key));
    CHECK_FALSE(store.contains(example_record(3).key));
    CHECK(read_results(directory.path()).records.size() == 2);
}

TEST_CASE("A torn last line is removed, said, and no longer counts as measured") {
    TemporaryDirectory directory;
    {
        RecordStore store(directory.path(), {});
        store.append(example_record(1));
        store.append(example_record(2));
    }
    const auto file = directory / "coco_2014_vqa/records.jsonl";
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - 40);
    RecordStore store(directory.path(), {});
    REQUIRE(store.repairs().size() == 1);
    CHECK(store.contains(example_record(1).key));
    CHECK_FALSE(store.contains(example_record(2).key));
    store.append(example_record(2));
    CHECK(read_results(directory.path()).records.size() == 2);
    CHECK(read_results(directory.path()).report.skipped_count() == 0);
}

TEST_CASE("Two writers on one directory: the second is refused") {
    TemporaryDirectory directory;
    RecordStore first(directory.path(), {});
    CHECK_THROWS_AS(RecordStore(directory.path(), {}), InputError);
}

TEST_CASE("A directory of a different run is refused, and the difference named") {
    TemporaryDirectory directory;
    RunHeader header;
    header.model.name = "tiny-molmoe";
    { RecordStore(directory.path(), header).append(example_record(1)); }
    header.model.name = "molmoe-1b";
    CHECK_THROWS_WITH(RecordStore(directory.path(), header),
                      Catch::Contains("model.name: molmoe-1b here, tiny-molmoe in run.json"));
}

TEST_CASE("A resumed run keeps its earlier starts and knobs") {
    TemporaryDirectory directory;
    RunHeader header;
    header.starts = {{"first", "", ""}};
    header.knobs = {{"top_k", {"4"}}};
    { RecordStore(directory.path(), header).append(example_record(1)); }
    header.starts = {{"second", "", ""}};
    header.knobs = {{"top_k", {"8"}}};
    RecordStore store(directory.path(), header);
    REQUIRE(store.header().starts.size() == 2);
    CHECK(store.header().starts.front().time == "first");
    CHECK(store.header().knobs.at("top_k") == std::vector<std::string>{"8", "4"});
}

TEST_CASE("A run.json without records is no run to go on with") {
    TemporaryDirectory directory;
    RunHeader header;
    header.model.dtype = "bfloat16";
    { RecordStore store(directory.path(), header); }
    header.model.dtype = "float32";
    RecordStore(directory.path(), header).append(example_record(1));
    CHECK(read_results(directory.path()).run->model.dtype == "float32");
}

TEST_CASE("A start that measures nothing leaves run.json as it is") {
    TemporaryDirectory directory;
    RunHeader header;
    {
        RecordStore store(directory.path(), header);
        store.append(example_record(1));
        header.warm_up = {7, true, 2.5, 0.5};
        store.update_header(header);
    }
    const std::string before = test::read_text(directory / "run.json");
    { RecordStore store(directory.path(), {}); }
    CHECK(test::read_text(directory / "run.json") == before);
    {
        RecordStore store(directory.path(), {});
        store.append(example_record(2));
        store.update_header({});  // without a warm-up of its own
    }
    CHECK(read_results(directory.path()).run->warm_up.runs == 7);
}

TEST_CASE("A shard counts what the other shards have measured, and only a run like its own") {
    TemporaryDirectory directory;
    RunHeader header;
    header.shard = {0, 2};
    { RecordStore(directory.path(), header).append(example_record(1)); }
    header.shard = {1, 2};
    CHECK(RecordStore(directory.path(), header).contains(example_record(1).key));
    header.device.threads = 4;
    { RecordStore other_threads(directory.path(), header); }  // the first did not tell its own
    header.device.name = "another";
    CHECK_THROWS_WITH(RecordStore(directory.path(), header), Catch::Contains("device.name"));
}

TEST_CASE("A run that goes on with another device of its kind says so, and keeps both") {
    TemporaryDirectory directory;
    RunHeader header;
    header.device.uuid = "GPU-1";
    header.starts = {{"first", "", "", "GPU-1"}};
    { RecordStore(directory.path(), header).append(example_record(1)); }
    header.device.uuid = "GPU-2";
    header.starts = {{"second", "", "", "GPU-2"}};
    {
        RecordStore store(directory.path(), header);
        CHECK(store.notes() == std::vector<std::string>{"goes on with another device.uuid: GPU-2 "
                                                        "here, GPU-1 in run.json"});
        store.append(example_record(2));
    }
    const auto starts = read_results(directory.path()).run->starts;
    REQUIRE(starts.size() == 2);
    CHECK(starts[0].device_uuid == "GPU-1");
    CHECK(starts[1].device_uuid == "GPU-2");
}

TEST_CASE("A results directory that cannot be made is refused before anything is measured") {
    TemporaryDirectory directory;
    test::write_text(directory / "file", "x");
    CHECK_THROWS_AS(RecordStore(directory / "file", {}), InputError);
    CHECK_THROWS_AS(RecordStore(directory / "file/inside", {}), InputError);
    CHECK_THROWS_AS(RecordStore("/proc/decodemeter", {}), InputError);
}

TEST_CASE("When no more can be written the record fails whole, and all before it are kept") {
    TemporaryDirectory directory;
    RecordStore store(directory.path(), {});
    store.append(example_record(1));
    const auto file = directory / "coco_2014_vqa/records.jsonl";
    const auto size = std::filesystem::file_size(file);

    // A file-size limit stands for a full disk: write() fails in the middle of the line.
    struct rlimit before {};
    getrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit { size + 100, before.rlim_max };
    setrlimit(RLIMIT_FSIZE, &limit);
    CHECK_THROWS_AS(store.append(example_record(2)), std::system_error);
    setrlimit(RLIMIT_FSIZE, &before);

    CHECK(std::filesystem::file_size(file) == size);
    CHECK_FALSE(store.contains(example_record(2).key));
    store.append(example_record(2));
    CHECK(read_results(directory.path()).records.size() == 2);
}

TEST_CASE("Shards merge into plain files, each record once") {
    TemporaryDirectory directory;
    for (int i = 0; i < 2; ++i) {
        RunHeader header;
        header.shard = {i, 2};
        RecordStore store(directory.path(), header);
        store.append(example_record(10 + i));
        store.append(example_record(7));
    }
    const MergeReport report = merge_shards(directory.path());
    CHECK(report.shards == 2);
    CHECK(report.records == 3);
    CHECK(report.duplicates == 1);
    const RecordSet set = read_results(directory.path());
    CHECK(set.records.size() == 3);
    CHECK(set.report.skipped_count() == 0);
    CHECK(merge_shards(directory.path()).records == 3);
}

TEST_CASE("Shards of different samples are not joined") {
    TemporaryDirectory directory;
    SampleRecord record = example_record(7);
    for (int i = 0; i < 2; ++i) {
        RunHeader header;
        header.shard = {i, 2};
        record.request_digest = i == 0 ? "00000000000000aa" : "00000000000000bb";
        RecordStore(directory.path(), header).append(record);
    }
    CHECK_THROWS_AS(merge_shards(directory.path()), InputError);
    CHECK_THROWS_WITH(merge_shards(directory.path()),
                      Catch::Contains(record.key) && Catch::Contains("another request"));
}

TEST_CASE("A missing shard is named") {
    TemporaryDirectory directory;
    RunHeader header;
    header.shard = {0, 2};
    { RecordStore store(directory.path(), header); }
    CHECK_THROWS_WITH(merge_shards(directory.path()), Catch::Contains("shard 2 of 2 is missing"));
    TemporaryDirectory empty;
    CHECK_THROWS_AS(merge_shards(empty.path()), InputError);
}
