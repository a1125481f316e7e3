/*
 * Estimates the disk space of the outputs. Without compression it is known. With compression the
 * lower estimate is low: only a box with hardly any values takes less. Pure: the caller asks the
 * file system.
 */
#include "plan/output_sizes.h"

#include <math.h>
#include <string.h>

/* Measured: besides its chunks a file holds about 85 bytes for each of them, and up to 30 kB of
 * other metadata. The bounds leave a margin. */
enum {
    LEAST_FILE_BYTES = 16384,
    LEAST_CHUNK_BYTES = 80,
    MOST_FILE_BYTES = 32768,
    MOST_CHUNK_BYTES = 96,
    COORDINATE_BYTES = 24, /* a coordinate and its bounds */
};

/* The share of their size to which outputs are assumed to compress is that of the input files, but
 * at most this. Means compress less well than their inputs, most of all on boxes of land in files
 * that are mostly sea. So the estimate stays low; inputs that are hardly compressed would raise it.
 */
static const double MOST_SHARE = 0.25;

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
static double input_share(const struct cn_catalog *catalog, const char *variable)
{
    double stored = 0, values = 0;
    for (size_t f = 0; f < catalog->file_count; f++) {
        const struct cn_file *file = &catalog->files[f];
        if (!file->usable || strcmp(file->variable, variable) != 0)
            continue;
        double count = 1;
        for (size_t d = 0; d < file->storage.rank; d++)
            count *= (double)file->storage.shape[d];
        values += count * (double)sizeof(float);
        stored += (double)file->size;
    }
    return stored < values * MOST_SHARE ? stored / values : MOST_SHARE;
}

/* Adds to *need the outputs of one region. share: see input_share. */
static void add_region(const struct cn_plan *plan, const struct cn_variable_plan *variable,
                       size_t index, double share, struct cn_space_need *need)
{
    const struct cn_region_cells *region = &variable->layout.regions[index];
    double slots = (double)variable->slots;
    double means =
        (double)region->lat_count * (double)region->lon_count * slots * (double)sizeof(float);
    bool counts = plan->config->output.counts, plain = plan->config->output.compression == 0;
    double values = counts ? means + means / 2 : means;
    double files = 0, kept = 0, kept_bytes = 0;
    for (size_t t = 0; t < variable->target_count; t++) {
        const struct cn_output *output = &variable->targets[t].outputs[index];
        if (output->wanted) {
            files++;
            need->replaced = add_bytes(need->replaced, output->bytes_there);
            need->files += output->bytes_there == 0;
        } else if (output->bytes_there) {
            kept++;
            kept_bytes += (double)output->bytes_there;
        }
    }
    double most = values + MOST_FILE_BYTES + MOST_CHUNK_BYTES * slots * (counts ? 2 : 1) +
                  COORDINATE_BYTES * (double)(region->lat_count + region->lon_count);
    double about = kept > 0 ? kept_bytes / kept * KEPT_SHARE
                            : LEAST_FILE_BYTES + LEAST_CHUNK_BYTES * slots +
                                  (plain ? values : means * share); /* counts compress to nothing */
    need->most = add_bytes(need->most, from_double(files * most));
    need->about = add_bytes(need->about, from_double(files * fmin(about, most)));
}

void cn_estimate_output_sizes(struct cn_plan *plan, struct cn_variable_plan *variable)
{
    struct cn_space_need *need = &variable->space, *sum = &plan->space;
    double share = input_share(plan->catalog, variable->variable->name);
    *need = (struct cn_space_need){0};
    for (size_t r = 0; r < variable->layout.region_count; r++)
        add_region(plan, variable, r, share, need);
    sum->most = add_bytes(sum->most, need->most);
    sum->about = add_bytes(sum->about, need->about);
    sum->replaced = add_bytes(sum->replaced, need->replaced);
    sum->files += need->files;
}

enum cn_fit cn_space_judge(const struct cn_space_need *need, const struct cn_space_free *space)
{
    uint64_t available = add_bytes(space->bytes, need->replaced);
    if (need->about > available || need->files > space->files)
        return CN_FITS_NOT;
    return need->most > available ? CN_MAY_FIT : CN_FITS;
}
