/*
 * Text that is put together in memory.
 */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdlib.h>

void cn_strbuf_begin(struct cn_strbuf *writing)
{
    *writing = (struct cn_strbuf){0};
    writing->stream = open_memstream(&writing->text, &writing->length);
}

void cn_strbuf_add(struct cn_strbuf *writing, const char *format, ...)
{
    va_list args;
    if (!writing->stream)
        return;
    va_start(args, format);
    writing->failed |= vfprintf(writing->stream, format, args) < 0;
    va_end(args);
}

char *cn_strbuf_end(struct cn_strbuf *writing)
{
    if (!writing->stream)
        return NULL;
    bool whole = fclose(writing->stream) == 0 && !writing->failed;
    if (whole)
        return writing->text;
    free(writing->text);
    return NULL;
}
