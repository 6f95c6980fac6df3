// A program that pushes NVTX ranges in each way that NVTX has. Usage: pushing_program WAY SAMPLES
// STEPS
#include <dlfcn.h>
#include <nvtx3/nvToolsExt.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

using Name = const char*;

void work() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(200);
    while (std::chrono::steady_clock::now() < until) {
    }
}

struct Ranges {
    std::function<void(Name)> push;
    std::function<void()> pop;
};

void in_range(const Ranges& ranges, Name name, const std::function<void()>& inside) {
    ranges.push(name);
    inside();
    ranges.pop();
}

void stages(const Ranges& ranges, int steps) {
    in_range(ranges, "prefill", work);
    for (int step = 1; step <= steps; ++step) in_range(ranges, "decode_step", work);
}

Ranges ascii() {
    return {[](Name name) { nvtxRangePushA(name); }, [] { nvtxRangePop(); }};
}

Ranges wide() {
    return {[](Name name) {
                const std::string text(name);
                nvtxRangePushW(std::wstring(text.begin(), text.end()).c_str());
            },
            [] { nvtxRangePop(); }};
}

nvtxEventAttributes_t attributes_of(nvtxMessageType_t type) {
    nvtxEventAttributes_t attributes{};
    attributes.version = NVTX_VERSION;
    attributes.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
    attributes.messageType = type;
    return attributes;
}

Ranges registered(Name domain_name) {
    const nvtxDomainHandle_t domain = nvtxDomainCreateA(domain_name);
    return {[domain](Name name) {
                auto attributes = attributes_of(NVTX_MESSAGE_TYPE_REGISTERED);
                attributes.message.registered = nvtxDomainRegisterStringA(domain, name);
                nvtxDomainRangePushEx(domain, &attributes);
            },
            [domain] { nvtxDomainRangePop(domain); }};
}

Ranges numbered() {
    static std::string open;
    static nvtxRangeId_t ranges[8];
    static int depth = 0;
    return {[](Name name) { ranges[depth++] = nvtxRangeStartA(name); },
            [] { nvtxRangeEnd(ranges[--depth]); }};
}

void samples(const Ranges& ranges, int count, int steps) {
    for (int sample = 0; sample < count; ++sample)
        in_range(ranges, "generate", [&] { stages(ranges, steps); });
}

void marked(int count, int steps) {
    for (int sample = 0; sample < count; ++sample) {
        nvtxMarkA(("decodemeter {\"vision_tokens\": " + std::to_string(100 + sample) +
                   ", \"text_tokens\": 20}")
                      .c_str());
        if (sample == 1) nvtxMarkA("decodemeter {\"tokens\": 1}");
        samples(ascii(), 1, steps);
    }
    samples(ascii(), 1, steps);
}

void in_threads(int count, int steps) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { samples(ascii(), count, steps); });
    for (std::thread& thread : threads) thread.join();
}

// Sampling and the like, between two passes.
void with_gaps(int count, int steps) {
    for (int sample = 0; sample < count; ++sample) {
        in_range(ascii(), "generate", [&] {
            in_range(ascii(), "prefill", work);
            for (int step = 1; step <= steps; ++step) {
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
                in_range(ascii(), "decode_step", work);
            }
        });
    }
}

// One step of each answer waits for something.
void with_pauses(int count, int steps) {
    for (int sample = 0; sample < count; ++sample) {
        in_range(ascii(), "generate", [&] {
            in_range(ascii(), "prefill", work);
            for (int step = 1; step <= steps; ++step) {
                if (step == 5) std::this_thread::sleep_for(std::chrono::milliseconds(500));
                in_range(ascii(), "decode_step", work);
            }
        });
    }
}

// One range around all requests, as around a conversation.
void in_turns(int count, int steps) {
    in_range(ascii(), "generate", [&] {
        for (int turn = 0; turn < count; ++turn) stages(ascii(), steps);
    });
}

// An exception passes the second step of each other request, and only the outer range is popped:
// NVTX pops the inner one.
void with_exceptions(int count, int steps) {
    for (int sample = 0; sample < count; ++sample) {
        nvtxRangePushA("generate");
        stages(ascii(), sample % 2 == 0 ? steps : 1);
        if (sample % 2 == 1) nvtxRangePushA("decode_step");
        nvtxRangePop();
    }
}

void bare_and_marked(int count, int steps) {
    for (int sample = 0; sample < count; ++sample) {
        nvtxMarkA(
            ("decodemeter {\"vision_tokens\": " + std::to_string(100 + sample) + "}").c_str());
        stages(ascii(), steps);
    }
}

void forked(int count, int steps) {
    samples(ascii(), count, steps);
    if (::fork() == 0) {
        samples(ascii(), 5, steps);
        std::exit(0);
    }
    int status = 0;
    ::wait(&status);
    samples(ascii(), 1, steps);
}

}  // namespace

int main(int argc, char** argv) {
    // As a program that uses CUDA has it before its first range.
    if (const char* const driver = std::getenv("PUSHING_DRIVER");
        driver && !::dlopen(driver, RTLD_NOW))
        return 8;
    const std::string way = argc > 1 ? argv[1] : "";
    const int count = argc > 2 ? std::atoi(argv[2]) : 1;
    const int steps = argc > 3 ? std::atoi(argv[3]) : 1;
    if (way == "ascii") samples(ascii(), count, steps);
    else if (way == "wide") samples(wide(), count, steps);
    else if (way == "registered") samples(registered("a library"), count, steps);
    else if (way == "numbered") samples(numbered(), count, steps);
    else if (way == "marked") marked(count, steps);
    else if (way == "threads") in_threads(count, steps);
    else if (way == "pauses") with_pauses(count, steps);
    else if (way == "gaps") with_gaps(count, steps);
    else if (way == "turns") in_turns(count, steps);
    else if (way == "exceptions") with_exceptions(count, steps);
    else if (way == "bare and marked") bare_and_marked(count, steps);
    else if (way == "forked") forked(count, steps);
    else if (way == "bare")
        for (int sample = 0; sample < count; ++sample) stages(ascii(), steps);
    else if (way == "unknown") in_range(ascii(), "training", work);
    else if (way == "left") {
        samples(ascii(), count, steps);
        nvtxRangePushA("generate");
        stages(ascii(), steps);
        std::exit(0);
    } else if (way == "waiting") {
        samples(ascii(), count, steps);
        std::puts("waiting");
        std::fflush(stdout);
        ::pause();
    } else if (way == "killed") {
        samples(ascii(), count, steps);
        nvtxRangePushA("generate");
        std::abort();
    } else return 9;
    std::puts("the program's own output");
    return 0;
}
