// The library that NVTX loads into a watched program: NVTX_INJECTION64_PATH names it, `decodemeter watch` sets that.
// Every copy of NVTX in the process calls InitializeInjectionNvtx2 on its first use, and from then on our functions.
#include <nvtx3/nvToolsExt.h>
#include <pthread.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <string>

#include "profiler/error/error.hpp"
#include "profiler/watch/watched_run.hpp"

namespace decodemeter {

namespace {

struct Injected {
    explicit Injected(WatchSettings settings) : run(std::move(settings)) {}

    std::mutex mutex;
    WatchedRun run;
    std::map<std::string, std::uint64_t> domains;
    std::deque<std::string> registered;
    nvtxRangeId_t last_range = 0;
    std::map<RangeLane, int> depths;
};

// NVTX's functions carry no pointer of ours. Null: nothing is watched, or no longer. Never freed: the program may push
// ranges until its very end.
std::atomic<Injected*> injected{nullptr};

void stop_watching(const char* reason) {
    injected = nullptr;
    std::fprintf(stderr, "decodemeter watch: %s; no longer watching\n", reason);
}

// The program must not notice us: no exception leaves, and after one nothing is watched.
template <class Work>
void guarded(const Work& work) noexcept {
    Injected* const in = injected;
    if (!in) return;
    const std::lock_guard lock(in->mutex);
    try {
        work(*in);
    } catch (const std::exception& error) {
        stop_watching(error.what());
    }
}

std::uint64_t this_thread() {
    thread_local const char here = 0;
    return reinterpret_cast<std::uintptr_t>(&here);
}

RangeLane lane_of(nvtxDomainHandle_t domain) { return {this_thread(), reinterpret_cast<std::uintptr_t>(domain)}; }

// Names of ranges that are read are ASCII.
std::string narrow(const wchar_t* text) {
    std::string narrowed;
    for (; text && *text; ++text) narrowed += *text < 128 ? static_cast<char>(*text) : '?';
    return narrowed;
}

std::string text_of(const nvtxEventAttributes_t* attributes) {
    if (!attributes) return {};
    const nvtxMessageValue_t& message = attributes->message;
    switch (attributes->messageType) {
        case NVTX_MESSAGE_TYPE_ASCII:
            return message.ascii ? message.ascii : "";
        case NVTX_MESSAGE_TYPE_UNICODE:
            return narrow(message.unicode);
        case NVTX_MESSAGE_TYPE_REGISTERED:
            return message.registered ? *reinterpret_cast<const std::string*>(message.registered) : std::string();
        default:
            return {};
    }
}

int push(nvtxDomainHandle_t domain, const std::string& name) {
    int depth = 0;
    guarded([&](Injected& in) {
        const RangeLane lane = lane_of(domain);
        in.run.ranges().push(lane, name);
        depth = in.depths[lane]++;
    });
    return depth;
}

int pop(nvtxDomainHandle_t domain) {
    int depth = 0;
    guarded([&](Injected& in) {
        const RangeLane lane = lane_of(domain);
        in.run.ranges().pop(lane);
        depth = --in.depths[lane];
    });
    return depth;
}

nvtxRangeId_t start(nvtxDomainHandle_t domain, const std::string& name) {
    nvtxRangeId_t range = 0;
    guarded([&](Injected& in) { in.run.ranges().start(range = ++in.last_range, lane_of(domain), name); });
    return range;
}

void end(nvtxRangeId_t range) {
    guarded([&](Injected& in) { in.run.ranges().end(range); });
}

void mark(const std::string& message) {
    guarded([&](Injected& in) {
        try {
            in.run.mark(message);
        } catch (const InputError& error) {
            std::fprintf(stderr, "decodemeter watch: %s\n", error.what());
        }
    });
}

nvtxDomainHandle_t create_domain(const std::string& name) {
    std::uint64_t number = 0;
    guarded([&](Injected& in) {
        number = in.domains.try_emplace(name, in.domains.size() + 1).first->second;
        if (name == "decodemeter") in.run.ranges().set_own_domain(number);
    });
    return reinterpret_cast<nvtxDomainHandle_t>(number);
}

nvtxStringHandle_t register_string(const std::string& text) {
    const std::string* registered = nullptr;
    guarded([&](Injected& in) { registered = &in.registered.emplace_back(text); });
    return reinterpret_cast<nvtxStringHandle_t>(const_cast<std::string*>(registered));
}

// NVTX's own functions, by the types that it calls them with.
int NVTX_API push_ex(const nvtxEventAttributes_t* attributes) { return push(nullptr, text_of(attributes)); }
int NVTX_API push_ascii(const char* name) { return push(nullptr, name ? name : ""); }
int NVTX_API push_wide(const wchar_t* name) { return push(nullptr, narrow(name)); }
int NVTX_API pop_default() { return pop(nullptr); }
nvtxRangeId_t NVTX_API start_ex(const nvtxEventAttributes_t* attributes) { return start(nullptr, text_of(attributes)); }
nvtxRangeId_t NVTX_API start_ascii(const char* name) { return start(nullptr, name ? name : ""); }
nvtxRangeId_t NVTX_API start_wide(const wchar_t* name) { return start(nullptr, narrow(name)); }
void NVTX_API end_default(nvtxRangeId_t range) { end(range); }
void NVTX_API mark_ex(const nvtxEventAttributes_t* attributes) { mark(text_of(attributes)); }
void NVTX_API mark_ascii(const char* message) { mark(message ? message : ""); }
void NVTX_API mark_wide(const wchar_t* message) { mark(narrow(message)); }

int NVTX_API push_in(nvtxDomainHandle_t domain, const nvtxEventAttributes_t* attributes) {
    return push(domain, text_of(attributes));
}
nvtxRangeId_t NVTX_API start_in(nvtxDomainHandle_t domain, const nvtxEventAttributes_t* attributes) {
    return start(domain, text_of(attributes));
}
void NVTX_API end_in(nvtxDomainHandle_t, nvtxRangeId_t range) { end(range); }
void NVTX_API mark_in(nvtxDomainHandle_t, const nvtxEventAttributes_t* attributes) { mark(text_of(attributes)); }
nvtxDomainHandle_t NVTX_API create_ascii(const char* name) { return create_domain(name ? name : ""); }
nvtxDomainHandle_t NVTX_API create_wide(const wchar_t* name) { return create_domain(narrow(name)); }
nvtxStringHandle_t NVTX_API register_ascii(nvtxDomainHandle_t, const char* text) {
    return register_string(text ? text : "");
}
nvtxStringHandle_t NVTX_API register_wide(nvtxDomainHandle_t, const wchar_t* text) {
    return register_string(narrow(text));
}

struct Replacement {
    unsigned index;
    NvtxFunctionPointer function;
};

template <class Function>
Replacement replace(unsigned index, Function* function) {
    return {index, reinterpret_cast<NvtxFunctionPointer>(function)};
}

bool fill(const NvtxExportTableCallbacks& callbacks, NvtxCallbackModule module,
          std::initializer_list<Replacement> ours) {
    NvtxFunctionTable table = nullptr;
    unsigned size = 0;
    if (!callbacks.GetModuleFunctionTable(module, &table, &size) || !table) return false;
    for (const Replacement& replacement : ours) {
        if (replacement.index < size) *table[replacement.index] = replacement.function;
    }
    return true;
}

bool fill_tables(const NvtxExportTableCallbacks& callbacks) {
    return fill(callbacks, NVTX_CB_MODULE_CORE,
                {replace(NVTX_CBID_CORE_RangePushEx, push_ex), replace(NVTX_CBID_CORE_RangePushA, push_ascii),
                 replace(NVTX_CBID_CORE_RangePushW, push_wide), replace(NVTX_CBID_CORE_RangePop, pop_default),
                 replace(NVTX_CBID_CORE_RangeStartEx, start_ex), replace(NVTX_CBID_CORE_RangeStartA, start_ascii),
                 replace(NVTX_CBID_CORE_RangeStartW, start_wide), replace(NVTX_CBID_CORE_RangeEnd, end_default),
                 replace(NVTX_CBID_CORE_MarkEx, mark_ex), replace(NVTX_CBID_CORE_MarkA, mark_ascii),
                 replace(NVTX_CBID_CORE_MarkW, mark_wide)}) &&
           fill(callbacks, NVTX_CB_MODULE_CORE2,
                {replace(NVTX_CBID_CORE2_DomainRangePushEx, push_in), replace(NVTX_CBID_CORE2_DomainRangePop, pop),
                 replace(NVTX_CBID_CORE2_DomainRangeStartEx, start_in), replace(NVTX_CBID_CORE2_DomainRangeEnd, end_in),
                 replace(NVTX_CBID_CORE2_DomainMarkEx, mark_in), replace(NVTX_CBID_CORE2_DomainCreateA, create_ascii),
                 replace(NVTX_CBID_CORE2_DomainCreateW, create_wide),
                 replace(NVTX_CBID_CORE2_DomainRegisterStringA, register_ascii),
                 replace(NVTX_CBID_CORE2_DomainRegisterStringW, register_wide)});
}

// Several copies of NVTX may come at once.
void watch_from_now_on() {
    static const bool once = [] {
        const char* const settings = std::getenv(watch_settings_variable);
        if (!settings) {
            stop_watching("this library is loaded by `decodemeter watch -- PROGRAM`");
            return false;
        }
        try {
            injected = new Injected(parse_watch_settings(settings));
        } catch (const std::exception& error) {
            stop_watching(error.what());
            return false;
        }
        std::atexit([] { guarded([](Injected& in) { in.run.finish(); }); });
        // A forked child has our memory but not our lock on the results, nor the threads that fill it.
        pthread_atfork(nullptr, nullptr, [] { injected = nullptr; });
        return true;
    }();
    static_cast<void>(once);
}

}  // namespace

}  // namespace decodemeter

extern "C" __attribute__((visibility("default"))) int InitializeInjectionNvtx2(NvtxGetExportTableFunc_t export_table) {
    decodemeter::watch_from_now_on();
    if (!decodemeter::injected) return 0;
    const auto* const callbacks = static_cast<const NvtxExportTableCallbacks*>(export_table(NVTX_ETID_CALLBACKS));
    return callbacks && decodemeter::fill_tables(*callbacks);
}
