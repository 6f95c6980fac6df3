#include "profiler/molmo/checkpoint/checkpoint.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"
#include "tests/golden_directory.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using namespace decodemeter::molmo;
using test::TemporaryDirectory;
using test::write_text;

namespace {

void write_shard(const std::filesystem::path& path, const std::vector<std::string>& names) {
    static const std::vector<float> numbers = {1, 2};
    std::vector<TensorView> tensors;
    for (const std::string& name : names)
        tensors.push_back({name, DType::f32, {2}, std::as_bytes(std::span(numbers))});
    write_safetensors(path, tensors);
}

void write_index(const TemporaryDirectory& directory, const std::string& weight_map) {
    write_text(directory / "model.safetensors.index.json",
               "{\"metadata\":{},\"weight_map\":{" + weight_map + "}}");
}

}  // namespace

TEST_CASE("Shards are joined by their index") {
    TemporaryDirectory directory;
    write_shard(directory / "one.safetensors", {"a", "b"});
    write_shard(directory / "two.safetensors", {"c"});
    write_index(directory, R"("a":"one.safetensors","b":"one.safetensors","c":"two.safetensors")");
    const Checkpoint checkpoint = Checkpoint::open(directory.path());
    CHECK(checkpoint.files().size() == 2);
    CHECK(checkpoint.size() == 3);
    CHECK(checkpoint.total_bytes() == 24);
    REQUIRE(checkpoint.find("c") != nullptr);
    CHECK(checkpoint.find("c")->name == "c");
    CHECK(checkpoint.find("d") == nullptr);
}

TEST_CASE("A single file is taken under either name, golden vectors beside it left aside") {
    TemporaryDirectory directory;
    CHECK_THROWS_WITH(Checkpoint::open(directory.path()), Catch::Contains("holds no weights"));
    write_shard(directory / "case.golden.safetensors", {"x"});
    write_shard(directory / "weights.safetensors", {"a"});
    CHECK(Checkpoint::open(directory.path()).find("a") != nullptr);
    write_shard(directory / "others.safetensors", {"b"});
    CHECK_THROWS_WITH(Checkpoint::open(directory.path()),
                      Catch::Contains("holds several .safetensors files"));
    write_shard(directory / "model.safetensors", {"c"});
    CHECK(Checkpoint::open(directory.path()).find("c") != nullptr);
    CHECK(Checkpoint::open_file(directory / "others.safetensors").find("b") != nullptr);
}

TEST_CASE("An index that disagrees with its shards is refused") {
    TemporaryDirectory directory;
    write_shard(directory / "one.safetensors", {"a", "b"});
    write_shard(directory / "two.safetensors", {"b"});
    const auto refused = [&](const std::string& weight_map, const std::string& why) {
        write_index(directory, weight_map);
        CHECK_THROWS_AS(Checkpoint::open(directory.path()), InputError);
        CHECK_THROWS_WITH(Checkpoint::open(directory.path()), Catch::Contains(why));
    };
    refused(R"("a":"one.safetensors","z":"one.safetensors")",
            "one.safetensors: has no tensor \"z\"");
    refused(R"("a":"one.safetensors","b":"two.safetensors")", "\"b\" is in another shard, too");
    refused(R"("a":"three.safetensors")", "three.safetensors: no such file");
    refused(R"("a":"../one.safetensors")",
            "weight_map.a: must be the name of a file beside the index");
    refused(R"("a":"/etc/passwd")", "must be the name of a file beside the index");
    refused(R"("a":"..")", "must be the name of a file beside the index");
    refused(R"("a":"one.safetensors","a":"one.safetensors")", "occurs twice");
    refused(R"("a":7)", "weight_map.a: must be a string");
    refused("", "names 0 shards");
    write_text(directory / "model.safetensors.index.json", "{}");
    CHECK_THROWS_WITH(Checkpoint::open(directory.path()),
                      Catch::Contains("has no field \"weight_map\""));
}

TEST_CASE("A directory that is not there is refused") {
    CHECK_THROWS_AS(Checkpoint::open("/nowhere/at/all"), InputError);
}

TEST_CASE("The sharded golden checkpoint has the same tensors as the whole one") {
    const auto directory = test::golden_directory() / "tiny-molmo-dense";
    if (!std::filesystem::exists(directory / "sharded")) {
        WARN("test skipped: the golden files hold no sharded checkpoint");
        return;
    }
    const Checkpoint whole = Checkpoint::open(directory);
    const Checkpoint shards = Checkpoint::open(directory / "sharded");
    CHECK(shards.files().size() == 2);
    REQUIRE(whole.size() == shards.size());
    for (const auto& [name, tensor] : whole.tensors()) {
        const TensorView* other = shards.find(name);
        REQUIRE(other != nullptr);
        CHECK(tensor->shape == other->shape);
        CHECK(std::equal(tensor->bytes.begin(), tensor->bytes.end(), other->bytes.begin(),
                         other->bytes.end()));
    }
}
