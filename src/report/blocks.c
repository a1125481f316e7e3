/*
 * Sorts output files by what they are of.
 */
#include "report/blocks.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SHOWN_YEARS = 41 };

struct block_item {
    const struct cn_output_facts *facts;
    size_t target;
};

/* The product `normal` comes before others. */
static int compare_products(const char *a, const char *b)
{
    const int is_a = strcmp(a, "normal") == 0, is_b = strcmp(b, "normal") == 0;
    return is_a != is_b ? is_b - is_a : strcmp(a, b);
}

static int compare_block_keys(const struct cn_output_facts *a, const struct cn_output_facts *b)
{
    int order = strcmp(a->source_name, b->source_name);
    order = order ? order : compare_products(a->product, b->product);
    order = order ? order : strcmp(a->units, b->units);
    order = order ? order : strcmp(a->phrase, b->phrase);
    const size_t x = a->rows * a->columns, y = b->rows * b->columns; /* large regions first */
    order = order ? order : (x < y) - (x > y);
    order = order ? order : strcmp(a->region, b->region);
    order = order ? order : (a->rows > b->rows) - (a->rows < b->rows);
    order = order ? order : strcmp(a->model, b->model);
    return order ? order : strcmp(a->variant, b->variant);
}

static int compare_items(const void *left, const void *right)
{
    const struct block_item *a = left, *b = right;
    const struct cn_fact_target *x = &a->facts->targets[a->target];
    const struct cn_fact_target *y = &b->facts->targets[b->target];
    int order = compare_block_keys(a->facts, b->facts);
    order = order ? order : strcmp(x->scenario, y->scenario);
    order = order ? order : (x->year > y->year) - (x->year < y->year);
    return order ? order : strcmp(a->facts->path, b->facts->path);
}

static int compare_series(const void *left, const void *right)
{
    const struct cn_block_series *a = left, *b = right;
    const int x = a->points[0].year, y = b->points[0].year;
    return x != y ? (x > y) - (x < y) : strcmp(a->scenario, b->scenario);
}

static int compare_series_names(const void *left, const void *right)
{
    const struct cn_block_series *a = left, *b = right;
    return strcmp(a->scenario, b->scenario);
}

static bool is_start_of_all(const struct cn_output_block *block)
{
    const struct cn_block_series *first = &block->series[0];
    bool is_start = block->series_count > 1;
    for (size_t s = 1; s < block->series_count; s++)
        is_start &= first->points[first->count - 1].year < block->series[s].points[0].year;
    return is_start;
}

/* Fills a block from items of one key. */
static bool fill_block(struct cn_pool *pool, const struct block_item *items, size_t count,
                       struct cn_output_block *block)
{
    struct cn_block_point *points = cn_pool_alloc(pool, count, sizeof *points);
    size_t used = 0, files = 0;
    *block = (struct cn_output_block){.facts = items[0].facts};
    block->series = cn_pool_alloc(pool, count, sizeof *block->series);
    if (!points || !block->series)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct cn_output_facts *facts = items[i].facts;
        const struct cn_fact_target *target = &facts->targets[items[i].target];
        struct cn_block_series *series = &block->series[block->series_count - 1];
        if (items[i].target == 0) {
            files++;
            block->bytes += facts->size;
        }
        if (!block->series_count || strcmp(series->scenario, target->scenario) != 0) {
            series = &block->series[block->series_count++];
            *series =
                (struct cn_block_series){.scenario = target->scenario, .points = points + used};
        }
        if (series->count && series->points[series->count - 1].year == target->year) {
            block->repeated++;
            continue;
        }
        points[used++] = (struct cn_block_point){facts, items[i].target, target->year};
        series->count++;
    }
    block->file_count = files;
    qsort(block->series, block->series_count, sizeof *block->series, compare_series);
    block->has_shared = is_start_of_all(block);
    if (block->has_shared)
        qsort(block->series + 1, block->series_count - 1, sizeof *block->series,
              compare_series_names);
    return true;
}

bool cn_blocks_make(struct cn_pool *pool, const struct cn_output_facts *facts, size_t count,
                    struct cn_blocks *blocks)
{
    size_t item_count = 0, n = 0;
    for (size_t k = 0; k < count; k++)
        item_count += facts[k].problem ? 0 : facts[k].target_count;
    struct block_item *items = cn_pool_alloc(pool, item_count, sizeof *items);
    *blocks = (struct cn_blocks){cn_pool_alloc(pool, item_count, sizeof *blocks->blocks), 0};
    if (!items || !blocks->blocks)
        return false;
    for (size_t k = 0; k < count; k++)
        for (size_t t = 0; !facts[k].problem && t < facts[k].target_count; t++)
            items[n++] = (struct block_item){&facts[k], t};
    qsort(items, item_count, sizeof *items, compare_items);
    for (size_t begin = 0, end; begin < item_count; begin = end) {
        for (end = begin + 1; end < item_count; end++)
            if (compare_block_keys(items[begin].facts, items[end].facts) != 0)
                break;
        if (!fill_block(pool, items + begin, end - begin, &blocks->blocks[blocks->count++]))
            return false;
    }
    return true;
}

bool cn_is_year_shown(size_t i, size_t count)
{
    const size_t most = MOST_SHOWN_YEARS - 1, step = count > 1 ? (count - 2) / most + 1 : 1;
    return i % step == 0 || i == count - 1;
}
