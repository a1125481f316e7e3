/*
 * Reading bytes of an input file, and checking that it is still the file that the catalog saw.
 */
#ifndef CLIMNORM_SOURCE_BYTES_H
#define CLIMNORM_SOURCE_BYTES_H

#include "source/reader.h"

/* Bytes of a file that were read before a decode asked for them. */
struct cn_prefetched {
    uint64_t address, size;
    const unsigned char *bytes;
};

/* Opens the file for reading if it is still the same one. Does not wait if it is a FIFO now.
 * Returns: CN_OK. Errors: CN_BAD_INPUT: it changed or is not there; CN_BAD_MACHINE. Owns: the
 * caller closes *descriptor. */
enum cn_status cn_file_open(const struct cn_file *file, int *descriptor, struct cn_error *error);

/* Checks by name that the file did not change.
 * Returns: CN_OK. Errors: CN_BAD_INPUT: it changed or is gone; CN_BAD_MACHINE. */
enum cn_status cn_file_check(const struct cn_file *file, struct cn_error *error);

/* Returns: whether the open descriptor is of the file that the catalog saw. */
bool cn_file_is_unchanged(const struct cn_file *file, int descriptor);

/* Copies `size` bytes from `address` on to `bytes`, from scratch->prefetched where they are there.
 * Returns: CN_OK. Errors: CN_BAD_INPUT: the file ends before; CN_BAD_MACHINE. */
enum cn_status cn_file_bytes(const struct cn_file *file, int descriptor, uint64_t address,
                             size_t size, struct cn_scratch *scratch, unsigned char *bytes,
                             struct cn_error *error);

/* Counts the bytes as read.
 * Returns: where they are in scratch->prefetched; NULL: not there. */
const unsigned char *cn_prefetched_bytes(struct cn_scratch *scratch, uint64_t address, size_t size);

#endif
