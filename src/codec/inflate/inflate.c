/*
 * Streams and their blocks. Symbols are decoded here only where loops may not: one by one, within
 * the bounds of input and output.
 */
#include "codec/inflate/inflate.h"

#include "codec/inflate/stream.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

struct cn_inflater {
    struct cn_stream streams[2];
    size_t window;           /* bytes of each */
    unsigned char windows[]; /* of the two streams */
};

struct cn_inflater *cn_inflater_new(size_t window)
{
    struct cn_inflater *inflater = calloc(1, sizeof *inflater + 2 * window);
    if (inflater)
        inflater->window = window;
    return inflater;
}

static bool has_window(const struct cn_stream *stream)
{
    return stream->first != stream->zlib->out;
}

static bool is_overread(const struct cn_stream *stream)
{
    return stream->bits.position > (uint64_t)stream->bits.in_bytes * 8;
}

/* Copies what is needed of the bytes that came out to a window. */
static void copy_needed(struct cn_stream *stream)
{
    const struct cn_runs *runs = stream->zlib->needed;
    const size_t begin = stream->before + (size_t)(stream->summed - stream->first);
    const size_t end = stream->before + (size_t)(stream->next - stream->first);
    for (const size_t count = cn_runs_count(runs); stream->run < count; stream->run++) {
        const size_t run = cn_run_begin(runs, stream->run), run_end = run + runs->length;
        const size_t from = run < begin ? begin : run, to = run_end < end ? run_end : end;
        if (from < to)
            memcpy(stream->zlib->out + from, stream->summed + (from - begin), to - from);
        if (run_end > end)
            break;
    }
}

/* Adds what came out to the checksum and takes what is needed, while it is in a cache. */
static void take_out(struct cn_stream *stream)
{
    stream->sum =
        libdeflate_adler32(stream->sum, stream->summed, (size_t)(stream->next - stream->summed));
    if (has_window(stream))
        copy_needed(stream);
    stream->summed = stream->next;
}

/* Sets where the output ends for now. */
static void set_end(struct cn_stream *stream, size_t window)
{
    const size_t left = stream->zlib->capacity - stream->before;
    stream->end = stream->first + (has_window(stream) && window < left ? window : left);
}

/* Where a window has no room for a step, goes on at its beginning, behind the bytes that matches
 * may refer to. */
static void make_room(struct cn_stream *stream)
{
    enum { REACH = 32768 };
    const size_t used = (size_t)(stream->next - stream->first);
    const size_t window = (size_t)(stream->end - stream->first);
    if (!has_window(stream) || window - used >= CN_STEP_OUT + CN_BEYOND_OUT ||
        stream->before + window == stream->zlib->capacity)
        return;
    take_out(stream);
    memmove(stream->first, stream->next - REACH, REACH);
    stream->before += used - REACH;
    stream->next = stream->summed = stream->first + REACH;
    set_end(stream, window);
}

/* The bytes that may still come out. */
static size_t room_of_all(const struct cn_stream *stream)
{
    return stream->zlib->capacity - stream->before - (size_t)(stream->next - stream->first);
}

/* A block without codes: RFC 1951, section 3.2.4. */
static void copy_stored(struct cn_stream *stream)
{
    const uint64_t at = (stream->bits.position + 7) >> 3;
    if (at > stream->bits.in_bytes || stream->bits.in_bytes - at < 4) {
        stream->state = CN_FAILED;
        return;
    }
    const unsigned char *in = stream->bits.in + at;
    const size_t length = in[0] | (size_t)in[1] << 8, inverse = in[2] | (size_t)in[3] << 8;
    if (length != (inverse ^ 0xffff) || length > stream->bits.in_bytes - at - 4 ||
        length > room_of_all(stream)) {
        stream->state = CN_FAILED;
        return;
    }
    for (size_t copied = 0; copied < length;) {
        make_room(stream);
        const size_t room = (size_t)(stream->end - stream->next), left = length - copied;
        const size_t bytes = left < room ? left : room;
        memcpy(stream->next, in + 4 + copied, bytes);
        stream->next += bytes;
        copied += bytes;
    }
    stream->bits.position = (at + 4 + length) * 8;
    stream->state = stream->is_last ? CN_ENDED : CN_BEFORE_BLOCK;
    take_out(stream);
}

static void begin_next_block(struct cn_stream *stream)
{
    const unsigned header = (unsigned)cn_bits_peek(&stream->bits) & 7;
    stream->bits.position += 3;
    stream->is_last = header & 1;
    stream->state = CN_IN_BLOCK;
    switch (header >> 1) {
    case 0:
        copy_stored(stream);
        break;
    case 1:
        cn_codes_set_fixed(&stream->codes);
        break;
    case 2:
        if (!cn_codes_read(&stream->codes, &stream->bits))
            stream->state = CN_FAILED;
        break;
    default:
        stream->state = CN_FAILED;
    }
}

static void end_this_block(struct cn_stream *stream)
{
    stream->state = is_overread(stream) ? CN_FAILED : stream->is_last ? CN_ENDED : CN_BEFORE_BLOCK;
    take_out(stream);
}

/* Takes the codeword of a symbol. word: from its first bit on, or its subtable's. */
static uint32_t look_up(const uint32_t *table, unsigned index_bits, struct cn_bits *bits,
                        uint64_t *word)
{
    *word = cn_bits_peek(bits);
    uint32_t entry = table[*word & ((1u << index_bits) - 1)];
    if (entry & CN_RARE && entry >> 16 != CN_END_OF_BLOCK) {
        *word >>= index_bits;
        bits->position += index_bits;
        entry = table[(entry >> 16) + (*word & ((1u << (entry >> 8 & 31)) - 1))];
    }
    bits->position += entry & 63;
    return entry;
}

/* Base and extra bits. */
static size_t base_and_extra(uint32_t entry, uint64_t word)
{
    return (entry >> 16) + ((word & ((1u << (entry & 63)) - 1)) >> (entry >> 8 & 31));
}

static void copy_bounded(struct cn_stream *stream, size_t distance, size_t length)
{
    unsigned char *to = stream->next;
    const unsigned char *from = to - distance;
    if (distance >= length)
        memcpy(to, from, length);
    else if (distance == 1)
        memset(to, *from, length);
    else
        for (size_t k = 0; k < length; k++)
            to[k] = from[k];
    stream->next += length;
}

static void take_bounded(struct cn_stream *stream)
{
    uint64_t word;
    const size_t room = (size_t)(stream->end - stream->next);
    const uint32_t litlen = look_up(stream->codes.litlen, CN_LITLEN_BITS, &stream->bits, &word);
    if (litlen & CN_RARE) {
        end_this_block(stream);
        return;
    }
    if (litlen & CN_LITERAL) {
        if (is_overread(stream) || !room)
            stream->state = CN_FAILED;
        else
            *stream->next++ = (unsigned char)(litlen >> 16);
        return;
    }
    const size_t length = base_and_extra(litlen, word);
    const uint32_t entry = look_up(stream->codes.distance, CN_DISTANCE_BITS, &stream->bits, &word);
    const size_t distance = base_and_extra(entry, word);
    if (is_overread(stream) || length > room || distance > (size_t)(stream->next - stream->first))
        stream->state = CN_FAILED;
    else
        copy_bounded(stream, distance, length);
}

/* Decodes the symbol at the edge, and more as long as no loop may. */
static void pass_edge(struct cn_stream *stream)
{
    do {
        make_room(stream);
        take_bounded(stream);
    } while (stream->state == CN_AT_EDGE &&
             !cn_steps_left(stream, stream->bits.position, stream->next));
    if (stream->state == CN_AT_EDGE)
        stream->state = CN_IN_BLOCK;
}

static void begin_stream(struct cn_inflater *inflater, int k, const struct cn_zlib *zlib)
{
    struct cn_stream *stream = &inflater->streams[k];
    stream->bits = (struct cn_bits){.in = zlib->in, .in_bytes = zlib->in_bytes, .position = 16};
    stream->zlib = zlib;
    stream->first = zlib->needed ? inflater->windows + (size_t)k * inflater->window : zlib->out;
    stream->next = stream->summed = stream->first;
    stream->before = stream->run = 0;
    set_end(stream, inflater->window);
    stream->sum = 1;
    stream->state = CN_BEFORE_BLOCK;
    const bool is_zlib = zlib->in_bytes >= 6 && (zlib->in[0] & 15) == 8 && zlib->in[0] >> 4 <= 7 &&
                         (zlib->in[0] << 8 | zlib->in[1]) % 31 == 0 && !(zlib->in[1] & 32);
    if (!is_zlib)
        stream->state = CN_FAILED;
}

/* Returns: whether loops may decode the stream now; false: it has ended, or failed. */
static bool prepare(struct cn_stream *stream)
{
    for (;;)
        switch (stream->state) {
        case CN_BEFORE_BLOCK:
            begin_next_block(stream);
            break;
        case CN_AT_EDGE:
            pass_edge(stream);
            break;
        case CN_IN_BLOCK:
            return true;
        default:
            return false;
        }
}

static void end_stream(const struct cn_stream *stream, struct cn_zlib *zlib)
{
    const uint64_t at = (stream->bits.position + 7) >> 3;
    zlib->is_right = false;
    if (stream->state != CN_ENDED || zlib->in_bytes < at || zlib->in_bytes - at < 4)
        return;
    const unsigned char *sum = zlib->in + at;
    zlib->out_bytes = stream->before + (size_t)(stream->next - stream->first);
    zlib->is_right = stream->sum == ((uint32_t)sum[0] << 24 | (uint32_t)sum[1] << 16 |
                                     (uint32_t)sum[2] << 8 | sum[3]);
}

void cn_inflate(struct cn_inflater *inflater, const struct cn_inflate_form *form,
                struct cn_zlib *streams, int count)
{
    struct cn_stream *first = &inflater->streams[0], *second = &inflater->streams[1];
    second->state = CN_ENDED;
    for (int k = 0; k < count; k++)
        begin_stream(inflater, k, &streams[k]);
    for (;;) {
        const bool first_goes_on = prepare(first), second_goes_on = prepare(second);
        if (first_goes_on && second_goes_on)
            form->loops->two(first, second);
        else if (first_goes_on || second_goes_on)
            form->loops->one(first_goes_on ? first : second);
        else
            break;
    }
    for (int k = 0; k < count; k++)
        end_stream(&inflater->streams[k], &streams[k]);
}
