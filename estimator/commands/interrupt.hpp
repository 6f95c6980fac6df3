// Ctrl-C as a request to stop early and keep what there is.
#pragma once

namespace decodemeter {

// While one exists, the first SIGINT sets a flag; a second one ends the program as usual.
class InterruptWatch {
public:
    InterruptWatch();
    ~InterruptWatch();
    InterruptWatch(const InterruptWatch&) = delete;
    InterruptWatch& operator=(const InterruptWatch&) = delete;

    bool interrupted() const noexcept;

private:
    void (*before_)(int);
};

}  // namespace decodemeter
