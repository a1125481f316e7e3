/*
 * climnorm plan: prints what `run` would do. Writes no results.
 */
#include "base/error.h"
#include "base/format.h"
#include "cli/commands.h"
#include "cli/prepare.h"
#include "cli/summary.h"

#include <stdio.h>
#include <string.h>

static void print_problems(const struct cn_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        printf("  %s%s\n", cn_severity_mark(problems->items[i].severity), problems->items[i].text);
}

static void print_input(const struct cn_catalog *catalog, const struct cn_config *config)
{
    printf("Input     %s\n", config->input.root);
    printf("          model %s, variant %s, grid %s\n", catalog->model, catalog->variant,
           *catalog->grid_label ? catalog->grid_label : "(none in names)");
    printf("          %zu files used of %zu .nc files; %zu superseded by reissues, %zu of other "
           "tables, %zu filtered out, %zu not named like CMIP files\n",
           catalog->file_count, catalog->nc_files_seen, catalog->superseded, catalog->other_tables,
           catalog->filtered, catalog->name_mismatches);
    print_problems(&catalog->problems);
}

/* Prints the normals of each period, and how many of them exist already. */
static void print_periods(const struct cn_variable_plan *variable)
{
    for (size_t t = 0; t < variable->target_count;) {
        const struct cn_target *first = &variable->targets[t];
        size_t end = t, wanted = 0;
        for (; end < variable->target_count &&
               strcmp(variable->targets[end].period, first->period) == 0;
             end++)
            wanted += cn_wanted_normals(variable, &variable->targets[end]);
        size_t all = (end - t) * variable->layout.region_count;
        printf("          %-16s %d-%d: %zu target years x %zu regions = %zu normals, %zu to make, "
               "%zu there already\n",
               first->period, first->year, variable->targets[end - 1].year, end - t,
               variable->layout.region_count, all, wanted, all - wanted);
        t = end;
    }
}

static void print_variable(const struct cn_variable_plan *variable)
{
    const struct cn_variable *source = variable->variable;
    printf("\n%-9s ", source->name);
    if (variable->failure) {
        printf("FAILS: %s\n", variable->failure);
    } else {
        char read[24], write[24];
        printf("%zu source years, %s calendar, %zu x %zu grid (lat x lon), %d day slots\n",
               source->year_count, cn_calendar_name(source->calendar), source->grid.lat_count,
               source->grid.lon_count, variable->slots);
        for (size_t t = 0; t < source->timeline_count; t++)
            printf("          timeline %s: %d-%d%s\n",
                   source->timelines[t].scenario ? source->timelines[t].scenario : "historical",
                   source->timelines[t].first_year, source->timelines[t].last_year,
                   source->timelines[t].mixes_versions ? ", of several versions" : "");
        for (size_t r = 0; r < variable->layout.region_count; r++)
            printf("          region %s: %zu x %zu cells\n",
                   variable->layout.regions[r].region->name, variable->layout.regions[r].lat_count,
                   variable->layout.regions[r].lon_count);
        print_periods(variable);
        printf("          reads at most %s, writes at most %s\n",
               cn_format_bytes(variable->bytes_to_read, read),
               cn_format_bytes(variable->space.most, write));
        if (variable->batch_count) {
            char result[24];
            printf("          loads: %zu; batches: %zu, of up to %zu target years; "
                   "year slots: %zu of %s; result slots: %zu of %s\n",
                   variable->load_count, variable->batch_count, variable->batch_years,
                   variable->year_slots, cn_format_bytes(variable->slab_bytes, read),
                   variable->result_slots, cn_format_bytes(variable->result_bytes, result));
        }
    }
    print_problems(&source->problems);
    print_problems(&variable->problems);
}

/* "about 12.3 GiB, at most 31.0 GiB; 56.1 GiB free", and replaced or too many files. */
static void print_disk(const struct cn_job *job)
{
    const struct cn_space_need *need = &job->plan->space;
    char text[24];
    if (job->config->output.compression)
        printf("about %s, ", cn_format_bytes(need->about, text));
    printf("at most %s", cn_format_bytes(need->most, text));
    if (need->replaced)
        printf(", instead of %s that is replaced", cn_format_bytes(need->replaced, text));
    if (job->space.bytes < UINT64_MAX)
        printf("; %s free", cn_format_bytes(job->space.bytes, text));
    else
        printf("; the file system does not say what is free");
    if (job->space.files < need->files)
        printf(", but no room for that many files");
    printf("\n");
}

static void print_totals(const struct cn_job *job)
{
    const struct cn_plan *plan = job->plan;
    size_t wanted = 0, kept = 0;
    char text[24], limit[24];
    for (size_t v = 0; v < plan->variable_count; v++)
        for (size_t o = 0; o < plan->variables[v].output_count; o++)
            *(plan->variables[v].outputs[o].wanted ? &wanted : &kept) += 1;
    printf("\nOutput    %s\n          %zu files to make, %zu there already\nDisk      ",
           plan->config->output.root, wanted, kept);
    print_disk(job);
    printf("Memory    %s of at most %s (engine.memory)\nThreads   %d\n",
           cn_format_bytes(plan->arena_bytes, text),
           cn_format_bytes(job->resources.memory_limit, limit), job->resources.threads);
    print_problems(&job->problems);
}

/* Prints every file, one a line. */
static void print_outputs(const struct cn_variable_plan *variable)
{
    for (size_t o = 0; o < variable->output_count; o++)
        printf("          %s %s\n", variable->outputs[o].wanted ? "make" : "keep",
               variable->outputs[o].path);
}

void cn_print_plan(const struct cn_job *job, int verbose)
{
    const struct cn_plan *plan = job->plan;
    print_input(plan->catalog, plan->config);
    for (size_t v = 0; v < plan->variable_count; v++) {
        print_variable(&plan->variables[v]);
        if (verbose)
            print_outputs(&plan->variables[v]);
    }
    print_totals(job);
}

int cn_command_plan(const struct cn_arguments *arguments)
{
    struct cn_prepared prepared;
    int exit_code = cn_prepare(arguments, NULL, false, &prepared);
    if (exit_code == CN_NO_EXIT) {
        struct cn_result result;
        struct cn_error error;
        if (!arguments->quiet)
            cn_print_plan(prepared.job, arguments->verbose);
        cn_job_preview(prepared.job, &result);
        exit_code = cn_exit_code(result.status, 0);
        if (cn_job_check_space(prepared.job, &error))
            exit_code = cn_print_error(&error);
        if (arguments->summary && cn_summary_write(&result, exit_code, arguments->summary, &error))
            exit_code = cn_print_error(&error);
        cn_result_free(&result);
    }
    cn_prepared_free(&prepared);
    return exit_code;
}
