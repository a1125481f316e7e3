/*
 * The models, variants and grids that a tree holds daily files of, by the files' names.
 */
#ifndef CLIMNORM_CLI_FILE_SETS_H
#define CLIMNORM_CLI_FILE_SETS_H

#include "base/pool.h"
#include "base/strbuf.h"
#include "climnorm/error.h"
#include "climnorm/watch.h"

enum cn_set_field { CN_SET_MODEL, CN_SET_VARIANT, CN_SET_GRID, CN_SET_FIELDS };

/* Daily files of one model, variant and grid. */
struct cn_file_set {
    const char *fields[CN_SET_FIELDS];
    size_t files;
};

/* Finds the sets of a folder, that of most files first. No file is opened.
 * Returns: CN_BAD_USAGE: no file in it is named like a netCDF file; else as cn_find_files. Owns:
 * the pool, the sets. */
enum cn_status cn_find_file_sets(struct cn_pool *pool, const char *folder,
                                 const struct cn_watch *watch, struct cn_file_set **sets,
                                 size_t *count, struct cn_error *error);

/* Models that one run can make. */
struct cn_model_choice {
    const char **names; /* [count], sorted */
    size_t count;
    const char *variant; /* to be set, because some have others too; NULL: each has one */
};

/* Chooses the models that have one variant and grid each; or, where these are more, one grid of the
 * variant of most files.
 * Returns: false: out of memory. Owns: the pool. */
bool cn_choose_models(struct cn_pool *pool, const struct cn_file_set *sets, size_t count,
                      struct cn_model_choice *choice);

/* Returns: whether the set is of the choice. */
bool cn_is_chosen(const struct cn_model_choice *choice, const struct cn_file_set *set);

/* Adds the choice as settings of a config. Errors: text->failed. */
void cn_add_model_choice(struct cn_strbuf *text, const struct cn_model_choice *choice);

/* Adds a sentence about the models that are not in the choice.
 * Returns: false: there is none. Errors: text->failed. */
bool cn_add_left_out(struct cn_strbuf *text, const struct cn_file_set *sets, size_t count,
                     const struct cn_model_choice *choice);

#endif
