/*
 * The only builder of texts of any length. Not open_memstream: glibc's streams report no memory to
 * the call that met it, but not to fclose, so that a text could end early unnoticed.
 */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for `more` bytes and the NUL. */
static bool reserve_bytes(struct cn_strbuf *buffer, size_t more)
{
    enum { LEAST = 64 };
    size_t needed = buffer->length + more + 1;
    if (buffer->failed || needed <= buffer->capacity)
        return !buffer->failed;
    size_t capacity = needed < LEAST ? LEAST : needed + needed / 2;
    char *moved = realloc(buffer->text, capacity);
    if (!moved) {
        buffer->failed = true;
        return false;
    }
    buffer->text = moved;
    buffer->capacity = capacity;
    return true;
}

void cn_strbuf_add(struct cn_strbuf *buffer, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    buffer->failed |= length < 0;
    if (reserve_bytes(buffer, length < 0 ? 0 : (size_t)length)) {
        vsnprintf(buffer->text + buffer->length, (size_t)length + 1, format, again);
        buffer->length += (size_t)length;
    }
    va_end(again);
    va_end(args);
}

void cn_strbuf_append(struct cn_strbuf *buffer, const char *bytes, size_t count)
{
    if (!reserve_bytes(buffer, count))
        return;
    memcpy(buffer->text + buffer->length, bytes, count);
    buffer->length += count;
    buffer->text[buffer->length] = '\0';
}

const char *cn_strbuf_text(const struct cn_strbuf *buffer)
{
    return buffer->text ? buffer->text : "";
}

void cn_strbuf_clear(struct cn_strbuf *buffer)
{
    buffer->length = 0;
    buffer->failed = false;
    if (buffer->text)
        buffer->text[0] = '\0';
}

void cn_strbuf_free(struct cn_strbuf *buffer)
{
    free(buffer->text);
    *buffer = (struct cn_strbuf){0};
}

char *cn_strbuf_detach(struct cn_strbuf *buffer)
{
    cn_strbuf_append(buffer, "", 0); /* an empty text is a text too */
    if (buffer->failed)
        cn_strbuf_free(buffer);
    char *text = buffer->text;
    *buffer = (struct cn_strbuf){0};
    return text;
}

char *cn_strbuf_to_pool(struct cn_strbuf *buffer, struct cn_pool *pool)
{
    char *text = cn_strbuf_detach(buffer), *copy = cn_pool_strdup(pool, text);
    free(text);
    return copy;
}
