/*
 * Packing: which raw values are missing, and how the others become numbers. Pure.
 */
#ifndef CLIMNORM_CATALOG_PACKING_H
#define CLIMNORM_CATALOG_PACKING_H

#include "climnorm/catalog.h"

/* Reads the packing out of the attributes of a variable that is stored as `type` (NC_BYTE …
 * NC_UINT, NC_FLOAT, NC_DOUBLE). *is_unsigned: raw integers are read as unsigned; limits and
 * missing values are, too.
 * Errors: CN_BAD_INPUT: an attribute has the wrong type or length, or the scale is 0 or not
 * finite. */
enum cn_status cn_packing_read(const struct cn_attribute *attributes, size_t count, int type,
                               struct cn_packing *packing, bool *is_unsigned,
                               struct cn_error *error);

#endif
