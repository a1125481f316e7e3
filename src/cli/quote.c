/*
 * Quotes words for a shell.
 */
#include "cli/quote.h"

#include <string.h>

void cn_add_word(struct cn_strbuf *line, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=./:,@%";
    if (*word && word[strspn(word, plain)] == '\0') {
        cn_strbuf_add(line, " %s", word);
        return;
    }
    cn_strbuf_add(line, " '");
    for (; *word; word++)
        cn_strbuf_append(line, *word == '\'' ? "'\\''" : word, *word == '\'' ? 4 : 1);
    cn_strbuf_add(line, "'");
}
