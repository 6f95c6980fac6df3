#include "profiler/timing/tracing/activity_buffers.hpp"

#include <set>
#include <thread>

#include "tests/catch.hpp"

using namespace decodemeter;

TEST_CASE(
    "Buffers are given out once each, and when all are out the tracer goes without, and that is "
    "counted") {
    ActivityBuffers buffers(3, 64);
    std::set<std::uint8_t*> given;
    for (int i = 0; i < 3; ++i) given.insert(buffers.take());
    CHECK(given.size() == 3);
    CHECK(given.count(nullptr) == 0);
    CHECK(buffers.take() == nullptr);
    CHECK(buffers.starved() == 1);
    buffers.complete(*given.begin(), 0);  // nothing in it: back at once
    CHECK(buffers.take() == *given.begin());
    CHECK(reinterpret_cast<std::uintptr_t>(*given.begin()) % 8 == 0);
}

TEST_CASE("Between runs there can be more of them") {
    ActivityBuffers buffers(1, 64);
    std::uint8_t* const first = buffers.take();
    CHECK(buffers.take() == nullptr);
    buffers.complete(first, 0);
    buffers.grow(2);
    CHECK(buffers.count() == 3);
    for (int i = 0; i < 3; ++i) CHECK(buffers.take() != nullptr);
    CHECK(buffers.take() == nullptr);
}

TEST_CASE("Filled buffers come to the worker in their order, and go round") {
    ActivityBuffers buffers(2, 64);
    for (std::size_t round = 1; round <= 100; ++round) {
        std::uint8_t* const first = buffers.take();
        std::uint8_t* const second = buffers.take();
        buffers.complete(first, 2 * round);
        buffers.complete(second, 2 * round + 1);
        FilledBuffer filled;
        REQUIRE(buffers.next(filled));
        CHECK(filled.data == first);
        CHECK(filled.bytes == 2 * round);
        buffers.release(filled);
        REQUIRE(buffers.next(filled));
        CHECK(filled.bytes == 2 * round + 1);
        buffers.release(filled);
    }
    CHECK(buffers.starved() == 0);
}

TEST_CASE("A worker on another thread empties all that was filled before the close") {
    ActivityBuffers buffers(4, 64);
    std::size_t emptied = 0;
    std::thread worker([&] {
        FilledBuffer filled;
        while (buffers.next(filled)) {
            emptied += filled.bytes;
            buffers.release(filled);
        }
    });
    std::size_t handed = 0;
    for (std::size_t i = 0; i < 5000; ++i) {
        std::uint8_t* const buffer = buffers.take();
        if (!buffer) continue;
        handed += i % 7 + 1;
        buffers.complete(buffer, i % 7 + 1);
    }
    buffers.wait_until_emptied();
    buffers.close();
    worker.join();
    CHECK(emptied == handed);
}
