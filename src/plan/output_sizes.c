/*
 * Estimates the disk space of the outputs. Without compression it is known. With compression there
 * are three figures: `least` is low, and only a box with hardly any values takes less; `about` is
 * likely where the compression was measured; `most` is a bound. Pure: the caller measures and asks
 * the file system.
 */
#include "plan/output_sizes.h"

#include "plan/sizes.h"
#include "products/group_days.h"

#include <math.h>
#include <string.h>

/* Measured: besides its chunks a file of one target holds about 85 bytes for each of them, its
 * times, the names of its source files, and some 34 kB of other metadata. The bounds leave a
 * margin. */
static const double LEAST_FILE_BYTES = 16384, LEAST_CHUNK_BYTES = 80;
static const double ABOUT_FILE_BYTES = 34000, ABOUT_CHUNK_BYTES = 85;
static const double MOST_FILE_BYTES = 49152, MOST_CHUNK_BYTES = 96;
static const double SLOT_BYTES = 28;         /* day of the year, time and its bounds */
static const double MOST_TARGET_BYTES = 512; /* besides the names of a target's source files */
static const double NUMBER_BYTES = 8;        /* of a coordinate or a bound */

/* The share of their size to which outputs are assumed to compress is that of the input files, but
 * at most this. Means compress less well than their inputs, most of all on boxes of land in files
 * that are mostly sea. So the estimate stays low; inputs that are hardly compressed would raise it.
 */
static const double MOST_SHARE = 0.25;

/* What waits in a scratch file begins at a block of the disk, and fills half of its last one. */
static const double LAST_BLOCK_BYTES = 2048;

/* New files of a region are assumed to take at least this share of its existing ones. */
static const double KEPT_SHARE = 0.95;

static uint64_t add_bytes(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t from_double(double value)
{
    return value < 0x1p63 ? (uint64_t)value : UINT64_MAX;
}

/* Bytes on disk for each byte of float32 values in the variable's input files; at most MOST_SHARE.
 */
static double input_share(const struct cn_variable *variable)
{
    double stored = 0, values = 0;
    for (size_t f = 0; f < variable->file_count; f++) {
        const struct cn_file *file = &variable->files[f];
        if (!file->usable)
            continue;
        double count = 1;
        for (size_t d = 0; d < file->storage.rank; d++)
            count *= (double)file->storage.shape[d];
        values += count * (double)sizeof(float);
        stored += (double)file->size;
    }
    return stored < values * MOST_SHARE ? stored / values : MOST_SHARE;
}

/* The most source years that a target has. */
static size_t most_years(const struct cn_variable_plan *plan)
{
    size_t most = 0;
    for (size_t s = 0; s < plan->sample_count; s++) {
        const size_t years = cn_sample_years(&plan->samples[s]);
        most = years > most ? years : most;
    }
    return most;
}

/* The most bytes that the names of a target's source files take, and texts that a file copies. */
static double most_text_bytes(const struct cn_variable_plan *plan)
{
    const struct cn_variable *variable = plan->variable;
    size_t longest_name = 0, most_parts = 0, longest_history = 0;
    for (size_t y = 0; y < variable->year_count; y++) {
        const struct cn_source_year *year = &variable->years[y];
        most_parts = year->part_count > most_parts ? year->part_count : most_parts;
        for (size_t p = 0; p < year->part_count; p++) {
            const struct cn_file *file = year->parts[p].file;
            size_t name = file->base ? strlen(file->base) : 0;
            size_t history = file->history ? strlen(file->history) : 0;
            longest_name = name > longest_name ? name : longest_name;
            longest_history = history > longest_history ? history : longest_history;
        }
    }
    return (double)most_years(plan) * (double)(most_parts * (longest_name + 1)) +
           (double)longest_history;
}

/* What the outputs of a region take for each file and each normal; and what existing ones take. */
struct region_sizes {
    double most_file, most_normal, about_file, about_normal, least_file, least_normal;
    double kept, kept_bytes; /* normals, bytes */
};

static void add_output(const struct cn_output *output, const struct region_sizes *sizes,
                       struct cn_space_need *need)
{
    double normals = (double)output->target_count;
    double most = sizes->most_file + normals * sizes->most_normal;
    double about = sizes->about_file + normals * sizes->about_normal;
    double least = sizes->least_file + normals * sizes->least_normal;
    if (sizes->kept > 0) {
        about = normals * sizes->kept_bytes / sizes->kept;
        least = about * KEPT_SHARE;
    }
    need->replaced = add_bytes(need->replaced, output->bytes_there);
    need->files += output->bytes_there == 0;
    need->most = add_bytes(need->most, from_double(most));
    need->about = add_bytes(need->about, from_double(fmin(about, most)));
    need->least = add_bytes(need->least, from_double(fmin(least, fmin(about, most))));
}

/* The chunks of a region of which several passes have a part. */
static size_t count_cut_chunks(const struct cn_variable_plan *variable, enum cn_time time,
                               size_t index)
{
    size_t cut = 0;
    for (size_t k = 0; k < variable->results[time].regions[index].chunk_count; k++) {
        size_t parts = 0;
        for (size_t p = 0; p < variable->pass_count; p++) {
            const struct cn_region_cells *region =
                &variable->passes[p].results[time].regions[index];
            parts += region->row_count && k >= region->first_chunk &&
                     k - region->first_chunk < region->chunk_count;
        }
        cut += parts > 1;
    }
    return cut;
}

/* Adds what a region's output needs in its scratch file: values of the chunks that are cut, and
 * encoded chunks, which wait there in a file of several targets. values, encoded: of all chunks of
 * a normal. */
static void add_scratch(const struct cn_variable_plan *variable, const struct cn_output *output,
                        double values, double encoded, struct cn_space_need *need)
{
    const enum cn_time time = output->product->time;
    const struct cn_region_cells *region = &variable->results[time].regions[output->region];
    const size_t cut = count_cut_chunks(variable, time, output->region);
    const double share = (double)cut / (double)region->chunk_count;
    const double waiting = output->target_count > 1 ? 1 : share;
    if (variable->pass_count > 1)
        need->temporary =
            add_bytes(need->temporary, from_double((double)output->target_count *
                                                   (share * values + waiting * encoded)));
    if (variable->resume.passes_done)
        need->waiting = add_bytes(need->waiting, output->bytes_waiting);
}

static bool is_output_of(const struct cn_output *output, enum cn_time time, size_t region)
{
    return output->product->time == time && output->region == region;
}

/* Of coordinates and bounds; not of the few values that are kept as they are. */
static double coordinate_bytes(const struct cn_grid *grid, const struct cn_region_cells *region)
{
    return NUMBER_BYTES * (double)(1 + cn_grid_corners(grid)) *
           (double)(cn_region_lats(region) + cn_region_lons(region));
}

/* Adds to *need the outputs of one region and kind of groups. share: see input_share. */
static void add_region(const struct cn_plan *plan, const struct cn_variable_plan *variable,
                       enum cn_time time, size_t index, double share, struct cn_space_need *need)
{
    const struct cn_region_cells *region = &variable->results[time].regions[index];
    const double steps = (double)cn_group_count(time, (size_t)variable->slots);
    const bool counts = plan->config->output.counts, plain = plan->config->output.compression == 0;
    const double cells = (double)region->row_count * (double)region->column_count;
    const double chunks = (double)region->chunk_count;
    const double means = cells * chunks * (double)(region->chunk_slots * sizeof(float));
    const double values =
        means / (double)sizeof(float) * (double)cn_cell_bytes(plan->config, variable, time);
    const double last_blocks = LAST_BLOCK_BYTES * chunks * (counts ? 2 : 1);
    struct region_sizes sizes = {
        .most_file = MOST_FILE_BYTES + coordinate_bytes(&variable->variable->grid, region),
        .most_normal = values + MOST_CHUNK_BYTES * chunks * (counts ? 2 : 1) + SLOT_BYTES * steps +
                       MOST_TARGET_BYTES + 2 * most_text_bytes(variable), /* rows of 2^k bytes */
        .least_file = LEAST_FILE_BYTES,
        .least_normal = LEAST_CHUNK_BYTES * chunks +
                        (plain ? values : means * share), /* counts compress to nothing */
    };
    sizes.about_file = sizes.least_file;
    sizes.about_normal = sizes.least_normal;
    if (plain || variable->measured_shares) {
        sizes.about_file = ABOUT_FILE_BYTES;
        sizes.about_normal = ABOUT_CHUNK_BYTES * chunks + SLOT_BYTES * steps +
                             most_text_bytes(variable) +
                             (plain ? values : means * variable->measured_shares[index]);
    }
    for (size_t o = 0; o < variable->output_count; o++) {
        const struct cn_output *output = &variable->outputs[o];
        if (is_output_of(output, time, index) && !output->wanted && output->bytes_there) {
            sizes.kept += (double)output->target_count;
            sizes.kept_bytes += (double)output->bytes_there;
        }
    }
    for (size_t o = 0; o < variable->output_count; o++)
        if (is_output_of(&variable->outputs[o], time, index) && variable->outputs[o].wanted) {
            add_output(&variable->outputs[o], &sizes, need);
            add_scratch(variable, &variable->outputs[o], values + last_blocks,
                        sizes.about_normal + last_blocks, need);
        }
}

void cn_estimate_output_sizes(struct cn_plan *plan, struct cn_variable_plan *variable)
{
    struct cn_space_need *need = &variable->space, *sum = &plan->space;
    double share = input_share(variable->variable);
    *need = (struct cn_space_need){0};
    if (plan->values_bytes)
        return;
    for (enum cn_time time = CN_DAY; time < CN_TIMES; time++)
        for (size_t r = 0; r < variable->layout.region_count; r++)
            add_region(plan, variable, time, r, share, need);
    sum->most = add_bytes(sum->most, need->most);
    sum->about = add_bytes(sum->about, need->about);
    sum->least = add_bytes(sum->least, need->least);
    sum->replaced = add_bytes(sum->replaced, need->replaced);
    sum->files += need->files;
    sum->waiting = add_bytes(sum->waiting, need->waiting);
    if (need->temporary > sum->temporary) /* variables follow each other */
        sum->temporary = need->temporary;
}

void cn_estimate_all_output_sizes(struct cn_plan *plan)
{
    plan->space = (struct cn_space_need){0};
    for (size_t v = 0; v < plan->variable_count; v++)
        if (!plan->variables[v].failure)
            cn_estimate_output_sizes(plan, &plan->variables[v]);
}

enum cn_fit cn_space_judge(const struct cn_space_need *need, const struct cn_space_free *space)
{
    uint64_t available = add_bytes(add_bytes(space->bytes, need->replaced), need->waiting);
    if (add_bytes(need->least, need->temporary) > available || need->files > space->files)
        return CN_FITS_NOT;
    return add_bytes(need->most, need->temporary) > available ? CN_MAY_FIT : CN_FITS;
}
