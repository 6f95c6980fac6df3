#include <filesystem>
#include <iterator>
#include <system_error>

#include "profiler/system/error.hpp"
#include "profiler/system/file.hpp"
#include "profiler/system/file_replacement.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using test::TemporaryDirectory;
using test::write_text;

namespace fs = std::filesystem;

namespace {

long files_in(const fs::path& folder) {
    return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

}  // namespace

TEST_CASE("A file is replaced whole, and nothing stays beside it") {
    const TemporaryDirectory directory;
    const auto file = directory / "run.json";
    write_text(file, "a long old text");
    replace_file(file, "new");
    CHECK(read_input_file(file) == "new");
    CHECK(files_in(directory.path()) == 1);
}

TEST_CASE("A replacement that was not put in place leaves the old file alone") {
    const TemporaryDirectory directory;
    const auto file = directory / "run.json";
    write_text(file, "old");
    {
        const FileReplacement replacement(file);
        write_text(replacement.written_path(), "half of the ne");
    }
    CHECK(read_input_file(file) == "old");
    CHECK(files_in(directory.path()) == 1);
}

TEST_CASE("Content that cannot be written is an error that names the file, the old one stays") {
    if (!fs::exists("/dev/full")) return;
    const TemporaryDirectory directory;
    const auto file = directory / "answer.json";
    write_text(file, "old");
    fs::create_symlink("/dev/full", directory / "answer.json.partial");
    CHECK_THROWS_AS(replace_file(file, "new"), std::system_error);
    CHECK(read_input_file(file) == "old");
    CHECK(files_in(directory.path()) == 1);
    CHECK_THROWS_AS(write_output_file("/dev/full", "new"), InputError);
}

TEST_CASE("A symbolic link is written through") {
    const TemporaryDirectory directory;
    write_text(directory / "target", "old");
    fs::create_symlink(directory / "target", directory / "link");
    write_output_file(directory / "link", "new");
    CHECK(fs::is_symlink(directory / "link"));
    CHECK(read_input_file(directory / "target") == "new");
}

TEST_CASE("The folder of an output file is made, and one that cannot be made is named") {
    const TemporaryDirectory directory;
    write_output_file(directory / "a/b/answer.json", "{}");
    CHECK(read_input_file(directory / "a/b/answer.json") == "{}");
    write_text(directory / "file", "");
    CHECK_THROWS_WITH(write_output_file(directory / "file/answer.json", "{}"),
                      Catch::Contains("file/answer.json: cannot write"));
}
