/*
 * One output file: normals that are already encoded become a netCDF-4 file. That takes two steps,
 * because only the second waits for the disk. The first, here, writes `.climnorm-*.tmp` in the
 * folder of the final path. The second, cn_temporary_publish, syncs it and renames it.
 */
#ifndef CLIMNORM_SINK_OUTPUT_FILE_H
#define CLIMNORM_SINK_OUTPUT_FILE_H

#include "sink/chunks.h"
#include "sink/normal_file.h"
#include "sink/skeleton.h"

/* Writes the temporary file of means[slots], and of counts[slots] or NULL. skeleton: of the file's
 * variable, region and config. Takes the HDF5 lock, but never while it waits for the disk.
 * Returns: temporary[capacity], the absolute path. Errors: CN_BAD_INPUT: the file cannot have this
 * path or variable, or no year was used. CN_BAD_MACHINE: the disk is full, an I/O error, out of
 * memory. On failure no temporary is left. Owns: the caller publishes the temporary or unlinks it.
 */
enum cn_status cn_sink_write(const struct cn_normal_file *file, struct cn_skeleton *skeleton,
                             const struct cn_encoded *means, const struct cn_encoded *counts,
                             char *temporary, size_t capacity, struct cn_error *error);

#endif
