/*
 * Writes PNG (RFC 2083) with a palette: 0 is transparent, 1 to 255 are the colours.
 */
#include "report/map_image.h"

#include <libdeflate.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PIXELS = 640, PALETTE = 256, FIXED_BYTES = 8 + 25 + 12 + 3 * PALETTE + 13 + 12 + 12 };

static void put_number(unsigned char *at, size_t number)
{
    for (int k = 0; k < 4; k++)
        at[k] = (unsigned char)(number >> (24 - 8 * k));
}

/* Adds a chunk whose data may stand in its place already. Returns the place behind it. */
static unsigned char *put_chunk(unsigned char *at, const char *type, const void *data, size_t size)
{
    put_number(at, size);
    memcpy(at + 4, type, 4);
    if (data)
        memcpy(at + 8, data, size);
    put_number(at + 8 + size, libdeflate_crc32(0, at + 4, size + 4));
    return at + 12 + size;
}

static size_t pixels_of(size_t cells)
{
    return cells < MOST_PIXELS ? cells : MOST_PIXELS;
}

static unsigned char palette_entry(const struct cn_map_image *image, double value)
{
    const double width = image->range[1] - image->range[0];
    const double at = width > 0 ? (value - image->range[0]) / width : 0.5;
    return isnan(value) ? 0 : (unsigned char)(1 + lround(fmin(fmax(at, 0), 1) * (PALETTE - 2)));
}

/* Rows of a filter byte, which is 0, and an entry for each pixel. */
static void fill_pixel_rows(const struct cn_map_image *image, size_t height, size_t width,
                            unsigned char *pixels)
{
    for (size_t y = 0; y < height; y++) {
        const size_t line = (2 * y + 1) * image->rows / (2 * height);
        const size_t row = image->is_south_first ? image->rows - 1 - line : line;
        *pixels++ = 0;
        for (size_t x = 0; x < width; x++) {
            const size_t column = (2 * x + 1) * image->columns / (2 * width);
            *pixels++ = palette_entry(image, image->map[row * image->columns + column]);
        }
    }
}

unsigned char *cn_map_image_png(const struct cn_map_image *image, size_t *size)
{
    const size_t width = pixels_of(image->columns), height = pixels_of(image->rows);
    const size_t bytes = height * (width + 1);
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(9);
    unsigned char *pixels = malloc(bytes + 1), *png = NULL, *at;
    const size_t room = compressor ? libdeflate_zlib_compress_bound(compressor, bytes) : 0;
    if (compressor && pixels)
        at = png = malloc(FIXED_BYTES + room);
    if (png) {
        const unsigned char none = 0;
        unsigned char header[13] = {[8] = 8, 3}, palette[3 * PALETTE] = {0};
        put_number(header, width);
        put_number(header + 4, height);
        for (size_t k = 1; k < PALETTE; k++)
            cn_colour(image->colours, (double)(k - 1) / (PALETTE - 2), palette + 3 * k);
        fill_pixel_rows(image, height, width, pixels);
        memcpy(at, "\x89PNG\r\n\x1a\n", 8);
        at = put_chunk(at + 8, "IHDR", header, sizeof header);
        at = put_chunk(at, "PLTE", palette, sizeof palette);
        at = put_chunk(at, "tRNS", &none, 1);
        const size_t data = libdeflate_zlib_compress(compressor, pixels, bytes, at + 8, room);
        at = put_chunk(at, "IDAT", NULL, data);
        at = put_chunk(at, "IEND", NULL, 0);
        *size = (size_t)(at - png);
    }
    libdeflate_free_compressor(compressor);
    free(pixels);
    return png;
}
