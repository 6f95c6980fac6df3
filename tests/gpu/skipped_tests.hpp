// Tests that a machine refuses to run. Catch2 2 knows only passed and failed, so a test that
// returns early would count as passed.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "tests/catch.hpp"

namespace decodemeter::test {

// Exit code that ctest's SKIP_RETURN_CODE and scripts/gpu_check read as "not run".
constexpr int skipped_exit_code = 77;

inline std::vector<std::string>& skipped_tests() {
    static std::vector<std::string> reasons;
    return reasons;
}

// Call it before a test case returns early. `reason` says what the machine refused.
inline void skip_test(const std::string& reason) {
    WARN("test skipped: " << reason);
    skipped_tests().push_back(Catch::getResultCapture().getCurrentTestName() + ": " + reason);
}

// The program's exit code, from what Catch2's session returned. A failure keeps Catch2's code;
// without one, a single skipped test case makes it `skipped_exit_code`, and the last line of the
// output names the reason.
inline int exit_code(int failed) {
    if (failed != 0 || skipped_tests().empty()) return failed;
    std::printf("test skipped: %zu test cases, the last one: %s\n", skipped_tests().size(),
                skipped_tests().back().c_str());
    return skipped_exit_code;
}

}  // namespace decodemeter::test
