/*
 * The pool: a chain of blocks, each larger request in a block of its own.
 */
#include "climnorm/pool.h"

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
        size_t room = bytes > BLOCK_BYTES / 4 ? bytes : BLOCK_BYTES;
        struct block *fresh = calloc(1, sizeof *fresh + room);
        if (!fresh)
            return NULL;
        fresh->size = room;
        if (block && room == bytes) { /* second in the list: the first block still has space */
            fresh->next = block->next;
            block->next = fresh;
        } else {
            fresh->next = block;
            pool->blocks = fresh;
        }
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
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    char *text = length < 0 ? NULL : cn_pool_alloc(pool, (size_t)length + 1, 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
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
