#include "profiler/audit/divisor/per_token_figures.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace decodemeter {

std::vector<PerTokenFigure> per_token_figures(std::span<const SampleRecord> records,
                                              FigureSource source, FigureGroups grouping) {
    std::map<std::tuple<std::string, ConfigKey>, std::size_t> groups;
    std::vector<PerTokenFigure> figures;
    const bool by_dataset = grouping == FigureGroups::dataset_and_config;
    for (const SampleRecord& record : records) {
        if (record.output_tokens < 2) continue;
        double ms = decode_per_token_ms(record);
        if (source == FigureSource::stored) ms = record.stored_per_token_ms.value_or(ms);
        if (source == FigureSource::per_step_mean) ms = *decode_per_step_mean_ms(record);
        if (!(ms > 0)) continue;
        const auto group =
            groups.try_emplace({by_dataset ? record.dataset : "", record.config}, groups.size())
                .first->second;
        figures.push_back(
            {group, static_cast<double>(record.output_tokens), ms, record.T_LLM_prefill});
    }
    return figures;
}

bool lengths_vary(std::span<const PerTokenFigure> figures) {
    std::map<std::size_t, std::set<double>> lengths;
    for (const PerTokenFigure& figure : figures) lengths[figure.group].insert(figure.tokens);
    return std::any_of(lengths.begin(), lengths.end(),
                       [](const auto& group) { return group.second.size() > 1; });
}

}  // namespace decodemeter
