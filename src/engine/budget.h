/*
 * Bytes that tasks hold for a while, bounded together. A task that wants more than is left waits
 * until others have given back; one alone never waits. Whoever holds some waits for no task and for
 * no other bytes, so every wait ends.
 */
#ifndef CLIMNORM_ENGINE_BUDGET_H
#define CLIMNORM_ENGINE_BUDGET_H

#include <pthread.h>
#include <stdint.h>

struct cn_budget {
    pthread_mutex_t lock;
    pthread_cond_t given;
    uint64_t bytes; /* to be held at once; more by one task alone */
    uint64_t held;
};

void cn_budget_begin(struct cn_budget *budget, uint64_t bytes);
void cn_budget_take(struct cn_budget *budget, uint64_t bytes);
void cn_budget_give(struct cn_budget *budget, uint64_t bytes);
void cn_budget_end(struct cn_budget *budget);

#endif
