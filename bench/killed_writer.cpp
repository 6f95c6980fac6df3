// Is anything lost when a writer is killed, or the disk is full? A child process appends records as
// fast as it can, saying before each which one comes; it is killed with SIGKILL at 200 random
// moments, and started again on the same directory. Then the same with a file-size limit in place
// of a full disk, because mounting a small one needs rights. Prints one JSON line for each case.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>

#include "profiler/record/store/record_reader.hpp"
#include "profiler/record/store/record_store.hpp"
#include "tests/record/example_record.hpp"
#include "tests/statistics/synthetic.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;

namespace {

constexpr int kills = 200;

// Two data sets in turn, of many lengths.
SampleRecord record_at(std::int64_t place) {
    SampleRecord record = test::example_record(place, 2 + static_cast<int>(place * 7 % 60));
    if (place % 2 == 1) record.dataset = "coco_caption";
    record.key = record_key(record.dataset, place, record.config, 0);
    return record;
}

// What `profile` does: whatever is not there yet, in order. `written` is told each record that has
// been written.
[[noreturn]] void write_until_killed(const std::filesystem::path& directory, int written) {
    RecordStore store(directory, {});
    for (std::int64_t place = 0;; ++place) {
        const SampleRecord record = record_at(place);
        if (store.contains(record.key)) continue;
        store.append(record);
        if (write(written, &place, sizeof place) != sizeof place) _exit(1);
    }
}

// Reads what the child said until it is dead; the largest place.
std::int64_t last_written(int pipe, std::int64_t before) {
    std::int64_t place = 0;
    while (read(pipe, &place, sizeof place) == sizeof place) before = std::max(before, place);
    return before;
}

struct Loss {
    int torn_left = 0;
    int duplicates = 0;
    int gaps = 0;
    int lost = 0;
    int repaired = 0;
    int more_than_one_in_flight = 0;
    std::int64_t records = 0;
    std::int64_t highest = -1;  // place found after the kill before
};

std::int64_t kill_once(const std::filesystem::path& directory, useconds_t after,
                       std::int64_t written_before) {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        write_until_killed(directory, ends[1]);
    }
    close(ends[1]);
    usleep(after);
    kill(child, SIGKILL);
    const std::int64_t last = last_written(ends[0], written_before);
    close(ends[0]);
    waitpid(child, nullptr, 0);
    return last;
}

// What a start after the kill finds, once the store has repaired its files.
void inspect(const std::filesystem::path& directory, std::int64_t last, Loss& loss) {
    {
        const RecordStore store(directory, {});
        loss.repaired += static_cast<int>(store.repairs().size());
    }
    if (last < 0) return;
    const RecordSet set = read_results(directory);
    std::set<std::int64_t> places;
    for (const SampleRecord& record : set.records)
        loss.duplicates += !places.insert(record.sample_id).second;
    loss.torn_left += static_cast<int>(set.report.skipped_count());
    for (std::int64_t place = 0; place <= last; ++place) loss.lost += !places.contains(place);
    const std::int64_t highest = *places.rbegin();
    loss.gaps += highest + 1 != static_cast<std::int64_t>(places.size());
    // One record may be there that nobody was told of.
    loss.more_than_one_in_flight += highest > std::max(last, loss.highest) + 1;
    loss.highest = highest;
    loss.records = static_cast<std::int64_t>(places.size());
}

// A new directory now and then: reading it at the start would else outlast the child's life.
void kill_many() {
    constexpr int kills_a_directory = 10;
    test::Draws draws(2026);
    Loss loss;
    std::int64_t records = 0;
    for (int directories = 0; directories < kills / kills_a_directory; ++directories) {
        const test::TemporaryDirectory directory;
        std::int64_t last = loss.highest = -1;
        for (int i = 0; i < kills_a_directory; ++i) {
            last = kill_once(directory.path(), static_cast<useconds_t>(draws.uniform(500, 25'000)),
                             last);
            inspect(directory.path(), last, loss);
        }
        records += loss.records;
    }
    std::printf(
        "{\"case\":\"kill "
        "-9\",\"kills\":%d,\"records\":%lld,\"lost\":%d,\"duplicates\":%d,\"gaps\":%d,\"torn_lines_"
        "left\":"
        "%d,\"torn_lines_repaired\":%d,\"more_than_the_sample_in_flight\":%d}\n",
        kills, static_cast<long long>(records), loss.lost, loss.duplicates, loss.gaps,
        loss.torn_left, loss.repaired, loss.more_than_one_in_flight);
}

// Appends until the limit stops it; how many records were written whole.
std::int64_t write_until_full(const std::filesystem::path& directory, rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    RecordStore store(directory, {});
    const rlimit limit{bytes, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
    std::int64_t written = 0;
    try {
        for (;; ++written) store.append(record_at(written));
    } catch (const std::system_error&) {
    }
    setrlimit(RLIMIT_FSIZE, &before);
    return written;
}

void fill_disk() {
    int broken = 0;
    std::int64_t records = 0;
    constexpr int limits = 50;
    for (int i = 0; i < limits; ++i) {
        const test::TemporaryDirectory directory;
        const std::int64_t written =
            write_until_full(directory.path(), static_cast<rlim_t>(20'000 + 137 * i));
        const RecordSet set = read_results(directory.path());
        broken += static_cast<std::int64_t>(set.records.size()) != written ||
                  set.report.skipped_count() > 0;
        records += written;
    }
    std::printf(
        "{\"case\":\"disk full "
        "(RLIMIT_FSIZE)\",\"limits\":%d,\"records\":%lld,\"directories_with_a_loss\":%d}\n",
        limits, static_cast<long long>(records), broken);
}

}  // namespace

int main() {
    kill_many();
    fill_disk();
}
