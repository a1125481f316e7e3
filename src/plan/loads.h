/*
 * Groups source years that share a chunk of a file: they are read together.
 */
#ifndef CLIMNORM_PLAN_LOADS_H
#define CLIMNORM_PLAN_LOADS_H

#include "climnorm/plan.h"

struct year_part;

/* What of a variable is read, and memory to find what is loaded together; all arrays have an item
 * for each year. */
struct cn_loading {
    const struct cn_config *config;
    const struct cn_variable_plan *variable;
    bool *needed;            /* in the window of a wanted target */
    bool *of_pass;           /* those of them that the pass whose loads are made needs */
    size_t *parent;          /* of the years that are loaded with this one */
    size_t *load_of_year;    /* of the last pass whose loads were made, for its years */
    struct year_part *parts; /* of needed years */
};

/* Prepares the loading of a variable's needed years, and sets *bytes_to_read to the sizes of their
 * files, each once.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the plan's pool. */
enum cn_status cn_loading_prepare(struct cn_plan *plan, const struct cn_variable_plan *variable,
                                  struct cn_loading *loading, uint64_t *bytes_to_read,
                                  struct cn_error *error);

/* Makes the loads of pass `index`, of the years in loading->of_pass: loads[*count], for which there
 * is room for each year, and loading->load_of_year, which counts from first_load. Adds to
 * *bytes_to_decode those of the chunks that have cells and days of the pass. Errors:
 * CN_BAD_MACHINE: out of memory. Owns: the pool what is in the loads. */
enum cn_status cn_make_loads(struct cn_loading *loading, struct cn_pool *pool,
                             const struct cn_pass *pass, size_t index, struct cn_load *loads,
                             size_t *count, uint64_t *bytes_to_decode, struct cn_error *error);

#endif
