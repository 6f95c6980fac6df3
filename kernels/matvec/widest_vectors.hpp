// For plain loops that the compiler vectorizes. A macro, because the attribute must stand on the
// function itself.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
// Compiled once for each vector width; the loader picks the widest that the processor has.
#define DECODEMETER_WIDEST_VECTORS \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define DECODEMETER_WIDEST_VECTORS
#endif
