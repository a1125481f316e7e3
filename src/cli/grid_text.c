/*
 * How many cells a grid has, and along what.
 */
#include "cli/grid_text.h"

#include "base/pool.h"
#include "base/strbuf.h"

const char *cn_grid_text(struct cn_pool *pool, const struct cn_grid *grid)
{
    if (grid->kind == CN_REGULAR)
        return cn_pool_printf(pool, "%zu x %zu cells (lat x lon)", grid->row_count,
                              grid->column_count);
    if (grid->kind == CN_CURVILINEAR)
        return cn_pool_printf(pool, "%zu x %zu cells (%s x %s, curvilinear)", grid->row_count,
                              grid->column_count, grid->dim_names[0], grid->dim_names[1]);
    return *grid->dim_names[0]
               ? cn_pool_printf(pool, "%zu cells (%s)", grid->row_count, grid->dim_names[0])
               : "1 cell (a point)";
}

void cn_grid_add_words(struct cn_strbuf *text, const struct cn_grid *grid)
{
    if (grid->kind == CN_REGULAR)
        cn_strbuf_add(text, "grid of %zu latitudes and %zu longitudes.", grid->row_count,
                      grid->column_count);
    else if (grid->kind == CN_CURVILINEAR)
        cn_strbuf_add(text, "curvilinear grid of %zu rows and %zu columns.", grid->row_count,
                      grid->column_count);
    else
        cn_strbuf_add(text, "%zu cells or stations.", grid->row_count);
}
