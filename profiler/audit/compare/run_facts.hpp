// What run.json states of a run, to tell what else differs between runs that are compared.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "profiler/record/run_header.hpp"

namespace decodemeter {

struct RunFact {
    std::string name;  // "model", "device", ...
    std::string value;
};

// In a fixed order, the model first.
std::vector<RunFact> run_facts(const RunHeader& run);

struct FactDifference {
    std::string name;
    std::string a;
    std::string b;
};

// Empty where either run has no header.
std::vector<FactDifference> differing_facts(const std::optional<RunHeader>& a,
                                            const std::optional<RunHeader>& b);

}  // namespace decodemeter
