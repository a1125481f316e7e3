/*
 * One key of the config: its path, type, range and default.
 */
#ifndef CLIMNORM_CONFIG_KEY_H
#define CLIMNORM_CONFIG_KEY_H

#include "climnorm/config.h"

enum cn_key_type {                      /* stored as */
                   CN_KEY_GROUP,        /* not at all: its members follow in the table */
                   CN_KEY_GROUPS,       /* struct cn_list of what `element` describes */
                   CN_KEY_NAMES,        /* struct cn_list of const char * */
                   CN_KEY_YEARS,        /* struct cn_list of int, ascending */
                   CN_KEY_NAME,         /* const char *: [A-Za-z0-9_.-] */
                   CN_KEY_NAMES_OR_ALL, /* struct cn_list of const char *: a name, a list, or "*" */
                   CN_KEY_IDENTIFIER,   /* const char *: [A-Za-z0-9_-] */
                   CN_KEY_LABEL,        /* const char *: a name that may hold {scenario} */
                   CN_KEY_TITLE,        /* const char *: any text */
                   CN_KEY_PATH,         /* const char *: made absolute */
                   CN_KEY_PATHS,   /* struct cn_list of const char *: a path or a list of them */
                   CN_KEY_PATTERN, /* const char *: see pattern.c */
                   CN_KEY_GLOB,    /* const char *: see base/glob.h */
                   CN_KEY_NETCDF_NAME, /* const char *: UTF-8 without "/" */
                   CN_KEY_ISSUE,       /* const char *: MAJOR.MINOR */
                   CN_KEY_INT,         /* int */
                   CN_KEY_REAL,        /* double */
                   CN_KEY_BOOL,        /* bool */
                   CN_KEY_CHOICE,      /* int: min + index in choices, which is the enum's value */
                   CN_KEY_RANGE,       /* double[2] */
                   CN_KEY_VERSION,     /* config->input: newest, version_major, version_minor */
                   CN_KEY_STATISTIC,   /* struct cn_over */
                   CN_KEY_THRESHOLD,   /* struct cn_threshold */
                   CN_KEY_UNIT,        /* const char * */
                   CN_KEY_UNITS,       /* struct cn_list of struct cn_variable_unit */
                   CN_KEY_SLICES,      /* struct cn_list of struct cn_slice_choice */
                   CN_KEY_MEMORY,      /* config->engine: memory_share, memory_bytes */
};

struct cn_list {
    void *items;
    size_t count;
};

struct cn_key {
    const char *path; /* dotted; members of list elements begin with the list's path */
    size_t offset;    /* in struct cn_config_builder, or in the element of a list */
    enum cn_key_type type;
    double min, max; /* numbers: range; text: bytes; lists: entries */
    bool required;
    const char *const *choices;         /* NULL-terminated */
    const char *const *choice_meanings; /* of each, for people */
    const struct cn_key *element;
    size_t element_bytes;
    const char *default_text; /* the default, as --set takes it; NULL: see meaning */
    const char *example;      /* of a key without default, as a config has it */
    const char *member;       /* an example of its members, as --set takes it: "tas=degC" */
    const char *meaning;      /* for people; printed in the reference */
};

/* All keys that a config may have; keys.c. The last has the path NULL. A group comes before its
 * members. The table drives the checks, the defaults, --set, "did you mean" and the reference in
 * docs/config.md. A new key is a line in it and a member of struct cn_config. */
extern const struct cn_key cn_keys[];
enum { CN_MAX_KEYS = 100 }; /* of cn_keys */

/* Finds the key GROUP.NAME; group "": NAME, which may be a whole path.
 * Returns: NULL: keys, whose last has the path NULL, has none. */
const struct cn_key *cn_key_find(const struct cn_key *keys, const char *group, const char *name);

/* Returns: whether it is a group whose members have names of the user's own. */
static inline bool cn_key_has_members(const struct cn_key *key)
{
    return key->type == CN_KEY_UNITS || key->type == CN_KEY_SLICES;
}

/* Returns: the key of which `path` names a member, as "output.units.tas" does; NULL: there is none.
 */
const struct cn_key *cn_key_of_member(const struct cn_key *keys, const char *path);

/* Returns: the part of a key's path after the last dot. */
const char *cn_key_leaf(const struct cn_key *key);

enum { CN_EXPECTS_BYTES = 256 };

/* Describes the values that this key takes: "a whole number from 0 to 9".
 * Returns: text. */
const char *cn_key_expects(const struct cn_key *key, char text[CN_EXPECTS_BYTES]);

enum { CN_KEY_TEXT_BYTES = 1024 };

/* Writes what a key means, and each value that it chooses from, as plain text for a terminal.
 * Returns: text. */
const char *cn_key_explain(const struct cn_key *key, char text[CN_KEY_TEXT_BYTES]);

#endif
