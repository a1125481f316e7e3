/*
 * The units of a product of one variable: thresholds become the source's, results the unit that is
 * asked for.
 */
#ifndef CLIMNORM_PRODUCTS_UNITS_H
#define CLIMNORM_PRODUCTS_UNITS_H

#include "base/pool.h"
#include "climnorm/config.h"
#include "climnorm/error.h"

/* Sets what a variable's unit decides in a product of it: source_threshold and unit.
 * Errors: CN_BAD_INPUT: a unit does not convert; the text says which, without the variable's name.
 * CN_BAD_MACHINE: out of memory, or no UDUNITS database. Owns: the pool what is in the product. */
enum cn_status cn_product_units(struct cn_pool *pool, const struct cn_config *config,
                                const char *variable, const char *source_unit,
                                struct cn_product *product, struct cn_error *error);

#endif
