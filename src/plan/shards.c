/*
 * Divides the units of work of a plan among shards, by the bytes that each has to read. It must not
 * know which outputs exist, nor anything of the machine: shards start at different times on
 * different machines, and must agree. Pure.
 */
#include "plan/shards.h"

#include "base/error.h"
#include "base/pool.h"

#include <stdlib.h>
#include <string.h>

/* A variable that can be made. */
struct unit {
    struct cn_variable_plan *variable;
    const size_t *block_ends; /* [target_count] the end of the targets that stay together */
    uint64_t bytes;           /* of all files that it needs */
};

/* Consecutive target years of one unit, for one shard. */
struct share {
    const struct unit *unit;
    size_t first, end; /* indices in variable->targets */
    uint64_t bytes;
    size_t shard; /* counted from 0 */
};

struct divider {
    struct cn_plan *plan;
    struct unit *units;
    size_t unit_count;
    struct share *shares;
    size_t share_count;
    uint64_t *loads; /* [shards] bytes of the shares of each */
    size_t shards;
    size_t *stamps; /* [catalog->file_count] the stretch that counted a file last */
    size_t stamp;   /* of the stretch that is counted now */
};

/* Finds where a variable may be cut: not between targets of one output. NULL: out of memory. */
static const size_t *find_blocks(struct cn_pool *pool, const struct cn_variable_plan *variable)
{
    const size_t count = variable->target_count;
    size_t *ends = cn_pool_alloc(pool, count, sizeof *ends);
    for (size_t o = 0; ends && o < variable->output_count; o++) {
        const struct cn_output *output = &variable->outputs[o];
        const size_t end = output->targets[output->target_count - 1] + 1;
        size_t *reach = &ends[output->targets[0]]; /* of what begins there */
        *reach = end > *reach ? end : *reach;
    }
    for (size_t first = 0, end; ends && first < count; first = end) {
        end = first + 1;
        for (size_t t = first; t < end; t++)
            end = ends[t] > end ? ends[t] : end;
        for (size_t t = first; t < end; t++)
            ends[t] = end;
    }
    return ends;
}

/* Bytes of the files in the windows of some targets that the present stretch has not counted. */
static uint64_t count_bytes(struct divider *divider, const struct cn_variable_plan *variable,
                            size_t first, size_t end)
{
    uint64_t bytes = 0;
    for (size_t t = first; t < end; t++)
        for (size_t k = 0; k < cn_sample_years(variable->targets[t].sample); k++) {
            const struct cn_source_year *year =
                cn_window_year(variable->variable, &variable->targets[t], (int)k);
            for (size_t p = 0; year && p < year->part_count; p++) {
                const struct cn_file *file = year->parts[p].file;
                size_t *stamp = &divider->stamps[file - divider->plan->catalog->files];
                bytes += *stamp == divider->stamp ? 0 : file->size;
                *stamp = divider->stamp;
            }
        }
    return bytes;
}

/* Sets the end and the bytes of a share: the longest stretch that reads at most `bound` bytes, or
 * the first block alone. */
static void extend_share(struct divider *divider, struct share *share, uint64_t bound)
{
    const struct cn_variable_plan *variable = share->unit->variable;
    divider->stamp++;
    share->end = share->first;
    share->bytes = 0;
    while (share->end < variable->target_count) {
        const size_t end = share->unit->block_ends[share->end];
        const uint64_t more = count_bytes(divider, variable, share->end, end);
        if (share->end > share->first && share->bytes + more > bound)
            return;
        share->bytes += more;
        share->end = end;
    }
}

/* How many shares of at most `bound` bytes a unit gives; they are stored where `shares` is not
 * NULL. Greedy is best: a stretch that ends earlier never lets the next one end later. */
static size_t cut_unit(struct divider *divider, const struct unit *unit, uint64_t bound,
                       struct share *shares)
{
    struct share share = {.unit = unit};
    size_t count = 0;
    for (; share.first < unit->variable->target_count; share.first = share.end) {
        extend_share(divider, &share, bound);
        if (shares)
            shares[count] = share;
        count++;
    }
    return count;
}

/* The least bound with which some units give at most `most` shares, one for each at least. */
static uint64_t find_bound(struct divider *divider, const struct unit *units, size_t count,
                           size_t most)
{
    uint64_t low = 0, high = 0;
    for (size_t u = 0; u < count; u++)
        high = units[u].bytes > high ? units[u].bytes : high;
    while (low < high) {
        const uint64_t bound = low + (high - low) / 2;
        size_t shares = 0;
        for (size_t u = 0; u < count; u++)
            shares += cut_unit(divider, &units[u], bound, NULL);
        if (shares <= most)
            high = bound;
        else
            low = bound + 1;
    }
    return low;
}

/* Fewer units than shards: each shard gets at most one share. */
static void divide_units(struct divider *divider)
{
    const uint64_t bound =
        find_bound(divider, divider->units, divider->unit_count, divider->shards);
    for (size_t u = 0; u < divider->unit_count; u++) {
        const struct unit *unit = &divider->units[u];
        /* A unit whose shares are smaller than the largest of all is cut evenly, too. */
        const uint64_t own = find_bound(divider, unit, 1, cut_unit(divider, unit, bound, NULL));
        divider->share_count +=
            cut_unit(divider, unit, own, &divider->shares[divider->share_count]);
    }
    for (size_t p = 0; p < divider->share_count; p++)
        divider->shares[p].shard = p;
}

/* The largest unit first; of equal ones, in the order of the plan. */
static int compare_shares(const void *a, const void *b)
{
    const struct share *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x->unit < y->unit ? -1 : x->unit > y->unit;
}

/* As many units as shards, or more: longest processing time first (Graham 1969). No shard then has
 * more than the mean and one unit. */
static void assign_units(struct divider *divider)
{
    for (size_t u = 0; u < divider->unit_count; u++) {
        const struct unit *unit = &divider->units[u];
        divider->shares[u] = (struct share){unit, 0, unit->variable->target_count, unit->bytes, 0};
    }
    divider->share_count = divider->unit_count;
    qsort(divider->shares, divider->share_count, sizeof *divider->shares, compare_shares);
    for (size_t p = 0; p < divider->share_count; p++) {
        size_t least = 0;
        for (size_t s = 1; s < divider->shards; s++)
            least = divider->loads[s] < divider->loads[least] ? s : least;
        divider->shares[p].shard = least;
        divider->loads[least] += divider->shares[p].bytes;
    }
}

static bool is_unit(const struct cn_variable_plan *variable)
{
    return !variable->failure && variable->target_count > 0;
}

/* Lists the units and makes room for their shares. False: out of memory. */
static bool prepare_divider(struct divider *divider)
{
    struct cn_plan *plan = divider->plan;
    struct cn_pool *pool = plan->pool;
    const size_t variables = plan->variable_count;
    const size_t shares = variables > divider->shards ? variables : divider->shards;
    divider->units = cn_pool_alloc(pool, variables, sizeof *divider->units);
    divider->shares = cn_pool_alloc(pool, shares, sizeof *divider->shares);
    divider->loads = cn_pool_alloc(pool, divider->shards, sizeof *divider->loads);
    divider->stamps = cn_pool_alloc(pool, plan->catalog->file_count, sizeof *divider->stamps);
    if (!divider->units || !divider->shares || !divider->loads || !divider->stamps)
        return false;
    for (size_t v = 0; v < variables; v++) {
        struct cn_variable_plan *variable = &plan->variables[v];
        if (!is_unit(variable))
            continue;
        const size_t *ends = find_blocks(pool, variable);
        if (!ends)
            return false;
        divider->stamp++;
        divider->units[divider->unit_count++] = (struct unit){
            variable, ends, count_bytes(divider, variable, 0, variable->target_count)};
    }
    return true;
}

/* Says what the division comes to. */
static void sum_up(struct divider *divider, struct cn_division *division)
{
    memset(divider->loads, 0, divider->shards * sizeof *divider->loads);
    for (size_t p = 0; p < divider->share_count; p++) {
        divider->loads[divider->shares[p].shard] += divider->shares[p].bytes;
        division->bytes_of_all += divider->shares[p].bytes;
    }
    for (size_t u = 0; u < divider->unit_count; u++)
        division->bytes_undivided += divider->units[u].bytes;
    division->bytes = divider->loads[division->shard.number - 1];
    division->least = UINT64_MAX;
    for (size_t s = 0; s < divider->shards; s++) {
        const uint64_t load = divider->loads[s];
        division->used += load > 0;
        division->least = load && load < division->least ? load : division->least;
        division->most = load > division->most ? load : division->most;
    }
    division->least = division->used ? division->least : 0;
}

/* Keeps the outputs whose targets are those of the share. The targets are renumbered. False: out of
 * memory. */
static bool keep_outputs(struct cn_pool *pool, struct cn_variable_plan *variable,
                         const struct share *share)
{
    struct cn_target *targets = variable->targets + share->first;
    size_t normals = 0, kept = 0;
    for (size_t t = share->first; t < share->end; t++)
        normals += cn_normal_count(variable, &variable->targets[t]);
    size_t *all = cn_pool_alloc(pool, normals, sizeof *all);
    for (size_t o = 0; all && o < variable->output_count; o++) {
        struct cn_output output = variable->outputs[o];
        if (output.targets[0] < share->first || output.targets[0] >= share->end)
            continue;
        for (size_t k = 0; k < output.target_count; k++) {
            all[k] = output.targets[k] - share->first;
            targets[all[k]].normals[output.normal].output = kept;
        }
        output.targets = all;
        all += output.target_count;
        variable->outputs[kept++] = output;
    }
    variable->output_count = kept;
    variable->targets = targets;
    variable->target_count = share->end - share->first;
    return all != NULL;
}

/* The share of the shard in a variable; NULL: it has none. */
static const struct share *find_share(const struct divider *divider,
                                      const struct cn_variable_plan *variable, size_t shard)
{
    for (size_t p = 0; p < divider->share_count; p++)
        if (divider->shares[p].unit->variable == variable && divider->shares[p].shard == shard)
            return &divider->shares[p];
    return NULL;
}

/* Leaves the shares of one shard in the plan. False: out of memory. */
static bool keep_shares(struct divider *divider, size_t shard)
{
    struct cn_plan *plan = divider->plan;
    struct cn_variable_plan *kept = cn_pool_alloc(plan->pool, plan->variable_count, sizeof *kept);
    size_t count = 0;
    bool good = kept != NULL;
    for (size_t v = 0; kept && v < plan->variable_count; v++) {
        struct cn_variable_plan *variable = &plan->variables[v];
        const struct share *share = find_share(divider, variable, shard);
        const bool is_told = share ? share->first == 0 : shard == 0 && !is_unit(variable);
        if (!is_told) {
            cn_problems_free(&variable->problems);
            variable->normals_failed = variable->normals_unmade = 0;
        }
        if (share)
            good &= keep_outputs(plan->pool, variable, share);
        if (share || is_told)
            kept[count++] = *variable;
    }
    if (kept) {
        plan->variables = kept;
        plan->variable_count = count;
    }
    return good;
}

enum cn_status cn_plan_take_shard(struct cn_plan *plan, const struct cn_shard *shard,
                                  struct cn_error *error)
{
    struct divider divider = {.plan = plan, .shards = shard->count};
    plan->division = (struct cn_division){.shard = *shard};
    if (!prepare_divider(&divider))
        return cn_fail_memory(error, "the shards");
    if (divider.unit_count < divider.shards)
        divide_units(&divider);
    else
        assign_units(&divider);
    sum_up(&divider, &plan->division);
    return keep_shares(&divider, shard->number - 1) ? CN_OK : cn_fail_memory(error, "the shards");
}
