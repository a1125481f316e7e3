/*
 * One output file: the skeleton, the chunks behind it, then what belongs to this file alone.
 * metadata.c decides what attributes say, temporary.c where files are made; final_file.c writes the
 * metadata. output_passes.c is what differs where a file takes several passes.
 */
#include "sink/output_file.h"

#include "base/error.h"
#include "base/io.h"
#include "base/pool.h"
#include "base/publish.h"
#include "climnorm/values.h"
#include "sink/describe.h"
#include "sink/file_passes.h"
#include "sink/final_file.h"
#include "sink/output_state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cn_output_file *cn_output_new(const struct cn_normals_file *content,
                                     struct cn_skeleton *skeleton)
{
    const size_t targets = content->target_count;
    struct cn_pool *pool = cn_pool_new();
    struct cn_output_file *file = pool ? cn_pool_alloc(pool, 1, sizeof *file) : NULL;
    if (!file) {
        cn_pool_free(pool);
        return NULL;
    }
    *file = (struct cn_output_file){.content = *content,
                                    .skeleton = skeleton,
                                    .pool = pool,
                                    .fields = cn_field_count(content->config),
                                    .left = targets,
                                    .lock = PTHREAD_MUTEX_INITIALIZER,
                                    .descriptor = -1};
    file->content.years_used = NULL;
    file->chunks_per_target = file->fields * content->region->chunk_count;
    file->chunks = cn_pool_alloc(pool, targets, file->chunks_per_target * sizeof *file->chunks);
    file->waiting = cn_pool_alloc(pool, targets, sizeof(const struct cn_encoded *));
    file->is_known = cn_pool_alloc(pool, targets, sizeof *file->is_known);
    file->is_put = cn_pool_alloc(pool, targets, sizeof *file->is_put);
    file->years = cn_pool_alloc(pool, targets, cn_file_years(&file->content));
    file->years_used = cn_pool_alloc(pool, targets, sizeof(const bool *));
    if (!file->chunks || !file->waiting || !file->is_known || !file->is_put || !file->years ||
        !file->years_used) {
        cn_pool_free(pool);
        return NULL;
    }
    return file;
}

/* Makes the temporary. The caller holds the file's lock. */
static enum cn_status make_temporary(struct cn_output_file *file, struct cn_error *error)
{
    char path[PATH_MAX], name[CN_TEMPORARY_NAME_BYTES];
    if (file->is_begun)
        return CN_OK;
    cn_temporary_name(name);
    enum cn_status status =
        cn_temporary_create(file->content.config->output.root, file->content.path, name, path,
                            sizeof path, &file->descriptor, error);
    if (status)
        return status;
    file->is_begun = true;
    file->temporary = cn_pool_strdup(file->pool, path);
    if (file->temporary)
        return CN_OK;
    cn_remove_temporary(AT_FDCWD, path);
    return cn_fail_memory(error, "an output file");
}

static enum cn_status write_chunks(struct cn_output_file *file, size_t t, struct cn_error *error)
{
    const struct cn_stored_chunk *stored = file->chunks + t * file->chunks_per_target;
    const struct cn_encoded *chunks = file->waiting[t];
    enum cn_status status = CN_OK;
    struct iovec *vectors = calloc(file->chunks_per_target, sizeof *vectors);
    if (!vectors)
        return cn_fail_memory(error, "an output file");
    for (size_t k = 0; k < file->chunks_per_target; k++)
        vectors[k] = (struct iovec){(void *)chunks[k].bytes, chunks[k].size};
    if (!cn_pwritev_full(file->descriptor, vectors, file->chunks_per_target,
                         file->area_begin + stored->address))
        status = cn_output_fail(file, errno, error);
    free(vectors);
    return status;
}

/* Puts a whole target; it is written when its turn comes. */
static enum cn_status put_target(struct cn_output_file *file, const struct cn_put *put,
                                 struct cn_error *error)
{
    pthread_mutex_lock(&file->lock);
    cn_output_note_years(file, put->target, put->years_used);
    enum cn_status status = put->years_used ? cn_output_place_area(file, error) : CN_OK;
    if (!status && put->years_used)
        status = make_temporary(file, error);
    if (!status && put->years_used) {
        cn_output_note_chunks(file->chunks + put->target * file->chunks_per_target, put->chunks,
                              put->hashes, file->chunks_per_target);
        file->waiting[put->target] = put->chunks;
    }
    pthread_mutex_unlock(&file->lock);
    return status;
}

/* Notes a target, or a pass of it, whose values are in their places. */
static enum cn_status put_values(struct cn_output_file *file, const struct cn_put *put)
{
    pthread_mutex_lock(&file->lock);
    cn_output_note_years(file, put->target, put->years_used);
    pthread_mutex_unlock(&file->lock);
    return CN_OK;
}

/* Gives places to the targets that are put and have their turn. The caller holds the file's lock.
 * Returns the first target that is not put. */
static size_t take_turn(struct cn_output_file *file)
{
    const bool are_placed = cn_output_has_passes(file) && file->content.target_count == 1;
    size_t t = file->next;
    for (; t < file->content.target_count && file->is_put[t]; t++)
        if (file->years_used[t] && !are_placed && !file->is_stale)
            cn_output_place_chunks(file, file->chunks + t * file->chunks_per_target,
                                   file->chunks_per_target);
    return file->next = t;
}

static enum cn_status write_target(struct cn_output_file *file, size_t t, struct cn_error *error)
{
    if (!file->years_used[t] || file->is_stale || file->content.values)
        return CN_OK;
    return cn_output_has_passes(file) ? cn_passes_write(file, t, error)
                                      : write_chunks(file, t, error);
}

enum cn_status cn_output_put(struct cn_output_file *file, const struct cn_put *put,
                             enum cn_put_outcome *outcome, struct cn_error *error)
{
    size_t ignored;
    *outcome = CN_PUT_MORE;
    if (cn_output_has_passes(file) && !cn_pass_chunks(&file->content, put->pass, &ignored))
        return CN_OK;
    const bool is_last = !cn_output_has_passes(file) || put->pass == cn_last_pass(&file->content);
    enum cn_status status = file->content.values         ? put_values(file, put)
                            : cn_output_has_passes(file) ? cn_passes_put(file, put, error)
                                                         : put_target(file, put, error);
    pthread_mutex_lock(&file->lock);
    const size_t first = file->next;
    file->is_put[put->target] |= is_last && !status;
    file->failed |= status != CN_OK; /* other threads may still put */
    const size_t end = status ? first : take_turn(file);
    pthread_mutex_unlock(&file->lock);
    for (size_t t = first; t < end && !status; t++)
        status = write_target(file, t, error);
    pthread_mutex_lock(&file->lock);
    file->left -= end - first;
    file->failed |= status != CN_OK;
    if (!file->failed && end > first && file->left == 0)
        *outcome = file->is_stale ? CN_PUT_STALE : CN_PUT_COMPLETE;
    pthread_mutex_unlock(&file->lock);
    return status;
}

size_t cn_output_targets_made(const struct cn_output_file *file)
{
    size_t made = 0;
    for (size_t t = 0; t < file->content.target_count; t++)
        made += file->years_used[t] != NULL;
    return made;
}

/* Adds target t of the content that the file began with to the final one. */
static void settle_target(const struct cn_output_file *file, size_t t, struct cn_final_file *final)
{
    const struct cn_stored_chunk *chunks = file->chunks + t * file->chunks_per_target;
    for (size_t k = 0; k < file->chunks_per_target; k++) {
        struct cn_stored_chunk *chunk = &final->chunks[final->chunk_count++];
        *chunk = chunks[k];
        chunk->address += file->area_begin;
    }
}

/* Leaves out the targets that are not made. */
static enum cn_status settle(struct cn_output_file *file, struct cn_final_file *final,
                             struct cn_error *error)
{
    const size_t count = file->content.target_count;
    size_t *targets = cn_pool_alloc(file->pool, count, sizeof *targets);
    const bool **used = cn_pool_alloc(file->pool, count, sizeof(const bool *));
    *final = (struct cn_final_file){.content = file->content,
                                    .metadata = file->metadata,
                                    .area_begin = file->area_begin,
                                    .area_end = file->area_begin + file->bytes};
    final->chunks =
        cn_pool_alloc(file->pool, count, file->chunks_per_target * sizeof *final->chunks);
    if (!targets || !used || !final->chunks)
        return cn_fail_memory(error, "an output file");
    size_t made = 0;
    for (size_t t = 0; t < count; t++) {
        if (!file->years_used[t])
            continue;
        targets[made] = file->content.targets[t];
        used[made++] = file->years_used[t];
        settle_target(file, t, final);
    }
    if (file->content.years_used)
        return CN_OK;
    final->content.targets = targets;
    final->content.years_used = used;
    final->content.target_count = made;
    return cn_describe_file(file->pool, &final->content, &final->metadata, error);
}

enum cn_status cn_output_finish(struct cn_output_file *file, char *temporary, size_t capacity,
                                struct cn_error *error)
{
    struct cn_final_file final;
    if (cn_output_has_passes(file))
        file->descriptor = cn_waiting_open(&file->passes, CN_WAITING_CHUNKS, O_WRONLY);
    enum cn_status status = file->descriptor < 0 ? cn_output_fail(file, errno, error) : CN_OK;
    if (!status)
        status = settle(file, &final, error);
    if (!status)
        status = cn_final_write(&final, file->skeleton, file->descriptor, error);
    if (file->descriptor >= 0 && close(file->descriptor) && !status)
        status = cn_output_fail(file, errno, error); /* a full disk may show only here */
    file->descriptor = -1;
    if (!status && (size_t)snprintf(temporary, capacity, "%s", file->temporary) >= capacity)
        status = cn_fail(error, CN_BAD_INPUT, "%s: the path is too long; shorten output.pattern",
                         file->content.path);
    if (!status)
        file->temporary = NULL; /* the caller's */
    return status;
}

/* Moves the values of targets that are made to the front. */
static void close_gaps(const struct cn_output_file *file)
{
    struct cn_values *values = file->content.values;
    size_t count = 1, made = 0;
    for (int d = 1; d < values->rank; d++)
        count *= values->shape[d];
    for (size_t t = 0; t < file->content.target_count; t++) {
        if (!file->years_used[t])
            continue;
        values->target_years[made] = values->target_years[t];
        if (made < t)
            memcpy(values->values + made * count, values->values + t * count,
                   count * sizeof *values->values);
        if (made < t && values->counts)
            memcpy((char *)values->counts + made * count * values->count_size,
                   (char *)values->counts + t * count * values->count_size,
                   count * values->count_size);
        made++;
    }
    values->target_count = values->shape[0] = made;
}

/* Sets what the fields are called. False: out of memory. */
static bool set_names(const struct cn_metadata *metadata, struct cn_values *values)
{
    for (size_t v = 0; v < metadata->count; v++) {
        char **name = values->name ? &values->count_name : &values->name;
        if (metadata->variables[v].is_field && !(*name = strdup(metadata->variables[v].name)))
            return false;
    }
    return true;
}

enum cn_status cn_output_finish_values(struct cn_output_file *file, struct cn_error *error)
{
    struct cn_values *values = file->content.values;
    struct cn_final_file final;
    enum cn_status status = settle(file, &final, error);
    if (!status && !set_names(&final.metadata, values))
        status = cn_fail_memory(error, "results");
    if (!status)
        status = cn_final_image(&final, file->skeleton, &values->image, &values->image_size, error);
    if (!status)
        close_gaps(file);
    return status;
}

void cn_output_free(struct cn_output_file *file)
{
    if (!file)
        return;
    if (file->descriptor >= 0)
        close(file->descriptor);
    if (cn_output_has_passes(file) && file->is_begun)
        cn_passes_clear(file, file->is_stale || (!file->failed && file->left == 0 &&
                                                 !cn_output_targets_made(file)));
    else if (file->temporary)
        cn_remove_temporary(AT_FDCWD, file->temporary);
    pthread_mutex_destroy(&file->lock);
    cn_pool_free(file->pool);
}
