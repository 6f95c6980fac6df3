#include "profiler/profile/measure.hpp"

#include <chrono>

#include "profiler/record/this_process.hpp"
#include "profiler/timing/recorded_times.hpp"
#include "profiler/timing/subtraction.hpp"

namespace decodemeter {

namespace {

using molmo::Extent;

molmo::GenerateOptions generate_options(const MeasureRequest& request) {
    return {{request.config.top_k, request.active_blocks},
            request.tokens,
            request.stop_at_eos,
            Extent::everything};
}

void fill_identity(SampleRecord& record, const MeasureRequest& request) {
    record.dataset = request.sample->dataset;
    record.sample_id = request.sample->sample_id;
    record.repeat = request.repeat;
    record.config = request.config;
    record.key = record_key(record.dataset, record.sample_id, record.config, record.repeat);
    record.max_crops = request.max_crops;
    record.prompt = request.sample->prompt;
    record.answers = request.sample->answers;
    if (!request.sample->image.empty()) record.image = request.sample->image.filename().string();
}

void fill_counts(SampleRecord& record, const molmo::InputFacts& facts,
                 const molmo::Generation& generation, bool stop_at_eos, int tokens) {
    record.image_size = facts.image_size;
    record.tiling = facts.tiling;
    record.num_crops = facts.crops;
    record.vision_tokens = facts.vision_tokens;
    record.text_tokens = facts.text_tokens;
    record.prompt_tokens = facts.prompt_tokens;
    record.active_block_indices = generation.active_blocks;
    record.output_tokens = static_cast<int>(generation.tokens.size());
    record.ends_with_eos = generation.ends_with_eos;
    record.content_tokens = record.output_tokens - (record.ends_with_eos ? 1 : 0);
    record.stop = record.ends_with_eos ? "eos" : stop_at_eos ? "max_new_tokens" : "drawn_length";
    if (record.output_tokens < tokens && !record.ends_with_eos)
        record.flags.push_back("stopped_early");
}

// Wall time of one run that ends with the device idle.
Milliseconds time_run(molmo::Molmo& model, const molmo::PreparedInput& input,
                      molmo::GenerateOptions options, Extent extent) {
    options.extent = extent;
    NullObserver nobody;
    model.synchronize();
    const auto start = std::chrono::steady_clock::now();
    model.generate(input, options, nobody);
    model.synchronize();
    return std::chrono::steady_clock::now() - start;
}

}  // namespace

SubtractionTimes measure_subtraction(const SubtractionRuns& runs) {
    const Milliseconds vision = runs.timed(Extent::vision);
    const Milliseconds vision_and_prefill = runs.timed(Extent::prefill);
    const bool emptied = runs.empty_cache();
    const Milliseconds total = runs.timed(Extent::everything);
    if (emptied) runs.fill_cache();
    return subtract(vision, vision_and_prefill, total);
}

SampleRecord measure(molmo::Molmo& model, const MeasureRequest& request, Instruments& instruments,
                     StageObserver* another) {
    SampleRecord record;
    fill_identity(record, request);
    const molmo::GenerateOptions options = generate_options(request);
    Timeline<>& timeline = instruments.timeline();
    ObserverGroup both;
    both.add(instruments.observers());
    if (another) both.add(*another);
    StageObserver& observers = another ? both : instruments.observers();
    timeline.reset();
    const auto input = model.prepare(
        {request.image, request.sample->prompt, tiles_of(request.config.tier), request.max_crops},
        observers);
    const std::int64_t allocations = model.device_allocations();
    const molmo::Generation generation = model.generate(*input, options, observers);
    const GenerateTrace trace = timeline.resolve();
    if (model.device_allocations() != allocations) record.flags.push_back("allocator_grew");
    if (timeline.marks().overflow) record.flags.push_back("more_steps_than_marks");
    fill_counts(record, molmo::Molmo::facts(*input), generation, request.stop_at_eos,
                request.tokens);
    add_times(record, trace);
    add_token_times(record, trace.host);
    if (request.keep_text) record.pred = model.tokenizer().decode(generation.tokens);
    record.time = utc_now();
    if (request.largest) request.largest->offer(input, options);
    if (request.subtraction) {
        record.subtraction = measure_subtraction(
            {[&](Extent extent) { return time_run(model, *input, options, extent); },
             [&] { return model.empty_cache(); },
             [&] {
                 if (request.largest) request.largest->run(model);
             }});
    }
    return record;
}

std::optional<molmo::TierRange> tiles_of(const std::optional<Tier>& tier) {
    if (!tier) return std::nullopt;
    return molmo::tier_ranges[static_cast<std::size_t>(*tier)];
}

}  // namespace decodemeter
