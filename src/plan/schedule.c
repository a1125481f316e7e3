/*
 * Chooses how a variable is made within the memory there is: in one pass, or in several, cut where
 * the fewest bytes are decoded. Pure.
 */
#include "plan/schedule.h"

#include "base/error.h"
#include "base/format.h"
#include "base/pool.h"
#include "plan/cuts.h"
#include "plan/output_sizes.h"
#include "plan/program.h"
#include "plan/sizes.h"

enum {
    BATCH_YEARS = 25,    /* larger batches gain little (bench_kernels) */
    BATCHES = 3,         /* so that most results are encoded while years are loaded */
    LOOK_AHEAD = 8,      /* free year slots, so that loading runs ahead (test_busy) */
    RESULT_SLOTS = 2,    /* one is encoded while the next is computed */
    USEFUL_SHARE = 16,   /* of the machine's memory, for passes */
    MOST_PASSES = 512,   /* each costs some time, whatever it holds */
    ONE_PASS_LEVELS = 2, /* these, in one pass, are as fast as several passes (test_busy) */
};

/* What memory is spent on, from all that is useful to the least. */
static const struct level {
    size_t smallest; /* batch for which this look-ahead is worth its memory */
    size_t result_slots, extra_slots;
    double cost; /* of a byte to decode: with little look-ahead threads wait (test_busy) */
} levels[] = {{8, RESULT_SLOTS, LOOK_AHEAD, 1},
              {2, RESULT_SLOTS, 2, 1.1},
              {1, RESULT_SLOTS, 1, 1.3},
              {1, 1, 0, 3}};
enum { LEVELS = sizeof levels / sizeof *levels };

struct search {
    struct cn_plan *plan;
    const struct cn_variable_plan *variable;
    struct cn_loading loading;
    struct cn_cuts cuts;
    uint64_t limit;
    uint64_t least; /* that is enough; 0: so is the limit */
    struct cn_error *error;
};

/* One way to make the variable. */
struct way {
    size_t day_parts, row_parts, level, batch_years;
    const struct cn_resume *resume; /* NULL: day_parts and row_parts count */
    struct cn_variable_plan made;   /* its arrays are not there any more */
    uint64_t need;                  /* bytes of the arena; 0: it was not tried */
};

/* A way that needs more than `most` bytes may be left unmade: cn_program_make. */
static enum cn_status make_way(struct search *search, struct cn_pool *pool, uint64_t most,
                               struct way *way)
{
    const struct level *level = &levels[way->level];
    struct cn_program_shape shape = {.batch_years = way->batch_years,
                                     .result_slots = level->result_slots,
                                     .extra_slots = level->extra_slots,
                                     .most_bytes = most};
    if (way->resume) {
        shape.stretches = way->resume->stretches;
        shape.pass_count = way->resume->count;
        shape.passes_done = way->resume->passes_done;
    } else {
        shape.stretches =
            cn_cuts_make(pool, &search->cuts, way->day_parts, way->row_parts, &shape.pass_count);
    }
    way->made = *search->variable;
    if (!shape.stretches)
        return cn_fail_memory(search->error, "the plan");
    return cn_program_make(search->plan, pool, &search->loading, &shape, &way->made, &way->need,
                           search->error);
}

/* Sets way->need and the figures of way->made. */
static enum cn_status try_way(struct search *search, uint64_t most, struct way *way)
{
    struct cn_pool *pool = cn_pool_new();
    enum cn_status status =
        pool ? make_way(search, pool, most, way) : cn_fail_memory(search->error, "the plan");
    cn_pool_free(pool);
    return status;
}

/* *fits: whether the way takes no more than the memory there is. */
static enum cn_status fit_way(struct search *search, struct way *way, bool *fits)
{
    const enum cn_status status = try_way(search, search->limit, way);
    *fits = !status && way->need <= search->limit;
    return status;
}

/* The largest batch that is of use. */
static size_t longest_batch(const struct search *search)
{
    const size_t asked = (size_t)search->plan->config->engine.batch_years;
    const size_t third = search->variable->target_count / BATCHES;
    return asked ? asked : third < BATCH_YEARS ? third : BATCH_YEARS;
}

static size_t smallest_batch(const struct search *search, size_t level)
{
    const size_t asked = (size_t)search->plan->config->engine.batch_years;
    return asked ? asked : levels[level].smallest;
}

/* Gives a way that fits the largest batch that fits, too. */
static enum cn_status enlarge_batch(struct search *search, struct way *way)
{
    size_t low = way->batch_years, high = longest_batch(search);
    enum cn_status status = CN_OK;
    while (low < high && !status) {
        struct way larger = *way;
        bool fits;
        larger.batch_years = low + (high - low + 1) / 2;
        status = fit_way(search, &larger, &fits);
        if (fits)
            low = larger.batch_years;
        else
            high = larger.batch_years - 1;
    }
    way->batch_years = low;
    return status;
}

/* The most day parts to try with a number of row parts. */
static size_t most_day_parts(const struct search *search, size_t row_parts)
{
    const size_t days = search->cuts.most_day_parts, most = MOST_PASSES / row_parts;
    return days < most ? days : most;
}

/* The fewest parts that have fewer days than `parts` give; above most_day_parts: there are none. */
static size_t next_day_parts(const struct search *search, size_t parts)
{
    const size_t days = cn_cuts_days(&search->cuts, parts);
    while (parts <= search->cuts.most_day_parts && cn_cuts_days(&search->cuts, parts) == days)
        parts++;
    return parts;
}

/* No fewer day parts can fit: each has a day slot of so many days, or more. */
static enum cn_status find_first_day_parts(struct search *search, const struct way *way,
                                           size_t *parts)
{
    const size_t end = most_day_parts(search, way->row_parts);
    struct way bound = *way;
    bound.day_parts = 1;
    const enum cn_status status = try_way(search, 0, &bound);
    const double slab = (double)bound.made.slab_bytes - CN_PAGE_BYTES;
    const double first = (double)bound.made.year_slots * slab / (double)search->limit;
    *parts = !(first < (double)end) ? end + 1 : first < 1 ? 1 : (size_t)first;
    return status;
}

/* Finds the fewest day parts with which a level and number of row parts fit. *found: whether there
 * are. */
static enum cn_status find_days(struct search *search, struct way *way, bool *found)
{
    const size_t end = most_day_parts(search, way->row_parts);
    *found = false;
    enum cn_status status = find_first_day_parts(search, way, &way->day_parts);
    while (way->day_parts <= end && !status && !*found) {
        status = fit_way(search, way, found);
        if (!*found)
            way->day_parts = next_day_parts(search, way->day_parts);
    }
    return status;
}

static size_t most_row_parts(const struct search *search)
{
    return search->cuts.row_count < MOST_PASSES ? search->cuts.row_count : MOST_PASSES;
}

/* The next number of row parts to try; above most_row_parts: there is none. */
static size_t next_row_parts(const struct search *search, size_t parts)
{
    const size_t rows = search->cuts.row_count, days = search->cuts.most_day_parts;
    const size_t finest = rows * days <= MOST_PASSES ? rows : MOST_PASSES / days;
    const size_t marks[] = {search->cuts.chunk_rows, finest ? finest : 1, rows};
    size_t next = parts < 4 ? parts + 1 : parts + parts / 2;
    for (size_t k = 0; k < sizeof marks / sizeof *marks; k++)
        if (marks[k] > parts && marks[k] < next)
            next = marks[k];
    return next;
}

static double cost_of_way(const struct way *way)
{
    return levels[way->level].cost * (double)way->made.bytes_to_decode;
}

/* Tries all ways to cut, until one decodes no more than one pass would. Days come first: where rows
 * are cut, chunks of outputs wait in scratch files. best->need 0: none fits. */
static enum cn_status cut(struct search *search, uint64_t once, struct way *best)
{
    enum cn_status status = CN_OK;
    best->need = 0;
    for (size_t level = 0; level < LEVELS && !status; level++) {
        if (best->need && best->made.bytes_to_decode <= once)
            return CN_OK;
        for (size_t rows = 1; rows <= most_row_parts(search) && !status;
             rows = next_row_parts(search, rows)) {
            struct way way = {
                .row_parts = rows, .level = level, .batch_years = smallest_batch(search, level)};
            bool found;
            status = find_days(search, &way, &found);
            if (!status && found &&
                (!best->need || cost_of_way(&way) < cost_of_way(best) ||
                 (cost_of_way(&way) == cost_of_way(best) &&
                  way.made.pass_count < best->made.pass_count)))
                *best = way;
            if (best->need && best->made.bytes_to_decode <= once)
                break;
        }
    }
    return status;
}

/* Fresh memory costs more than it gives, once each byte is decoded only once: so passes take less
 * than they may (bench --global). */
static enum cn_status cut_into_passes(struct search *search, uint64_t once, struct way *best)
{
    const uint64_t limit = search->limit,
                   useful = search->plan->resources.machine_memory / USEFUL_SHARE;
    if (useful && useful < limit) {
        search->limit = useful;
        const enum cn_status status = cut(search, once, best);
        if (status || (best->need && best->level == 0 && best->made.bytes_to_decode <= once))
            return status;
        search->limit = limit;
    }
    return cut(search, once, best);
}

/* Finds how to go on with what a killed run has made. *fits: whether that can be done. */
static enum cn_status resume(struct search *search, struct way *best, bool *fits)
{
    enum cn_status status = CN_OK;
    *fits = false;
    for (size_t level = 0; level < LEVELS && !status && !*fits; level++) {
        *best = (struct way){.resume = &search->variable->resume,
                             .level = level,
                             .batch_years = smallest_batch(search, level)};
        status = fit_way(search, best, fits);
    }
    return status;
}

/* Sets search->least: the least memory with which one of all ways to cut fits. */
static enum cn_status find_least(struct search *search)
{
    const size_t level = LEVELS - 1;
    uint64_t least = UINT64_MAX;
    for (size_t rows = 1; rows <= most_row_parts(search); rows = next_row_parts(search, rows)) {
        size_t parts[CN_MAX_SLOTS], count = 0;
        for (size_t p = 1; p <= most_day_parts(search, rows); p = next_day_parts(search, p))
            parts[count++] = p;
        while (count) { /* from the shortest stretches on */
            struct way way = {.day_parts = parts[--count],
                              .row_parts = rows,
                              .level = level,
                              .batch_years = smallest_batch(search, level)};
            const enum cn_status status = try_way(search, least - 1, &way);
            if (status)
                return status;
            if (way.made.steps)
                least = way.need < least ? way.need : least;
            else if (way.made.year_slots * way.made.slab_bytes >= least)
                break; /* longer stretches need more */
        }
    }
    search->least = least;
    return CN_OK;
}

static enum cn_status fail_for_memory(const struct search *search)
{
    char has[24], needs[24];
    const struct cn_config *config = search->plan->config;
    const unsigned long long values = search->plan->values_bytes; /* of the results in memory */
    const char *advice = config->engine.batch_years > 1
                             ? "; raise it, or set engine.batch_years to 0"
                             : "; raise it, or ask for fewer regions";
    return cn_fail(
        search->error, CN_BAD_USAGE,
        "%s: engine.memory gives %s (%llu bytes), but %s needs at least %s (%llu bytes)%s",
        config->origin.engine_memory, cn_format_bytes(search->limit + values, has),
        search->limit + values, search->variable->variable->label,
        cn_format_bytes(search->least + values, needs), search->least + values, advice);
}

/* Chooses a way that fits. Sets search->least if none does. */
static enum cn_status choose_way(struct search *search, struct way *best)
{
    struct way whole = {.day_parts = 1, .row_parts = 1, .batch_years = 1};
    bool fits = false;
    enum cn_status status = CN_OK;
    if (search->variable->resume.count)
        status = resume(search, best, &fits);
    for (size_t level = 0; level < ONE_PASS_LEVELS && !status && !fits; level++) {
        whole.level = level;
        whole.batch_years = smallest_batch(search, level);
        status = fit_way(search, &whole, &fits);
        *best = whole;
    }
    if (!status && !fits) {
        status = try_way(search, UINT64_MAX, &whole);
        if (!status)
            status = cut_into_passes(search, whole.made.bytes_to_decode, best);
        if (!status && !best->need)
            status = find_least(search);
        if (search->least)
            return fail_for_memory(search);
    }
    return status ? status : enlarge_batch(search, best);
}

/* Finds the way to make the variable in one pass that takes the least memory. A smaller batch may
 * take more: then there are two, and two result slots. */
static enum cn_status find_one_pass(struct search *search, struct way *least)
{
    enum cn_status status = CN_OK;
    for (size_t level = 0; level < ONE_PASS_LEVELS && !status; level++) {
        struct way way = {.day_parts = 1,
                          .row_parts = 1,
                          .level = level,
                          .batch_years = smallest_batch(search, level)};
        status = try_way(search, UINT64_MAX, &way);
        if (level == 0 || way.need < least->need)
            *least = way;
    }
    return status;
}

/* Sets what the variable would take in one pass, and in passes that are cut the other way. */
static enum cn_status compare_way(struct search *search, const struct way *chosen,
                                  struct cn_variable_plan *made)
{
    const struct cn_cut used = cn_cut_of(made);
    struct way once;
    if (made->pass_count == 1 && !chosen->resume) {
        made->bytes_to_decode_once = made->bytes_to_decode;
        made->arena_bytes_once = chosen->need;
        return CN_OK;
    }
    enum cn_status status = find_one_pass(search, &once);
    struct way other = once;
    size_t *parts = used.days ? &other.row_parts : &other.day_parts;
    const size_t most = used.days ? search->cuts.row_count : search->cuts.most_day_parts;
    *parts = made->pass_count < most ? made->pass_count : most;
    if (!status && made->pass_count > 1 && !(used.days && used.rows) && most > 1) {
        status = try_way(search, UINT64_MAX, &other);
        made->bytes_to_decode_else = other.made.bytes_to_decode;
    }
    made->bytes_to_decode_once = once.made.bytes_to_decode;
    made->arena_bytes_once = once.need;
    return status;
}

/* *least: of memory that is enough, where there is not enough; else 0. */
static enum cn_status schedule_variable(struct cn_plan *plan, struct cn_variable_plan *variable,
                                        uint64_t limit, uint64_t *least, struct cn_error *error)
{
    struct search search = {.plan = plan, .variable = variable, .limit = limit, .error = error};
    struct way best;
    enum cn_status status =
        cn_loading_prepare(plan, variable, &search.loading, &variable->bytes_to_read, error);
    if (!status &&
        !cn_cuts_prepare(plan->pool, variable, plan->config->normals.leap_day, &search.cuts))
        status = cn_fail_memory(error, "the plan");
    if (!status)
        status = choose_way(&search, &best);
    *least = search.least;
    if (!status)
        status = make_way(&search, plan->pool, UINT64_MAX, &best);
    if (!status)
        status = compare_way(&search, &best, &best.made);
    if (status)
        return status;
    best.made.arena_bytes = best.need;
    if (!best.resume)
        best.made.resume = (struct cn_resume){0};
    *variable = best.made;
    return CN_OK;
}

static void count_normals(struct cn_variable_plan *variable)
{
    variable->normals_wanted = variable->normals_skipped = 0;
    for (size_t o = 0; o < variable->output_count; o++) {
        const struct cn_output *output = &variable->outputs[o];
        *(output->wanted ? &variable->normals_wanted : &variable->normals_skipped) +=
            output->target_count;
    }
}

enum cn_status cn_plan_again(const struct cn_plan *plan, struct cn_pool *pool, uint64_t limit,
                             struct cn_variable_plan *variable, struct cn_error *error)
{
    struct cn_plan copy = *plan;
    uint64_t least;
    copy.pool = pool;
    variable->resume = (struct cn_resume){0};
    enum cn_status status = schedule_variable(&copy, variable, limit, &least, error);
    if (!status)
        count_normals(variable);
    return status;
}

enum cn_status cn_plan_schedule(struct cn_plan *plan, const struct cn_resources *resources,
                                struct cn_error *error)
{
    uint64_t most = 0; /* of the least memory that each variable needs */
    plan->resources = *resources;
    plan->arena_bytes = 0;
    plan->space = (struct cn_space_need){0};
    for (size_t v = 0; v < plan->variable_count; v++) {
        struct cn_variable_plan *variable = &plan->variables[v];
        struct cn_error failure;
        uint64_t least;
        if (variable->failure)
            continue;
        enum cn_status status =
            schedule_variable(plan, variable, resources->memory_limit, &least, &failure);
        if (status && (!least || least > most) && error)
            *error = failure;
        if (status && !least)
            return status;
        most = least > most ? least : most;
        if (status)
            continue;
        count_normals(variable);
        cn_estimate_output_sizes(plan, variable);
        if (variable->arena_bytes > plan->arena_bytes)
            plan->arena_bytes = variable->arena_bytes;
    }
    return most ? CN_BAD_USAGE : CN_OK;
}
