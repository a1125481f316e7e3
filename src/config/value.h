/*
 * Values as a user wrote them, in a file or with --set. They are parsed but not checked: this
 * module knows no meaning of keys.
 */
#ifndef CLIMNORM_CONFIG_VALUE_H
#define CLIMNORM_CONFIG_VALUE_H

#include "base/pool.h"
#include "climnorm/error.h"
#include "config/key.h"

#include <stdint.h>

enum cn_value_kind {
    CN_VALUE_BOOL,
    CN_VALUE_INT,
    CN_VALUE_REAL,
    CN_VALUE_TEXT,
    CN_VALUE_LIST,
    CN_VALUE_GROUP,
};

/* Where a value was given: in a line of the file or in an override; neither: nowhere. */
struct cn_location {
    int line;
    const struct cn_override *override;
};

struct cn_value {
    enum cn_value_kind kind;
    const char *name; /* of a member of a group, else NULL */
    struct cn_location location;
    bool flag;
    int64_t integer;
    double real; /* set for CN_VALUE_INT too */
    const char *text;
    struct cn_value *items; /* [count] of a list or group */
    size_t count;
};

/* Reads and parses a file.
 * Errors: CN_BAD_USAGE: the file cannot be read or has a syntax error in *line (0: the whole file).
 * CN_BAD_MACHINE. Owns: the pool, what *root points to. */
enum cn_status cn_value_read(struct cn_pool *pool, const char *path, struct cn_value *root,
                             int *line, struct cn_error *error);

/* Parses a text.
 * Errors: CN_BAD_USAGE: a syntax error in *line. CN_BAD_MACHINE. Owns: the pool, what *root points
 * to. */
enum cn_status cn_value_parse(struct cn_pool *pool, const char *text, struct cn_value *root,
                              int *line, struct cn_error *error);

/* Converts the text of --set or of a default, given at `location`, to the key's type. A text that
 * does not fit stays a text, which the check then refuses.
 * Returns: false: out of memory. Owns: the pool, what *value points to. */
bool cn_value_from_text(struct cn_pool *pool, const struct cn_key *key, const char *text,
                        struct cn_location location, struct cn_value *value);

enum { CN_SHOWN_BYTES = 80 };

/* Writes the value for a message, cut if it is long: `"many"`, `3.5`, `a list of 2`.
 * Returns: shown. */
const char *cn_value_show(const struct cn_value *value, char shown[CN_SHOWN_BYTES]);

/* Returns: whether the text is UTF-8 without control characters. */
bool cn_text_is_clean(const char *text);

#endif
