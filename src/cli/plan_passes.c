/*
 * The passes of a plan. Variables that are made in the same way share a line.
 */
#include "cli/plan_passes.h"

#include "base/format.h"
#include "base/strbuf.h"
#include "cli/shared_lines.h"
#include "job/plan_counts.h"
#include "plan/cuts.h"
#include "progress/text.h"

#include <stdio.h>

static bool has_passes(const struct cn_variable_plan *variable)
{
    return !variable->failure && variable->pass_count > 1;
}

/* Whether all passes have as many days and as many rows. */
static bool are_even(const struct cn_variable_plan *variable)
{
    const struct cn_pass_stretch *first = &variable->passes[0].stretch;
    for (size_t p = 1; p < variable->pass_count; p++)
        if (variable->passes[p].stretch.slot_count != first->slot_count ||
            variable->passes[p].stretch.row_count != first->row_count)
            return false;
    return true;
}

/* "4, of up to 92 days each: one pass needs 36.2 GiB" */
static const char *describe_cut(const struct cn_plan *plan, const struct cn_variable_plan *variable)
{
    const struct cn_cut cut = cn_cut_of(variable);
    struct cn_strbuf text = {0};
    cn_strbuf_add(&text, "%zu, of %s", variable->pass_count, are_even(variable) ? "" : "up to ");
    if (cut.days)
        cn_strbuf_add(&text, "%zu day%s", cut.days, cn_plural(cut.days));
    if (cut.rows)
        cn_strbuf_add(&text, "%s%zu row%s of the grid", cut.days ? " and " : "", cut.rows,
                      cn_plural(cut.rows));
    cn_strbuf_add(&text, " each");
    if (variable->resume.passes_done) {
        cn_strbuf_add(&text, "; an earlier run has made %zu of them", variable->resume.passes_done);
    } else {
        char need[24];
        cn_strbuf_add(&text, ": one pass needs %s",
                      cn_format_bytes(variable->arena_bytes_once, need));
    }
    return cn_strbuf_to_pool(&text, plan->pool);
}

/* "once", "1.25 times", "30 times" */
static const char *format_times(uint64_t bytes, uint64_t once, char text[32])
{
    const double times = once ? (double)bytes / (double)once : 1;
    if (times < 1.005)
        return "once";
    snprintf(text, 32, times < 99.5 ? "%.3g times" : "%.0f times", times);
    return text;
}

/* "the input is decoded once; if rows were cut, 4 times" */
static const char *describe_decoding(const struct cn_plan *plan,
                                     const struct cn_variable_plan *variable)
{
    const uint64_t once = variable->bytes_to_decode_once, other = variable->bytes_to_decode_else;
    struct cn_strbuf text = {0};
    char times[32];
    if (variable->resume.passes_done) /* what is left is not all of the input */
        return NULL;
    cn_strbuf_add(&text, "the input is decoded %s",
                  format_times(variable->bytes_to_decode, once, times));
    if (other > variable->bytes_to_decode)
        cn_strbuf_add(&text, "; if %s were cut, %s", cn_cut_of(variable).days ? "rows" : "days",
                      format_times(other, once, times));
    return cn_strbuf_to_pool(&text, plan->pool);
}

void cn_print_passes(const struct cn_plan *plan)
{
    struct cn_shared_lines cuts = {.plan = plan}, decoding = {.plan = plan};
    for (size_t v = 0; v < plan->variable_count; v++)
        if (has_passes(&plan->variables[v])) {
            cn_shared_add(&cuts, v, describe_cut(plan, &plan->variables[v]));
            cn_shared_add(&decoding, v, describe_decoding(plan, &plan->variables[v]));
        }
    const size_t sound = cn_sound_variables(plan);
    cn_shared_print("Passes", &cuts, sound);
    cn_shared_print("", &decoding, sound);
}

bool cn_is_memory_spared(const struct cn_plan *plan)
{
    bool are_new = false;
    for (size_t v = 0; v < plan->variable_count; v++)
        are_new |= has_passes(&plan->variables[v]) && !plan->variables[v].resume.passes_done;
    return are_new && plan->arena_bytes < plan->resources.memory_limit / 2;
}

void cn_print_pass_details(const struct cn_variable_plan *variable)
{
    const struct cn_cut cut = cn_cut_of(variable);
    char bytes[24], once[24];
    if (!has_passes(variable))
        return;
    printf("  bytes to decode: %s; in one pass: %s\n",
           cn_format_bytes(variable->bytes_to_decode, bytes),
           cn_format_bytes(variable->bytes_to_decode_once, once));
    for (size_t p = 0; p < variable->pass_count; p++) {
        const struct cn_pass_stretch *stretch = &variable->passes[p].stretch;
        printf("  pass %zu: ", p + 1);
        if (cut.days)
            printf("days %zu-%zu", stretch->first_slot + 1,
                   stretch->first_slot + stretch->slot_count);
        if (cut.rows)
            printf("%srows %zu-%zu", cut.days ? ", " : "", stretch->first_row + 1,
                   stretch->first_row + stretch->row_count);
        puts(p < variable->resume.passes_done ? "; made" : "");
    }
}
