/*
 * One output file: normals that are already encoded become a published netCDF-4 file. That takes
 * two steps, because only the second waits for the disk. The first writes `.climnorm-*.tmp` in the
 * folder of the final path. The second syncs it and renames it.
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

/* Syncs the temporary and renames it to file->path. After a crash of the machine the file is
 * complete or absent. Takes no HDF5 lock.
 * Errors: CN_BAD_MACHINE: the disk failed; the temporary is removed. */
enum cn_status cn_sink_publish(const struct cn_normal_file *file, const char *temporary,
                               struct cn_error *error);

#endif
