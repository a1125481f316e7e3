/*
 * A text that grows. The text ends with a NUL, and an allocation that fails leaves it as it is:
 * callers add without looking and check once, at the end.
 */
#ifndef CLIMNORM_BASE_STRBUF_H
#define CLIMNORM_BASE_STRBUF_H

#include "climnorm/pool.h"

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialise. */
struct cn_strbuf {
    char *text; /* NULL until something is added */
    size_t length, capacity;
    bool failed; /* out of memory: the text is not complete, and nothing more is added */
};

void cn_strbuf_add(struct cn_strbuf *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void cn_strbuf_append(struct cn_strbuf *buffer, const char *bytes, size_t count);

/* Returns: the text, "" when nothing was added. Owns: the buffer, until it is added to or freed. */
const char *cn_strbuf_text(const struct cn_strbuf *buffer);

/* Removes the text and keeps the memory for the next one. */
void cn_strbuf_clear(struct cn_strbuf *buffer);
void cn_strbuf_free(struct cn_strbuf *buffer);

/* Ends the buffer, which is then empty.
 * Returns: the complete text, or NULL when memory ran out. Owns: the caller, with free(). */
char *cn_strbuf_detach(struct cn_strbuf *buffer);
/* The same, but the pool owns the text. */
char *cn_strbuf_to_pool(struct cn_strbuf *buffer, struct cn_pool *pool);

#endif
