#include "profiler/timing/tracing/cupti_library.hpp"
#include "profiler/timing/tracing/cupti_session.hpp"

namespace decodemeter {

namespace {

constexpr const char* not_built = "built without CUPTI; scripts/setup --cuda installs it";

}  // namespace

struct CuptiSession::State {};

CuptiLibrary find_cupti() { return {"", not_built}; }

CuptiSession::CuptiSession(const CuptiOptions&) : refused_(not_built) {}
CuptiSession::CuptiSession(const CuptiOptions& options, const CuptiFunctions&, Nanoseconds (*)())
    : CuptiSession(options) {}
CuptiSession::~CuptiSession() = default;

StageObserver& CuptiSession::observer() noexcept { return nobody_; }

bool CuptiSession::begin_pass() { return false; }
CuptiPass CuptiSession::end_pass() { return {}; }

}  // namespace decodemeter
