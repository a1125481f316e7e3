/*
 * Bytes that tasks hold for a while, bounded together. A task that wants more than is left waits
 * until others release theirs. A task that is alone never waits. A holder must wait for no other
 * task and acquire no more bytes: so every wait ends.
 */
#ifndef CLIMNORM_ENGINE_BUDGET_H
#define CLIMNORM_ENGINE_BUDGET_H

#include <pthread.h>
#include <stdint.h>

struct cn_budget {
    pthread_mutex_t lock;
    pthread_cond_t released;
    uint64_t bytes; /* that may be held at once; one task alone may hold more */
    uint64_t held;
};

void cn_budget_init(struct cn_budget *budget, uint64_t bytes);

/* Waits until `bytes` fit, then holds them. Owns: the caller releases as many. */
void cn_budget_acquire(struct cn_budget *budget, uint64_t bytes);
void cn_budget_release(struct cn_budget *budget, uint64_t bytes);

/* Nothing may be held. */
void cn_budget_destroy(struct cn_budget *budget);

#endif
