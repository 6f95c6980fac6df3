// libcuda.so.1 for programs that are watched where there is no GPU: its device is 50 us behind the
// host.
#include <chrono>
#include <cstdio>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Event {
    Clock::time_point reached;
};

int context = 0;

}  // namespace

extern "C" {

int cuInit(unsigned) { return 0; }
int cuGetErrorString(int, const char** text) { return *text = "the stand-in's fault", 0; }
int cuCtxGetCurrent(void** current) { return *current = &context, 0; }
int cuCtxSetCurrent(void*) { return 0; }
int cuCtxGetDevice(int* device) { return *device = 0; }
int cuCtxSynchronize() { return 0; }
int cuDevicePrimaryCtxRetain(void** current, int) { return *current = &context, 0; }
int cuDeviceGetPCIBusId(char* text, int length, int) {
    return std::snprintf(text, length, "0000:01:00.0"), 0;
}
int cuEventCreate(void** event, unsigned) { return *event = new Event(), 0; }
int cuEventDestroy_v2(void* event) { return delete static_cast<Event*>(event), 0; }
int cuEventRecord(void* event, void*) {
    static_cast<Event*>(event)->reached = Clock::now() + std::chrono::microseconds(50);
    return 0;
}
int cuEventElapsedTime(float* elapsed_ms, void* from, void* to) {
    const std::chrono::duration<float, std::milli> elapsed =
        static_cast<Event*>(to)->reached - static_cast<Event*>(from)->reached;
    return *elapsed_ms = elapsed.count(), 0;
}
int cuStreamSynchronize(void*) { return 0; }
}
