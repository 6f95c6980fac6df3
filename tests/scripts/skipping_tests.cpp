// A passing, a skipped and a failing test case, to test how tests/gpu/skipped_tests.hpp ends a
// program.
#define CATCH_CONFIG_RUNNER
#include "tests/gpu/skipped_tests.hpp"

TEST_CASE("A test case that passes", "[passes]") { CHECK(true); }

TEST_CASE("A test case that the machine refuses", "[skips]") {
    decodemeter::test::skip_test("no rights to trace");
}

TEST_CASE("A test case that fails", "[fails]") { CHECK(false); }

int main(int argc, char** argv) {
    return decodemeter::test::exit_code(Catch::Session().run(argc, argv));
}
