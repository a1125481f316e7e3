/*
 * A pool: memory that is freed all at once. Configs, catalogs and plans are trees of small objects
 * with the same lifetime; each owns one pool.
 */
#ifndef CLIMNORM_BASE_POOL_H
#define CLIMNORM_BASE_POOL_H

#include <stddef.h>

struct cn_pool;

/* Returns: a new pool; NULL: out of memory. Owns: the caller, with cn_pool_free. */
struct cn_pool *cn_pool_new(void);

/* Frees the pool and all that it owns; NULL is allowed. */
void cn_pool_free(struct cn_pool *pool);

/* Returns: count * size zeroed bytes, aligned for any type; NULL: out of memory, or the product
 * overflows. A count of 0 gives a valid pointer. Owns: the pool. */
void *cn_pool_alloc(struct cn_pool *pool, size_t count, size_t size);

/* Returns: a copy; NULL: out of memory, or text is NULL. Owns: the pool. */
char *cn_pool_strdup(struct cn_pool *pool, const char *text);

/* The same for the first `length` bytes, or fewer if the text ends before. */
char *cn_pool_strndup(struct cn_pool *pool, const char *text, size_t length);

/* Returns: the formatted text; NULL: out of memory. Owns: the pool. */
char *cn_pool_printf(struct cn_pool *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Enlarges a growing array, if it is full, for one more item after `count`. The old array stays
 * valid until the pool is freed.
 * Returns: the array, perhaps at a new address; NULL: out of memory, and the old array is
 * unchanged. Owns: the pool. */
void *cn_pool_grow(struct cn_pool *pool, void *items, size_t count, size_t *capacity, size_t size);

#endif
