/*
 * A pool is a chain of blocks. A large request gets a block of its own.
 */
#include "base/pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 16, ALIGNMENT = 16 };

struct block {
    struct block *next;
    size_t used, size;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

struct cn_pool {
    struct block *blocks;
};

struct cn_pool *cn_pool_new(void)
{
    return calloc(1, sizeof(struct cn_pool));
}

void cn_pool_free(struct cn_pool *pool)
{
    if (!pool)
        return;
    for (struct block *block = pool->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(pool);
}

void *cn_pool_alloc(struct cn_pool *pool, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        return NULL;
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *block = pool->blocks;
    if (!block || block->size - block->used < bytes) {
        size_t block_bytes = bytes > BLOCK_BYTES / 4 ? bytes : BLOCK_BYTES;
        struct block *fresh = calloc(1, sizeof *fresh + block_bytes);
        if (!fresh)
            return NULL;
        fresh->size = block_bytes;
        /* A block for one large request goes second: the first one may still have space. */
        struct block **link = block && block_bytes == bytes ? &block->next : &pool->blocks;
        fresh->next = *link;
        *link = fresh;
        block = fresh;
    }
    void *at = block->bytes + block->used;
    block->used += bytes;
    return at;
}

char *cn_pool_strndup(struct cn_pool *pool, const char *text, size_t length)
{
    char *copy = text ? cn_pool_alloc(pool, length + 1, 1) : NULL;
    if (copy)
        memcpy(copy, text, strnlen(text, length));
    return copy;
}

char *cn_pool_strdup(struct cn_pool *pool, const char *text)
{
    return text ? cn_pool_strndup(pool, text, strlen(text)) : NULL;
}

char *cn_pool_printf(struct cn_pool *pool, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        return NULL;
    char *copy = cn_pool_strndup(pool, text, (size_t)length);
    free(text);
    return copy;
}

void *cn_pool_grow(struct cn_pool *pool, void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    size_t larger = *capacity ? 2 * *capacity : 8;
    void *moved = cn_pool_alloc(pool, larger, size);
    if (!moved)
        return NULL;
    if (count)
        memcpy(moved, items, count * size);
    *capacity = larger;
    return moved;
}
