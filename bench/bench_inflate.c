/*
 * Inflates chunks of each variable of a job by every form that this CPU has, one stream and two at
 * a time, in turns with libdeflate, and prints a JSON object: milliseconds of libdeflate for a
 * chunk, and how many times as fast the forms are. Processor time, checksums included.
 *
 *     bench_inflate CONFIG [--chunks N] [--rounds R] [--threads T] [--planes]
 *
 * N chunks (16) of each variable are in memory before; neighbours are taken in pairs, as the engine
 * does, from the whole of the files. Each of R turns (9) inflates all of them by each form. Each of
 * T threads (1) does the same at once. --planes also measures the byte planes of these chunks, each
 * compressed apart.
 */
#include "bare.h"
#include "codec/inflate/choose.h"
#include "job.h"

#include <getopt.h>
#include <jansson.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MAX_CHUNKS = 256,
    MAX_ROUNDS = 99,
    MAX_THREADS = 1024,
    MAX_WAYS = 16,
    PLANES = 4,
    LEVEL = 5
};

/* Streams that are measured together. */
struct sample {
    const char *variable;
    int plane; /* -1: whole chunks */
    unsigned char *in[MAX_CHUNKS];
    size_t in_bytes[MAX_CHUNKS];
    int count;    /* even */
    size_t bytes; /* of each, inflated */
};

/* A form with so many streams at a time. */
struct way {
    const struct cn_inflate_form *form;
    int streams;
};

struct measurement {
    struct way ways[MAX_WAYS]; /* the first is libdeflate's */
    int way_count, rounds, threads;
    double seconds[MAX_WAYS][MAX_ROUNDS]; /* of all threads */
};

static double thread_seconds(void) /* time given to other programs does not count */
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void list_ways(struct measurement *measurement)
{
    for (const struct cn_inflate_form *const *each = cn_inflate_forms(); *each; each++)
        for (int streams = 1; streams <= ((*each)->loops ? 2 : 1); streams++)
            measurement->ways[measurement->way_count++] = (struct way){*each, streams};
}

/* --- samples --- */

/* Reads pairs of neighbours, evenly far apart. */
static void read_sample(struct sample *sample, const struct bench_chunk *chunks, size_t count,
                        int wanted)
{
    const size_t pairs = count / 2 < (size_t)wanted / 2 ? count / 2 : (size_t)wanted / 2;
    if (!pairs)
        bench_fail("%s: expected two chunks or more", chunks->variable);
    for (size_t k = 0; k < 2 * pairs; k++) {
        const struct bench_chunk *chunk = &chunks[k / 2 * count / pairs + k % 2];
        sample->in[k] = bench_touched(chunk->size);
        sample->in_bytes[k] = chunk->size;
        bench_chunk_read(chunk, sample->in[k]);
    }
    sample->count = (int)(2 * pairs);
}

static void cut_plane(struct sample *sample, const struct sample *whole, int plane)
{
    struct bench_inflater inflater;
    struct libdeflate_compressor *compressor = bench_checked(libdeflate_alloc_compressor(LEVEL));
    bench_inflater_open(&inflater, whole->bytes);
    *sample = (struct sample){.variable = whole->variable,
                              .plane = plane,
                              .count = whole->count,
                              .bytes = whole->bytes / PLANES};
    const size_t bound = libdeflate_zlib_compress_bound(compressor, sample->bytes);
    for (int k = 0; k < sample->count; k++) {
        inflater.streams[0].in = whole->in[k];
        inflater.streams[0].in_bytes = whole->in_bytes[k];
        if (!bench_inflate_by(&inflater, cn_inflate_forms()[0], 1))
            bench_fail("%s: a chunk does not inflate", whole->variable);
        sample->in[k] = bench_touched(bound);
        sample->in_bytes[k] = libdeflate_zlib_compress(
            compressor, inflater.streams[0].out + (size_t)plane * sample->bytes, sample->bytes,
            sample->in[k], bound);
    }
    bench_inflater_close(&inflater);
    libdeflate_free_compressor(compressor);
}

static void free_sample(struct sample *sample)
{
    for (int k = 0; k < sample->count; k++)
        free(sample->in[k]);
}

/* --- the measurement --- */

static void inflate_some(struct bench_inflater *inflater, const struct sample *sample, int first,
                         const struct way *way)
{
    for (int k = 0; k < way->streams; k++) {
        inflater->streams[k].in = sample->in[first + k];
        inflater->streams[k].in_bytes = sample->in_bytes[first + k];
    }
    if (!bench_inflate_by(inflater, way->form, way->streams))
        bench_fail("%s: form %s rejects a chunk", sample->variable, way->form->name);
}

/* Compares the bytes of a way with libdeflate's. */
static void check_way(const struct sample *sample, const struct way *way)
{
    const struct way reference = {cn_inflate_forms()[0], 1};
    struct bench_inflater right, tried;
    bench_inflater_open(&right, sample->bytes);
    bench_inflater_open(&tried, sample->bytes);
    for (int k = 0; k < sample->count; k++) {
        const struct cn_zlib *expected = &right.streams[0], *got = &tried.streams[k % way->streams];
        if (k % way->streams == 0)
            inflate_some(&tried, sample, k, way);
        inflate_some(&right, sample, k, &reference);
        if (expected->out_bytes != sample->bytes || got->out_bytes != sample->bytes ||
            memcmp(expected->out, got->out, sample->bytes) != 0)
            bench_fail("%s: form %s makes other bytes than libdeflate", sample->variable,
                       way->form->name);
    }
    bench_inflater_close(&right);
    bench_inflater_close(&tried);
}

/* All threads do the same at once. The first turn warms up. */
static void take_turns(struct measurement *measurement, const struct sample *sample)
{
    memset(measurement->seconds, 0, sizeof measurement->seconds);
#pragma omp parallel num_threads(measurement->threads)
    {
        struct bench_inflater inflater;
        bench_inflater_open(&inflater, sample->bytes);
        for (int round = -1; round < measurement->rounds; round++)
            for (int w = 0; w < measurement->way_count; w++) {
                const struct way *way = &measurement->ways[w];
#pragma omp barrier
                const double start = thread_seconds();
                for (int k = 0; k < sample->count; k += way->streams)
                    inflate_some(&inflater, sample, k, way);
                const double seconds = thread_seconds() - start;
                if (round >= 0) {
#pragma omp atomic
                    measurement->seconds[w][round] += seconds;
                }
            }
        bench_inflater_close(&inflater);
    }
}

/* --- the results --- */

static int compare_reals(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the values. */
static json_t *figure_of(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare_reals);
    return json_pack("{sf sf sf si}", "median", (values[(count - 1) / 2] + values[count / 2]) / 2,
                     "least", values[0], "most", values[count - 1], "n", count);
}

static json_t *results_of(const struct measurement *measurement, const struct sample *sample)
{
    const double *reference = measurement->seconds[0];
    const int rounds = measurement->rounds;
    double values[MAX_ROUNDS];
    json_t *forms = json_array();
    for (int w = 1; w < measurement->way_count; w++) {
        for (int round = 0; round < rounds; round++)
            values[round] = reference[round] / measurement->seconds[w][round];
        json_array_append_new(forms,
                              json_pack("{ss si so}", "form", measurement->ways[w].form->name,
                                        "streams", measurement->ways[w].streams, "times_as_fast",
                                        figure_of(values, rounds)));
    }
    for (int round = 0; round < rounds; round++)
        values[round] = 1e3 * reference[round] / (sample->count * measurement->threads);
    json_t *result = json_pack("{ss si si so so}", "variable", sample->variable, "plane",
                               sample->plane, "chunks", sample->count, "libdeflate_ms",
                               figure_of(values, rounds), "forms", forms);
    if (sample->plane < 0)
        json_object_del(result, "plane");
    return result;
}

static json_t *measure_sample(struct measurement *measurement, const struct sample *sample)
{
    for (int w = 0; w < measurement->way_count; w++)
        check_way(sample, &measurement->ways[w]);
    take_turns(measurement, sample);
    return results_of(measurement, sample);
}

static void measure_variable(struct measurement *measurement, struct sample *whole, bool planes,
                             json_t *results)
{
    json_array_append_new(results, measure_sample(measurement, whole));
    for (int plane = 0; plane < PLANES && planes; plane++) {
        struct sample sample;
        cut_plane(&sample, whole, plane);
        json_array_append_new(results, measure_sample(measurement, &sample));
        free_sample(&sample);
    }
}

/* Returns: the chunks of the variable of chunk first. */
static size_t chunks_of_variable(const struct bench_input *input, size_t first)
{
    size_t end = first;
    while (end < input->chunk_count &&
           !strcmp(input->chunks[end].variable, input->chunks[first].variable))
        end++;
    return end - first;
}

static int count_from(const char *text, int most)
{
    char *end;
    const long count = strtol(text, &end, 10);
    if (end == text || *end || count < 1 || count > most)
        bench_fail("expected a number of 1 to %d, not \"%s\"", most, text);
    return (int)count;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"chunks", required_argument, NULL, 'c'},
                                            {"rounds", required_argument, NULL, 'r'},
                                            {"threads", required_argument, NULL, 't'},
                                            {"planes", no_argument, NULL, 'p'},
                                            {0}};
    static struct measurement measurement = {.rounds = 9, .threads = 1};
    int chunks = 16;
    bool planes = false;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'c')
            chunks = count_from(optarg, MAX_CHUNKS);
        else if (option == 'r')
            measurement.rounds = count_from(optarg, MAX_ROUNDS);
        else if (option == 't')
            measurement.threads = count_from(optarg, MAX_THREADS);
        else if (option == 'p')
            planes = true;
        else
            optind = argc;
    }
    if (argc - optind != 1 || chunks < 2)
        bench_fail("usage: bench_inflate CONFIG [--chunks 2...%d] [--rounds R] [--threads T] "
                   "[--planes]",
                   MAX_CHUNKS);
    struct bench_job job;
    struct bench_input input;
    bench_job_open(&job, argv[optind], NULL, 0, measurement.threads);
    bench_input_open(&input, job.plan);
    list_ways(&measurement);
    json_t *results = json_array();
    for (size_t first = 0, count; first < input.chunk_count; first += count) {
        count = chunks_of_variable(&input, first);
        struct sample whole = {
            .variable = input.chunks[first].variable, .plane = -1, .bytes = input.chunk_bytes};
        read_sample(&whole, &input.chunks[first], count, chunks);
        measure_variable(&measurement, &whole, planes, results);
        free_sample(&whole);
    }
    json_t *all = json_pack("{si so}", "threads", measurement.threads, "variables", results);
    if (!all || json_dumpf(all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) ||
        putchar('\n') == EOF)
        bench_fail("the results cannot be printed");
    json_decref(all);
    bench_input_close(&input);
    bench_job_close(&job);
    return 0;
}
