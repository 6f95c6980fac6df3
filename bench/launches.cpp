// Which operations does a decode step dispatch to a GPU? Runs the model's decoder code for a
// built-in model's sizes on a stand-in device, without weights and without a GPU. Views and
// allocations are not counted; each operation that is counted launches one kernel or more. Usage:
// bench_launches [model] [positions before the step]. Prints one JSON object.
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "profiler/molmo/checkpoint/built_in_models.hpp"
#include "tests/molmo/decode_launches.hpp"

using namespace decodemeter;
using Json = nlohmann::ordered_json;

namespace {

int sum(const std::map<std::string, int>& counts) {
    int total = 0;
    for (const auto& [name, count] : counts) total += count;
    return total;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string name = argc > 1 ? argv[1] : "molmoe-1b";
    const int context = argc > 2 ? std::atoi(argv[2]) : 1000;
    const auto config = molmo::built_in_model(name);
    if (!config || context < 1) {
        std::fputs("usage: bench_launches [built-in model] [positions before the step]\n", stderr);
        return 2;
    }
    const test::DecodeLaunches launches = test::decode_launches(*config, at::kBFloat16, context);
    const auto layer = test::count_by_name(launches.layer);
    const auto outside = test::count_by_name(launches.outside);
    std::vector<std::string> order;
    for (const test::DeviceOperation& operation : launches.layer) order.push_back(operation.name);
    const auto reads = [](const std::vector<test::DeviceOperation>& operations) {
        return sum(test::count_by_name(operations, test::DeviceCall::read_by_host));
    };
    const Json json = {
        {"model", name},
        {"dtype", "bfloat16"},
        {"context", context},
        {"layers", config->layers},
        {"layer", layer},
        {"layer_in_order", order},
        {"outside_layers", outside},
        {"launches_per_layer", sum(layer)},
        {"launches_per_step", config->layers * sum(layer) + sum(outside)},
        {"host_reads_per_step", config->layers * reads(launches.layer) + reads(launches.outside)}};
    std::puts(json.dump(2).c_str());
}
