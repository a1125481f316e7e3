/*
 * From day slots to the instants of a file, by their day numbers, which ascend.
 */
#include "plan/stretch.h"

/* The index of the part's first instant whose day is not before `day`. */
static size_t find_instant(const struct cn_part *part, int64_t day)
{
    size_t low = part->first, high = part->first + part->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (part->file->days[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t cn_stretch_instants(const struct cn_variable_plan *variable, enum cn_leap_day rule,
                           const struct cn_pass_stretch *stretch, const struct cn_source_year *year,
                           const struct cn_part *part, size_t *first)
{
    const enum cn_calendar calendar = part->file->calendar;
    int slot = (int)stretch->first_slot, last = slot + (int)stretch->slot_count - 1;
    struct cn_date date;
    *first = part->first;
    if (stretch->slot_count == (size_t)variable->slots)
        return part->count;
    while (slot <= last && !cn_slot_date(calendar, rule, year->year, slot, &date))
        slot++;
    if (slot > last)
        return 0;
    *first = find_instant(part, cn_day_number(calendar, date));
    while (!cn_slot_date(calendar, rule, year->year, last, &date))
        last--;
    return find_instant(part, cn_day_number(calendar, date) + 1) - *first;
}
