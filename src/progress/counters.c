/*
 * The table of counters as data, and the state of a variable.
 */
#include "progress/counters.h"

#include "base/clock.h"

#define DESCRIPTION(constant, ...) [constant] = {__VA_ARGS__},
const struct cn_counter_row cn_counter_rows[] = {CN_COUNTER_TABLE(DESCRIPTION)};

void cn_counters_enter(struct cn_counters *counters, enum cn_variable_state state)
{
    atomic_store_explicit(state == CN_ACTIVE ? &counters->started_ns : &counters->finished_ns,
                          cn_now_ns(), memory_order_relaxed);
    /* Release: a thread that sees the state also sees the totals and the time. */
    atomic_store_explicit(&counters->state, (int)state, memory_order_release);
}
