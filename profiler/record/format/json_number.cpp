#include "profiler/record/format/json_number.hpp"

#include <cmath>

namespace decodemeter {

namespace {

NumberFault fault_of_token(std::string_view token) {
    if (token.substr(0, 4) == "null") return NumberFault::missing;
    if (token.substr(0, 1) == "-") token.remove_prefix(1);
    if (token.substr(0, 3) == "NaN" || token.substr(0, 8) == "Infinity")
        return NumberFault::not_finite;
    return NumberFault::not_a_number;
}

}  // namespace

NumberFault read_number(simdjson::ondemand::value value, double& number) {
    if (value.get_double().get(number) == simdjson::SUCCESS) {
        return std::isfinite(number) ? NumberFault::none : NumberFault::not_finite;
    }
    return fault_of_token(value.raw_json_token());
}

NumberFault read_non_negative(simdjson::ondemand::value value, double& number) {
    const NumberFault fault = read_number(value, number);
    return fault == NumberFault::none && number < 0 ? NumberFault::negative : fault;
}

NumberFault read_times(simdjson::ondemand::value value, std::vector<double>& times) {
    times.clear();
    simdjson::ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS)
        return fault_of_token(value.raw_json_token());
    NumberFault first = NumberFault::none;
    for (auto item : array) {
        simdjson::ondemand::value element;
        if (item.get(element) != simdjson::SUCCESS) return NumberFault::not_a_number;
        double time = 0;
        const NumberFault fault = read_non_negative(element, time);
        if (first == NumberFault::none && fault != NumberFault::none) {
            first = fault == NumberFault::missing ? NumberFault::not_a_number : fault;
        }
        times.push_back(time);
    }
    return first;
}

}  // namespace decodemeter
