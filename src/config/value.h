/*
 * Values as a user wrote them, free of where they came from: a libconfig file or the text of --set.
 * It knows how to take text apart, not what any key means.
 */
#ifndef CLIMNORM_CONFIG_VALUE_H
#define CLIMNORM_CONFIG_VALUE_H

#include "climnorm/error.h"
#include "climnorm/pool.h"
#include "config/keys.h"

#include <stdint.h>

enum cn_value_kind {
    CN_VALUE_BOOL,
    CN_VALUE_INT,
    CN_VALUE_REAL,
    CN_VALUE_TEXT,
    CN_VALUE_LIST,
    CN_VALUE_GROUP,
};

struct cn_value {
    enum cn_value_kind kind;
    const char *name; /* of a group's member, else NULL */
    int line;
    bool flag;
    int64_t integer;
    double real; /* CN_VALUE_INT fills it too */
    const char *text;
    struct cn_value *items; /* [count] of a list or group */
    size_t count;
};

/* Reads a file's text: libconfig with the strictness that the program wants (text.c). CN_BAD_USAGE:
 * a syntax error, `error` says "line: what" with *line apart (0: the file as a whole). */
enum cn_status cn_value_read(struct cn_pool *pool, const char *path, struct cn_value *root,
                             int *line, struct cn_error *error);

/* The text of --set or of a default, taken as the key's type suggests; text that does not fit stays
 * text, for the check to refuse. False: out of memory. */
bool cn_value_from_text(struct cn_pool *pool, const struct cn_key *key, const char *text,
                        struct cn_value *value);

enum { CN_SHOWN_BYTES = 80 };

/* The value in a message, cut when long: `"many"`, `3.5`, `a list`. Returns shown. */
const char *cn_value_show(const struct cn_value *value, char shown[CN_SHOWN_BYTES]);

/* Whether the text is UTF-8 without control characters. */
bool cn_text_is_clean(const char *text);

#endif
