/*
 * Time as WRF and MPAS write it: a variable Times or xtime of texts, "2000-01-31_12:00:00". Callers
 * hold the HDF5 lock.
 */
#ifndef CLIMNORM_CATALOG_TIME_TEXTS_H
#define CLIMNORM_CATALOG_TIME_TEXTS_H

#include "catalog/axes.h"

/* Finds such a variable along a dimension of the data variable. Its type is text, its length the
 * number of instants.
 * Returns: CN_OK; time->name NULL: there is none. Errors: CN_BAD_INPUT: its attributes cannot be
 * read. CN_BAD_MACHINE: out of memory. */
enum cn_status cn_time_texts_find(const struct cn_nc_file *nc, const int *dimids, size_t rank,
                                  struct cn_coordinate *time, size_t *position,
                                  struct cn_error *error);

/* Returns: the name of the calendar of such a variable, which MPAS has among the attributes of the
 * file; NULL: none. Owns: the pool. */
const char *cn_time_texts_calendar(const struct cn_nc_file *nc, const struct cn_coordinate *time);

/* Reads the instants as seconds since day 0 of the calendar into values[time->length].
 * Errors: CN_BAD_INPUT: one is no date and time of the calendar. CN_BAD_MACHINE: out of memory. */
enum cn_status cn_time_texts_read(const struct cn_nc_file *nc, const struct cn_coordinate *time,
                                  enum cn_calendar calendar, double *values,
                                  struct cn_error *error);

#endif
