/*
 * An output file that is made in several passes, with values of its own. The passes, their chunks
 * and their parts are worked out here day by day and row by row.
 */
#ifndef CLIMNORM_TESTS_SINK_PASSES_H
#define CLIMNORM_TESTS_SINK_PASSES_H

#include "sink_equal.h"

#include <math.h>
#include <stdint.h>

enum { MOST_TARGETS = 3, MOST_PASSES = 400, FIRST_LAT = 5, GRID_LATS = 10, FIELDS = 2 };
enum { CHUNK_VALUES = SAMPLE_CHUNK_SLOTS * SAMPLE_CELLS };
enum { STOPPED = 100 }; /* besides the outcomes of a put */

/* A way to cut the work. */
struct cut {
    const char *name;
    int slots[8], rows[8]; /* where stretches begin, and where the last one ends; 0 behind it */
};

static const struct cut cuts[] = {
    {"days at chunks", {0, 100, 200, 300, 366}, {0, 10}},
    {"days inside chunks", {0, 50, 130, 250, 366}, {0, 10}},
    {"days, several in a chunk", {0, 10, 20, 90, 95, 101, 366}, {5, 8}},
    {"rows", {0, 366}, {0, 6, 7, 10}},
    {"rows that the region has not", {0, 366}, {0, 3, 6, 8, 10}},
    {"days and rows", {0, 150, 366}, {0, 6, 10}},
    {"days at chunks and rows", {0, 200, 366}, {4, 6, 7, 8}},
};

enum { CUTS = sizeof cuts / sizeof *cuts };

/* A file to make. */
struct work {
    struct sample *sample;
    struct cn_target targets[MOST_TARGETS];
    size_t target_count, fields;
    struct cn_pass_stretch stretches[MOST_PASSES];
    size_t pass_count;
    bool keeps_chunks; /* encoded chunks wait in the scratch file */
    bool is_stale;     /* passes use other years: values do not matter any more */
    bool not_made[MOST_TARGETS][MOST_PASSES];
    bool is_put[MOST_TARGETS][MOST_PASSES];
    bool may_fail;  /* a call that fails stops the work */
    int calls_left; /* of the sink, until the work is stopped; -1: any number */
};

static inline float mean_of(size_t target, int slot, int cell)
{
    return cell == SAMPLE_MISSING_CELL ? NAN : sample_mean(slot, cell) + 1000 * (float)target;
}

static inline int16_t count_of(size_t target, int slot, int cell)
{
    return (int16_t)(cell == SAMPLE_MISSING_CELL ? 0 : 3 * (int)target + slot % 7 + 1);
}

static inline void cut_work(struct work *work, const struct cut *cut)
{
    work->pass_count = 0;
    for (int s = 0; cut->slots[s + 1]; s++)
        for (int r = 0; cut->rows[r + 1]; r++)
            work->stretches[work->pass_count++] = (struct cn_pass_stretch){
                (size_t)cut->slots[s], (size_t)(cut->slots[s + 1] - cut->slots[s]),
                (size_t)cut->rows[r], (size_t)(cut->rows[r + 1] - cut->rows[r])};
    work->sample->file.stretches = work->stretches;
    work->sample->file.pass_count = work->pass_count;
    work->sample->file.passes_done = 0;
}

static inline struct work *new_work(size_t target_count, bool counts)
{
    static const size_t positions[MOST_TARGETS] = {0, 1, 2};
    struct work *work = calloc(1, sizeof *work);
    assert_non_null(work);
    work->sample = sample_new(sample_root, 1);
    assert_non_null(work->sample);
    struct sample *s = work->sample;
    for (size_t t = 0; t < target_count; t++) {
        work->targets[t] = s->target;
        work->targets[t].year = SAMPLE_LAST - (int)target_count + 1 + (int)t;
    }
    if (target_count > 1) { /* then with the years of a baseline, too */
        s->product.change = CN_DIFFERENCE;
        s->product.baseline = SAMPLE_LAST - 1;
        sample_set_groups(s);
    }
    s->config.output.layout = target_count > 1 ? CN_STACKED : CN_SINGLE;
    s->config.output.counts = counts;
    static const struct cn_run rows = {FIRST_LAT, SAMPLE_LATS, 0};
    s->cells.row_runs = &rows;
    s->cells.row_run_count = 1;
    s->cells.first_row = FIRST_LAT;
    s->cells.end_row = FIRST_LAT + SAMPLE_LATS;
    s->cells.chunk_cells = CHUNK_VALUES + 100;
    s->file.all_targets = work->targets;
    s->file.targets = positions;
    s->file.target_count = target_count;
    s->file.years_used = NULL;
    work->target_count = target_count;
    work->fields = counts ? 2 : 1;
    work->calls_left = -1;
    return work;
}

static inline void free_work(struct work *work)
{
    sample_free(work->sample);
    free(work);
}

/* Whether the work goes on. */
static inline bool may_call(struct work *work)
{
    return work->calls_left < 0 || work->calls_left-- > 0;
}

/* Whether a call has, and the work goes on. */
static inline bool has_succeeded(const struct work *work, enum cn_status status,
                                 const struct cn_error *error)
{
    if (status && !(work->may_fail && status == CN_BAD_MACHINE &&
                    strstr(error->text, ": cannot be written: File too large")))
        fail_msg("%s", error->text);
    return !status;
}

static inline bool is_in_pass(const struct work *work, size_t pass, int slot, int row)
{
    const struct cn_pass_stretch *stretch = &work->stretches[pass];
    const size_t grid_row = (size_t)(FIRST_LAT + row), day = (size_t)slot;
    return work->pass_count == 0 ||
           (day >= stretch->first_slot && day < stretch->first_slot + stretch->slot_count &&
            grid_row >= stretch->first_row && grid_row < stretch->first_row + stretch->row_count);
}

/* How many rows of day slots of a chunk are in a pass. */
static inline int rows_in_pass(const struct work *work, size_t pass, int chunk)
{
    int rows = 0;
    for (int s = 0; s < SAMPLE_CHUNK_SLOTS; s++)
        for (int row = 0; row < SAMPLE_LATS; row++)
            rows += chunk * SAMPLE_CHUNK_SLOTS + s < SAMPLE_SLOTS &&
                    is_in_pass(work, pass, chunk * SAMPLE_CHUNK_SLOTS + s, row);
    return rows;
}

static inline bool is_whole_alone(const struct work *work, size_t pass, int chunk)
{
    int rows = 0;
    for (size_t p = 0; p < work->pass_count; p++)
        rows += p == pass ? 0 : rows_in_pass(work, p, chunk);
    return rows == 0;
}

static inline bool is_last_of(const struct work *work, size_t pass, int chunk)
{
    int rows = 0;
    for (size_t p = pass + 1; p < work->pass_count; p++)
        rows += rows_in_pass(work, p, chunk);
    return rows == 0;
}

/* The values of a field that a pass has of a chunk, in a buffer; pass SIZE_MAX: the whole chunk. */
static inline const void *values_of(const struct work *work, size_t target, size_t pass, int chunk,
                                    size_t field)
{
    static float means[CHUNK_VALUES];
    static int16_t counts[CHUNK_VALUES];
    size_t v = 0;
    for (int s = 0; s < SAMPLE_CHUNK_SLOTS; s++)
        for (int cell = 0; cell < SAMPLE_CELLS; cell++) {
            const int slot = chunk * SAMPLE_CHUNK_SLOTS + s;
            const bool is_day = slot < SAMPLE_SLOTS;
            if (pass != SIZE_MAX && (!is_day || !is_in_pass(work, pass, slot, cell / SAMPLE_LONS)))
                continue;
            means[v] = is_day ? mean_of(target, slot, cell) : NAN;
            counts[v++] = is_day ? count_of(target, slot, cell) : 0;
        }
    return field ? (const void *)counts : means;
}

static inline struct cn_encoded encode(const void *values, size_t field)
{
    static float filled[CHUNK_VALUES];
    const float *means = values;
    if (field)
        return sample_encode(values, CHUNK_VALUES, sizeof(int16_t), 1);
    for (size_t v = 0; v < CHUNK_VALUES; v++)
        filled[v] = isnan(means[v]) ? 1e20F : means[v];
    return sample_encode(filled, CHUNK_VALUES, sizeof *filled, 1);
}

/* Returns the encoded chunk, which is whole with the pass; it may be of values that were kept. */
static inline struct cn_encoded encode_whole(struct work *work, struct cn_output_file *file,
                                             size_t target, size_t pass, int chunk, size_t field)
{
    static float kept[CHUNK_VALUES];
    struct cn_error error = {.text = ""};
    const void *whole = values_of(work, target, SIZE_MAX, chunk, field);
    if (work->pass_count > 1 && !is_whole_alone(work, pass, chunk)) {
        memset(kept, 0x55, sizeof kept);
        if (cn_output_kept_values(file, target, (size_t)chunk, field, kept, &error))
            fail_msg("%s", error.text);
        if (!work->is_stale)
            assert_memory_equal(kept, whole, CHUNK_VALUES * (field ? 2 : 4));
        whole = kept;
    }
    return encode(whole, field);
}

/* Does what a pass has to do of a target. Returns the outcome of the put, or STOPPED. */
static inline int make_share(struct work *work, struct cn_output_file *file, size_t target,
                             size_t pass)
{
    const bool is_made = !work->not_made[target][pass];
    struct cn_encoded chunks[SAMPLE_CHUNKS * FIELDS];
    uint64_t hashes[SAMPLE_CHUNKS * FIELDS];
    struct cn_error error = {.text = ""};
    struct cn_put put = {.target = target,
                         .pass = pass,
                         .years_used = is_made ? work->sample->used : NULL,
                         .chunks = chunks,
                         .hashes = hashes};
    size_t count = 0;
    enum cn_put_outcome outcome = CN_PUT_MORE;
    bool goes_on = true;
    for (int k = 0; k < SAMPLE_CHUNKS && is_made; k++) {
        if (!rows_in_pass(work, pass, k))
            continue;
        const bool is_whole = is_last_of(work, pass, k);
        if (is_whole && !put.chunk_count++)
            put.first_chunk = (size_t)k;
        for (size_t f = 0; f < work->fields && goes_on; f++) {
            if (work->pass_count > 1 && !is_whole_alone(work, pass, k))
                goes_on = may_call(work) &&
                          has_succeeded(work,
                                        cn_output_keep_values(file, target, pass, (size_t)k, f,
                                                              values_of(work, target, pass, k, f),
                                                              &error),
                                        &error);
            if (!is_whole || !goes_on)
                continue;
            struct cn_encoded *chunk = &chunks[count];
            *chunk = encode_whole(work, file, target, pass, k, f);
            hashes[count] = cn_content_hash(chunk->bytes, chunk->size);
            count++;
            if (work->pass_count < 2 || !work->keeps_chunks)
                continue;
            goes_on =
                may_call(work) &&
                has_succeeded(work,
                              cn_output_keep_chunk(file, target, pass, (size_t)k, f, chunk->bytes,
                                                   chunk->size, hashes[count - 1], &error),
                              &error);
            free((void *)chunk->bytes);
            chunk->bytes = NULL;
        }
    }
    goes_on = goes_on && may_call(work);
    goes_on = goes_on && has_succeeded(work, cn_output_put(file, &put, &outcome, &error), &error);
    work->is_put[target][pass] |= goes_on;
    for (size_t k = 0; k < count && work->pass_count > 1; k++)
        free((void *)chunks[k].bytes); /* of one pass they wait */
    return goes_on ? (int)outcome : STOPPED;
}

/* Makes all passes that are not done. The targets of a pass come in another order each time. */
static inline int make_passes(struct work *work, struct cn_output_file *file)
{
    int outcome = CN_PUT_MORE;
    for (size_t p = work->sample->file.passes_done; p < work->pass_count; p++)
        for (size_t k = 0; k < work->target_count && outcome == CN_PUT_MORE; k++)
            outcome = make_share(work, file, (k + p) % work->target_count, p);
    return outcome;
}

static inline struct cn_output_file *begin(struct work *work, const char *path)
{
    setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
    work->sample->file.path = path;
    struct cn_output_file *file = cn_output_new(&work->sample->file, &work->sample->skeleton);
    assert_non_null(file);
    return file;
}

static inline void finish(struct work *work, struct cn_output_file *file)
{
    char temporary[4096];
    struct cn_error error = {.text = ""};
    if (cn_output_finish(file, temporary, sizeof temporary, &error))
        fail_msg("%s", error.text);
    cn_output_free(file);
    if (cn_temporary_publish(work->sample->file.path, temporary, &error))
        fail_msg("%s", error.text);
}

/* Makes the file in one pass. */
static inline void make_reference(struct work *work, const char *path)
{
    const size_t passes = work->pass_count;
    struct cn_encoded chunks[MOST_TARGETS][SAMPLE_CHUNKS * FIELDS];
    uint64_t hashes[SAMPLE_CHUNKS * FIELDS];
    struct cn_error error;
    enum cn_put_outcome outcome = CN_PUT_MORE;
    work->pass_count = work->sample->file.pass_count = 0;
    struct cn_output_file *file = begin(work, path);
    for (size_t t = 0; t < work->target_count; t++) {
        for (size_t k = 0; k < SAMPLE_CHUNKS * work->fields; k++) {
            chunks[t][k] =
                encode(values_of(work, t, SIZE_MAX, (int)(k / work->fields), k % work->fields),
                       k % work->fields);
            hashes[k] = cn_content_hash(chunks[t][k].bytes, chunks[t][k].size);
        }
        const struct cn_put put = {.target = t,
                                   .years_used = work->not_made[t][0] ? NULL : work->sample->used,
                                   .chunk_count = SAMPLE_CHUNKS,
                                   .chunks = chunks[t],
                                   .hashes = hashes};
        assert_int_equal(cn_output_put(file, &put, &outcome, &error), CN_OK);
    }
    assert_int_equal(outcome, CN_PUT_COMPLETE);
    finish(work, file);
    for (size_t t = 0; t < work->target_count; t++)
        for (size_t k = 0; k < SAMPLE_CHUNKS * work->fields; k++)
            free((void *)chunks[t][k].bytes);
    work->pass_count = work->sample->file.pass_count = passes;
}

#endif
