#include <sys/stat.h>

#include "profiler/system/error.hpp"
#include "profiler/system/file.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using test::TemporaryDirectory;
using test::write_text;

TEST_CASE("A Git LFS pointer is not taken for the file") {
    const TemporaryDirectory directory;
    const auto path = directory / "model.safetensors";
    write_text(path, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 3\n");
    CHECK_THROWS_WITH(read_input_file(path, 1000), Catch::Contains("git lfs pull"));
    CHECK_THROWS_WITH(MappedFile(path), Catch::Contains("model.safetensors: is a Git LFS pointer"));
}

TEST_CASE("A file is read whole, or mapped, and an empty one is empty") {
    TemporaryDirectory directory;
    write_text(directory / "some", "abc");
    write_text(directory / "none", "");
    CHECK(read_input_file(directory / "some", 3) == "abc");
    CHECK(read_input_file(directory / "none", 3).empty());
    const MappedFile some(directory / "some");
    CHECK(some.bytes().size() == 3);
    CHECK(some.bytes()[2] == std::byte{'c'});
    CHECK(MappedFile(directory / "none").bytes().empty());
}

TEST_CASE("A mapping that is moved stays, and is given back once") {
    TemporaryDirectory directory;
    write_text(directory / "a", "first");
    write_text(directory / "b", "second");
    MappedFile a(directory / "a");
    const auto bytes = a.bytes();
    MappedFile moved(std::move(a));
    CHECK(moved.bytes().data() == bytes.data());
    moved = MappedFile(directory / "b");
    CHECK(moved.bytes().size() == 6);
}

TEST_CASE("What is no readable file is refused with the reason") {
    TemporaryDirectory directory;
    const auto refused = [](const std::filesystem::path& path, const std::string& why) {
        CHECK_THROWS_WITH(read_input_file(path, 10),
                          Catch::Contains(path.string() + ": ") && Catch::Contains(why));
        CHECK_THROWS_WITH(MappedFile(path),
                          Catch::Contains(path.string() + ": ") && Catch::Contains(why));
    };
    refused(directory / "missing", "no such file");
    refused(directory.path(), "is a directory, not a file");
    std::filesystem::create_symlink("nowhere", directory / "link");
    refused(directory / "link", "is a symbolic link to nowhere, which is not there");
    REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
    refused(directory / "pipe", "is not a regular file");
    std::filesystem::create_symlink("loop", directory / "loop");
    refused(directory / "loop", "cannot be opened");
    write_text(directory / "long", "12345678901");
    CHECK_THROWS_WITH(read_input_file(directory / "long", 10),
                      Catch::Contains("has 11 bytes, more than the 10"));
}

TEST_CASE("A symbolic link is followed, as the snapshots of a model hub are made of them") {
    TemporaryDirectory directory;
    write_text(directory / "blob", "abc");
    std::filesystem::create_symlink("blob", directory / "name");
    CHECK(read_input_file(directory / "name", 10) == "abc");
}
