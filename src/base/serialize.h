/*
 * Values as bytes, for a process that does not trust the one that packed them. The same function
 * packs and unpacks a value, so that the two cannot differ.
 */
#ifndef CLIMNORM_BASE_SERIALIZE_H
#define CLIMNORM_BASE_SERIALIZE_H

#include "base/pool.h"
#include "climnorm/error.h"

/* Arrays that were unpacked, so that files of one grid hold its coordinates once. Of two whose
 * hashes are alike the later one stays. Zero-initialise. */
enum { CN_SHARED_ARRAYS = 4096 };
struct cn_shared_arrays {
    struct {
        const void *items;
        size_t count, size; /* items, and bytes of each */
    } slots[CN_SHARED_ARRAYS];
};

/* Zero-initialise to pack. Owns: the caller frees `bytes`. */
struct cn_archive {
    unsigned char *bytes;
    size_t count, room;              /* bytes packed, bytes allocated */
    size_t at;                       /* unpacking: the next byte */
    bool unpacking;                  /* else packing */
    struct cn_pool *pool;            /* unpacking: owns arrays and texts */
    struct cn_shared_arrays *shared; /* of this pool; NULL: each array is a copy of its own */
    enum cn_status status; /* CN_BAD_INPUT: unpacking met the end too early; CN_BAD_MACHINE: out of
                              memory. From then on, what is unpacked is zero, NULL or "" */
};

/* Packs or unpacks a value of fixed size, for which any bytes are valid. Errors: archive->status.
 */
void cn_archive_bytes(struct cn_archive *archive, void *bytes, size_t size);

/* Packs or unpacks a truth value; any byte but 0 is true. Errors: archive->status. */
void cn_archive_flag(struct cn_archive *archive, bool *flag);

/* Packs or unpacks the number of items that follow, of at least a byte each. Unpacked, it is never
 * more than the bytes that are left. Errors: archive->status. */
void cn_archive_count(struct cn_archive *archive, size_t *count);

/* Packs or unpacks `count` items of `size` bytes. An unpacked array has one more item, of zeros.
 * Returns: the same items when packing; when unpacking a copy, which equal arrays may share.
 * Errors: NULL and archive->status. Owns: archive->pool the copy. */
const void *cn_archive_array(struct cn_archive *archive, const void *items, size_t count,
                             size_t size);

/* Packs or unpacks a text.
 * Returns: the same text when packing; a copy when unpacking. Errors: "" and archive->status.
 * Owns: archive->pool the copy. */
const char *cn_archive_text(struct cn_archive *archive, const char *text);

#endif
