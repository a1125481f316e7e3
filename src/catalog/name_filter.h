/*
 * What the files of a tree are, by the datasets that take them or by the name rule, and which of
 * them the keys of the config let through. Only paths and the config decide.
 */
#ifndef CLIMNORM_CATALOG_NAME_FILTER_H
#define CLIMNORM_CATALOG_NAME_FILTER_H

#include "base/strbuf.h"
#include "catalog/file_names.h"
#include "catalog/find_files.h"
#include "climnorm/catalog.h"

/* A file, and what it is. */
struct cn_selected {
    const struct cn_found_file *file;
    struct cn_name *name; /* the model is never NULL */
    bool is_historical;   /* its experiment, or the first of two */
};

enum cn_name_key {
    CN_BY_TABLE,
    CN_BY_VARIABLE,
    CN_BY_EXPERIMENT,
    CN_BY_MODEL,
    CN_BY_VARIANT,
    CN_BY_GRID,
    CN_BY_VERSION,
    CN_NAME_KEYS
};

enum { CN_NAME_SAMPLES = 6 };

/* Values that a key has in file names: the first few, and how many files in all. */
struct cn_name_values {
    size_t files;
    const char *samples[CN_NAME_SAMPLES];
    size_t sample_files[CN_NAME_SAMPLES];
    size_t sample_count;
    bool more;
};

/* What the config wants of a key: one value, the values of a list, or both. Neither: any value. */
struct cn_wanted_values {
    const char *one;
    const char *const *list;
    size_t count;
};

struct cn_name_filter {
    const struct cn_config *config;
    struct cn_catalog *catalog;
    struct cn_wanted_values wanted[CN_NAME_KEYS];
    char version[CN_VERSION_BYTES];               /* that wanted[CN_BY_VERSION] points to */
    struct cn_name_values left_out[CN_NAME_KEYS]; /* by the first key that a file does not pass */
    struct cn_selected *items;
    size_t count, capacity;
    struct cn_name **names; /* [name_count] of all files */
    size_t name_count, name_capacity;
    size_t *taken; /* [dataset_count] how many files each dataset takes */
};

/* Names files[count], and keeps those that all keys let through; counts the others.
 * Errors: CN_BAD_USAGE: two datasets contradict each other. CN_BAD_MACHINE. Owns: the catalog's
 * pool. */
enum cn_status cn_name_files(struct cn_name_filter *filter, const struct cn_found_file *files,
                             size_t count, struct cn_error *error);

/* Fails where no file is left, and says why none is.
 * Returns: CN_BAD_USAGE or CN_BAD_MACHINE. */
enum cn_status cn_fail_no_name(const struct cn_name_filter *filter, struct cn_error *error);

/* Returns: the value of a key that files[count] have, or, where none says it, what the config wants
 * of it; "": neither. Where they have several, the text lists them, and goes on with advice about
 * the key, if any. */
const char *cn_single_value(const struct cn_name_filter *filter, const struct cn_selected *files,
                            size_t count, enum cn_name_key key, const char *advice,
                            struct cn_strbuf *several);

/* Returns: the key of the config that chooses among values of this key. */
const char *cn_name_key_path(enum cn_name_key key);

#endif
