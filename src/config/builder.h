/*
 * A config while it is read, with the location of each value for error messages. Only files of
 * src/config/ include it.
 */
#ifndef CLIMNORM_CONFIG_BUILDER_H
#define CLIMNORM_CONFIG_BUILDER_H

#include "config/key.h"
#include "config/value.h"

struct cn_key_state {
    enum { CN_UNSET, CN_SET, CN_WRONG } state; /* CN_SET: by a default, too */
    struct cn_location location;
};

/* An entry of a list of groups as read. The location is the first
 * member, as in the elements of every list. Members with wrong values are NULL or 0. */
struct cn_custom_region {
    struct cn_location location;
    struct cn_region region;
};

struct cn_custom_period {
    struct cn_location location;
    struct cn_period period;
};

struct cn_custom_dataset {
    struct cn_location location;
    struct cn_dataset dataset;
    const char *version;
    struct cn_list slices; /* of struct cn_slice_choice */
};

struct cn_custom_product {
    struct cn_location location;
    struct cn_product product;
    struct cn_list variables; /* of const char * */
};

struct cn_config_builder {
    struct cn_config config;                      /* first: the finished config is this pointer */
    struct cn_list roots;                         /* of const char *: input.root */
    struct cn_list models;                        /* of const char *; "*" alone: input.model */
    struct cn_list datasets;                      /* of struct cn_custom_dataset */
    struct cn_list variables, scenarios, regions; /* of const char * */
    struct cn_list custom_regions;                /* of struct cn_custom_region */
    struct cn_list periods;                       /* of struct cn_custom_period */
    struct cn_list targets;                       /* of int */
    struct cn_list products;                      /* of struct cn_custom_product */
    struct cn_list units;                         /* of struct cn_variable_unit */
    struct cn_list slices;                        /* of struct cn_slice_choice */
    struct cn_key_state key_states[CN_MAX_KEYS];  /* one for each of cn_keys */
    const char *const *typed;                     /* [line_count] see struct cn_config_text */
    size_t line_count;
    bool may_lack_root; /* the same */
    const char *folder; /* absolute; relative paths begin here */
    struct cn_problems *problems;
    bool failed;        /* a problem was added */
    bool out_of_memory; /* ends the reading */
};

/* Adds a problem "LOCATION: KEY: …", or without a key (key is NULL, or the location has it). Only
 * the first 100 are kept, because a hostile file could hold a million. */
void cn_config_error(struct cn_config_builder *builder, struct cn_location location,
                     const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Returns: "FILE:LINE", "--set KEY=VALUE", "--OPTION VALUE" or, if it is nowhere, "FILE". Errors:
 * "FILE" and builder->out_of_memory. Owns: the config's pool. */
const char *cn_config_location_text(struct cn_config_builder *builder, struct cn_location location);

/* Returns: the state of the key with this path, which must exist. */
struct cn_key_state *cn_config_key_state(struct cn_config_builder *builder, const char *path);

/* Checks the value against the key and stores it at base + key->offset.
 * Returns: false: the value is wrong, and a problem was added. */
bool cn_config_store(struct cn_config_builder *builder, const struct cn_key *key, void *base,
                     const struct cn_value *value);

/* Checks what holds for all texts: not empty, not too long, no control characters.
 * Returns: false: the value is wrong, and a problem was added. */
bool cn_config_check_text(struct cn_config_builder *builder, const struct cn_key *key,
                          const struct cn_value *value);

/* Checks a text against the key and stores it at `at`, a const char *.
 * Returns: false: the value is wrong, and a problem was added. */
bool cn_config_store_text(struct cn_config_builder *builder, const struct cn_key *key, void *at,
                          const struct cn_value *value);

/* Stores members of a group with names of the user's own that the list does not have yet: --set
 * comes before the file.
 * Returns: false: some are wrong, and problems were added. */
bool cn_config_store_members(struct cn_config_builder *builder, const struct cn_key *key,
                             struct cn_list *list, const struct cn_value *value);

/* Adds a problem where slices of several dimensions are to complete each other, which would have no
 * order. list: of struct cn_slice_choice. */
void cn_config_check_slices(struct cn_config_builder *builder, struct cn_location location,
                            const char *path, const struct cn_list *list);

/* Adds a problem for a value that is not what the key takes; hint: its end.
 * Returns: false. */
bool cn_config_reject(struct cn_config_builder *builder, const struct cn_key *key,
                      const struct cn_value *value, const char *hint);

/* Adds a problem for a member that is no key; `group` is the path of its group, "" at the top. */
void cn_config_unknown_key(struct cn_config_builder *builder, const struct cn_key *keys,
                           const char *group, const char *name, struct cn_location location);

/* Checks what concerns several values: roots, models, regions, scenarios, periods, min_years. Adds
 * problems. */
void cn_config_check(struct cn_config_builder *builder);

/* Checks the entries of input.datasets, and fills in what they do not say. Adds problems. */
void cn_config_check_datasets(struct cn_config_builder *builder);

/* Checks the products together, and fills in what they do not say. Adds problems. */
void cn_config_check_products(struct cn_config_builder *builder);

/* Returns: whether the key has a value that is right by itself. */
static inline bool cn_config_has_value(struct cn_config_builder *builder, const char *path)
{
    return cn_config_key_state(builder, path)->state == CN_SET;
}

/* Returns: NULL, or what is wrong with an output.pattern, perhaps in text[capacity]. */
const char *cn_pattern_fault(const char *pattern, char *text, size_t capacity);

/* Built-in regions; the last has the name NULL. */
extern const struct cn_region cn_builtin_regions[];

#endif
