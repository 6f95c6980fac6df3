#include "profiler/timing/tracing/cupti_session.hpp"

#include <cupti_driver_cbid.h>
#include <cupti_runtime_cbid.h>

#include "tests/catch.hpp"
#include "tests/timing/tracing/fake_cupti.hpp"

using namespace decodemeter;
using test::fake_cupti;
using test::fake_now;
using test::make_fake_cupti;
using test::Replay;
using test::SimulatedGenerate;

namespace {

CuptiOptions small_buffers() {
    CuptiOptions options;
    options.buffers = 8;
    options.buffer_bytes = 4096;
    return options;
}

CuptiPass trace(CuptiSession& session, const SimulatedGenerate& run) {
    REQUIRE(session.begin_pass());
    Replay replay(run);
    replay(session.observer());
    return session.end_pass();
}

}  // namespace

TEST_CASE("A pass gives each step what its calls caused, as the attribution of all records does") {
    const SimulatedGenerate run(1, 20, 30);
    const AttributedSteps expected =
        attribute_activity(run.records, run.edges, {run.external_base});
    CuptiOptions options = small_buffers();
    options.buffers = 64;  // so that none is ever wanting, however late the worker runs
    CuptiSession session(options, make_fake_cupti(), fake_now);
    REQUIRE(session.refused().empty());
    CHECK(session.version() == "130001");
    const CuptiPass pass = trace(session, run);
    REQUIRE(pass.attributed.steps.size() == expected.steps.size());
    for (std::size_t i = 0; i < expected.steps.size(); ++i) {
        CHECK(pass.attributed.steps[i].busy == expected.steps[i].busy);
        CHECK(pass.attributed.steps[i].span == expected.steps[i].span);
        CHECK(pass.attributed.steps[i].kernels == expected.steps[i].kernels);
        CHECK(pass.attributed.steps[i].synchronizations == 1);
        CHECK(pass.attributed.steps[i].idle.synchronize == expected.steps[i].idle.synchronize);
        CHECK(pass.attributed.steps[i].memcpy_bytes == 8);
    }
    CHECK(pass.attributed.losses.none());
    CHECK_FALSE(pass.records.has_value());
}

TEST_CASE(
    "One session makes several passes, each of its own generate(), and nothing stays enabled "
    "between them") {
    CuptiOptions options = small_buffers();
    options.buffers = 64;
    CuptiSession session(options, make_fake_cupti(), fake_now);
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const SimulatedGenerate run(seed, static_cast<int>(4 + seed), 10);
        const CuptiPass pass = trace(session, run);
        CHECK(pass.attributed.steps.size() == 4 + seed);
        CHECK(pass.attributed.losses.none());
        CHECK(fake_cupti().enabled.empty());
        CHECK(fake_cupti().external_ids.empty());
    }
    CHECK(fake_cupti().most_pushed == 1);
}

TEST_CASE("Kernels are traced side by side, not one after the other") {
    CuptiSession session(small_buffers(), make_fake_cupti(), fake_now);
    REQUIRE(session.begin_pass());
    CHECK(fake_cupti().enabled.count(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL) == 1);
    CHECK(fake_cupti().enabled.count(CUPTI_ACTIVITY_KIND_KERNEL) == 0);
    session.end_pass();
}

TEST_CASE("Frequent queries are not recorded, and launches, copies and waits are") {
    CuptiSession session(small_buffers(), make_fake_cupti(), fake_now);
    for (int pass = 0; pass < 2; ++pass) {
        REQUIRE(session.begin_pass());
        const auto& runtime = fake_cupti().runtime_calls_left_out;
        const auto& driver = fake_cupti().driver_calls_left_out;
        CHECK(runtime.contains(CUPTI_RUNTIME_TRACE_CBID_cudaGetDevice_v3020));
        CHECK(driver.contains(CUPTI_DRIVER_TRACE_CBID_cuCtxGetCurrent));
        for (const CUpti_CallbackId call : {CUPTI_RUNTIME_TRACE_CBID_cudaLaunchKernel_v7000,
                                            CUPTI_RUNTIME_TRACE_CBID_cudaMemcpyAsync_v3020,
                                            CUPTI_RUNTIME_TRACE_CBID_cudaEventRecord_v3020,
                                            CUPTI_RUNTIME_TRACE_CBID_cudaGraphLaunch_v10000,
                                            CUPTI_RUNTIME_TRACE_CBID_cudaStreamSynchronize_v3020})
            CHECK_FALSE(runtime.contains(call));
        for (const CUpti_CallbackId call :
             {CUPTI_DRIVER_TRACE_CBID_cuLaunchKernel, CUPTI_DRIVER_TRACE_CBID_cuEventRecord,
              CUPTI_DRIVER_TRACE_CBID_cuStreamSynchronize})
            CHECK_FALSE(driver.contains(call));
        session.end_pass();
    }
}

TEST_CASE("A CUPTI that cannot leave out single calls traces all the same") {
    const SimulatedGenerate run(4, 6, 10);
    CuptiOptions options = small_buffers();
    options.buffers = 64;
    CuptiFunctions older = make_fake_cupti();
    older.enable_runtime_call = nullptr;
    older.enable_driver_call = nullptr;
    CuptiSession session(options, older, fake_now);
    CHECK(trace(session, run).attributed.steps.size() == 6);
}

TEST_CASE("Records are kept on request, with the kernels' names") {
    CuptiOptions options = small_buffers();
    options.buffers = 64;
    options.keep_records = true;
    CuptiSession session(options, make_fake_cupti(), fake_now);
    const SimulatedGenerate run(2, 3, 10);
    const CuptiPass pass = trace(session, run);
    REQUIRE(pass.records.has_value());
    CHECK(pass.records->device.size() == run.records.device.size());
    CHECK(pass.records->calls.size() == run.records.calls.size());
    CHECK(pass.records->names == std::vector<std::string>{"", "a_kernel"});
}

TEST_CASE(
    "Events have their times on the clock of the records, and the steps' work lies between them") {
    const SimulatedGenerate run(4, 12, 30, true);
    const AttributedSteps expected =
        attribute_activity(run.records, run.edges, {run.external_base});
    CuptiOptions options = small_buffers();
    options.buffers = 64;
    CuptiSession session(options, make_fake_cupti(), fake_now);
    const CuptiPass pass = trace(session, run);
    CHECK(session.no_event_times().empty());
    REQUIRE(pass.attributed.events.has_value());
    CHECK(pass.attributed.events->span == expected.events->span);
    CHECK(pass.attributed.events->lag == expected.events->lag);
    CHECK(pass.attributed.events->misplaced == 0);
    CHECK_FALSE(fake_cupti().event_times);  // as it was before
}

TEST_CASE("A CUPTI that cannot time events says so, and all else works") {
    const SimulatedGenerate run(4, 6, 10, true);
    CuptiOptions options = small_buffers();
    options.buffers = 64;
    CuptiFunctions older = make_fake_cupti();
    older.enable_event_times = nullptr;
    CuptiSession session(options, older, fake_now);
    const CuptiPass pass = trace(session, run);
    CHECK(session.no_event_times().find("13.0") != std::string::npos);
    CHECK_FALSE(pass.attributed.events.has_value());
    CHECK(pass.attributed.steps.size() == 6);
    CHECK(pass.attributed.losses.none());
}

TEST_CASE(
    "NVTX ranges are kept with their names, domain and thread, and halves of a range are not") {
    CuptiOptions options = small_buffers();
    options.keep_records = true;
    CuptiSession session(options, make_fake_cupti(), fake_now);
    REQUIRE(session.begin_pass());
    CHECK(fake_cupti().enabled.count(CUPTI_ACTIVITY_KIND_MARKER) == 1);
    const auto emit = [](CUpti_ActivityFlag flag, std::uint32_t id, std::uint64_t time,
                         const char* name) {
        CUpti_ActivityMarker2 marker{};
        marker.kind = CUPTI_ACTIVITY_KIND_MARKER;
        marker.flags = flag;
        marker.id = id;
        marker.timestamp = time;
        marker.objectId.pt.threadId = 5;
        marker.name = name;
        marker.domain = name ? "a_library" : nullptr;
        fake_cupti().emit(marker);
    };
    emit(CUPTI_ACTIVITY_FLAG_MARKER_END, 6, 90, nullptr);  // began before the pass
    emit(CUPTI_ACTIVITY_FLAG_MARKER_START, 7, 100, "outer");
    emit(CUPTI_ACTIVITY_FLAG_MARKER_START, 8, 110, "inner");
    emit(CUPTI_ACTIVITY_FLAG_MARKER_END, 8, 150, nullptr);
    emit(CUPTI_ACTIVITY_FLAG_MARKER_END, 7, 160, nullptr);
    emit(CUPTI_ACTIVITY_FLAG_MARKER_START, 9, 170, "never ended");
    const CuptiPass pass = session.end_pass();
    REQUIRE(pass.records->ranges.size() == 2);
    const NamedRange& inner = pass.records->ranges[0];
    CHECK(inner.name == "inner");
    CHECK(inner.domain == "a_library");
    CHECK(inner.thread == 5);
    CHECK(inner.time == Interval{Nanoseconds(110), Nanoseconds(150)});
    CHECK(pass.records->ranges[1].name == "outer");
}

TEST_CASE("Ranges and names are asked for only where records are kept") {
    CuptiSession session(small_buffers(), make_fake_cupti(), fake_now);
    REQUIRE(session.begin_pass());
    CHECK(fake_cupti().enabled.count(CUPTI_ACTIVITY_KIND_MARKER) == 0);
    session.end_pass();
}

TEST_CASE("What CUPTI had no buffer for is counted as dropped") {
    CuptiOptions options = small_buffers();
    options.buffers = 1;
    options.buffer_bytes = 256;
    CuptiSession session(options, make_fake_cupti(), fake_now);
    fake_cupti().dropped = 0;
    REQUIRE(session.begin_pass());
    // The one buffer is out, so the next request comes back empty.
    std::uint8_t* taken = nullptr;
    std::size_t size = 0;
    std::size_t records = 0;
    fake_cupti().request(&taken, &size, &records);
    REQUIRE(taken != nullptr);
    const SimulatedGenerate run(1, 4, 10);
    Replay replay(run);
    replay(session.observer());
    fake_cupti().complete(nullptr, 0, taken, size, 0);
    const CuptiPass pass = session.end_pass();
    CHECK(pass.attributed.losses.dropped > 0);
    CHECK_FALSE(pass.attributed.losses.none());
    CHECK(pass.attributed.steps.size() == 4);
}

TEST_CASE("A pass that had too few buffers leaves more to the next one, until none is wanting") {
    CuptiOptions options = small_buffers();
    options.buffers = 1;
    options.most_buffers = 100;
    CuptiSession session(options, make_fake_cupti(), fake_now);
    const SimulatedGenerate run(1, 20,
                                40);  // some 60 buffers, should the worker empty none in time
    REQUIRE(session.begin_pass());
    std::uint8_t* held = nullptr;
    std::size_t size = 0;
    std::size_t records = 0;
    fake_cupti().request(&held, &size, &records);  // the only one there is
    Replay replay(run);
    replay(session.observer());
    fake_cupti().complete(nullptr, 0, held, size, 0);
    CHECK(session.end_pass().attributed.losses.dropped > 0);
    for (int passes = 0; trace(session, run).attributed.losses.dropped > 0; ++passes)
        REQUIRE(passes < 8);
}

TEST_CASE(
    "Another tool in the process, refused rights and a missing library each refuse with the "
    "reason") {
    CuptiFunctions cupti = make_fake_cupti();
    fake_cupti().subscribe_status = CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED;
    {
        CuptiSession session(small_buffers(), cupti, fake_now);
        CHECK(session.refused().find("nsys, ncu") != std::string::npos);
        CHECK(session.refused().find("39") != std::string::npos);
        CHECK_FALSE(session.begin_pass());
        session.observer().begin(Stage::generate);  // watching does no harm
        session.observer().end(Stage::generate);
    }
    CHECK(fake_cupti().finalized == 0);  // the other tool's
    cupti = make_fake_cupti();
    fake_cupti().enable_status = CUPTI_ERROR_INSUFFICIENT_PRIVILEGES;
    CuptiSession refused(small_buffers(), cupti, fake_now);
    CHECK_FALSE(refused.begin_pass());
    CHECK(refused.refused().find("rights") != std::string::npos);
    CuptiFunctions none;
    none.absent = "libcupti is not there";
    CHECK(CuptiSession(small_buffers(), none, fake_now).refused() == "libcupti is not there");
}

TEST_CASE(
    "A session leaves the process as it was: unsubscribed and finalized, and a new one can "
    "follow") {
    for (int i = 0; i < 3; ++i) {
        {
            CuptiSession session(small_buffers(), make_fake_cupti(), fake_now);
            REQUIRE(session.refused().empty());
            CuptiSession second(small_buffers(), make_fake_cupti(), fake_now);
            CHECK(second.refused().find("open already") != std::string::npos);
        }
        CHECK_FALSE(fake_cupti().subscribed);
        CHECK(fake_cupti().finalized == 1);
    }
}

TEST_CASE("Versions with known faults are named") {
    CHECK(known_cupti_fault(22).find("12.4") != std::string::npos);
    CHECK(known_cupti_fault(130000).find("13.0.0") != std::string::npos);
    CHECK(known_cupti_fault(130001).empty());
    CuptiFunctions cupti = make_fake_cupti();
    fake_cupti().version = 22;
    CHECK_FALSE(CuptiSession(small_buffers(), cupti, fake_now).warning().empty());
}

TEST_CASE("Without a device the real CUPTI refuses or works, but does not break") {
    CuptiSession session;
    if (session.begin_pass()) session.end_pass();
    SUCCEED();
}
