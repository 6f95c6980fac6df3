#include "profiler/timing/tracing/cupti_session.hpp"

namespace decodemeter {

struct CuptiSession::State {};

CuptiSession::CuptiSession(const CuptiOptions&)
    : refused_("built without CUPTI; scripts/setup --cuda installs it") {}
CuptiSession::CuptiSession(const CuptiOptions& options, const CuptiFunctions&, Nanoseconds (*)())
    : CuptiSession(options) {}
CuptiSession::~CuptiSession() = default;

StageObserver& CuptiSession::observer() noexcept { return nobody_; }

bool CuptiSession::begin_pass() { return false; }
CuptiPass CuptiSession::end_pass() { return {}; }

}  // namespace decodemeter
