/*
 * Follows the program of a variable line by line, without data, and counts again what the plan says
 * of it. Shares nothing with src/plan.
 */
#ifndef CLIMNORM_TESTS_PLAN_CHECKS_H
#define CLIMNORM_TESTS_PLAN_CHECKS_H

#include "codec/codec.h"
#include "plan_needs.h"

/* What was loaded into a year slot, or made in a group slot. */
struct held {
    size_t pass, year; /* SIZE_MAX: nothing; of a group slot the index in variable->groups */
};

/* The simulated run. */
struct run {
    struct held *slots, *group_slots;
    bool *grouped;        /* [group_count] */
    size_t *last_use;     /* [load_count] index of the last step that reads the load */
    size_t *load_of_year; /* [years] of the present pass */
    bool *loaded;         /* [load_count] */
    size_t *made;         /* [pass_count][target_count] how often */
    size_t pass;
};

static inline void run_load(struct paper *paper, struct run *run, size_t index)
{
    const struct cn_variable_plan *variable = paper->variable;
    const struct cn_load *load = &variable->loads[index];
    const struct cn_pass *pass = &variable->passes[load->pass];
    must(index < variable->load_count && !run->loaded[index]);
    must(load->pass >= run->pass && load->year_count > 0);
    must(index >= pass->first_load && index < pass->first_load + pass->load_count);
    run->loaded[index] = true;
    run->pass = load->pass;
    for (size_t k = 0; k < load->year_count; k++) {
        const size_t year = load->years[k], slot = pass->slot_of_year[year];
        must(year < paper->years && paper->needed[year]);
        must(!k || load->years[k - 1] < year);
        must(slot < variable->year_slots);
        run->slots[slot] = (struct held){load->pass, year};
    }
    for (size_t k = 0; k < load->year_count; k++) /* no two in one slot */
        must(run->slots[pass->slot_of_year[load->years[k]]].year == load->years[k]);
}

/* A year's slab, and that of the year before for its seasons, are there; the calendar's year is the
 * one before, on each timeline that has both. */
static inline void run_groups(struct paper *paper, struct run *run, size_t index)
{
    const struct cn_variable_plan *variable = paper->variable;
    const struct cn_variable *source = variable->variable;
    const struct cn_groups *groups = &variable->groups[index];
    const struct cn_pass *pass = &variable->passes[groups->pass];
    must(index < variable->group_count && !run->grouped[index]);
    must(groups->pass >= run->pass && groups->year < paper->years && paper->needed[groups->year]);
    bool is_found = false;
    for (size_t t = 0; t < source->timeline_count; t++)
        is_found |= pass->groups_of_year[t * source->year_count + groups->year] == index;
    must(is_found);
    must(groups->group_slot < variable->group_slots);
    run->grouped[index] = true;
    run->pass = groups->pass;
    const struct held *year = &run->slots[pass->slot_of_year[groups->year]];
    must(year->year == groups->year && year->pass == groups->pass);
    if (groups->year_before >= 0) {
        const struct held *before = &run->slots[pass->slot_of_year[groups->year_before]];
        must(before->year == (size_t)groups->year_before && before->pass == groups->pass);
        must(source->years[groups->year_before].year == source->years[groups->year].year - 1);
    }
    run->group_slots[groups->group_slot] = (struct held){groups->pass, index};
}

/* Whether a batch finds the values of a year: its slab, or its groups with the Decembers that they
 * need. */
static inline void find_row(const struct paper *paper, const struct run *run,
                            const struct cn_batch *batch, ptrdiff_t year, ptrdiff_t before)
{
    const struct cn_variable_plan *variable = paper->variable;
    const struct cn_pass *pass = &variable->passes[batch->pass];
    const struct cn_sample *sample = cn_batch_sample(variable, batch);
    const struct held *held;
    size_t wanted = (size_t)year;
    if (year < 0 || !paper->needed[year])
        return;
    if (sample->values == SIZE_MAX) {
        must(pass->slot_of_year[year] < variable->year_slots);
        held = &run->slots[pass->slot_of_year[year]];
    } else {
        wanted = cn_batch_groups(variable, batch, year);
        must(wanted < variable->group_count);
        const struct cn_groups *groups = &variable->groups[wanted];
        must(groups->year == (size_t)year);
        held = &run->group_slots[groups->group_slot];
        if (sample->time == CN_SEASON)
            must(groups->year_before == (before >= 0 && paper->needed[before] ? before : -1));
    }
    must(held->year == wanted && held->pass == batch->pass);
}

static inline void find_window(const struct paper *paper, const struct run *run,
                               const struct cn_batch *batch, size_t row, const ptrdiff_t *years)
{
    const struct cn_sample *sample = cn_batch_sample(paper->variable, batch);
    const size_t window = (size_t)sample->window;
    for (size_t k = 0; k < window; k++) {
        must(batch->rows[row + k] == years[k]);
        const ptrdiff_t before = k ? years[k - 1] : sample->time == CN_SEASON ? years[window] : -1;
        find_row(paper, run, batch, years[k], before);
    }
}

static inline void run_batch(struct paper *paper, struct run *run, size_t index)
{
    const struct cn_variable_plan *variable = paper->variable;
    const struct cn_batch *batch = &variable->batches[index];
    const struct cn_pass *pass = &variable->passes[batch->pass];
    const struct cn_sample *sample = cn_batch_sample(variable, batch);
    const size_t window = (size_t)sample->window, own = window + batch->target_count - 1;
    const size_t asked = (size_t)paper->plan->config->engine.batch_years;
    must(index < variable->batch_count && batch->pass >= run->pass);
    must(index >= pass->first_batch && index < pass->first_batch + pass->batch_count);
    run->pass = batch->pass;
    must(batch->result_slot < variable->result_slots);
    must(batch->target_count > 0 && batch->target_count <= variable->batch_years);
    must(!asked || batch->target_count <= asked);
    must(batch->row_count == own + (sample->baseline ? window : 0));
    for (size_t t = 0; t < batch->target_count; t++) {
        const size_t target = batch->first_target + t;
        must(target < variable->target_count);
        must(variable->targets[target].sample == sample);
        must(cn_wanted_normals(variable, &variable->targets[target]) > 0);
        run->made[batch->pass * variable->target_count + target]++;
        find_window(paper, run, batch, t, variable->targets[target].window);
        if (sample->baseline)
            find_window(paper, run, batch, own,
                        variable->targets[target].window + window + (sample->time == CN_SEASON));
    }
}

/* Lists the needed years whose slabs a step reads: years[]. Returns how many. */
static inline size_t list_slabs_read(const struct paper *paper, const struct cn_step *step,
                                     size_t *years)
{
    const struct cn_variable_plan *variable = paper->variable;
    size_t count = 0;
    if (step->kind == CN_GROUPS) {
        years[count++] = variable->groups[step->index].year;
        if (variable->groups[step->index].year_before >= 0)
            years[count++] = (size_t)variable->groups[step->index].year_before;
        return count;
    }
    const struct cn_batch *batch = &variable->batches[step->index];
    for (size_t k = 0; k < batch->row_count; k++)
        if (cn_batch_sample(variable, batch)->values == SIZE_MAX && batch->rows[k] >= 0 &&
            paper->needed[batch->rows[k]])
            years[count++] = (size_t)batch->rows[k];
    return count;
}

/* The most year slots that hold a year which a later step reads, if all years of a load are kept as
 * long as one of them is. */
static inline size_t find_peak(const struct paper *paper)
{
    const struct cn_variable_plan *variable = paper->variable;
    size_t *last_use = zeros(variable->load_count, sizeof *last_use);
    size_t *load_of_year = zeros(paper->years, sizeof *load_of_year);
    size_t *years = zeros(3 * paper->years + 2, sizeof *years); /* windows, and a baseline */
    size_t live = 0, peak = 0;
    for (int turn = 0; turn < 2; turn++) /* first the last uses, then the peak */
        for (size_t s = 0; s < variable->step_count; s++) {
            const struct cn_step *step = &variable->steps[s];
            if (step->kind == CN_LOAD) {
                const struct cn_load *load = &variable->loads[step->index];
                for (size_t k = 0; k < load->year_count; k++)
                    load_of_year[load->years[k]] = step->index;
                live += turn ? load->year_count : 0;
                peak = live > peak ? live : peak;
                continue;
            }
            const size_t count = list_slabs_read(paper, step, years);
            for (size_t k = 0; k < count; k++) {
                const size_t load = load_of_year[years[k]];
                if (turn && last_use[load] == s) {
                    live -= variable->loads[load].year_count;
                    last_use[load] = SIZE_MAX;
                }
                if (!turn)
                    last_use[load] = s;
            }
        }
    free(last_use);
    free(load_of_year);
    free(years);
    return peak;
}

/* Marks the years that a pass needs: those of windows, and for groups the Decembers before them. */
static inline void mark_years(const struct paper *paper, const struct cn_pass *pass, bool *years)
{
    const struct cn_variable_plan *variable = paper->variable;
    bool has_seasons = false, makes[CN_TIMES];
    size_t first;
    for (size_t v = 0; v < variable->group_value_count; v++)
        has_seasons |= variable->group_values[v].time == CN_SEASON;
    for (enum cn_time time = CN_DAY; time < CN_TIMES; time++)
        makes[time] = count_made(paper, &pass->stretch, time, &first) > 0;
    for (size_t t = 0; t < variable->target_count; t++) {
        const struct cn_target *target = &variable->targets[t];
        const struct cn_sample *sample = target->sample;
        const size_t window = (size_t)sample->window, half = window + (sample->time == CN_SEASON);
        if (!makes[sample->time] || !cn_wanted_normals(variable, target))
            continue;
        for (size_t k = 0; k < cn_sample_years(sample); k++) {
            const ptrdiff_t own = target->window[k];
            if (own < 0 || !paper->needed[own])
                continue;
            years[own] = true;
            if (!has_seasons || sample->values == SIZE_MAX || k % half == window)
                continue;
            const int year = variable->variable->years[own].year;
            const ptrdiff_t before = find_year(paper, target, year - 1);
            if (before >= 0 && paper->needed[before])
                years[before] = true;
        }
    }
}

/* Each year that a pass needs is in one load, and no chunk is decoded by two. */
static inline uint64_t count_pass(struct paper *paper, const struct cn_pass *pass)
{
    const struct cn_variable_plan *variable = paper->variable;
    size_t *load_of_year = zeros(paper->years, sizeof *load_of_year);
    bool *years = zeros(paper->years, 1);
    mark_years(paper, pass, years);
    for (size_t y = 0; y < paper->years; y++)
        load_of_year[y] = SIZE_MAX;
    for (size_t l = pass->first_load; l < pass->first_load + pass->load_count; l++)
        for (size_t k = 0; k < variable->loads[l].year_count; k++) {
            must(load_of_year[variable->loads[l].years[k]] == SIZE_MAX);
            load_of_year[variable->loads[l].years[k]] = l;
        }
    for (size_t y = 0; y < paper->years; y++) {
        must((load_of_year[y] != SIZE_MAX) == years[y]);
        must((pass->slot_of_year[y] != SIZE_MAX) == years[y]);
    }
    const uint64_t bytes = count_bytes(paper, &pass->stretch, &pass->held[CN_DAY], load_of_year);
    free(load_of_year);
    free(years);
    return bytes;
}

static inline void check_steps(struct paper *paper)
{
    const struct cn_variable_plan *variable = paper->variable;
    struct run run = {.slots = zeros(variable->year_slots, sizeof *run.slots),
                      .group_slots = zeros(variable->group_slots, sizeof *run.group_slots),
                      .grouped = zeros(variable->group_count, 1),
                      .loaded = zeros(variable->load_count, 1),
                      .made =
                          zeros(variable->pass_count * variable->target_count, sizeof *run.made)};
    for (size_t k = 0; k < variable->year_slots; k++)
        run.slots[k] = (struct held){SIZE_MAX, SIZE_MAX};
    for (size_t k = 0; k < variable->group_slots; k++)
        run.group_slots[k] = (struct held){SIZE_MAX, SIZE_MAX};
    must(variable->step_count ==
         variable->load_count + variable->group_count + variable->batch_count);
    for (size_t s = 0; s < variable->step_count; s++)
        if (variable->steps[s].kind == CN_LOAD)
            run_load(paper, &run, variable->steps[s].index);
        else if (variable->steps[s].kind == CN_GROUPS)
            run_groups(paper, &run, variable->steps[s].index);
        else
            run_batch(paper, &run, variable->steps[s].index);
    for (size_t p = 0; p < variable->pass_count; p++) {
        size_t makes[CN_TIMES], first;
        for (enum cn_time time = CN_DAY; time < CN_TIMES; time++)
            makes[time] = count_made(paper, &variable->passes[p].stretch, time, &first);
        for (size_t t = 0; t < variable->target_count; t++) {
            const struct cn_target *target = &variable->targets[t];
            const bool is_made = p >= paper->first_pass && makes[target->sample->time] &&
                                 cn_wanted_normals(variable, target);
            must(run.made[p * variable->target_count + t] == (is_made ? 1 : 0));
        }
    }
    free(run.slots);
    free(run.group_slots);
    free(run.grouped);
    free(run.loaded);
    free(run.made);
    paper->peak = find_peak(paper);
    must(paper->peak <= variable->year_slots);
}

/* Passes cover the rows with cells on all day slots, each once, in the order of slots and rows. */
static inline void check_tiles(const struct paper *paper)
{
    const struct cn_variable_plan *variable = paper->variable;
    bool *covered = zeros(paper->rows * paper->slots, 1);
    size_t tiles = 0;
    for (size_t p = 0; p < variable->pass_count; p++) {
        const struct cn_pass_stretch *stretch = &variable->passes[p].stretch;
        const struct cn_pass_stretch *before = p ? &variable->passes[p - 1].stretch : NULL;
        must(stretch->slot_count > 0 && stretch->row_count > 0);
        must(stretch->first_slot + stretch->slot_count <= paper->slots);
        must(stretch->first_row >= paper->first_row);
        must(stretch->first_row + stretch->row_count <= paper->end_row);
        must(!before || before->first_slot < stretch->first_slot ||
             (before->first_slot == stretch->first_slot && before->first_row < stretch->first_row));
        for (size_t s = 0; s < stretch->slot_count; s++)
            for (size_t k = 0; k < stretch->row_count; k++) {
                bool *tile =
                    &covered[(stretch->first_slot + s) * paper->rows + stretch->first_row + k];
                must(!*tile);
                *tile = true;
                tiles++;
            }
    }
    must(tiles == (paper->end_row - paper->first_row) * paper->slots);
    free(covered);
}

/* Cells of a region in some rows, and the columns of a row that has any. */
static inline size_t count_cells(const struct paper *paper, size_t region, size_t first,
                                 size_t count)
{
    size_t cells = 0;
    for (size_t j = first; j < first + count; j++)
        for (size_t i = 0; i < paper->columns; i++)
            cells += has_cell(paper, region, j, i);
    return cells;
}

/* Slabs and results of a pass hold all cells of each region, none over another, and room to deflate
 * each chunk of results in its place. */
static inline void check_results(const struct paper *paper, const struct cn_pass *pass,
                                 enum cn_time time)
{
    const struct cn_variable_plan *variable = paper->variable;
    const struct cn_layout *layout = &pass->results[time];
    const struct cn_pass_stretch *stretch = &pass->stretch;
    size_t first;
    const size_t count = count_made(paper, stretch, time, &first);
    const struct cn_circle made = cn_pass_groups(pass, time);
    must(made.count == count && (!count || made.first == first));
    size_t slab_end = 0, result_end = 0;
    must(layout->region_count == variable->layout.region_count);
    for (size_t r = 0; r < layout->region_count; r++) {
        const struct cn_region_cells *region = &layout->regions[r];
        const size_t cells = region->row_count * region->column_count;
        must(cells == (count ? count_cells(paper, r, stretch->first_row, stretch->row_count) : 0));
        if (!cells)
            continue;
        must(cells == count_cells(paper, r, region->first_row, region->row_count));
        must(region->first_row >= stretch->first_row);
        must(region->first_cell >= slab_end && region->first_result >= result_end);
        must(region->first_cell == pass->layout.regions[r].first_cell);
        slab_end = region->first_cell + cells;
        result_end = region->first_result + region->chunk_count * region->chunk_cells;
        must(cn_deflate.bound(region->chunk_slots * cells * 4) <= region->chunk_cells * 4);
        must(cn_deflate.bound(region->chunk_slots * cells * 2) <= region->chunk_cells * 2);
        for (size_t s = first; s < first + count; s++) {
            const size_t chunk = s / region->chunk_slots;
            const size_t begin =
                region->first_result + (chunk - region->first_chunk) * region->chunk_cells;
            must(chunk >= region->first_chunk);
            must(chunk < region->first_chunk + region->chunk_count);
            must(cn_result_index(region, s) == begin + s % region->chunk_slots * cells);
            must(cn_result_index(region, s) + cells <= begin + region->chunk_cells);
        }
    }
    must(slab_end <= pass->layout.row_cells);
    must(result_end <= variable->result[time].cells);
}

/* Slabs and group slots of a pass hold all rows. */
static inline void check_pass_layout(const struct paper *paper, const struct cn_pass *pass)
{
    const struct cn_variable_plan *variable = paper->variable;
    const size_t row_bytes = pass->layout.row_cells * sizeof(float);
    size_t rows = 0;
    for (enum cn_time time = CN_DAY; time < CN_TIMES; time++)
        check_results(paper, pass, time);
    check_days(paper, pass);
    must(pass->held[CN_DAY].count * row_bytes <= variable->slab_bytes);
    for (size_t v = 0; v < variable->group_value_count; v++) {
        const enum cn_time time = variable->group_values[v].time;
        must(pass->group_rows[v] == rows);
        rows += pass->held[time].count;
    }
    must(rows * row_bytes <= variable->group_bytes);
}

static inline void check_memory(const struct paper *paper, uint64_t limit)
{
    const struct cn_variable_plan *variable = paper->variable;
    const size_t cell_bytes = paper->plan->config->output.counts ? 6 : 4;
    for (size_t p = paper->first_pass; p < variable->pass_count; p++)
        check_pass_layout(paper, &variable->passes[p]);
    for (size_t b = 0; b < variable->batch_count; b++) {
        const struct cn_batch *batch = &variable->batches[b];
        const struct cn_sample *sample = cn_batch_sample(variable, batch);
        const size_t results = batch->target_count + (sample->baseline ? 1 : 0);
        must(variable->result[sample->time].cells * cell_bytes <=
             variable->result[sample->time].bytes);
        must(results * sample->product_count * variable->result[sample->time].bytes <=
             variable->slot_bytes);
    }
    must(variable->year_slots * variable->slab_bytes +
             variable->group_slots * variable->group_bytes +
             variable->result_slots * variable->slot_bytes <=
         limit);
}

static inline void check_bytes(struct paper *paper)
{
    const struct cn_variable_plan *variable = paper->variable;
    const struct cn_pass_stretch whole = {0, paper->slots, paper->first_row,
                                          paper->end_row - paper->first_row};
    const struct cn_circle all = {0, paper->slots, paper->slots};
    uint64_t bytes = 0;
    for (size_t p = paper->first_pass; p < variable->pass_count; p++)
        bytes += count_pass(paper, &variable->passes[p]);
    must(variable->bytes_to_decode == bytes);
    must(variable->bytes_to_decode_once == count_bytes(paper, &whole, &all, NULL));
}

/* What a plan offers, to compare it with others. */
struct offer {
    uint64_t bytes;    /* to decode */
    size_t look_ahead; /* year slots beside those that the program needs */
    size_t result_slots, passes, batch_years;
    size_t row_stretches; /* of each stretch of days */
    size_t years;         /* that each pass loads */
};

/* Checks all of a variable's program. */
static inline struct offer check_variable(const struct cn_plan *plan,
                                          const struct cn_variable_plan *variable, uint64_t limit)
{
    struct paper *paper = begin_paper(plan, variable);
    check_tiles(paper);
    check_steps(paper);
    check_memory(paper, limit);
    check_bytes(paper);
    struct offer offer = {.bytes = variable->bytes_to_decode,
                          .look_ahead = variable->year_slots - paper->peak,
                          .result_slots = variable->result_slots,
                          .passes = variable->pass_count,
                          .batch_years = variable->batch_years};
    for (size_t p = 0; p < variable->pass_count; p++)
        offer.row_stretches += variable->passes[p].stretch.first_slot == 0;
    for (size_t y = 0; y < paper->years; y++)
        offer.years += paper->needed[y];
    end_paper(paper);
    return offer;
}

#endif
