/*
 * The header of netCDF-3 files, as far as netCDF-C does not check it.
 */
#ifndef CLIMNORM_CATALOG_CLASSIC_H
#define CLIMNORM_CATALOG_CLASSIC_H

#include "climnorm/error.h"

#include <stdint.h>

/* Checks that an open netCDF-3 file of `size` bytes holds all that its header promises. netCDF-C
 * reads zeros where a file was cut off, and believes every length in a header.
 * Errors: CN_BAD_INPUT: it does not. CN_BAD_MACHINE: out of memory. */
enum cn_status cn_classic_check(int descriptor, uint64_t size, struct cn_error *error);

/* Finds where variable number `variable` of a netCDF-3 file of `size` bytes begins, which netCDF-C
 * does not tell. *step: bytes from one record to the next; 0: it has no records.
 * Errors: CN_BAD_INPUT: the file cannot be opened, or is damaged. CN_BAD_MACHINE: out of memory. */
enum cn_status cn_classic_place(const char *path, uint64_t size, int variable, uint64_t *begin,
                                uint64_t *step, struct cn_error *error);

#endif
