// Activity records as text, one a line, so that what a GPU gave can be kept as a small file and
// attributed again.
#pragma once

#include <istream>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "profiler/timing/tracing/activity.hpp"

namespace decodemeter::test {

struct RecordedRun {
    ActivityRecords records;
    std::vector<Nanoseconds> edges;
    std::uint64_t external_base = 0;
};

inline void write_activity(const RecordedRun& run, std::ostream& out) {
    out << "base " << run.external_base << "\ndropped " << run.records.dropped << '\n';
    for (const Nanoseconds edge : run.edges) out << "edge " << edge.count() << '\n';
    for (const ApiCall& call : run.records.calls) {
        out << "call " << call.time.start.count() << ' ' << call.time.end.count() << ' '
            << call.correlation << ' ' << call.thread << ' ' << call.function << ' ' << call.driver
            << ' ' << call.synchronizes << '\n';
    }
    for (const DeviceActivity& done : run.records.device) {
        out << "device " << static_cast<int>(done.work) << ' ' << done.time.start.count() << ' '
            << done.time.end.count() << ' ' << done.correlation << ' ' << done.device << ' '
            << done.context << ' ' << done.stream << ' ' << done.graph << ' ' << done.graph_node
            << ' ' << done.bytes << '\n';
    }
    for (const EventStamp& event : run.records.events) {
        out << "event " << event.time.count() << ' ' << event.correlation << ' ' << event.device
            << ' ' << event.context << ' ' << event.stream << '\n';
    }
    for (const ExternalLink& link : run.records.links)
        out << "link " << link.correlation << ' ' << link.id << '\n';
    for (const Interval& time : run.records.synchronizations)
        out << "synchronisation " << time.start.count() << ' ' << time.end.count() << '\n';
    for (const Interval& time : run.records.overheads)
        out << "overhead " << time.start.count() << ' ' << time.end.count() << '\n';
}

namespace activity_file {

inline std::istream& operator>>(std::istream& in, Nanoseconds& time) {
    std::int64_t count = 0;
    in >> count;
    time = Nanoseconds(count);
    return in;
}

inline Interval read_interval(std::istream& in) {
    Interval time;
    in >> time.start >> time.end;
    return time;
}

inline ApiCall read_call(std::istream& in) {
    ApiCall call;
    call.time = read_interval(in);
    in >> call.correlation >> call.thread >> call.function >> call.driver >> call.synchronizes;
    return call;
}

inline DeviceActivity read_device(std::istream& in) {
    DeviceActivity done;
    int work = 0;
    in >> work;
    done.work = static_cast<DeviceWork>(work);
    done.time = read_interval(in);
    in >> done.correlation >> done.device >> done.context >> done.stream >> done.graph >>
        done.graph_node >> done.bytes;
    return done;
}

inline EventStamp read_event(std::istream& in) {
    EventStamp event;
    in >> event.time >> event.correlation >> event.device >> event.context >> event.stream;
    return event;
}

inline void read_line(std::istream& in, RecordedRun& run) {
    std::string kind;
    in >> kind;
    if (kind == "base") in >> run.external_base;
    else if (kind == "dropped") in >> run.records.dropped;
    else if (kind == "edge") in >> run.edges.emplace_back();
    else if (kind == "call") run.records.calls.push_back(read_call(in));
    else if (kind == "device") run.records.device.push_back(read_device(in));
    else if (kind == "event") run.records.events.push_back(read_event(in));
    else if (kind == "link")
        in >> run.records.links.emplace_back().correlation >> run.records.links.back().id;
    else if (kind == "synchronisation") run.records.synchronizations.push_back(read_interval(in));
    else if (kind == "overhead") run.records.overheads.push_back(read_interval(in));
}

}  // namespace activity_file

inline RecordedRun read_activity(std::istream& in) {
    RecordedRun run;
    for (std::string line; std::getline(in, line);) {
        std::istringstream fields(line);
        activity_file::read_line(fields, run);
    }
    return run;
}

}  // namespace decodemeter::test
