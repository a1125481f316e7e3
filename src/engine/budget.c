/*
 * A bound on what tasks hold together.
 */
#include "engine/budget.h"

void cn_budget_begin(struct cn_budget *budget, uint64_t bytes)
{
    *budget = (struct cn_budget){PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, bytes, 0};
}

void cn_budget_take(struct cn_budget *budget, uint64_t bytes)
{
    pthread_mutex_lock(&budget->lock);
    while (budget->held && (budget->held > budget->bytes || bytes > budget->bytes - budget->held))
        pthread_cond_wait(&budget->given, &budget->lock);
    budget->held += bytes;
    pthread_mutex_unlock(&budget->lock);
}

void cn_budget_give(struct cn_budget *budget, uint64_t bytes)
{
    pthread_mutex_lock(&budget->lock);
    budget->held -= bytes;
    pthread_cond_broadcast(&budget->given);
    pthread_mutex_unlock(&budget->lock);
}

void cn_budget_end(struct cn_budget *budget)
{
    pthread_cond_destroy(&budget->given);
    pthread_mutex_destroy(&budget->lock);
}
