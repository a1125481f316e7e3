/*
 * Values follow each other without padding, in native byte order: one program writes and reads
 * them.
 */
#include "base/serialize.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static void pack_bytes(struct cn_archive *archive, const void *bytes, size_t size)
{
    size_t wanted = archive->count + size;
    if (!archive->status && wanted > archive->room) {
        unsigned char *larger = realloc(archive->bytes, 2 * wanted);
        if (larger) {
            archive->bytes = larger;
            archive->room = 2 * wanted;
        } else {
            archive->status = CN_BAD_MACHINE;
        }
    }
    if (archive->status || !size)
        return;
    memcpy(archive->bytes + archive->count, bytes, size);
    archive->count = wanted;
}

static void unpack_bytes(struct cn_archive *archive, void *bytes, size_t size)
{
    if (!archive->status && size > archive->count - archive->at)
        archive->status = CN_BAD_INPUT;
    if (!size)
        return;
    if (archive->status) {
        memset(bytes, 0, size);
        return;
    }
    memcpy(bytes, archive->bytes + archive->at, size);
    archive->at += size;
}

void cn_archive_bytes(struct cn_archive *archive, void *bytes, size_t size)
{
    if (archive->unpacking)
        unpack_bytes(archive, bytes, size);
    else
        pack_bytes(archive, bytes, size);
}

void cn_archive_flag(struct cn_archive *archive, bool *flag)
{
    unsigned char byte = !archive->unpacking && *flag;
    cn_archive_bytes(archive, &byte, 1);
    *flag = byte != 0;
}

void cn_archive_count(struct cn_archive *archive, size_t *count)
{
    cn_archive_bytes(archive, count, sizeof *count);
    if (!archive->unpacking || *count <= archive->count - archive->at)
        return;
    archive->status = CN_BAD_INPUT;
    *count = 0;
}

/* The items that are next in the archive, copied unless an equal array is there already. */
static const void *share_array(struct cn_archive *archive, size_t count, size_t size)
{
    const void *next = archive->bytes + archive->at;
    const size_t bytes = count * size;
    const size_t slot = XXH3_64bits(next, bytes) % CN_SHARED_ARRAYS;
    struct cn_shared_arrays *shared = archive->shared;
    if (shared && shared->slots[slot].items && shared->slots[slot].count == count &&
        shared->slots[slot].size == size && memcmp(shared->slots[slot].items, next, bytes) == 0) {
        archive->at += bytes;
        return shared->slots[slot].items;
    }
    void *copy = cn_pool_alloc(archive->pool, count + 1, size);
    if (!copy) {
        archive->status = CN_BAD_MACHINE;
        return NULL;
    }
    unpack_bytes(archive, copy, bytes);
    if (shared) {
        shared->slots[slot].items = copy;
        shared->slots[slot].count = count;
        shared->slots[slot].size = size;
    }
    return copy;
}

const void *cn_archive_array(struct cn_archive *archive, const void *items, size_t count,
                             size_t size)
{
    size_t bytes;
    if (!archive->unpacking) {
        pack_bytes(archive, items, count * size);
        return items;
    }
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > archive->count - archive->at)
        archive->status = CN_BAD_INPUT;
    return archive->status ? NULL : share_array(archive, count, size);
}

const char *cn_archive_text(struct cn_archive *archive, const char *text)
{
    size_t length = archive->unpacking ? 0 : strlen(text);
    cn_archive_count(archive, &length);
    text = cn_archive_array(archive, text, length, 1);
    return text ? text : "";
}
