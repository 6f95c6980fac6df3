#include "profiler/audit/steps/step_floor.hpp"

#include "tests/catch.hpp"

using namespace decodemeter;

namespace {

ModelInfo molmoe() {
    ModelInfo model;
    model.dtype = "bfloat16";
    model.sizes = {{"d_model", 2048}, {"layers", 16},         {"heads", 16},
                   {"kv_heads", 16},  {"head_dim", 128},      {"vocabulary", 50304},
                   {"experts", 64},   {"expert_inner", 1024}, {"top_k", 8},
                   {"qkv_bias", 0},   {"qk_norm", 1}};
    return model;
}

ModelInfo dense() {
    ModelInfo model;
    model.dtype = "bfloat16";
    model.sizes = {{"d_model", 3584},      {"layers", 28},    {"heads", 28},
                   {"kv_heads", 4},        {"head_dim", 128}, {"inner", 18944},
                   {"vocabulary", 152064}, {"qkv_bias", 1},   {"qk_norm", 0}};
    return model;
}

SampleRecord sample(double step_ms) {
    SampleRecord record;
    record.config = {Tier::high, 8, 16};
    record.prompt_tokens = 324;
    record.output_tokens = 5;
    record.T_decode_per_step = {step_ms, step_ms, step_ms, step_ms};
    record.T_LLM_decode = 4 * step_ms;
    return record;
}

}  // namespace

TEST_CASE("A step's weights are those that the models have") {
    CHECK(*step_weight_bytes(molmoe(), 8, 16) == 2 * 1178996736.0);
    CHECK(*step_weight_bytes(dense(), 0, 28) == 2 * 7070622720.0);
    CHECK(*step_cache_bytes(molmoe(), 16, 1) == 131072);
    CHECK(*step_cache_bytes(dense(), 28, 1) == 57344);
    ModelInfo unknown = molmoe();
    unknown.sizes.erase("d_model");
    CHECK_FALSE(step_weight_bytes(unknown, 8, 16));
}

TEST_CASE("The floor of MolmoE's step on an H100 and an H200 is the roofline's") {
    for (const auto& [name, floor_ms] :
         {std::pair("NVIDIA H100 80GB HBM3", 0.717), std::pair("NVIDIA H200", 0.500)}) {
        RecordSet set;
        set.run.emplace();
        set.run->model = molmoe();
        set.run->device.name = name;
        set.records = {sample(5), sample(7), sample(6)};
        const auto rows = step_floors(set, {});
        REQUIRE(rows.size() == 1);
        CHECK(rows[0].step_ms == Approx(6));
        CHECK(*rows[0].floor_ms == Approx(floor_ms).epsilon(0.002));
        CHECK(rows[0].gb_per_s == Approx(rows[0].gigabytes / 0.006));
    }
}

TEST_CASE("A device whose memory is unknown has no floor, and a run without sizes no row") {
    RecordSet set;
    set.records = {sample(5)};
    CHECK(step_floors(set, {}).empty());
    set.run.emplace();
    CHECK(step_floors(set, {}).empty());
    set.run->model = molmoe();
    set.run->device.name = "AMD EPYC";
    REQUIRE(step_floors(set, {}).size() == 1);
    CHECK_FALSE(step_floors(set, {})[0].floor_ms);
}

TEST_CASE("A step's operations come from the run, its kernels and waits from the tracing passes") {
    RecordSet set;
    set.run.emplace();
    set.run->model = molmoe();
    set.run->figures["operations_per_decode_step"] =
        R"([{"top_k": 8, "blocks": 16, "operations": 900}, {"top_k": "8"}, 7])";
    set.records = {sample(5), sample(6)};
    CHECK(step_floors(set, {})[0].operations == 900);
    CHECK_FALSE(step_floors(set, {})[0].kernels);
    IdleSplitRow traced;
    IdleSplitRow other;
    traced.config = set.records[0].config;
    traced.kernels = 305;
    traced.waits = 1.5;
    other.kernels = 7;
    const StepFloorRow row = step_floors(set, std::vector{other, traced})[0];
    CHECK(*row.kernels == Approx(305));
    CHECK(*row.waits == Approx(1.5));
    set.run->figures["operations_per_decode_step"] = "{";
    CHECK_FALSE(step_floors(set, {})[0].operations);
}
