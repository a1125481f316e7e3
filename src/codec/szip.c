/*
 * szip (HDF5 filter 4): extended Rice coding (CCSDS 121.0-B) through libaec, behind the decoded
 * size in 4 bytes, little-endian. libaec divides by its parameters and allocates by them, so they
 * must be those that HDF5 writes for values of this width.
 */
#include "codec/codec.h"

#include <szlib.h>

/* Of the filter, in this order (HDF5, H5Zszip.c). */
enum { OPTIONS, PIXELS_PER_BLOCK, BITS_PER_PIXEL, PIXELS_PER_SCANLINE, PARAMETERS };
enum { SIZE_BYTES = 4 };

static bool szip_accepts(const struct cn_filter *filter, const struct cn_storage *storage)
{
    const unsigned *at = filter->parameters;
    return filter->parameter_count == PARAMETERS && at[PIXELS_PER_BLOCK] >= 2 &&
           at[PIXELS_PER_BLOCK] <= SZ_MAX_PIXELS_PER_BLOCK && at[PIXELS_PER_BLOCK] % 2 == 0 &&
           at[BITS_PER_PIXEL] == 8 * storage->value_bytes &&
           at[PIXELS_PER_SCANLINE] >= at[PIXELS_PER_BLOCK] &&
           at[PIXELS_PER_SCANLINE] <= SZ_MAX_PIXELS_PER_SCANLINE;
}

static enum cn_status decode_szip(struct cn_codec_step *step)
{
    const unsigned *at = step->filter->parameters;
    SZ_com_t parameters = {.options_mask = (int)at[OPTIONS],
                           .bits_per_pixel = (int)at[BITS_PER_PIXEL],
                           .pixels_per_block = (int)at[PIXELS_PER_BLOCK],
                           .pixels_per_scanline = (int)at[PIXELS_PER_SCANLINE]};
    if (step->in_bytes < SIZE_BYTES)
        return CN_BAD_INPUT;
    size_t size = 0;
    for (size_t k = SIZE_BYTES; k-- > 0;)
        size = size << 8 | step->in[k];
    if (size > step->capacity)
        return CN_BAD_INPUT;
    step->result = step->out;
    step->result_bytes = size;
    const int result =
        SZ_BufftoBuffDecompress(step->out, &step->result_bytes, step->in + SIZE_BYTES,
                                step->in_bytes - SIZE_BYTES, &parameters);
    return result == SZ_MEM_ERROR                          ? CN_BAD_MACHINE
           : result == SZ_OK && step->result_bytes == size ? CN_OK
                                                           : CN_BAD_INPUT;
}

static void szip_library(char text[CN_LIBRARY_BYTES])
{
    static const char name[] = "libaec"; /* which does not tell its version */
    for (size_t k = 0; k < sizeof name; k++)
        text[k] = name[k];
}

const struct cn_codec cn_szip = {
    .id = 4,
    .name = "szip",
    .level_parameter = -1,
    .accepts = szip_accepts,
    .decode = decode_szip,
    .library = szip_library,
};
