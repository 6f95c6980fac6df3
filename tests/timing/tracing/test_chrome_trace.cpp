#include "profiler/timing/tracing/chrome_trace.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "profiler/timing/timeline.hpp"
#include "tests/catch.hpp"
#include "tests/timing/simulated_generate.hpp"

using namespace decodemeter;
using Json = nlohmann::json;

namespace {

constexpr Nanoseconds start{1'000'000'000};

HostMarks two_steps() {
    HostMarks marks(4);
    const auto mark = [&](std::size_t slot, int microseconds) {
        marks.time[slot] = start + std::chrono::microseconds(microseconds);
        marks.marked[slot] = 1;
    };
    mark(slot::begin_of(Stage::generate), 0);
    mark(slot::begin_of(Stage::prefill), 10);
    mark(slot::end_of(Stage::prefill), 110);
    mark(slot::edge(0), 112);
    mark(slot::edge(1), 212);
    mark(slot::edge(2), 322);
    mark(slot::end_of(Stage::generate), 330);
    marks.steps = 2;
    return marks;
}

std::vector<Json> events(const Json& trace, const std::string& phase) {
    std::vector<Json> found;
    for (const Json& event : trace["traceEvents"]) {
        if (event["ph"] == phase) found.push_back(event);
    }
    return found;
}

}  // namespace

TEST_CASE(
    "A trace of the host alone has its stages and steps, in microseconds after the first mark") {
    const Json trace = Json::parse(chrome_trace(two_steps(), nullptr, "a \"quoted\" sample"));
    std::map<std::string, Json> by_name;
    for (const Json& event : events(trace, "X")) by_name[event["name"]] = event;
    REQUIRE(by_name.size() == 4);
    CHECK(by_name["generate"]["ts"] == 0);
    CHECK(by_name["generate"]["dur"] == 330);
    CHECK(by_name["prefill"]["ts"] == 10);
    CHECK(by_name["step 1"]["dur"] == 100);
    CHECK(by_name["step 2"]["ts"] == 212);
    CHECK(by_name["step 2"]["args"]["step"] == 2);
    CHECK(events(trace, "M").front()["args"]["name"] == "a \"quoted\" sample, host");
}

TEST_CASE("NVTX ranges have a track for each domain and thread") {
    ActivityRecords activity;
    const auto add = [&](const char* name, const char* domain, std::uint32_t thread) {
        activity.ranges.push_back(
            {{start, start + std::chrono::microseconds(50)}, thread, name, domain});
    };
    add("forward", "", 5);
    add("attention", "", 5);
    add("sort", "CCCL", 5);
    const Json trace = Json::parse(chrome_trace(two_steps(), &activity, "sample"));
    std::map<std::string, Json> by_name;
    for (const Json& event : events(trace, "X")) by_name[event["name"]] = event;
    CHECK(by_name["attention"]["dur"] == 50);
    CHECK(by_name["attention"]["tid"] == by_name["forward"]["tid"]);
    CHECK(by_name["sort"]["tid"] != by_name["forward"]["tid"]);
    std::vector<std::string> tracks;
    for (const Json& event : events(trace, "M")) tracks.push_back(event["args"]["name"]);
    CHECK(std::count(tracks.begin(), tracks.end(), "NVTX ranges of thread 5") == 1);
    CHECK(std::count(tracks.begin(), tracks.end(), "NVTX CCCL of thread 5") == 1);
}

TEST_CASE("Calls and device work are there one for one, joined by arrows, on the same clock") {
    test::SimulatedGenerate run(1, 3, 10);
    run.records.names = {"", "void kernel<float>(\"x\")"};
    for (DeviceActivity& done : run.records.device)
        done.name = done.work == DeviceWork::kernel ? 1 : 0;
    run.records.device[0].time = {};  // without times it cannot be drawn
    const Json trace = Json::parse(chrome_trace(two_steps(), &run.records, "sample"));
    std::size_t on_device = 0;
    std::size_t kernels = 0;
    for (const Json& event : events(trace, "X")) {
        on_device += event["pid"] == 2;
        kernels += event["name"] == "void kernel<float>(\"x\")";
    }
    CHECK(on_device == run.records.device.size() - 1);
    CHECK(kernels == 4 * 10 - 1);
    CHECK(events(trace, "X").size() == 4 + run.records.calls.size() + on_device);
    CHECK(events(trace, "s").size() == on_device);
    CHECK(events(trace, "f").size() == on_device);
}

TEST_CASE("A trace without a single mark is still a trace") {
    CHECK(Json::parse(chrome_trace(HostMarks(2), nullptr, ""))["traceEvents"].is_array());
}
