/*
 * Reads a config that is not in a file.
 */
#ifndef CLIMNORM_CONFIG_READ_H
#define CLIMNORM_CONFIG_READ_H

#include "climnorm/config.h"

/* A config in memory, and what its lines stand for. */
struct cn_config_text {
    const char *name;         /* stands for the path of a file in errors */
    const char *text;         /* NULL: that of the file */
    const char *const *typed; /* [line_count] what errors cite instead of the line; NULL: that */
    size_t line_count;
    bool may_lack_root; /* output.root, of a job in memory */
};

/* The same as cn_config_read_text. */
enum cn_status cn_config_read_lines(const struct cn_config_text *text,
                                    const struct cn_override *overrides, size_t override_count,
                                    struct cn_config **config, struct cn_problems *problems);

#endif
