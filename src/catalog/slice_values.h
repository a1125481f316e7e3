/*
 * The values of the coordinate of a dimension, among which input.select chooses. Callers hold the
 * HDF5 lock where they have an open file.
 */
#ifndef CLIMNORM_CATALOG_SLICE_VALUES_H
#define CLIMNORM_CATALOG_SLICE_VALUES_H

#include "catalog/axes.h"

/* A dimension and its coordinate. */
struct cn_slice_values {
    const char *dim;
    size_t count;
    const double *numbers;    /* [count], NaN: missing; NULL: they are no numbers */
    const char *const *texts; /* [count], without blanks at the end; NULL: they are no texts */
    const char *units;        /* of numbers; "": none */
};

/* Reads the coordinate along a dimension, if it has one. Name and count are there.
 * Errors: CN_BAD_INPUT: it cannot be read. CN_BAD_MACHINE: out of memory. Owns: all lives in the
 * pool. */
enum cn_status cn_slice_values_read(const struct cn_nc_file *nc, int dimid,
                                    struct cn_slice_values *slices, struct cn_error *error);

/* Returns: the bytes of a text without blanks at its end. */
size_t cn_slice_text_bytes(const char *text, size_t most);

/* Returns: another value that is the same; count: there is none. */
size_t cn_slice_twin(const struct cn_slice_values *slices, size_t i);

/* Returns: whether input.select can choose value i. */
bool cn_slice_may_be_chosen(const struct cn_slice_values *slices, size_t i);

#endif
