/*
 * What a variable needs, found without src/plan: cells of regions, years of windows, and the chunk
 * and the day slot of each instant. Counts bytes to decode from that.
 */
#ifndef CLIMNORM_TESTS_PLAN_NEEDS_H
#define CLIMNORM_TESTS_PLAN_NEEDS_H

#include "climnorm/plan.h"

#include "cn_test.h"

/* Which job is checked: failures print it. */
static char checked_job[80] = "";
#define must(condition) assert_row(condition, checked_job)

/* An instant of a needed year: its day slot, and the chunk that holds it. */
struct instant {
    size_t year, file, chunk; /* chunk: counted over all files */
    size_t slot;
    bool is_between; /* no day slot is its own: a pass has it that has this slot and the next */
};

struct paper {
    const struct cn_plan *plan;
    const struct cn_variable_plan *variable;
    size_t rows, columns, slots, years;
    size_t first_row, end_row; /* of all regions' cells */
    bool *cells;               /* [region][rows][columns] */
    bool *needed;              /* [years] */
    struct instant *instants;  /* by slot */
    size_t *first_instant;     /* [slots + 1] */
    size_t chunk_count;
    size_t *seen_by_load; /* [chunk_count] 1 + the load of this pass that decodes a chunk */
    uint64_t *row_bytes;  /* [rows][files] bytes_of_rows from that row on; 0: not computed */
    size_t *row_counts;   /* [rows] for so many rows */
    size_t first_pass;    /* that is not made yet */
    size_t last_slot[CN_TIMES][CN_MAX_SLOTS]; /* of each group */
    size_t peak; /* year slots without which the program could not run */
};

static inline void *zeros(size_t count, size_t size)
{
    void *made = calloc(count ? count : 1, size);
    assert_non_null(made);
    return made;
}

static inline bool is_inside(const struct cn_region *region, double lat, double lon)
{
    if (region->global)
        return true;
    bool inside = false;
    for (int turn = -2; turn <= 2; turn++)
        inside |= region->lon[0] <= lon + 360 * turn && lon + 360 * turn <= region->lon[1];
    return inside && region->lat[0] <= lat && lat <= region->lat[1];
}

static inline bool has_cell(const struct paper *paper, size_t region, size_t row, size_t column)
{
    return paper->cells[(region * paper->rows + row) * paper->columns + column];
}

static inline void mark_cells(struct paper *paper)
{
    const struct cn_grid *grid = &paper->variable->variable->grid;
    const struct cn_layout *layout = &paper->variable->layout;
    paper->cells = zeros(layout->region_count * paper->rows * paper->columns, 1);
    paper->first_row = paper->rows;
    for (size_t r = 0; r < layout->region_count; r++)
        for (size_t j = 0; j < paper->rows; j++)
            for (size_t i = 0; i < paper->columns; i++) {
                if (!is_inside(layout->regions[r].region, grid->lat[j], grid->lon[i]))
                    continue;
                paper->cells[(r * paper->rows + j) * paper->columns + i] = true;
                paper->first_row = j < paper->first_row ? j : paper->first_row;
                paper->end_row = j + 1 > paper->end_row ? j + 1 : paper->end_row;
            }
}

/* The index of a year that can be used; -1: there is none. */
static inline ptrdiff_t find_year(const struct paper *paper, const struct cn_target *target,
                                  int year)
{
    const struct cn_variable *source = paper->variable->variable;
    const struct cn_timeline *timeline = &source->timelines[target->timeline];
    ptrdiff_t index = -1;
    if (timeline->first_year <= year && year <= timeline->last_year)
        index = timeline->years[year - timeline->first_year];
    return index >= 0 && source->years[index].usable ? index : -1;
}

/* Looks a window that ends in `last` up in the timelines. Returns how many years it has. */
static inline int check_window(struct paper *paper, const struct cn_target *target, int last,
                               const ptrdiff_t *years)
{
    const int window = target->sample->window;
    const bool is_wanted = cn_wanted_normals(paper->variable, target) > 0;
    int found = 0;
    for (int k = 0; k <= window; k++) {
        const bool is_before = k == window; /* the year before comes last */
        const int year = last - window + (is_before ? 0 : 1 + k);
        if (is_before && target->sample->time != CN_SEASON)
            continue;
        const ptrdiff_t index = is_before && years[0] < 0 ? -1 : find_year(paper, target, year);
        must(years[k] == index);
        must(index < 0 || paper->variable->variable->years[index].year == year);
        found += index >= 0 && !is_before;
        if (index >= 0 && is_wanted)
            paper->needed[index] =
                !paper->variable->unreadable || !paper->variable->unreadable[index];
    }
    return found;
}

static inline void check_windows(struct paper *paper)
{
    for (size_t t = 0; t < paper->variable->target_count; t++) {
        const struct cn_target *target = &paper->variable->targets[t];
        const struct cn_sample *sample = target->sample;
        const size_t half = (size_t)sample->window + (sample->time == CN_SEASON);
        must(target->years_planned == check_window(paper, target, target->year, target->window));
        must(!sample->baseline || check_window(paper, target, sample->baseline,
                                               target->window + half) >= sample->min_years);
    }
}

static inline size_t instants_of_chunk(const struct cn_file *file)
{
    return file->storage.layout == CN_CHUNKED ? file->storage.chunk[file->storage.time_dim] : 1;
}

static inline void place_instant(const struct paper *paper, const struct cn_file *file, size_t k,
                                 struct instant *instant)
{
    const enum cn_leap_day rule = paper->plan->config->normals.leap_day;
    const struct cn_date date = cn_day_date(file->calendar, file->days[k]);
    const int slot = cn_slot(file->calendar, rule, date);
    instant->is_between = slot < 0;
    must(slot >= 0 || (date.month == 2 && date.day == 29));
    instant->slot = slot < 0 ? 58 : (size_t)slot; /* that of February 28 */
    must(instant->slot < paper->slots);
}

/* Lists the instants of all needed years by slot. */
static inline void list_instants(struct paper *paper)
{
    const struct cn_variable *source = paper->variable->variable;
    size_t *first_chunk = zeros(source->file_count, sizeof *first_chunk);
    size_t count = 0, made = 0;
    for (size_t f = 0; f < source->file_count; f++)
        first_chunk[f] = SIZE_MAX;
    for (size_t y = 0; y < paper->years; y++)
        for (size_t p = 0; p < source->years[y].part_count; p++)
            count += source->years[y].parts[p].count;
    struct instant *all = zeros(count, sizeof *all);
    paper->instants = zeros(count, sizeof *paper->instants);
    paper->first_instant = zeros(paper->slots + 2, sizeof *paper->first_instant);
    for (size_t y = 0; y < paper->years; y++)
        for (size_t p = 0; paper->needed[y] && p < source->years[y].part_count; p++) {
            const struct cn_part *part = &source->years[y].parts[p];
            const size_t f = (size_t)(part->file - source->files);
            if (first_chunk[f] == SIZE_MAX) {
                /* Chunks before the first that is needed get numbers, too. */
                size_t end = 0;
                for (size_t z = y; z < paper->years; z++)
                    for (size_t q = 0; q < source->years[z].part_count; q++) {
                        const struct cn_part *other = &source->years[z].parts[q];
                        if (other->file == part->file && other->first + other->count > end)
                            end = other->first + other->count;
                    }
                first_chunk[f] = paper->chunk_count;
                paper->chunk_count += end / instants_of_chunk(part->file) + 1;
            }
            for (size_t k = part->first; k < part->first + part->count; k++) {
                struct instant *instant = &all[made++];
                *instant =
                    (struct instant){.year = y,
                                     .file = f,
                                     .chunk = first_chunk[f] + k / instants_of_chunk(part->file)};
                place_instant(paper, part->file, k, instant);
                paper->first_instant[instant->slot + 2]++;
            }
        }
    for (size_t s = 2; s < paper->slots + 2; s++)
        paper->first_instant[s] += paper->first_instant[s - 1];
    for (size_t k = 0; k < made; k++)
        paper->instants[paper->first_instant[all[k].slot + 1]++] = all[k];
    paper->seen_by_load = zeros(paper->chunk_count, sizeof *paper->seen_by_load);
    free(all);
    free(first_chunk);
}

static inline size_t groups_of_year(const struct paper *paper, enum cn_time time)
{
    return time == CN_DAY ? paper->slots : time == CN_MONTH ? 12 : time == CN_SEASON ? 4 : 1;
}

/* Whether a day slot holds a day of a group in a common or a leap year, or of the year before. */
static inline bool is_day_of(const struct paper *paper, enum cn_time time, size_t group,
                             size_t slot, bool is_before)
{
    const enum cn_leap_day rule = paper->plan->config->normals.leap_day;
    const enum cn_calendar calendar = paper->variable->variable->calendar;
    bool is_in = time == CN_DAY && slot == group && !is_before;
    for (int year = 2000; year < 2002 && time != CN_DAY; year++) {
        struct cn_date date;
        if (!cn_slot_date(calendar, rule, year, (int)slot, &date))
            continue;
        const size_t month = (size_t)date.month;
        const bool is_next = time == CN_SEASON && month == 12;
        is_in |= is_next == is_before &&
                 (time == CN_YEAR || group == (time == CN_MONTH ? month - 1 : month % 12 / 3));
    }
    return is_in;
}

/* Finds the last day slot of each group. */
static inline void find_last_slots(struct paper *paper)
{
    for (enum cn_time time = CN_DAY; time < CN_TIMES; time++)
        for (size_t g = 0; g < groups_of_year(paper, time); g++) {
            size_t last = time == CN_DAY ? g : paper->slots - 1;
            while (!is_day_of(paper, time, g, last, false))
                last--;
            paper->last_slot[time][g] = last;
        }
}

/* Counts the groups that a pass makes: those whose last day of all years is in the stretch. */
static inline size_t count_made(const struct paper *paper, const struct cn_pass_stretch *stretch,
                                enum cn_time time, size_t *first)
{
    const size_t end = stretch->first_slot + stretch->slot_count;
    size_t count = 0;
    *first = 0;
    for (size_t g = groups_of_year(paper, time); g-- > 0;)
        if (paper->last_slot[time][g] >= stretch->first_slot && paper->last_slot[time][g] < end) {
            *first = g;
            count++;
        }
    return count;
}

/* The slabs of a pass hold the days of all its groups, with their pools, and no others. */
static inline void check_days(const struct paper *paper, const struct cn_pass *pass)
{
    const struct cn_circle *held = &pass->held[CN_DAY];
    const size_t slots = paper->slots;
    bool *days = zeros(slots, 1);
    size_t count = 0, first;
    for (size_t s = 0; s < paper->variable->sample_count; s++) {
        const struct cn_sample *sample = &paper->variable->samples[s];
        const size_t reach = (size_t)sample->pool / 2;
        const size_t made = count_made(paper, &pass->stretch, sample->time, &first);
        for (size_t g = first; g < first + made && sample->product_count; g++) {
            for (size_t k = 0; sample->time == CN_DAY && k < 2 * reach + 1; k++)
                days[(g + slots + k - reach) % slots] = true;
            for (size_t slot = 0; sample->time != CN_DAY && slot < slots; slot++)
                days[slot] |= is_day_of(paper, sample->time, g, slot, false) ||
                              is_day_of(paper, sample->time, g, slot, true);
        }
    }
    for (size_t slot = 0; slot < slots; slot++) {
        must(days[slot] == (cn_circle_place(held, slot) < held->count));
        count += days[slot];
    }
    must(held->count == count && held->all == slots && held->first < slots);
    free(days);
}

static inline struct paper *begin_paper(const struct cn_plan *plan,
                                        const struct cn_variable_plan *variable)
{
    struct paper *paper = zeros(1, sizeof *paper);
    paper->plan = plan;
    paper->variable = variable;
    paper->rows = variable->variable->grid.row_count;
    paper->columns = variable->variable->grid.column_count;
    paper->slots = (size_t)variable->slots;
    paper->years = variable->variable->year_count;
    paper->needed = zeros(paper->years, 1);
    paper->first_pass = variable->resume.count ? variable->resume.passes_done : 0;
    paper->row_bytes = zeros(paper->rows * variable->variable->file_count, sizeof(uint64_t));
    paper->row_counts = zeros(paper->rows, sizeof *paper->row_counts);
    mark_cells(paper);
    check_windows(paper);
    list_instants(paper);
    find_last_slots(paper);
    return paper;
}

static inline void end_paper(struct paper *paper)
{
    free(paper->cells);
    free(paper->needed);
    free(paper->instants);
    free(paper->first_instant);
    free(paper->seen_by_load);
    free(paper->row_bytes);
    free(paper->row_counts);
    free(paper);
}

/* Bytes that one chunk of a file's days takes in the rows of a stretch: all its blocks that have
 * cells. Files without chunks are read row by row. */
static inline uint64_t bytes_of_rows(const struct paper *paper, const struct cn_storage *storage,
                                     const struct cn_pass_stretch *stretch)
{
    const bool is_chunked = storage->layout == CN_CHUNKED;
    const size_t height = is_chunked ? storage->chunk[storage->row_dim] : 1;
    const size_t width = is_chunked ? storage->chunk[storage->column_dim] : paper->columns;
    const size_t across = (paper->columns + width - 1) / width;
    const size_t first = stretch->first_row, count = stretch->row_count;
    bool *needed = zeros((paper->rows / height + 1) * across, 1);
    uint64_t blocks = 0;
    for (size_t r = 0; r < paper->variable->layout.region_count; r++)
        for (size_t j = first; j < first + count; j++)
            for (size_t i = 0; i < paper->columns; i++)
                if (has_cell(paper, r, j, i) && !needed[j / height * across + i / width]) {
                    needed[j / height * across + i / width] = true;
                    blocks++;
                }
    free(needed);
    return blocks * height * width * storage->value_bytes *
           (is_chunked ? storage->chunk[storage->time_dim] : 1);
}

/* The same, looked up where it is known. */
static inline uint64_t bytes_of_file(struct paper *paper, size_t file,
                                     const struct cn_pass_stretch *stretch)
{
    const struct cn_variable *source = paper->variable->variable;
    uint64_t *known = &paper->row_bytes[stretch->first_row * source->file_count];
    if (paper->row_counts[stretch->first_row] != stretch->row_count)
        memset(known, 0, source->file_count * sizeof *known);
    paper->row_counts[stretch->first_row] = stretch->row_count;
    if (!known[file])
        known[file] = bytes_of_rows(paper, &source->files[file].storage, stretch);
    return known[file];
}

/* Bytes of the chunk that holds an instant, if it was not counted yet. No chunk may be in two
 * loads.
 */
static inline uint64_t count_instant(struct paper *paper, const struct cn_pass_stretch *stretch,
                                     const struct instant *instant, size_t load)
{
    size_t *seen = &paper->seen_by_load[instant->chunk];
    const bool is_new = !*seen;
    must(is_new || *seen == load);
    *seen = load;
    return is_new ? bytes_of_file(paper, instant->file, stretch) : 0;
}

/* Counts the bytes of days in the rows of a stretch, each chunk once. load_of_year NULL: all years
 * are loaded together. */
static inline uint64_t count_bytes(struct paper *paper, const struct cn_pass_stretch *stretch,
                                   const struct cn_circle *days, const size_t *load_of_year)
{
    uint64_t bytes = 0;
    memset(paper->seen_by_load, 0, paper->chunk_count * sizeof *paper->seen_by_load);
    for (size_t place = 0; place < days->count; place++) {
        const size_t slot = (days->first + place) % days->all;
        const bool is_end = days->count < days->all && place + 1 == days->count;
        for (size_t k = paper->first_instant[slot]; k < paper->first_instant[slot + 1]; k++) {
            const struct instant *instant = &paper->instants[k];
            const size_t load = load_of_year ? load_of_year[instant->year] + 1 : 1;
            if (load && !(instant->is_between && is_end))
                bytes += count_instant(paper, stretch, instant, load);
        }
    }
    return bytes;
}

#endif
