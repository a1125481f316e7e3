/*
 * File names: what the fields say, and which of two reissues is newer. Pure; folders are never
 * looked at.
 */
#ifndef CLIMNORM_CATALOG_FILE_NAMES_H
#define CLIMNORM_CATALOG_FILE_NAMES_H

#include "climnorm/error.h"

/* The longest file name that Linux file systems have. */
enum { CN_NAME_BYTES = 256 };

/* {variable}_{table}_{model}_{experiment}_{variant}_{grid}_{time}[_v{major}.{minor}].nc */
struct cn_name {
    char text[CN_NAME_BYTES]; /* the name, cut at its underscores; the fields point into it */
    const char *variable, *table, *model, *experiment, *variant, *grid; /* grid "": CMIP5 */
    const char *time;
    int version_major, version_minor; /* 1.0 when the name has none */
    bool daily_time;                  /* YYYY, YYYYMMDD-YYYYMMDD or YYYYMMDDhhmm-YYYYMMDDhhmm */
};

/* False: the base name is not of this form. Other tables may have other forms of {time}
 * (YYYYMM-YYYYMM), so only digits and hyphens are asked for here; see daily_time. *name points
 * into itself: it is not to be copied. */
bool cn_name_parse(const char *base, struct cn_name *name);

/* The years that the {time} of a name claims; false: it has not the form of daily_time. */
bool cn_name_years(const char *time, int *first, int *last);

/* < 0, 0, > 0: as numbers, 1.10 is newer than 1.9. */
int cn_version_compare(int a_major, int a_minor, int b_major, int b_minor);

#endif
