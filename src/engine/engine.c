/*
 * What all task bodies need: whether to go on, reporting, the thread's own state.
 */
#include "engine/engine.h"

#include <omp.h>

bool cn_engine_is_running(struct cn_engine *engine)
{
    int stop = atomic_load_explicit(&engine->stop, memory_order_relaxed);
    /* The exchange: an error of the machine stays what it is. */
    if (!stop && cn_engine_stop_requested_ns(engine) &&
        atomic_compare_exchange_strong(&engine->stop, &stop, CN_STOPPED))
        cn_progress_say(engine->watch->progress,
                        "stopping: files in progress are finished first; press Ctrl-C again to "
                        "quit now");
    return !atomic_load_explicit(&engine->stop, memory_order_relaxed);
}

uint64_t cn_engine_stop_requested_ns(struct cn_engine *engine)
{
    uint64_t since = atomic_load_explicit(&engine->stop_ns, memory_order_relaxed), now;
    if (since || !cn_watch_stopped(engine->watch))
        return since;
    now = cn_now_ns();
    return atomic_compare_exchange_strong(&engine->stop_ns, &since, now) ? now : since;
}

struct cn_thread_state *cn_engine_thread(const struct cn_engine *engine)
{
    return &engine->workers[omp_get_thread_num()];
}

void cn_engine_count(const struct cn_engine *engine, enum cn_counter counter, uint64_t more)
{
    cn_count_in_line(engine->counters, (size_t)omp_get_thread_num(), counter, more);
}
