/*
 * Loading: the bodies of open, decode and seal. A file that cannot be read costs its source years,
 * not the run.
 */
#include "engine/engine.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    DECODE_BYTES = 16 << 20,  /* raw bytes of a decode task: some 5 chunks of NEX-GDDP, 8 ms */
    LARGE_SCRATCH = 64 << 20, /* of a thread: what is more counts in the budget */
};

static const struct cn_source_year *year_of(const struct cn_engine *engine, size_t load, size_t k)
{
    return &engine->variable->variable->years[engine->variable->loads[load].years[k]];
}

/* The hull of what the load's years need of `file`; false: nothing. */
static bool stretch_of(const struct cn_engine *engine, size_t load, const struct cn_file *file,
                       size_t *first, size_t *end)
{
    *first = SIZE_MAX;
    *end = 0;
    for (size_t k = 0; k < engine->variable->loads[load].year_count; k++) {
        const struct cn_source_year *year = year_of(engine, load, k);
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

static enum cn_status plan_reads(struct cn_engine *engine, size_t load, struct cn_error *error)
{
    struct cn_load_state *state = &engine->loads[load];
    size_t years = engine->variable->loads[load].year_count, parts = 0;
    for (size_t k = 0; k < years; k++)
        parts += year_of(engine, load, k)->part_count;
    state->reads = cn_pool_alloc(engine->pool, parts, sizeof *state->reads);
    state->failed = cn_pool_alloc(engine->pool, parts, sizeof *state->failed);
    state->slots = cn_pool_alloc(engine->pool, years, sizeof *state->slots);
    state->slot_count = years;
    if (!state->reads || !state->failed || !state->slots)
        return cn_fail_memory(error, "the loads of a variable");
    for (size_t k = 0; k < years; k++) {
        const struct cn_source_year *year = year_of(engine, load, k);
        state->slots[k] = engine->variable->slot_of_year[engine->variable->loads[load].years[k]];
        for (size_t p = 0; p < year->part_count; p++) {
            const struct cn_file *file = year->parts[p].file;
            size_t first, end;
            if (has_read(state, file) || !stretch_of(engine, load, file, &first, &end))
                continue;
            enum cn_status status =
                cn_reader_plan(&state->reads[state->read_count], file, &engine->variable->layout,
                               engine->kernels, first, end - first, error);
            state->read_count++;
            if (status)
                return status;
        }
    }
    return CN_OK;
}

/* Units of one decode task. */
static size_t units_together(const struct cn_reader *read)
{
    return read->unit_bytes < DECODE_BYTES ? DECODE_BYTES / read->unit_bytes : 1;
}

static enum cn_status plan_decodes(struct cn_engine *engine, size_t load, struct cn_error *error)
{
    struct cn_load_state *state = &engine->loads[load];
    size_t capacity = 0;
    for (size_t r = 0; r < state->read_count; r++) {
        size_t together = units_together(&state->reads[r]);
        for (size_t unit = 0; unit < state->reads[r].unit_count; unit += together) {
            size_t left = state->reads[r].unit_count - unit;
            state->decodes = cn_pool_grow(engine->pool, state->decodes, state->decode_count,
                                          &capacity, sizeof *state->decodes);
            if (!state->decodes)
                return cn_fail_memory(error, "the loads of a variable");
            state->decodes[state->decode_count++] = (struct cn_decode){
                .read = r, .first_unit = unit, .unit_count = left < together ? left : together};
        }
    }
    return CN_OK;
}

enum cn_status cn_loads_prepare(struct cn_engine *engine, struct cn_error *error)
{
    enum cn_status status = CN_OK;
    engine->loads =
        cn_pool_alloc(engine->pool, engine->variable->load_count, sizeof *engine->loads);
    if (!engine->loads)
        return cn_fail_memory(error, "the loads of a variable");
    for (size_t l = 0; l < engine->variable->load_count && !status; l++) {
        status = plan_reads(engine, l, error);
        if (!status)
            status = plan_decodes(engine, l, error);
    }
    return status;
}

void cn_loads_free(struct cn_engine *engine)
{
    for (size_t l = 0; engine->loads && l < engine->variable->load_count; l++)
        for (size_t r = 0; r < engine->loads[l].read_count; r++)
            cn_reader_free(&engine->loads[l].reads[r]);
}

/* A read went wrong: its source years are lost, which is said once. */
static void drop_source_years(struct cn_engine *engine, size_t load, size_t read,
                              const struct cn_error *error)
{
    struct cn_load_state *state = &engine->loads[load];
    if (error->status == CN_BAD_MACHINE) {
        cn_engine_abort(engine, error);
        return;
    }
    if (atomic_exchange(&state->failed[read], true))
        return;
    char text[sizeof error->text + 200];
    int length = snprintf(text, sizeof text, "%s; left out:", error->text);
    for (size_t k = 0; k < engine->variable->loads[load].year_count; k++) {
        const struct cn_source_year *year = year_of(engine, load, k);
        for (size_t p = 0; p < year->part_count; p++) {
            if (year->parts[p].file != state->reads[read].file)
                continue;
            atomic_store(&engine->year_dropped[engine->variable->loads[load].years[k]], true);
            if (length > 0 && (size_t)length < sizeof text)
                length += snprintf(text + length, sizeof text - (size_t)length, " %d", year->year);
            break;
        }
    }
    cn_engine_report(engine, text);
}

static const struct cn_reader *read_of(const struct cn_load_state *state,
                                       const struct cn_file *file)
{
    const struct cn_reader *read = state->reads;
    while (read->file != file)
        read++;
    return read;
}

/* The day slot of an instant; -1: the leap-day rule leaves it out. */
static int slot_of(const struct cn_engine *engine, const struct cn_file *file, size_t t)
{
    int slot = cn_slot(file->calendar, engine->plan->config->normals.leap_day,
                       cn_day_date(file->calendar, file->days[t]));
    return slot < engine->variable->slots ? slot : -1;
}

/* Says where each day of a year goes. */
static void place_days(struct cn_engine *engine, size_t load, size_t k)
{
    const struct cn_source_year *year = year_of(engine, load, k);
    struct cn_load_state *state = &engine->loads[load];
    float *slab = cn_arena_slab(engine->arena, engine->variable, state->slots[k]);
    for (size_t p = 0; p < year->part_count; p++) {
        const struct cn_part *part = &year->parts[p];
        const struct cn_reader *read = read_of(state, part->file);
        for (size_t t = part->first; t < part->first + part->count; t++) {
            int slot = slot_of(engine, part->file, t);
            float **row = &read->rows[t - read->first];
            if (slot >= 0 && !*row) /* else another year has this day too: finish_year */
                *row = slab + (size_t)slot * engine->variable->layout.row_cells;
        }
    }
}

/* What decoding leaves to do. Day slots that no file holds become missing: not when opening, which
 * the next load waits for. Days of a file that belong to several source years, because several
 * scenarios begin in the middle of it, were decoded into the first year, and go to the others from
 * there. */
static void finish_year(struct cn_engine *engine, size_t load, size_t k)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_source_year *year = year_of(engine, load, k);
    const struct cn_load_state *state = &engine->loads[load];
    size_t row_cells = variable->layout.row_cells;
    float *slab = cn_arena_slab(engine->arena, variable, state->slots[k]);
    bool held[400] = {false};
    for (size_t p = 0; p < year->part_count; p++) {
        const struct cn_part *part = &year->parts[p];
        const struct cn_reader *read = read_of(state, part->file);
        for (size_t t = part->first; t < part->first + part->count; t++) {
            int slot = slot_of(engine, part->file, t);
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

void cn_load_open(struct cn_engine *engine, size_t load)
{
    struct cn_load_state *state = &engine->loads[load];
    if (!cn_engine_is_running(engine))
        return;
    uint64_t never = 0;
    atomic_compare_exchange_strong(&engine->load_first_ns, &never, cn_now_ns());
    for (size_t k = 0; k < engine->variable->loads[load].year_count; k++) {
        place_days(engine, load, k);
        if (engine->slot_used[state->slots[k]])
            continue;
        state->first_use = engine->slot_used[state->slots[k]] = true;
        cn_count(&engine->counters->arena_used, engine->variable->slab_bytes);
    }
    for (size_t r = 0; r < state->read_count; r++) {
        struct cn_error error;
        if (cn_reader_open(&state->reads[r], &error)) {
            drop_source_years(engine, load, r, &error);
            continue;
        }
        atomic_store(&engine->file_read[state->reads[r].file - engine->plan->catalog->files], true);
    }
    cn_readahead_take(engine, load);
}

/* The share of the slabs that this task fills, nearly. */
static void touch_share(struct cn_engine *engine, const struct cn_load_state *state, size_t decode)
{
    size_t bytes = engine->variable->slab_bytes;
    size_t first = bytes / state->decode_count * decode;
    size_t end = decode + 1 < state->decode_count ? first + bytes / state->decode_count : bytes;
    for (size_t k = 0; k < state->slot_count; k++)
        cn_arena_touch((char *)cn_arena_slab(engine->arena, engine->variable, state->slots[k]) +
                           first,
                       end - first);
}

static void decode(struct cn_engine *engine, size_t load, size_t index,
                   const struct cn_prefetched *ahead)
{
    struct cn_load_state *state = &engine->loads[load];
    const struct cn_decode *work = &state->decodes[index];
    struct cn_error error;
    struct cn_thread_state *worker = cn_engine_thread(engine);
    uint64_t before = worker->scratch.bytes_read;
    if (state->first_use)
        touch_share(engine, state, index);
    worker->scratch.prefetched = ahead;
    if (cn_reader_decode(&state->reads[work->read], work->first_unit, work->unit_count,
                         &worker->scratch, &error))
        drop_source_years(engine, load, work->read, &error);
    worker->scratch.prefetched = NULL;
    size_t line = (size_t)(worker - engine->workers) % CN_COUNTER_LINES;
    cn_count(&engine->counters->bytes_read[line], worker->scratch.bytes_read - before);
    worker->load_last_ns = cn_now_ns();
}

static bool is_wanted(struct cn_engine *engine, struct cn_load_state *state,
                      const struct cn_decode *work)
{
    return cn_engine_is_running(engine) &&
           !atomic_load_explicit(&state->failed[work->read], memory_order_relaxed);
}

/* Chunks may be of 2 GiB, and threads many: large ones wait for each other, and leave nothing. */
static void decode_in_turn(struct cn_engine *engine, size_t load, size_t index,
                           const struct cn_prefetched *ahead)
{
    struct cn_load_state *state = &engine->loads[load];
    const struct cn_decode *work = &state->decodes[index];
    const uint64_t bytes =
        cn_reader_scratch_bytes(&state->reads[work->read], work->first_unit, work->unit_count);
    if (bytes <= LARGE_SCRATCH) {
        decode(engine, load, index, ahead);
        return;
    }
    cn_budget_take(&engine->scratch, bytes);
    if (is_wanted(engine, state, work))
        decode(engine, load, index, ahead);
    cn_scratch_empty(cn_engine_scratch(engine));
    cn_budget_give(&engine->scratch, bytes);
}

void cn_load_decode(struct cn_engine *engine, size_t load, size_t index)
{
    struct cn_load_state *state = &engine->loads[load];
    struct cn_decode *work = &state->decodes[index];
    const struct cn_prefetched *ahead = cn_readahead_claim(engine, work);
    if (is_wanted(engine, state, work))
        decode_in_turn(engine, load, index, ahead);
    cn_readahead_release(engine, work);
}

void cn_load_seal(struct cn_engine *engine, size_t load)
{
    struct cn_load_state *state = &engine->loads[load];
    for (size_t r = 0; r < state->read_count; r++) {
        struct cn_error error;
        if (cn_reader_close(&state->reads[r], &error) && cn_engine_is_running(engine))
            drop_source_years(engine, load, r, &error);
    }
    for (size_t k = 0; k < engine->variable->loads[load].year_count && cn_engine_is_running(engine);
         k++) {
        bool year_dropped =
            atomic_load(&engine->year_dropped[engine->variable->loads[load].years[k]]);
        if (!year_dropped)
            finish_year(engine, load, k);
        cn_count(year_dropped ? &engine->counters->years_failed : &engine->counters->years_read, 1);
    }
}
