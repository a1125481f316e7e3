/*
 * Undoes the filters of a chunk, the last one first. Each codec reads from one scratch buffer and
 * writes to the other.
 */
#include "codec/pipeline.h"

#include "codec/table.h"

#include <stdio.h>
#include <string.h>

const char *cn_filter_describe(const struct cn_filter *filter, char *text, size_t size)
{
    const struct cn_codec *codec = cn_codec_find(filter->id);
    if (codec && codec->level_parameter >= 0 &&
        (size_t)codec->level_parameter < filter->parameter_count)
        snprintf(text, size, "%s %d", codec->name, (int)filter->parameters[codec->level_parameter]);
    else if (codec || filter->name[0])
        snprintf(text, size, "%.60s", codec ? codec->name : filter->name);
    else
        snprintf(text, size, "filter %d", filter->id);
    return text;
}

const char *cn_pipeline_describe(const struct cn_storage *storage, char *text, size_t size)
{
    snprintf(text, size, "%s", storage->filter_count ? "" : "none");
    for (size_t k = 0; k < storage->filter_count; k++) {
        const size_t used = strlen(text);
        char one[96];
        snprintf(text + used, size - used, "%s%s", k ? " + " : "",
                 cn_filter_describe(&storage->pipeline[k], one, sizeof one));
    }
    return text;
}

bool cn_filter_is_valid(const struct cn_filter *filter, const struct cn_storage *storage)
{
    const struct cn_codec *codec = cn_codec_find(filter->id);
    return !codec || !codec->accepts || codec->accepts(filter, storage);
}

/* Returns: the codec that undoes the filter; NULL: there is none that can. */
static const struct cn_codec *codec_of(const struct cn_storage *storage, size_t k)
{
    const struct cn_filter *filter = &storage->pipeline[k];
    const struct cn_codec *codec = cn_codec_find(filter->id);
    return codec && codec->decode && cn_filter_is_valid(filter, storage) ? codec : NULL;
}

const struct cn_filter *cn_pipeline_first_unknown(const struct cn_storage *storage)
{
    for (size_t k = 0; k < storage->filter_count; k++)
        if (!codec_of(storage, k))
            return &storage->pipeline[k];
    return NULL;
}

size_t cn_encoded_bound(size_t bytes)
{
    return bytes + bytes / 2 + 4096;
}

/* What the chunk went through before filter k. */
struct history {
    size_t steps, appended;
    bool is_compressed; /* or may be: then nobody knows how long it was */
};

static struct history history_of(const struct cn_storage *storage, size_t k, uint32_t mask)
{
    struct history before = {0};
    for (size_t j = 0; j < k; j++) {
        const struct cn_codec *codec = codec_of(storage, j);
        if (mask >> j & 1)
            continue;
        before.steps++;
        before.appended += codec && codec->kind == CN_APPENDS ? codec->appended : 0;
        before.is_compressed |= !codec || codec->kind == CN_COMPRESSES;
    }
    return before;
}

/* Before filter k, which only HDF5 undoes. */
static enum cn_status check_bytes(const struct cn_storage *storage, size_t k,
                                  struct cn_codec_step *step, const char **fault)
{
    const struct cn_codec *codec = cn_codec_find(storage->pipeline[k].id);
    step->filter = &storage->pipeline[k];
    step->in = step->result;
    step->in_bytes = step->result_bytes;
    *fault = "is shorter than its filters say";
    return !codec || (cn_filter_is_valid(step->filter, storage) && codec->is_complete(step))
               ? CN_OK
               : CN_BAD_INPUT;
}

/* The bytes that filter k must give back at most. */
static size_t capacity_of(const struct cn_codec *codec, const struct history *before, size_t bytes,
                          size_t in_bytes)
{
    return codec->kind != CN_COMPRESSES ? in_bytes
           : before->is_compressed      ? cn_encoded_bound(bytes)
                                        : bytes + before->appended;
}

/* The codec that undoes the last filter of two chunks at once; NULL: there is none. */
static const struct cn_codec *codec_ahead(const struct cn_storage *storage)
{
    const struct cn_codec *codec =
        storage->filter_count ? codec_of(storage, storage->filter_count - 1) : NULL;
    return codec && codec->decode_two && codec->is_faster_by_two() ? codec : NULL;
}

bool cn_pipeline_goes_ahead(const struct cn_storage *storage)
{
    return codec_ahead(storage);
}

/* Sets the bytes, before the last filter, of the elements that are needed.
 * Returns: false: they are not known. */
static bool find_bytes(const struct cn_storage *storage, size_t bytes, uint32_t mask,
                       const struct cn_runs *elements, struct cn_runs *runs)
{
    const size_t width = storage->value_bytes;
    *runs = *elements;
    if (storage->filter_count == 2 && !mask && codec_of(storage, 0) == &cn_shuffle &&
        storage->pipeline[0].parameters[0] == width) { /* a plane for each byte of a value */
        runs->count[0] = width;
        runs->stride[0] = bytes / width;
        return true;
    }
    runs->first *= width;
    runs->length *= width;
    for (int d = 0; d < 3; d++)
        runs->stride[d] *= width;
    return storage->filter_count == 1;
}

void cn_pipeline_decode_ahead(const struct cn_storage *storage, size_t bytes,
                              const struct cn_encoded stored[2], const uint32_t masks[2],
                              const struct cn_runs needed[2], struct cn_scratch *scratch)
{
    static const int buffers[2] = {1, CN_AHEAD_BUFFER};
    const struct cn_codec *codec = codec_ahead(storage);
    const size_t last = storage->filter_count - 1;
    struct cn_codec_step steps[2] = {0};
    struct cn_runs runs[2];
    for (int k = 0; codec && k < 2; k++) {
        const struct history before = history_of(storage, last, masks[k]);
        struct cn_codec_step *step = &steps[k];
        *step = (struct cn_codec_step){.filter = &storage->pipeline[last],
                                       .state = cn_scratch_state(scratch, codec),
                                       .in = stored[k].bytes,
                                       .in_bytes = stored[k].size};
        step->capacity = capacity_of(codec, &before, bytes, step->in_bytes);
        step->needed = find_bytes(storage, bytes, masks[k], &needed[k], &runs[k]) ? &runs[k] : NULL;
        step->out = cn_scratch_get(scratch, buffers[k], step->capacity);
        if (masks[k] >> last & 1 || !step->out)
            return;
    }
    if (codec)
        codec->decode_two(steps);
    for (int k = 0; codec && k < 2; k++) {
        scratch->ahead[k].bytes = steps[k].result;
        scratch->ahead[k].size = steps[k].result_bytes;
    }
}

/* Undoes one filter. *buffer: where the chunk is, 0 or 1, unless it is elsewhere. */
static enum cn_status decode_step(const struct cn_codec *codec, struct cn_codec_step *step,
                                  struct cn_scratch *scratch, int *buffer)
{
    step->state = cn_scratch_state(scratch, codec);
    step->out =
        codec->kind == CN_APPENDS ? NULL : cn_scratch_get(scratch, !*buffer, step->capacity);
    if (!step->out && codec->kind != CN_APPENDS)
        return CN_BAD_MACHINE;
    const enum cn_status status = codec->decode(step);
    if (!status && step->result == step->out)
        *buffer = !*buffer;
    return status;
}

/* Takes what cn_pipeline_decode_ahead made. */
static void take_ahead(const struct cn_ahead *ahead, const struct cn_scratch *scratch,
                       struct cn_codec_step *step, int *buffer)
{
    step->result = ahead->bytes;
    step->result_bytes = ahead->size;
    *buffer = ahead->bytes == scratch->bytes[1];
}

enum cn_status cn_pipeline_decode(const struct cn_storage *storage,
                                  const struct cn_kernels *kernels, uint32_t mask,
                                  const unsigned char *stored, size_t size,
                                  const struct cn_ahead *ahead, struct cn_scratch *scratch,
                                  struct cn_raw *raw, const char **fault)
{
    const size_t bytes = raw->elements * raw->width;
    struct cn_codec_step step = {.kernels = kernels, .result = stored, .result_bytes = size};
    int buffer = 0; /* that holds the chunk, unless `stored` is elsewhere */
    raw->shuffled = false;
    raw->bytes = NULL;
    for (size_t k = storage->filter_count; k-- > 0;) {
        const struct cn_codec *codec = codec_of(storage, k);
        const struct history before = history_of(storage, k, mask);
        if (mask >> k & 1)
            continue;
        if (!codec)
            return check_bytes(storage, k, &step, fault);
        step.filter = &storage->pipeline[k];
        if (codec == &cn_shuffle && !before.steps && step.filter->parameters[0] == raw->width) {
            raw->shuffled = true;
            continue;
        }
        step.in = step.result;
        step.in_bytes = step.result_bytes;
        step.capacity = capacity_of(codec, &before, bytes, step.in_bytes);
        step.fault = "does not inflate to its size";
        enum cn_status status = CN_OK;
        if (ahead)
            take_ahead(ahead, scratch, &step, &buffer);
        else
            status = decode_step(codec, &step, scratch, &buffer);
        ahead = NULL;
        if (!status && codec->kind == CN_COMPRESSES && step.result_bytes != step.capacity &&
            !before.is_compressed)
            status = CN_BAD_INPUT;
        *fault = step.fault;
        if (status)
            return status;
    }
    raw->bytes = step.result;
    *fault = "is not as long as a chunk";
    return step.result_bytes == bytes ? CN_OK : CN_BAD_INPUT;
}
