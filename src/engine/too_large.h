/*
 * Values that are too large for float32: kernels and conversions leave them infinite. Here they
 * become missing, are counted, and are told when the graph has ended. So nothing infinite enters a
 * sample or a file.
 */
#ifndef CLIMNORM_ENGINE_TOO_LARGE_H
#define CLIMNORM_ENGINE_TOO_LARGE_H

#include "engine/engine.h"

/* Where such a value is. */
struct cn_large_place {
    size_t item;                /* source year or target, as an index */
    size_t region, group, cell; /* cell: of the whole region */
};

/* Zero-initialise. It does not depend on the order in which values are found. */
struct cn_large_values {
    uint64_t count;
    struct cn_large_place first; /* where count > 0 */
};

struct cn_too_large {
    size_t normal_count;                /* the most that a target has */
    struct cn_large_values *of_groups;  /* [year_count][group_value_count] */
    struct cn_large_values *of_results; /* [target_count][normal_count] */
    pthread_mutex_t lock;
};

/* Values side by side: [groups][cells]. */
struct cn_value_stretch {
    float *values;
    size_t count;
    struct cn_large_place first; /* where the first one is */
    size_t cells;                /* from one group to the next one */
    bool is_of_other;            /* another pass makes them, too, and counts them */
};

/* Sets engine->too_large.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the engine's pool; cn_too_large_finish. */
enum cn_status cn_too_large_prepare(struct cn_engine *engine, struct cn_error *error);

/* Removes those among the values that groups have in a source year. values: index in the variable's
 * group values. Any thread may call it. */
void cn_remove_large_groups(const struct cn_engine *engine, size_t values,
                            const struct cn_value_stretch *stretch);

/* Removes those among the results of a normal. Any thread may call it. */
void cn_remove_large_results(const struct cn_engine *engine, size_t normal,
                             const struct cn_value_stretch *stretch);

/* Forgets what was removed from a normal: it is made again. */
void cn_too_large_forget(const struct cn_engine *engine, size_t target, size_t normal);

/* Adds a warning for the values of groups, and one for the results of each product.
 * Errors: problems->lost. */
void cn_too_large_report(const struct cn_engine *engine, struct cn_problems *problems);
void cn_too_large_finish(struct cn_engine *engine);

#endif
