/*
 * The only builder of texts of any length. Not open_memstream: when memory runs out, glibc tells
 * the write that failed, but not fclose. A text could end early unnoticed.
 */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cn_strbuf_add(struct cn_strbuf *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0) {
        buffer->failed = true;
        return;
    }
    cn_strbuf_append(buffer, text, (size_t)length);
    free(text);
}

void cn_strbuf_append(struct cn_strbuf *buffer, const char *bytes, size_t count)
{
    size_t needed = buffer->length + count + 1;
    if (needed > buffer->capacity && !buffer->failed) {
        char *larger = realloc(buffer->text, 2 * needed);
        if (larger) {
            buffer->text = larger;
            buffer->capacity = 2 * needed;
        } else {
            buffer->failed = true;
        }
    }
    if (buffer->failed)
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
    cn_strbuf_append(buffer, "", 0); /* else an empty text would be NULL */
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
