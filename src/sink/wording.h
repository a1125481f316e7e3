/*
 * What a file says of its product to people. Pure text.
 */
#ifndef CLIMNORM_SINK_WORDING_H
#define CLIMNORM_SINK_WORDING_H

#include "base/pool.h"
#include "sink/normals_file.h"

/* The values that the statistic is made of: "monthly means of tas", "the number of days per year
 * with tasmax > 90 degF". quantity: "tas". Returns: NULL: out of memory. Owns: the pool. */
const char *cn_subject(struct cn_pool *pool, const struct cn_product *product,
                       const char *quantity);

/* Returns: what the statistic over the years is of: "daily data", "yearly numbers of days". */
const char *cn_group_values_phrase(const struct cn_product *product);

/* "30-year monthly mean of tas, 1991-2020, Alaska".
 * Returns: NULL: out of memory. Owns: the pool. */
const char *cn_title(struct cn_pool *pool, const struct cn_normals_file *file);

/* The statistic: "mean over the years 1991-2020", "90th percentile of 5 days each over the years
 * 1991-2020".
 * Returns: NULL: out of memory. Owns: the pool. */
const char *cn_statistic_phrase(struct cn_pool *pool, const struct cn_normals_file *file);

/* "difference from 1985-2014", "ratio to 1985-2014"; "": the product is no change.
 * Returns: NULL: out of memory. Owns: the pool. */
const char *cn_change_phrase(struct cn_pool *pool, const struct cn_product *product);

/* The long name of the values: "number of days with Daily Maximum Temperature > 90 degF".
 * Returns: NULL: out of memory. Owns: the pool. */
const char *cn_long_name(struct cn_pool *pool, const struct cn_product *product,
                         const char *quantity);

/* Returns: whether the values are the source's quantity: neither sums nor counts of it. */
bool cn_is_source_quantity(const struct cn_product *product);

#endif
