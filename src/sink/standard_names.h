/*
 * The standard name of a product's quantity, and whether it is a difference of temperatures: the CF
 * standard name table, version 93. Pure text.
 */
#ifndef CLIMNORM_SINK_STANDARD_NAMES_H
#define CLIMNORM_SINK_STANDARD_NAMES_H

#include "base/pool.h"
#include "climnorm/product.h"

/* source: the standard name of the daily values; NULL: they have none. *failed is set where memory
 * runs out.
 * Returns: the standard name of the product's values; NULL: CF has none. Owns: the pool. */
const char *cn_product_standard_name(struct cn_pool *pool, const char *source,
                                     const struct cn_product *product, bool *failed);

/* Returns: the standard name of the product's threshold, as above. */
const char *cn_threshold_standard_name(struct cn_pool *pool, const char *source,
                                       const struct cn_product *product, bool *failed);

/* Returns: what CF 1.11, section 3.1.2, has as units_metadata: whether values in a unit of
 * temperature lie on its scale or are differences. NULL: it need not be said. */
const char *cn_temperature_metadata(const char *source, const struct cn_product *product);

#endif
