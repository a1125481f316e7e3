/*
 * Which problems of a list are shown, and how they begin.
 */
#include "progress/problems.h"

#include "base/error.h"

void cn_say_problems(struct cn_progress *progress, const struct cn_problems *problems, size_t first)
{
    for (size_t i = first; i < problems->count; i++)
        if (problems->items[i].severity != CN_DETAIL)
            cn_progress_say(progress, "%s%s", cn_severity_mark(problems->items[i].severity),
                            problems->items[i].text);
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
