/*
 * Text of any length that is put together in memory. glibc's memory streams tell only the call that
 * finds no memory, and not fclose, so that a text would end early: here the end tells.
 */
#ifndef CLIMNORM_BASE_STRBUF_H
#define CLIMNORM_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct cn_strbuf {
    FILE *stream; /* NULL: out of memory */
    char *text;
    size_t length;
    bool failed;
};

void cn_strbuf_begin(struct cn_strbuf *writing);
void cn_strbuf_add(struct cn_strbuf *writing, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The whole text, which the caller frees; NULL: out of memory. To be called once. */
char *cn_strbuf_end(struct cn_strbuf *writing);

#endif
