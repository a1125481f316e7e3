/*
 * Units of measure through UDUNITS-2: which ones are equal, how values convert, and how long a unit
 * of time is. UDUNITS never sees the date after "since": it would read the date in the standard
 * calendar.
 */
#include "catalog/units.h"

#include "base/ascii.h"
#include "base/c_locale.h"
#include "base/error.h"
#include "calendar/time.h"
#include "guard/library.h"

#include <math.h>
#include <string.h>
#include <udunits2.h>

/* No unit has a longer text; UDUNITS never sees longer ones. */
enum { MAX_UNIT = 255, DAY_SECONDS = 86400 };

/* A unit's text without blanks around it: a part of another string. */
struct unit_text {
    const char *start;
    size_t length;
};

static struct unit_text trim_unit(const char *start, const char *end)
{
    while (start < end && cn_is_space(*start))
        start++;
    while (start < end && cn_is_space(end[-1]))
        end--;
    return (struct unit_text){start, (size_t)(end - start)};
}

/* The database, which stays the same once it was read. NULL: it cannot be read. */
static ut_system *unit_system(void)
{
    static ut_system *system;
    if (!system) {
        const locale_t before = cn_c_locale_enter();
        ut_set_error_message_handler(ut_ignore);
        system = ut_read_xml(NULL);
        cn_c_locale_leave(before);
    }
    return system;
}

/* NULL: not a unit, or no database. The caller frees it with ut_free. */
static ut_unit *parse_unit(struct unit_text text)
{
    char copy[MAX_UNIT + 1];
    ut_system *system = unit_system();
    if (!system || text.length > MAX_UNIT)
        return NULL;
    memcpy(copy, text.start, text.length);
    copy[text.length] = '\0';
    const locale_t before = cn_c_locale_enter();
    ut_unit *unit = ut_parse(system, copy, UT_UTF8);
    cn_c_locale_leave(before);
    return unit;
}

struct unit_pair {
    struct unit_text first, second;
};

/* CN_BAD_INPUT: they differ, or UDUNITS does not know one of them, or is out of memory. */
static enum cn_status compare_units(void *context, struct cn_error *error)
{
    const struct unit_pair *pair = context;
    (void)error;
    ut_unit *first = parse_unit(pair->first);
    ut_unit *second = first ? parse_unit(pair->second) : NULL;
    bool are_equal = second && ut_compare(first, second) == 0;
    ut_free(first);
    ut_free(second);
    return are_equal ? CN_OK : CN_BAD_INPUT;
}

/* NULL: no unit. */
static struct unit_text trim_text(const char *text)
{
    return text ? trim_unit(text, text + strlen(text)) : (struct unit_text){"", 0};
}

static bool is_same_text(struct unit_text a, struct unit_text b)
{
    return a.length == b.length && memcmp(a.start, b.start, a.length) == 0;
}

bool cn_units_equal(const char *a, const char *b, struct cn_error *error)
{
    struct unit_text x = trim_text(a), y = trim_text(b);
    if (is_same_text(x, y))
        return true;
    if (x.length == 0 || y.length == 0)
        return false;
    return cn_library_call(&(struct cn_library_call){.function = compare_units,
                                                     .context = &(struct unit_pair){x, y},
                                                     .what = "units cannot be compared",
                                                     .input_is_sound = true},
                           error) == CN_OK;
}

/* Whether some word of a unit is a month or a year: "months", "common_year", "kyr", "eon". The name
 * decides: lengths differ between such units and between versions of the database. */
static bool names_month_or_year(struct unit_text text)
{
    static const char *const words[] = {"month", "year", "yr", "eon"};
    const char *end = text.start + text.length;
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        size_t length = strlen(words[w]);
        for (const char *at = text.start; (size_t)(end - at) >= length; at++) {
            if (!cn_begins_with(at, words[w]))
                continue;
            const char *behind = at + length;
            if (behind < end && cn_lower(*behind) == 's')
                behind++;
            if (behind == end ||
                !((cn_lower(*behind) >= 'a' && cn_lower(*behind) <= 'z') || *behind == '_'))
                return true;
        }
    }
    return false;
}

/* The factor to seconds; 0: not a length of time. */
static double seconds_of(ut_unit *unit)
{
    double seconds = 0;
    ut_unit *second = ut_get_unit_by_name(unit_system(), "second");
    cv_converter *converter = second ? ut_get_converter(unit, second) : NULL;
    if (converter) {
        double zero = cv_convert_double(converter, 0), one = cv_convert_double(converter, 1);
        /* UDUNITS also converts reciprocals (Hz), logarithms and offsets. These do not map 0 to 0.
         */
        if (zero == 0 && one > 0 && isfinite(one))
            seconds = one;
    }
    cv_free(converter);
    ut_free(second);
    return seconds;
}

/* As seconds_of, of a text that may have capitals, or an s behind a unit that has none in
 * UDUNITS-2: "Hours", "hrs", "mins". */
static double seconds_of_text(struct unit_text text)
{
    char lower[MAX_UNIT + 1];
    struct unit_text forms[] = {text, {lower, text.length}, {lower, text.length - 1}};
    double seconds = 0;
    if (!text.length || text.length > MAX_UNIT)
        return 0;
    for (size_t i = 0; i < text.length; i++)
        lower[i] = cn_lower(text.start[i]);
    const size_t count = text.length > 1 && lower[text.length - 1] == 's' ? 3 : 2;
    for (size_t f = 0; f < count && seconds == 0; f++) {
        ut_unit *unit = parse_unit(forms[f]);
        seconds = unit ? seconds_of(unit) : 0;
        ut_free(unit);
    }
    return seconds;
}

static enum cn_status fail_database(struct cn_error *error)
{
    return cn_fail(error, CN_BAD_MACHINE,
                   "the UDUNITS-2 database of units cannot be read; install it "
                   "(libudunits2-data, udunits2), or set UDUNITS2_XML_PATH to udunits2.xml");
}

static enum cn_status seconds_per_unit(struct unit_text text, double *seconds,
                                       struct cn_error *error)
{
    int shown = (int)(text.length < 60 ? text.length : 60);
    if (names_month_or_year(text))
        return cn_fail(
            error, CN_BAD_INPUT,
            "time unit \"%.*s\": months and years have no fixed length; rewrite the time "
            "axis in days (\"cdo settunits,days\")",
            shown, text.start);
    if (text.length == 4 && memcmp(text.start, "days", 4) == 0) { /* no need to read the database */
        *seconds = DAY_SECONDS;
        return CN_OK;
    }
    if (!unit_system())
        return fail_database(error);
    const double length = seconds_of_text(text);
    if (length == 0)
        return cn_fail(error, CN_BAD_INPUT,
                       "time unit \"%.*s\" is not a length of time that UDUNITS-2 knows; expected "
                       "days, hours, minutes, seconds or the like",
                       shown, text.start);
    *seconds = length;
    return CN_OK;
}

enum cn_status cn_unit_seconds(const char *unit, double *seconds, struct cn_error *error)
{
    return seconds_per_unit(trim_unit(unit, unit + strlen(unit)), seconds, error);
}

/* The word "since" between blanks; NULL: not there. */
static const char *find_since(const char *units)
{
    for (const char *at = units; *at; at++)
        if (cn_is_space(*at) && cn_begins_with(at + 1, "since") && cn_is_space(at[6]))
            return at + 1;
    return NULL;
}

enum cn_status cn_time_units_parse(const char *units, enum cn_calendar calendar,
                                   double *unit_seconds, int64_t *reference_second,
                                   struct cn_error *error)
{
    if (!units)
        units = "";
    if (strchr(units, '%'))
        return cn_fail(
            error, CN_BAD_INPUT,
            "time units \"%.80s\": days written as digits are not a CF time axis; rewrite "
            "it as days since a date (\"cdo -r copy\")",
            units);
    const char *since = find_since(units);
    if (!since)
        return cn_fail(error, CN_BAD_INPUT,
                       "time units \"%.80s\": expected a unit, \"since\" and a date, as in \"days "
                       "since 1850-01-01\"",
                       units);
    enum cn_status status = seconds_per_unit(trim_unit(units, since), unit_seconds, error);
    return status ? status : cn_reference_parse(since + 5, calendar, reference_second, error);
}

/* False: values of one do not become values of the other by a line that ascends. */
static bool find_line(const ut_unit *from, const ut_unit *to, struct cn_conversion *line)
{
    /* The scale times this is so large that no digit of the offset is left. */
    static const double large = 0x1p200;
    cv_converter *converter = ut_get_converter((ut_unit *)from, (ut_unit *)to);
    if (!converter)
        return false;
    const double scale = cv_convert_double(converter, large) / large,
                 offset = cv_convert_double(converter, 0), one = cv_convert_double(converter, 1);
    cv_free(converter);
    *line = (struct cn_conversion){scale, offset};
    /* UDUNITS also converts reciprocals and logarithms. */
    return isfinite(scale) && isfinite(offset) && scale > 0 &&
           fabs(scale + offset - one) <= 1e-9 * (scale + fabs(offset));
}

/* Whether it is a length or a length for each time. */
static bool is_depth(const ut_unit *unit)
{
    struct cn_conversion ignored;
    ut_unit *metre = ut_parse(unit_system(), "m", UT_ASCII),
            *speed = ut_parse(unit_system(), "m s-1", UT_ASCII);
    const bool is_one =
        metre && speed && (find_line(unit, metre, &ignored) || find_line(unit, speed, &ignored));
    ut_free(metre);
    ut_free(speed);
    return is_one;
}

/* As find_line, where one is a depth of water and the other its mass for each area. */
static bool find_line_of_water(ut_unit *from, ut_unit *to, struct cn_conversion *line)
{
    ut_unit *density = ut_parse(unit_system(), "1000 kg m-3", UT_ASCII);
    ut_unit *depth = density ? ut_divide(from, density) : NULL,
            *mass = density ? ut_multiply(from, density) : NULL;
    const bool is_found = depth && mass &&
                          ((is_depth(depth) && find_line(depth, to, line)) ||
                           (is_depth(from) && find_line(mass, to, line)));
    ut_free(depth);
    ut_free(mass);
    ut_free(density);
    return is_found;
}

static enum cn_status compare_zeros(void *context, struct cn_error *error)
{
    struct cn_conversion line = {1, 0};
    (void)error;
    ut_unit *unit = parse_unit(*(const struct unit_text *)context);
    ut_unit *factor = unit ? ut_multiply(unit, ut_get_dimensionless_unit_one(unit_system())) : NULL;
    const bool has_zero = factor && find_line(unit, factor, &line) && line.offset != 0;
    ut_free(factor);
    ut_free(unit);
    return has_zero ? CN_OK : CN_BAD_INPUT;
}

bool cn_unit_has_zero(const char *unit, struct cn_error *error)
{
    struct unit_text text = trim_text(unit);
    return cn_library_call(&(struct cn_library_call){.function = compare_zeros,
                                                     .context = &text,
                                                     .what = "a unit cannot be read",
                                                     .input_is_sound = true},
                           error) == CN_OK;
}

/* Whether the first is the second times a day. */
static enum cn_status compare_times_day(void *context, struct cn_error *error)
{
    const struct unit_pair *pair = context;
    struct cn_conversion line = {0, 0};
    (void)error;
    ut_unit *text = parse_unit(pair->first), *unit = parse_unit(pair->second);
    ut_unit *day = text && unit ? ut_parse(unit_system(), "d", UT_ASCII) : NULL;
    ut_unit *product = day ? ut_multiply(unit, day) : NULL;
    const bool are_equal = !unit || (product && find_line(text, product, &line) &&
                                     line.offset == 0 && fabs(line.scale - 1) <= 1e-9);
    ut_free(product);
    ut_free(day);
    ut_free(unit);
    ut_free(text);
    return are_equal ? CN_OK : CN_BAD_INPUT;
}

bool cn_unit_is_times_day(const char *text, const char *unit, struct cn_error *error)
{
    struct unit_pair pair = {trim_text(text), trim_text(unit)};
    return cn_library_call(&(struct cn_library_call){.function = compare_times_day,
                                                     .context = &pair,
                                                     .what = "units cannot be multiplied",
                                                     .input_is_sound = true},
                           error) == CN_OK;
}

struct unit_change {
    struct unit_text from, to;
    const struct unit_text *unknown; /* which is no unit; NULL: none of them */
    struct cn_conversion line;
};

static enum cn_status find_conversion(void *context, struct cn_error *error)
{
    struct unit_change *change = context;
    (void)error;
    ut_unit *from = parse_unit(change->from), *to = parse_unit(change->to);
    change->unknown = !from ? &change->from : !to ? &change->to : NULL;
    const bool is_found =
        from && to &&
        (find_line(from, to, &change->line) || find_line_of_water(from, to, &change->line));
    ut_free(from);
    ut_free(to);
    return is_found ? CN_OK : CN_BAD_INPUT;
}

enum cn_status cn_unit_conversion(const char *from, const char *to,
                                  struct cn_conversion *conversion, struct cn_error *error)
{
    enum { MOST_SHOWN = 100 };
    struct unit_change change = {.from = trim_text(from), .to = trim_text(to), .line = {1, 0}};
    enum cn_status status = CN_OK;
    if (!is_same_text(change.from, change.to)) {
        if (!unit_system())
            return fail_database(error);
        status = cn_library_call(&(struct cn_library_call){.function = find_conversion,
                                                           .context = &change,
                                                           .what = "units cannot be converted",
                                                           .input_is_sound = true},
                                 error);
    }
    *conversion = change.line;
    if (status != CN_BAD_INPUT)
        return status;
    const struct unit_text *first = change.unknown ? change.unknown : &change.from;
    const int shown = (int)(first->length < MOST_SHOWN ? first->length : MOST_SHOWN);
    if (change.unknown)
        return cn_fail(error, status, "\"%.*s\" is no unit that UDUNITS-2 knows", shown,
                       first->start);
    return cn_fail(error, status, "\"%.*s\" does not convert to \"%.*s\"", shown, first->start,
                   (int)(change.to.length < MOST_SHOWN ? change.to.length : MOST_SHOWN),
                   change.to.start);
}
