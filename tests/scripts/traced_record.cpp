// A record of a tracing pass over a simulated device, as the instrument writes it: traced_record
// STEPS
#include <cstdio>
#include <cstdlib>

#include "profiler/record/format/record_json.hpp"
#include "profiler/timing/tracing/recorded_activity.hpp"
#include "tests/record/example_record.hpp"
#include "tests/timing/simulated_generate.hpp"

using namespace decodemeter;

int main(int argc, char** argv) {
    const int steps = argc > 1 ? std::atoi(argv[1]) : 3;
    const test::SimulatedGenerate run(1, steps, 20, true);
    SampleRecord record = test::example_record(1, steps + 1);
    record.flags.push_back(tracing_pass_flag);
    add_activity(record, attribute_activity(run.records, run.edges, {run.external_base}));
    std::puts(to_json_line(record).c_str());
}
