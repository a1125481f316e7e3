/*
 * The metadata of files, read in worker processes.
 */
#ifndef CLIMNORM_CATALOG_INSPECT_FILE_H
#define CLIMNORM_CATALOG_INSPECT_FILE_H

#include "catalog/file_rules.h"
#include "climnorm/catalog.h"

/* Reads the metadata of files[count], whose path and variable are given. variable NULL: the only
 * one with time, lat and lon. Afterwards each file is usable or has a failure. All time axes
 * together take at most 1/16 of the machine's memory: beyond that the files with the longest are
 * not usable. watch NULL: nobody watches.
 * Errors: CN_STOPPED; CN_BAD_MACHINE. Owns: all lives in the pool, but days: the caller calls
 * cn_files_free, also after a failure. */
enum cn_status cn_files_inspect(struct cn_pool *pool, struct cn_file *files, size_t count,
                                const struct cn_file_rules *rules,
                                const struct cn_resources *resources, const struct cn_watch *watch,
                                struct cn_error *error);

struct cn_strbuf;

/* Lists the variables of a file that may be data variables, with a slash between two names. In a
 * worker process; the caller holds the HDF5 lock.
 * Errors: CN_BAD_INPUT: the file cannot be read. CN_BAD_MACHINE. names->failed. */
enum cn_status cn_file_list_variables(const char *path, struct cn_strbuf *names,
                                      struct cn_error *error);

#endif
