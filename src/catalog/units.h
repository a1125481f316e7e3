/*
 * Units of measure, as UDUNITS-2 knows them. UDUNITS is not thread-safe: only one thread may call
 * these functions. The first call reads its database, which stays until the process ends.
 */
#ifndef CLIMNORM_CATALOG_UNITS_H
#define CLIMNORM_CATALOG_UNITS_H

#include "climnorm/calendar.h"
#include "climnorm/error.h"

/* Finds the seconds in a unit of time ("days", "h", "6 hours", …).
 * Errors: CN_BAD_INPUT: not a time, or months or years, whose lengths in UDUNITS are averages.
 * CN_BAD_MACHINE: no UDUNITS database. */
enum cn_status cn_unit_seconds(const char *unit, double *seconds, struct cn_error *error);

/* Splits "UNIT since DATE" and reads both parts, the date in its calendar.
 * Errors: those of cn_unit_seconds and cn_reference_parse. CN_BAD_INPUT also for NULL and "". */
enum cn_status cn_time_units_parse(const char *units, enum cn_calendar calendar,
                                   double *unit_seconds, int64_t *reference_second,
                                   struct cn_error *error);

/* The same unit under UDUNITS ("K" and "kelvin"). Those that it cannot read are equal when their
 * texts are, but for blanks around them; no unit (NULL, "", " ") equals no unit only.
 * Returns: whether they are equal. Errors: false and *error, with CN_BAD_MACHINE, where memory or
 * the disk keeps UDUNITS from telling; *error stays as it is otherwise. */
bool cn_units_equal(const char *a, const char *b, struct cn_error *error);

/* A value in another unit is scale * x + offset. */
struct cn_conversion {
    double scale, offset; /* scale > 0 */
};

/* Finds how values in one unit become values in another. No unit (NULL, "", " ") counts as 1. Equal
 * texts need not be units. Where UDUNITS converts a mass for each area to no depth, nor a depth to
 * such a mass, 1 kg m-2 is 1 mm, that of water; so do fluxes of both.
 * Errors: CN_BAD_INPUT: "… is no unit that UDUNITS-2 knows", "… does not convert to …".
 * CN_BAD_MACHINE: no UDUNITS database, or no memory. */
enum cn_status cn_unit_conversion(const char *from, const char *to,
                                  struct cn_conversion *conversion, struct cn_error *error);

/* Whether the unit counts from another zero than the same unit as a factor does: degC, but neither
 * K nor "degC d", of which UDUNITS makes "K d". Returns: false also of no unit. Errors: false and
 * *error with CN_BAD_MACHINE, as cn_units_equal. */
bool cn_unit_has_zero(const char *unit, struct cn_error *error);

/* Whether a text is the unit times a day: "mm" is "mm d-1" times a day. Nothing is "dBZ" times a
 * day. Of a unit that UDUNITS cannot read, any text is taken for it. Returns: so it is. Errors: as
 * of cn_unit_has_zero. */
bool cn_unit_is_times_day(const char *text, const char *unit, struct cn_error *error);

#endif
