/*
 * Looks at one instant at a time, so that rounding is that of cn_time_days.
 */
#include "catalog/time_order.h"

#include "base/error.h"
#include "calendar/time.h"

#include <stdio.h>

struct instant {
    int64_t day;
    int second;
};

/* False: it is not finite, or out of range. */
static bool convert_instant(const struct cn_time_instants *in, size_t i, struct instant *instant)
{
    return cn_time_days(&in->values[i], 1, in->unit_seconds, in->reference_second, &instant->day,
                        &instant->second, NULL) == CN_OK;
}

static bool is_after(struct instant a, struct instant b)
{
    return a.day != b.day ? a.day > b.day : a.second > b.second;
}

/* Whether from instant `first` on each is after the one before it; is_down: before it. */
static bool is_ordered(const struct cn_time_instants *in, size_t first, bool is_down)
{
    struct instant before, instant;
    if (!convert_instant(in, first, &before))
        return false;
    for (size_t i = first + 1; i < in->count; i++) {
        if (!convert_instant(in, i, &instant) ||
            !(is_down ? is_after(before, instant) : is_after(instant, before)))
            return false;
        before = instant;
    }
    return true;
}

/* Where instants are again after instant `last`; the count: nowhere. */
static size_t find_later(const struct cn_time_instants *in, size_t last, struct instant instant)
{
    struct instant later;
    size_t i = last + 1;
    while (i < in->count && (!convert_instant(in, i, &later) || !is_after(later, instant)))
        i++;
    return i;
}

/* Whether instants 0 to `last`, which go up, hold an instant. */
static bool is_held(const struct cn_time_instants *in, size_t last, struct instant wanted)
{
    size_t low = 0, end = last + 1;
    struct instant instant = {0};
    while (low < end) {
        const size_t middle = low + (end - low) / 2;
        if (!convert_instant(in, middle, &instant))
            return false;
        if (is_after(wanted, instant))
            low = middle + 1;
        else
            end = middle;
    }
    return low <= last && convert_instant(in, low, &instant) && !is_after(instant, wanted);
}

/* Whether the file holds what lies between two of its instants a second time. */
static bool are_repeated(const struct cn_time_instants *in, size_t last, size_t later)
{
    struct instant instant;
    for (size_t i = last + 1; i < later; i++)
        if (!convert_instant(in, i, &instant) || !is_held(in, last, instant))
            return false;
    return true;
}

/* What mends the file, whose instants go up to `last`. */
static void describe_cure(const struct cn_time_instants *in, size_t last, struct instant instant,
                          char *text, size_t capacity)
{
    const size_t later = find_later(in, last, instant);
    if (is_ordered(in, 0, true))
        snprintf(text, capacity, "turn it round, for example with ncpdq -a -%s", in->name);
    else if (!are_repeated(in, last, later) || (later < in->count && !is_ordered(in, later, false)))
        snprintf(text, capacity, "sort it, for example with sortby of xarray");
    else if (later == in->count)
        snprintf(text, capacity, "cut off what repeats, for example with ncks -d %s,0,%zu",
                 in->name, last);
    else
        snprintf(text, capacity,
                 "cut out what repeats, for example with ncks -d %s,0,%zu -d %s,%zu,", in->name,
                 last, in->name, later);
}

/* "2001-12-22"; of two instants of one day "2001-12-22 06:00:00". */
static void format_instant(const struct cn_time_instants *in, struct instant instant,
                           bool is_same_day, char text[48])
{
    const struct cn_date date = cn_day_date(in->calendar, instant.day);
    int length = snprintf(text, 48, "%04d-%02d-%02d", date.year, date.month, date.day);
    if (is_same_day)
        snprintf(text + length, 48 - (size_t)length, " %02d:%02d:%02d", instant.second / 3600,
                 instant.second / 60 % 60, instant.second % 60);
}

enum cn_status cn_time_order_fail(const struct cn_time_instants *in, struct cn_error *error)
{
    struct instant before, instant;
    size_t i = 1;
    if (in->count < 2 || !convert_instant(in, 0, &before))
        return CN_BAD_INPUT;
    for (; i < in->count; i++) {
        if (!convert_instant(in, i, &instant))
            return CN_BAD_INPUT;
        if (!is_after(instant, before))
            break;
        before = instant;
    }
    if (i == in->count)
        return CN_BAD_INPUT;
    char dates[2][48], cure[700];
    format_instant(in, instant, instant.day == before.day, dates[0]);
    format_instant(in, before, instant.day == before.day, dates[1]);
    describe_cure(in, i - 1, before, cure, sizeof cure);
    return cn_fail(error, CN_BAD_INPUT,
                   "instant %zu of '%s' (counted from 0) is %s, not after %s before it; %s", i,
                   in->name, dates[0], dates[1], cure);
}
