/*
 * The table of statistics: all that the program knows of each. Other files use its rows and name
 * none of them.
 */
#ifndef CLIMNORM_PRODUCTS_STATISTICS_H
#define CLIMNORM_PRODUCTS_STATISTICS_H

#include "base/suggest.h"
#include "climnorm/product.h"
#include "kernels.h"

struct cn_statistic_row {
    const char *name;   /* in configs; of quantiles "p", which a number follows */
    const char *method; /* in cell_methods: CF 1.8, appendix E; NULL: CF has no word */
    const char *noun;   /* for people: "mean" */
    bool is_difference; /* of values: where another unit has another zero, that does not matter */
    /* What it takes, in means without a pool: for a sample, and for each day of its pool. */
    double sample_cost, day_cost;
};

/* [CN_QUANTILE + 1] */
extern const struct cn_statistic_row cn_statistics[];

/* The names of methods in configs and outputs, by enum cn_quantile_method; NULL-terminated. */
extern const char *const cn_quantile_method_names[];

/* Reads "mean", "std", "median", "p90" or "p2.5".
 * Returns: false: the text names no statistic; *over is not set then. */
bool cn_over_parse(const char *text, struct cn_over *over);

enum { CN_OVER_BYTES = 48 };

/* Offers the words of configs that are no percentile. */
void cn_over_suggest(struct cn_suggestion *suggestion);

/* Names a statistic as configs do: "mean", "p90".
 * Returns: text. */
const char *cn_over_text(const struct cn_over *over, char text[CN_OVER_BYTES]);

/* Names a statistic for people: "mean", "90th percentile", "2.5th percentile", "median".
 * Returns: text. */
const char *cn_over_noun(const struct cn_over *over, char text[CN_OVER_BYTES]);

/* Returns: the word of CF in cell_methods. NULL: CF has none, as for percentiles. */
const char *cn_over_method(const struct cn_over *over);

/* Returns: how many of the products, from the first on, are computed at once: quantiles share one
 * sorted sample. */
size_t cn_products_together(const struct cn_product *const *products, size_t count);

/* Returns: how long making so many products takes, which cn_products_together returned, in the time
 * that means without a pool take: roughly, for windows of about 30 years. */
double cn_products_cost(const struct cn_product *const *products, size_t count);

/* Computes products of the same samples, whose values are read once. The job has no statistic,
 * quantiles and min_values yet. Its results and counts are [count][slots][targets]. Of products
 * that cn_products_together joins, the first gets counts. */
void cn_products_compute(const struct cn_kernels *kernels, const struct cn_window_job *job,
                         const struct cn_product *const *products, size_t count,
                         enum cn_quantile_method method);

#endif
