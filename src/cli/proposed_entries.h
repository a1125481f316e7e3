/*
 * The entries of input.datasets for kinds of files, found from samples of them.
 */
#ifndef CLIMNORM_CLI_PROPOSED_ENTRIES_H
#define CLIMNORM_CLI_PROPOSED_ENTRIES_H

#include "catalog/list_variables.h"
#include "cli/name_kinds.h"
#include "climnorm/catalog.h"

enum { CN_MOST_ENTRIES = 256 /* that a config takes */ };

/* A variable of a kind of files. */
struct cn_proposed_entry {
    const struct cn_name_kind *kind;
    const char *in_file, *own; /* its name in files, and in the config */
    const char *select;        /* what is read along other dimensions: "plev = 85000;"; "": all */
    struct cn_file *files;     /* [file_count] samples that hold it, inspected */
    size_t file_count;
    const struct cn_file *usable;         /* the first that can be used; NULL: none */
    const struct cn_sample_file *lacking; /* a sample without it; NULL: none */
    struct cn_problems problems;          /* of samples that are unlike others */
};

struct cn_proposed_entries {
    struct cn_held_variables *held;  /* [kinds][CN_MOST_SAMPLES] */
    struct cn_proposed_entry *items; /* [count] by kinds */
    size_t count;
    size_t left_out_count, odd_count; /* variables beyond CN_MOST_ENTRIES; with other names */
    struct cn_file *files;            /* [file_count] of all entries */
    size_t file_count;
};

/* Looks into the samples of all kinds. Zero-initialise *entries.
 * Errors: CN_BAD_MACHINE; CN_STOPPED. Owns: the caller calls cn_proposed_entries_free, also after a
 * failure; the rest lives in the pool. */
enum cn_status cn_proposed_entries_find(struct cn_pool *pool, const struct cn_name_kinds *kinds,
                                        const struct cn_resources *resources,
                                        struct cn_proposed_entries *entries,
                                        struct cn_error *error);
void cn_proposed_entries_free(struct cn_proposed_entries *entries);

#endif
