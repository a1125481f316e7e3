/*
 * Scattering: the cells that regions need are copied from a block to their rows. The others are
 * never read.
 */
#include "source/block.h"

#include "grid/layout.h"

#include <math.h>

/* Cells taken at a time, on the stack, so that they stay in the nearest cache. Numbers are doubles,
 * and their raw values lie beside them. */
enum { STRETCH = 512, FLOAT_STRETCH = 2048 };

/* Cells that are neighbours in a row of the slab: the first there and in the block, and how far
 * apart they are in the block. */
struct span {
    size_t cell, element, count, stride;
    const struct cn_region_cells *region;
    size_t row, column; /* of the first cell, in the file */
    bool is_column;     /* the others are below it, not beside it */
};

struct visitor {
    void (*visit)(const struct visitor *visitor, const struct span *span);
    const struct cn_reader *reader;
    const struct cn_block *block;
    const struct cn_float_range *plausible;
    size_t instant; /* in the file, whose row is: */
    float *row;
    float fill;
    const struct cn_sums *sums;
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

struct cn_runs cn_block_runs(const struct cn_block *block, size_t elements)
{
    const size_t *count = block->count, *stride = block->stride;
    if (count[1] > 1 && stride[1] == count[2] && stride[2] == 1) /* its rows are neighbours */
        return cn_block_runs(&(struct cn_block){.origin = block->origin,
                                                .count = {count[0], 1, count[1] * count[2]},
                                                .stride = {stride[0], stride[0], 1}},
                             elements);
    if (stride[2] != 1 || (count[1] > 1 && stride[1] < count[2]) ||
        (count[0] > 1 && stride[0] < (count[1] - 1) * stride[1] + count[2]))
        return (struct cn_runs){.length = elements, .count = {1, 1, 1}};
    return (struct cn_runs){.first = block->origin,
                            .length = count[2],
                            .count = {1, count[0], count[1]},
                            .stride = {0, stride[0], stride[1]}};
}

/* Visits the spans of one region's row `row` (of the file) in the block's instant t. */
static void visit_row(const struct visitor *visitor, const struct cn_region_cells *region, size_t t,
                      size_t row, size_t place)
{
    const struct cn_block *block = visitor->block;
    size_t west = block->first[2], east = block->first[2] + block->count[2];
    for (size_t k = 0; k < region->column_run_count; k++) {
        const struct cn_run *run = &region->column_runs[k];
        size_t from = larger(run->source, west);
        size_t to = smaller(run->source + run->count, east);
        if (from >= to)
            continue;
        struct span span = {.cell = region->first_cell + place * region->column_count + run->place +
                                    (from - run->source),
                            .element = block->origin + t * block->stride[0] +
                                       (row - block->first[1]) * block->stride[1] +
                                       (from - west) * block->stride[2],
                            .count = to - from,
                            .stride = block->stride[2],
                            .region = region,
                            .row = row,
                            .column = from};
        visitor->visit(visitor, &span);
    }
}

/* Visits the rows from … to - 1 of a region with one column, which are neighbours there. */
static void visit_column(const struct visitor *visitor, const struct cn_region_cells *region,
                         size_t t, size_t from, size_t to, size_t place)
{
    const struct cn_block *block = visitor->block;
    const size_t column = region->column_runs[0].source;
    if (column < block->first[2] || column >= block->first[2] + block->count[2])
        return;
    struct span span = {.cell = region->first_cell + place,
                        .element = block->origin + t * block->stride[0] +
                                   (from - block->first[1]) * block->stride[1] +
                                   (column - block->first[2]) * block->stride[2],
                        .count = to - from,
                        .stride = block->stride[1],
                        .region = region,
                        .row = from,
                        .column = column,
                        .is_column = true};
    visitor->visit(visitor, &span);
}

static void visit_region(const struct visitor *visitor, const struct cn_region_cells *region,
                         size_t t)
{
    const struct cn_block *block = visitor->block;
    const size_t first = larger(block->first[1], region->first_row);
    const size_t end = smaller(block->first[1] + block->count[1], region->end_row);
    for (size_t k = cn_region_run_at(region, first); k < region->row_run_count; k++) {
        const struct cn_run *run = &region->row_runs[k];
        const size_t from = larger(run->source, first), to = smaller(run->source + run->count, end);
        if (from >= to)
            break;
        const size_t place = run->place + (from - run->source) - region->row_offset;
        if (region->column_count == 1)
            visit_column(visitor, region, t, from, to, place);
        for (size_t row = from; region->column_count > 1 && row < to; row++)
            visit_row(visitor, region, t, row, place + row - from);
    }
}

static void visit_instant(const struct visitor *visitor, size_t t)
{
    const struct cn_layout *layout = visitor->reader->layout;
    for (size_t r = 0; r < layout->region_count; r++)
        if (layout->regions[r].row_count)
            visit_region(visitor, &layout->regions[r], t);
}

static void scatter(struct visitor *visitor)
{
    for (size_t t = 0; t < visitor->block->count[0]; t++) {
        visitor->instant = visitor->block->first[0] + t;
        visitor->row = visitor->reader->rows[visitor->instant - visitor->reader->first];
        if (visitor->row)
            visit_instant(visitor, t);
    }
}

/* Whether this region has the cell, and none in front of it. */
static bool is_first_with(const struct cn_layout *layout, const struct cn_region_cells *region,
                          size_t row, size_t column)
{
    if (cn_region_is_hole(region, row, column))
        return false;
    for (struct cn_region_cells *before = layout->regions; before < region; before++) {
        const struct cn_layout one = {.regions = before, .region_count = 1};
        if (cn_layout_needs(&one, (const size_t[2]){row, column}, (const size_t[2]){1, 1}) &&
            !cn_region_is_hole(before, row, column))
            return false;
    }
    return true;
}

/* Adds the implausible values among cells done … done + count of a span, whose row has them, to the
 * tally of the instant. A cell that several regions have counts once, one that is in none not. */
static void count_outside(const struct visitor *visitor, const struct span *span, size_t done,
                          size_t count)
{
    const struct cn_reader *reader = visitor->reader;
    const float *values = visitor->row + span->cell + done;
    struct cn_tally *total = reader->tallies[visitor->instant - reader->first], tally = {0};
    struct cn_tally one = {.count = 1};
    for (size_t k = 0; total && k < count; k++) {
        const size_t row = span->row + (span->is_column ? done + k : 0);
        const size_t column = span->column + (span->is_column ? 0 : done + k);
        const bool is_outside =
            values[k] < visitor->plausible->min || values[k] > visitor->plausible->max;
        if (!is_outside || !is_first_with(reader->layout, span->region, row, column))
            continue;
        one.least = one.most =
            (struct cn_cell_value){values[k], reader->file, visitor->instant, row, column};
        cn_tally_add(&tally, &one);
    }
    if (!tally.count)
        return;
    pthread_mutex_lock(&reader->plausibility->lock);
    cn_tally_add(total, &tally);
    pthread_mutex_unlock(&reader->plausibility->lock);
}

/* Float32 whose raw values are the numbers (reader->plain). */
static void visit_floats(const struct visitor *visitor, const struct span *span)
{
    const struct cn_block *block = visitor->block;
    const struct cn_kernels *kernels = visitor->reader->kernels;
    _Alignas(64) float values[FLOAT_STRETCH];
    for (size_t done = 0; done < span->count; done += FLOAT_STRETCH) {
        const size_t count = smaller(FLOAT_STRETCH, span->count - done);
        const size_t element = span->element + done * span->stride;
        if (block->raw.shuffled && !block->raw.swapped && span->stride == 1)
            kernels->unshuffle_f32(values, block->raw.bytes, block->raw.elements, element, count);
        else
            kernels->take_values((unsigned char *)values, &block->raw, element, span->stride,
                                 count);
        if (kernels->mask_f32(visitor->row + span->cell + done, values, count,
                              &visitor->reader->missing, visitor->plausible))
            count_outside(visitor, span, done, count);
    }
}

/* Numbers of cells done … done + count of a span, at most STRETCH. */
static void unpack(const struct visitor *visitor, const struct span *span, size_t done,
                   size_t count, double numbers[STRETCH])
{
    _Alignas(64) unsigned char values[STRETCH * sizeof(double)];
    const struct cn_block *block = visitor->block;
    const struct cn_kernels *kernels = visitor->reader->kernels;
    kernels->take_values(values, &block->raw, span->element + done * span->stride, span->stride,
                         count);
    kernels->unpack_f64(numbers, values, count, &visitor->reader->unpacking);
}

static void visit_values(const struct visitor *visitor, const struct span *span)
{
    _Alignas(64) double numbers[STRETCH];
    for (size_t done = 0; done < span->count; done += STRETCH) {
        size_t count = smaller(STRETCH, span->count - done);
        unpack(visitor, span, done, count, numbers);
        if (visitor->reader->kernels->narrow_f32(visitor->row + span->cell + done, numbers, count,
                                                 visitor->plausible))
            count_outside(visitor, span, done, count);
    }
}

static void visit_fill(const struct visitor *visitor, const struct span *span)
{
    for (size_t k = 0; k < span->count; k++)
        visitor->row[span->cell + k] = visitor->fill;
    if (visitor->fill < visitor->plausible->min || visitor->fill > visitor->plausible->max)
        count_outside(visitor, span, 0, span->count);
}

static void visit_decoded(const struct visitor *visitor, const struct span *span)
{
    count_outside(visitor, span, 0, span->count);
}

/* Knuth's TwoSum: what the rounded sum lost goes to errors. */
static void add_exactly(const struct cn_sums *sums, size_t cell, double number)
{
    double before = sums->sums[cell], after = before + number;
    double added = after - before;
    sums->errors[cell] += (before - (after - added)) + (number - added);
    sums->sums[cell] = after;
    sums->counts[cell]++;
}

static void visit_sums(const struct visitor *visitor, const struct span *span)
{
    _Alignas(64) double numbers[STRETCH];
    for (size_t done = 0; done < span->count; done += STRETCH) {
        size_t count = smaller(STRETCH, span->count - done), cell = span->cell + done;
        unpack(visitor, span, done, count, numbers);
        for (size_t k = 0; k < count; k++)
            if (!isnan(numbers[k]))
                add_exactly(visitor->sums, cell + k, numbers[k]);
    }
}

/* What decides whether values are looked at. */
static const struct cn_float_range *plausible_range(const struct cn_reader *reader)
{
    return reader->tallies ? &reader->plausibility->range : &cn_all_floats;
}

void cn_scatter_values(const struct cn_reader *reader, const struct cn_block *block)
{
    scatter(&(struct visitor){.visit = reader->is_native_f32 ? visit_floats : visit_values,
                              .reader = reader,
                              .block = block,
                              .plausible = plausible_range(reader)});
}

void cn_scatter_fill(const struct cn_reader *reader, const struct cn_block *block, float fill)
{
    scatter(&(struct visitor){.visit = visit_fill,
                              .reader = reader,
                              .block = block,
                              .plausible = plausible_range(reader),
                              .fill = fill});
}

void cn_count_implausible(const struct cn_reader *reader, size_t instant)
{
    const struct cn_box *box = &reader->box;
    const struct cn_block block = {
        .first = {instant, box->first_row, box->first_column},
        .count = {1, box->last_row - box->first_row + 1, box->last_column - box->first_column + 1}};
    if (reader->tallies)
        scatter(&(struct visitor){.visit = visit_decoded,
                                  .reader = reader,
                                  .block = &block,
                                  .plausible = &reader->plausibility->range});
}

void cn_scatter_sums(const struct cn_reader *reader, const struct cn_block *block,
                     const struct cn_sums *sums)
{
    const struct visitor visitor = {
        .visit = visit_sums, .reader = reader, .block = block, .sums = sums};
    for (size_t t = 0; t < block->count[0]; t++)
        visit_instant(&visitor, t);
}
