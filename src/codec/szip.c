/*
 * szip (HDF5 filter 4): extended Rice coding (CCSDS 121.0-B) through libaec, behind the decoded
 * size in 4 bytes, little-endian. Values of 32 and 64 bits are shuffled and coded byte by byte. A
 * scan line is padded to whole blocks. This does not use libaec's own szlib.h: of a padded stream
 * that ends early, it returns what was in memory before.
 */
#include "codec/codec.h"

#include <libaec.h>
#include <stdlib.h>
#include <string.h>

/* Of the filter, in this order (HDF5, H5Zszip.c). */
enum { OPTIONS, BLOCK_SAMPLES, VALUE_BITS, LINE_SAMPLES, PARAMETERS };
enum { MSB_FIRST = 16, PREPROCESSED = 32 }; /* options; others are for the encoder */
enum { SIZE_BYTES = 4, MAX_BLOCK_SAMPLES = 32, MAX_LINE_SAMPLES = 4096 };

static bool is_coded_by_byte(unsigned bits)
{
    return bits == 32 || bits == 64;
}

static size_t sample_bytes(unsigned bits)
{
    return bits <= 8 || is_coded_by_byte(bits) ? 1 : bits <= 16 ? 2 : 4;
}

static bool has_fitting_bits(unsigned bits, size_t value_bytes)
{
    if (is_coded_by_byte(bits))
        return bits == 8 * value_bytes;
    return bits > 0 && bits <= 24 && sample_bytes(bits) == value_bytes;
}

/* libaec divides by the parameters and allocates by them. HDF5 writes no others than these. */
static bool szip_accepts(const struct cn_filter *filter, const struct cn_storage *storage)
{
    const unsigned *at = filter->parameters;
    return filter->parameter_count == PARAMETERS && at[BLOCK_SAMPLES] >= 2 &&
           at[BLOCK_SAMPLES] <= MAX_BLOCK_SAMPLES && at[BLOCK_SAMPLES] % 2 == 0 &&
           at[LINE_SAMPLES] >= at[BLOCK_SAMPLES] && at[LINE_SAMPLES] <= MAX_LINE_SAMPLES &&
           has_fitting_bits(at[VALUE_BITS], storage->value_bytes);
}

/* libaec counts the zero bits in a row, and takes their number for a signed one. */
static bool has_countable_zeros(const unsigned char *in, size_t bytes)
{
    const size_t limit = INT32_MAX / 8;
    size_t zeros = 0;
    for (size_t k = 0; bytes >= limit && k < bytes && zeros < limit; k++)
        zeros = in[k] ? 0 : zeros + 1;
    return zeros < limit;
}

/* Decodes lines of line[0] bytes, padded to line[1], and moves them together at `lines`[size]. */
static enum cn_status decode_lines(const struct cn_codec_step *step, const size_t line[2],
                                   unsigned char *lines, size_t size)
{
    const unsigned *at = step->filter->parameters;
    const size_t full = (size - 1) / line[0];
    struct aec_stream stream = {.next_in = step->in + SIZE_BYTES,
                                .avail_in = step->in_bytes - SIZE_BYTES,
                                .next_out = lines,
                                .avail_out = (full + 1) * line[1],
                                .bits_per_sample =
                                    is_coded_by_byte(at[VALUE_BITS]) ? 8 : at[VALUE_BITS],
                                .block_size = at[BLOCK_SAMPLES],
                                .rsi = (at[LINE_SAMPLES] - 1) / at[BLOCK_SAMPLES] + 1,
                                .flags = (at[OPTIONS] & MSB_FIRST ? AEC_DATA_MSB : 0) |
                                         (at[OPTIONS] & PREPROCESSED ? AEC_DATA_PREPROCESS : 0)};
    const int result = aec_buffer_decode(&stream);
    if (result == AEC_MEM_ERROR)
        return CN_BAD_MACHINE;
    if (result != AEC_OK || stream.total_out < full * line[1] + (size - full * line[0]))
        return CN_BAD_INPUT;
    for (size_t k = 1; k <= full && line[0] < line[1]; k++)
        memmove(lines + k * line[0], lines + k * line[1], line[0]);
    return CN_OK;
}

static enum cn_status decode_szip(struct cn_codec_step *step)
{
    const unsigned *at = step->filter->parameters;
    const size_t width = is_coded_by_byte(at[VALUE_BITS]) ? at[VALUE_BITS] / 8 : 1;
    const size_t sample = sample_bytes(at[VALUE_BITS]);
    const size_t blocks = (at[LINE_SAMPLES] - 1) / at[BLOCK_SAMPLES] + 1;
    const size_t line[2] = {at[LINE_SAMPLES] * sample, blocks * at[BLOCK_SAMPLES] * sample};
    size_t size = 0;
    for (size_t k = SIZE_BYTES; k-- > 0 && step->in_bytes >= SIZE_BYTES;)
        size = size << 8 | step->in[k];
    if (size == 0 || size > step->capacity || size % (width * sample) != 0 ||
        !has_countable_zeros(step->in, step->in_bytes))
        return CN_BAD_INPUT;
    unsigned char *lines = malloc(((size - 1) / line[0] + 1) * line[1]);
    const enum cn_status status = lines ? decode_lines(step, line, lines, size) : CN_BAD_MACHINE;
    const struct cn_raw raw = {lines, size / width, width, .shuffled = true};
    if (!status)
        step->kernels->take_values(step->out, &raw, 0, 1, raw.elements);
    free(lines);
    step->result = step->out;
    step->result_bytes = size;
    return status;
}

static void szip_library(char text[CN_LIBRARY_BYTES])
{
    static const char name[] = "libaec"; /* which does not tell its version */
    memcpy(text, name, sizeof name);
}

const struct cn_codec cn_szip = {
    .id = 4,
    .name = "szip",
    .level_parameter = -1,
    .accepts = szip_accepts,
    .decode = decode_szip,
    .library = szip_library,
};
