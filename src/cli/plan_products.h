/*
 * What the products of a plan are, for people.
 */
#ifndef CLIMNORM_CLI_PLAN_PRODUCTS_H
#define CLIMNORM_CLI_PLAN_PRODUCTS_H

#include "climnorm/plan.h"

/* Prints a sentence for each product, unless the only one is the mean of each day slot in the unit
 * of the source. */
void cn_print_products(const struct cn_plan *plan);

#endif
