// The position sum as torch.ops.decodemeter.* of a Python that loads this library with
// torch.ops.load_library.
#include <torch/library.h>

#include <string_view>
#include <tuple>

#include "kernels/torch/torch_bindings.hpp"

namespace decodemeter::kernels {

namespace {

Activation activation_of(std::string_view name) {
    if (name == "relu") return Activation::relu;
    if (name == "gelu") return Activation::gelu;
    TORCH_CHECK(name == "silu", "activation must be relu, gelu or silu, not ", name);
    return Activation::silu;
}

Link link_of(std::string_view name) {
    if (name == "identity") return Link::identity;
    if (name == "softplus") return Link::softplus;
    TORCH_CHECK(name == "exp", "link must be identity, softplus or exp, not ", name);
    return Link::exp;
}

at::Tensor sum(const at::Tensor& u, const at::Tensor& v, const at::Tensor& weight,
               const at::Tensor& bias, const at::Tensor& counts, std::string_view activation,
               std::string_view link) {
    return position_sum(u, v, weight, bias, counts, {activation_of(activation), link_of(link)});
}

at::Tensor weighted_sum(const at::Tensor& u, const at::Tensor& v, const at::Tensor& weight,
                        const at::Tensor& bias, const at::Tensor& weights,
                        const std::optional<at::Tensor>& weight_row, std::string_view activation,
                        std::string_view link) {
    return weighted_position_sum(u, v, weight, bias, weights, weight_row,
                                 {activation_of(activation), link_of(link)});
}

std::tuple<at::Tensor, at::Tensor> sum_with_values(const at::Tensor& u, const at::Tensor& v,
                                                   const at::Tensor& weight, const at::Tensor& bias,
                                                   const at::Tensor& counts,
                                                   std::string_view activation,
                                                   std::string_view link) {
    return position_sum_with_values(u, v, weight, bias, counts,
                                    {activation_of(activation), link_of(link)});
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(decodemeter, library) {
    // Composite: autograd sees the function inside, and tracers the operations that it calls.
    library.def(
        "position_sum(Tensor u, Tensor v, Tensor weight, Tensor bias, Tensor counts, str "
        "activation, str link)"
        " -> Tensor",
        sum);
    library.def(
        "weighted_position_sum(Tensor u, Tensor v, Tensor weight, Tensor bias, Tensor weights, "
        "Tensor? weight_row,"
        " str activation, str link) -> Tensor",
        weighted_sum);
    library.def(
        "position_sum_with_values(Tensor u, Tensor v, Tensor weight, Tensor bias, Tensor counts, "
        "str activation,"
        " str link) -> (Tensor, Tensor)",
        sum_with_values);
}

}  // namespace decodemeter::kernels
