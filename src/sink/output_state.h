/*
 * The state of an output file in the making, and what its one pass and its several passes share.
 * Only output_file.c and output_passes.c know it.
 */
#ifndef CLIMNORM_SINK_OUTPUT_STATE_H
#define CLIMNORM_SINK_OUTPUT_STATE_H

#include "sink/metadata.h"
#include "sink/skeleton.h"
#include "sink/waiting.h"

#include <pthread.h>
#include <stdatomic.h>

struct cn_output_file {
    struct cn_normals_file content;
    struct cn_skeleton *skeleton;
    struct cn_pool *pool;
    size_t fields, chunks_per_target;  /* of all fields */
    struct cn_stored_chunk *chunks;    /* [target_count][chunk_count][field_count]; addresses count
                                          from the start of the area */
    const struct cn_encoded **waiting; /* [target_count] put, but not yet written; of one pass */
    bool *is_known;                    /* [target_count] it is known which years were used */
    bool *is_put;                      /* [target_count] by all passes */
    bool *years;                       /* [target_count][cn_file_years] that were used */
    const bool **years_used;           /* [target_count] in years; NULL: not known, or not made */
    size_t next;                       /* the first target that is not put */
    size_t left;                       /* targets that are neither written nor left out */
    uint64_t bytes;                    /* that have places */
    bool failed;                 /* some target could not be put: the file is never complete */
    atomic_bool is_stale;        /* passes do not fit together: neither */
    pthread_mutex_t lock;        /* of these, and of what follows until it is there */
    bool is_begun;               /* the temporary is there */
    bool is_placed;              /* the metadata are, and area_begin is certain */
    struct cn_metadata metadata; /* of one target: as it is; of several: as planned */
    uint64_t area_begin;         /* 0: not known */
    int descriptor;              /* of the temporary of one pass; -1 before and after */
    char *temporary;
    struct cn_waiting passes; /* of several passes */
};

/* Returns: whether the file takes several passes. */
static inline bool cn_output_has_passes(const struct cn_output_file *file)
{
    return file->content.pass_count > 1;
}

/* cn_temporary_fail of the file. */
enum cn_status cn_output_fail(const struct cn_output_file *file, int reason,
                              struct cn_error *error);

/* Makes the skeleton, which says where the chunks begin, unless it was made. Of a file of one
 * target all is known with its first put. The caller holds the file's lock. Returns: CN_OK. Errors:
 * as cn_output_put. */
enum cn_status cn_output_place_area(struct cn_output_file *file, struct cn_error *error);

/* Keeps which years entered target t; years_used NULL: it is not made. Other years than before make
 * the file stale. The caller holds the file's lock. */
void cn_output_note_years(struct cn_output_file *file, size_t t, const bool *years_used);

/* Keeps sizes and hashes of `count` encoded chunks in stored[], but not of those without bytes. The
 * caller holds the file's lock. */
void cn_output_note_chunks(struct cn_stored_chunk *stored, const struct cn_encoded *chunks,
                           const uint64_t *hashes, size_t count);

/* Gives places to `count` chunks. The caller holds the file's lock. */
void cn_output_place_chunks(struct cn_output_file *file, struct cn_stored_chunk *stored,
                            size_t count);

#endif
