// What a config.json must say for the model to be the Molmo that is implemented here.
#pragma once

#include "profiler/system/json_document.hpp"

namespace decodemeter::molmo {

// Throws InputError, naming the field, where config.json asks for another architecture.
void check_architecture(const JsonValue& config);

}  // namespace decodemeter::molmo
