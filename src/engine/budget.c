/*
 * A bound on the bytes that tasks hold together.
 */
#include "engine/budget.h"

void cn_budget_init(struct cn_budget *budget, uint64_t bytes)
{
    *budget = (struct cn_budget){PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, bytes, 0};
}

void cn_budget_acquire(struct cn_budget *budget, uint64_t bytes)
{
    pthread_mutex_lock(&budget->lock);
    while (budget->held && (budget->held > budget->bytes || bytes > budget->bytes - budget->held))
        pthread_cond_wait(&budget->released, &budget->lock);
    budget->held += bytes;
    pthread_mutex_unlock(&budget->lock);
}

void cn_budget_release(struct cn_budget *budget, uint64_t bytes)
{
    pthread_mutex_lock(&budget->lock);
    budget->held -= bytes;
    pthread_cond_broadcast(&budget->released);
    pthread_mutex_unlock(&budget->lock);
}

void cn_budget_destroy(struct cn_budget *budget)
{
    pthread_cond_destroy(&budget->released);
    pthread_mutex_destroy(&budget->lock);
}
