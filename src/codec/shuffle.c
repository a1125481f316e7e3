/*
 * shuffle (HDF5 filter 2): the first bytes of all values, then their second bytes, and so on. A
 * rest that is shorter than a value stays at the end. Its parameter is the width of a value in
 * bytes.
 */
#include "codec/codec.h"

#include <string.h>

static bool has_width(const struct cn_filter *filter, const struct cn_storage *storage)
{
    (void)storage;
    return filter->parameter_count == 1 && filter->parameters[0] > 0;
}

static enum cn_status unshuffle(struct cn_codec_step *step)
{
    const size_t width = step->filter->parameters[0], values = step->in_bytes / width;
    const struct cn_raw raw = {step->in, values, width, .shuffled = true};
    if (width == 1 || width == 2 || width == 4 || width == 8)
        step->kernels->take_values(step->out, &raw, 0, 1, values);
    else
        for (size_t i = 0; i < values * width; i++)
            step->out[i] = step->in[i % width * values + i / width];
    memcpy(step->out + values * width, step->in + values * width, step->in_bytes - values * width);
    step->result = step->out;
    step->result_bytes = step->in_bytes;
    return CN_OK;
}

static size_t shuffle_bound(size_t bytes)
{
    return bytes;
}

static enum cn_status shuffle(struct cn_codec_step *step, int width)
{
    const size_t bytes = (size_t)width, values = step->in_bytes / bytes;
    for (size_t b = 0; b < bytes; b++)
        for (size_t i = 0; i < values; i++)
            step->out[b * values + i] = step->in[i * bytes + b];
    memcpy(step->out + values * bytes, step->in + values * bytes, step->in_bytes - values * bytes);
    step->result = step->out;
    step->result_bytes = step->in_bytes;
    return CN_OK;
}

const struct cn_codec cn_shuffle = {
    .id = 2,
    .name = "shuffle",
    .kind = CN_REORDERS,
    .level_parameter = -1,
    .accepts = has_width,
    .decode = unshuffle,
    .bound = shuffle_bound,
    .encode = shuffle,
};
