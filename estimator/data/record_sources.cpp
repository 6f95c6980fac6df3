#include "estimator/data/record_sources.hpp"

#include <algorithm>
#include <iterator>

#include "profiler/system/invalid_argument.hpp"

namespace decodemeter {

namespace {

namespace fs = std::filesystem;

std::string format_of(const ReadReport& report) {
    if (report.native > 0 && report.published > 0) return "native and published";
    return report.published > 0 ? "published" : "native";
}

fs::path resolved(const fs::path& path) {
    const fs::path whole = fs::weakly_canonical(fs::absolute(path));
    return whole.has_filename() ? whole : whole.parent_path();  // "runs/" is "runs"
}

// "device: cpu X (runs/a), cuda Y (runs/b)", or empty where all sources agree.
std::string difference_in(const std::string& fact, std::span<const RecordSource> sources,
                          bool synthetic) {
    std::map<std::string, std::string> first_path;
    for (const RecordSource& source : sources) {
        const auto found = source.facts.find(fact);
        if (source.synthetic == synthetic && found != source.facts.end())
            first_path.emplace(found->second, source.path.string());
    }
    // A directory that holds both formats differs from itself.
    if (first_path.size() < 2 && !first_path.contains("native and published")) return {};
    std::string text;
    for (const auto& [value, path] : first_path)
        text += (text.empty() ? fact + ": " : ", ") + value + " (" + path + ")";
    return text;
}

}  // namespace

RecordSource describe_source(const fs::path& path, const RecordSet& set) {
    RecordSource source{path, false, {}};
    source.synthetic = std::any_of(set.records.begin(), set.records.end(),
                                   [](const SampleRecord& record) { return record.synthetic; });
    source.facts["format"] = format_of(set.report);
    if (!set.run) return source;
    const RunHeader& run = *set.run;
    const auto state = [&](const char* name, const std::string& value) {
        if (!value.empty()) source.facts[name] = value;
    };
    state("device",
          run.device.name.empty() ? run.device.type : run.device.type + " " + run.device.name);
    state("model", run.model.name);
    state("dtype", run.model.dtype);
    state("execution mode", run.execution_mode);
    return source;
}

std::vector<std::string> source_differences(std::span<const RecordSource> sources) {
    std::vector<std::string> differences;
    for (const char* fact : {"device", "model", "dtype", "execution mode", "format"}) {
        for (const bool synthetic : {false, true}) {
            if (std::string text = difference_in(fact, sources, synthetic); !text.empty())
                differences.push_back(std::move(text));
        }
    }
    return differences;
}

bool lies_in(const fs::path& path, const fs::path& folder) {
    const fs::path inner = resolved(path);
    const fs::path outer = resolved(folder);
    return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first ==
           outer.end();
}

void refuse_repeated_paths(std::span<const fs::path> paths) {
    for (std::size_t i = 0; i < paths.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (lies_in(paths[i], paths[j]) || lies_in(paths[j], paths[i]))
                throw InvalidArgument(
                    "results_dir", ": " + paths[j].string() + " and " + paths[i].string() +
                                       " hold the same records, which would count twice; give each "
                                       "directory once");
        }
    }
}

RecordSet joined(std::vector<RecordSet> sets) {
    RecordSet set = std::move(sets.front());
    for (RecordSet& other : std::span(sets).subspan(1)) {
        if (!set.run) set.run = std::move(other.run);
        std::move(other.records.begin(), other.records.end(), std::back_inserter(set.records));
        for (const auto& [reason, count] : other.report.skipped)
            set.report.skipped[reason] += count;
        std::move(other.report.examples.begin(), other.report.examples.end(),
                  std::back_inserter(set.report.examples));
        std::move(other.report.notes.begin(), other.report.notes.end(),
                  std::back_inserter(set.report.notes));
    }
    return set;
}

}  // namespace decodemeter
