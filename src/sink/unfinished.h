/*
 * What an earlier run left of outputs that take several passes. It may be damaged, or made to
 * mislead: nothing counts that does not have the hash which the journal says.
 */
#ifndef CLIMNORM_SINK_UNFINISHED_H
#define CLIMNORM_SINK_UNFINISHED_H

#include "base/pool.h"
#include "climnorm/error.h"
#include "sink/normals_file.h"

/* What is there of one output. */
struct cn_unfinished {
    const struct cn_pass_stretch *stretches; /* [count] how that run cut the variable */
    size_t count;                            /* 0: there is nothing to go on with */
    size_t passes_done; /* of these, from the first on; never the last of the output */
};

/* Whether there is a journal of the output, of whatever content. *bytes: that its files take. */
bool cn_unfinished_is_there(const struct cn_normals_file *file, uint64_t *bytes);

/* Finds out how many passes of an output are whole. file: as planned. verifies: reads back all that
 * they wrote, in pieces; else the journal is believed.
 * Returns: *found. Errors: CN_BAD_MACHINE: out of memory, or it cannot be read now, as too many
 * files are open. Owns: the pool. */
enum cn_status cn_unfinished_read(const struct cn_normals_file *file, bool verifies,
                                  struct cn_pool *pool, struct cn_unfinished *found,
                                  struct cn_error *error);

/* Returns: how many of stretches[count], from the first on, have no rows of the output. These are
 * done where nothing is there of it. */
size_t cn_unfinished_free_passes(const struct cn_normals_file *file,
                                 const struct cn_pass_stretch *stretches, size_t count);

/* Removes what is there of an output. */
void cn_unfinished_remove(const struct cn_normals_file *file);

/* Removes what is there below an output root of all outputs but those with one of the numbers of
 * cn_waiting_number. What may not be read or removed stays. Follows no link but the root itself. */
void cn_unfinished_remove_others(const char *output_root, const uint64_t *numbers, size_t count);

#endif
