// The tensors of a checkpoint, in one safetensors file or in shards.
#pragma once

#include <filesystem>
#include <map>
#include <string_view>
#include <vector>

#include "profiler/molmo/checkpoint/safetensors.hpp"

namespace decodemeter::molmo {

class Checkpoint {
public:
    // Opens, of what `directory` holds: the shards that model.safetensors.index.json names,
    // model.safetensors, or else its only *.safetensors file, *.golden.safetensors left aside.
    // Throws InputError where there is none or more than one, and where the index and the shards
    // disagree.
    static Checkpoint open(const std::filesystem::path& directory);
    // One file that holds all tensors.
    static Checkpoint open_file(const std::filesystem::path& file);

    const std::vector<SafetensorsFile>& files() const noexcept { return files_; }
    std::size_t size() const noexcept { return by_name_.size(); }
    // All tensors by name.
    const std::map<std::string_view, const TensorView*>& tensors() const noexcept {
        return by_name_;
    }
    // Null where there is none of that name.
    const TensorView* find(std::string_view name) const;
    std::size_t total_bytes() const noexcept;

private:
    Checkpoint() = default;
    void add(const std::filesystem::path& file);
    void add_shards(const std::filesystem::path& index);

    std::vector<SafetensorsFile> files_;
    std::map<std::string_view, const TensorView*> by_name_;
};

}  // namespace decodemeter::molmo
