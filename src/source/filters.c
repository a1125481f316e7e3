/*
 * The filters of a chunk, undone in memory. It knows HDF5's shuffle, deflate and Fletcher-32 and
 * the registered zstd, and nothing of files.
 */
#include "source/backends.h"

#include <libdeflate.h>
#include <string.h>
#include <zstd.h>

/* A chunk on its way back through the filters. */
struct state {
    const struct cn_kernels *kernels;
    struct cn_scratch *scratch;
    int buffer; /* 0 or 1: the scratch buffer that holds it; as stored it may be elsewhere */
    const unsigned char *bytes;
    size_t size;
};

enum { CHECKSUM_BYTES = 4 };

/* The checksum after the bytes is theirs, or theirs with the bytes of each half swapped, as HDF5
 * before 1.6.3 wrote it on some machines. */
static bool checksum_is_right(const struct cn_kernels *kernels, const unsigned char *bytes,
                              size_t size)
{
    const unsigned char *end = bytes + size;
    const uint32_t sum = kernels->fletcher32(bytes, size);
    const uint32_t stored =
        end[0] | (uint32_t)end[1] << 8 | (uint32_t)end[2] << 16 | (uint32_t)end[3] << 24;
    return stored == sum || stored == ((sum & 0xff00ff) << 8 | (sum >> 8 & 0xff00ff));
}

/* What a filter made of the chunk, `size` bytes, is in the other buffer from now on. */
static void go_on(struct state *state, const unsigned char *bytes, size_t size)
{
    state->buffer = !state->buffer;
    state->bytes = bytes;
    state->size = size;
}

/* *size: what there is room for; then what came of the chunk. */
static bool inflate(struct state *state, unsigned char *out, size_t *size)
{
    /* zlib's Adler-32 is checked by libdeflate */
    return libdeflate_zlib_decompress(state->scratch->decompressor, state->bytes, state->size, out,
                                      *size, size) == LIBDEFLATE_SUCCESS;
}

/* One frame, as HDF5's filter writes it, and of today's format: libzstd's decoders for formats
 * before it are little tested against damage. It decodes straight to `out`, whatever window a frame
 * asks for. */
static bool decode_zstd(struct state *state, unsigned char *out, size_t *size)
{
    if (state->size <= 4 || memcmp(state->bytes, "\x28\xb5\x2f\xfd", 4) != 0 ||
        ZSTD_findFrameCompressedSize(state->bytes, state->size) != state->size)
        return false;
    *size = ZSTD_decompressDCtx(state->scratch->zstd, out, *size, state->bytes, state->size);
    return !ZSTD_isError(*size);
}

/* To `size` bytes; at_most: or fewer. */
static enum cn_status decompress(struct state *state, bool zstd, size_t size, bool at_most,
                                 const char **wrong)
{
    struct cn_scratch *scratch = state->scratch;
    unsigned char *out = cn_scratch_get(scratch, !state->buffer, size);
    if (zstd && !scratch->zstd)
        scratch->zstd = ZSTD_createDCtx();
    if (!zstd && !scratch->decompressor)
        scratch->decompressor = libdeflate_alloc_decompressor();
    if (!out || !(zstd ? (void *)scratch->zstd : (void *)scratch->decompressor))
        return CN_BAD_MACHINE;
    size_t got = size;
    if (!(zstd ? decode_zstd(state, out, &got) : inflate(state, out, &got)) ||
        (got != size && !at_most)) {
        *wrong = "does not inflate to its size";
        return CN_BAD_INPUT;
    }
    go_on(state, out, got);
    return CN_OK;
}

/* Values of `width` bytes back together; a rest shorter than a value was left where it was. */
static enum cn_status unshuffle(struct state *state, size_t width)
{
    const size_t values = state->size / width;
    unsigned char *out = cn_scratch_get(state->scratch, !state->buffer, state->size);
    if (!out)
        return CN_BAD_MACHINE;
    const struct cn_raw raw = {state->bytes, values, width, .shuffled = true};
    if (width == 1 || width == 2 || width == 4 || width == 8)
        state->kernels->take_values(out, &raw, 0, 1, values);
    else
        for (size_t i = 0; i < values * width; i++)
            out[i] = state->bytes[i % width * values + i / width];
    memcpy(out + values * width, state->bytes + values * width, state->size - values * width);
    go_on(state, out, state->size);
    return CN_OK;
}

static enum cn_status check(struct state *state, const char **wrong)
{
    if (state->size < CHECKSUM_BYTES ||
        !checksum_is_right(state->kernels, state->bytes, state->size - CHECKSUM_BYTES)) {
        *wrong = "does not match its checksum";
        return CN_BAD_INPUT;
    }
    state->size -= CHECKSUM_BYTES;
    return CN_OK;
}

/* Filters that a chunk went through before filter k. */
struct earlier {
    size_t steps, checksums;
    bool compressions; /* or what may be one: how long their data are is nowhere */
};

static struct earlier look_before(const struct cn_storage *storage, size_t k, unsigned mask)
{
    struct earlier earlier = {0};
    for (size_t j = 0; j < k; j++) {
        const struct cn_filter *filter = &storage->pipeline[j];
        if (mask >> j & 1)
            continue;
        earlier.steps++;
        earlier.checksums += filter->kind == CN_FLETCHER32;
        earlier.compressions |= filter->kind != CN_FLETCHER32 && filter->kind != CN_SHUFFLE;
    }
    return earlier;
}

size_t cn_encoded_bound(size_t bytes)
{
    return bytes + bytes / 2 + 4096;
}

enum cn_status cn_filters_undo(const struct cn_reader *read, unsigned mask,
                               const unsigned char *stored, size_t size, struct cn_scratch *scratch,
                               struct cn_raw *raw, const char **wrong)
{
    const struct cn_storage *storage = &read->file->storage;
    const size_t bytes = raw->elements * raw->width;
    struct state state = {read->kernels, scratch, 0, stored, size};
    enum cn_status status = CN_OK;
    raw->shuffled = false;
    for (size_t k = storage->filter_count; k-- > 0 && !status;) {
        const struct cn_filter *filter = &storage->pipeline[k];
        const struct earlier earlier = look_before(storage, k, mask);
        if (mask >> k & 1)
            continue;
        if (filter->kind == CN_UNKNOWN_FILTER)
            return CN_OK;
        if (filter->kind == CN_FLETCHER32)
            status = check(&state, wrong);
        else if (filter->kind != CN_SHUFFLE)
            status = decompress(&state, filter->kind == CN_ZSTD,
                                earlier.compressions ? cn_encoded_bound(bytes)
                                                     : bytes + earlier.checksums * CHECKSUM_BYTES,
                                earlier.compressions, wrong);
        else if (earlier.steps || filter->width != raw->width)
            status = unshuffle(&state, filter->width);
        else
            raw->shuffled = true;
    }
    if (!status && state.size != bytes) {
        *wrong = "is not as long as a chunk";
        status = CN_BAD_INPUT;
    }
    raw->bytes = state.bytes;
    return status;
}
