/*
 * The periods of a config that gives none: they follow the files.
 */
#ifndef CLIMNORM_PLAN_PERIODS_H
#define CLIMNORM_PLAN_PERIODS_H

#include "climnorm/catalog.h"

/* One of the default periods, in the order of their years. */
struct cn_default_period {
    const char *name, *name_of_several; /* where several scenarios follow */
    const char *first, *last;           /* for people */
};
enum { CN_DEFAULT_PERIODS = 3, CN_FIRST_DEFAULT_YEAR = 1980, CN_HYBRID_YEARS = 30 };
extern const struct cn_default_period cn_default_periods[CN_DEFAULT_PERIODS];

/* Writes the default periods of a timeline. Without normals.targets they hold the years from
 * CN_FIRST_DEFAULT_YEAR to the last source year that can be used; some may be empty, with `last`
 * before `first`. With normals.targets they hold every year. */
void cn_make_default_periods(const struct cn_config *config, const struct cn_catalog *catalog,
                             const struct cn_variable *variable, const struct cn_timeline *timeline,
                             struct cn_period periods[CN_DEFAULT_PERIODS]);

/* Returns: the index in variable->years of a timeline's year; -1: it is not there, or cannot be
 * used. */
ptrdiff_t cn_usable_year(const struct cn_variable *variable, const struct cn_timeline *timeline,
                         int year);

#endif
