/*
 * Checking chunks before a library reads them.
 */
#ifndef CLIMNORM_SOURCE_VERIFY_H
#define CLIMNORM_SOURCE_VERIFY_H

#include "source/reader.h"

/* Checks that the chunks that hold the instants first … end - 1 are as long as they should be and
 * match their checksums, as far as codecs undo their filters. file: an open descriptor. The caller
 * holds the HDF5 lock.
 * Returns: CN_OK. Errors: CN_BAD_INPUT: one is damaged; CN_BAD_MACHINE. */
enum cn_status cn_chunks_verify(const struct cn_reader *reader, int file, size_t first, size_t end,
                                struct cn_scratch *scratch, struct cn_error *error);

#endif
