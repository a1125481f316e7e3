/*
 * Unfinished outputs of the plan. Their bytes are read by child processes, as those of other
 * existing files are: so several are read at once, are counted on the screen, and a signal ends it.
 */
#include "job/unfinished.h"

#include "base/error.h"
#include "base/pool.h"
#include "base/workers.h"
#include "sink/claims.h"
#include "sink/file_passes.h"
#include "sink/unfinished.h"
#include "sink/waiting.h"

#include <stdlib.h>
#include <string.h>

enum { LONG_TIME_S = 7 * 86400 }; /* there may be terabytes to read */

/* A wanted output of which something is there. */
struct unfinished_output {
    struct cn_normals_file file;
    struct cn_unfinished found;
};

struct unfinished_outputs {
    struct cn_plan *plan;
    struct unfinished_output *items;
    size_t count;
    bool is_run;
};

static bool is_made(const struct cn_variable_plan *variable, const struct cn_output *output)
{
    return !variable->failure && output->wanted;
}

static void list_unfinished(struct unfinished_outputs *list)
{
    const struct cn_plan *plan = list->plan;
    for (size_t v = 0; v < plan->variable_count; v++) {
        const struct cn_variable_plan *variable = &plan->variables[v];
        for (size_t o = 0; o < variable->output_count; o++) {
            struct cn_output *output = &variable->outputs[o];
            struct unfinished_output item = {.file =
                                                 cn_normals_file_planned(plan, variable, output)};
            if (is_made(variable, output) &&
                cn_unfinished_is_there(&item.file, &output->bytes_waiting) &&
                (!list->is_run ||
                 cn_claim(plan->config->output.root, cn_waiting_number(&item.file))))
                list->items[list->count++] = item;
        }
    }
}

static const char *unfinished_path(void *context, size_t item)
{
    return ((const struct unfinished_outputs *)context)->items[item].file.path;
}

/* In a child. */
static enum cn_status examine_unfinished(void *context, size_t item, struct cn_archive *found,
                                         struct cn_error *error)
{
    const struct unfinished_outputs *list = context;
    struct cn_pool *pool = cn_pool_new();
    struct cn_unfinished unfinished = {0};
    enum cn_status status =
        pool ? cn_unfinished_read(&list->items[item].file, list->is_run, pool, &unfinished, error)
             : cn_fail_memory(error, "an unfinished output");
    cn_archive_bytes(found, &unfinished.passes_done, sizeof unfinished.passes_done);
    cn_archive_count(found, &unfinished.count);
    cn_archive_array(found, unfinished.stretches, unfinished.count, sizeof *unfinished.stretches);
    cn_pool_free(pool);
    return status;
}

/* A child that fails over the files has found nothing. */
static enum cn_status accept_unfinished(void *context, size_t item, struct cn_archive *found,
                                        const struct cn_error *failure, struct cn_error *error)
{
    struct unfinished_outputs *list = context;
    struct unfinished_output *output = &list->items[item];
    struct cn_unfinished unfinished = {0};
    if (failure && failure->status != CN_BAD_INPUT)
        return cn_fail(error, failure->status, "%s/%s: %s", list->plan->config->output.root,
                       output->file.path, failure->text);
    if (failure)
        return CN_OK;
    found->pool = list->plan->pool;
    cn_archive_bytes(found, &unfinished.passes_done, sizeof unfinished.passes_done);
    cn_archive_count(found, &unfinished.count);
    const struct cn_pass_stretch *stretches =
        cn_archive_array(found, NULL, unfinished.count, sizeof *stretches);
    if (found->status ||
        (unfinished.count && (unfinished.passes_done >= unfinished.count ||
                              !cn_are_stretches_sound(&output->file, stretches, unfinished.count))))
        return CN_BAD_INPUT;
    unfinished.stretches = stretches;
    output->found = unfinished;
    return CN_OK;
}

static bool are_cut_alike(const struct cn_unfinished *a, const struct cn_unfinished *b)
{
    return a->count == b->count &&
           memcmp(a->stretches, b->stretches, a->count * sizeof *a->stretches) == 0;
}

/* How many passes of the cut are whole in an output. */
static size_t passes_of(const struct unfinished_outputs *list, const struct cn_output *output,
                        const struct cn_normals_file *file, const struct cn_unfinished *cut)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].file.path == output->path && list->items[i].found.count &&
            are_cut_alike(&list->items[i].found, cut))
            return list->items[i].found.passes_done;
    return cn_unfinished_free_passes(file, cut->stretches, cut->count);
}

/* Sets `resume` of a variable: the passes that all of its outputs have. */
static void agree(const struct unfinished_outputs *list, struct cn_variable_plan *variable)
{
    const struct cn_unfinished *cut = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const struct unfinished_output *item = &list->items[i];
        if (item->file.variable == variable->variable && item->found.count &&
            (!cut || item->found.passes_done > cut->passes_done))
            cut = &item->found;
    }
    size_t done = cut ? cut->passes_done : 0;
    for (size_t o = 0; o < variable->output_count && done; o++) {
        const struct cn_output *output = &variable->outputs[o];
        const struct cn_normals_file file = cn_normals_file_planned(list->plan, variable, output);
        const size_t passes =
            is_made(variable, output) ? passes_of(list, output, &file, cut) : done;
        done = passes < done ? passes : done;
    }
    variable->resume =
        done ? (struct cn_resume){cut->stretches, cut->count, done} : (struct cn_resume){0};
}

enum cn_status cn_find_unfinished(struct cn_plan *plan, const struct cn_resources *resources,
                                  bool is_run, const struct cn_watch *watch, struct cn_error *error)
{
    struct unfinished_outputs list = {.plan = plan, .is_run = is_run};
    size_t outputs = 0;
    for (size_t v = 0; v < plan->variable_count; v++)
        outputs += plan->variables[v].output_count;
    list.items = calloc(outputs + 1, sizeof *list.items);
    if (!list.items)
        return cn_fail_memory(error, "the survey of unfinished outputs");
    list_unfinished(&list);
    enum cn_status status = list.count
                                ? cn_workers_run(&(struct cn_workers){.count = list.count,
                                                                      .threads = resources->threads,
                                                                      .timeout_s = LONG_TIME_S,
                                                                      .cpu_s = LONG_TIME_S,
                                                                      .watch = watch,
                                                                      .context = &list,
                                                                      .name = unfinished_path,
                                                                      .examine = examine_unfinished,
                                                                      .accept = accept_unfinished},
                                                 error)
                                : CN_OK;
    for (size_t v = 0; v < plan->variable_count && !status; v++)
        agree(&list, &plan->variables[v]);
    free(list.items);
    return status;
}

/* Removes what is there of an output, unless another process works on it. */
static void drop_output(const struct cn_plan *plan, const struct cn_normals_file *file)
{
    uint64_t bytes;
    if (cn_unfinished_is_there(file, &bytes) &&
        cn_claim(plan->config->output.root, cn_waiting_number(file)))
        cn_unfinished_remove(file);
}

bool cn_drop_unfinished(const struct cn_plan *plan, bool all)
{
    size_t outputs = 0, kept = 0;
    for (size_t v = 0; v < plan->variable_count; v++)
        outputs += plan->variables[v].output_count;
    uint64_t *numbers = calloc(outputs + 1, sizeof *numbers);
    bool is_resumed = false;
    for (size_t v = 0; v < plan->variable_count; v++) {
        const struct cn_variable_plan *variable = &plan->variables[v];
        is_resumed |= variable->resume.passes_done > 0;
        for (size_t o = 0; o < variable->output_count; o++) {
            const struct cn_output *output = &variable->outputs[o];
            const struct cn_normals_file file = cn_normals_file_planned(plan, variable, output);
            const bool stays =
                output->wanted && (variable->failure || variable->resume.passes_done);
            if (!stays)
                drop_output(plan, &file);
            else if (numbers)
                numbers[kept++] = cn_waiting_number(&file);
        }
    }
    if (all && numbers)
        cn_unfinished_remove_others(plan->config->output.root, numbers, kept);
    free(numbers);
    return is_resumed;
}
