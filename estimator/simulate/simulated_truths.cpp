#include "estimator/simulate/simulated_truths.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "profiler/system/invalid_argument.hpp"

namespace decodemeter {

namespace {

constexpr std::string_view shared_parameters =
    R"({"requests":320,"beta":[2.0,0.9,0.05,0,0,0],"top_k":[4,8,12],"blocks":[8,16]})";

using enum PerTokenFigure;

constexpr SimulatedTruth truths[] = {
    {"flat", "a step costs the same at every position", "{}"},
    {"flat_noisy", "flat; requests and steps vary by 5 %",
     R"({"noise":{"request":0.05,"step":0.05}})"},
    {"hetero", "flat; the noise differs eightfold between requests",
     R"({"noise":{"step":0.02},"effects":{"noise_spread":8}})"},
    {"quantized", "flat; the clock ticks every 0.25 ms", R"({"effects":{"clock_tick_ms":0.25}})"},
    {"equal_n", "flat; all answers have 32 tokens", R"({"lengths":{"rule":"equal","longest":32}})"},
    {"one_config", "flat; one configuration", R"({"tier":["high"],"top_k":[8],"blocks":[16]})"},
    {"two_sets", "flat; two data sets", R"({"datasets":["coco_2014_vqa","coco_caption"]})"},
    {"few18", "flat; 18 requests", R"({"requests":18})"},
    {"tierless", "flat; the program has no tiers", R"({"effects":{"no_tiers":true}})"},
    {"long2048", "flat; answers of 2 to 2048 tokens",
     R"({"lengths":{"rule":"log_uniform","longest":2048}})"},
    {"len_by_config", "flat; some configurations answer longer",
     R"({"lengths":{"rule":"configuration"},"noise":{"config":0.05}})"},
    {"len_by_dataset", "flat; some data sets answer longer",
     R"({"lengths":{"rule":"dataset"},"noise":{"dataset":0.05}})"},
    {"len_by_time", "flat; later requests answer longer", R"({"lengths":{"rule":"time"}})"},
    {"run_level", "flat; the whole run is off by a factor of 2 % deviation",
     R"({"effects":{"run_level":0.02}})"},
    {"first15", "step 1 costs 1.5 times as much", R"({"effects":{"first_step_factor":1.5}})"},
    {"first08", "step 1 costs 0.8 times as much", R"({"effects":{"first_step_factor":0.8}})"},
    {"first3x", "step 1 costs 3 times as much", R"({"effects":{"first_step_factor":3}})"},
    {"decay12", "step 1 costs 1.2 times as much, settled after 5 steps",
     R"({"effects":{"first_step_factor":1.2,"transient_steps":5}})"},
    {"two_sets_first15", "step 1 costs 1.5 times as much; two data sets",
     R"({"effects":{"first_step_factor":1.5},"datasets":["coco_2014_vqa","coco_caption"]})"},
    {"first15_by_dataset", "step 1 costs 1.5 times as much; some data sets answer longer",
     R"({"effects":{"first_step_factor":1.5},"lengths":{"rule":"dataset"}})"},
    {"tail_dip", "the last step costs 0.85 times as much",
     R"({"effects":{"last_step_factor":0.85}})"},
    {"prefill_real", "30 % of the prefill runs inside step 1",
     R"({"effects":{"prefill_share_in_step_1":0.3}})"},
    {"slope01", "a step grows by 0.1 % a token", R"({"slope_percent_per_token":0.1})"},
    {"slope03", "a step grows by 0.3 % a token", R"({"slope_percent_per_token":0.3})"},
    {"slope1", "a step grows by 1 % a token", R"({"slope_percent_per_token":1})"},
    {"equal_n_slope1", "a step grows by 1 % a token; all answers have 32 tokens",
     R"({"slope_percent_per_token":1,"lengths":{"rule":"equal","longest":32}})"},
    {"few50_slope1", "a step grows by 1 % a token; 50 requests",
     R"({"slope_percent_per_token":1,"requests":50})"},
    {"kv", "a step grows with its context: about 2 % over 64 tokens",
     R"({"effects":{"context_percent_per_1000_tokens":50}})"},
    {"long2048_kv", "a step grows with its context: about 18 % over answers of 2 to 2048 tokens",
     R"({"effects":{"context_percent_per_1000_tokens":10},"lengths":{"rule":"log_uniform","longest":2048}})"},
    {"block256", "a step grows by 8 % where the context crosses 256 tokens",
     R"({"effects":{"page_jump_percent":8,"page_tokens":256},"lengths":{"rule":"log_uniform","longest":256}})"},
    {"periodic", "a step varies by 6 % with a period of 8 steps",
     R"({"effects":{"period_percent":6,"period_steps":8}})"},
    {"bimodal_steps", "30 % of the steps cost 15 % more",
     R"({"effects":{"slow_step_share":0.3,"slow_step_factor":1.15}})"},
    {"bimodal", "a third of the requests costs 12 % less",
     R"({"effects":{"slow_request_share":0.333,"slow_request_factor":0.88}})"},
    {"heavy", "1 % of the steps cost 10 times as much",
     R"({"effects":{"slow_step_share":0.01,"slow_step_factor":10}})"},
    {"drift", "the level rises by 8 % over the run", R"({"effects":{"drift_percent":8}})"},
    {"drift_step", "the level rises by 10 % at 60 % of the run",
     R"({"effects":{"shift_percent":10,"shift_at":0.6}})"},
    {"first_warm_run", "the first 40 requests cost up to 20 % more",
     R"({"effects":{"warm_up_percent":20,"warm_up_requests":40}})"},
    {"log_law", "step s takes 25 + 20 log(s + 1) ms",
     R"({"effects":{"log_law_offset_ms":25,"log_law_factor_ms":20}})"},
    {"pub_flat", "flat; T/N", R"({"step_data":false})", output_tokens},
    {"pub_n_plus_1", "flat; T/(N+1)", R"({"step_data":false})", output_tokens_plus_1},
    {"pub_n_minus_1", "flat; T/(N-1)", R"({"step_data":false})", decode_steps},
    {"pub_content", "flat; T/content tokens", R"({"step_data":false})", content_tokens},
    {"pub_prefill", "flat; (prefill + T)/N", R"({"step_data":false})", prefill_included},
    {"pub_equal_n", "flat; T/N; all answers have 32 tokens",
     R"({"step_data":false,"lengths":{"rule":"equal","longest":32}})", output_tokens},
    {"pub_slope03", "0.3 % a token; T/N", R"({"step_data":false,"slope_percent_per_token":0.3})",
     output_tokens},
    {"pub_slope1", "1 % a token; T/N", R"({"step_data":false,"slope_percent_per_token":1})",
     output_tokens},
    {"pub_kv", "growth with the context; T/N",
     R"({"step_data":false,"effects":{"context_percent_per_1000_tokens":50}})", output_tokens},
    {"pub_first15", "step 1 costs 1.5 times as much; T/N",
     R"({"step_data":false,"effects":{"first_step_factor":1.5}})", output_tokens},
    {"pub_decay12", "step 1 costs 1.2 times as much, settled after 5 steps; T/N",
     R"({"step_data":false,"effects":{"first_step_factor":1.2,"transient_steps":5}})",
     output_tokens},
    {"pub_steps_first15", "step 1 costs 1.5 times as much; T/N beside each step",
     R"({"effects":{"first_step_factor":1.5}})", output_tokens},
    {"pub_log_law", "step s takes 25 + 20 log(s + 1) ms; T/N",
     R"({"step_data":false,"effects":{"log_law_offset_ms":25,"log_law_factor_ms":20}})",
     output_tokens},
};

}  // namespace

std::span<const SimulatedTruth> simulated_truths() noexcept { return truths; }

const SimulatedTruth& find_truth(std::string_view name) {
    const auto found =
        std::find_if(std::begin(truths), std::end(truths),
                     [&](const SimulatedTruth& truth) { return truth.name == name; });
    if (found == std::end(truths))
        throw InvalidArgument(
            "truth", " " + std::string(name) +
                         ": unknown; `decodemeter simulate --list_truths` lists the names");
    return *found;
}

void apply_truth(SimulationParameters& parameters, const SimulatedTruth& truth) {
    const std::string origin = "truth " + std::string(truth.name);
    apply_simulation_parameters(parameters, shared_parameters, origin);
    apply_simulation_parameters(parameters, truth.parameters, origin);
}

}  // namespace decodemeter
