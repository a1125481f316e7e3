/*
 * Shards of thousands of random jobs, on paper: each output is in one shard, what each has to read
 * is counted again, and no shard has more than it must.
 */
#include "plan/shards.h"

#include "plan_dataset.h"

enum { UNITS = 5, UNIT_YEARS = 60, FILES = UNITS * UNIT_YEARS * 2, OUTPUTS = 2000 };

/* Numbers that look random, the same on every machine (Knuth's MMIX generator). */
static uint64_t state_of_dice = 1;

static int roll(int least, int most)
{
    state_of_dice = state_of_dice * 6364136223846793005u + 1442695040888963407u;
    return least + (int)((state_of_dice >> 33) % (uint64_t)(most - least + 1));
}

/* A job of several variables, each with its own years, files and scenarios. */
struct world {
    struct cn_config config;
    struct cn_product product;
    struct cn_catalog catalog;
    struct cn_variable variables[UNITS];
    struct cn_file files[FILES];
    struct cn_region regions[2];
    struct cn_period periods[2];
    struct {
        struct cn_part parts[UNIT_YEARS * 2];
        struct cn_source_year years[UNIT_YEARS * 2];
        struct cn_timeline timelines[2];
        ptrdiff_t index[2][UNIT_YEARS];
        char name[8];
    } units[UNITS];
};

static const double latitudes[2] = {10, 20}, longitudes[4] = {0, 10, 20, 30};

/* Adds a year, in the file of the year before or in a new one. Returns its index. */
static ptrdiff_t add_source_year(struct world *world, size_t u, int year, const char *experiment,
                                 int years_per_file)
{
    struct cn_variable *variable = &world->variables[u];
    const size_t y = variable->year_count++;
    const struct cn_source_year *before = y ? &world->units[u].years[y - 1] : NULL;
    const bool is_new = !before || year % years_per_file == 0 ||
                        strcmp(before->experiment, experiment) != 0 || before->year != year - 1;
    if (is_new)
        world->files[world->catalog.file_count++] =
            (struct cn_file){.variable = variable->name, .size = (uint64_t)roll(1, 1000)};
    world->units[u].parts[y] = (struct cn_part){&world->files[world->catalog.file_count - 1],
                                                365 * (size_t)(year % years_per_file), 365};
    world->units[u].years[y] = (struct cn_source_year){.year = year,
                                                       .experiment = experiment,
                                                       .parts = &world->units[u].parts[y],
                                                       .part_count = 1,
                                                       .days_held = 365,
                                                       .days_expected = 365,
                                                       .usable = roll(0, 20) > 0};
    return (ptrdiff_t)y;
}

static void add_variable(struct world *world, size_t u, int first, int last)
{
    static const char *const scenarios[2] = {"ssp245", "ssp585"};
    struct cn_variable *variable = &world->variables[u];
    const int split = roll(first, last), per_file = roll(0, 2) ? 1 : roll(2, 12);
    snprintf(world->units[u].name, sizeof world->units[u].name, "v%zu", u);
    *variable = (struct cn_variable){
        .name = world->units[u].name,
        .model = "M",
        .variant = "r1i1p1f1",
        .grid_label = "gn",
        .label = world->units[u].name,
        .files = &world->files[world->catalog.file_count],
        .calendar = CN_NOLEAP,
        .grid = {.row_count = 2, .column_count = 4, .lat = latitudes, .lon = longitudes},
        .years = world->units[u].years,
        .timelines = world->units[u].timelines,
        .timeline_count = (size_t)roll(1, 2)};
    if (roll(0, 9) == 0)
        variable->failure = "nothing of it can be read";
    for (int year = first; year <= last; year++) {
        const ptrdiff_t shared =
            year <= split ? add_source_year(world, u, year, "historical", per_file) : 0;
        for (size_t s = 0; s < variable->timeline_count; s++)
            world->units[u].index[s][year - first] = shared;
    }
    for (size_t s = 0; s < variable->timeline_count; s++) {
        for (int year = split + 1; year <= last; year++)
            world->units[u].index[s][year - first] =
                add_source_year(world, u, year, scenarios[s], per_file);
        world->units[u].timelines[s] =
            (struct cn_timeline){scenarios[s], first, last, world->units[u].index[s], false};
    }
    variable->file_count = (size_t)(&world->files[world->catalog.file_count] - variable->files);
}

static struct world *make_world(void)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    const int window = roll(1, 20), first = 1950, last = first + window + roll(2, 35);
    const int middle = roll(first + window, last);
    const bool is_stacked = roll(0, 2) == 0;
    world->regions[0] = (struct cn_region){"R", "Region", false, {0, 30}, {10, 20}};
    world->regions[1] = (struct cn_region){
        "S", "Strip", false, {0, 10}, {roll(0, 9) ? 10 : 70, 80}}; /* may hold no cell */
    world->periods[0] = (struct cn_period){"a-{scenario}", first + window - 3, middle, 0};
    world->periods[1] = (struct cn_period){"b-{scenario}", middle + 1, last + 2, roll(1, 3)};
    world->config =
        (struct cn_config){.path = "test.cfg",
                           .origin = {"test.cfg:1", "test.cfg:2", "test.cfg:3"},
                           .input.historical = "historical",
                           .regions = world->regions,
                           .region_count = 2,
                           .normals.window = window,
                           .normals.min_years = roll(1, window),
                           .normals.periods = world->periods,
                           .normals.period_count = 2,
                           .output.root = "/normals",
                           .output.layout = is_stacked ? CN_STACKED : CN_SINGLE,
                           .output.pattern = is_stacked ? "{region}/{variable}/{period}.nc"
                                                        : "{region}/{variable}/{period}/{year}.nc"};
    set_product(&world->config, &world->product);
    const size_t units = (size_t)roll(1, UNITS);
    world->catalog = (struct cn_catalog){
        .files = world->files, .variables = world->variables, .variable_count = units};
    for (size_t u = 0; u < units; u++)
        add_variable(world, u, first, last - roll(0, 3));
    return world;
}

static struct cn_plan *plan_whole(const struct world *world)
{
    struct cn_plan *plan;
    struct cn_error error = {.text = ""};
    if (cn_plan_targets(&world->config, &world->catalog, &plan, &error))
        fail_msg("%s", error.text);
    return plan;
}

static struct cn_plan *plan_shard(const struct world *world, size_t number, size_t count)
{
    struct cn_plan *plan = plan_whole(world);
    assert_int_equal(cn_plan_take_shard(plan, &(struct cn_shard){number, count}, NULL), CN_OK);
    assert_int_equal(schedule(plan, UINT64_C(1) << 30, NULL), CN_OK);
    return plan;
}

/* An output, and the shard that has it. */
struct found {
    char path[80];
    size_t region, target_count, shard;
    int first_year, last_year;
};

struct listing {
    struct found items[OUTPUTS];
    size_t count;
    uint64_t failed, unmade;
    size_t problems; /* of target years */
};

static void add_outputs(struct listing *listing, const struct cn_plan *plan, size_t shard)
{
    for (size_t v = 0; v < plan->variable_count; v++) {
        const struct cn_variable_plan *variable = &plan->variables[v];
        listing->failed += variable->normals_failed;
        listing->unmade += variable->normals_unmade;
        listing->problems += variable->problems.count;
        for (size_t o = 0; o < variable->output_count; o++) {
            const struct cn_output *output = &variable->outputs[o];
            struct found *found = &listing->items[listing->count++];
            assert_true(listing->count <= OUTPUTS);
            for (size_t k = 0; k < output->target_count; k++) {
                const struct cn_normal *normal =
                    &variable->targets[output->targets[k]].normals[output->region];
                assert_int_equal(normal->output, o);
                assert_int_equal(normal->position, k);
            }
            *found = (struct found){
                .region = output->region,
                .target_count = output->target_count,
                .shard = shard,
                .first_year = variable->targets[output->targets[0]].year,
                .last_year = variable->targets[output->targets[output->target_count - 1]].year};
            snprintf(found->path, sizeof found->path, "%s", output->path);
        }
    }
}

static int compare_found(const void *a, const void *b)
{
    return strcmp(((const struct found *)a)->path, ((const struct found *)b)->path);
}

/* Each output of the whole job is in one shard, as it was, and so is what cannot be made. */
static void check_outputs(const struct world *world, size_t shards)
{
    static struct listing whole, parts;
    whole.count = parts.count = whole.problems = parts.problems = 0;
    whole.failed = whole.unmade = parts.failed = parts.unmade = 0;
    struct cn_plan *plan = plan_whole(world);
    add_outputs(&whole, plan, 0);
    cn_plan_free(plan);
    for (size_t k = 1; k <= shards; k++) {
        plan = plan_shard(world, k, shards);
        add_outputs(&parts, plan, k);
        cn_plan_free(plan);
    }
    assert_int_equal(parts.count, whole.count);
    assert_int_equal(parts.failed, whole.failed);
    assert_int_equal(parts.unmade, whole.unmade);
    assert_int_equal(parts.problems, whole.problems);
    qsort(whole.items, whole.count, sizeof *whole.items, compare_found);
    qsort(parts.items, parts.count, sizeof *parts.items, compare_found);
    for (size_t i = 0; i < whole.count; i++) {
        const struct found *w = &whole.items[i], *p = &parts.items[i];
        assert_string_equal(p->path, w->path);
        assert_int_equal(p->region, w->region);
        assert_int_equal(p->target_count, w->target_count);
        assert_int_equal(p->first_year, w->first_year);
        assert_int_equal(p->last_year, w->last_year);
    }
}

/* Bytes of all files that some targets of a variable need: what the division is judged by. */
static uint64_t bytes_of(const struct world *world, const struct cn_variable_plan *variable,
                         size_t first, size_t end)
{
    bool needed[FILES] = {false};
    uint64_t bytes = 0;
    for (size_t t = first; t < end; t++)
        for (int k = 0; k < world->product.window; k++)
            if (variable->targets[t].window[k] >= 0)
                needed[variable->variable->years[variable->targets[t].window[k]].parts[0].file -
                       world->files] = true;
    for (size_t f = 0; f < FILES; f++)
        bytes += needed[f] ? world->files[f].size : 0;
    return bytes;
}

/* Whether an output has targets on both sides of a cut in front of target t. */
static bool is_joined(const struct cn_variable_plan *variable, size_t t)
{
    for (size_t o = 0; o < variable->output_count; o++) {
        const struct cn_output *output = &variable->outputs[o];
        if (output->targets[0] < t && output->targets[output->target_count - 1] >= t)
            return true;
    }
    return false;
}

/* best[p]: the least that the largest of at most p pieces of a variable can have. */
static void find_best(const struct world *world, const struct cn_variable_plan *variable,
                      size_t pieces, uint64_t best[])
{
    static uint64_t until[200]; /* the first e targets in at most p pieces */
    assert_true(variable->target_count < 200);
    for (size_t e = 0; e <= variable->target_count; e++)
        until[e] = e ? UINT64_MAX : 0;
    for (size_t p = 1; p <= pieces; p++) {
        for (size_t e = variable->target_count; e > 0; e--)
            for (size_t b = 0; b < e && !is_joined(variable, e); b++) {
                if (until[b] == UINT64_MAX || is_joined(variable, b))
                    continue;
                const uint64_t last = bytes_of(world, variable, b, e);
                const uint64_t most = last > until[b] ? last : until[b];
                until[e] = most < until[e] ? most : until[e];
            }
        best[p] = until[variable->target_count];
    }
}

/* The pieces of a variable, and the largest of them. */
struct cuts {
    size_t count;
    uint64_t most;
};

/* Each variable is cut as evenly as its number of pieces allows. */
static void check_cuts(const struct world *world, const struct cn_plan *whole,
                       const struct cuts cuts[UNITS])
{
    uint64_t best[50];
    for (size_t v = 0; v < whole->variable_count; v++) {
        if (!cuts[v].count)
            continue;
        find_best(world, &whole->variables[v], cuts[v].count, best);
        assert_int_equal(cuts[v].most, best[cuts[v].count]);
    }
}

/* The least that the largest shard can have where units are fewer than shards. */
static uint64_t best_division(const struct world *world, const struct cn_plan *whole, size_t shards)
{
    uint64_t all[50], own[50]; /* of the variables so far, with so many shards */
    for (size_t s = 0; s <= shards; s++)
        all[s] = 0;
    for (size_t v = 0; v < whole->variable_count; v++) {
        const struct cn_variable_plan *variable = &whole->variables[v];
        if (variable->failure || !variable->target_count)
            continue;
        find_best(world, variable, shards, own);
        for (size_t s = shards; s > 0; s--) {
            uint64_t least = UINT64_MAX;
            for (size_t p = 1; p <= s; p++) {
                const uint64_t most = own[p] > all[s - p] ? own[p] : all[s - p];
                least = most < least ? most : least;
            }
            all[s] = least;
        }
        all[0] = UINT64_MAX;
    }
    return all[shards];
}

static size_t count_units(const struct cn_plan *plan, const struct world *world, uint64_t *largest,
                          uint64_t *all)
{
    size_t units = 0;
    *largest = *all = 0;
    for (size_t v = 0; v < plan->variable_count; v++) {
        const struct cn_variable_plan *variable = &plan->variables[v];
        if (variable->failure || !variable->target_count)
            continue;
        const uint64_t bytes = bytes_of(world, variable, 0, variable->target_count);
        units++;
        *all += bytes;
        *largest = bytes > *largest ? bytes : *largest;
    }
    return units;
}

/* What each shard has to read, by the schedule too, and how well that is balanced. */
static void check_balance(const struct world *world, size_t shards, bool is_small)
{
    struct cn_plan *whole = plan_whole(world);
    uint64_t largest, all, most = 0, sum = 0;
    const size_t units = count_units(whole, world, &largest, &all);
    struct cn_division division = {0};
    struct cuts cuts[UNITS] = {{0, 0}};
    size_t used = 0;
    for (size_t k = 1; k <= shards; k++) {
        struct cn_plan *plan = plan_shard(world, k, shards);
        uint64_t bytes = 0;
        for (size_t v = 0; v < plan->variable_count; v++) {
            const struct cn_variable_plan *variable = &plan->variables[v];
            struct cuts *own = &cuts[variable->variable - world->variables];
            bytes += variable->bytes_to_read;
            own->count += variable->bytes_to_read > 0;
            own->most = variable->bytes_to_read > own->most ? variable->bytes_to_read : own->most;
        }
        division = plan->division;
        assert_int_equal(division.bytes, bytes);
        assert_int_equal(division.bytes_undivided, all);
        assert_true(!bytes || (division.least <= bytes && bytes <= division.most));
        most = bytes > most ? bytes : most;
        used += bytes > 0;
        sum += bytes;
        cn_plan_free(plan);
    }
    assert_int_equal(division.most, most);
    assert_int_equal(division.used, used);
    assert_int_equal(division.bytes_of_all, sum);
    if (units >= shards) {
        assert_int_equal(sum, all);
        assert_true(most <= all / shards + largest);
    } else if (is_small) {
        assert_int_equal(most, units ? best_division(world, whole, shards) : 0);
        check_cuts(world, whole, cuts);
    }
    cn_plan_free(whole);
}

static void test_each_output_is_in_one_shard(void **state)
{
    (void)state;
    for (int k = 0; k < 400; k++) {
        struct world *world = make_world();
        for (size_t shards = 1; shards <= 4; shards++)
            check_outputs(world, shards);
        check_outputs(world, (size_t)roll(5, 60));
        free(world);
    }
}

static void test_shards_are_balanced(void **state)
{
    (void)state;
    for (int k = 0; k < 300; k++) {
        struct world *world = make_world();
        for (size_t shards = 1; shards <= UNITS; shards++)
            check_balance(world, shards, false);
        check_balance(world, (size_t)roll(UNITS + 1, 60), false);
        free(world);
    }
}

/* Against all ways to cut. */
static void test_the_largest_stretch_is_as_small_as_it_can_be(void **state)
{
    (void)state;
    for (int k = 0; k < 25; k++) {
        struct world *world = make_world();
        check_balance(world, (size_t)roll(2, 12), true);
        free(world);
    }
}

static void test_more_shards_than_target_years_leave_some_without_work(void **state)
{
    (void)state;
    struct dataset *dataset = make_dataset(1950, 2014, 2020, 1, 30, 1);
    size_t outputs = 0;
    for (size_t k = 1; k <= 100; k++) {
        struct cn_plan *plan = plan_of(dataset);
        assert_int_equal(cn_plan_take_shard(plan, &(struct cn_shard){k, 100}, NULL), CN_OK);
        assert_int_equal(plan->variable_count, k <= 42);
        assert_int_equal(plan->division.used, 42);
        outputs += k <= 42 ? plan->variables[0].output_count : 0;
        cn_plan_free(plan);
    }
    assert_int_equal(outputs, 42); /* 1979-2020 */
    free(dataset);
}

/* What exists is known only later, so a shard that starts late has the same share. */
static void test_a_stacked_output_is_never_divided(void **state)
{
    (void)state;
    struct dataset *dataset = make_dataset(1950, 2014, 2020, 1, 30, 1);
    dataset->config.output.layout = CN_STACKED;
    dataset->config.output.pattern = "{variable}/{period}.nc";
    for (size_t k = 1; k <= 3; k++) { /* two periods: all-historical, all-ssp245 */
        struct cn_plan *plan = plan_of(dataset);
        assert_int_equal(cn_plan_take_shard(plan, &(struct cn_shard){k, 3}, NULL), CN_OK);
        assert_int_equal(plan->variable_count, k < 3);
        if (k < 3) {
            assert_int_equal(plan->variables[0].output_count, 1);
            assert_int_equal(plan->variables[0].outputs[0].target_count, k == 1 ? 36 : 6);
        }
        cn_plan_free(plan);
    }
    free(dataset);
}

static void test_the_first_shard_tells_what_cannot_be_made(void **state)
{
    (void)state;
    struct dataset *dataset = make_dataset(1950, 2014, 2020, 1, 30, 1);
    dataset->variable.failure = "no file of it can be used";
    for (size_t k = 1; k <= 3; k++) {
        struct cn_plan *plan = plan_of(dataset);
        assert_int_equal(cn_plan_take_shard(plan, &(struct cn_shard){k, 3}, NULL), CN_OK);
        assert_int_equal(plan->variable_count, k == 1);
        cn_plan_free(plan);
    }
    free(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_output_is_in_one_shard),
        cmocka_unit_test(test_shards_are_balanced),
        cmocka_unit_test(test_the_largest_stretch_is_as_small_as_it_can_be),
        cmocka_unit_test(test_more_shards_than_target_years_leave_some_without_work),
        cmocka_unit_test(test_a_stacked_output_is_never_divided),
        cmocka_unit_test(test_the_first_shard_tells_what_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
