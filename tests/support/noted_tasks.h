/*
 * OpenMP tasks that are noted, not run: with which body, data and dependences gcc gives each to
 * libgomp. The linker puts the functions here in libgomp's place (--wrap). And the order that the
 * dependences make. Works with gcc alone: clang calls libomp in other ways.
 */
#ifndef CLIMNORM_TESTS_NOTED_TASKS_H
#define CLIMNORM_TESTS_NOTED_TASKS_H

#include <stdbool.h>

#include "cn_test.h"

enum { MOST_TASKS = 3000, NO_CLAUSE = -1, OF_DEPENDENCES = 8 /* a flag of GOMP_task */ };

struct dependence {
    const void *address;
    bool is_out; /* or inout, which is the same */
    int clause;  /* of the test: in which clause of the pragma it stands */
};

struct task {
    void (*body)(void *);
    void *data;
    const char *name; /* of the test; "end" where it sets none */
    struct dependence *dependences;
    size_t dependence_count;
};

static struct {
    struct task tasks[MOST_TASKS];
    size_t count;
    bool are_too_many; /* later ones are not noted */
} noted;

/* depend: [count, outs, addresses], the outs first. */
static inline void note_dependences(struct task *task, void **depend)
{
    const size_t outs = (size_t)(uintptr_t)depend[1];
    task->dependence_count = (size_t)(uintptr_t)depend[0];
    assert_true(task->dependence_count > 0); /* 0: the form that has other kinds, too */
    task->dependences = calloc(task->dependence_count, sizeof *task->dependences);
    assert_non_null(task->dependences);
    for (size_t k = 0; k < task->dependence_count; k++)
        task->dependences[k] = (struct dependence){depend[2 + k], k < outs, NO_CLAUSE};
}

#define INSTEAD_OF_GOMP(call) __asm__("__wrap_GOMP_" #call)
void begin_parallel(void (*body)(void *), void *data) INSTEAD_OF_GOMP(parallel);
bool begin_single(void) INSTEAD_OF_GOMP(single_start);
void wait_for_all(void) INSTEAD_OF_GOMP(barrier);
void create_task(void (*body)(void *), void *data, void (*copy)(void *, void *), long size,
                 long align, bool is_deferred, unsigned flags, void **depend) INSTEAD_OF_GOMP(task);
void wait_for_task(void **depend) INSTEAD_OF_GOMP(taskwait_depend);

void begin_parallel(void (*body)(void *), void *data)
{
    body(data);
}

bool begin_single(void)
{
    return true;
}

void wait_for_all(void)
{
}

void create_task(void (*body)(void *), void *data, void (*copy)(void *, void *), long size,
                 long align, bool is_deferred, unsigned flags, void **depend)
{
    (void)align;
    assert_true(is_deferred && (flags & OF_DEPENDENCES));
    noted.are_too_many |= noted.count == MOST_TASKS;
    if (noted.are_too_many)
        return;
    struct task *task = &noted.tasks[noted.count++];
    *task = (struct task){.body = body, .name = "end", .data = malloc((size_t)size + 1)};
    assert_non_null(task->data);
    if (copy)
        copy(task->data, data);
    else if (size)
        memcpy(task->data, data, (size_t)size);
    note_dependences(task, depend);
}

static inline bool is_made_before(const void *address)
{
    for (size_t t = noted.count; t-- > 0;)
        for (size_t d = 0; d < noted.tasks[t].dependence_count; d++)
            if (noted.tasks[t].dependences[d].address == address &&
                noted.tasks[t].dependences[d].is_out)
                return true;
    return false;
}

/* Tasks depend on earlier ones alone. So a wait ends if it is for a task that is there. */
void wait_for_task(void **depend)
{
    struct task wait;
    note_dependences(&wait, depend);
    for (size_t k = 0; k < wait.dependence_count && !noted.are_too_many; k++)
        assert_true(is_made_before(wait.dependences[k].address) && !wait.dependences[k].is_out);
    free(wait.dependences);
}

static inline void forget_tasks(void)
{
    for (size_t t = 0; t < noted.count; t++) {
        free(noted.tasks[t].data);
        free(noted.tasks[t].dependences);
    }
    noted.count = 0;
    noted.are_too_many = false;
}

/* Which tasks must end before each begins: a bit for each. */
struct task_order {
    uint64_t *bits; /* [tasks][words] */
    size_t words;
};

static inline void add_earlier(struct task_order *order, size_t task, size_t earlier)
{
    uint64_t *to = &order->bits[task * order->words];
    const uint64_t *from = &order->bits[earlier * order->words];
    for (size_t w = 0; w < order->words; w++)
        to[w] |= from[w];
    to[earlier / 64] |= UINT64_C(1) << earlier % 64;
}

static inline bool is_before(const struct task_order *order, size_t earlier, size_t task)
{
    return order->bits[task * order->words + earlier / 64] >> earlier % 64 & 1;
}

/* Adds the tasks that one of a task's dependences waits for: an `in`, for the last `out`; an `out`,
 * for each `in` since the last `out`, and for that. */
static inline void add_waits(struct task_order *order, size_t task, const struct dependence *own,
                             int deleted)
{
    bool is_reached = false;
    for (size_t t = task; t-- > 0 && !is_reached;)
        for (size_t d = 0; d < noted.tasks[t].dependence_count; d++) {
            const struct dependence *other = &noted.tasks[t].dependences[d];
            if (other->address != own->address || other->clause == deleted ||
                (!own->is_out && !other->is_out))
                continue;
            add_earlier(order, task, t);
            is_reached |= other->is_out;
        }
}

/* deleted: a clause that is left out; INT_MAX: none. Owns: the caller frees the bits. */
static inline struct task_order find_order(int deleted)
{
    struct task_order order = {.words = noted.count / 64 + 1};
    order.bits = calloc(noted.count * order.words + 1, sizeof *order.bits);
    assert_non_null(order.bits);
    for (size_t t = 0; t < noted.count; t++)
        for (size_t d = 0; d < noted.tasks[t].dependence_count; d++)
            if (noted.tasks[t].dependences[d].clause != deleted)
                add_waits(&order, t, &noted.tasks[t].dependences[d], deleted);
    return order;
}

#endif
