/*
 * Digests of what shapes an output file. A later run compares them to tell whether the file is
 * up to date.
 */
#ifndef CLIMNORM_SINK_DIGEST_H
#define CLIMNORM_SINK_DIGEST_H

#include "sink/normals_file.h"

/* Hexadecimal, as in the attributes climnorm_config_digest and climnorm_inputs_digest. */
struct cn_digests {
    char config[33], inputs[33];
};

/* Digests the config of an output file, and the source files of the years used. Every value
 * counts with its length or in a fixed width, so that two different lists never give the same
 * bytes. Cannot fail.
 * Returns: *digests. */
void cn_sink_digests(const struct cn_normals_file *file, struct cn_digests *digests);

#endif
