/*
 * What all task bodies need: going on or not, reporting, time, scratch.
 */
#include "engine/job.h"

#include <omp.h>

bool cn_job_goes_on(struct cn_job *job)
{
    int stop = atomic_load_explicit(&job->stop, memory_order_relaxed);
    if (!stop && cn_job_heard_stop(job) && /* an error of the machine stays what it is */
        atomic_compare_exchange_strong(&job->stop, &stop, CN_STOPPED))
        cn_progress_say(job->hooks->progress,
                        "stopping: files that are being written are finished; once "
                        "more stops at once");
    return !atomic_load_explicit(&job->stop, memory_order_relaxed);
}

uint64_t cn_job_heard_stop(struct cn_job *job)
{
    uint64_t since = atomic_load_explicit(&job->stop_ns, memory_order_relaxed), now;
    if (since || !job->hooks->stop || !atomic_load_explicit(job->hooks->stop, memory_order_relaxed))
        return since;
    now = cn_now_ns();
    return atomic_compare_exchange_strong(&job->stop_ns, &since, now) ? now : since;
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

void cn_job_report(struct cn_job *job, const char *text)
{
    pthread_mutex_lock(&job->report_lock);
    cn_problems_add(&job->result->problems, CN_PROBLEM, "%s", text);
    cn_show_problem(job->counters, &job->result->problems);
    pthread_mutex_unlock(&job->report_lock);
    cn_progress_say(job->hooks->progress, "! %s", text);
}

void cn_job_abort(struct cn_job *job, const struct cn_error *error)
{
    pthread_mutex_lock(&job->report_lock);
    const enum cn_status before = job->machine_error.status;
    bool counts = !before || (before != CN_BAD_MACHINE && error->status == CN_BAD_MACHINE);
    if (counts) {
        job->machine_error = *error;
        atomic_store(&job->stop, error->status);
    }
    pthread_mutex_unlock(&job->report_lock);
    if (counts)
        cn_job_report(job, error->text);
}

struct cn_worker *cn_job_worker(struct cn_job *job)
{
    return &job->workers[omp_get_thread_num()];
}

struct cn_scratch *cn_job_scratch(struct cn_job *job)
{
    return &cn_job_worker(job)->scratch;
}
