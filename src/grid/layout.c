/*
 * How the regions lie side by side in the row of a day slot, and one after another in results.
 */
#include "grid/layout.h"

#include "climnorm/grid.h"
#include "codec/codec.h"

#include <stdint.h>

enum {
    CELLS_PER_LINE = 16, /* 64-byte cache lines of 4-byte cells */
    CHUNK_BYTES = 65536, /* of values: fewer would make files of small regions mostly metadata */
};

static size_t round_to_lines(size_t cells)
{
    return (cells + CELLS_PER_LINE - 1) / CELLS_PER_LINE * CELLS_PER_LINE;
}

/* So many cells that a chunk of them can be deflated in place: means of 4 bytes a cell, and counts
 * of 2 bytes. */
static size_t padded_cells(size_t cells)
{
    size_t means = cn_deflate.bound(4 * cells) / 4 + 1;
    size_t counts = cn_deflate.bound(2 * cells) / 2 + 1;
    return round_to_lines(means > counts ? means : counts);
}

/* Gives the region its places, behind those of the regions before it. first_chunk and chunk_count
 * are set. */
static bool place_region(struct cn_layout *layout, struct cn_region_cells *region)
{
    size_t results;
    const size_t cells = region->lat_count * region->lon_count;
    region->chunk_cells = cells ? padded_cells(region->chunk_slots * cells) : 0;
    region->first_cell = layout->row_cells;
    region->first_result = layout->result_cells;
    return !__builtin_add_overflow(layout->row_cells, round_to_lines(cells), &layout->row_cells) &&
           !__builtin_mul_overflow(region->chunk_count, region->chunk_cells, &results) &&
           !__builtin_add_overflow(layout->result_cells, results, &layout->result_cells);
}

bool cn_layout_compute(struct cn_layout *layout, size_t slots)
{
    layout->row_cells = layout->result_cells = 0;
    if (!slots) /* no calendar has a year without days */
        return false;
    for (size_t r = 0; r < layout->region_count; r++) {
        struct cn_region_cells *region = &layout->regions[r];
        size_t cells;
        if (__builtin_mul_overflow(region->lat_count, region->lon_count, &cells) ||
            cells > SIZE_MAX / 64)
            return false;
        size_t fitting = cells ? CHUNK_BYTES / sizeof(float) / cells : slots;
        region->chunk_slots = fitting < 1 ? 1 : fitting < slots ? fitting : slots;
        region->first_chunk = 0;
        region->chunk_count = (slots + region->chunk_slots - 1) / region->chunk_slots;
        if (!place_region(layout, region))
            return false;
    }
    return layout->row_cells < SIZE_MAX / 8 / slots && layout->result_cells < SIZE_MAX / 8;
}

/* Keeps the rows of a region that are in the stretch. */
static void cut_rows(struct cn_region_cells *region, const struct cn_pass_stretch *stretch)
{
    const size_t begin = region->first_lat, end = begin + region->lat_count;
    const size_t stretch_end = stretch->first_row + stretch->row_count;
    const size_t first = begin > stretch->first_row ? begin : stretch->first_row;
    const size_t last = end < stretch_end ? end : stretch_end;
    if (first >= last) {
        region->lat_count = region->run_count = 0;
        return;
    }
    region->first_lat = first;
    region->lat_count = last - first;
    region->lat += first - begin;
    region->lat_bounds += region->lat_bounds ? 2 * (first - begin) : 0;
}

bool cn_layout_cut(struct cn_pool *pool, const struct cn_layout *whole,
                   const struct cn_pass_stretch *stretch, struct cn_layout *layout)
{
    *layout = (struct cn_layout){.region_count = whole->region_count};
    layout->regions = cn_pool_alloc(pool, whole->region_count, sizeof *layout->regions);
    if (!layout->regions)
        return false;
    for (size_t r = 0; r < whole->region_count; r++) {
        struct cn_region_cells *region = &layout->regions[r];
        *region = whole->regions[r];
        cut_rows(region, stretch);
        region->first_chunk = stretch->first_slot / region->chunk_slots;
        region->chunk_count =
            (stretch->first_slot + stretch->slot_count - 1) / region->chunk_slots -
            region->first_chunk + 1;
        if (!place_region(layout, region))
            return false;
    }
    return true;
}

struct cn_box cn_layout_box(const struct cn_layout *layout)
{
    struct cn_box box = {SIZE_MAX, 0, SIZE_MAX, 0};
    for (size_t r = 0; r < layout->region_count; r++) {
        const struct cn_region_cells *region = &layout->regions[r];
        if (!region->lat_count) /* none of its rows is in the pass */
            continue;
        size_t last_lat = region->first_lat + region->lat_count - 1;
        box.first_lat = region->first_lat < box.first_lat ? region->first_lat : box.first_lat;
        box.last_lat = last_lat > box.last_lat ? last_lat : box.last_lat;
        for (size_t k = 0; k < region->run_count; k++) {
            size_t first = region->runs[k].source_lon, last = first + region->runs[k].count - 1;
            box.first_lon = first < box.first_lon ? first : box.first_lon;
            box.last_lon = last > box.last_lon ? last : box.last_lon;
        }
    }
    return box;
}

bool cn_layout_needs(const struct cn_layout *layout, const size_t first[2], const size_t count[2])
{
    for (size_t r = 0; r < layout->region_count; r++) {
        const struct cn_region_cells *region = &layout->regions[r];
        if (!region->lat_count || region->first_lat >= first[0] + count[0] ||
            region->first_lat + region->lat_count <= first[0])
            continue;
        for (size_t k = 0; k < region->run_count; k++)
            if (region->runs[k].source_lon < first[1] + count[1] &&
                region->runs[k].source_lon + region->runs[k].count > first[1])
                return true;
    }
    return false;
}
