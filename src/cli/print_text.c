/*
 * Prints texts that nobody has checked, and long ones in several lines.
 */
#include "cli/print_text.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { LINE_COLUMNS = 80 };

void cn_print_text(const char *text)
{
    for (const char *at = text; *text; text = at)
        if (cn_is_printable(cn_utf8_next(&at)))
            fwrite(text, 1, (size_t)(at - text), stdout);
        else
            putchar('?');
}

void cn_print_wrapped(FILE *out, const char *text, size_t indent)
{
    const size_t width = LINE_COLUMNS - indent;
    const char *line = text;
    for (const char *end; strlen(line) > width && (end = memrchr(line, ' ', width + 1));
         line = end + 1)
        fprintf(out, "%.*s\n%*s", (int)(end - line), line, (int)indent, "");
    fprintf(out, "%s\n", line);
}
