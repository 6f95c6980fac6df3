#include "tests/molmo/stand_in_device.hpp"

#include <ATen/EmptyTensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <sys/mman.h>
#include <torch/library.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace c10::impl {
C10_REGISTER_GUARD_IMPL(PrivateUse1, NoOpDeviceGuardImpl<DeviceType::PrivateUse1>)
}  // namespace c10::impl

namespace decodemeter::test {

namespace stand_in {

constexpr std::size_t reserved_bytes = std::size_t{64} << 30;
constexpr std::size_t alignment = 64;

// A file in memory, mapped twice: the device's addresses fault on the host, the host's do not.
class Memory final : public c10::Allocator {
public:
    Memory() : file_(::memfd_create("stand-in device", 0)) {
        if (file_ < 0 || ::ftruncate(file_, reserved_bytes) != 0)
            throw std::system_error(errno, std::generic_category(), "cannot make a file in memory");
        device_ = map(PROT_NONE);
        host_ = map(PROT_READ | PROT_WRITE);
    }
    ~Memory() override {
        ::munmap(device_, reserved_bytes);
        ::munmap(host_, reserved_bytes);
        ::close(file_);
    }

    c10::DataPtr allocate(std::size_t bytes) override {
        char* const place = device_ + used_;
        used_ += (bytes + alignment - 1) / alignment * alignment;
        if (used_ > reserved_bytes) throw std::bad_alloc();
        return {place, nullptr, [](void*) {}, StandInDevice::device()};
    }
    void copy_data(void* target, const void* source, std::size_t bytes) const override {
        std::memcpy(on_host(target), on_host(source), bytes);
    }

    void* on_host(const void* device_address) const {
        return host_ + (static_cast<const char*>(device_address) - device_);
    }

private:
    char* map(int protection) const {
        void* const start =
            ::mmap(nullptr, reserved_bytes, protection, MAP_SHARED | MAP_NORESERVE, file_, 0);
        if (start == MAP_FAILED)
            throw std::system_error(errno, std::generic_category(), "cannot reserve addresses");
        return static_cast<char*>(start);
    }

    int file_;
    char* device_ = nullptr;
    char* host_ = nullptr;
    std::size_t used_ = 0;
};

struct Backend {
    Memory memory;
    std::vector<DeviceOperation> operations;
};

}  // namespace stand_in

namespace {

using stand_in::Backend;

Backend* backend = nullptr;

bool on_device(const at::Tensor& tensor) {
    return tensor.defined() && tensor.device().type() == at::kPrivateUse1;
}

at::Tensor with_layout_of(const at::Tensor& like, c10::Storage storage, c10::DispatchKey key) {
    at::Tensor tensor = at::detail::make_tensor<c10::TensorImpl>(
        std::move(storage), c10::DispatchKeySet(key), like.dtype());
    tensor.unsafeGetTensorImpl()->set_sizes_and_strides(like.sizes(), like.strides(),
                                                        like.storage_offset());
    return tensor;
}

// The same memory as a tensor of the CPU.
at::Tensor on_host(const at::Tensor& tensor) {
    if (!on_device(tensor)) return tensor;
    const c10::Storage& storage = tensor.storage();
    void* const data = backend->memory.on_host(storage.data());
    return with_layout_of(tensor,
                          c10::Storage(c10::Storage::use_byte_size_t(), storage.nbytes(),
                                       c10::DataPtr(data, at::kCPU)),
                          c10::DispatchKey::CPU);
}

// A result of the CPU on the device: a view of an argument's memory, or a copy.
at::Tensor from_host(const at::Tensor& result, const std::vector<at::Tensor>& arguments) {
    for (const at::Tensor& argument : arguments) {
        if (backend->memory.on_host(argument.storage().data()) == result.storage().data())
            return with_layout_of(result, argument.storage(), c10::DispatchKey::PrivateUse1);
    }
    const std::size_t bytes = result.storage().nbytes();
    c10::Storage storage(c10::Storage::use_byte_size_t(), bytes, backend->memory.allocate(bytes));
    if (bytes > 0)
        std::memcpy(backend->memory.on_host(storage.data()), result.storage().data(), bytes);
    return with_layout_of(result, std::move(storage), c10::DispatchKey::PrivateUse1);
}

// The arguments of a call on the host's side, and the device's tensors among them.
c10::IValue moved(const c10::IValue& value, std::vector<at::Tensor>& arguments) {
    if (value.isTensor() && on_device(value.toTensor())) {
        const at::Tensor& tensor = value.toTensor();
        arguments.push_back(tensor);
        // One without memory may be grown by the operation.
        if (tensor.storage().nbytes() == 0)
            return at::empty({0}, tensor.options().device(at::kCPU));
        return on_host(tensor);
    }
    if (value.isTensorList()) {
        c10::List<at::Tensor> list;
        for (const at::Tensor& tensor : value.toTensorVector())
            list.push_back(moved(tensor, arguments).toTensor());
        return list;
    }
    if (value.isDevice()) return at::Device(at::kCPU);
    return value;
}

// Gives a tensor without memory what the operation has grown.
void grow(const at::Tensor& target, const at::Tensor& result) {
    if (!on_device(target) || target.storage().nbytes() > 0 || result.numel() == 0) return;
    const at::Tensor grown = from_host(result, {});
    c10::TensorImpl* const tensor = target.unsafeGetTensorImpl();
    tensor->set_storage_keep_dtype(grown.storage());
    tensor->set_sizes_and_strides(grown.sizes(), grown.strides(), grown.storage_offset());
}

bool is_view(const c10::FunctionSchema& schema) {
    return std::any_of(schema.returns().begin(), schema.returns().end(), [](const auto& returned) {
        return returned.alias_info() && !returned.alias_info()->isWrite();
    });
}

bool is_read(const std::string& name) {
    constexpr std::array<const char*, 6> reads = {
        "_local_scalar_dense", "nonzero", "masked_select", "equal", "_unique2", "is_nonzero"};
    return std::find(reads.begin(), reads.end(), name) != reads.end();
}

// On CUDA a grouped product of another type than bfloat16 is a loop on the host, which reads where
// the groups end.
bool reads_group_ends(const std::string& name, const std::vector<at::Tensor>& arguments) {
    return name == "_grouped_mm" && arguments.front().scalar_type() != at::kBFloat16;
}

void keep(const std::string& name, const std::vector<at::Tensor>& arguments) {
    const bool read = is_read(name) || reads_group_ends(name, arguments);
    backend->operations.push_back({name, read ? DeviceCall::read_by_host : DeviceCall::launch});
}

// Which argument a returned tensor that is written to is.
at::Tensor written_argument(const c10::FunctionSchema& schema, const c10::AliasInfo& returned,
                            at::ArrayRef<c10::IValue> arguments) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const c10::AliasInfo* const info = schema.arguments()[i].alias_info();
        if (info && *info == returned) return arguments[i].toTensor();
    }
    throw std::logic_error(schema.name() + " returns what it was not given");
}

void run_on_host(const c10::OperatorHandle& operation, torch::jit::Stack* stack) {
    const c10::FunctionSchema& schema = operation.schema();
    const std::size_t count = schema.arguments().size();
    const std::vector<c10::IValue> given(stack->end() - static_cast<std::ptrdiff_t>(count),
                                         stack->end());
    stack->erase(stack->end() - static_cast<std::ptrdiff_t>(count), stack->end());
    std::vector<at::Tensor> arguments;
    torch::jit::Stack host;
    for (const c10::IValue& value : given) host.push_back(moved(value, arguments));
    if (!is_view(schema)) keep(schema.name().substr(schema.name().find("::") + 2), arguments);
    const torch::jit::Stack passed = host;
    operation.callBoxed(&host);
    for (std::size_t i = 0; i < given.size(); ++i) {
        if (given[i].isTensor()) grow(given[i].toTensor(), passed[i].toTensor());
    }
    for (std::size_t i = 0; i < schema.returns().size(); ++i) {
        const c10::AliasInfo* const info = schema.returns()[i].alias_info();
        if (info && info->isWrite()) stack->push_back(written_argument(schema, *info, given));
        else if (host[i].isTensor() && host[i].toTensor().defined())
            stack->push_back(from_host(host[i].toTensor(), arguments));
        else stack->push_back(host[i]);
    }
}

at::Tensor copy_from(const at::Tensor& source, const at::Tensor& target, bool) {
    const DeviceCall call = !on_device(source)   ? DeviceCall::copy_to_device
                            : !on_device(target) ? DeviceCall::read_by_host
                                                 : DeviceCall::launch;
    backend->operations.push_back({"copy", call});
    on_host(target).copy_(on_host(source));
    return target;
}

at::Tensor empty(at::IntArrayRef sizes, std::optional<at::ScalarType> type,
                 std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>,
                 std::optional<at::MemoryFormat> format) {
    return at::detail::empty_generic(sizes, &backend->memory,
                                     c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                     type.value_or(at::kFloat), format);
}

at::Tensor empty_strided(at::IntArrayRef sizes, at::IntArrayRef strides,
                         std::optional<at::ScalarType> type, std::optional<at::Layout>,
                         std::optional<at::Device>, std::optional<bool>) {
    return at::detail::empty_strided_generic(sizes, strides, &backend->memory,
                                             c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                             type.value_or(at::kFloat));
}

}  // namespace

struct StandInDevice::State {
    stand_in::Backend own;
    torch::Library operations{torch::Library::IMPL, "aten", c10::DispatchKey::PrivateUse1, __FILE__,
                              __LINE__};
    torch::Library all{torch::Library::IMPL, "_", c10::DispatchKey::PrivateUse1, __FILE__,
                       __LINE__};
};

StandInDevice::StandInDevice() : state_(std::make_unique<State>()) {
    backend = &state_->own;
    torch::Library& operations = state_->operations;
    operations.impl("empty.memory_format", &empty);
    operations.impl("empty_strided", &empty_strided);
    operations.impl("_copy_from", &copy_from);
    // One kernel, or one call of a library, on CUDA; composed of others by default.
    for (const char* name : {"scaled_dot_product_attention", "_fused_rms_norm", "_grouped_mm"})
        operations.impl(name, torch::CppFunction::makeFromBoxedFunction<&run_on_host>());
    state_->all.fallback(torch::CppFunction::makeFromBoxedFunction<&run_on_host>());
}

StandInDevice::~StandInDevice() { backend = nullptr; }

const std::vector<DeviceOperation>& StandInDevice::operations() const noexcept {
    return state_->own.operations;
}
void StandInDevice::clear() noexcept { state_->own.operations.clear(); }

}  // namespace decodemeter::test
