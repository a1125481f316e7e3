/*
 * What pictures say of a field: units as people read them, titles from the metadata, the kind of
 * quantity.
 */
#ifndef CLIMNORM_PICTURES_WORDING_H
#define CLIMNORM_PICTURES_WORDING_H

#include "pictures/field.h"
#include "pictures/scale.h"

/* Values of the picture are those of the file times `factor`. */
struct cn_picture_unit {
    double factor;
    const char *text; /* "mm/day"; "": none */
};

/* A flux of water in kg m-2 s-1 is shown in mm/day, and its sums over days in mm. Other units stay;
 * degC, say, is written as people do. Returns: the unit. */
struct cn_picture_unit cn_picture_unit_of(const struct cn_field *field);

/* Returns: what a field is of. Standard deviations, counts and degree days are of another quantity.
 */
enum cn_quantity cn_field_quantity(const struct cn_field *field);

/* Returns: whether values are changes against a baseline. *middle: the value that means none. */
bool cn_field_is_change(const struct cn_field *field, double *middle);

/* Returns: the name of the quantity, with a capital, and an ending; NULL: out of memory. Owns: the
 * pool. */
const char *cn_field_name(struct cn_pool *pool, const struct cn_field *field, const char *ending);

/* Parts of a title that say which values these are; "" are left out. */
enum cn_field_part {
    CN_PART_STATISTIC, /* "30-year daily normal of tas" */
    CN_PART_SLOT,
    CN_PART_YEARS,
    CN_PART_REGION,
    CN_PART_MODEL,
    CN_PART_SCENARIO,
    CN_PARTS
};

struct cn_field_wording {
    const char *parts[CN_PARTS];
};

/* Words a map of slots [first, first + count), or with count 0 curves, of a target.
 * Returns: false: out of memory. Owns: the pool. */
bool cn_field_word(struct cn_pool *pool, const struct cn_field *field, size_t target, size_t first,
                   size_t count, struct cn_field_wording *wording);

/* Joins the parts that all of wordings[count] have alike, or, with `one` not NULL, those of it that
 * they have not. Returns: "A · B"; NULL: out of memory. Owns: the pool. */
const char *cn_wording_join(struct cn_pool *pool, const struct cn_field_wording *wordings,
                            size_t count, const struct cn_field_wording *one);

#endif
