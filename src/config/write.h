/*
 * Writes a config as a commented text that can be read again.
 */
#ifndef CLIMNORM_CONFIG_WRITE_H
#define CLIMNORM_CONFIG_WRITE_H

#include "climnorm/config.h"

struct cn_strbuf;

/* A comment of one paragraph that is added to what a key means. */
struct cn_config_note {
    const char *key; /* its path; NULL: at the head of the text */
    const char *text;
    bool is_example; /* the text is a value of the key, and stands in place of its example */
};

/* Writes what was given and, as comments, all other keys with their values or an example, each with
 * its meaning and its notes. The text gives the same config as `config`, wherever it is read.
 * config: from cn_config_read or cn_config_read_lines.
 * Returns: the text; NULL: out of memory. Owns: the caller, with free(). */
char *cn_config_write(const struct cn_config *config, const struct cn_config_note *notes,
                      size_t note_count);

/* Adds a text in quotes, as a config has it. Errors: buffer->failed. */
void cn_config_quote(struct cn_strbuf *buffer, const char *text);

#endif
