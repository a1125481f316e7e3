/*
 * From day slots to groups, and to the instants of a file, by their day numbers, which ascend.
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

/* The part's instants in `count` day slots from `first` on. */
static struct cn_instant_run find_run(enum cn_leap_day rule, size_t first, size_t count,
                                      const struct cn_source_year *year, const struct cn_part *part)
{
    const enum cn_calendar calendar = part->file->calendar;
    int slot = (int)first, last = slot + (int)count - 1;
    struct cn_date date;
    struct cn_instant_run run = {.count = 0};
    while (slot <= last && !cn_slot_date(calendar, rule, year->year, slot, &date))
        slot++;
    if (slot > last)
        return run;
    run.first = find_instant(part, cn_day_number(calendar, date));
    while (!cn_slot_date(calendar, rule, year->year, last, &date))
        last--;
    run.count = find_instant(part, cn_day_number(calendar, date) + 1) - run.first;
    return run;
}

size_t cn_stretch_instants(const struct cn_variable_plan *variable, enum cn_leap_day rule,
                           const struct cn_circle *days, const struct cn_source_year *year,
                           const struct cn_part *part, struct cn_instant_run runs[2])
{
    const size_t slots = (size_t)variable->slots, end = days->first + days->count;
    size_t count = 0;
    if (days->count == slots) {
        runs[0] = (struct cn_instant_run){part->first, part->count};
        return part->count > 0;
    }
    runs[count] =
        find_run(rule, days->first, (end < slots ? end : slots) - days->first, year, part);
    count += runs[count].count > 0;
    if (end > slots) {
        runs[count] = find_run(rule, 0, end - slots, year, part);
        count += runs[count].count > 0;
    }
    return count;
}

struct cn_pass_stretch cn_group_stretch(enum cn_calendar calendar, enum cn_leap_day rule,
                                        const struct cn_pass_stretch *stretch, enum cn_time time)
{
    const size_t end = stretch->first_slot + stretch->slot_count;
    struct cn_pass_stretch groups = *stretch;
    groups.first_slot = cn_groups_ended(calendar, rule, time, stretch->first_slot);
    groups.slot_count = cn_groups_ended(calendar, rule, time, end) - groups.first_slot;
    return groups;
}

struct cn_circle cn_stretch_days(const struct cn_variable_plan *variable, enum cn_leap_day rule,
                                 const struct cn_pass_stretch *stretch)
{
    const enum cn_calendar calendar = variable->variable->calendar;
    const int slots = variable->slots;
    int begin = slots, end = -slots;
    for (size_t s = 0; s < variable->sample_count; s++) {
        const struct cn_sample *sample = &variable->samples[s];
        const struct cn_pass_stretch groups =
            cn_group_stretch(calendar, rule, stretch, sample->time);
        if (!sample->product_count || !groups.slot_count)
            continue;
        const size_t last = groups.first_slot + groups.slot_count - 1;
        const int reach = sample->pool / 2;
        const int first_day =
            cn_group_span_of(calendar, rule, sample->time, groups.first_slot).begin - reach;
        const int end_day = cn_group_span_of(calendar, rule, sample->time, last).end + reach;
        begin = first_day < begin ? first_day : begin;
        end = end_day > end ? end_day : end;
    }
    if (begin > end || end - begin >= slots) /* none are needed, or all */
        return (struct cn_circle){0, begin > end ? 0 : (size_t)slots, (size_t)slots};
    return (struct cn_circle){(size_t)((begin + slots) % slots), (size_t)(end - begin),
                              (size_t)slots};
}
