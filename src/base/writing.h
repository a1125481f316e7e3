/*
 * Text of any length that is put together in memory. glibc's memory streams tell only the call that
 * finds no memory, and not fclose, so that a text would end early: here the end tells.
 */
#ifndef CLIMNORM_BASE_WRITING_H
#define CLIMNORM_BASE_WRITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct cn_writing {
    FILE *stream; /* NULL: out of memory */
    char *text;
    size_t length;
    bool failed;
};

void cn_writing_begin(struct cn_writing *writing);
void cn_write(struct cn_writing *writing, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The whole text, which the caller frees; NULL: out of memory. To be called once. */
char *cn_writing_end(struct cn_writing *writing);

#endif
