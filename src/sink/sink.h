/*
 * The sink: normals that are already encoded become published netCDF-4 files.
 *
 * A file is made in two steps, because only the second waits for the disk: cn_sink_write makes
 * `.climnorm-*.tmp` in the directory of the final path; cn_sink_publish syncs and renames it. It
 * knows nothing of tasks or of how normals are computed.
 */
#ifndef CLIMNORM_SINK_SINK_H
#define CLIMNORM_SINK_SINK_H

#include "climnorm/plan.h"

#include <stdatomic.h>

/* The chunk of one day slot, filtered as the file says (shuffle, then zlib at output.compression;
 * compression 0: the plain little-endian values, no filters). */
struct cn_encoded {
    const void *bytes;
    size_t size;
};

/* All that shapes one file but the values. */
struct cn_normal_file {
    const struct cn_config *config;
    const struct cn_catalog *catalog;
    const struct cn_variable *variable;
    const struct cn_region_cells *region;
    const struct cn_target *target;
    int slots;
    const char *path;      /* relative to config->output.root */
    const bool *year_used; /* [normals.window] NULL: all years that target->window has */
};

/* Hexadecimal digests, as in the attributes climnorm_config_digest and climnorm_inputs_digest. */
struct cn_digests {
    char config[33], inputs[33];
};
void cn_sink_digests(const struct cn_normal_file *file, struct cn_digests *digests);

/* Whether the existing file at the final path is complete, its digests match and it used exactly
 * the years planned. Takes the HDF5 lock. */
bool cn_sink_is_up_to_date(const struct cn_normal_file *file);

/* What the files of a variable and region have in common, made with the first of them; zero before.
 * Any number of threads may share it: the HDF5 lock guards it. */
struct cn_skeleton {
    void *bytes;
    size_t size;
    uint64_t hash[2];
};
void cn_skeleton_free(struct cn_skeleton *skeleton);

/* Writes the temporary file. skeleton: of the file's variable, region and config; means[slots];
 * counts[slots] or NULL; temporary: room for its path, made absolute. Takes the HDF5 lock, but
 * never while it waits for the disk. On failure nothing is left behind. CN_BAD_MACHINE: disk full,
 * I/O error. */
enum cn_status cn_sink_write(const struct cn_normal_file *file, struct cn_skeleton *skeleton,
                             const struct cn_encoded *means, const struct cn_encoded *counts,
                             char *temporary, size_t room, struct cn_error *error);

/* fsync, then rename to the final path: after a crash of the machine a file is there whole or not
 * at all. No HDF5 lock. On failure the temporary is removed. Who gives a file up unlinks it
 * instead. */
enum cn_status cn_sink_publish(const struct cn_normal_file *file, const char *temporary,
                               struct cn_error *error);

/* Who holds a lock: "process 4711 on host since 2026-01-31T12:00:00Z", or that nobody knows. */
struct cn_holder {
    char text[200]; /* "": nobody */
};

/* The exclusive lock of an output root: made (with the folder) by the first run, held to its end.
 * Taking it removes the temporaries that a dead run left. A holder that is about to die is given a
 * few seconds, unless *stop is not 0. *lock: a descriptor for unlock.
 * CN_BAD_USAGE: another run holds it, then *holder says which; or the path leads to no folder.
 * CN_BAD_MACHINE: the folder cannot be written, or its file system cannot lock. */
enum cn_status cn_sink_lock(const char *output_root, const atomic_int *stop, int *lock,
                            struct cn_holder *holder, struct cn_error *error);
void cn_sink_unlock(int lock);

#endif
