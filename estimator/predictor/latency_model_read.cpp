#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "estimator/predictor/latency_model.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/library_message.hpp"

namespace decodemeter {

namespace {

using Json = nlohmann::ordered_json;

constexpr int deepest_nesting = 16;
constexpr std::uintmax_t largest_file_bytes = 256u << 20;
constexpr std::size_t most_layers = 8;
constexpr double largest_factor = 1000;
constexpr double huge = 1e30;

// A place in the document: every message names the file and the field.
class Cursor {
public:
    Cursor(const Json& json, std::string place) : json_(json), place_(std::move(place)) {}

    [[noreturn]] void fail(const std::string& what) const {
        throw InputError(place_ + ": " + what + "; train again, or check that this is a " +
                         std::string(latency_model_file));
    }

    Cursor at(const char* field) const {
        if (!json_.is_object() || !json_.contains(field))
            fail(std::string("has no \"") + field + "\"");
        return {json_.at(field), place_ + "." + field};
    }
    bool has(const char* field) const { return json_.is_object() && json_.contains(field); }

    bool is_null() const { return json_.is_null(); }

    double number() const {
        if (!json_.is_number()) fail("is not a number");
        const double value = json_.get<double>();
        if (!std::isfinite(value)) fail("is not finite");
        return value;
    }

    double number_from(double low, double high) const {
        const double value = number();
        if (value < low || value > high)
            fail("is " + std::to_string(value) + ", outside what it can be");
        return value;
    }

    std::int64_t integer_from(std::int64_t low, std::int64_t high) const {
        if (!json_.is_number_integer()) fail("is not a whole number");
        const auto value = json_.get<std::int64_t>();
        if (value < low || value > high)
            fail("is " + std::to_string(value) + ", outside what it can be");
        return value;
    }

    std::uint64_t unsigned_integer() const {
        if (!json_.is_number_unsigned()) fail("is not a whole number");
        return json_.get<std::uint64_t>();
    }

    bool boolean() const {
        if (!json_.is_boolean()) fail("is neither true nor false");
        return json_.get<bool>();
    }

    std::string text() const {
        if (!json_.is_string()) fail("is not a text");
        return json_.get<std::string>();
    }

    template <class Read>
    auto list(std::size_t most, const Read& read) const {
        if (!json_.is_array() || json_.size() > most)
            fail("is not a list of at most " + std::to_string(most));
        std::vector<decltype(read(*this))> items;
        items.reserve(json_.size());
        for (std::size_t i = 0; i < json_.size(); ++i) {
            items.push_back(read(Cursor(json_[i], place_ + "[" + std::to_string(i) + "]")));
        }
        return items;
    }

    std::vector<double> numbers(std::size_t count, double low, double high) const {
        if (!json_.is_array() || json_.size() != count)
            fail("is not a list of " + std::to_string(count));
        std::vector<double> values;
        values.reserve(count);
        for (const Json& item : json_) {
            if (!item.is_number()) fail("holds something that is not a number");
            values.push_back(item.get<double>());
            if (!(values.back() >= low && values.back() <= high))
                fail("holds a number outside what it can be");
        }
        return values;
    }

    template <std::size_t n>
    std::array<double, n> array(double low, double high) const {
        const std::vector<double> values = numbers(n, low, high);
        std::array<double, n> result;
        std::copy(values.begin(), values.end(), result.begin());
        return result;
    }

private:
    const Json& json_;
    std::string place_;
};

DenseLayer read_layer(const Cursor& cursor) {
    DenseLayer layer;
    layer.inputs = static_cast<int>(cursor.at("inputs").integer_from(1, widest_layer));
    layer.outputs = static_cast<int>(cursor.at("outputs").integer_from(1, widest_layer));
    const std::string activation = cursor.at("activation").text();
    if (activation == "tanh") layer.activation = DenseActivation::tanh;
    else if (activation == "silu") layer.activation = DenseActivation::silu;
    else if (activation != "identity")
        cursor.at("activation").fail("is unknown: " + activation.substr(0, 40));
    layer.weight = cursor.at("weight").numbers(
        static_cast<std::size_t>(layer.inputs) * layer.outputs, -huge, huge);
    layer.bias = cursor.at("bias").numbers(layer.outputs, -huge, huge);
    return layer;
}

DenseNetwork read_network(const Cursor& cursor) {
    DenseNetwork network;
    network.normalizer.mean = cursor.at("normaliser").at("mean").array<feature_count>(-huge, huge);
    network.normalizer.deviation =
        cursor.at("normaliser").at("deviation").array<feature_count>(1e-12, huge);
    network.layers = cursor.at("layers").list(most_layers, read_layer);
    int width = static_cast<int>(feature_count);
    for (const DenseLayer& layer : network.layers) {
        if (layer.inputs != width) cursor.fail("has layers that do not fit each other");
        width = layer.outputs;
    }
    return network;
}

BoundFactors read_factors(const Cursor& cursor) {
    return {cursor.at("p90").number_from(0, largest_factor),
            cursor.at("p95").number_from(0, largest_factor),
            cursor.at("p99").number_from(0, largest_factor)};
}

std::array<BoundFactors, bound_bins> read_binned(const Cursor& cursor) {
    std::array<BoundFactors, bound_bins> bins;
    for (std::size_t i = 0; i < bound_bins; ++i)
        bins[i] = read_factors(cursor.at(bound_bin_names[i].data()));
    return bins;
}

Bounds read_bounds(const Cursor& cursor) {
    const Cursor hierarchical = cursor.at("hierarchical");
    Bounds bounds{read_factors(cursor.at("prefill")), read_binned(cursor.at("decode_total_by_n")),
                  read_binned(cursor.at("total_by_n")),
                  hierarchical.is_null()
                      ? std::nullopt
                      : std::optional(hierarchical.number_from(0, largest_factor))};
    if (cursor.has("calibrated")) bounds.calibrated = cursor.at("calibrated").boolean();
    return bounds;
}

ConfigurationCost read_cost(const Cursor& cursor) {
    return {static_cast<int>(cursor.at("tier_idx").integer_from(0, 2)),
            static_cast<int>(cursor.at("top_k").integer_from(0, 1 << 20)),
            static_cast<int>(cursor.at("num_active_blocks").integer_from(1, 1 << 20)),
            cursor.at("step_ms").number_from(0, huge),
            cursor.at("prefill_ms").number_from(0, huge),
            static_cast<int>(cursor.at("vision_tokens").integer_from(0, 1 << 24)),
            cursor.at("records").integer_from(0, std::int64_t{1} << 50)};
}

TaskLengths read_lengths(const Cursor& cursor) {
    TaskLengths task;
    task.task = cursor.at("task").text();
    task.records = cursor.at("records").integer_from(0, std::int64_t{1} << 50);
    task.mean_tokens = cursor.at("mean_tokens").number_from(0, huge);
    task.p95_tokens = static_cast<int>(cursor.at("p95_tokens").integer_from(0, 1 << 24));
    task.p99_tokens = static_cast<int>(cursor.at("p99_tokens").integer_from(0, 1 << 24));
    task.survival = cursor.at("survival").list(1 << 20, [](const Cursor& item) {
        return item.number_from(0, 1);
    });
    return task;
}

FeatureRanges read_ranges(const Cursor& cursor) {
    FeatureRanges ranges;
    for (std::size_t i = 0; i < range_count; ++i) {
        const auto pair =
            cursor.at(to_string(static_cast<Feature>(i + 1)).data()).array<2>(-huge, huge);
        ranges[i] = {pair[0], pair[1]};
    }
    return ranges;
}

Provenance read_provenance(const Cursor& cursor) {
    const auto texts = [](const Cursor& item) { return item.text(); };
    Provenance provenance;
    provenance.device = cursor.at("device").text();
    provenance.model = cursor.at("model").text();
    provenance.records_hash = cursor.at("records_hash").text();
    provenance.decodemeter = cursor.at("decodemeter").text();
    provenance.records = cursor.at("records").integer_from(0, std::int64_t{1} << 50);
    provenance.seed = cursor.at("seed").unsigned_integer();
    provenance.synthetic = cursor.at("synthetic").boolean();
    provenance.datasets = cursor.at("datasets").list(1 << 16, texts);
    if (cursor.has("mixed")) provenance.mixed = cursor.at("mixed").list(1 << 16, texts);
    if (cursor.has("checkpoint_sha256"))
        provenance.checkpoint_sha256 = cursor.at("checkpoint_sha256").text();
    provenance.held_out_keys = cursor.at("held_out_keys").list(1 << 26, texts);
    provenance.training_records = cursor.at("fitted_records").list(1 << 26, [](const Cursor& item) {
        return static_cast<std::uint32_t>(item.integer_from(0, UINT32_MAX));
    });
    return provenance;
}

Json parse_json(std::string_view text, const std::string& origin) {
    const auto shallow = [&](int depth, Json::parse_event_t, Json&) {
        if (depth > deepest_nesting)
            throw InputError(origin + ": nested too deeply to be a latency estimator");
        return true;
    };
    try {
        return Json::parse(text, shallow);
    } catch (const Json::exception& error) {
        throw InputError(origin + ": is no whole JSON document (" + library_message(error.what()) +
                         "); train again, or copy the file again");
    }
}

template <std::size_t n>
std::array<KnobCost, n> read_curves(const Cursor& cursor,
                                    const std::array<std::string_view, n>& names) {
    std::array<KnobCost, n> costs;
    for (std::size_t i = 0; i < n; ++i)
        costs[i] = cursor.at(names[i].data()).template array<knob_terms>(0, huge);
    return costs;
}

ConfigurationLevel read_level(const Cursor& cursor) {
    return {static_cast<int>(cursor.at("tier_idx").integer_from(0, 2)),
            static_cast<int>(cursor.at("top_k").integer_from(0, 1 << 20)),
            static_cast<int>(cursor.at("num_active_blocks").integer_from(1, 1 << 20)),
            cursor.at("decode").number_from(0, largest_factor),
            cursor.at("prefill").number_from(0, largest_factor)};
}

PhysicsModel read_physics_model(const Cursor& root) {
    const Cursor physics = root.at("physics");
    const Cursor residual = root.at("residual");
    const Physics curves{read_curves(physics.at("decode_step"), decode_curve_names),
                         read_curves(physics.at("prefill"), prefill_curve_names)};
    Residual correction{read_network(residual.at("network")), residual.at("decode").boolean(),
                        residual.at("prefill").boolean()};
    if ((correction.decode || correction.prefill) && correction.network.empty())
        residual.fail("is in use but has no layers");
    return make_physics_model(curves, std::move(correction),
                              root.at("levels").list(1 << 20, read_level));
}

LatencyModel read_model(const Cursor& root) {
    LatencyModel model;
    model.provenance = read_provenance(root.at("provenance"));
    model.physics = read_physics_model(root);
    model.average.scale_ms = root.at("average").at("scale_ms").array<2>(0, huge);
    model.average.network = read_network(root.at("average").at("network"));
    model.table.costs = root.at("constant_per_config").list(1 << 20, read_cost);
    model.bounds = read_bounds(root.at("bounds"));
    model.ranges = read_ranges(root.at("ranges"));
    for (std::size_t tier = 0; tier < tier_names.size(); ++tier) {
        const Cursor ranges = root.at("ranges_by_tier").at(tier_names[tier].data());
        if (!ranges.is_null()) model.tier_ranges[tier] = read_ranges(ranges);
    }
    if (const Cursor found = root.at("length_confounding"); !found.is_null())
        model.length_confounding = {found.at("knob").text(),
                                    found.at("explained_share").number_from(0, 1)};
    model.lengths = root.at("output_lengths").list(1 << 12, read_lengths);
    return model;
}

}  // namespace

LatencyModel parse_latency_model(std::string_view text, std::string_view origin) {
    const std::string name(origin);
    const Json json = parse_json(text, name);
    const Cursor root(json, name);
    if (root.at("format").text() != "decodemeter latency estimator")
        root.fail("is not a latency estimator");
    const std::int64_t version = root.at("version").integer_from(0, 1 << 20);
    if (version != latency_model_version) {
        throw InputError(name + ": has version " + std::to_string(version) +
                         ", this program reads version " + std::to_string(latency_model_version) +
                         "; train again with it");
    }
    return read_model(root);
}

LatencyModel read_latency_model(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    std::ifstream stream(file, std::ios::binary);
    if (error || !stream)
        throw InputError(file.string() + ": cannot read; give a " +
                         std::string(latency_model_file));
    if (size > largest_file_bytes)
        throw InputError(file.string() + ": is too large to be a latency estimator");
    std::ostringstream text;
    text << stream.rdbuf();
    return parse_latency_model(text.str(), file.string());
}

}  // namespace decodemeter
