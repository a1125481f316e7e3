/*
 * What the plan says, from the input that was found to what a run takes.
 */
#include "cli/plan_text.h"

#include "base/error.h"
#include "base/format.h"
#include "base/strbuf.h"
#include "base/year_list.h"
#include "cli/columns.h"
#include "cli/grid_text.h"
#include "cli/plan_passes.h"
#include "cli/plan_periods.h"
#include "cli/plan_products.h"
#include "cli/shared_lines.h"
#include "job/plan_counts.h"
#include "job/shared_problems.h"
#include "progress/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- the input --- */

/* Whether a timeline of this variable or of one before has the scenario of timeline t, too. */
static bool is_scenario_before(const struct cn_plan *plan, size_t v, size_t t)
{
    const char *scenario = plan->variables[v].variable->timelines[t].scenario;
    for (size_t k = 0; k <= v; k++) {
        const struct cn_variable *variable = plan->variables[k].variable;
        for (size_t u = 0; u < (k == v ? t : variable->timeline_count); u++)
            if (variable->timelines[u].scenario &&
                strcmp(variable->timelines[u].scenario, scenario) == 0)
                return true;
    }
    return false;
}

/* "historical + ssp245"; the scenarios of all variables. */
static const char *experiments_of(const struct cn_plan *plan)
{
    struct cn_strbuf text = {0};
    cn_strbuf_add(&text, "%s", plan->config->input.historical);
    for (size_t v = 0; v < plan->variable_count; v++) {
        const struct cn_variable *variable = plan->variables[v].variable;
        for (size_t t = 0; t < variable->timeline_count; t++) {
            const char *scenario = variable->timelines[t].scenario;
            if (scenario && !is_scenario_before(plan, v, t))
                cn_strbuf_add(&text, " + %s", scenario);
        }
    }
    return cn_strbuf_to_pool(&text, plan->pool);
}

static const char *describe_input(const struct cn_plan *plan,
                                  const struct cn_variable_plan *variable)
{
    const struct cn_variable *source = variable->variable;
    int first = 9999, last = 0;
    for (size_t t = 0; t < source->timeline_count; t++) {
        const struct cn_timeline *timeline = &source->timelines[t];
        first = timeline->first_year < first ? timeline->first_year : first;
        last = timeline->last_year > last ? timeline->last_year : last;
    }
    return cn_pool_printf(plan->pool, "%d-%d, %s calendar, %s", first, last,
                          cn_calendar_name(source->calendar),
                          cn_grid_text(plan->pool, &source->grid));
}

/* "selected: plev = 85000 Pa"; NULL: nothing is. */
static const char *describe_selection(const struct cn_plan *plan, const struct cn_variable *source)
{
    struct cn_strbuf text = {0};
    const struct cn_file *file = cn_usable_file(source);
    for (size_t k = 0; k < file->other_dim_count; k++) {
        const struct cn_other_dim *dim = &file->other_dims[k];
        if (*dim->read)
            cn_strbuf_add(&text, "%s%s = %s", text.length ? ", " : "selected: ", dim->name,
                          dim->read);
    }
    return text.length ? cn_strbuf_to_pool(&text, plan->pool) : NULL;
}

/* Lists the source years that are read, or those that are not. */
static void list_years(const struct cn_variable_plan *variable, bool is_read,
                       struct cn_year_list *list)
{
    const struct cn_variable *source = variable->variable;
    const struct cn_pass *last = &variable->passes[variable->pass_count - 1];
    enum { NO_FILE, NOT_READ, READ };
    char found[CN_LAST_YEAR + 1] = {NO_FILE}; /* of several timelines' years of one number: any */
    for (size_t y = 0; y < source->year_count; y++) {
        char *year = &found[source->years[y].year];
        const bool is_loaded = last->slot_of_year[y] != SIZE_MAX;
        *year = is_loaded || *year == READ ? READ : NOT_READ;
    }
    for (int year = 0; year <= CN_LAST_YEAR; year++)
        if (found[year] == (is_read ? READ : NOT_READ))
            cn_year_list_add(list, year, year);
}

/* "1951-2100 to read; no normal that is to be made needs 1950"; NULL: all years are read, or none.
 */
static const char *describe_reading(const struct cn_plan *plan,
                                    const struct cn_variable_plan *variable)
{
    struct cn_year_list read = {0}, others = {0};
    if (variable->normals_wanted) {
        list_years(variable, true, &read);
        list_years(variable, false, &others);
    }
    const char *years = cn_year_list_text(&read), *other_years = cn_year_list_text(&others);
    const char *text =
        *years && *other_years
            ? cn_pool_printf(plan->pool, "%s to read; no normal that is to be made needs %s", years,
                             other_years)
            : NULL;
    cn_year_list_free(&read);
    cn_year_list_free(&others);
    return text;
}

static void add_passed_over(struct cn_strbuf *text, size_t count, const char *what,
                            const char *example)
{
    if (count)
        cn_strbuf_add(text, "%s%zu %s (such as %s)", text->length ? ", " : "", count, what,
                      example);
}

static void print_files(const struct cn_catalog *catalog)
{
    struct cn_strbuf passed = {0};
    add_passed_over(&passed, catalog->superseded, "replaced by newer versions",
                    catalog->superseded_example);
    add_passed_over(&passed, catalog->filtered, "that the config leaves out",
                    catalog->filter_example);
    cn_print_labelled("", "%zu file%s", catalog->file_count, cn_plural(catalog->file_count));
    if (passed.length)
        cn_print_labelled("", "passed over: %s", cn_strbuf_text(&passed));
    cn_strbuf_free(&passed);
}

/* "r1i1p1f1 gn" */
static const char *member_of(const struct cn_plan *plan, const struct cn_variable *variable)
{
    const char *text = cn_pool_printf(plan->pool, "%s%s%s", variable->variant,
                                      *variable->grid_label ? " " : "", variable->grid_label);
    return text ? text : "";
}

/* "CanESM5 r1i1p1f1 gn, historical + ssp245", or how many models there are, and what each takes. */
static void print_models(const struct cn_plan *plan)
{
    const struct cn_variable *first = plan->variables[0].variable;
    struct cn_shared_lines members = {.plan = plan};
    size_t known = 0;
    if (!cn_config_has_several_models(plan->config)) {
        const char *member = member_of(plan, first);
        const bool has_member = member && *member;
        cn_print_labelled("", "%s%s%s%s%s", first->model, *first->model && has_member ? " " : "",
                          has_member ? member : "", *first->model || has_member ? ", " : "",
                          experiments_of(plan));
        return;
    }
    const size_t models = cn_count_models(plan);
    cn_print_labelled("", "%zu model%s, %s", models, cn_plural(models), experiments_of(plan));
    for (size_t v = 0; v < plan->variable_count; v++)
        if (*plan->variables[v].variable->variant) {
            cn_shared_add(&members, v, member_of(plan, plan->variables[v].variable));
            known++;
        }
    cn_shared_print("", &members, known);
}

static void print_input(const struct cn_plan *plan)
{
    const size_t sound = cn_sound_variables(plan);
    struct cn_shared_lines grids = {.plan = plan}, selected = {.plan = plan},
                           reading = {.plan = plan};
    printf("%-*s%s\n", CN_LABEL_COLUMNS, "Input", plan->config->input.root);
    if (!plan->variable_count) { /* of a shard without work */
        print_files(plan->catalog);
        return;
    }
    print_models(plan);
    for (size_t v = 0; v < plan->variable_count; v++) {
        const struct cn_variable_plan *variable = &plan->variables[v];
        if (variable->failure)
            continue;
        cn_shared_add(&grids, v, describe_input(plan, variable));
        cn_shared_add(&selected, v, describe_selection(plan, variable->variable));
        cn_shared_add(&reading, v, describe_reading(plan, variable));
    }
    cn_shared_print("", &grids, sound);
    cn_shared_print("", &selected, sound);
    print_files(plan->catalog);
    cn_shared_print("", &reading, sound);
}

/* --- what will be made --- */

static void add_region_shape(struct cn_strbuf *text, const char *before,
                             const struct cn_region_cells *region)
{
    cn_strbuf_add(text, "%s%s %zu", before, region->region->name, region->row_count);
    if (region->kind != CN_UNSTRUCTURED)
        cn_strbuf_add(text, " x %zu", region->column_count);
}

/* "CONUS 104 x 240, AK 88 x 260 cells" */
static const char *describe_regions(const struct cn_plan *plan,
                                    const struct cn_variable_plan *variable)
{
    struct cn_strbuf text = {0};
    for (size_t r = 0; r < variable->layout.region_count; r++)
        add_region_shape(&text, r ? ", " : "", &variable->layout.regions[r]);
    cn_strbuf_add(&text, " cells");
    return cn_strbuf_to_pool(&text, plan->pool);
}

static void print_regions(const struct cn_plan *plan)
{
    struct cn_shared_lines lines = {.plan = plan};
    for (size_t v = 0; v < plan->variable_count; v++)
        if (!plan->variables[v].failure)
            cn_shared_add(&lines, v, describe_regions(plan, &plan->variables[v]));
    cn_shared_print("Regions", &lines, cn_sound_variables(plan));
}

/* How even the shards are, and what the division costs. */
static void print_division(const struct cn_division *division)
{
    char least[24], most[24], own[24];
    const char *mine = division->bytes ? cn_format_bytes(division->bytes, own) : "nothing";
    cn_format_bytes(division->least, least);
    cn_format_bytes(division->most, most);
    const bool is_even = strcmp(least, most) == 0;
    cn_print_labelled("", "they read %s%s%s each, this one %s", least, is_even ? "" : " to ",
                      is_even ? "" : most, mine);
    if (division->bytes_of_all > division->bytes_undivided)
        cn_print_labelled("",
                          "%s together, %.2f times what one run reads: windows overlap at the cuts",
                          cn_format_bytes(division->bytes_of_all, own),
                          (double)division->bytes_of_all / (double)division->bytes_undivided);
}

static void print_shard(const struct cn_division *division)
{
    const struct cn_shard *shard = &division->shard;
    if (!shard->count)
        return;
    if (division->used < shard->count)
        cn_print_labelled("Shard", "%zu of %zu; %zu of them %s something to make", shard->number,
                          shard->count, division->used, division->used == 1 ? "has" : "have");
    else
        cn_print_labelled("Shard", "%zu of %zu", shard->number, shard->count);
    if (division->used > 1)
        print_division(division);
}

/* A row of the table: a variable; with several models all variables of one. */
struct plan_row {
    const char *name;
    size_t files, wanted, kept, not_made, variables, failed;
    uint64_t bytes;
};

static void add_to_row(const struct cn_variable_plan *variable, struct plan_row *row)
{
    row->files += variable->variable->file_count;
    row->bytes += variable->bytes_to_read;
    row->wanted += variable->normals_wanted;
    row->kept += variable->normals_skipped;
    row->not_made += variable->normals_unmade + variable->normals_failed;
    row->failed += variable->failure != NULL;
    row->variables++;
}

static void add_plan_row(const struct cn_plan *plan, const struct plan_row *row,
                         struct cn_table *table)
{
    char bytes[24];
    const char *note = NULL;
    if (row->failed == row->variables)
        note = "cannot be made: see below";
    else if (row->failed)
        note = cn_pool_printf(plan->pool, "%zu of %zu variables cannot be made: see below",
                              row->failed, row->variables);
    const char *cells[7] = {
        row->name,
        cn_number_cell(plan->pool, row->files),
        row->bytes ? cn_pool_strdup(plan->pool, cn_format_bytes(row->bytes, bytes)) : NULL,
        row->failed == row->variables ? NULL : cn_pool_printf(plan->pool, "%zu", row->wanted),
        cn_number_cell(plan->pool, row->kept),
        cn_number_cell(plan->pool, row->not_made),
        note};
    cn_table_add(table, cells);
}

static void print_variables(const struct cn_plan *plan)
{
    if (!plan->variable_count)
        return;
    const bool several = cn_config_has_several_models(plan->config);
    struct cn_table table = {.pool = plan->pool, .columns = 7};
    cn_table_add(&table, (const char *const[]){several ? "model" : "variable", "files", "to read",
                                               "to make", "kept", "not made", ""});
    for (size_t v = 0; v < plan->variable_count;) {
        const struct cn_variable *first = plan->variables[v].variable;
        struct plan_row row = {.name = several ? first->model : first->name};
        do
            add_to_row(&plan->variables[v++], &row);
        while (several && v < plan->variable_count &&
               strcmp(plan->variables[v].variable->model, first->model) == 0);
        add_plan_row(plan, &row, &table);
    }
    putchar('\n');
    cn_table_print(&table);
}

/* --- problems --- */

static void print_problems(const struct cn_job *job, bool verbose)
{
    struct cn_problems lines = {0};
    struct cn_result result;
    cn_job_preview(job, &result);
    cn_share_problems(&result, &lines);
    for (size_t i = 0; i < lines.count; i++) {
        const struct cn_problem *problem = &lines.items[i];
        const bool is_shown = verbose || problem->severity != CN_DETAIL;
        const char *line = is_shown
                               ? cn_pool_printf(job->plan->pool, "%s%s",
                                                cn_severity_mark(problem->severity), problem->text)
                               : NULL;
        if (i == 0)
            putchar('\n');
        if (line)
            cn_print_paragraph(2, line);
    }
    if (lines.lost)
        puts("! more problems than memory could hold");
    cn_problems_free(&lines);
    cn_result_free(&result);
}

/* --- what it takes --- */

/* "about 12.3 GiB, at most 31.0 GiB; 56.1 GiB free", and replaced or too many files. */
static void print_disk(const struct cn_job *job, bool is_measured)
{
    const struct cn_space_need *need = &job->plan->space;
    struct cn_strbuf line = {0};
    char text[24];
    if (is_measured || job->config->output.compression == 0)
        cn_strbuf_add(&line, "about %s, ", cn_format_bytes(need->about, text));
    else
        cn_strbuf_add(&line, "at least %s, ", cn_format_bytes(need->least, text));
    cn_strbuf_add(&line, "at most %s", cn_format_bytes(need->most, text));
    if (need->temporary)
        cn_strbuf_add(&line, ", %s between passes", cn_format_bytes(need->temporary, text));
    if (need->replaced)
        cn_strbuf_add(&line, ", instead of %s that is replaced",
                      cn_format_bytes(need->replaced, text));
    if (job->space.bytes < UINT64_MAX)
        cn_strbuf_add(&line, "; %s free", cn_format_bytes(job->space.bytes, text));
    else
        cn_strbuf_add(&line, "; the file system does not say what is free");
    if (job->space.files < need->files)
        cn_strbuf_add(&line, ", but no room for that many files");
    cn_print_labelled("Disk", "%s", cn_strbuf_text(&line));
    cn_strbuf_free(&line);
}

/* Writes a duration for people, in the unit that fits: "45 s", "12 min", "1 h 40 min", "3 days". */
static const char *format_duration(double seconds, char text[32])
{
    static const double minute = 60, hour = 3600, day = 86400;
    if (seconds < 1.5 * minute)
        snprintf(text, 32, "%.0f s",
                 fmax(seconds < 20 ? ceil(seconds) : round(seconds / 5) * 5, 1));
    else if (seconds < 1.5 * hour)
        snprintf(text, 32, "%.0f min", round(seconds / minute));
    else if (seconds < 2 * day)
        snprintf(text, 32, "%.0f h %.0f min", floor(seconds / hour),
                 floor(fmod(seconds, hour) / minute / 10) * 10);
    else
        snprintf(text, 32, "%.0f days", round(fmin(seconds / day, 1e6)));
    return text;
}

static void print_time(const struct cn_job *job, const struct cn_estimate *estimate)
{
    const int threads = job->resources.threads;
    if (estimate && estimate->is_known) {
        char text[32];
        cn_print_labelled("Time", "about %s with %d thread%s (measured for %.1f s)",
                          format_duration(estimate->seconds, text), threads,
                          cn_plural((uint64_t)threads), estimate->measured_s);
    } else {
        cn_print_labelled("Threads", "%d%s", threads,
                          estimate ? "; the time is not known, as not all files could be measured"
                                   : "");
    }
}

static void print_needs(const struct cn_job *job, const struct cn_estimate *estimate)
{
    const struct cn_plan *plan = job->plan;
    size_t kept;
    const size_t wanted = cn_count_outputs(plan, &kept);
    char text[24], limit[24];
    printf("\n%-*s%s\n", CN_LABEL_COLUMNS, "Output", plan->config->output.root);
    if (kept)
        cn_print_labelled("", "%zu file%s to make, %zu kept", wanted, cn_plural(wanted), kept);
    else
        cn_print_labelled("", "%zu file%s to make", wanted, cn_plural(wanted));
    if (!wanted)
        return;
    print_disk(job, estimate && estimate->is_known);
    cn_print_labelled("Memory", "%s of at most %s (engine.memory)%s",
                      cn_format_bytes(plan->arena_bytes, text),
                      cn_format_bytes(job->resources.memory_limit, limit),
                      cn_is_memory_spared(plan) ? "; more would not be faster" : "");
    cn_print_passes(plan);
    print_time(job, estimate);
}

/* --- the inside --- */

static void print_inside(const struct cn_variable_plan *variable)
{
    printf("\n%s\n", variable->variable->label);
    if (variable->batch_count) {
        char slab[24], result[24];
        printf("  loads: %zu; batches: %zu, of up to %zu target years\n"
               "  year slots: %zu of %s; result slots: %zu of %s\n",
               variable->load_count, variable->batch_count, variable->batch_years,
               variable->year_slots, cn_format_bytes(variable->slab_bytes, slab),
               variable->result_slots, cn_format_bytes(variable->slot_bytes, result));
        if (variable->group_slots) {
            char groups[24];
            printf("  group slots: %zu of %s\n", variable->group_slots,
                   cn_format_bytes(variable->group_bytes, groups));
        }
        cn_print_pass_details(variable);
    }
    for (size_t o = 0; o < variable->output_count; o++)
        printf("  %s %s\n", variable->outputs[o].wanted ? "make" : "keep",
               variable->outputs[o].path);
}

void cn_print_plan(const struct cn_job *job, const struct cn_estimate *estimate, bool verbose)
{
    const struct cn_plan *plan = job->plan;
    print_input(plan);
    print_regions(plan);
    cn_print_products(plan);
    print_shard(&plan->division);
    print_variables(plan);
    cn_print_periods(plan);
    for (size_t v = 0; v < plan->variable_count && verbose; v++)
        print_inside(&plan->variables[v]);
    print_problems(job, verbose);
    print_needs(job, estimate);
}
