// best_latency_estimator.pt: a torch archive of a dictionary, which Python's
// torch.load(weights_only=True) reads.
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/isfinite.h>
#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/serialization/pickle.h>
#include <torch/csrc/jit/serialization/pickler.h>

#include <cmath>
#include <fstream>
#include <iterator>

#include "estimator/networks/archive_check.hpp"
#include "estimator/networks/positioned_state.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/file_replacement.hpp"

namespace decodemeter {

namespace {

using Dictionary = c10::Dict<c10::IValue, c10::IValue>;

constexpr std::uintmax_t largest_checkpoint_bytes = 512u << 20;
constexpr const char* format_name = "decodemeter positioned latency estimator";

Dictionary new_dictionary() { return Dictionary(c10::StringType::get(), c10::AnyType::get()); }

c10::IValue number_list(const Features& values) {
    const at::Tensor tensor = at::empty({static_cast<std::int64_t>(values.size())}, at::kDouble);
    std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<double>());
    return tensor;
}

// Reads fields of the dictionary, each failure naming the file and the field.
class CheckpointReader {
public:
    CheckpointReader(Dictionary values, std::string file)
        : values_(std::move(values)), file_(std::move(file)) {}

    [[noreturn]] void fail(const std::string& what) const {
        throw InputError(file_ + ": " + what + "; train again, or check that this is a " +
                         std::string(checkpoint_file));
    }

    bool has(const char* name) const { return values_.contains(c10::IValue(name)); }

    c10::IValue at(const char* name) const {
        const c10::IValue key(name);
        if (!has(name)) fail(std::string("has no \"") + name + "\"");
        return values_.at(key);
    }

    std::int64_t integer(const char* name, std::int64_t low, std::int64_t high) const {
        const c10::IValue value = at(name);
        if (!value.isInt() || value.toInt() < low || value.toInt() > high)
            fail(std::string("\"") + name + "\" is not what it can be");
        return value.toInt();
    }

    double positive(const char* name) const {
        const c10::IValue value = at(name);
        if (!value.isDouble() || !std::isfinite(value.toDouble()) || value.toDouble() <= 0)
            fail(std::string("\"") + name + "\" is not a number above 0");
        return value.toDouble();
    }

    bool boolean(const char* name) const {
        const c10::IValue value = at(name);
        if (!value.isBool()) fail(std::string("\"") + name + "\" is neither true nor false");
        return value.toBool();
    }

    std::string text(const char* name) const {
        const c10::IValue value = at(name);
        if (!value.isString()) fail(std::string("\"") + name + "\" is not a text");
        return value.toStringRef();
    }

    at::Tensor tensor(const char* name, at::ScalarType type, at::IntArrayRef shape) const {
        const c10::IValue value = at(name);
        if (!value.isTensor()) fail(std::string("\"") + name + "\" is not a tensor");
        const at::Tensor tensor = value.toTensor();
        const bool fits = tensor.defined() && tensor.layout() == at::kStrided &&
                          tensor.device().is_cpu() && tensor.scalar_type() == type &&
                          tensor.sizes() == shape && tensor.is_contiguous();
        if (!fits)
            fail(std::string("\"") + name + "\" is not a tensor of the size that it should be");
        if (!at::isfinite(tensor).all().item<bool>())
            fail(std::string("\"") + name + "\" is not finite");
        return tensor;
    }

    Features features(const char* name) const {
        const at::Tensor values =
            tensor(name, at::kDouble, {static_cast<std::int64_t>(feature_count)});
        Features features;
        std::copy_n(values.const_data_ptr<double>(), feature_count, features.begin());
        return features;
    }

private:
    Dictionary values_;
    std::string file_;
};

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + '\n';
    return text;
}

std::vector<std::string> separated(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

std::vector<char> read_bytes(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    std::ifstream stream(file, std::ios::binary);
    if (error || !stream)
        throw InputError(file.string() + ": cannot read; give a " + std::string(checkpoint_file));
    if (size > largest_checkpoint_bytes)
        throw InputError(file.string() + ": is too large to be a checkpoint");
    return {std::istreambuf_iterator<char>(stream), {}};
}

// Of a ZIP archive without a comment.
constexpr std::size_t end_record_bytes = 22;

Dictionary read_dictionary(const std::filesystem::path& file) {
    const std::vector<char> bytes = read_bytes(file);
    const auto broken = [&](const std::string& why) {
        return InputError(
            file.string() + ": is no whole checkpoint (" + why.substr(0, why.find('\n')) +
            "); train again, or check that this is a " + std::string(checkpoint_file));
    };
    if (bytes.size() < 4 || std::string_view(bytes.data(), 2) != "PK")
        throw broken("not a torch archive");
    // LibTorch reads past the end of an archive that lost its last bytes.
    if (bytes.size() < end_record_bytes || std::string_view(&bytes[bytes.size() - end_record_bytes],
                                                            4) != std::string_view("PK\5\6", 4))
        throw broken("its end is missing");
    if (const auto fault = archive_fault(file)) throw broken(*fault);
    try {
        const c10::IValue value = torch::jit::pickle_load(bytes);
        if (!value.isGenericDict()) throw broken("holds no dictionary");
        return value.toGenericDict();
    } catch (const InputError&) {
        throw;
    } catch (const c10::Error& error) {
        throw broken(error.what_without_backtrace());
    } catch (const std::exception& error) {
        throw broken(error.what());
    }
}

// As torch.save writes it. LibTorch's own pickle_save tags each dictionary with its type through a
// function that torch.load(weights_only=True) does not allow. The archive is made in memory: its
// writer ends the program from its destructor when a write has failed.
std::string archive_of(const Dictionary& values) {
    std::string bytes;
    caffe2::serialize::PyTorchStreamWriter archive([&](const void* data, std::size_t size) {
        bytes.append(static_cast<const char*>(data), size);
        return size;
    });
    std::string pickled;
    std::size_t tensors = 0;
    torch::jit::Pickler pickler(
        [&](const char* data, std::size_t size) { pickled.append(data, size); }, nullptr, nullptr,
        nullptr, [&](const at::Tensor&) { return std::to_string(tensors++); },
        /*tag_aggregates=*/false);
    pickler.protocol();
    pickler.pushIValue(values);
    pickler.stop();
    std::size_t index = 0;
    for (const at::Tensor& tensor : pickler.tensorData())
        archive.writeRecord("data/" + std::to_string(index++), tensor.const_data_ptr(),
                            tensor.nbytes());
    archive.writeRecord("data.pkl", pickled.data(), pickled.size());
    archive.writeEndOfFile();
    return bytes;
}

}  // namespace

void PositionedEstimator::save(const std::filesystem::path& file,
                               const CheckpointOrigin& origin) const {
    const State& state = *state_;
    Dictionary values = new_dictionary();
    const auto put = [&](const char* name, c10::IValue value) {
        values.insert(c10::IValue(name), std::move(value));
    };
    put("format", format_name);
    put("version", checkpoint_version);
    put("hidden", static_cast<std::int64_t>(state.options.hidden));
    put("published", state.options.published);
    put("feature_mean", number_list(state.scales.normalizer.mean));
    put("feature_deviation", number_list(state.scales.normalizer.deviation));
    put("prefill_scale_ms", state.scales.prefill_ms);
    put("step_scale_ms", state.scales.step_ms);
    put("records_hash", origin.records_hash);
    put("model_sha256", origin.model_sha256);
    put("device", origin.device);
    put("synthetic", origin.synthetic);
    put("held_out_keys", joined(origin.held_out_keys));
    put("seed", static_cast<std::int64_t>(state.options.seed));
    const Parameters& parameters = state.net.parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i)
        put(parameters.name(i).c_str(), parameters.get(i).value.cpu().clone());

    write_output_file(file, archive_of(values));
}

PositionedEstimator PositionedEstimator::load(const std::filesystem::path& file) {
    const CheckpointReader reader(read_dictionary(file), file.string());
    if (reader.text("format") != format_name) reader.fail("is another kind of checkpoint");
    if (const auto version = reader.integer("version", 0, 1 << 20); version != checkpoint_version) {
        throw InputError(file.string() + ": has version " + std::to_string(version) +
                         ", this program reads version " + std::to_string(checkpoint_version) +
                         "; train again with it");
    }
    TrainingOptions options;
    options.hidden = static_cast<int>(reader.integer("hidden", 4, 4096));
    if (options.hidden % 4 != 0) reader.fail("\"hidden\" is not a multiple of 4");
    options.published = reader.boolean("published");
    options.seed = static_cast<std::uint64_t>(reader.integer("seed", INT64_MIN, INT64_MAX));
    TrainingScales scales;
    scales.normalizer = {reader.features("feature_mean"), reader.features("feature_deviation")};
    for (const double deviation : scales.normalizer.deviation)
        if (deviation <= 0) reader.fail("\"feature_deviation\" is not above 0");
    scales.prefill_ms = reader.positive("prefill_scale_ms");
    scales.step_ms = reader.positive("step_scale_ms");
    auto state = std::make_unique<State>(
        State{options,
              scales,
              PositionedNet({options.hidden, options.published}, at::Device(at::kCPU)),
              {}});
    state->origin = {reader.text("records_hash"), reader.text("device"),
                     reader.boolean("synthetic"), separated(reader.text("held_out_keys")),
                     reader.has("model_sha256") ? reader.text("model_sha256") : ""};
    const Parameters& parameters = state->net.parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const at::Tensor value = parameters.get(i).value;
        value.copy_(reader.tensor(parameters.name(i).c_str(), at::kFloat, value.sizes()));
    }
    return PositionedEstimator(std::move(state));
}

}  // namespace decodemeter
