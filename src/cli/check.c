/*
 * climnorm check: which input files are damaged, lack days or hold implausible values, and which
 * have another checksum than a list says; its lines, its JSON and its exit code.
 */
#include "job/check.h"

#include "base/clock.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/display.h"
#include "cli/log.h"
#include "cli/options.h"
#include "cli/prepare.h"
#include "cli/signals.h"
#include "cli/summary.h"
#include "climnorm/resources.h"
#include "climnorm/result.h"
#include "codec/inflate/choose.h"
#include "kernels.h"
#include "progress/render.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* A call of the command. */
struct check_call {
    const struct cn_arguments *arguments;
    struct cn_pool *pool;
    struct cn_config *config;
    struct cn_resources resources;
    struct cn_catalog *catalog;
    struct cn_md5_list list;
    struct cn_check check;
    struct cn_check_counts counts;
    struct cn_result result; /* the problems of all, and of each variable */
    double wall_s;
};

/* Reads everything. The display shows it. */
static enum cn_status check_input(struct check_call *call, const struct cn_watch *watch,
                                  struct cn_error *error)
{
    const struct cn_arguments *arguments = call->arguments;
    const struct cn_kernels *kernels;
    const uint64_t start_ns = cn_now_ns();
    const struct cn_inflate_form *form;
    enum cn_status status = cn_kernels_select(&kernels, error);
    if (!status)
        status = cn_inflate_select(&form, error);
    if (!status && arguments->md5)
        status = cn_md5_list_read(call->pool, arguments->md5, &call->list, error);
    cn_progress_enter(watch->progress, CN_PHASE_EXAMINING);
    if (!status) {
        status = cn_catalog_read(call->config, &call->resources, watch, &call->catalog, error);
        const struct cn_error reason = *error;
        if (status == CN_BAD_USAGE)
            cn_fail(error, status, "%s: %s", call->config->origin.input_root, reason.text);
    }
    if (!status)
        status = cn_check_files(call->pool, call->catalog, &call->resources, kernels,
                                arguments->md5, watch, &call->check, error);
    call->wall_s = (double)(cn_now_ns() - start_ns) * 1e-9;
    return status;
}

/* Lists all problems in the result. Returns false: out of memory. */
static bool list_findings(struct check_call *call, bool is_whole)
{
    const bool several = cn_config_has_several_models(call->config);
    struct cn_result *result = &call->result;
    result->variables = calloc(call->check.variable_count + 1, sizeof *result->variables);
    if (!result->variables)
        return false;
    result->count = call->check.variable_count;
    for (size_t i = 0; call->catalog && i < call->catalog->problems.count; i++)
        cn_problems_add(&result->problems, call->catalog->problems.items[i].severity, "%s",
                        call->catalog->problems.items[i].text);
    for (size_t v = 0; v < result->count; v++) {
        const struct cn_variable *variable = call->check.variables[v].variable;
        struct cn_variable_result *row = &result->variables[v];
        row->name = variable->name;
        row->model = several ? variable->model : NULL;
        row->label = variable->label;
        if (variable->failure)
            cn_problems_add(&row->problems, CN_PROBLEM, "%s: %s", row->label, variable->failure);
        for (size_t i = 0; i < variable->problems.count; i++)
            cn_problems_add(&row->problems, variable->problems.items[i].severity, "%s",
                            variable->problems.items[i].text);
        cn_check_report(&call->check.variables[v], call->arguments->md5 ? &call->list : NULL,
                        &row->problems, &call->counts);
    }
    if (call->arguments->md5 && is_whole)
        cn_check_report_list(&call->list, call->arguments->md5, &result->problems, &call->counts);
    return true;
}

/* Whether something is wrong with the input. */
static bool has_findings(const struct check_call *call)
{
    size_t problems = cn_problems_count(&call->result.problems, CN_PROBLEM);
    for (size_t v = 0; v < call->result.count; v++)
        problems += cn_problems_count(&call->result.variables[v].problems, CN_PROBLEM);
    return problems + call->counts.gaps + call->counts.implausible > 0;
}

static void print_check_total(const struct check_call *call)
{
    const struct cn_check *check = &call->check;
    const struct cn_check_counts *counts = &call->counts;
    const struct {
        size_t count;
        const char *one, *several;
    } parts[] = {
        {counts->damaged, "is damaged", "are damaged"},
        {counts->implausible, "has implausible values", "have implausible values"},
        {counts->differing, "differs from its checksum", "differ from their checksums"},
        {counts->unlisted, "is not in the list", "are not in the list"},
    };
    const char *separator = ": ";
    printf("%zu file%s checked, %s in %s", check->files_checked, cn_plural(check->files_checked),
           cn_short_bytes((double)check->bytes_read).text,
           call->wall_s < 9.95 ? "" : cn_short_duration(call->wall_s).text);
    if (call->wall_s < 9.95)
        printf("%.1f s", call->wall_s);
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        if (!parts[k].count)
            continue;
        printf("%s%zu %s", separator, parts[k].count,
               parts[k].count == 1 ? parts[k].one : parts[k].several);
        separator = ", ";
    }
    if (counts->gaps)
        printf("%s%zu variable%s days or years", separator, counts->gaps,
               counts->gaps == 1 ? " lacks" : "s lack");
    else if (!has_findings(call))
        printf(": all is well");
    else if (separator[0] == ':')
        printf(": not all files can be used");
    putchar('\n');
}

static json_t *finding_texts(const struct cn_problems *problems, bool details)
{
    json_t *texts = json_array();
    for (size_t i = 0; i < problems->count; i++) {
        const struct cn_problem *problem = &problems->items[i];
        if ((problem->severity == CN_DETAIL) == details)
            json_array_append_new(
                texts, json_sprintf("%s%s", problem->severity == CN_WARNING ? "warning: " : "",
                                    problem->text));
    }
    return texts;
}

static json_t *checked_object(const struct cn_checked_variable *checked,
                              const struct cn_variable_result *row)
{
    size_t damaged = 0;
    uint64_t implausible = 0;
    for (size_t f = 0; f < checked->file_count; f++) {
        damaged += cn_checked_is_damaged(&checked->files[f]);
        implausible += checked->files[f].tally.count;
    }
    json_t *object = json_pack(
        "{so so so so so so}", "name", cn_json_text(row->name), "files",
        cn_json_count(checked->file_count), "files_damaged", cn_json_count(damaged),
        "values_implausible", cn_json_count(implausible), "problems",
        finding_texts(&row->problems, false), "details", finding_texts(&row->problems, true));
    if (object && row->model)
        json_object_set_new(object, "model", cn_json_text(row->model));
    return object;
}

/* Returns false: out of memory. */
static bool print_check_json(const struct check_call *call, int exit_code)
{
    const struct cn_check_counts *counts = &call->counts;
    json_t *variables = json_array();
    for (size_t v = 0; v < call->result.count; v++)
        json_array_append_new(
            variables, checked_object(&call->check.variables[v], &call->result.variables[v]));
    json_t *all = json_pack(
        "{ss si so si so so so so so so so so so so so}", "version", CLIMNORM_VERSION, "threads",
        call->resources.threads, "wall_s", cn_json_real(call->wall_s), "exit_code", exit_code,
        "files", cn_json_count(call->check.file_count), "files_checked",
        cn_json_count(call->check.files_checked), "bytes_read",
        cn_json_count(call->check.bytes_read), "files_damaged", cn_json_count(counts->damaged),
        "files_implausible", cn_json_count(counts->implausible), "variables_with_gaps",
        cn_json_count(counts->gaps), "files_differing", cn_json_count(counts->differing),
        "files_unlisted", cn_json_count(counts->unlisted), "entries_unfound",
        cn_json_count(counts->unfound), "problems", finding_texts(&call->result.problems, false),
        "variables", variables);
    const bool is_printed =
        all && json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) == 0;
    putchar('\n');
    json_decref(all);
    return is_printed;
}

/* Says why not all files were checked. Returns the exit code. */
static int report_check_end(const struct check_call *call, enum cn_status status,
                            const struct cn_error *error)
{
    const int number = status == CN_STOPPED ? atomic_load(cn_stop_signal) : 0;
    if (number)
        fprintf(stderr, "climnorm check: stopped by %s", cn_stop_signal_name(number));
    else
        fprintf(stderr, "climnorm: %s", error->text);
    if (call->check.file_count)
        fprintf(stderr, "; %zu of %zu files were checked", call->check.files_checked,
                call->check.file_count);
    fputc('\n', stderr);
    return cn_exit_code(status, number);
}

static void print_findings(const struct check_call *call, bool is_whole)
{
    cn_summary_print_problems(&call->result, stdout);
    if (is_whole)
        print_check_total(call);
}

/* Returns the exit code. */
static int check_files(struct check_call *call)
{
    const struct cn_arguments *arguments = call->arguments;
    struct cn_error error = {0};
    struct cn_progress *progress = cn_display_start(arguments, &error);
    const struct cn_watch watch = {progress, cn_stop_signal};
    cn_signals_begin();
    enum cn_status status = check_input(call, &watch, &error);
    cn_signals_end(cn_exit_code(status, atomic_load(cn_stop_signal)));
    cn_progress_enter(progress, CN_PHASE_NONE);
    cn_display_stop(progress, false);
    if (status == CN_BAD_USAGE)
        return report_check_end(call, status, &error);
    if (!list_findings(call, !status)) {
        cn_fail_memory(&error, "what was found");
        return cn_print_error(&error);
    }
    const int exit_code = status               ? report_check_end(call, status, &error)
                          : has_findings(call) ? CN_EXIT_MISSING
                                               : CN_EXIT_OK;
    if (cn_log_begin(arguments->log_file)) {
        cn_summary_print_details(&call->result, stdout);
        print_findings(call, !status);
        cn_log_end(arguments->log_file);
    }
    if (!arguments->json)
        print_findings(call, !status && !arguments->quiet);
    else if (!print_check_json(call, exit_code)) {
        cn_fail_memory(&error, "the JSON");
        return cn_print_error(&error);
    }
    return exit_code;
}

int cn_command_check(const struct cn_arguments *arguments)
{
    struct check_call call = {.arguments = arguments, .pool = cn_pool_new()};
    struct cn_problems problems = {0};
    struct cn_error error;
    if (!call.pool) {
        cn_fail_memory(&error, "a check");
        return cn_print_error(&error);
    }
    cn_signals_catch();
    int exit_code =
        cn_report_config(cn_config_read(arguments->operands[0], arguments->overrides,
                                        arguments->override_count, &call.config, &problems),
                         &problems);
    if (exit_code == CN_NO_EXIT) {
        cn_resources_resolve(call.config, &call.resources);
        cn_warn_of_thread_limit(&call.resources);
        exit_code = check_files(&call);
    }
    cn_result_free(&call.result);
    cn_check_free(&call.check);
    cn_catalog_free(call.catalog);
    cn_config_free(call.config);
    cn_pool_free(call.pool);
    return exit_code;
}
