/*
 * Text that is put together in memory.
 */
#include "base/writing.h"

#include <stdarg.h>
#include <stdlib.h>

void cn_writing_begin(struct cn_writing *writing)
{
    *writing = (struct cn_writing){0};
    writing->stream = open_memstream(&writing->text, &writing->length);
}

void cn_write(struct cn_writing *writing, const char *format, ...)
{
    va_list args;
    if (!writing->stream)
        return;
    va_start(args, format);
    writing->failed |= vfprintf(writing->stream, format, args) < 0;
    va_end(args);
}

char *cn_writing_end(struct cn_writing *writing)
{
    if (!writing->stream)
        return NULL;
    bool whole = fclose(writing->stream) == 0 && !writing->failed;
    if (whole)
        return writing->text;
    free(writing->text);
    return NULL;
}
