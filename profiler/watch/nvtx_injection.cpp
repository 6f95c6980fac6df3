// The library that NVTX loads into a watched program: NVTX_INJECTION64_PATH names it, `decodemeter
// watch` sets that. Every copy of NVTX in the process calls InitializeInjectionNvtx2 on its first
// use, and from then on our functions.
#include <nvtx3/nvToolsExt.h>

#include <string>
#include <string_view>

#include "profiler/watch/watched_process.hpp"

namespace decodemeter {

namespace {

static_assert(not_watched == NVTX_NO_PUSH_POP_TRACKING);

// Names of ranges that are read are ASCII.
std::string narrow(const wchar_t* text) {
    std::string narrowed;
    for (; text && *text; ++text) narrowed += *text < 128 ? static_cast<char>(*text) : '?';
    return narrowed;
}

// Calls `use` with the text, and gives its answer.
template <class Use>
auto with_text(const char* text, const Use& use) {
    return use(std::string_view(text ? text : ""));
}

template <class Use>
auto with_text(const wchar_t* text, const Use& use) {
    return use(std::string_view(narrow(text)));
}

template <class Use>
auto with_text(const nvtxEventAttributes_t* attributes, const Use& use) {
    if (!attributes) return use(std::string_view());
    const nvtxMessageValue_t& message = attributes->message;
    switch (attributes->messageType) {
        case NVTX_MESSAGE_TYPE_ASCII:
            return with_text(message.ascii, use);
        case NVTX_MESSAGE_TYPE_UNICODE:
            return with_text(message.unicode, use);
        case NVTX_MESSAGE_TYPE_REGISTERED:
            if (message.registered)
                return use(
                    std::string_view(*reinterpret_cast<const std::string*>(message.registered)));
            [[fallthrough]];
        default:
            return use(std::string_view());
    }
}

RangeDomain number_of(nvtxDomainHandle_t domain) {
    return reinterpret_cast<std::uintptr_t>(domain);
}

// NVTX's own functions, by the types that it calls them with.
template <class Text>
int NVTX_API push_in(nvtxDomainHandle_t domain, const Text* text) noexcept {
    return with_text(text,
                     [&](std::string_view name) { return push_range(number_of(domain), name); });
}
template <class Text>
int NVTX_API push(const Text* text) noexcept {
    return push_in(nullptr, text);
}
int NVTX_API pop_in(nvtxDomainHandle_t domain) noexcept { return pop_range(number_of(domain)); }
int NVTX_API pop() noexcept { return pop_range(0); }

template <class Text>
nvtxRangeId_t NVTX_API start_in(nvtxDomainHandle_t domain, const Text* text) noexcept {
    return with_text(text,
                     [&](std::string_view name) { return start_range(number_of(domain), name); });
}
template <class Text>
nvtxRangeId_t NVTX_API start(const Text* text) noexcept {
    return start_in(nullptr, text);
}
void NVTX_API end_in(nvtxDomainHandle_t, nvtxRangeId_t range) noexcept { end_range(range); }
void NVTX_API end(nvtxRangeId_t range) noexcept { end_range(range); }

template <class Text>
void NVTX_API mark(const Text* text) noexcept {
    with_text(text, [](std::string_view message) { set_mark(message); });
}
void NVTX_API mark_in(nvtxDomainHandle_t, const nvtxEventAttributes_t* attributes) noexcept {
    mark(attributes);
}

const std::string* registered(std::string_view text) { return registered_string(text); }

// The handle of a domain is where its name is kept, so that one name has one.
template <class Text>
nvtxDomainHandle_t NVTX_API create_domain(const Text* text) noexcept {
    return reinterpret_cast<nvtxDomainHandle_t>(
        const_cast<std::string*>(with_text(text, registered)));
}
template <class Text>
nvtxStringHandle_t NVTX_API register_string(nvtxDomainHandle_t, const Text* text) noexcept {
    return reinterpret_cast<nvtxStringHandle_t>(
        const_cast<std::string*>(with_text(text, registered)));
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
    using Attributes = nvtxEventAttributes_t;
    return fill(callbacks, NVTX_CB_MODULE_CORE,
                {replace(NVTX_CBID_CORE_RangePushEx, push<Attributes>),
                 replace(NVTX_CBID_CORE_RangePushA, push<char>),
                 replace(NVTX_CBID_CORE_RangePushW, push<wchar_t>),
                 replace(NVTX_CBID_CORE_RangePop, pop),
                 replace(NVTX_CBID_CORE_RangeStartEx, start<Attributes>),
                 replace(NVTX_CBID_CORE_RangeStartA, start<char>),
                 replace(NVTX_CBID_CORE_RangeStartW, start<wchar_t>),
                 replace(NVTX_CBID_CORE_RangeEnd, end),
                 replace(NVTX_CBID_CORE_MarkEx, mark<Attributes>),
                 replace(NVTX_CBID_CORE_MarkA, mark<char>),
                 replace(NVTX_CBID_CORE_MarkW, mark<wchar_t>)}) &&
           fill(callbacks, NVTX_CB_MODULE_CORE2,
                {replace(NVTX_CBID_CORE2_DomainRangePushEx, push_in<Attributes>),
                 replace(NVTX_CBID_CORE2_DomainRangePop, pop_in),
                 replace(NVTX_CBID_CORE2_DomainRangeStartEx, start_in<Attributes>),
                 replace(NVTX_CBID_CORE2_DomainRangeEnd, end_in),
                 replace(NVTX_CBID_CORE2_DomainMarkEx, mark_in),
                 replace(NVTX_CBID_CORE2_DomainCreateA, create_domain<char>),
                 replace(NVTX_CBID_CORE2_DomainCreateW, create_domain<wchar_t>),
                 replace(NVTX_CBID_CORE2_DomainRegisterStringA, register_string<char>),
                 replace(NVTX_CBID_CORE2_DomainRegisterStringW, register_string<wchar_t>)});
}

}  // namespace

}  // namespace decodemeter

extern "C" __attribute__((visibility("default"))) int InitializeInjectionNvtx2(
    NvtxGetExportTableFunc_t export_table) {
    if (!decodemeter::watch_from_now_on()) return 0;
    const auto* const callbacks =
        static_cast<const NvtxExportTableCallbacks*>(export_table(NVTX_ETID_CALLBACKS));
    return callbacks && decodemeter::fill_tables(*callbacks);
}
