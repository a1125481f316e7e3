/*
 * The units of a product of one variable: thresholds become the source's, results the unit that is
 * asked for.
 */
#ifndef CLIMNORM_PRODUCTS_UNITS_H
#define CLIMNORM_PRODUCTS_UNITS_H

#include "base/pool.h"
#include "climnorm/config.h"
#include "climnorm/error.h"

/* Sets what a variable's unit decides in a product of it: source_threshold and unit. The unit is
 *
 * - that of the config (products.units, else output.units), and else the one that follows;
 * - of a mean, minimum or maximum within groups the source's, of sums that times a day, of counts
 * 1; of sums of amounts that are totals of days (are_totals), such as mm, the source's;
 * - of a ratio 1, without a conversion.
 *
 * output.units of a variable is that of its days: sums get it times a day ("mm d-1": "mm"), unless
 * it fits them and no values of days ("mm", of "mm d-1"); counts not at all; nor do sums of values
 * such as temperatures in another unit with another zero, which would need the number of days.
 * unit.name is "" where it is the source's, which has none. source_unit: NULL: there is none. Only
 * one thread may call this, see catalog/units.h. Errors: CN_BAD_INPUT: `threshold "90 degF" does
 * not fit: "degF" does not convert to …`, `units …`. CN_BAD_MACHINE: out of memory, or no UDUNITS
 * database. Owns: the pool what is in the product, and the config. */
enum cn_status cn_product_units(struct cn_pool *pool, const struct cn_config *config,
                                const char *variable, const char *source_unit, bool are_totals,
                                struct cn_product *product, struct cn_error *error);

#endif
