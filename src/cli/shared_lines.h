/*
 * Lines about the variables of a plan: what holds for all stands once, what holds for some names
 * them.
 */
#ifndef CLIMNORM_CLI_SHARED_LINES_H
#define CLIMNORM_CLI_SHARED_LINES_H

#include "climnorm/plan.h"

/* Returns: the names of the variables of the plan for which is_in[plan->variable_count] holds;
 * NULL: out of memory. Owns: the plan's pool. */
const char *cn_plan_names(const struct cn_plan *plan, const bool *is_in);

struct cn_shared_line;

/* Zero-initialise, set plan. */
struct cn_shared_lines {
    const struct cn_plan *plan;
    struct cn_shared_line *items;
    size_t count, capacity;
};

/* Adds the text of variable v; equal ones become one line. NULL is left out. Owns: the text must
 * last. */
void cn_shared_add(struct cn_shared_lines *lines, size_t v, const char *text);

/* Prints the lines below a label. all: the number of variables that have one. */
void cn_shared_print(const char *label, const struct cn_shared_lines *lines, size_t all);

#endif
