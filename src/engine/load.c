/*
 * Loading: the bodies of open, decode and seal. A file that cannot be read costs its source years,
 * not the run.
 */
#include "engine/job.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    DECODE_BYTES = 16 << 20,  /* raw bytes of a decode task: some 5 chunks of NEX-GDDP, 8 ms */
    LARGE_SCRATCH = 64 << 20, /* of a thread: what is more counts in the budget */
};

static const struct cn_source_year *year_of(const struct cn_job *job, size_t load, size_t k)
{
    return &job->variable->variable->years[job->variable->loads[load].years[k]];
}

/* The hull of what the load's years need of `file`; false: nothing. */
static bool stretch_of(const struct cn_job *job, size_t load, const struct cn_file *file,
                       size_t *first, size_t *end)
{
    *first = SIZE_MAX;
    *end = 0;
    for (size_t k = 0; k < job->variable->loads[load].year_count; k++) {
        const struct cn_source_year *year = year_of(job, load, k);
        for (size_t p = 0; p < year->part_count; p++) {
            const struct cn_part *part = &year->parts[p];
            if (part->file != file)
                continue;
            *first = part->first < *first ? part->first : *first;
            *end = part->first + part->count > *end ? part->first + part->count : *end;
        }
    }
    return *end > *first;
}

static bool has_read(const struct cn_load_state *state, const struct cn_file *file)
{
    for (size_t r = 0; r < state->read_count; r++)
        if (state->reads[r].file == file)
            return true;
    return false;
}

static enum cn_status plan_reads(struct cn_job *job, size_t load, struct cn_error *error)
{
    struct cn_load_state *state = &job->loads[load];
    size_t years = job->variable->loads[load].year_count, parts = 0;
    for (size_t k = 0; k < years; k++)
        parts += year_of(job, load, k)->part_count;
    state->reads = cn_pool_alloc(job->pool, parts, sizeof *state->reads);
    state->failed = cn_pool_alloc(job->pool, parts, sizeof *state->failed);
    state->slots = cn_pool_alloc(job->pool, years, sizeof *state->slots);
    state->slot_count = years;
    if (!state->reads || !state->failed || !state->slots)
        return cn_fail_memory(error, "the loads of a variable");
    for (size_t k = 0; k < years; k++) {
        const struct cn_source_year *year = year_of(job, load, k);
        state->slots[k] = job->variable->slot_of_year[job->variable->loads[load].years[k]];
        for (size_t p = 0; p < year->part_count; p++) {
            const struct cn_file *file = year->parts[p].file;
            size_t first, end;
            if (has_read(state, file) || !stretch_of(job, load, file, &first, &end))
                continue;
            enum cn_status status =
                cn_read_plan(&state->reads[state->read_count], file, &job->variable->layout,
                             job->kernels, first, end - first, error);
            state->read_count++;
            if (status)
                return status;
        }
    }
    return CN_OK;
}

/* Units of one decode task. */
static size_t units_together(const struct cn_read *read)
{
    if (!read->parallel)
        return 1; /* a block */
    return read->unit_bytes < DECODE_BYTES ? DECODE_BYTES / read->unit_bytes : 1;
}

static enum cn_status plan_decodes(struct cn_job *job, size_t load, struct cn_error *error)
{
    struct cn_load_state *state = &job->loads[load];
    size_t capacity = 0;
    for (size_t r = 0; r < state->read_count; r++) {
        size_t together = units_together(&state->reads[r]);
        for (size_t unit = 0; unit < state->reads[r].unit_count; unit += together) {
            size_t left = state->reads[r].unit_count - unit;
            state->decodes = cn_pool_grow(job->pool, state->decodes, state->decode_count, &capacity,
                                          sizeof *state->decodes);
            if (!state->decodes)
                return cn_fail_memory(error, "the loads of a variable");
            state->decodes[state->decode_count++] = (struct cn_decode){
                .read = r, .first_unit = unit, .unit_count = left < together ? left : together};
        }
    }
    return CN_OK;
}

enum cn_status cn_loads_prepare(struct cn_job *job, struct cn_error *error)
{
    enum cn_status status = CN_OK;
    job->loads = cn_pool_alloc(job->pool, job->variable->load_count, sizeof *job->loads);
    if (!job->loads)
        return cn_fail_memory(error, "the loads of a variable");
    for (size_t l = 0; l < job->variable->load_count && !status; l++) {
        status = plan_reads(job, l, error);
        if (!status)
            status = plan_decodes(job, l, error);
    }
    return status;
}

void cn_loads_free(struct cn_job *job)
{
    for (size_t l = 0; job->loads && l < job->variable->load_count; l++)
        for (size_t r = 0; r < job->loads[l].read_count; r++)
            cn_read_free(&job->loads[l].reads[r]);
}

/* A read went wrong: its source years are lost, which is said once. */
static void lose(struct cn_job *job, size_t load, size_t read, const struct cn_error *error)
{
    struct cn_load_state *state = &job->loads[load];
    if (error->status == CN_BAD_MACHINE) {
        cn_job_abort(job, error);
        return;
    }
    if (atomic_exchange(&state->failed[read], true))
        return;
    char text[sizeof error->text + 200];
    int length = snprintf(text, sizeof text, "%s; left out:", error->text);
    for (size_t k = 0; k < job->variable->loads[load].year_count; k++) {
        const struct cn_source_year *year = year_of(job, load, k);
        for (size_t p = 0; p < year->part_count; p++) {
            if (year->parts[p].file != state->reads[read].file)
                continue;
            atomic_store(&job->lost[job->variable->loads[load].years[k]], true);
            if (length > 0 && (size_t)length < sizeof text)
                length += snprintf(text + length, sizeof text - (size_t)length, " %d", year->year);
            break;
        }
    }
    cn_job_report(job, text);
}

static const struct cn_read *read_of(const struct cn_load_state *state, const struct cn_file *file)
{
    const struct cn_read *read = state->reads;
    while (read->file != file)
        read++;
    return read;
}

/* The day slot of an instant; -1: the leap-day rule leaves it out. */
static int slot_of(const struct cn_job *job, const struct cn_file *file, size_t t)
{
    int slot = cn_slot(file->calendar, job->plan->config->normals.leap_day,
                       cn_day_date(file->calendar, file->days[t]));
    return slot < job->variable->slots ? slot : -1;
}

/* Says where each day of a year goes. */
static void place_days(struct cn_job *job, size_t load, size_t k)
{
    const struct cn_source_year *year = year_of(job, load, k);
    struct cn_load_state *state = &job->loads[load];
    float *slab = cn_arena_slab(job->arena, job->variable, state->slots[k]);
    for (size_t p = 0; p < year->part_count; p++) {
        const struct cn_part *part = &year->parts[p];
        const struct cn_read *read = read_of(state, part->file);
        for (size_t t = part->first; t < part->first + part->count; t++) {
            int slot = slot_of(job, part->file, t);
            float **row = &read->rows[t - read->first];
            if (slot >= 0 && !*row) /* else another year has this day too: finish_year */
                *row = slab + (size_t)slot * job->variable->layout.row_cells;
        }
    }
}

/* What decoding leaves to do. Day slots that no file holds become missing: not when opening, which
 * the next load waits for. Days of a file that belong to several source years, because several
 * scenarios begin in the middle of it, were decoded into the first year, and go to the others from
 * there. */
static void finish_year(struct cn_job *job, size_t load, size_t k)
{
    const struct cn_variable_plan *variable = job->variable;
    const struct cn_source_year *year = year_of(job, load, k);
    const struct cn_load_state *state = &job->loads[load];
    size_t row_cells = variable->layout.row_cells;
    float *slab = cn_arena_slab(job->arena, variable, state->slots[k]);
    bool held[400] = {false};
    for (size_t p = 0; p < year->part_count; p++) {
        const struct cn_part *part = &year->parts[p];
        const struct cn_read *read = read_of(state, part->file);
        for (size_t t = part->first; t < part->first + part->count; t++) {
            int slot = slot_of(job, part->file, t);
            const float *row = read->rows[t - read->first];
            if (slot < 0)
                continue;
            held[slot] = true;
            if (row && row != slab + (size_t)slot * row_cells)
                memcpy(slab + (size_t)slot * row_cells, row, row_cells * sizeof *row);
        }
    }
    for (int slot = 0; slot < variable->slots; slot++)
        for (size_t c = 0; !held[slot] && c < row_cells; c++)
            slab[(size_t)slot * row_cells + c] = NAN;
}

void cn_load_open(struct cn_job *job, size_t load)
{
    struct cn_load_state *state = &job->loads[load];
    if (!cn_job_goes_on(job))
        return;
    uint64_t never = 0;
    atomic_compare_exchange_strong(&job->load_first_ns, &never, cn_now_ns());
    for (size_t k = 0; k < job->variable->loads[load].year_count; k++) {
        place_days(job, load, k);
        if (job->touched[state->slots[k]])
            continue;
        state->fresh = job->touched[state->slots[k]] = true;
        cn_count(&job->counters->arena_used, job->variable->slab_bytes);
    }
    for (size_t r = 0; r < state->read_count; r++) {
        struct cn_error error;
        if (cn_read_open(&state->reads[r], &error)) {
            lose(job, load, r, &error);
            continue;
        }
        atomic_store(&job->file_read[state->reads[r].file - job->plan->catalog->files], true);
    }
    cn_readahead_take(job, load);
}

/* The share of the slabs that this task fills, nearly. */
static void touch_share(struct cn_job *job, const struct cn_load_state *state, size_t decode)
{
    size_t bytes = job->variable->slab_bytes;
    size_t first = bytes / state->decode_count * decode;
    size_t end = decode + 1 < state->decode_count ? first + bytes / state->decode_count : bytes;
    for (size_t k = 0; k < state->slot_count; k++)
        cn_arena_touch((char *)cn_arena_slab(job->arena, job->variable, state->slots[k]) + first,
                       end - first);
}

static void decode(struct cn_job *job, size_t load, size_t index,
                   const struct cn_bytes_ahead *ahead)
{
    struct cn_load_state *state = &job->loads[load];
    const struct cn_decode *work = &state->decodes[index];
    struct cn_error error;
    struct cn_worker *worker = cn_job_worker(job);
    uint64_t before = worker->scratch.bytes_read;
    if (state->fresh)
        touch_share(job, state, index);
    worker->scratch.ahead = ahead;
    if (cn_read_units(&state->reads[work->read], work->first_unit, work->unit_count,
                      &worker->scratch, &error))
        lose(job, load, work->read, &error);
    worker->scratch.ahead = NULL;
    size_t line = (size_t)(worker - job->workers) % CN_COUNTER_LINES;
    cn_count(&job->counters->bytes_read[line], worker->scratch.bytes_read - before);
    worker->load_last_ns = cn_now_ns();
}

static bool is_wanted(struct cn_job *job, struct cn_load_state *state, const struct cn_decode *work)
{
    return cn_job_goes_on(job) &&
           !atomic_load_explicit(&state->failed[work->read], memory_order_relaxed);
}

/* Chunks may be of 2 GiB, and threads many: large ones wait for each other, and leave nothing. */
static void decode_in_turn(struct cn_job *job, size_t load, size_t index,
                           const struct cn_bytes_ahead *ahead)
{
    struct cn_load_state *state = &job->loads[load];
    const struct cn_decode *work = &state->decodes[index];
    const uint64_t bytes =
        cn_read_scratch(&state->reads[work->read], work->first_unit, work->unit_count);
    if (bytes <= LARGE_SCRATCH) {
        decode(job, load, index, ahead);
        return;
    }
    cn_budget_take(&job->scratch, bytes);
    if (is_wanted(job, state, work))
        decode(job, load, index, ahead);
    cn_scratch_empty(cn_job_scratch(job));
    cn_budget_give(&job->scratch, bytes);
}

void cn_load_decode(struct cn_job *job, size_t load, size_t index)
{
    struct cn_load_state *state = &job->loads[load];
    struct cn_decode *work = &state->decodes[index];
    const struct cn_bytes_ahead *ahead = cn_readahead_claim(job, work);
    if (is_wanted(job, state, work))
        decode_in_turn(job, load, index, ahead);
    cn_readahead_release(job, work);
}

void cn_load_seal(struct cn_job *job, size_t load)
{
    struct cn_load_state *state = &job->loads[load];
    for (size_t r = 0; r < state->read_count; r++) {
        struct cn_error error;
        if (cn_read_close(&state->reads[r], &error) && cn_job_goes_on(job))
            lose(job, load, r, &error);
    }
    for (size_t k = 0; k < job->variable->loads[load].year_count && cn_job_goes_on(job); k++) {
        bool lost = atomic_load(&job->lost[job->variable->loads[load].years[k]]);
        if (!lost)
            finish_year(job, load, k);
        cn_count(lost ? &job->counters->years_failed : &job->counters->years_read, 1);
    }
}
