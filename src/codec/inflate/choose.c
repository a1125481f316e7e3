/*
 * Chooses a form by the CPU, by a measurement, and by CLIMNORM_INFLATE. The measurement is there
 * for CPUs and neighbours that nobody has tried: it takes a form that is slower here than
 * libdeflate out of the choice.
 */
#include "codec/inflate/choose.h"

#include "base/clock.h"
#include "base/error.h"
#include "codec/inflate/stream.h"

#include <libdeflate.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool on_any_cpu(void)
{
    return true;
}

static const struct cn_inflate_form of_libdeflate = {.name = "libdeflate"};
static const struct cn_inflate_form portable = {.name = "portable", .loops = &cn_loops_portable};
#if defined(__x86_64__) && defined(__LP64__)
static const struct cn_inflate_form scalar = {.name = "scalar", .loops = &cn_loops_bmi2};
static const struct cn_inflate_form vector = {.name = "vector", .loops = &cn_loops_avx512};

static bool cpu_has_bmi2(void)
{
    return __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("avx2");
}

static bool cpu_has_vbmi2(void)
{
    return cpu_has_bmi2() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
           __builtin_cpu_supports("gfni");
}
#endif

/* inflate.cmake builds the same files under the same conditions. */
static const struct {
    const struct cn_inflate_form *form;
    bool (*supported)(void);
} built_forms[] = {
    {&of_libdeflate, on_any_cpu},
    {&portable, on_any_cpu},
#if defined(__x86_64__) && defined(__LP64__)
    {&scalar, cpu_has_bmi2},
    {&vector, cpu_has_vbmi2},
#endif
};

enum { BUILT = sizeof built_forms / sizeof *built_forms };

static const struct cn_inflate_form *forms_here[BUILT + 1];

static void find_forms(void)
{
    for (size_t i = 0, count = 0; i < BUILT; i++)
        if (built_forms[i].supported())
            forms_here[count++] = built_forms[i].form;
}

const struct cn_inflate_form *const *cn_inflate_forms(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_forms);
    return forms_here;
}

/* --- the measurement --- */

enum { VALUES = 16384, BYTES = VALUES * 4, LEVEL = 5, ROUNDS = 5 };

struct trial {
    unsigned char *in[2], *out[2];
    size_t in_bytes[2];
    struct libdeflate_decompressor *decompressor;
    struct cn_inflater *inflater;
};

/* A shuffled field of temperatures: smooth, with digits that say nothing. */
static void fill_plane(unsigned char *bytes, int which)
{
    uint32_t noise = 1 + (uint32_t)which;
    for (size_t k = 0; k < VALUES; k++) {
        noise = noise * 1664525 + 1013904223;
        const size_t row = k / 256, column = k % 256;
        const double smooth = 280 + 15 * sin((double)column / 40) * cos((double)row / 20);
        const float value = (float)(smooth + (noise >> 8) * 0x1p-26);
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        for (int plane = 0; plane < 4; plane++)
            bytes[(size_t)plane * VALUES + k] = (unsigned char)(bits >> 8 * plane);
    }
}

static bool make_trial(struct trial *trial)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(LEVEL);
    const size_t capacity = libdeflate_zlib_compress_bound(compressor, BYTES);
    bool is_made = compressor != NULL;
    for (int k = 0; k < 2 && is_made; k++) {
        trial->in[k] = malloc(capacity);
        trial->out[k] = malloc(BYTES);
        if (trial->out[k])
            fill_plane(trial->out[k], k);
        if (trial->in[k] && trial->out[k])
            trial->in_bytes[k] =
                libdeflate_zlib_compress(compressor, trial->out[k], BYTES, trial->in[k], capacity);
        is_made = trial->in_bytes[k] > 0;
    }
    libdeflate_free_compressor(compressor);
    trial->decompressor = libdeflate_alloc_decompressor();
    trial->inflater = cn_inflater_new(CN_LEAST_WINDOW);
    return is_made && trial->decompressor && trial->inflater;
}

static void free_trial(struct trial *trial)
{
    for (int k = 0; k < 2; k++) {
        free(trial->in[k]);
        free(trial->out[k]);
    }
    if (trial->decompressor)
        libdeflate_free_decompressor(trial->decompressor);
    free(trial->inflater);
}

/* The time that it takes once; UINT64_MAX: it is wrong. */
static uint64_t time_form(struct trial *trial, const struct cn_inflate_form *form)
{
    struct cn_zlib streams[2];
    size_t bytes;
    bool is_right = true;
    const uint64_t start = cn_now_ns();
    for (int k = 0; k < 2; k++) {
        streams[k] = (struct cn_zlib){.in = trial->in[k],
                                      .in_bytes = trial->in_bytes[k],
                                      .out = trial->out[k],
                                      .capacity = BYTES};
        if (!form->loops)
            is_right &=
                libdeflate_zlib_decompress(trial->decompressor, trial->in[k], trial->in_bytes[k],
                                           trial->out[k], BYTES, &bytes) == LIBDEFLATE_SUCCESS;
    }
    if (form->loops) {
        cn_inflate(trial->inflater, form, streams, 2);
        is_right = streams[0].is_right && streams[1].is_right;
    }
    return is_right ? cn_now_ns() - start : UINT64_MAX;
}

/* The fastest form, by the shortest of several times in turn, which other programs lengthen least.
 */
static const struct cn_inflate_form *find_fastest(void)
{
    struct trial trial = {0};
    uint64_t shortest[BUILT], least = UINT64_MAX;
    const struct cn_inflate_form *fastest = &of_libdeflate;
    memset(shortest, 0xff, sizeof shortest);
    if (make_trial(&trial))
        for (int round = 0; round < ROUNDS; round++)
            for (size_t i = 0; cn_inflate_forms()[i]; i++) {
                const uint64_t time_ns = time_form(&trial, cn_inflate_forms()[i]);
                shortest[i] = time_ns < shortest[i] ? time_ns : shortest[i];
            }
    for (size_t i = 0; cn_inflate_forms()[i]; i++)
        if (shortest[i] < least) {
            least = shortest[i];
            fastest = cn_inflate_forms()[i];
        }
    free_trial(&trial);
    return fastest;
}

/* --- the choice --- */

static const struct cn_inflate_form *chosen;

static void choose(void)
{
    const char *name = getenv("CLIMNORM_INFLATE");
    if (!name || !*name) {
        chosen = find_fastest();
        return;
    }
    for (size_t i = 0; cn_inflate_forms()[i]; i++)
        if (!strcmp(cn_inflate_forms()[i]->name, name))
            chosen = cn_inflate_forms()[i];
}

enum cn_status cn_inflate_select(const struct cn_inflate_form **form, struct cn_error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, choose);
    *form = chosen;
    if (chosen)
        return CN_OK;
    char names[128] = "";
    for (size_t i = 0; cn_inflate_forms()[i]; i++) {
        const size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                 cn_inflate_forms()[i]->name);
    }
    return cn_fail(error, CN_BAD_USAGE,
                   "CLIMNORM_INFLATE is \"%s\", but this program on this CPU has %s; name one of "
                   "them, or unset CLIMNORM_INFLATE to use the fastest",
                   getenv("CLIMNORM_INFLATE"), names);
}

const struct cn_inflate_form *cn_inflate_form(void)
{
    struct cn_error error;
    const struct cn_inflate_form *form;
    return cn_inflate_select(&form, &error) ? &of_libdeflate : form;
}
