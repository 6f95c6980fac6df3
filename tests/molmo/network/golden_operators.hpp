// Tensors of ops.golden.safetensors.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>

#include <string>

#include "profiler/molmo/checkpoint/safetensors.hpp"
#include "tests/golden_directory.hpp"

namespace decodemeter::test {

class GoldenOperators {
public:
    at::Tensor operator()(const std::string& name) const {
        const molmo::TensorView* view = &file_.at(name);
        const at::ScalarType type = view->dtype == molmo::DType::i64   ? at::kLong
                                    : view->dtype == molmo::DType::i32 ? at::kInt
                                                                       : at::kFloat;
        return at::from_blob(const_cast<std::byte*>(view->bytes.data()), view->shape, type).clone();
    }

private:
    molmo::SafetensorsFile file_{golden_directory() / "ops.golden.safetensors"};
};

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
    return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

}  // namespace decodemeter::test
