#include "profiler/molmo/counted_operations.hpp"

#include <ATen/core/function_schema.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <vector>

namespace decodemeter::molmo {

namespace {

// RecordFunction calls plain functions only.
thread_local int counted_calls = 0;
thread_local std::vector<bool> open_calls;  // for each, whether a call within it was counted

bool returns_a_view(const c10::FunctionSchema& schema) {
    return std::any_of(schema.returns().begin(), schema.returns().end(), [](const auto& returned) {
        return returned.alias_info() && !returned.alias_info()->isWrite();
    });
}

bool computes(const at::RecordFunction& call) {
    const std::string_view name = call.name();
    constexpr std::array<std::string_view, 5> without_work = {"aten::_local_scalar_dense",
                                                              "aten::item", "aten::resize_",
                                                              "aten::set_", "aten::_unsafe_view"};
    if (name.starts_with("aten::empty") ||
        std::ranges::find(without_work, name) != without_work.end())
        return false;
    const auto schema = call.operator_schema();
    return !schema || !returns_a_view(*schema);
}

std::unique_ptr<at::ObserverContext> open_call(const at::RecordFunction&) {
    open_calls.push_back(false);
    return nullptr;
}

void close_call(const at::RecordFunction& call, at::ObserverContext*) {
    if (open_calls.empty()) return;  // opened before the counting began
    const bool counted_within = open_calls.back();
    open_calls.pop_back();
    const bool counts = !counted_within && computes(call);
    counted_calls += counts;
    if ((counts || counted_within) && !open_calls.empty()) open_calls.back() = true;
}

}  // namespace

CountedOperations::CountedOperations()
    : handle_(at::addThreadLocalCallback(at::RecordFunctionCallback(&open_call, &close_call)
                                             .scopes({at::RecordScope::FUNCTION}))) {
    open_calls.clear();
    start_over();
}

int CountedOperations::count() const noexcept { return counted_calls; }
void CountedOperations::start_over() noexcept { counted_calls = 0; }

}  // namespace decodemeter::molmo
