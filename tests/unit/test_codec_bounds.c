/*
 * Codecs and hostile chunks: no byte is read or written beyond the memory that a codec was given,
 * and what it returns depends on the chunk alone, not on what was in memory before.
 *
 * CLIMNORM_MUTANTS: how many of each sample.
 */
#include "codec/pipeline.h"
#include "codec/table.h"

#include "kernels_common.h"

#include <blosc.h>
#include <bzlib.h>
#include <libaec.h>
#include <lz4.h>
#include <malloc.h>
#include <sys/resource.h>
#include <zstd.h>

enum { BYTES = 3600, WIDTH = 4, ROOM = 4 * BYTES, MUTANTS = 1500 };

/* One way of compressing. */
struct sample {
    int id;
    size_t (*compress)(const struct sample *sample, const unsigned char *values,
                       unsigned char *out);
    const char *method; /* of blosc */
    int mode;           /* of blosc: shuffle; of lz4: bytes of a block */
    unsigned parameters[4];
    size_t parameter_count;
};

static size_t compress_lz4(const struct sample *sample, const unsigned char *values,
                           unsigned char *out)
{
    const unsigned header[3] = {0, BYTES, (unsigned)sample->mode};
    unsigned char *at = out;
    for (int k = 0; k < 12; k++)
        *at++ = (unsigned char)(header[k / 4] >> (24 - 8 * (k % 4)));
    for (int done = 0; done < BYTES; done += sample->mode) {
        const int bytes = BYTES - done < sample->mode ? BYTES - done : sample->mode;
        const int stored = LZ4_compress_default((const char *)values + done, (char *)at + 4, bytes,
                                                LZ4_compressBound(bytes));
        for (int k = 0; k < 4; k++)
            *at++ = (unsigned char)(stored >> (24 - 8 * k));
        at += stored;
    }
    return (size_t)(at - out);
}

static size_t compress_blosc(const struct sample *sample, const unsigned char *values,
                             unsigned char *out)
{
    return (size_t)blosc_compress_ctx(5, sample->mode, WIDTH, BYTES, values, out, ROOM,
                                      sample->method, 700, 1);
}

static size_t compress_bzip2(const struct sample *sample, const unsigned char *values,
                             unsigned char *out)
{
    (void)sample;
    unsigned bytes = ROOM;
    assert_int_equal(
        BZ2_bzBuffToBuffCompress((char *)out, &bytes, (char *)(uintptr_t)values, BYTES, 9, 0, 0),
        BZ_OK);
    return bytes;
}

static size_t compress_zstd(const struct sample *sample, const unsigned char *values,
                            unsigned char *out)
{
    (void)sample;
    return ZSTD_compress(out, ROOM, values, BYTES, 3);
}

static size_t compress_deflate(const struct sample *sample, const unsigned char *values,
                               unsigned char *out)
{
    (void)sample;
    struct cn_scratch scratch = {0};
    const size_t bytes = cn_scratch_encode(&scratch, &cn_deflate, 5, values, BYTES, out, ROOM);
    cn_scratch_free(&scratch);
    return bytes;
}

/* As libaec's szlib.h does it: first bytes first, lines padded to blocks. */
static size_t compress_szip(const struct sample *sample, const unsigned char *values,
                            unsigned char *out)
{
    const unsigned *at = sample->parameters, blocks = (at[3] - 1) / at[1] + 1;
    unsigned char padded[2 * BYTES] = {0};
    size_t used = 0;
    for (size_t i = 0; i < BYTES; i++) {
        padded[used++] = values[i % (BYTES / WIDTH) * WIDTH + i / (BYTES / WIDTH)];
        for (size_t pad = 0; (i + 1) % at[3] == 0 && pad < blocks * at[1] - at[3]; pad++)
            padded[used++] = 0;
    }
    used = ((BYTES - 1) / at[3] + 1) * blocks * at[1];
    for (size_t k = 0; k < 4; k++)
        out[k] = (unsigned char)(BYTES >> 8 * k);
    struct aec_stream stream = {.next_in = padded,
                                .avail_in = used,
                                .next_out = out + 4,
                                .avail_out = ROOM - 4,
                                .bits_per_sample = 8,
                                .block_size = at[1],
                                .rsi = blocks,
                                .flags = AEC_NOT_ENFORCE | (at[0] & 32 ? AEC_DATA_PREPROCESS : 0)};
    assert_int_equal(aec_buffer_encode(&stream), AEC_OK);
    return 4 + stream.total_out;
}

static const struct sample samples[] = {
    {1, compress_deflate, NULL, 0, {0}, 0},
    {4, compress_szip, NULL, 0, {32, 8, 32, 8}, 4},
    {4, compress_szip, NULL, 0, {4, 16, 32, 450}, 4},
    {4, compress_szip, NULL, 0, {32, 32, 32, 900}, 4},
    {307, compress_bzip2, NULL, 0, {0}, 0},
    {32001, compress_blosc, "blosclz", BLOSC_SHUFFLE, {0}, 0},
    {32001, compress_blosc, "lz4", BLOSC_BITSHUFFLE, {0}, 0},
    {32001, compress_blosc, "zlib", BLOSC_NOSHUFFLE, {0}, 0},
    {32001, compress_blosc, "zstd", BLOSC_SHUFFLE, {0}, 0},
    {32001, compress_blosc, "snappy", BLOSC_BITSHUFFLE, {0}, 0},
    {32004, compress_lz4, NULL, 7, {0}, 0},
    {32004, compress_lz4, NULL, 1000, {0}, 0},
    {32015, compress_zstd, NULL, 0, {0}, 0},
};

static int mutants(void)
{
    const char *asked = getenv("CLIMNORM_MUTANTS");
    return asked ? atoi(asked) : MUTANTS;
}

/* Changes a chunk of `bytes` bytes in one to four places; returns how long it is then. */
static size_t mutate(unsigned char *chunk, size_t bytes)
{
    static const unsigned char special[] = {0, 1, 0x7f, 0x80, 0xff};
    for (uint32_t times = random_bits() % 4 + 1; times > 0 && bytes > 0; times--) {
        const size_t at = random_bits() % (random_bits() % 2 ? bytes : bytes < 24 ? bytes : 24);
        switch (random_bits() % 6) {
        case 0:
            chunk[at] ^= (unsigned char)(1u << random_bits() % 8);
            break;
        case 1:
            chunk[at] = special[random_bits() % sizeof special];
            break;
        case 2:
            chunk[at] = (unsigned char)random_bits();
            break;
        case 3:
            memset(chunk + at, random_bits() % 2 ? 0xff : 0, bytes - at < 4 ? bytes - at : 4);
            break;
        case 4:
            bytes = random_bits() % (bytes + 1);
            break;
        default:
            memmove(chunk + at, chunk + random_bits() % bytes / 2, (bytes - at) / 2);
        }
    }
    return bytes;
}

/* Decodes a chunk that ends where memory ends, into memory that was full of `before`. */
static enum cn_status decode(const struct cn_codec *codec, struct cn_codec_step *step,
                             const struct guarded *in, const struct guarded *out,
                             const unsigned char *chunk, size_t bytes, int before)
{
    step->in = memcpy(in->at + ROOM - bytes, chunk, bytes);
    step->in_bytes = bytes;
    step->out = out->at;
    step->result = NULL;
    step->result_bytes = 0;
    memset(out->at, before, step->capacity);
    return codec->decode(step);
}

static void test_a_damaged_chunk_gives_an_error_or_the_same_bytes_again(void **state)
{
    (void)state;
    const struct cn_kernels *kernels;
    struct cn_error error;
    assert_int_equal(cn_kernels_select(&kernels, &error), CN_OK);
    const struct guarded in = guarded_new(ROOM), out = guarded_new(BYTES);
    unsigned char values[BYTES], whole[ROOM], chunk[ROOM], first[BYTES];
    for (size_t i = 0; i < BYTES; i++)
        values[i] = (unsigned char)(i % WIDTH == 3   ? 67
                                    : i % WIDTH == 2 ? 128 + random_bits() % 9
                                                     : random_bits() % 3);
    for (size_t s = 0; s < sizeof samples / sizeof *samples; s++) {
        const struct sample *sample = &samples[s];
        const struct cn_codec *codec = cn_codec_find(sample->id);
        const struct cn_filter filter = {.id = sample->id,
                                         .parameters = sample->parameters,
                                         .parameter_count = sample->parameter_count};
        void *own = NULL;
        struct cn_codec_step step = {
            .filter = &filter, .kernels = kernels, .state = &own, .capacity = BYTES};
        const size_t size = sample->compress(sample, values, whole);
        assert_true(size > 0 && size < ROOM);
        assert_int_equal(decode(codec, &step, &in, &out, whole, size, 0), CN_OK);
        assert_int_equal(step.result_bytes, BYTES);
        assert_memory_equal(step.result, values, BYTES);
        for (int m = 0; m < mutants(); m++) {
            memcpy(chunk, whole, size);
            const size_t bytes = mutate(chunk, size);
            enum cn_status status = decode(codec, &step, &in, &out, chunk, bytes, 0);
            assert_int_not_equal(status, CN_BAD_MACHINE);
            const size_t found = step.result_bytes;
            if (status)
                continue;
            assert_true(found <= BYTES);
            memcpy(first, step.result, found);
            assert_int_equal(decode(codec, &step, &in, &out, chunk, bytes, 0xff), CN_OK);
            assert_int_equal(step.result_bytes, found);
            assert_memory_equal(step.result, first, found);
        }
        if (codec->close && own)
            codec->close(own);
    }
}

/* Without the memory that a library wants, the machine is to blame. */
static void test_without_memory_the_machine_is_at_fault_and_not_the_chunk(void **state)
{
    (void)state;
#ifndef __SANITIZE_ADDRESS__
    enum { LARGE = 16 << 20 };
    const struct cn_kernels *kernels;
    struct cn_error error;
    assert_int_equal(cn_kernels_select(&kernels, &error), CN_OK);
    unsigned char *values = calloc(1, LARGE), *chunks[3] = {malloc(LARGE), malloc(LARGE), NULL};
    unsigned char *out = malloc(LARGE);
    static const unsigned char szip[] = {0, 0, 0, 1, 0}; /* its size, in front of anything */
    const unsigned parameters[] = {32, 8, 32, 4096};
    const int ids[3] = {307, 32001, 4};
    unsigned bzip2_bytes = LARGE;
    assert_true(values && chunks[0] && chunks[1] && out);
    BZ2_bzBuffToBuffCompress((char *)chunks[0], &bzip2_bytes, (char *)values, LARGE, 9, 0, 0);
    const size_t bytes[3] = {bzip2_bytes,
                             (size_t)blosc_compress_ctx(5, 1, WIDTH, LARGE, values, chunks[1],
                                                        LARGE, "zstd", 4 << 20, 1),
                             sizeof szip};
    chunks[2] = memcpy(values, szip, sizeof szip);
    mallopt(M_MMAP_THRESHOLD, 1 << 16);
    malloc_trim(0);
    for (int k = 0; k < 3; k++) {
        const struct cn_codec *codec = cn_codec_find(ids[k]);
        const struct cn_filter filter = {.parameters = parameters, .parameter_count = 4};
        struct cn_codec_step step = {.filter = &filter,
                                     .kernels = kernels,
                                     .in = chunks[k],
                                     .in_bytes = bytes[k],
                                     .out = out,
                                     .capacity = LARGE};
        struct rlimit before, none;
        assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
        none = before;
        none.rlim_cur = 1 << 20;
        assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
        const enum cn_status status = codec->decode(&step);
        assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
        assert_int_equal(status, CN_BAD_MACHINE);
    }
    free(values);
    free(chunks[0]);
    free(chunks[1]);
    free(out);
#endif
}

/* Any filters in any order, chunks of noise, of zeros and of nothing. */
static void test_any_filters_in_any_order_end_well(void **state)
{
    (void)state;
    const struct cn_kernels *kernels;
    struct cn_error error;
    assert_int_equal(cn_kernels_select(&kernels, &error), CN_OK);
    const struct guarded in = guarded_new(ROOM);
    size_t codecs = 0;
    while (cn_codecs[codecs])
        codecs++;
    struct cn_scratch scratch = {0};
    for (int m = 0; m < 20 * mutants(); m++) {
        static const unsigned widths[] = {1, 2, 3, 4, 7, 8, 5000, UINT32_MAX};
        const unsigned szip[4] = {32, 8, 32, 20}, width = widths[random_bits() % 8];
        struct cn_filter filters[4];
        struct cn_storage storage = {.pipeline = filters,
                                     .filter_count = random_bits() % 5,
                                     .value_bytes = WIDTH,
                                     .layout = CN_CHUNKED};
        for (size_t k = 0; k < storage.filter_count; k++) {
            const int id = cn_codecs[random_bits() % codecs]->id;
            filters[k] = (struct cn_filter){.id = id,
                                            .name = "",
                                            .parameters = id == 2 ? &width : szip,
                                            .parameter_count = id == 2 ? 1 : random_bits() % 5};
        }
        const size_t size = random_bits() % 4 ? random_bits() % 64 : 0;
        unsigned char *chunk = in.at + ROOM - size;
        for (size_t i = 0; i < size; i++)
            chunk[i] = (unsigned char)(m % 2 ? 0 : random_bits());
        struct cn_raw raw = {.elements = random_bits() % 9, .width = WIDTH};
        const char *fault = NULL;
        const enum cn_status status = cn_pipeline_decode(&storage, kernels, random_bits() % 16,
                                                         chunk, size, NULL, &scratch, &raw, &fault);
        assert_true(status == CN_OK || (status == CN_BAD_INPUT && fault));
    }
    cn_scratch_free(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_damaged_chunk_gives_an_error_or_the_same_bytes_again),
        cmocka_unit_test(test_without_memory_the_machine_is_at_fault_and_not_the_chunk),
        cmocka_unit_test(test_any_filters_in_any_order_end_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
