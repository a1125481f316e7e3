/*
 * File names: what the fields say, and which of two reissues is newer. Pure. Folder names do not
 * count.
 */
#ifndef CLIMNORM_CATALOG_FILE_NAMES_H
#define CLIMNORM_CATALOG_FILE_NAMES_H

#include "climnorm/error.h"

/* The longest file name that Linux file systems have; a version as text. */
enum { CN_NAME_BYTES = 256, CN_VERSION_BYTES = 24 };

struct cn_dataset;

/* What is known of a file before it is opened: from its name,
 * {variable}_{table}_{model}_{experiment}_{variant}_{grid}_{time}[_v{major}.{minor}].nc, or from
 * the entry of input.datasets that takes it. */
struct cn_name {
    const struct cn_dataset *dataset; /* NULL: the name */
    char text[CN_NAME_BYTES]; /* the name, cut at its underscores; the fields point into it */
    /* grid "": CMIP5. Of a dataset, model, variant and grid may be NULL: it does not say them. */
    const char *variable, *table, *model, *experiment, *variant, *grid;
    const char *time; /* of a dataset: what reissues of one file share of its path */
    int version_major, version_minor; /* 1.0 when the name has none */
    char version[CN_VERSION_BYTES];   /* the same as text */
    int first_year, last_year;        /* of daily_time */
    bool daily_time;                  /* YYYY or YYYYMMDD[hh[mm[ss]]], or two with a hyphen */
};

/* Reads a base name. Other tables have other forms of {time} (YYYYMM-YYYYMM), so any digits and
 * hyphens are accepted; see daily_time.
 * Returns: false: the base name is not of this form. Owns: *name points into itself: do not copy
 * it. */
bool cn_name_parse(const char *base, struct cn_name *name);

/* Returns: the year that digits of a name seem to be or to begin with: YYYY, YYYYMM, YYYYMMDD,
 * longer times, or YYYYDDD with the day of the year; 0: none. */
int cn_digits_year(const char *digits, size_t length);

/* The years that the {time} of a name claims.
 * Returns: false: it is not of the form of daily_time. */
bool cn_name_years(const char *time, int *first, int *last);

/* Writes a version as text: "1.10". */
void cn_version_format(int major, int minor, char text[CN_VERSION_BYTES]);

/* Returns: the index of a text in list[count]; count: it is not there. */
size_t cn_text_index(const char *text, const char *const *list, size_t count);

/* Compares versions as numbers: 1.10 is newer than 1.9.
 * Returns: < 0, 0, > 0. */
int cn_version_compare(int a_major, int a_minor, int b_major, int b_minor);

#endif
