/*
 * The digest of an output file's content: 16 hexadecimal digits over the metadata, which are all
 * bytes of the file but those of the fields' chunks, then 16 over the chunks. So a short look finds
 * damaged metadata, and a long one damaged values. Pure.
 *
 * The digest stands in the metadata that it covers. The first half is computed with a placeholder
 * in its place, and covers the second half besides: a short look also notices damage of that.
 * HDF5 keeps the attribute's text in a global heap, which has no checksum of its own (HDF5 File
 * Format Specification, III.E): there the placeholder is replaced in a complete file.
 */
#ifndef CLIMNORM_SINK_CONTENT_DIGEST_H
#define CLIMNORM_SINK_CONTENT_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CN_CONTENT_DIGEST "climnorm_content_digest"
enum { CN_CONTENT_DIGEST_LENGTH = 32 };
extern const char cn_content_placeholder[CN_CONTENT_DIGEST_LENGTH + 1];

/* An encoded chunk in a file. */
struct cn_stored_chunk {
    uint64_t address, size;
    uint64_t hash; /* of its bytes */
};

/* XXH3, 64 bits. */
uint64_t cn_content_hash(const void *bytes, size_t size);

/* Writes the second half of the digest: of chunks[count] in the order of their addresses. Cannot
 * fail. */
void cn_content_digest_values(const struct cn_stored_chunk *chunks, size_t count,
                              char digest[CN_CONTENT_DIGEST_LENGTH + 1]);

/* Writes the first half of the digest: of metadata[size], which hold the placeholder, and of the
 * second half. Cannot fail. */
void cn_content_digest_metadata(const void *metadata, size_t size,
                                char digest[CN_CONTENT_DIGEST_LENGTH + 1]);

/* Replaces one of these texts by the other where the heap of metadata[size] begins with it.
 * Returns: false: it does not. */
bool cn_content_digest_replace(void *metadata, size_t size, const char *from, const char *to);

#endif
