/*
 * Groups of netCDF-4 files, which are not read.
 */
#ifndef CLIMNORM_CATALOG_FILE_GROUPS_H
#define CLIMNORM_CATALOG_FILE_GROUPS_H

#include "base/strbuf.h"

/* Adds " but the groups forecast, analysis, …" to what a message says of an open file; nothing
 * where there are none. The caller holds the HDF5 lock. Errors: text->failed. */
void cn_add_groups(int ncid, struct cn_strbuf *text);

#endif
