#include "profiler/timing/tracing/chrome_trace.hpp"

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <unordered_map>

namespace decodemeter {

namespace {

constexpr int host_process = 1;
constexpr int device_process = 2;
constexpr int stage_thread = 1;
constexpr int step_thread = 2;
constexpr int first_call_thread = 10;
constexpr int first_range_thread = 1000;

std::string quoted(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

class EventWriter {
public:
    explicit EventWriter(Nanoseconds origin) : origin_(origin) {}

    // `arguments` is the inside of a JSON object.
    void complete(int process, int thread, const std::string& quoted_name, const Interval& time,
                  const std::string& arguments) {
        open();
        fmt::format_to(
            out(),
            R"({{"ph":"X","pid":{},"tid":{},"name":{},"ts":{:.3f},"dur":{:.3f},"args":{{{}}}}})",
            process, thread, quoted_name, microseconds(time.start),
            static_cast<double>(time.length().count()) / 1e3, arguments);
    }

    // "s" starts an arrow, "f" ends it.
    void arrow(char end, int process, int thread, Nanoseconds at, std::uint64_t id) {
        open();
        fmt::format_to(
            out(),
            R"({{"ph":"{}","bp":"e","cat":"launch","name":"launch","pid":{},"tid":{},"ts":{:.3f},"id":{}}})",
            end, process, thread, microseconds(at), id);
    }

    void name_process(int process, const std::string& name) {
        meta("process_name", process, 0, name);
    }
    void name_thread(int process, int thread, const std::string& name) {
        meta("thread_name", process, thread, name);
    }

    std::string finish() && { return std::move(text_) + "\n]}\n"; }

private:
    std::back_insert_iterator<std::string> out() { return std::back_inserter(text_); }
    double microseconds(Nanoseconds time) const {
        return static_cast<double>((time - origin_).count()) / 1e3;
    }

    void open() {
        text_ += first_ ? "\n" : ",\n";
        first_ = false;
    }

    void meta(const char* what, int process, int thread, const std::string& name) {
        open();
        fmt::format_to(out(), R"({{"ph":"M","pid":{},"tid":{},"name":"{}","args":{{"name":{}}}}})",
                       process, thread, what, quoted(name));
    }

    Nanoseconds origin_;
    std::string text_ = R"({"displayTimeUnit":"ms","traceEvents":[)";
    bool first_ = true;
};

Nanoseconds first_mark(const HostMarks& marks) {
    std::optional<Nanoseconds> first;
    for (std::size_t i = 0; i < marks.time.size(); ++i) {
        if (marks.marked[i] && (!first || marks.time[i] < *first)) first = marks.time[i];
    }
    return first.value_or(Nanoseconds{});
}

void write_marks(EventWriter& writer, const HostMarks& marks) {
    for (const Stage stage : {Stage::preprocess, Stage::generate, Stage::vision_encoder,
                              Stage::projector, Stage::prefill}) {
        const std::size_t begin = slot::begin_of(stage);
        const std::size_t end = slot::end_of(stage);
        if (!marks.marked[begin] || !marks.marked[end]) continue;
        const std::string name = quoted(std::string(stage_names[static_cast<std::size_t>(stage)]));
        writer.complete(host_process, stage_thread, name, {marks.time[begin], marks.time[end]}, "");
    }
    for (int step = 1; step <= marks.steps; ++step) {
        writer.complete(host_process, step_thread, quoted("step " + std::to_string(step)),
                        {marks.time[slot::edge(step - 1)], marks.time[slot::edge(step)]},
                        fmt::format(R"("step":{})", step));
    }
}

// Small numbers for the threads or streams of a process, in the order in which they are met.
template <class Key>
class Threads {
public:
    explicit Threads(int first) : next_(first) {}

    // The number, and whether it is new.
    std::pair<int, bool> number(const Key& key) {
        const auto [found, added] = numbers_.try_emplace(key, next_);
        next_ += added;
        return {found->second, added};
    }

private:
    std::map<Key, int> numbers_;
    int next_;
};

struct CallPlace {
    int thread = 0;
    Nanoseconds start{};
};

// Where each call was written, by its correlation id.
using CallPlaces = std::unordered_map<std::uint32_t, CallPlace>;

CallPlaces write_calls(EventWriter& writer, const ActivityRecords& activity) {
    CallPlaces places;
    Threads<std::uint32_t> threads(first_call_thread);
    for (const ApiCall& call : activity.calls) {
        const auto [thread, added] = threads.number(call.thread);
        if (added)
            writer.name_thread(host_process, thread,
                               fmt::format("CUDA calls of thread {}", call.thread));
        places.emplace(call.correlation, CallPlace{thread, call.time.start});
        const char* name = call.synchronizes ? R"("synchronizing call")"
                           : call.driver     ? R"("driver call")"
                                             : R"("runtime call")";
        writer.complete(
            host_process, thread, name, call.time,
            fmt::format(R"("correlation":{},"function":{})", call.correlation, call.function));
    }
    return places;
}

void write_ranges(EventWriter& writer, const ActivityRecords& activity) {
    Threads<std::pair<std::string, std::uint32_t>> threads(first_range_thread);
    for (const NamedRange& range : activity.ranges) {
        const auto [thread, added] = threads.number({range.domain, range.thread});
        if (added)
            writer.name_thread(
                host_process, thread,
                fmt::format("NVTX {} of thread {}", range.domain.empty() ? "ranges" : range.domain,
                            range.thread));
        writer.complete(host_process, thread, quoted(range.name), range.time, "");
    }
}

std::string name_of(const DeviceActivity& activity, const std::vector<std::string>& quoted_names) {
    if (activity.work == DeviceWork::memcpy) return R"("memcpy")";
    if (activity.work == DeviceWork::memset) return R"("memset")";
    if (activity.work == DeviceWork::graph) return R"("graph")";
    return activity.name < quoted_names.size() ? quoted_names[activity.name] : R"("kernel")";
}

void write_device(EventWriter& writer, const ActivityRecords& activity, const CallPlaces& calls) {
    std::vector<std::string> names;
    for (const std::string& name : activity.names) names.push_back(quoted(name));
    Threads<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>> streams(1);
    for (const DeviceActivity& done : activity.device) {
        if (done.time.start <= Nanoseconds{}) continue;  // the tracer could not take its times
        const auto [stream, added] = streams.number({done.device, done.context, done.stream});
        if (added)
            writer.name_thread(device_process, stream,
                               fmt::format("device {} stream {}", done.device, done.stream));
        writer.complete(device_process, stream, name_of(done, names), done.time,
                        fmt::format(R"("correlation":{},"bytes":{},"graph":{})", done.correlation,
                                    done.bytes, done.graph));
        const auto call = calls.find(done.correlation);
        if (call == calls.end() || done.graph != 0) continue;
        writer.arrow('s', host_process, call->second.thread, call->second.start, done.correlation);
        writer.arrow('f', device_process, stream, done.time.start, done.correlation);
    }
}

}  // namespace

std::string chrome_trace(const HostMarks& marks, const ActivityRecords* activity,
                         const std::string& title) {
    EventWriter writer(first_mark(marks));
    writer.name_process(host_process, title + ", host");
    writer.name_thread(host_process, stage_thread, "stages");
    writer.name_thread(host_process, step_thread, "decode steps");
    write_marks(writer, marks);
    if (activity) {
        writer.name_process(device_process, title + ", device");
        write_device(writer, *activity, write_calls(writer, *activity));
        write_ranges(writer, *activity);
    }
    return std::move(writer).finish();
}

}  // namespace decodemeter
