/*
 * The products of all samples of a variable as one list, and how messages name some of them.
 */
#ifndef CLIMNORM_ENGINE_PRODUCT_LIST_H
#define CLIMNORM_ENGINE_PRODUCT_LIST_H

#include "base/strbuf.h"
#include "climnorm/plan.h"

/* A product of a sample. */
struct cn_product_place {
    const struct cn_sample *sample; /* NULL: there are no more */
    const struct cn_product *product;
    size_t index; /* in the sample */
};

/* Returns: how many products all samples have. */
size_t cn_all_products(const struct cn_variable_plan *variable);

/* Returns: the most normals that a target has. */
size_t cn_most_normals(const struct cn_variable_plan *variable);

/* Returns: the place in the list of a sample's first product. */
size_t cn_first_product(const struct cn_variable_plan *variable, const struct cn_sample *sample);

/* Returns: the n-th product of the list. */
struct cn_product_place cn_product_at(const struct cn_variable_plan *variable, size_t n);

/* Adds `, products "a", "b"`, of the list; nothing where the config has one product.
 * Errors: text->failed. */
void cn_name_products(struct cn_strbuf *text, const struct cn_plan *plan,
                      const struct cn_variable_plan *variable, const bool *is_in);

#endif
