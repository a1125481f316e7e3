/*
 * What an output keeps on disk between its passes, beside the file that it will become. Values of a
 * chunk of which a pass has only a part, and encoded chunks before their turn, wait in a scratch
 * file, each at its fixed place. A journal says what is there. No file is open between calls.
 */
#ifndef CLIMNORM_SINK_WAITING_H
#define CLIMNORM_SINK_WAITING_H

#include "codec/codec.h"
#include "sink/journal.h"
#include "sink/temporary.h"

struct cn_waiting {
    const struct cn_normals_file *file; /* with its passes */
    char names[CN_WAITING_FILES][CN_TEMPORARY_NAME_BYTES];
    bool outlives; /* the run: it has fixed names and a journal; set by cn_waiting_begin */
    struct cn_journal journal;
};

/* Where a chunk of a field is. */
struct cn_chunk_place {
    size_t target, chunk, field;
};

/* Returns: the number of an output among all unfinished ones. */
uint64_t cn_waiting_number(const struct cn_normals_file *file);

/* Makes *waiting of an output whose files are there, or may be; opens and claims nothing. */
void cn_waiting_find(const struct cn_normals_file *file, struct cn_waiting *waiting);

/* Makes the files of a new output, in place of those of another one. Where another process works on
 * that output, they get names of this run, and end with it.
 * Errors: as cn_temporary_create. */
enum cn_status cn_waiting_begin(const struct cn_normals_file *file, struct cn_waiting *waiting,
                                struct cn_error *error);

/* Opens one of the files. flags: O_RDONLY or O_WRONLY, and O_CREAT.
 * Returns: -1 on failure. Errors: errno. */
int cn_waiting_open(const struct cn_waiting *waiting, enum cn_waiting_file which, int flags);

/* Removes the files. */
void cn_waiting_remove(const struct cn_waiting *waiting);

/* Writes the values of a pass, [slots of the chunk in the pass][rows in the pass][column_count].
 * Returns: *hash; false on failure. Errors: errno. */
bool cn_waiting_keep_values(const struct cn_waiting *waiting, const struct cn_chunk_place *place,
                            size_t pass, const void *values, uint64_t *hash);

/* Reads the values that a pass has kept into those of the whole chunk,
 * [chunk_slots][row_count][column_count]. `scratch` may be closed afterwards.
 * Returns: *hash; false: they are not what was written, errno 0, or cannot be read. */
bool cn_waiting_read_values(const struct cn_waiting *waiting, int scratch,
                            const struct cn_chunk_place *place, size_t pass, void *chunk,
                            uint64_t *hash);

/* Returns: whether the values that a pass has kept are there and have the hash. */
bool cn_waiting_check_values(const struct cn_waiting *waiting, int scratch,
                             const struct cn_chunk_place *place, size_t pass, uint64_t hash);

/* Writes an encoded chunk, apart from its values.
 * Returns: false on failure. Errors: errno. */
bool cn_waiting_keep_chunk(const struct cn_waiting *waiting, const struct cn_chunk_place *place,
                           const struct cn_encoded *chunk);

/* Returns: the address of an encoded chunk in the scratch file, and *room, its most bytes. */
uint64_t cn_waiting_chunk_address(const struct cn_waiting *waiting,
                                  const struct cn_chunk_place *place, uint64_t *room);

/* Hashes `size` bytes of a file, and writes them to another one unless `to` is -1.
 * Returns: *hash, as cn_content_hash; false on failure. Errors: errno; 0: the file is too short. */
bool cn_waiting_copy(int from, uint64_t from_address, uint64_t size, int to, uint64_t to_address,
                     uint64_t *hash);

#endif
