/*
 * The two ways of reading behind cn_read.
 */
#ifndef CLIMNORM_SOURCE_BACKENDS_H
#define CLIMNORM_SOURCE_BACKENDS_H

#include "source/block.h"

/* Units along the chunks that touch stretch and box; false: finding them would take too long. */
bool cn_decoder_plan(struct cn_read *read);
/* `file`: a descriptor, only read. */
enum cn_status cn_decoder_open(struct cn_read *read, int file, struct cn_error *error);
enum cn_status cn_decoder_unit(const struct cn_read *read, int file, size_t unit,
                               struct cn_scratch *scratch, struct cn_error *error);

enum cn_status cn_reader_plan(struct cn_read *read, struct cn_error *error);
enum cn_status cn_reader_units(const struct cn_read *read, size_t first, size_t count,
                               struct cn_scratch *scratch, struct cn_error *error);

/* What a failed call of HDF5 or netCDF-C means, by the errno that it left: the machine, or a
 * damaged file. Set errno to 0 before the call. */
enum cn_status cn_read_blame(void);

#endif
