#include "profiler/audit/per_token_figures.hpp"

#include <map>
#include <tuple>

namespace decodemeter {

std::vector<PerTokenFigure> per_token_figures(std::span<const SampleRecord> records, FigureSource source) {
    std::map<std::tuple<std::string, ConfigKey>, std::size_t> groups;
    std::vector<PerTokenFigure> figures;
    for (const SampleRecord& record : records) {
        if (record.output_tokens < 2) continue;
        double ms = decode_per_token_ms(record);
        if (source == FigureSource::stored) ms = record.stored_per_token_ms.value_or(ms);
        if (source == FigureSource::per_step_mean) ms = *decode_per_step_mean_ms(record);
        if (!(ms > 0)) continue;
        const auto group = groups.try_emplace({record.dataset, record.config}, groups.size()).first->second;
        figures.push_back({group, static_cast<double>(record.output_tokens), ms, record.T_LLM_prefill});
    }
    return figures;
}

}  // namespace decodemeter
