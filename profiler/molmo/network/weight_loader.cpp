#include "profiler/molmo/network/weight_loader.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/sum.h>
#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cmath>

#include "profiler/system/content_hash.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter::molmo {

namespace {

using TensorsByName = std::map<std::string_view, const TensorView*>;

at::ScalarType scalar_type(const TensorView& view, const std::string& origin) {
    switch (view.dtype) {
        case DType::f32:
            return at::kFloat;
        case DType::bf16:
            return at::kBFloat16;
        case DType::f16:
            return at::kHalf;
        case DType::f64:
            return at::kDouble;
        default:
            throw InputError(c10::str(origin, ": ", view.name, " is ",
                                      std::string(to_string(view.dtype)),
                                      "; weights must be F32, BF16, F16 or F64"));
    }
}

// Names are found with and without the "model." that some exports leave out.
const TensorView* take(TensorsByName& tensors, const NamedParameter& parameter) {
    std::vector<std::string> names = {parameter.name};
    names.insert(names.end(), parameter.aliases.begin(), parameter.aliases.end());
    constexpr std::string_view prefix = "model.";
    if (parameter.name.rfind(prefix, 0) == 0) names.push_back(parameter.name.substr(prefix.size()));
    for (const std::string& name : names) {
        const auto found = tensors.find(name);
        if (found == tensors.end()) continue;
        const TensorView* view = found->second;
        tensors.erase(found);
        return view;
    }
    return nullptr;
}

void copy_into(const at::Tensor& target, const TensorView& source, const std::string& origin) {
    const at::ScalarType type = scalar_type(source, origin);
    auto* bytes = const_cast<std::byte*>(source.bytes.data());
    if (reinterpret_cast<std::uintptr_t>(bytes) % c10::elementSize(type) == 0) {
        target.copy_(at::from_blob(bytes, target.sizes(), type));
        return;
    }
    const at::Tensor aligned = at::empty(target.sizes(), type);
    std::copy_n(bytes, source.bytes.size(), static_cast<std::byte*>(aligned.mutable_data_ptr()));
    target.copy_(aligned);
}

// A sum is infinite or NaN where one of its terms is.
bool is_finite(const at::Tensor& weights) {
    return std::isfinite(at::sum(weights, at::kFloat).item<float>());
}

std::string listed(const std::vector<std::string>& faults) {
    constexpr std::size_t shown = 12;
    std::string text;
    for (std::size_t i = 0; i < std::min(faults.size(), shown); ++i)
        text += (i > 0 ? ", " : "") + faults[i];
    return faults.size() > shown ? c10::str(text, " and ", faults.size() - shown, " more") : text;
}

}  // namespace

LoadReport load_parameters(const Checkpoint& checkpoint, const std::string& origin,
                           const Parameters& parameters, const ModelConfig& config,
                           const std::function<void(std::int64_t, std::int64_t)>& progress) {
    TensorsByName tensors = checkpoint.tensors();
    std::vector<std::pair<at::Tensor, const TensorView*>> copies;
    std::vector<std::string> faults;
    std::int64_t total = 0;
    std::int64_t done = 0;
    for (const NamedParameter& parameter : named_parameters(parameters, config)) {
        const TensorView* view = take(tensors, parameter);
        if (!view) {
            faults.push_back("missing " + parameter.name);
        } else if (at::IntArrayRef(view->shape) != parameter.tensor.sizes()) {
            faults.push_back(c10::str(view->name, " is ", describe(view->dtype, view->shape),
                                      ", not ", parameter.tensor.sizes()));
        } else {
            total += static_cast<std::int64_t>(view->bytes.size());
            copies.emplace_back(parameter.tensor, view);
        }
    }
    if (!faults.empty())
        throw InputError(
            c10::str(origin, ": the weights do not fit config.json: ", listed(faults)));
    LoadReport report;
    for (const auto& [target, source] : copies) {
        copy_into(target, *source, origin);
        if (!is_finite(target)) report.not_finite.emplace_back(source->name);
        done += static_cast<std::int64_t>(source->bytes.size());
        if (progress) progress(done, total);
    }
    for (const auto& [name, view] : tensors) {
        if (!is_known_unused(std::string(name), config)) report.unused.emplace_back(name);
    }
    return report;
}

std::string fingerprint(const Checkpoint& checkpoint) {
    ContentHash hash;
    for (const auto& [name, view] : checkpoint.tensors()) {
        hash.add(name);
        hash.add(std::as_bytes(std::span(view->shape)));
        hash.add(view->bytes.first(std::min<std::size_t>(view->bytes.size(), 256)));
    }
    return hash.text();
}

}  // namespace decodemeter::molmo
