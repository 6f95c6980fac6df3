// CUDA as the watched process uses it: through the driver that it has loaded itself, if it has.
#pragma once

#include <optional>
#include <string>

namespace decodemeter {

class ProcessCuda {
public:
    // None where this thread has no CUDA context; nothing is loaded or made.
    static std::optional<ProcessCuda> current();

    // Of the context's device, as "0000:01:00.0"; empty where the driver does not tell.
    std::string pci_bus_id() const;

    // Waits for all work of the context.
    void synchronise() const noexcept;

private:
    using Synchronise = int (*)();
    using PciBusId = int (*)(char*, int, int);

    Synchronise synchronise_ = nullptr;
    PciBusId pci_bus_id_ = nullptr;
    int device_ = 0;
};

}  // namespace decodemeter
