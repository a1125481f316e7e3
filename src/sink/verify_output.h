/*
 * Whether an output file is as it was written. Nothing in it is trusted.
 */
#ifndef CLIMNORM_SINK_VERIFY_OUTPUT_H
#define CLIMNORM_SINK_VERIFY_OUTPUT_H

#include "climnorm/error.h"
#include "sink/digest.h"

enum cn_verify_depth {
    CN_VERIFY_METADATA, /* all but the values: less than a millisecond */
    CN_VERIFY_ALL       /* reads the whole file */
};

/* Computes the content digest of a file and compares it with the one it holds. Takes the HDF5 lock,
 * but not while it reads values. HDF5 may crash on a damaged file, so call it in a child process.
 * Returns: *digests, what else the file says. Errors: CN_BAD_INPUT: it is damaged, or not an output
 * file. CN_BAD_MACHINE: it cannot be read, or out of memory. The text does not name the file. */
enum cn_status cn_output_verify(const char *path, enum cn_verify_depth depth,
                                struct cn_digests *digests, struct cn_error *error);

#endif
