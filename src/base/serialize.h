/*
 * Parcels: a thing as bytes, for a process that does not believe the one which packed them. One
 * function carries a thing in both directions, so that these cannot differ.
 */
#ifndef CLIMNORM_BASE_SERIALIZE_H
#define CLIMNORM_BASE_SERIALIZE_H

#include "climnorm/error.h"
#include "climnorm/pool.h"

struct cn_archive {
    unsigned char *bytes;
    size_t count, room;    /* malloc, when packing */
    size_t at;             /* how far it is unpacked */
    bool unpacking;        /* else packing */
    struct cn_pool *pool;  /* unpacking: where arrays and texts go */
    enum cn_status status; /* CN_BAD_INPUT: it ended too early; CN_BAD_MACHINE: out of memory. What
                              is unpacked from then on is zero, NULL, or "" */
};

/* Any bytes of a fixed size, all of whose bit patterns are values. */
void cn_archive_bytes(struct cn_archive *archive, void *bytes, size_t size);
void cn_archive_flag(struct cn_archive *archive, bool *flag);
/* A number of things that take at least a byte each: never more than the parcel still has. */
void cn_archive_count(struct cn_archive *archive, size_t *count);

/* Returns the same items when packing, those of the parcel when unpacking: count * size bytes, and
 * `size` more that are zero. */
const void *cn_archive_array(struct cn_archive *archive, const void *items, size_t count,
                             size_t size);
const char *cn_archive_text(struct cn_archive *archive, const char *text);

#endif
