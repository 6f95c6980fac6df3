#include "profiler/report/table.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;

TEST_CASE("A table aligns its first column left and the others right") {
    Table table({"tier", "ms"});
    table.add_row({"low", "1.5"});
    table.add_row({"medium", "12.25"});
    CHECK(table.text() == "  tier       ms\n  ------  -----\n  low       1.5\n  medium  12.25\n");
}

TEST_CASE("Columns that do not fit follow below, behind the first one") {
    Table table({"tier", "first", "second", "third"});
    table.add_row({"low", "1", "2", "3"});
    table.add_row({"medium", "4", "5", "6"});
    CHECK(table.text(24) ==
          "  tier    first  second\n  ------  -----  ------\n"
          "  low         1       2\n  medium      4       5\n\n"
          "  tier    third\n  ------  -----\n  low         3\n  medium      6\n");
    CHECK(table.text(80) == table.text());
    CHECK(table.text(1).find("third") != std::string::npos);
    Table one({"alone"});
    one.add_row({"x"});
    CHECK(one.text(80) == "  alone\n  -----\n  x\n");
}

TEST_CASE("Widths count characters, not bytes") { CHECK(display_width("µs ± 1 %") == 8); }

TEST_CASE("HTML is escaped") {
    Table table({"a<b"});
    table.add_row({"\"x\" & y"});
    CHECK(table.html().find("a&lt;b") != std::string::npos);
    CHECK(table.html().find("&quot;x&quot; &amp; y") != std::string::npos);
}

TEST_CASE("A row longer than the header is refused") {
    Table table({"one"});
    CHECK_THROWS_AS(table.add_row({"1", "2"}), std::invalid_argument);
}
