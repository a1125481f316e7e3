/*
 * A config with the one product that it has by default.
 */
#ifndef CLIMNORM_TESTS_ONE_PRODUCT_H
#define CLIMNORM_TESTS_ONE_PRODUCT_H

#include "climnorm/config.h"

/* To be called again when normals.window, min_years or min_values have changed. */
static inline void set_product(struct cn_config *config, struct cn_product *product)
{
    const int least = config->normals.min_values;
    *product = (struct cn_product){.name = "normal",
                                   .pool = 1,
                                   .window = config->normals.window,
                                   .min_years = config->normals.min_years,
                                   .min_values = least ? least : 1};
    config->products = product;
    config->product_count = 1;
}

#endif
