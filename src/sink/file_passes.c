/*
 * Stretches of day slots, or of other groups, and rows against the chunks of a region.
 */
#include "sink/file_passes.h"

#include "grid/layout.h"
#include "plan/stretch.h"

#include <stdint.h>

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t greater(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The indices that two stretches share. *first: the first of them. */
static size_t common(size_t first_a, size_t count_a, size_t first_b, size_t count_b, size_t *first)
{
    const size_t end = lesser(first_a + count_a, first_b + count_b);
    *first = greater(first_a, first_b);
    return end > *first ? end - *first : 0;
}

struct cn_pass_stretch cn_file_stretch(const struct cn_normals_file *file, size_t pass)
{
    return cn_group_stretch(file->variable->calendar, file->config->normals.leap_day,
                            &file->stretches[pass], file->product->time);
}

struct cn_chunk_share cn_chunk_share(const struct cn_normals_file *file, size_t pass, size_t chunk)
{
    const struct cn_pass_stretch stretch = cn_file_stretch(file, pass);
    const struct cn_region_cells *region = file->region;
    const size_t chunk_slot = chunk * region->chunk_slots;
    struct cn_chunk_share share;
    share.slot_count = common(stretch.first_slot, stretch.slot_count, chunk_slot,
                              region->chunk_slots, &share.first_slot);
    share.row_count =
        cn_region_rows(region, stretch.first_row, stretch.row_count, &share.first_row);
    share.values = share.slot_count * share.row_count * region->column_count;
    share.first_slot -= chunk_slot;
    return share;
}

size_t cn_pass_chunks(const struct cn_normals_file *file, size_t pass, size_t *first)
{
    const struct cn_pass_stretch stretch = cn_file_stretch(file, pass);
    const size_t slots = file->region->chunk_slots;
    *first = stretch.first_slot / slots;
    return cn_chunk_share(file, pass, *first).values
               ? (stretch.first_slot + stretch.slot_count - 1) / slots - *first + 1
               : 0;
}

bool cn_is_whole_with(const struct cn_normals_file *file, size_t pass, size_t chunk)
{
    const size_t end = (chunk + 1) * file->region->chunk_slots;
    for (size_t p = pass + 1; p < file->pass_count && cn_file_stretch(file, p).first_slot < end;
         p++)
        if (cn_chunk_share(file, p, chunk).values)
            return false;
    return cn_chunk_share(file, pass, chunk).values > 0;
}

size_t cn_last_pass(const struct cn_normals_file *file)
{
    size_t pass = file->pass_count - 1, first;
    while (pass && !cn_pass_chunks(file, pass, &first))
        pass--;
    return pass;
}

/* Whether the stretches of one length of days, from `*at` on, take the rows of the region in order.
 * *at: the first stretch of other days. */
static bool are_rows_sound(const struct cn_region_cells *region,
                           const struct cn_pass_stretch *stretches, size_t count, size_t *at)
{
    const struct cn_pass_stretch *first = &stretches[*at];
    size_t end = first->first_row;
    for (; *at < count && stretches[*at].first_slot == first->first_slot; ++*at) {
        const struct cn_pass_stretch *stretch = &stretches[*at];
        if (stretch->slot_count != first->slot_count || stretch->first_row != end ||
            !stretch->row_count || stretch->row_count > INT32_MAX || end > INT32_MAX)
            return false;
        end += stretch->row_count;
    }
    return first->first_row <= region->first_row && end >= region->end_row;
}

bool cn_are_stretches_sound(const struct cn_normals_file *file,
                            const struct cn_pass_stretch *stretches, size_t count)
{
    const size_t slots =
        (size_t)cn_slot_count(file->variable->calendar, file->config->normals.leap_day);
    size_t slot = 0;
    for (size_t at = 0; at < count;) {
        const struct cn_pass_stretch *first = &stretches[at];
        if (first->first_slot != slot || !first->slot_count || first->slot_count > slots - slot ||
            !are_rows_sound(file->region, stretches, count, &at))
            return false;
        slot += first->slot_count;
    }
    return slot == slots;
}
