/*
 * A text that grows and always ends with a NUL. When memory runs out, the text stays as it is and
 * `failed` is set: callers add as often as they like and check once, at the end.
 */
#ifndef CLIMNORM_BASE_STRBUF_H
#define CLIMNORM_BASE_STRBUF_H

#include "base/pool.h"

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialise. */
struct cn_strbuf {
    char *text; /* NULL until something is added */
    size_t length, capacity;
    bool failed; /* out of memory: the text is not complete, and nothing more is added */
};

/* Adds formatted text. Errors: buffer->failed. */
void cn_strbuf_add(struct cn_strbuf *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds `count` bytes. Errors: buffer->failed. */
void cn_strbuf_append(struct cn_strbuf *buffer, const char *bytes, size_t count);

/* Returns: the text, "" when nothing was added. Owns: the buffer, until it is added to or freed. */
const char *cn_strbuf_text(const struct cn_strbuf *buffer);

/* Removes the text and keeps the memory for the next one. */
void cn_strbuf_clear(struct cn_strbuf *buffer);

/* Frees the text; the buffer is then empty. */
void cn_strbuf_free(struct cn_strbuf *buffer);

/* Takes the text out of the buffer, which is then empty.
 * Returns: the complete text; NULL: out of memory. Owns: the caller, with free(). */
char *cn_strbuf_detach(struct cn_strbuf *buffer);

/* The same, for a text in a pool.
 * Returns: the complete text; NULL: out of memory. Owns: the pool. */
char *cn_strbuf_to_pool(struct cn_strbuf *buffer, struct cn_pool *pool);

#endif
