#include "profiler/molmo/checkpoint/checkpoint.hpp"

#include <algorithm>
#include <string>

#include "profiler/system/error.hpp"
#include "profiler/system/json_document.hpp"

namespace decodemeter::molmo {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t index_limit_bytes = 64 << 20;
constexpr std::size_t max_shards = 1024;

bool ends_with(const std::string& text, std::string_view end) {
    return text.size() >= end.size() &&
           std::string_view(text).substr(text.size() - end.size()) == end;
}

fs::path only_weights_file(const fs::path& directory) {
    std::error_code error;
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(directory, error)) {
        const std::string name = entry.path().filename().string();
        if (ends_with(name, ".safetensors") && !ends_with(name, ".golden.safetensors"))
            found.push_back(entry.path());
    }
    if (error)
        throw InputError(directory.string() + ": " + error.message() +
                         "; name the directory of a checkpoint");
    if (found.size() != 1) {
        throw InputError(
            directory.string() + ": " +
            (found.empty() ? "holds no weights" : "holds several .safetensors files and no index") +
            "; looked for model.safetensors.index.json, model.safetensors, or a single "
            ".safetensors file");
    }
    return found.front();
}

// Where the index says each tensor is: name -> shard.
std::map<std::string, std::string> read_weight_map(const fs::path& index) {
    const auto document = JsonDocument::read(index, index_limit_bytes);
    std::map<std::string, std::string> shard_of;
    for (const JsonField& field : document->root().at("weight_map").fields()) {
        const std::string shard(field.value.string());
        // A name with directories could point anywhere on the machine.
        if (shard.empty() || shard == ".." || fs::path(shard).filename() != shard) {
            field.value.fail("must be the name of a file beside the index");
        }
        if (!shard_of.emplace(field.name, shard).second) field.value.fail("occurs twice");
    }
    return shard_of;
}

}  // namespace

Checkpoint Checkpoint::open(const fs::path& directory) {
    Checkpoint checkpoint;
    if (const fs::path index = directory / "model.safetensors.index.json"; fs::exists(index)) {
        checkpoint.add_shards(index);
    } else if (const fs::path whole = directory / "model.safetensors";
               fs::exists(whole) || fs::is_symlink(whole)) {
        checkpoint.add(whole);
    } else {
        checkpoint.add(only_weights_file(directory));
    }
    return checkpoint;
}

Checkpoint Checkpoint::open_file(const fs::path& file) {
    Checkpoint checkpoint;
    checkpoint.add(file);
    return checkpoint;
}

void Checkpoint::add(const fs::path& file) {
    files_.emplace_back(file);
    for (const TensorView& tensor : files_.back().tensors()) {
        if (!by_name_.emplace(tensor.name, &tensor).second) {
            throw InputError(file.string() + ": \"" + tensor.name + "\" is in another shard, too");
        }
    }
}

void Checkpoint::add_shards(const fs::path& index) {
    const auto shard_of = read_weight_map(index);
    std::vector<std::string> shards;
    for (const auto& [name, shard] : shard_of) shards.push_back(shard);
    std::sort(shards.begin(), shards.end());
    shards.erase(std::unique(shards.begin(), shards.end()), shards.end());
    if (shards.empty() || shards.size() > max_shards) {
        throw InputError(index.string() + ": weight_map: names " + std::to_string(shards.size()) +
                         " shards; 1 to " + std::to_string(max_shards) + " are read");
    }
    files_.reserve(shards.size());
    for (const std::string& shard : shards) add(index.parent_path() / shard);
    for (const auto& [name, shard] : shard_of) {
        const auto file = files_.begin() +
                          (std::lower_bound(shards.begin(), shards.end(), shard) - shards.begin());
        if (file->find(name) == nullptr) {
            throw InputError(file->path().string() + ": has no tensor \"" + name + "\", though " +
                             index.filename().string() + " says so");
        }
    }
}

const TensorView* Checkpoint::find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
}

std::size_t Checkpoint::total_bytes() const noexcept {
    std::size_t bytes = 0;
    for (const auto& [name, tensor] : by_name_) bytes += tensor->bytes.size();
    return bytes;
}

}  // namespace decodemeter::molmo
