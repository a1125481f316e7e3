/*
 * Prints texts that nobody has checked.
 */
#include "cli/print_text.h"

#include "base/utf8.h"

#include <stdio.h>

void cn_write_text(FILE *out, const char *text)
{
    for (const char *at = text; *text; text = at)
        if (cn_is_printable(cn_utf8_next(&at)))
            fwrite(text, 1, (size_t)(at - text), out);
        else
            putc('?', out);
}

void cn_print_text(const char *text)
{
    cn_write_text(stdout, text);
}
