/*
 * Files that an entry of input.datasets takes, whatever they are called. Pure.
 */
#ifndef CLIMNORM_CATALOG_DATASETS_H
#define CLIMNORM_CATALOG_DATASETS_H

#include "base/strbuf.h"
#include "catalog/file_names.h"
#include "climnorm/config.h"

/* Returns: the part below the root of a path, which begins with one of the roots or is one; NULL:
 * the entry does not take the file. */
const char *cn_dataset_path(const struct cn_dataset *dataset, const char *const *roots,
                            size_t root_count, const char *path);

/* Fills *name with what the entry says of a file that it takes; path: below the root. Model,
 * variant and grid that it does not say are NULL. The years are those that the base name seems to
 * hold, for messages about files that cannot be read: the days that a file holds come from its time
 * axis. Both texts must live as long as *name. */
void cn_dataset_name(const struct cn_dataset *dataset, const char *table, const char *path,
                     struct cn_name *name);

/* Returns: whether two entries that take one file for one variable of one model say different
 * things of it. */
bool cn_dataset_contradicts(const struct cn_dataset *a, const struct cn_dataset *b);

/* Adds "; input.datasets (ORIGIN): no file fits PATTERN" for the entries that take no file.
 * taken[dataset_count]: how many each takes. Errors: text->failed. */
void cn_add_idle_datasets(struct cn_strbuf *text, const struct cn_config *config,
                          const size_t *taken);

/* Adds to the problems such an entry, unless its variable is not wanted, or has no other file and
 * is wanted by name: then that is reported. names[name_count]: of all files. */
void cn_report_idle_datasets(const struct cn_config *config, const size_t *taken,
                             struct cn_name *const *names, size_t name_count,
                             struct cn_problems *problems);

#endif
