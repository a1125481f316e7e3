/*
 * A pool: memory that is freed all at once. Configs, catalogs and plans are trees of small objects
 * that live and die together; each owns one pool.
 */
#ifndef CLIMNORM_POOL_H
#define CLIMNORM_POOL_H

#include <stddef.h>

struct cn_pool;

/* NULL: out of memory. */
struct cn_pool *cn_pool_new(void);
void cn_pool_free(struct cn_pool *pool);

/* count * size zeroed bytes, aligned for any type; NULL when out of memory or when the product
 * overflows. A count of 0 gives a valid pointer. */
void *cn_pool_alloc(struct cn_pool *pool, size_t count, size_t size);

/* NULL: out of memory (or text is NULL). */
char *cn_pool_strdup(struct cn_pool *pool, const char *text);
char *cn_pool_strndup(struct cn_pool *pool, const char *text, size_t length);
char *cn_pool_printf(struct cn_pool *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for one more item after `count` in a growing array: returns items, moved when *capacity was
 * reached (the old place stays allocated until the pool is freed); NULL: out of memory, the old
 * array is untouched. */
void *cn_pool_grow(struct cn_pool *pool, void *items, size_t count, size_t *capacity, size_t size);

#endif
