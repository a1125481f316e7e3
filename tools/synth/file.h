/*
 * One file of a synthetic tree: its metadata, and how its days are encoded. It knows neither how
 * values are computed nor threads.
 */
#ifndef CLIMNORM_SYNTH_FILE_H
#define CLIMNORM_SYNTH_FILE_H

#include "codec/scratch.h"
#include "kernels.h"
#include "synth/options.h"
#include "synth/world.h"

/* What the metadata of a file are made of. */
struct cn_synth_file {
    const struct cn_synth_options *options;
    const struct cn_world *world;
    const char *path; /* its final name */
    struct cn_synth_variable variable;
    const char *experiment;
    const char *date; /* ISO 8601, for the history */
    int year, days;
    int64_t first_day; /* days since 1850-01-01 of the calendar */
};

/* Makes the file `path`, which must not exist, with everything but the values. The caller holds the
 * HDF5 lock.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE. */
enum cn_status cn_synth_file_create(const struct cn_synth_file *file, const char *path,
                                    struct cn_error *error);

enum { CN_SYNTH_ENCODE_BUFFERS = 2 }; /* of the scratch: those that cn_synth_encode uses */

/* Encodes a day of `cells` values: shuffle and deflate, by the library of options->style; with
 * compression 0 a copy. Each thread has a scratch of its own.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE: out of memory. Owns: the caller frees chunk->bytes. */
enum cn_status cn_synth_encode(const struct cn_kernels *kernels, struct cn_scratch *scratch,
                               const struct cn_synth_options *options, const float *values,
                               size_t cells, struct cn_encoded *chunk, struct cn_error *error);

#endif
