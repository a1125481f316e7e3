/*
 * The journal of an output that takes several passes: what each pass made of each of its targets.
 * It begins with what the output will be and how it is cut; a record follows for each target of
 * each pass. Every record has a hash that covers those before it, so it can end anywhere.
 *
 * Whoever reads a journal trusts nothing in it. What a record says of other files has still to be
 * compared with them.
 */
#ifndef CLIMNORM_SINK_JOURNAL_H
#define CLIMNORM_SINK_JOURNAL_H

#include "base/pool.h"
#include "climnorm/error.h"
#include "sink/content_digest.h"
#include "sink/normals_file.h"

/* Where the next record goes. */
struct cn_journal {
    uint64_t size; /* bytes that are sound */
    uint64_t hash; /* of the last record */
};

/* What a pass made of a target. */
struct cn_journal_record {
    size_t pass, target;
    bool is_made;
    bool years_used[CN_MAX_TARGET_YEARS]; /* [cn_file_years] */
    uint64_t area_begin;                  /* of the output's chunks */
    /* [chunks that the pass touches][field_count] without addresses. Of a chunk that is whole with
     * the pass: size and hash of its encoded bytes; else of the values that were kept. */
    struct cn_stored_chunk *shares;
};

/* What a journal holds. */
struct cn_journal_contents {
    struct cn_pass_stretch *stretches; /* [pass_count] */
    size_t pass_count;
    uint64_t *records; /* [pass_count][target_count] address of the last record; 0: none */
    struct cn_journal end;
};

/* Writes the beginning of a journal into an empty file.
 * Returns: *journal; false: errno says why. */
bool cn_journal_begin(int descriptor, const struct cn_normals_file *file,
                      struct cn_journal *journal);

/* Appends a record; after a failure the file ends as before.
 * Returns: false on failure. Errors: errno. */
bool cn_journal_append(int descriptor, const struct cn_normals_file *file,
                       const struct cn_journal_record *record, struct cn_journal *journal);

/* Reads the beginning, and finds the records up to the first unsound byte. file: as planned; its
 * stretches are not looked at.
 * Returns: *contents. Errors: CN_BAD_INPUT: it is no journal of this output. CN_BAD_MACHINE: out of
 * memory. Owns: the pool. */
enum cn_status cn_journal_read(int descriptor, struct cn_pool *pool,
                               const struct cn_normals_file *file,
                               struct cn_journal_contents *contents, struct cn_error *error);

/* Allocates record->shares, for any record of the file.
 * Returns: false: out of memory. Owns: the pool. */
bool cn_journal_record_alloc(struct cn_pool *pool, const struct cn_normals_file *file,
                             struct cn_journal_record *record);

/* Reads a record that was found. file: with the stretches of the journal.
 * Returns: *record; false: there is none, or it cannot be read. */
bool cn_journal_get(int descriptor, const struct cn_normals_file *file,
                    const struct cn_journal_contents *contents, size_t pass, size_t target,
                    struct cn_journal_record *record);

#endif
