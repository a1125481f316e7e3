/*
 * A config in the making: what the rooms' files share while they fill it, and where each value came
 * from, so that every error can say so. Not for use outside src/config/.
 */
#ifndef CLIMNORM_CONFIG_BUILDER_H
#define CLIMNORM_CONFIG_BUILDER_H

#include "config/keys.h"
#include "config/value.h"

/* Where a value stands: a line of the file, an override, or (neither) nowhere. */
struct cn_location {
    int line;
    const char *override; /* "KEY=VALUE" */
};

struct cn_key_state {
    enum { CN_UNSET, CN_DEFAULTED, CN_SET, CN_WRONG } state;
    struct cn_location location;
};

/* An entry of custom_regions or normals.periods as read. The line stands first in every list's
 * element. Members that were wrong are NULL or 0. */
struct cn_custom_region {
    int line;
    struct cn_region region;
};

struct cn_custom_period {
    int line;
    struct cn_period period;
};

struct cn_config_builder {
    struct cn_config config;                      /* first: the finished config is this pointer */
    struct cn_list variables, scenarios, regions; /* of const char * */
    struct cn_list custom_regions;                /* of struct cn_custom_region */
    struct cn_list periods;                       /* of struct cn_custom_period */
    struct cn_key_state key_states[CN_KEY_COUNT]; /* one for each of cn_keys */
    const char *folder;                           /* absolute; relative paths start here */
    struct cn_problems *problems;
    bool failed;        /* a problem was added */
    bool out_of_memory; /* the one failure that ends the reading */
};

/* Adds a problem "file:line: key: …" or "--set KEY=VALUE: …"; key may be NULL. After 100 problems
 * the rest is dropped: nobody reads them, and a hostile file could hold a million. */
void cn_config_error(struct cn_config_builder *builder, struct cn_location location,
                     const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The mark of a key by its path, which must exist. */
struct cn_key_state *cn_config_key_state(struct cn_config_builder *builder, const char *path);

/* Checks the value against the key and stores it at base + key->offset. False: it complained. */
bool cn_config_store(struct cn_config_builder *builder, const struct cn_key *key, void *base,
                     const struct cn_value *value, struct cn_location location);

/* Complains about a member that no key has; `group` is its group's path, "" at the top. */
void cn_config_unknown_key(struct cn_config_builder *builder, const struct cn_key *keys,
                           const char *group, const char *name, struct cn_location location);

/* What no key can judge alone: roots, regions, periods, min_years, duplicates. */
void cn_config_check(struct cn_config_builder *builder);

/* NULL, or what is wrong with an output.pattern, in the given room. */
const char *cn_pattern_fault(const char *pattern, char *text, size_t room);

/* Built-in regions, ends with name NULL. */
extern const struct cn_region cn_builtin_regions[];

#endif
