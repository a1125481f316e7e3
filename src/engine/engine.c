/*
 * What all task bodies need: whether to go on, reporting, the thread's own state.
 */
#include "engine/engine.h"

#include "base/error.h"

#include <omp.h>

bool cn_engine_is_running(struct cn_engine *engine)
{
    int stop = atomic_load_explicit(&engine->stop, memory_order_relaxed);
    /* The exchange: an error of the machine stays what it is. */
    if (!stop && cn_engine_stop_requested_ns(engine) &&
        atomic_compare_exchange_strong(&engine->stop, &stop, CN_STOPPED))
        cn_progress_say(engine->watch->progress,
                        "stopping: files that are being written are finished; once "
                        "more stops at once");
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

void cn_show_problem(struct cn_counters *counters, const struct cn_problems *problems)
{
    if (atomic_load_explicit(&counters->problem, memory_order_relaxed))
        return;
    for (size_t i = 0; i < problems->count; i++)
        if (problems->items[i].severity == CN_PROBLEM) {
            atomic_store_explicit(&counters->problem, problems->items[i].text,
                                  memory_order_release);
            return;
        }
}

void cn_engine_report(struct cn_engine *engine, const char *text)
{
    pthread_mutex_lock(&engine->report_lock);
    cn_problems_add(&engine->result->problems, CN_PROBLEM, "%s", text);
    cn_show_problem(engine->counters, &engine->result->problems);
    pthread_mutex_unlock(&engine->report_lock);
    cn_progress_say(engine->watch->progress, "! %s", text);
}

void cn_engine_abort(struct cn_engine *engine, const struct cn_error *error)
{
    pthread_mutex_lock(&engine->report_lock);
    const enum cn_status before = engine->machine_error.status;
    bool counts = !before || (before != CN_BAD_MACHINE && error->status == CN_BAD_MACHINE);
    if (counts) {
        engine->machine_error = *error;
        atomic_store(&engine->stop, error->status);
    }
    pthread_mutex_unlock(&engine->report_lock);
    if (counts)
        cn_engine_report(engine, error->text);
}

struct cn_thread_state *cn_engine_thread(const struct cn_engine *engine)
{
    return &engine->workers[omp_get_thread_num()];
}
