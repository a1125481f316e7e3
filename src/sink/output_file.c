/*
 * One output file: the skeleton, the chunks behind it, then what belongs to this file alone.
 * metadata.c decides what attributes say, temporary.c where files are made.
 */
#include "sink/output_file.h"

#include "base/error.h"
#include "base/io.h"
#include "base/pool.h"
#include "guard/fault.h"
#include "guard/hdf5_lock.h"
#include "sink/describe.h"
#include "sink/image.h"
#include "sink/own_metadata.h"
#include "sink/provenance.h"
#include "sink/temporary.h"

#include <errno.h>
#include <limits.h>
#include <netcdf.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    METADATA_BYTES = 100000, /* more than most files have, besides */
    CHUNK_BYTES = 100,       /* of metadata for each chunk */
    ALIGNMENT = 4096,
    /* Where the skeleton is made before the file's attributes are known for certain, it may grow by
     * so much and twice the attributes of another source file. */
    SKELETON_MARGIN = 8192,
};

struct cn_output_file {
    struct cn_normals_file content;
    struct cn_skeleton *skeleton;
    struct cn_pool *pool;
    size_t chunks_per_target;          /* of all fields */
    struct cn_stored_chunk *chunks;    /* [target_count][chunk_count][field_count]; addresses count
                                          from the start of the area */
    const struct cn_encoded **waiting; /* [target_count] put, but not yet written */
    bool *is_put;                      /* [target_count] */
    bool *years;                       /* [target_count][normals.window] that were used */
    const bool **years_used;           /* [target_count] in years; NULL: not put, or not made */
    size_t next;                       /* the first target that is not put */
    size_t left;                       /* targets that are neither written nor left out */
    uint64_t bytes;                    /* that have places */
    bool failed;          /* some target could not be put: the file is never complete */
    pthread_mutex_t lock; /* of these, and of what follows until the file is open */
    bool is_open;
    struct cn_metadata metadata; /* of one target: as it is; of several: as planned */
    uint64_t area_begin;
    int descriptor; /* of the temporary; -1 before and after */
    char *temporary;
};

/* The number of chunks of one field of one target. */
static size_t chunk_count(const struct cn_output_file *file)
{
    return file->content.region->chunk_count;
}

static size_t window_of(const struct cn_output_file *file)
{
    return (size_t)file->content.config->normals.window;
}

struct cn_output_file *cn_output_new(const struct cn_normals_file *content,
                                     struct cn_skeleton *skeleton)
{
    struct cn_pool *pool = cn_pool_new();
    struct cn_output_file *file = pool ? cn_pool_alloc(pool, 1, sizeof *file) : NULL;
    if (!file) {
        cn_pool_free(pool);
        return NULL;
    }
    *file = (struct cn_output_file){.content = *content,
                                    .skeleton = skeleton,
                                    .pool = pool,
                                    .lock = PTHREAD_MUTEX_INITIALIZER,
                                    .descriptor = -1};
    file->chunks_per_target = cn_field_count(content->config) * chunk_count(file);
    file->left = content->target_count;
    file->chunks =
        cn_pool_alloc(pool, content->target_count, file->chunks_per_target * sizeof *file->chunks);
    file->waiting = cn_pool_alloc(pool, content->target_count, sizeof(const struct cn_encoded *));
    file->is_put = cn_pool_alloc(pool, content->target_count, sizeof *file->is_put);
    file->years = cn_pool_alloc(pool, content->target_count, (size_t)window_of(file));
    file->years_used = cn_pool_alloc(pool, content->target_count, sizeof(const bool *));
    file->content.years_used = NULL;
    if (!file->chunks || !file->waiting || !file->is_put || !file->years || !file->years_used) {
        cn_pool_free(pool);
        return NULL;
    }
    return file;
}

/* Makes the skeleton, which says where the chunks begin. Of a file of one target all is known with
 * its first put. */
static enum cn_status place_area(struct cn_output_file *file, struct cn_error *error)
{
    if (file->content.target_count == 1)
        file->content.years_used = file->years_used;
    enum cn_status status = cn_describe_file(file->pool, &file->content, &file->metadata, error);
    if (status)
        return status;
    cn_hdf5_lock();
    status = cn_skeleton_renew(file->skeleton, &file->content, &file->metadata, error);
    file->area_begin = file->skeleton->size;
    cn_hdf5_unlock();
    if (status || file->content.years_used)
        return status;
    size_t longest;
    if (!cn_longest_attributes(file->pool, &file->content, &longest))
        return cn_fail_memory(error, "attributes");
    file->area_begin += SKELETON_MARGIN + 2 * longest;
    file->area_begin = (file->area_begin + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return CN_OK;
}

static enum cn_status make_temporary(struct cn_output_file *file, struct cn_error *error)
{
    char path[PATH_MAX];
    const char *root = file->content.config->output.root;
    enum cn_status status =
        cn_temporary_create(root, file->content.path, path, sizeof path, &file->descriptor, error);
    if (status)
        return status;
    file->temporary = cn_pool_strdup(file->pool, path);
    if (file->temporary)
        return CN_OK;
    unlink(path);
    return cn_fail_memory(error, "an output file");
}

/* The caller holds the file's lock. */
static enum cn_status open_file(struct cn_output_file *file, struct cn_error *error)
{
    if (file->is_open)
        return CN_OK;
    enum cn_status status = place_area(file, error);
    if (!status)
        status = make_temporary(file, error);
    file->is_open = !status;
    return status;
}

static enum cn_status fail_to_put(const struct cn_output_file *file, int reason,
                                  struct cn_error *error)
{
    return cn_fail(error, CN_BAD_MACHINE, "%s/%s: cannot be written: %s; %s",
                   file->content.config->output.root, file->content.path, strerror(reason),
                   cn_errno_advice(reason));
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
        status = fail_to_put(file, errno, error);
    free(vectors);
    return status;
}

/* Gives places to target t, if it is made, and to those after it that have waited for it. The
 * caller holds the file's lock. Returns the first target that is not put. */
static size_t place_chunks(struct cn_output_file *file)
{
    size_t t = file->next;
    for (; t < file->content.target_count && file->is_put[t]; t++) {
        struct cn_stored_chunk *stored = file->chunks + t * file->chunks_per_target;
        for (size_t k = 0; file->waiting[t] && k < file->chunks_per_target; k++) {
            stored[k].address = file->bytes;
            file->bytes += stored[k].size;
        }
    }
    return file->next = t;
}

/* Keeps what a put says of its target. */
static void note_target(struct cn_output_file *file, const struct cn_put *put)
{
    const size_t t = put->target, window = window_of(file);
    struct cn_stored_chunk *stored = file->chunks + t * file->chunks_per_target;
    if (!put->years_used)
        return;
    file->years_used[t] = memcpy(file->years + t * window, put->years_used, window);
    for (size_t k = 0; k < file->chunks_per_target; k++)
        stored[k] = (struct cn_stored_chunk){.size = put->chunks[k].size, .hash = put->hashes[k]};
}

enum cn_status cn_output_put(struct cn_output_file *file, const struct cn_put *put,
                             enum cn_put_outcome *outcome, struct cn_error *error)
{
    pthread_mutex_lock(&file->lock);
    note_target(file, put);
    enum cn_status status = put->years_used ? open_file(file, error) : CN_OK;
    const size_t first = file->next;
    file->waiting[put->target] = put->years_used ? put->chunks : NULL;
    file->is_put[put->target] = true;
    const size_t end = status ? first : place_chunks(file);
    pthread_mutex_unlock(&file->lock);
    for (size_t k = first; k < end && !status; k++)
        if (file->waiting[k])
            status = write_chunks(file, k, error);
    pthread_mutex_lock(&file->lock);
    file->left -= end - first;
    file->failed |= status != CN_OK; /* other threads may still put */
    *outcome = !file->failed && end > first && file->left == 0 ? CN_PUT_COMPLETE : CN_PUT_MORE;
    pthread_mutex_unlock(&file->lock);
    return status;
}

/* What the file is in the end. */
struct final_file {
    struct cn_normals_file content;
    struct cn_metadata metadata;
    struct cn_stored_chunk
        *chunks; /* [chunk_count] by target, day slot, field; at their addresses */
    size_t chunk_count;
};

/* Makes the image. The caller holds the HDF5 lock. */
static enum cn_status make_image(const struct cn_output_file *file, const struct final_file *final,
                                 struct cn_image *image, struct cn_error *error)
{
    const struct cn_chunk_area area = {file->area_begin, file->area_begin + file->bytes};
    bool is_made = false;
    if (file->skeleton->size <= file->area_begin) {
        is_made = cn_image_open(image, file->skeleton->bytes, file->skeleton->size, area) &&
                  cn_own_metadata_write(image, &final->metadata, final->chunks,
                                        final->content.target_count, chunk_count(file));
        is_made = cn_image_close(image) && is_made;
    }
    if (is_made)
        return CN_OK;
    if (image->failed)
        return cn_fail_memory(error, "an output file");
    return cn_fail(error, CN_BAD_MACHINE,
                   "%s: HDF5 cannot write its metadata; run again; finished files are kept",
                   file->content.path);
}

/* Adds target t of the content that the file began with to the final one. */
static void settle_target(const struct cn_output_file *file, size_t t, struct final_file *final)
{
    const struct cn_stored_chunk *chunks = file->chunks + t * file->chunks_per_target;
    for (size_t k = 0; k < file->chunks_per_target; k++) {
        struct cn_stored_chunk *chunk = &final->chunks[final->chunk_count++];
        *chunk = chunks[k];
        chunk->address += file->area_begin;
    }
}

/* Leaves out the targets that are not made. */
static enum cn_status settle(struct cn_output_file *file, struct final_file *final,
                             struct cn_error *error)
{
    const size_t count = file->content.target_count;
    size_t *targets = cn_pool_alloc(file->pool, count, sizeof *targets);
    const bool **used = cn_pool_alloc(file->pool, count, sizeof(const bool *));
    *final = (struct final_file){.content = file->content, .metadata = file->metadata};
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

static enum cn_status write_image(struct cn_output_file *file, const struct cn_image *image,
                                  struct cn_error *error)
{
    bool is_put = cn_image_put(image, file->descriptor);
    int reason = errno;
    bool is_closed = close(file->descriptor) == 0; /* a full disk may show only here */
    file->descriptor = -1;
    if (is_put && is_closed)
        return CN_OK;
    return fail_to_put(file, is_put ? errno : reason, error);
}

/* Replaces the placeholder in a closed image. */
static bool set_content_digest(const struct final_file *final, struct cn_image *image)
{
    const size_t size = cn_image_bytes(image);
    char digest[CN_CONTENT_DIGEST_LENGTH + 1] = "";
    cn_content_digest_values(final->chunks, final->chunk_count, digest);
    cn_content_digest_metadata(image->bytes, size, digest);
    return cn_content_digest_replace(image->bytes, size, cn_content_placeholder, digest);
}

size_t cn_output_targets_made(const struct cn_output_file *file)
{
    size_t made = 0;
    for (size_t t = 0; t < file->content.target_count; t++)
        made += file->years_used[t] != NULL;
    return made;
}

enum cn_status cn_output_finish(struct cn_output_file *file, char *temporary, size_t capacity,
                                struct cn_error *error)
{
    struct final_file final;
    struct cn_image image = {0};
    enum cn_status status = settle(file, &final, error);
    if (!status && !cn_image_reserve(&image, file->area_begin + METADATA_BYTES +
                                                 final.chunk_count * CHUNK_BYTES))
        status = cn_fail_memory(error, "an output file");
    if (!status) {
        cn_set_value(&final.metadata.variables[0].attributes, CN_CONTENT_DIGEST, NC_STRING, 1,
                     cn_content_placeholder);
        cn_hdf5_lock();
        status = cn_skeleton_renew(file->skeleton, &final.content, &final.metadata, error);
        if (!status)
            status = make_image(file, &final, &image, error);
        cn_hdf5_unlock();
    }
    if (!status && !set_content_digest(&final, &image))
        status = cn_fail(error, CN_BAD_MACHINE,
                         "%s: this HDF5 keeps the content digest where it cannot be set; please "
                         "report the version",
                         file->content.path);
    if (!status)
        status = write_image(file, &image, error);
    cn_image_free(&image);
    if (!status && (size_t)snprintf(temporary, capacity, "%s", file->temporary) >= capacity)
        status = cn_fail(error, CN_BAD_INPUT, "%s: the path is too long; shorten output.pattern",
                         file->content.path);
    if (!status)
        file->temporary = NULL; /* the caller's */
    return status;
}

void cn_output_free(struct cn_output_file *file)
{
    if (!file)
        return;
    if (file->descriptor >= 0)
        close(file->descriptor);
    if (file->temporary)
        unlink(file->temporary);
    pthread_mutex_destroy(&file->lock);
    cn_pool_free(file->pool);
}
