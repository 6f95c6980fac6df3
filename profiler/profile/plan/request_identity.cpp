#include "profiler/profile/plan/request_identity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "profiler/samples/request_digest.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

std::string describe(const std::string& prompt, const std::string& image) {
    return image.empty() ? fmt::format("\"{}\"", prompt)
                         : fmt::format("\"{}\" about {}", prompt, image);
}

std::string image_name(const Sample& sample) { return sample.image.filename().string(); }

bool is_request_of(const StoredRequest& request, const Sample& sample) {
    if (!request.digest.empty() && !sample.request_digest.empty())
        return request.digest == sample.request_digest;
    return !request.prompt ||
           (*request.prompt == sample.prompt && request.image == image_name(sample));
}

// One data set's samples and what is stored of it.
class Identification {
public:
    Identification(const StoredRecords::Requests& stored, std::vector<Sample*> samples)
        : stored_(stored), samples_(std::move(samples)) {
        for (const auto& [id, requests] : stored_) {
            next_free_ = std::max(next_free_, id + 1);
            if (requests.size() != 1) continue;  // mixed: nobody's
            const StoredRequest& request = requests.front();
            by_digest_.emplace(request.digest, id);
            if (request.prompt) by_words_.emplace(describe(*request.prompt, request.image), id);
        }
        for (const Sample* sample : samples_)
            next_free_ = std::max(next_free_, sample->sample_id + 1);
    }

    std::vector<MovedSample> run() {
        take(&Identification::own_id);
        take(&Identification::id_by_digest);
        take(&Identification::id_by_words);
        for (Sample* sample : samples_) settle_new(*sample);
        return std::move(moved_);
    }

private:
    using Candidate = std::optional<std::int64_t> (Identification::*)(const Sample&) const;
    using Ids = std::multimap<std::string, std::int64_t>;

    // Samples for which `candidate` has an id get it, and are done with.
    void take(Candidate candidate) {
        std::erase_if(samples_, [&](Sample* sample) {
            const auto id = (this->*candidate)(*sample);
            if (!id) return false;
            taken_.insert(*id);
            sample->sample_id = *id;
            return true;
        });
    }

    bool stored_as(std::int64_t id, const Sample& sample) const {
        const auto found = stored_.find(id);
        return found != stored_.end() && found->second.size() == 1 && !taken_.contains(id) &&
               is_request_of(found->second.front(), sample);
    }

    std::optional<std::int64_t> own_id(const Sample& sample) const {
        return stored_as(sample.sample_id, sample) ? std::optional(sample.sample_id) : std::nullopt;
    }
    std::optional<std::int64_t> id_by_digest(const Sample& sample) const {
        if (sample.request_digest.empty()) return std::nullopt;
        return first_of(by_digest_, sample.request_digest, sample);
    }
    std::optional<std::int64_t> id_by_words(const Sample& sample) const {
        return first_of(by_words_, describe(sample.prompt, image_name(sample)), sample);
    }
    std::optional<std::int64_t> first_of(const Ids& ids, const std::string& key,
                                         const Sample& sample) const {
        const auto [begin, end] = ids.equal_range(key);
        const auto found = std::find_if(
            begin, end, [&](const auto& entry) { return stored_as(entry.second, sample); });
        return found == end ? std::nullopt : std::optional(found->second);
    }

    void settle_new(Sample& sample) {
        const auto other = stored_.find(sample.sample_id);
        if (other == stored_.end()) return;
        const StoredRequest& was = other->second.front();
        const std::int64_t from = sample.sample_id;
        sample.sample_id = next_free_++;
        moved_.push_back({sample.dataset, from, sample.sample_id,
                          describe(was.prompt.value_or("unknown prompt"), was.image),
                          describe(sample.prompt, image_name(sample))});
    }

    const StoredRecords::Requests& stored_;
    std::vector<Sample*> samples_;  // that have no id yet
    Ids by_digest_;
    Ids by_words_;
    std::set<std::int64_t> taken_;
    std::int64_t next_free_ = 0;
    std::vector<MovedSample> moved_;
};

void fill_digest(Sample& sample) {
    try {
        sample.request_digest = request_digest(sample);
    } catch (const InputError&) {
        sample.request_digest.clear();  // reported when it is to be measured
    }
}

}  // namespace

std::vector<MovedSample> identify_samples(std::vector<Sample>& samples,
                                          const StoredRecords& stored) {
    std::map<std::string, std::vector<Sample*>> by_dataset;
    for (Sample& sample : samples) by_dataset[sample.dataset].push_back(&sample);
    std::vector<MovedSample> moved;
    for (auto& [dataset, own] : by_dataset) {
        const StoredRecords::Requests& requests = stored.requests(dataset);
        if (requests.empty()) continue;
        for (Sample* sample : own) fill_digest(*sample);
        auto of_dataset = Identification(requests, std::move(own)).run();
        std::move(of_dataset.begin(), of_dataset.end(), std::back_inserter(moved));
    }
    return moved;
}

}  // namespace decodemeter
