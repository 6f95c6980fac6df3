// What lies behind Molmo: for molmo.cpp, and for verify.cpp, which looks inside.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "profiler/molmo/model_description.hpp"
#include "profiler/molmo/molmo.hpp"
#include "profiler/molmo/network/decoder.hpp"
#include "profiler/molmo/network/parameters.hpp"
#include "profiler/molmo/network/rotary.hpp"

namespace decodemeter::molmo {

class PreparedInput {
public:
    InputFacts facts;
    at::Tensor token_ids;  // [prompt tokens] int64
    at::Tensor crops;      // [crops, patches, patch values]; undefined without an image
    at::Tensor masks;      // [crops, patches] float32
    at::Tensor
        feature_cells;  // [vision tokens] int64: which cells are used, flat into [crops * cells]
    at::Tensor feature_positions;  // [vision tokens] int64: where in the prompt they are added
};

struct Molmo::Implementation {
    Implementation(ModelConfig model_config, Tokenizer model_tokenizer)
        : config(std::move(model_config)), tokenizer(std::move(model_tokenizer)) {}

    ModelConfig config;
    Tokenizer tokenizer;
    Precision precision = Precision::float32;
    at::Device device = at::kCPU;
    std::string name;
    std::string weights_source;
    std::vector<std::string> warnings;
    Parameters parameters;
    RotaryTable rotary;
    KvCache cache;

    at::ScalarType dtype() const {
        return precision == Precision::float32 ? at::kFloat : at::kBFloat16;
    }
    at::TensorOptions options() const { return at::TensorOptions().dtype(dtype()).device(device); }
    at::Tensor to_device(const std::vector<std::int64_t>& values) const;
    void add_image(PreparedInput& input, const Request& request,
                   std::vector<std::int64_t>& image_ids) const;
    void make_room(std::int64_t positions, std::size_t blocks);
    at::Tensor embed(const PreparedInput& input, const at::Tensor& features) const;
    at::Tensor next_token(const at::Tensor& x) const;
    DecoderKnobs resolve(const Knobs& knobs) const;
    // Everything of the description but the configuration, and the threads and device of the
    // options.
    void take(const ModelDescription& description, const ModelOptions& model_options);
    std::int64_t eos_id() const;
};

}  // namespace decodemeter::molmo
