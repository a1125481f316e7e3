/*
 * What the products of a plan are, for people and for programs.
 */
#ifndef CLIMNORM_CLI_PLAN_PRODUCTS_H
#define CLIMNORM_CLI_PLAN_PRODUCTS_H

#include "climnorm/plan.h"

#include <jansson.h>

/* Prints a sentence for each product, unless the only one is the mean of each day slot in the unit
 * of the source. */
void cn_print_products(const struct cn_plan *plan);

/* Returns: the products of a variable as a JSON array, in the order of the config; NULL: out of
 * memory. Owns: the caller. */
json_t *cn_products_json(const struct cn_plan *plan, const struct cn_variable_plan *variable);

#endif
