#include "profiler/profile/plan/profile_plan.hpp"

namespace decodemeter {

int tokens_to_return(const ProfileOptions& options, const Sample& sample) {
    return tokens_to_return(options.lengths, sample.dataset, sample.sample_id, sample.task,
                            options.seed, options.max_new_tokens);
}

}  // namespace decodemeter
