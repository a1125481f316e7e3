/*
 * Of a file with one target, a pass appends its whole chunks to the temporary: the passes have the
 * order of the file. Those of a file with several targets wait in the scratch file, because the
 * first target comes first with all its chunks.
 */
#include "sink/output_passes.h"

#include "base/error.h"
#include "base/io.h"
#include "sink/claims.h"
#include "sink/file_passes.h"
#include "sink/output_state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* Takes over what the record says of passes that are done. */
static void take_over(struct cn_output_file *file, const struct cn_journal_record *record)
{
    size_t first;
    const size_t count = cn_pass_chunks(&file->content, record->pass, &first);
    cn_output_note_years(file, record->target, record->is_made ? record->years_used : NULL);
    if (!record->is_made)
        return;
    file->area_begin = record->area_begin;
    struct cn_stored_chunk *stored =
        file->chunks + record->target * file->chunks_per_target + first * file->fields;
    for (size_t k = 0; k < count * file->fields; k++)
        if (cn_is_whole_with(&file->content, record->pass, first + k / file->fields)) {
            stored[k] = record->shares[k];
            stored[k].address = file->bytes;
            file->bytes += file->content.target_count == 1 ? stored[k].size : 0;
        }
}

/* Whether an earlier run has begun the file: some pass that it made has rows of the region. */
static bool was_begun(const struct cn_output_file *file)
{
    size_t first, chunks = 0;
    for (size_t p = 0; p < file->content.passes_done; p++)
        chunks += cn_pass_chunks(&file->content, p, &first);
    return chunks > 0;
}

/* Reads the records of all passes that are done. False: they are not there. */
static bool take_over_passes(struct cn_output_file *file, int journal,
                             const struct cn_journal_contents *contents)
{
    struct cn_normals_file *content = &file->content;
    struct cn_journal_record record;
    size_t first;
    if (contents->pass_count != content->pass_count ||
        memcmp(contents->stretches, content->stretches,
               content->pass_count * sizeof *content->stretches) != 0 ||
        !cn_journal_record_alloc(file->pool, content, &record))
        return false;
    for (size_t p = 0; p < content->passes_done; p++)
        for (size_t t = 0; cn_pass_chunks(content, p, &first) && t < content->target_count; t++) {
            if (!cn_journal_get(journal, content, contents, p, t, &record))
                return false;
            take_over(file, &record);
        }
    return !file->is_stale;
}

/* Goes on with what cn_unfinished_read has verified, and drops what is behind it. */
static enum cn_status resume_passes(struct cn_output_file *file, struct cn_error *error)
{
    struct cn_journal_contents contents = {0};
    cn_waiting_find(&file->content, &file->passes);
    errno = 0;
    const bool is_ours =
        cn_claim(file->content.config->output.root, cn_waiting_number(&file->content));
    int journal = is_ours ? cn_waiting_open(&file->passes, CN_WAITING_JOURNAL, O_RDWR) : -1;
    int chunks = journal < 0 ? -1 : cn_waiting_open(&file->passes, CN_WAITING_CHUNKS, O_WRONLY);
    enum cn_status status = chunks < 0 ? cn_output_fail(file, errno, error) : CN_OK;
    if (!status)
        status = cn_journal_read(journal, file->pool, &file->content, &contents, error);
    if (status == CN_BAD_INPUT || (!status && !take_over_passes(file, journal, &contents)))
        status = cn_output_fail(file, 0, error);
    if (!status && (ftruncate(journal, (off_t)contents.end.size) ||
                    ftruncate(chunks, (off_t)(file->bytes ? file->area_begin + file->bytes : 0))))
        status = cn_output_fail(file, errno, error);
    if (!status)
        file->passes.journal = contents.end;
    if (journal >= 0)
        close(journal);
    if (chunks >= 0)
        close(chunks);
    return status;
}

/* Makes the files, or finds those of an earlier run. The caller holds the file's lock. */
static enum cn_status begin_passes(struct cn_output_file *file, struct cn_error *error)
{
    char path[PATH_MAX];
    if (file->is_begun)
        return CN_OK;
    enum cn_status status = was_begun(file)
                                ? resume_passes(file, error)
                                : cn_waiting_begin(&file->content, &file->passes, error);
    if (status)
        return status;
    file->is_begun = true;
    cn_temporary_path(file->content.config->output.root, file->content.path,
                      file->passes.names[CN_WAITING_CHUNKS], path, sizeof path);
    file->temporary = cn_pool_strdup(file->pool, path);
    return file->temporary ? CN_OK : cn_fail_memory(error, "an output file");
}

/* Writes a chunk of a target of several passes at its place in the temporary. bytes NULL: from the
 * scratch file. */
static bool append_encoded(const struct cn_output_file *file, int temporary, int scratch, size_t t,
                           size_t k, const void *bytes)
{
    const struct cn_stored_chunk *stored = &file->chunks[t * file->chunks_per_target + k];
    const struct cn_chunk_place place = {t, k / file->fields, k % file->fields};
    const uint64_t address = file->area_begin + stored->address;
    struct iovec vector = {(void *)bytes, stored->size};
    uint64_t hash, room;
    if (bytes)
        return cn_pwritev_full(temporary, &vector, 1, address);
    const uint64_t from = cn_waiting_chunk_address(&file->passes, &place, &room);
    errno = 0;
    return scratch >= 0 && stored->size <= room &&
           cn_waiting_copy(scratch, from, stored->size, temporary, address, &hash) &&
           hash == stored->hash;
}

/* Writes the chunks first … end - 1 of a target, of all fields, from memory or the scratch file.
 * chunks NULL: all from there. */
static enum cn_status append_chunks(const struct cn_output_file *file, size_t t, size_t first,
                                    size_t end, const struct cn_encoded *chunks,
                                    struct cn_error *error)
{
    int temporary = cn_waiting_open(&file->passes, CN_WAITING_CHUNKS, O_WRONLY);
    int scratch = cn_waiting_open(&file->passes, CN_WAITING_SCRATCH, O_RDONLY); /* -1: not needed */
    bool is_written = temporary >= 0;
    for (size_t k = first; k < end && is_written; k++)
        is_written =
            append_encoded(file, temporary, scratch, t, k, chunks ? chunks[k - first].bytes : NULL);
    const int reason = errno;
    if (scratch >= 0)
        close(scratch);
    if (temporary >= 0 && close(temporary) && is_written)
        return cn_output_fail(file, errno, error);
    return is_written ? CN_OK : cn_output_fail(file, reason, error);
}

/* Puts aside what a pass made of a target of several, which is written when all passes are made. */
static enum cn_status keep_share(const struct cn_output_file *file, const struct cn_put *put,
                                 struct cn_error *error)
{
    for (size_t k = 0; k < put->chunk_count * file->fields; k++) {
        const struct cn_chunk_place place = {put->target, put->first_chunk + k / file->fields,
                                             k % file->fields};
        if (put->chunks[k].bytes && !cn_waiting_keep_chunk(&file->passes, &place, &put->chunks[k]))
            return cn_output_fail(file, errno, error);
    }
    return CN_OK;
}

/* Writes down what a pass made of a target; not of the last pass, which always is made again. The
 * caller holds the file's lock. */
static enum cn_status record_share(struct cn_output_file *file, const struct cn_put *put,
                                   struct cn_error *error)
{
    size_t first;
    struct cn_journal_record record = {.pass = put->pass,
                                       .target = put->target,
                                       .is_made = put->years_used != NULL,
                                       .area_begin = file->area_begin};
    if (!file->passes.outlives || file->is_stale || put->pass == cn_last_pass(&file->content))
        return CN_OK;
    cn_pass_chunks(&file->content, put->pass, &first);
    record.shares = file->chunks + put->target * file->chunks_per_target + first * file->fields;
    if (record.is_made)
        memcpy(record.years_used, put->years_used, cn_file_years(&file->content));
    int journal = cn_waiting_open(&file->passes, CN_WAITING_JOURNAL, O_WRONLY);
    const bool is_written =
        journal >= 0 && cn_journal_append(journal, &file->content, &record, &file->passes.journal);
    const int reason = errno;
    if (journal >= 0 && close(journal) && is_written)
        return cn_output_fail(file, errno, error);
    return is_written ? CN_OK : cn_output_fail(file, reason, error);
}

enum cn_status cn_passes_put(struct cn_output_file *file, const struct cn_put *put,
                             struct cn_error *error)
{
    pthread_mutex_lock(&file->lock);
    enum cn_status status = begin_passes(file, error);
    if (!status)
        cn_output_note_years(file, put->target, put->years_used);
    if (!status && put->years_used && !file->is_stale)
        status = cn_output_place_area(file, error);
    const bool is_written = !status && put->years_used && !file->is_stale;
    const size_t first = put->first_chunk * file->fields, count = put->chunk_count * file->fields;
    struct cn_stored_chunk *stored = file->chunks + put->target * file->chunks_per_target + first;
    if (is_written)
        cn_output_note_chunks(stored, put->chunks, put->hashes, count);
    if (is_written && file->content.target_count == 1)
        cn_output_place_chunks(file, stored, count);
    pthread_mutex_unlock(&file->lock);
    if (is_written && file->content.target_count > 1)
        status = keep_share(file, put, error);
    else if (is_written && count)
        status = append_chunks(file, put->target, first, first + count, put->chunks, error);
    if (status)
        return status;
    pthread_mutex_lock(&file->lock);
    status = record_share(file, put, error);
    pthread_mutex_unlock(&file->lock);
    return status;
}

enum cn_status cn_output_keep_values(struct cn_output_file *file, size_t target, size_t pass,
                                     size_t chunk, size_t field, const void *values,
                                     struct cn_error *error)
{
    const struct cn_chunk_place place = {target, chunk, field};
    struct cn_stored_chunk *stored =
        &file->chunks[target * file->chunks_per_target + chunk * file->fields + field];
    pthread_mutex_lock(&file->lock);
    enum cn_status status = begin_passes(file, error);
    pthread_mutex_unlock(&file->lock);
    if (status || file->is_stale)
        return status;
    stored->size =
        cn_chunk_share(&file->content, pass, chunk).values * cn_field_bytes(&file->content, field);
    return cn_waiting_keep_values(&file->passes, &place, pass, values, &stored->hash)
               ? CN_OK
               : cn_output_fail(file, errno, error);
}

/* Fills the day slots from `first` on: with NaN, or with counts of 0. */
static void fill_slots(const struct cn_normals_file *file, size_t first, size_t field, void *values)
{
    const struct cn_region_cells *region = file->region;
    const size_t cells = region->row_count * region->column_count,
                 bytes = cn_field_bytes(file, field);
    float *floats = values;
    if (field)
        memset((char *)values + first * cells * bytes, 0,
               (region->chunk_slots - first) * cells * bytes);
    for (size_t c = first * cells; !field && c < region->chunk_slots * cells; c++)
        floats[c] = NAN;
}

enum cn_status cn_output_kept_values(struct cn_output_file *file, size_t target, size_t chunk,
                                     size_t field, void *values, struct cn_error *error)
{
    const struct cn_normals_file *content = &file->content;
    const struct cn_chunk_place place = {target, chunk, field};
    const size_t first_slot = chunk * content->region->chunk_slots;
    const size_t left = (size_t)content->slots - first_slot, all = content->region->chunk_slots;
    const size_t slots = left < all ? left : all;
    pthread_mutex_lock(&file->lock);
    enum cn_status status = begin_passes(file, error);
    const bool is_there = !file->is_stale && !(file->is_known[target] && !file->years_used[target]);
    pthread_mutex_unlock(&file->lock);
    if (status)
        return status;
    fill_slots(content, is_there ? slots : 0, field, values);
    if (!is_there) /* the passes do not fit together: the values will not be used */
        return CN_OK;
    int scratch = cn_waiting_open(&file->passes, CN_WAITING_SCRATCH, O_RDONLY);
    bool is_read = scratch >= 0;
    uint64_t hash;
    for (size_t p = 0; p < content->pass_count && is_read; p++)
        if (cn_chunk_share(content, p, chunk).values)
            is_read = cn_waiting_read_values(&file->passes, scratch, &place, p, values, &hash);
    const int reason = errno;
    if (scratch >= 0)
        close(scratch);
    return is_read ? CN_OK : cn_output_fail(file, reason, error);
}

enum cn_status cn_output_keep_chunk(struct cn_output_file *file, size_t target, size_t pass,
                                    size_t chunk, size_t field, const void *bytes, size_t size,
                                    uint64_t hash, struct cn_error *error)
{
    const struct cn_chunk_place place = {target, chunk, field};
    (void)pass;
    pthread_mutex_lock(&file->lock);
    enum cn_status status = begin_passes(file, error);
    pthread_mutex_unlock(&file->lock);
    if (status || file->is_stale)
        return status;
    if (!cn_waiting_keep_chunk(&file->passes, &place, &(struct cn_encoded){bytes, size}))
        return cn_output_fail(file, errno, error);
    file->chunks[target * file->chunks_per_target + chunk * file->fields + field] =
        (struct cn_stored_chunk){.size = size, .hash = hash};
    return CN_OK;
}

enum cn_status cn_passes_write(struct cn_output_file *file, size_t target, struct cn_error *error)
{
    return file->content.target_count == 1
               ? CN_OK /* each pass has appended its chunks */
               : append_chunks(file, target, 0, file->chunks_per_target, NULL, error);
}

void cn_passes_clear(const struct cn_output_file *file, bool is_useless)
{
    const struct cn_waiting *passes = &file->passes;
    if (file->temporary && (is_useless || !passes->outlives))
        cn_waiting_remove(passes);
    else if (!passes->outlives) /* the temporary is the caller's */
        cn_temporary_remove(file->content.config->output.root, file->content.path,
                            passes->names[CN_WAITING_SCRATCH]);
}
