/*
 * Loading: the bodies of open, decode and seal.
 */
#include "engine/load.h"

#include "base/error.h"
#include "base/pool.h"
#include "engine/damage.h"
#include "engine/encode.h"
#include "engine/implausible.h"
#include "plan/stretch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    DECODE_BYTES = 16 << 20, /* raw, of a decode task: 5 chunks of NEX-GDDP, which take 8 ms */
    LOADS_AHEAD = 4,         /* under way at once: a load has tasks for this share of all threads */
    LARGE_SCRATCH = 64 << 20, /* bytes of a thread's scratch; decodes above it share a budget */
};

static const struct cn_pass *pass_of(const struct cn_engine *engine, size_t load)
{
    return &engine->variable->passes[engine->variable->loads[load].pass];
}

static const struct cn_source_year *year_of(const struct cn_engine *engine, size_t load, size_t k)
{
    return &engine->variable->variable->years[engine->variable->loads[load].years[k]];
}

/* The reader of a file; NULL: there is none yet. */
static struct cn_reader *find_reader(const struct cn_load_state *state, const struct cn_file *file)
{
    for (size_t r = 0; r < state->reader_count; r++)
        if (state->readers[r].file == file)
            return &state->readers[r];
    return NULL;
}

/* The index of a file; NULL: out of memory. */
static struct cn_file_index *index_of(const struct cn_engine *engine, const struct cn_file *file)
{
    struct cn_load_indexes *indexes = engine->indexes;
    struct cn_file_index **item = &indexes->items[file - engine->plan->catalog->files];
    if (!*item) {
        *item = cn_pool_alloc(engine->pool, 1, sizeof **item);
        if (*item)
            cn_file_index_init(*item, file, &engine->variable->layout, &indexes->budget);
    }
    return *item;
}

/* The reader of a file; made where there is none yet. It takes so many instants, from first on. */
static void extend_reader(struct cn_load_state *state, const struct cn_file *file, size_t first,
                          size_t count)
{
    struct cn_reader *reader = find_reader(state, file);
    if (!reader) {
        reader = &state->readers[state->reader_count++];
        *reader = (struct cn_reader){.file = file, .first = first};
    }
    const size_t end = first + count, old_end = reader->first + reader->count;
    reader->first = first < reader->first ? first : reader->first;
    reader->count = (end > old_end ? end : old_end) - reader->first;
}

/* The instants of a part that the load's pass needs. */
static size_t instants_of(const struct cn_engine *engine, size_t load,
                          const struct cn_source_year *year, const struct cn_part *part,
                          struct cn_instant_run runs[2])
{
    return cn_stretch_instants(engine->variable, engine->plan->config->normals.leap_day,
                               &pass_of(engine, load)->held[CN_DAY], year, part, runs);
}

/* Makes a reader for each file of a load, of the instants from the first to the last needed. */
static enum cn_status plan_readers(const struct cn_engine *engine, size_t load,
                                   struct cn_error *error)
{
    struct cn_load_state *state = &engine->loads[load];
    const struct cn_pass *pass = pass_of(engine, load);
    size_t years = engine->variable->loads[load].year_count, parts = 0;
    for (size_t k = 0; k < years; k++)
        parts += year_of(engine, load, k)->part_count;
    state->readers = cn_pool_alloc(engine->pool, parts, sizeof *state->readers);
    state->slots = cn_pool_alloc(engine->pool, years, sizeof *state->slots);
    state->rows =
        cn_pool_alloc(engine->pool, years * pass->held[CN_DAY].count, sizeof *state->rows);
    state->slot_count = years;
    if (!state->readers || !state->slots || !state->rows)
        return cn_fail_memory(error, "source years");
    for (size_t k = 0; k < years; k++) {
        const struct cn_source_year *year = year_of(engine, load, k);
        state->slots[k] = pass->slot_of_year[engine->variable->loads[load].years[k]];
        for (size_t p = 0; p < year->part_count; p++) {
            struct cn_instant_run runs[2];
            const size_t count = instants_of(engine, load, year, &year->parts[p], runs);
            for (size_t r = 0; r < count; r++)
                extend_reader(state, year->parts[p].file, runs[r].first, runs[r].count);
        }
    }
    enum cn_status status = CN_OK;
    for (size_t r = 0; r < state->reader_count && !status; r++) {
        struct cn_reader *reader = &state->readers[r];
        struct cn_file_index *index = index_of(engine, reader->file);
        if (!index)
            return cn_fail_memory(error, "source years");
        status = cn_reader_plan(reader, index, &pass->layout, engine->kernels, reader->first,
                                reader->count, error);
        if (!status && engine->implausible->tallies)
            status = cn_reader_watch_values(reader, &engine->implausible->check.shared, error);
    }
    return status;
}

/* The units of one decode task, an even number if it can be: two are inflated at once. A pass of
 * few days needs smaller ones, for all threads to get some. */
static size_t units_per_decode(const struct cn_engine *engine, const struct cn_reader *reader)
{
    const size_t most = reader->unit_bytes < DECODE_BYTES ? DECODE_BYTES / reader->unit_bytes : 1;
    const size_t share = reader->unit_count * LOADS_AHEAD / (size_t)engine->threads;
    const size_t units = most < share ? most : share ? share : 1;
    return units % 2 && units < share ? units + 1 : units;
}

static enum cn_status plan_decodes(const struct cn_engine *engine, size_t load,
                                   struct cn_error *error)
{
    struct cn_load_state *state = &engine->loads[load];
    size_t capacity = 0;
    for (size_t r = 0; r < state->reader_count; r++) {
        struct cn_reader *reader = &state->readers[r];
        size_t most = units_per_decode(engine, reader);
        for (size_t unit = 0; unit < reader->unit_count; unit += most) {
            size_t left = reader->unit_count - unit;
            state->decodes = cn_pool_grow(engine->pool, state->decodes, state->decode_count,
                                          &capacity, sizeof *state->decodes);
            if (!state->decodes)
                return cn_fail_memory(error, "source years");
            state->decodes[state->decode_count++] =
                (struct cn_decode){.reader = reader,
                                   .load = load,
                                   .first_unit = unit,
                                   .unit_count = left < most ? left : most};
        }
    }
    return CN_OK;
}

static struct cn_load_indexes *make_indexes(const struct cn_engine *engine)
{
    struct cn_load_indexes *indexes = cn_pool_alloc(engine->pool, 1, sizeof *indexes);
    if (!indexes)
        return NULL;
    indexes->budget = (struct cn_index_budget){CN_INDEX_LOCATION_BYTES, CN_INDEX_MARK_BYTES};
    indexes->items = cn_pool_alloc(engine->pool, engine->plan->catalog->file_count,
                                   sizeof(struct cn_file_index *));
    return indexes->items ? indexes : NULL;
}

enum cn_status cn_loads_prepare(struct cn_engine *engine, struct cn_error *error)
{
    enum cn_status status = CN_OK;
    engine->indexes = make_indexes(engine);
    engine->loads =
        cn_pool_alloc(engine->pool, engine->variable->load_count, sizeof *engine->loads);
    if (!engine->indexes || !engine->loads)
        return cn_fail_memory(error, "source years");
    for (size_t l = 0; l < engine->variable->load_count && !status; l++) {
        status = plan_readers(engine, l, error);
        if (!status)
            status = plan_decodes(engine, l, error);
    }
    return status;
}

void cn_loads_free(struct cn_engine *engine)
{
    for (size_t l = 0; engine->loads && l < engine->variable->load_count; l++)
        for (size_t r = 0; r < engine->loads[l].reader_count; r++)
            cn_reader_free(&engine->loads[l].readers[r]);
    for (size_t f = 0; engine->indexes && f < engine->plan->catalog->file_count; f++)
        if (engine->indexes->items[f])
            cn_file_index_free(engine->indexes->items[f]);
}

/* The day slot of an instant; -1: the leap-day rule leaves it out. */
static int slot_of(const struct cn_engine *engine, const struct cn_file *file, size_t t)
{
    int slot = cn_slot(file->calendar, engine->plan->config->normals.leap_day,
                       cn_day_date(file->calendar, file->days[t]));
    return slot < engine->variable->slots ? slot : -1;
}

/* The rows of the k-th year of a load, by the place of the day slot in the slab. */
static const float **rows_of_year(const struct cn_engine *engine, size_t load, size_t k)
{
    return &engine->loads[load].rows[k * pass_of(engine, load)->held[CN_DAY].count];
}

/* Whether a pass before this one loads the same cells of a day slot. */
static bool is_loaded_before(const struct cn_engine *engine, const struct cn_pass *pass,
                             size_t slot)
{
    for (const struct cn_pass *before = cn_first_pass(engine->variable); before < pass; before++)
        if (before->stretch.first_row == pass->stretch.first_row &&
            cn_circle_place(&before->held[CN_DAY], slot) < before->held[CN_DAY].count)
            return true;
    return false;
}

/* Decides into which row an instant of the k-th year of a load is decoded. */
static void assign_row(const struct cn_engine *engine, size_t load, size_t k,
                       const struct cn_reader *reader, size_t t)
{
    const int slot = slot_of(engine, reader->file, t);
    if (slot < 0)
        return;
    const struct cn_pass *pass = pass_of(engine, load);
    const size_t place = cn_circle_place(&pass->held[CN_DAY], (size_t)slot);
    float **row = &reader->rows[t - reader->first];
    if (!*row) {
        *row = cn_arena_slab(engine->arena, engine->variable, engine->loads[load].slots[k]) +
               place * pass->layout.row_cells;
        if (!is_loaded_before(engine, pass, (size_t)slot))
            cn_implausible_count(engine, reader, t, engine->variable->loads[load].years[k]);
    }
    rows_of_year(engine, load, k)[place] = *row;
}

/* Decides into which row each day of one year is decoded: a row of the year's slab. But when
 * several scenarios begin in the middle of a file, some days belong to several source years. They
 * are decoded into the first year's slab, and finish_year copies them. */
static void assign_rows(const struct cn_engine *engine, size_t load, size_t k)
{
    const struct cn_source_year *year = year_of(engine, load, k);
    const struct cn_load_state *state = &engine->loads[load];
    for (size_t p = 0; p < year->part_count; p++) {
        const struct cn_part *part = &year->parts[p];
        const struct cn_reader *reader = find_reader(state, part->file);
        struct cn_instant_run runs[2];
        const size_t count = instants_of(engine, load, year, part, runs);
        for (size_t r = 0; r < count; r++)
            for (size_t t = runs[r].first; t < runs[r].first + runs[r].count; t++)
                assign_row(engine, load, k, reader, t);
    }
}

/* Completes a slab after decoding. Day slots that no file holds and holes become missing. (Open
 * does not do it: the next load waits for open.) */
static void finish_year(const struct cn_engine *engine, size_t load, size_t k)
{
    const struct cn_pass *pass = pass_of(engine, load);
    const size_t row_cells = pass->layout.row_cells;
    float *to = cn_arena_slab(engine->arena, engine->variable, engine->loads[load].slots[k]);
    for (size_t place = 0; place < pass->held[CN_DAY].count; place++, to += row_cells) {
        const float *from = rows_of_year(engine, load, k)[place];
        if (from && from != to)
            memcpy(to, from, row_cells * sizeof *to);
        for (size_t c = 0; !from && c < row_cells; c++)
            to[c] = NAN;
        for (size_t r = 0; from && r < pass->layout.region_count; r++)
            cn_region_fill_holes(&pass->layout.regions[r], to, NAN);
    }
}

void cn_load_open(struct cn_engine *engine, size_t load)
{
    struct cn_load_state *state = &engine->loads[load];
    if (!cn_engine_is_running(engine))
        return;
    uint64_t never = 0;
    atomic_compare_exchange_strong(&engine->load_first_ns, &never, cn_now_ns());
    for (size_t k = 0; k < engine->variable->loads[load].year_count; k++) {
        assign_rows(engine, load, k);
        if (engine->source_slot_used[state->slots[k]])
            continue;
        state->first_use = engine->source_slot_used[state->slots[k]] = true;
        cn_count(engine->counters, CN_ARENA_USED, engine->variable->slab_bytes);
    }
    for (size_t r = 0; r < state->reader_count; r++) {
        struct cn_reader *reader = &state->readers[r];
        struct cn_error error;
        if (!cn_are_units_needed(engine, load, reader, 0, reader->unit_count))
            continue;
        if (cn_reader_open(reader, &error))
            cn_drop_file(engine, load, reader->file, &error);
        else
            atomic_store(&engine->file_read[reader->file - engine->plan->catalog->files], true);
    }
    cn_readahead_add(engine, state->decodes, state->decode_count);
}

/* Asks for the pages of about the part of the slabs that decode `decode` fills. */
static void populate_share(const struct cn_engine *engine, const struct cn_load_state *state,
                           size_t decode)
{
    size_t bytes = engine->variable->slab_bytes;
    size_t first = bytes / state->decode_count * decode;
    size_t end = decode + 1 < state->decode_count ? first + bytes / state->decode_count : bytes;
    for (size_t k = 0; k < state->slot_count; k++)
        cn_arena_populate((char *)cn_arena_slab(engine->arena, engine->variable, state->slots[k]) +
                              first,
                          end - first);
}

/* Decodes units as far as they are needed. One that fails costs those of its years alone. */
static void decode_needed(struct cn_engine *engine, const struct cn_decode *work,
                          struct cn_scratch *scratch)
{
    const size_t end = work->first_unit + work->unit_count;
    struct cn_error error;
    for (size_t unit = work->first_unit, stop, failed; unit < end && cn_engine_is_running(engine);
         unit = stop) {
        stop = unit;
        while (stop < end && cn_are_units_needed(engine, work->load, work->reader, stop, 1))
            stop++;
        if (stop == unit) {
            stop++;
        } else if (cn_reader_decode(work->reader, unit, stop - unit, scratch, &failed, &error) &&
                   cn_engine_is_running(engine)) {
            cn_drop_unit(engine, work->reader, failed, &error);
            stop = failed + 1;
        }
    }
}

static void decode_units(struct cn_engine *engine, size_t load, size_t index,
                         const struct cn_prefetched *ahead)
{
    const struct cn_load_state *state = &engine->loads[load];
    const struct cn_decode *work = &state->decodes[index];
    struct cn_thread_state *worker = cn_engine_thread(engine);
    if (state->first_use)
        populate_share(engine, state, index);
    worker->scratch.bytes_read = 0;
    worker->scratch.chunks_read = worker->scratch.chunks_decoded = 0;
    worker->scratch.prefetched = ahead;
    worker->scratch.stop = engine->watch->stop;
    decode_needed(engine, work, &worker->scratch);
    worker->scratch.prefetched = NULL;
    cn_engine_count(engine, CN_BYTES_READ, worker->scratch.bytes_read);
    if (!engine->is_again) /* else an earlier attempt has counted them */
        cn_engine_count(engine, CN_CHUNKS_READ, worker->scratch.chunks_read);
    cn_engine_count(engine, CN_CHUNKS_DECODED, worker->scratch.chunks_decoded);
    worker->load_last_ns = cn_now_ns();
}

static bool is_needed(struct cn_engine *engine, const struct cn_decode *work)
{
    return cn_engine_is_running(engine) && cn_are_units_needed(engine, work->load, work->reader,
                                                               work->first_unit, work->unit_count);
}

/* A chunk may have 2 GiB, and there may be many threads. So large decodes share a budget, and free
 * their scratch afterwards. */
static void decode_within_budget(struct cn_engine *engine, size_t load, size_t index,
                                 const struct cn_prefetched *ahead)
{
    const struct cn_decode *work = &engine->loads[load].decodes[index];
    const uint64_t bytes =
        cn_reader_scratch_bytes(work->reader, work->first_unit, work->unit_count);
    if (bytes <= LARGE_SCRATCH) {
        decode_units(engine, load, index, ahead);
        return;
    }
    cn_budget_acquire(&engine->large_scratch, bytes);
    if (is_needed(engine, work))
        decode_units(engine, load, index, ahead);
    cn_scratch_empty(&cn_engine_thread(engine)->scratch);
    cn_budget_release(&engine->large_scratch, bytes);
}

void cn_load_decode(struct cn_engine *engine, size_t load, size_t index)
{
    struct cn_decode *work = &engine->loads[load].decodes[index];
    struct cn_scratch *scratch = &cn_engine_thread(engine)->scratch;
    const uint64_t start = cn_now_ns();
    const struct cn_prefetched *ahead = cn_readahead_claim(engine, work);
    scratch->wait_ns = cn_now_ns() - start;
    if (is_needed(engine, work))
        decode_within_budget(engine, load, index, ahead);
    cn_readahead_release(engine, work);
    cn_engine_count(engine, CN_READ_NS, cn_now_ns() - start);
    cn_engine_count(engine, CN_WAIT_NS, scratch->wait_ns);
}

/* Counts a year that fails once, however many passes there are. */
static void count_year(struct cn_engine *engine, size_t year, bool is_dropped)
{
    const bool fails = is_dropped && !atomic_exchange(&engine->year_failed[year], true);
    cn_count(engine->counters, fails ? CN_YEARS_FAILED : CN_YEARS_READ, 1);
}

void cn_load_seal(struct cn_engine *engine, size_t load)
{
    struct cn_load_state *state = &engine->loads[load];
    const uint64_t start = cn_now_ns();
    for (size_t r = 0; r < state->reader_count; r++) {
        struct cn_error error;
        if (cn_reader_close(&state->readers[r], &error) && cn_engine_is_running(engine))
            cn_drop_file(engine, load, state->readers[r].file, &error);
    }
    for (size_t k = 0; k < engine->variable->loads[load].year_count && cn_engine_is_running(engine);
         k++) {
        bool year_dropped =
            atomic_load(&engine->year_dropped[engine->variable->loads[load].years[k]]);
        if (!year_dropped)
            finish_year(engine, load, k);
        count_year(engine, engine->variable->loads[load].years[k], year_dropped);
    }
    cn_engine_count(engine, CN_READ_NS, cn_now_ns() - start);
    if (load == 0 && cn_engine_is_running(engine))
        cn_encode_sample(engine, cn_arena_slab(engine->arena, engine->variable, state->slots[0]));
}
