// What CUPTI's headers and public sources leave open, asked of the CUPTI that is here: which kinds
// give records of CUDA events, on which streams they are, whether a graph's kernels are traced one
// by one, and whether a second session works after cuptiFinalize. Usage: gpu_tracing_facts. Prints
// one JSON line for each fact; returns 77 where there is no device.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "profiler/timing/observer_group.hpp"
#include "profiler/timing/timeline.hpp"
#include "profiler/timing/tracing/cupti_session.hpp"
#include "tests/gpu/spinning_generate.hpp"

using namespace decodemeter;
using Json = nlohmann::ordered_json;
using test::SpinningGenerate;

namespace {

const SpinningGenerate short_run{8, 20, 5000};

void print(const char* fact, Json values) {
    Json line{{"figure", fact}};
    line.update(values);
    std::puts(line.dump().c_str());
}

CuptiOptions keep_records(bool synchronizations) {
    CuptiOptions options;
    options.keep_records = true;
    options.synchronizations = synchronizations;
    return options;
}

// None where CUPTI refuses.
std::optional<CuptiPass> trace(CuptiSession& session) {
    Timeline<> timeline(short_run.steps, CudaEvents(short_run.steps, CudaStream{}));
    ObserverGroup observers;
    observers.add(timeline);
    observers.add(session.observer());
    check_cuda(cudaDeviceSynchronize(), "cannot wait for the device");
    if (!session.begin_pass()) return std::nullopt;
    short_run(observers);
    return session.end_pass();
}

void print_streams_and_edges(const CuptiPass& pass) {
    std::set<std::uint32_t> of_events;
    std::set<std::uint32_t> of_kernels;
    for (const EventStamp& event : pass.records->events) of_events.insert(event.stream);
    for (const DeviceActivity& activity : pass.records->device) of_kernels.insert(activity.stream);
    print("streams", {{"events", of_events}, {"kernels", of_kernels}});
    const auto& events = pass.attributed.events;
    print("edges", {{"edges", short_run.steps + 1}, {"matched", events ? events->matched : 0}});
}

// What a session after the first one misses may be due to cuptiFinalize: `reason` then has CUPTI's
// answer.
void print_event_records_alone() {
    CuptiSession session(keep_records(false));
    const std::optional<CuptiPass> pass = trace(session);
    print("event records alone", {{"recorded", short_run.steps + 1},
                                  {"events", pass ? pass->records->events.size() : 0},
                                  {"reason", pass ? session.no_event_times() : session.refused()}});
}

// The first session: as profile and watch open it. False where CUPTI refuses.
bool print_event_records() {
    CuptiSession session(keep_records(true));
    const std::optional<CuptiPass> pass = trace(session);
    if (!pass) {
        print("refused", {{"refused", session.refused()}});
        return false;
    }
    print("event records with SYNCHRONIZATION", {{"recorded", short_run.steps + 1},
                                                 {"events", pass->records->events.size()},
                                                 {"reason", session.no_event_times()}});
    print_streams_and_edges(*pass);
    return true;
}

// 10 kernels, launched as one graph.
class Graph {
public:
    static constexpr int nodes = 10;

    Graph() {
        check_cuda(cudaStreamCreate(&stream_), "cannot create a stream");
        check_cuda(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal), "cannot capture");
        for (int i = 0; i < nodes; ++i)
            check_cuda(test::launch_spin(20'000, stream_), "cannot capture a launch");
        check_cuda(cudaStreamEndCapture(stream_, &graph_), "cannot end the capture");
        check_cuda(cudaGraphInstantiate(&executable_, graph_, 0), "cannot instantiate");
    }
    ~Graph() {
        cudaGraphExecDestroy(executable_);
        cudaGraphDestroy(graph_);
        cudaStreamDestroy(stream_);
    }
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;

    void launch() const {
        check_cuda(cudaGraphLaunch(executable_, stream_), "cannot launch the graph");
        check_cuda(cudaStreamSynchronize(stream_), "cannot wait");
    }

private:
    cudaStream_t stream_ = nullptr;
    cudaGraph_t graph_ = nullptr;
    cudaGraphExec_t executable_ = nullptr;
};

// `graph` is there before the session; without one it is made under tracing.
void print_graph(const char* fact, const Graph* graph) {
    CuptiSession session;
    check_cuda(cudaDeviceSynchronize(), "cannot wait for the device");
    if (!session.begin_pass())
        return print(fact,
                     {{"nodes", Graph::nodes}, {"kernels", 0}, {"reason", session.refused()}});
    std::optional<Graph> made;
    if (!graph) graph = &made.emplace();
    StageObserver& observer = session.observer();
    observer.begin(Stage::generate);
    observer.step_edge(0);
    graph->launch();
    observer.step_edge(1);
    observer.end(Stage::generate);
    const AttributedSteps steps = session.end_pass().attributed;
    print(fact, {{"nodes", Graph::nodes}, {"kernels", steps.steps.at(0).kernels}, {"reason", ""}});
}

// The sessions before it have ended with cuptiFinalize.
void print_second_session() {
    CuptiSession session;
    const std::optional<CuptiPass> pass = trace(session);
    std::int64_t kernels = 0;
    if (pass) {
        for (const StepActivity& step : pass->attributed.steps) kernels += step.kernels;
    }
    print("second session", {{"launched", short_run.steps * short_run.kernels},
                             {"kernels", kernels},
                             {"reason", session.refused()}});
}

}  // namespace

int main() {
    int devices = 0;
    if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
        std::printf("not run: no CUDA device\n");
        return 77;
    }
    if (!print_event_records()) return 0;
    print_second_session();
    print_event_records_alone();
    print_graph("graph after attaching", nullptr);
    const Graph before;
    print_graph("graph before attaching", &before);
}
