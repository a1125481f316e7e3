/*
 * The header of netCDF-3 files, as far as netCDF-C does not check it.
 */
#ifndef CLIMNORM_CATALOG_CLASSIC_H
#define CLIMNORM_CATALOG_CLASSIC_H

#include "climnorm/error.h"

#include <stdint.h>

/* Whether an open netCDF-3 file of `size` bytes holds all that its header promises. netCDF-C reads
 * zeros where a file was cut off, and believes every length in a header. CN_BAD_INPUT: not so. */
enum cn_status cn_classic_check(int descriptor, uint64_t size, struct cn_error *error);

/* Where variable number `variable` of a netCDF-3 file of `size` bytes begins, and how far apart its
 * records lie; step 0: it has none. netCDF-C does not tell. */
enum cn_status cn_classic_place(const char *path, uint64_t size, int variable, uint64_t *begin,
                                uint64_t *step, struct cn_error *error);

#endif
