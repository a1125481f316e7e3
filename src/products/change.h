/*
 * Changes against a baseline, and other units: what is done to finished statistics.
 */
#ifndef CLIMNORM_PRODUCTS_CHANGE_H
#define CLIMNORM_PRODUCTS_CHANGE_H

#include "climnorm/product.h"

/* Replaces values by their change against those of the baseline: in double, rounded once. NaN where
 * either is NaN, and for a ratio where the baseline is 0; else infinite where either is, or where
 * the result is too large for a float. */
void cn_change_values(enum cn_change change, float *values, const float *baseline, size_t count);

/* Converts values to a unit: scale * x + offset in double, rounded once. Infinite where the result
 * is too large for a float. */
void cn_convert_values(const struct cn_value_unit *unit, float *values, size_t count);

#endif
