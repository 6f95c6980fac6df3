#include "profiler/watch/watched_process.hpp"

#include <pthread.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>

#include "profiler/system/error.hpp"
#include "profiler/watch/watched_run.hpp"
#include "profiler/watch/watched_thread.hpp"

namespace decodemeter {

namespace {

// What is watched in this process. NVTX's functions carry no pointer of ours, so that there is one
// of it; it is never freed, because the program may push ranges until its very end.
struct Injected {
    explicit Injected(WatchSettings chosen) : run(std::move(chosen)) {}

    // Of a forked child: what its parent had, left as it is, because handles lead there.
    std::unique_ptr<Injected> parents;
    WatchedRun run;
    std::mutex mutex;  // of what follows; never held while a thread's is asked for
    std::set<std::string, std::less<>> strings;  // registered, whose addresses are NVTX's handles
    std::set<std::shared_ptr<WatchedThread>> threads;
    std::unordered_map<std::uint64_t, std::weak_ptr<WatchedThread>> ranges;  // open, by number
    std::set<std::string, std::less<>> names;  // of ranges, the first few
    std::atomic<bool> names_are_known{false};
    std::atomic<std::uint64_t> last_range{0};
};

// Null: nothing is watched, or no longer.
std::atomic<Injected*> injected{nullptr};

constexpr std::size_t most_names = 20;

// What this thread has of the process's.
struct ThreadPlace {
    Injected* of = nullptr;
    std::shared_ptr<WatchedThread> watched;

    ~ThreadPlace();
};

thread_local ThreadPlace here;
// In one of our functions, which a signal handler may interrupt with another one.
thread_local bool inside = false;
// The thread is ending, and `here` is no more.
thread_local bool gone = false;

void stop_watching(Injected& in, const char* reason) {
    Injected* expected = &in;
    if (!injected.compare_exchange_strong(expected, nullptr)) return;
    in.run.reporter().stopped(reason);
    std::fprintf(stderr, "decodemeter watch: %s; no longer watching\n", reason);
}

// The program must not notice us: no exception leaves, and after one nothing is watched.
template <class Work>
void guarded_to_the_end(const Work& work) noexcept {
    Injected* const in = injected;
    if (!in || inside) return;
    inside = true;
    try {
        work(*in);
    } catch (const std::exception& error) {
        stop_watching(*in, error.what());
    }
    inside = false;
}

template <class Work>
void guarded(const Work& work) noexcept {
    if (!gone) guarded_to_the_end(work);
}

WatchedThread& watched_thread(Injected& in) {
    if (here.of != &in) {
        here.watched = std::make_shared<WatchedThread>(in.run);
        here.of = &in;
        const std::lock_guard lock(in.mutex);
        in.threads.insert(here.watched);
    }
    return *here.watched;
}

void finish_thread(WatchedThread& watched) {
    const std::lock_guard lock(watched.mutex);
    watched.ranges().finish();
}

ThreadPlace::~ThreadPlace() {
    gone = true;
    guarded_to_the_end([this](Injected& in) {
        if (of != &in) return;
        finish_thread(*watched);
        const std::lock_guard lock(in.mutex);
        in.threads.erase(watched);
    });
}

// At the end of the process. A thread that is at work just now keeps its sample to itself.
void finish_process() {
    guarded_to_the_end([](Injected& in) {
        std::set<std::shared_ptr<WatchedThread>> left;
        {
            const std::lock_guard lock(in.mutex);
            left = in.threads;
        }
        for (const std::shared_ptr<WatchedThread>& watched : left) {
            const std::unique_lock lock(watched->mutex, std::try_to_lock);
            if (lock.owns_lock()) watched->ranges().finish();
        }
        in.run.finish();
    });
}

// What people see where no range had a known name.
void note_name(Injected& in, std::string_view name) {
    if (in.names_are_known) return;
    const std::lock_guard lock(in.mutex);
    if (!in.names.contains(name)) in.run.reporter().name(*in.names.emplace(name).first);
    in.names_are_known = in.names.size() >= most_names;
}

void watch_this_process(std::unique_ptr<Injected> in) {
    in->run.reporter().loaded();
    injected = in.release();
}

// The results and the lock on them are the parent's; what the child does is watched anew.
void watch_forked_child() {
    Injected* const parents = injected.exchange(nullptr);
    if (!parents) return;
    parents->run.abandon();
    try {
        auto in = std::make_unique<Injected>(parents->run.settings());
        in->parents.reset(parents);
        watch_this_process(std::move(in));
    } catch (const std::exception&) {  // not watched then
    }
}

// Several copies of NVTX may come at once.
void begin_watching() {
    static const bool once = [] {
        const char* const settings = std::getenv(watch_settings_variable);
        try {
            if (!settings)
                throw InputError("this library is loaded by `decodemeter watch -- PROGRAM`");
            watch_this_process(std::make_unique<Injected>(parse_watch_settings(settings)));
        } catch (const std::exception& error) {
            std::fprintf(stderr, "decodemeter watch: %s; not watching\n", error.what());
            return false;
        }
        std::atexit(finish_process);
        pthread_atfork(nullptr, nullptr, watch_forked_child);
        return true;
    }();
    static_cast<void>(once);
}

}  // namespace

int push_range(RangeDomain domain, std::string_view name) noexcept {
    int depth = not_watched;
    guarded([&](Injected& in) {
        note_name(in, name);
        WatchedThread& watched = watched_thread(in);
        const std::lock_guard lock(watched.mutex);
        depth = watched.ranges().push(domain, name);
    });
    return depth;
}

int pop_range(RangeDomain domain) noexcept {
    int depth = not_watched;
    guarded([&](Injected& in) {
        WatchedThread& watched = watched_thread(in);
        const std::lock_guard lock(watched.mutex);
        depth = watched.ranges().pop(domain);
    });
    return depth;
}

std::uint64_t start_range(RangeDomain domain, std::string_view name) noexcept {
    std::uint64_t range = 0;
    guarded([&](Injected& in) {
        range = ++in.last_range;
        note_name(in, name);
        WatchedThread& watched = watched_thread(in);
        {
            const std::lock_guard lock(watched.mutex);
            if (!watched.ranges().start(range, domain, name)) return;
        }
        const std::lock_guard lock(in.mutex);
        in.ranges[range] = here.watched;
    });
    return range;
}

void end_range(std::uint64_t range) noexcept {
    guarded([&](Injected& in) {
        std::shared_ptr<WatchedThread> watched;
        {
            const std::lock_guard lock(in.mutex);
            if (const auto found = in.ranges.extract(range); !found.empty())
                watched = found.mapped().lock();
        }
        if (!watched) return;
        const std::lock_guard lock(watched->mutex);
        watched->ranges().end(range);
    });
}

void set_mark(std::string_view message) noexcept {
    guarded([&](Injected& in) {
        WatchedThread& watched = watched_thread(in);
        const std::lock_guard lock(watched.mutex);
        try {
            watched.mark(std::string(message));
        } catch (const InputError& error) {
            in.run.reporter().problem(error.what());
        }
    });
}

const std::string* registered_string(std::string_view text) noexcept {
    const std::string* registered = nullptr;
    guarded([&](Injected& in) {
        const std::lock_guard lock(in.mutex);
        registered = &*in.strings.emplace(text).first;
    });
    return registered;
}

bool watch_from_now_on() noexcept {
    begin_watching();
    return injected != nullptr;
}

}  // namespace decodemeter
