#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "profiler/audit/report/audit_tables.hpp"
#include "profiler/audit/steps/slow_step_places.hpp"

namespace decodemeter {

// None where no step is slow.
std::optional<AuditSection> slow_step_section(const SlowStepAudit& slow);

nlohmann::ordered_json slow_steps_json(const SlowStepAudit& slow);

}  // namespace decodemeter
