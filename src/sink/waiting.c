/*
 * The scratch file has a place for each chunk of each target: first its values, pass by pass, each
 * with its hash behind it; then the encoded chunk. They are apart, because the values are needed
 * again where a run ends before the journal says that the chunk is encoded. Places that are not
 * used are holes.
 */
#include "sink/waiting.h"

#include "base/error.h"
#include "base/io.h"
#include "sink/claims.h"
#include "sink/file_passes.h"

#define XXH_STATIC_LINKING_ONLY /* the state is on the stack: nothing to allocate */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { BLOCK_BYTES = 4096, COPY_BYTES = 1 << 18 };

uint64_t cn_waiting_number(const struct cn_normals_file *file)
{
    return cn_content_hash(file->path, strlen(file->path));
}

void cn_waiting_find(const struct cn_normals_file *file, struct cn_waiting *waiting)
{
    *waiting = (struct cn_waiting){.file = file, .outlives = true};
    for (int which = 0; which < CN_WAITING_FILES; which++)
        cn_waiting_name(cn_waiting_number(file), (enum cn_waiting_file)which,
                        waiting->names[which]);
}

int cn_waiting_open(const struct cn_waiting *waiting, enum cn_waiting_file which, int flags)
{
    return cn_temporary_open(waiting->file->config->output.root, waiting->file->path,
                             waiting->names[which], flags);
}

void cn_waiting_remove(const struct cn_waiting *waiting)
{
    for (int which = CN_WAITING_FILES - 1; which >= 0; which--) /* the journal first */
        cn_temporary_remove(waiting->file->config->output.root, waiting->file->path,
                            waiting->names[which]);
}

/* Closes a file that was written, after which errno says why it failed. */
static bool close_written(int descriptor, bool is_written)
{
    const int reason = errno;
    if (close(descriptor) && is_written)
        return false; /* a full disk may show only here */
    errno = reason;
    return is_written;
}

static bool begin_journal(struct cn_waiting *waiting)
{
    int journal = cn_waiting_open(waiting, CN_WAITING_JOURNAL, O_WRONLY | O_CREAT);
    return journal >= 0 &&
           close_written(journal, cn_journal_begin(journal, waiting->file, &waiting->journal));
}

enum cn_status cn_waiting_begin(const struct cn_normals_file *file, struct cn_waiting *waiting,
                                struct cn_error *error)
{
    char path[PATH_MAX];
    const char *root = file->config->output.root;
    int descriptor;
    cn_waiting_find(file, waiting);
    waiting->outlives = cn_claim(root, cn_waiting_number(file));
    if (waiting->outlives)
        cn_waiting_remove(waiting);
    for (int which = 0; which < CN_WAITING_FILES && !waiting->outlives; which++)
        cn_temporary_name(waiting->names[which]);
    enum cn_status status = cn_temporary_create(root, file->path, waiting->names[CN_WAITING_CHUNKS],
                                                path, sizeof path, &descriptor, error);
    if (status)
        return status;
    close(descriptor);
    if (waiting->outlives && !begin_journal(waiting)) {
        const int reason = errno;
        cn_waiting_remove(waiting);
        return cn_temporary_fail(root, file->path, reason, error);
    }
    return CN_OK;
}

/* The bytes of a place for one field of one chunk: those of values, and all. */
static uint64_t place_bytes(const struct cn_waiting *waiting, size_t field, uint64_t *values)
{
    const struct cn_region_cells *region = waiting->file->region;
    const uint64_t cells = (uint64_t)region->chunk_slots * region->row_count * region->column_count;
    const uint64_t encoded = (uint64_t)region->chunk_cells * cn_field_bytes(waiting->file, field);
    *values =
        cells * cn_field_bytes(waiting->file, field) + waiting->file->pass_count * sizeof(uint64_t);
    *values = (*values + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
    return *values + (encoded + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
}

/* Where the place begins. */
static uint64_t place_address(const struct cn_waiting *waiting, const struct cn_chunk_place *place)
{
    const size_t fields = cn_field_count(waiting->file->config);
    uint64_t values, chunk = 0, before = 0;
    for (size_t f = 0; f < fields; f++) {
        const uint64_t bytes = place_bytes(waiting, f, &values);
        chunk += bytes;
        before += f < place->field ? bytes : 0;
    }
    return (place->target * waiting->file->region->chunk_count + place->chunk) * chunk + before;
}

uint64_t cn_waiting_chunk_address(const struct cn_waiting *waiting,
                                  const struct cn_chunk_place *place, uint64_t *room)
{
    uint64_t values;
    const uint64_t all = place_bytes(waiting, place->field, &values);
    *room = all - values;
    return place_address(waiting, place) + values;
}

/* Where the values of a pass are. */
static uint64_t values_address(const struct cn_waiting *waiting, const struct cn_chunk_place *place,
                               size_t pass)
{
    const struct cn_normals_file *file = waiting->file;
    uint64_t address = place_address(waiting, place);
    for (size_t p = pass; p > 0; p--) {
        const struct cn_pass_stretch stretch = cn_file_stretch(file, p - 1);
        if (stretch.first_slot + stretch.slot_count <= place->chunk * file->region->chunk_slots)
            break; /* so have all before it */
        const size_t values = cn_chunk_share(file, p - 1, place->chunk).values;
        address +=
            values ? values * cn_field_bytes(waiting->file, place->field) + sizeof(uint64_t) : 0;
    }
    return address;
}

bool cn_waiting_keep_values(const struct cn_waiting *waiting, const struct cn_chunk_place *place,
                            size_t pass, const void *values, uint64_t *hash)
{
    const size_t count = cn_chunk_share(waiting->file, pass, place->chunk).values;
    const size_t bytes = count * cn_field_bytes(waiting->file, place->field);
    *hash = cn_content_hash(values, bytes);
    struct iovec vectors[] = {{(void *)values, bytes}, {hash, sizeof *hash}};
    int scratch = cn_waiting_open(waiting, CN_WAITING_SCRATCH, O_WRONLY | O_CREAT);
    return scratch >= 0 &&
           close_written(
               scratch, cn_pwritev_full(scratch, vectors, 2, values_address(waiting, place, pass)));
}

bool cn_waiting_read_values(const struct cn_waiting *waiting, int scratch,
                            const struct cn_chunk_place *place, size_t pass, void *chunk,
                            uint64_t *hash)
{
    const struct cn_region_cells *region = waiting->file->region;
    const struct cn_chunk_share share = cn_chunk_share(waiting->file, pass, place->chunk);
    const size_t cell_bytes = cn_field_bytes(waiting->file, place->field);
    const size_t row_bytes = region->column_count * cell_bytes, bytes = share.row_count * row_bytes;
    uint64_t address = values_address(waiting, place, pass), expected;
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_64bits_reset(&state);
    for (size_t s = 0; s < share.slot_count; s++, address += bytes) {
        unsigned char *to =
            (unsigned char *)chunk +
            ((share.first_slot + s) * region->row_count + share.first_row) * row_bytes;
        errno = 0;
        if (cn_pread_full(scratch, to, bytes, address) != (ssize_t)bytes)
            return false;
        XXH3_64bits_update(&state, to, bytes);
    }
    *hash = XXH3_64bits_digest(&state);
    errno = 0;
    return cn_pread_full(scratch, &expected, sizeof expected, address) ==
               (ssize_t)sizeof expected &&
           expected == *hash;
}

bool cn_waiting_check_values(const struct cn_waiting *waiting, int scratch,
                             const struct cn_chunk_place *place, size_t pass, uint64_t hash)
{
    const uint64_t bytes = (uint64_t)cn_chunk_share(waiting->file, pass, place->chunk).values *
                           cn_field_bytes(waiting->file, place->field);
    const uint64_t address = values_address(waiting, place, pass);
    uint64_t found, stored;
    return cn_waiting_copy(scratch, address, bytes, -1, 0, &found) && found == hash &&
           cn_pread_full(scratch, &stored, sizeof stored, address + bytes) ==
               (ssize_t)sizeof stored &&
           stored == hash;
}

bool cn_waiting_keep_chunk(const struct cn_waiting *waiting, const struct cn_chunk_place *place,
                           const struct cn_encoded *chunk)
{
    uint64_t room;
    const uint64_t address = cn_waiting_chunk_address(waiting, place, &room);
    struct iovec vector = {(void *)chunk->bytes, chunk->size};
    int scratch = cn_waiting_open(waiting, CN_WAITING_SCRATCH, O_WRONLY | O_CREAT);
    return scratch >= 0 && close_written(scratch, cn_pwritev_full(scratch, &vector, 1, address));
}

bool cn_waiting_copy(int from, uint64_t from_address, uint64_t size, int to, uint64_t to_address,
                     uint64_t *hash)
{
    unsigned char *buffer = malloc(size < COPY_BYTES ? size + 1 : COPY_BYTES);
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_64bits_reset(&state);
    bool is_copied = buffer != NULL;
    for (uint64_t done = 0; done < size && is_copied;) {
        const size_t piece = size - done < COPY_BYTES ? size - done : COPY_BYTES;
        struct iovec vector = {buffer, piece};
        errno = 0;
        is_copied = cn_pread_full(from, buffer, piece, from_address + done) == (ssize_t)piece;
        if (!is_copied)
            break;
        XXH3_64bits_update(&state, buffer, piece);
        is_copied = to < 0 || cn_pwritev_full(to, &vector, 1, to_address + done);
        done += piece;
    }
    const int reason = errno;
    free(buffer);
    errno = reason;
    *hash = XXH3_64bits_digest(&state);
    return is_copied;
}
