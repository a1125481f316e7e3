/*
 * Whether input files can be read as a whole: each value of each file is decoded as a run would,
 * and looked at. Nothing is kept of it, and nothing is written.
 */
#ifndef CLIMNORM_JOB_CHECK_H
#define CLIMNORM_JOB_CHECK_H

#include "climnorm/catalog.h"
#include "climnorm/watch.h"
#include "engine/implausible.h"
#include "job/md5_list.h"

struct cn_kernels;

/* What is found of a file. */
struct cn_checked_file {
    const struct cn_file *file;
    struct cn_checked_file *first;   /* the same path, of the first variable that has it */
    size_t unread;                   /* of the first: how many of them are not checked yet */
    bool has_damage, has_odd_values; /* of the first: counted as damaged, as implausible */
    bool is_unreadable;              /* the catalog says why it cannot be decoded */
    uint64_t parts, damaged; /* what was decoded at once: chunks, pieces, blocks; and failed */
    char *failure;           /* the first of them; NULL: the file is sound */
    struct cn_tally tally;   /* of implausible values */
    double values;           /* of the file: days times cells */
    char md5[CN_MD5_TEXT];   /* "": not asked for, or not known */
};

/* Returns: whether a file is damaged, and not only without what the config asks for. */
static inline bool cn_checked_is_damaged(const struct cn_checked_file *file)
{
    return file->failure || (file->is_unreadable && !file->file->is_sound);
}

/* What is found of a variable. */
struct cn_checked_variable {
    const struct cn_variable *variable;
    struct cn_value_check values;
    struct cn_checked_file *files; /* [file_count] of the variable */
    size_t file_count;
};

struct cn_check {
    struct cn_checked_variable *variables; /* [variable_count], as in the catalog */
    size_t variable_count;
    size_t file_count, files_checked; /* each path once */
    uint64_t bytes_read;              /* of what was decoded, as stored */
};

/* Reads all files of a catalog, and decodes those whose metadata can be read, with
 * resources->threads threads. digests: computes their MD5 sums, too. Returns: CN_OK, whatever is
 * found. Errors: CN_BAD_MACHINE; CN_STOPPED: the watch asked for it. *check has what was found
 * until then. Owns: the pool, but for what cn_check_free frees. */
enum cn_status cn_check_files(struct cn_pool *pool, const struct cn_catalog *catalog,
                              const struct cn_resources *resources,
                              const struct cn_kernels *kernels, bool digests,
                              const struct cn_watch *watch, struct cn_check *check,
                              struct cn_error *error);
void cn_check_free(struct cn_check *check);

/* What is told of a check. */
struct cn_check_counts {
    size_t damaged;     /* files, those that cannot be opened among them */
    size_t implausible; /* files with such values */
    size_t gaps;        /* variables whose timelines lack days or years, as plan tells them */
    size_t differing;   /* files whose sum is another than that of the list */
    size_t unlisted;    /* files that the list lacks */
    size_t unfound;     /* entries of the list that are of none of the files */
};

/* Adds what was found of a variable to its problems, and to the counts. list NULL: there is none.
 * Only one thread may call this, see catalog/units.h. Errors: problems->lost. */
void cn_check_report(const struct cn_checked_variable *checked, struct cn_md5_list *list,
                     struct cn_problems *problems, struct cn_check_counts *counts);

/* The same of the list itself, after all variables. */
void cn_check_report_list(const struct cn_md5_list *list, const char *path,
                          struct cn_problems *problems, struct cn_check_counts *counts);

#endif
