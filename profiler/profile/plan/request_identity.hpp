// Which sample of a run is which of a results directory.
#pragma once

#include <string>
#include <vector>

#include "profiler/record/store/stored_records.hpp"
#include "profiler/samples/sample.hpp"

namespace decodemeter {

// Samples that could not keep their sample_id, because the directory holds another request under
// it.
struct MovedSample {
    std::string dataset;
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::string was;  // "What is this?" about cat.jpg
    std::string is;
};

// Gives each sample the sample_id under which its request (picture and prompt) is stored already,
// wherever it stands in its source today. A request that is not stored keeps its own id, or gets
// the next free one where another request has it; those are returned. Requests of records without a
// digest are told by prompt and picture's name. Fills in request_digest where anything of the data
// set is stored, and leaves it empty for pictures that cannot be read.
std::vector<MovedSample> identify_samples(std::vector<Sample>& samples,
                                          const StoredRecords& stored);

}  // namespace decodemeter
