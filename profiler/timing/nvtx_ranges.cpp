#include "profiler/timing/nvtx_ranges.hpp"

#include <nvtx3/nvToolsExt.h>

namespace decodemeter {

// The domain lives as long as the process, as tools expect.
NvtxSink::NvtxSink() {
    const nvtxDomainHandle_t domain = nvtxDomainCreateA("decodemeter");
    domain_ = domain;
    for (std::size_t i = 0; i < stage_count; ++i)
        names_[i] = nvtxDomainRegisterStringA(domain, stage_names[i].data());
}

void NvtxSink::push(Stage stage, int step) noexcept {
    nvtxEventAttributes_t attributes{};
    attributes.version = NVTX_VERSION;
    attributes.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
    attributes.category = static_cast<std::uint32_t>(stage) + 1;
    attributes.payloadType = NVTX_PAYLOAD_TYPE_INT64;
    attributes.payload.llValue = step;
    attributes.messageType = NVTX_MESSAGE_TYPE_REGISTERED;
    attributes.message.registered =
        static_cast<nvtxStringHandle_t>(names_[static_cast<std::size_t>(stage)]);
    nvtxDomainRangePushEx(static_cast<nvtxDomainHandle_t>(domain_), &attributes);
}

void NvtxSink::pop() noexcept { nvtxDomainRangePop(static_cast<nvtxDomainHandle_t>(domain_)); }

bool NvtxSink::built() noexcept { return true; }

}  // namespace decodemeter
