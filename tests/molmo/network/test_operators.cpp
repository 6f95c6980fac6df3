#include <ATen/ops/cat.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/stack.h>

#include "profiler/molmo/network/normalization.hpp"
#include "profiler/molmo/network/one_token.hpp"
#include "profiler/molmo/network/rotary.hpp"
#include "tests/catch.hpp"
#include "tests/molmo/network/golden_operators.hpp"

using namespace decodemeter;
using namespace decodemeter::molmo;
using decodemeter::test::GoldenOperators;
using decodemeter::test::largest_difference;

TEST_CASE("RMSNorm is the original's, in float32 and in bfloat16") {
    const GoldenOperators golden;
    for (const auto& [name, eps] :
         {std::pair("rms.eps1e-5", 1e-5), std::pair("rms.eps1e-6", 1e-6)}) {
        const std::string prefix = name;
        const at::Tensor x = golden(prefix + ".x");
        const at::Tensor w = golden(prefix + ".w");
        CHECK(largest_difference(rms_norm(x, w, eps), golden(prefix + ".y")) < 1e-6);
        const at::Tensor in_bfloat16 = rms_norm(x.to(at::kBFloat16), w.to(at::kBFloat16), eps);
        CHECK(largest_difference(in_bfloat16, golden(prefix + ".y_bf16_as_f32")) == 0);
    }
}

TEST_CASE("Rotary embedding is the original's at both bases") {
    const GoldenOperators golden;
    const at::Tensor positions = golden("rope.positions");
    for (const auto& [name, theta] :
         {std::pair("rope.theta1e4", 1e4), std::pair("rope.theta1e6", 1e6)}) {
        const RotaryTable table =
            make_rotary_table(positions.max().item<std::int64_t>() + 1, 128, theta, at::kCPU);
        for (const char* which : {".q", ".k"}) {
            const at::Tensor x = golden(name + std::string(which));
            const at::Tensor wanted = golden(name + std::string(which) + "_out");
            for (std::int64_t i = 0; i < positions.numel(); ++i) {
                const at::Tensor one = x.select(1, i).unsqueeze(0);  // [1 token, heads, head_dim]
                const at::Tensor turned = rotate(one, table, positions[i].item<std::int64_t>());
                CHECK(largest_difference(turned.squeeze(0), wanted.select(1, i)) < 1e-6);
            }
        }
    }
}

TEST_CASE("A mixture of experts is the original's in each of its three ways") {
    const GoldenOperators golden;
    const ExpertWeights weights{golden("moe.gate.weight"),
                                at::cat({golden("moe.gate_proj"), golden("moe.up_proj")}, 1),
                                golden("moe.down_proj")};
    const at::Tensor x = golden("moe.x");
    const at::Tensor wanted = golden("moe.y");
    const Routing routing = route(x, weights.router, 8);
    CHECK(routing.experts.to(at::kInt).equal(golden("moe.topk_idx")));
    CHECK(largest_difference(routing.weights, golden("moe.topk_w")) < 1e-6);
    CHECK(largest_difference(mix_experts_one_by_one(x, weights, routing), wanted) < 1e-6);
    CHECK(largest_difference(mix_experts_grouped(x, weights, routing), wanted) < 1e-6);
    for (std::int64_t token = 0; token < x.size(0); ++token) {
        const at::Tensor one = x.narrow(0, token, 1);
        const at::Tensor mixed =
            mix_experts_for_one_token(one, weights, route(one, weights.router, 8));
        CHECK(largest_difference(mixed, wanted.narrow(0, token, 1)) < 1e-6);
    }
}

TEST_CASE("A product of one row is LibTorch's, at any width, with and without a bias") {
    for (const std::int64_t columns : {1, 7, 16, 33, 128, 300}) {
        for (const std::int64_t rows : {1, 5, 257}) {
            const at::Tensor weight = at::randn({rows, columns});
            const at::Tensor x = at::randn({1, columns});
            const at::Tensor bias = at::randn({rows});
            const at::Tensor wanted = x.to(at::kDouble).matmul(weight.to(at::kDouble).t());
            const double limit = 1e-6 * static_cast<double>(columns);
            CHECK(largest_difference(apply_linear(x, weight), wanted) < limit);
            CHECK(largest_difference(apply_linear(x, weight, bias), wanted + bias) < limit);
            const at::Tensor coarse = weight.to(at::kBFloat16);
            const at::Tensor coarse_x = x.to(at::kBFloat16);
            const at::Tensor coarse_wanted =
                coarse_x.to(at::kDouble).matmul(coarse.to(at::kDouble).t());
            CHECK(largest_difference(apply_linear(coarse_x, coarse), coarse_wanted) <
                  coarse_wanted.abs().max().item<double>() / 256 + limit);
        }
    }
}
