// One question to put to the model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace decodemeter {

struct Sample {
    std::string dataset;
    std::int64_t sample_id = 0;   // its place in the source, from 0; stays when a subset is taken
    std::filesystem::path image;  // empty: text only. The file may be missing
    std::string prompt;           // without the roles that the model's template puts around it
    std::string task;  // "vqa", "captioning", "doc_qa", "text_vqa", "count", "choice"; empty:
                       // follows from the data set
    std::vector<std::string> answers;
    std::string manifest_id;     // what the source itself calls it; empty: nothing
    std::string request_digest;  // of picture and prompt; empty: not computed yet
};

// The first `count` of a shuffle that depends on the seed and the number of samples alone, on every
// machine; so a larger count extends a smaller one. All of them, shuffled, where there are no more.
std::vector<Sample> choose_samples(std::vector<Sample> samples, std::size_t count,
                                   std::uint64_t seed);

}  // namespace decodemeter
