/*
 * Cells become pixels: of a regular grid by looking up the cell of each, of others as polygons or,
 * without corners, as dots.
 */
#include "pictures/cells.h"

#include <math.h>
#include <stdlib.h>

enum { COLOURS = 512, MOST_IMAGE = 16000 };

struct cell_image {
    cairo_surface_t *surface;
    int width, height;
    const struct cn_places *places;
    const double *values;
    const struct cn_scale *scale;
};

static uint32_t pixel_of(struct cn_colour colour)
{
    return 0xff000000U | (uint32_t)lround(255 * colour.red) << 16 |
           (uint32_t)lround(255 * colour.green) << 8 | (uint32_t)lround(255 * colour.blue);
}

/* The cell of each pixel along an axis; count: none. The edges ascend or descend. */
static size_t *find_cells_of_pixels(const double *edges, size_t count, double first, double last,
                                    int pixels)
{
    size_t *cells = malloc((size_t)pixels * sizeof *cells);
    const bool descends = edges[count] < edges[0];
    for (int p = 0; p < pixels && cells; p++) {
        const double at = first + (last - first) * (p + 0.5) / pixels;
        size_t low = 0, high = count; /* edges[low] <= at < edges[high], or the other way round */
        while (high - low > 1) {
            const size_t middle = low + (high - low) / 2;
            if ((edges[middle] <= at) != descends)
                low = middle;
            else
                high = middle;
        }
        const double least = fmin(edges[low], edges[low + 1]);
        const double most = fmax(edges[low], edges[low + 1]);
        cells[p] = at >= least && at <= most ? low : count;
    }
    return cells;
}

static void fill_regular(const struct cell_image *image)
{
    const struct cn_places *places = image->places;
    const struct cn_extent *extent = &places->extent;
    const size_t rows = places->grid->row_count, columns = places->grid->column_count;
    uint32_t colours[COLOURS];
    for (int k = 0; k < COLOURS; k++)
        colours[k] = pixel_of(cn_scale_colour(image->scale, k / (COLOURS - 1.0)));
    size_t *row_of =
        find_cells_of_pixels(places->lat_edges, rows, extent->north, extent->south, image->height);
    size_t *column_of =
        find_cells_of_pixels(places->lon_edges, columns, extent->west, extent->east, image->width);
    cairo_surface_flush(image->surface);
    unsigned char *bytes = cairo_image_surface_get_data(image->surface);
    const int stride = cairo_image_surface_get_stride(image->surface);
    for (int y = 0; y < image->height && bytes && row_of && column_of; y++) {
        uint32_t *line = (uint32_t *)(void *)(bytes + (ptrdiff_t)stride * y);
        for (int x = 0; x < image->width; x++) {
            if (row_of[y] == rows || column_of[x] == columns)
                continue;
            const double value = image->values[row_of[y] * columns + column_of[x]];
            if (!isnan(value))
                line[x] = colours[lround(cn_scale_share(image->scale, value) * (COLOURS - 1))];
        }
    }
    cairo_surface_mark_dirty(image->surface);
    free(row_of);
    free(column_of);
}

/* Draws a cell, and again a turn further east or west where it crosses an edge of the map. */
static void fill_cell(const struct cell_image *image, cairo_t *cairo, size_t cell, double radius)
{
    const struct cn_grid *grid = image->places->grid;
    const struct cn_extent *extent = &image->places->extent;
    double lon[CN_MOST_CELL_CORNERS], lat[CN_MOST_CELL_CORNERS];
    const size_t row = cell / grid->column_count, column = cell % grid->column_count;
    const size_t corners = cn_cell_corners(image->places, row, column, lon, lat);
    const double x_scale = image->width / (extent->east - extent->west);
    const double y_scale = image->height / (extent->north - extent->south);
    const struct cn_colour colour =
        cn_scale_colour(image->scale, cn_scale_share(image->scale, image->values[cell]));
    cairo_set_source_rgb(cairo, colour.red, colour.green, colour.blue);
    for (int turn = -360; turn <= 360; turn += 360) {
        cairo_new_sub_path(cairo);
        for (size_t c = 0; c < corners; c++)
            cairo_line_to(cairo, (lon[c] + turn - extent->west) * x_scale,
                          (extent->north - lat[c]) * y_scale);
        if (!corners) {
            const double own = grid->lon[cell];
            const double x = own - 360 * floor((own - extent->west) / 360) + turn - extent->west;
            cairo_arc(cairo, x * x_scale, (extent->north - grid->lat[cell]) * y_scale, radius, 0,
                      2 * M_PI);
        }
        cairo_close_path(cairo);
    }
    cairo_fill(cairo);
}

static void fill_places(const struct cell_image *image, double detail)
{
    const struct cn_grid *grid = image->places->grid;
    const size_t cells = grid->row_count * grid->column_count;
    cairo_t *cairo = cairo_create(image->surface);
    const bool has_corners = grid->lon_bounds || grid->kind == CN_CURVILINEAR;
    cairo_set_antialias(cairo, has_corners ? CAIRO_ANTIALIAS_NONE : CAIRO_ANTIALIAS_DEFAULT);
    /* Dots fill the map where cells are many, and are seen where they are few. */
    const double share = (double)image->width * image->height / (double)cells;
    const double radius = fmin(fmax(0.7 * sqrt(share), 1), 5 * detail);
    for (size_t i = 0; i < cells; i++)
        if (!isnan(image->values[i]) && isfinite(grid->lon[i]) && isfinite(grid->lat[i]))
            fill_cell(image, cairo, i, radius);
    cairo_destroy(cairo);
}

void cn_cells_draw(cairo_t *cairo, const struct cn_places *places, const double *values,
                   const struct cn_scale *scale, double width, double height, double detail)
{
    struct cell_image image = {.width = (int)fmin(fmax(ceil(width * detail), 1), MOST_IMAGE),
                               .height = (int)fmin(fmax(ceil(height * detail), 1), MOST_IMAGE),
                               .places = places,
                               .values = values,
                               .scale = scale};
    image.surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, image.width, image.height);
    if (places->grid->kind == CN_REGULAR)
        fill_regular(&image);
    else
        fill_places(&image, detail);
    cairo_save(cairo);
    cairo_scale(cairo, width / image.width, height / image.height);
    cairo_set_source_surface(cairo, image.surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_NEAREST);
    cairo_paint(cairo);
    cairo_restore(cairo);
    cairo_surface_destroy(image.surface);
}
