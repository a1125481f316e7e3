/*
 * Which values a variable can have: limits beyond any record, by standard name. A value outside is
 * an error of the data or of their units; it is told, and never changed.
 */
#ifndef CLIMNORM_CATALOG_PLAUSIBLE_H
#define CLIMNORM_CATALOG_PLAUSIBLE_H

#include "climnorm/catalog.h"

struct cn_plausible_row {
    const char *names;          /* of variables in the CMIP tables, between blanks */
    const char *standard_names; /* between blanks */
    const char *unit;           /* of the limits */
    double min, max;
    const char *other_units; /* that values are mistaken in, between commas; "": none */
    const char *reason;      /* records and laws with their sources, for docs/checking.md */
};

/* The last row has no names: NULL. */
extern const struct cn_plausible_row cn_plausible_rows[];

/* What is plausible of a variable. */
struct cn_plausible_limits {
    const struct cn_plausible_row *row; /* NULL: nothing is known */
    double min, max;                    /* in the unit of its files */
};

/* Finds the limits of a variable: by its standard name, or by its name where the files have none.
 * Nothing is known of a variable whose cell methods make a sum or a spread of it, nor of one whose
 * unit does not convert. Only one thread may call this, see units.h.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE: no UDUNITS database, or no memory. */
enum cn_status cn_plausible_limits(const struct cn_variable *variable,
                                   struct cn_plausible_limits *limits, struct cn_error *error);

/* Finds the unit in which values from `least` to `most` would be plausible, among those that are
 * mistaken for one another: degC where the files say K. Only one thread may call this, as above.
 * Returns: whether there is one. */
bool cn_plausible_in_other_unit(const struct cn_plausible_limits *limits, const char *unit,
                                double least, double most, char other[32]);

#endif
