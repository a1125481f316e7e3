/*
 * A small normal of tasmax, made by hand, for test_sink*.c and sink_dump.c: 30 years of a standard
 * calendar, one that no file holds and one that was not used, on a grid of 3 x 4 cells.
 */
#ifndef CLIMNORM_TESTS_SINK_SAMPLE_H
#define CLIMNORM_TESTS_SINK_SAMPLE_H

#include "products/group_days.h"
#include "sink/output_file.h"
#include "sink/temporary.h"

#include "one_product.h"

#include <libdeflate.h>
#include <netcdf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SAMPLE_WINDOW = 30,
    SAMPLE_YEARS = 2 * (SAMPLE_WINDOW + 1), /* room: of a season's change, with a year before */
    SAMPLE_LAST = 1980,
    SAMPLE_LATS = 3,
    SAMPLE_LONS = 4,
    SAMPLE_CELLS = SAMPLE_LATS * SAMPLE_LONS,
    SAMPLE_SLOTS = 366,
    SAMPLE_CHUNK_SLOTS = 100, /* the last chunk is filled up */
    SAMPLE_CHUNKS = 4,
    SAMPLE_ABSENT = 5, /* positions in the window: 1956, 1961 */
    SAMPLE_UNUSED = 10,
    SAMPLE_MISSING_CELL = 7,
};

struct sample {
    struct cn_config config;
    struct cn_product product;
    struct cn_sample values;
    const struct cn_product *products[1];
    struct cn_variable variable;
    struct cn_region region;
    struct cn_region_cells cells;
    struct cn_target target;
    struct cn_file files[SAMPLE_WINDOW];
    char bases[SAMPLE_WINDOW][80];
    int64_t days[SAMPLE_WINDOW][365];
    struct cn_part parts[SAMPLE_WINDOW];
    struct cn_source_year years[SAMPLE_WINDOW];
    ptrdiff_t window[SAMPLE_YEARS];
    bool used[SAMPLE_YEARS];
    const bool *years_used;
    struct cn_normals_file file;
    struct cn_skeleton skeleton;
    struct cn_encoded chunks[2 * SAMPLE_CHUNKS]; /* of means and of counts, in turn */
};

static const double sample_lat[] = {30.125, 30.375, 30.625};
static const double sample_lat_bounds[] = {30.0, 30.25, 30.25, 30.5, 30.5, 30.75};
static const double sample_lon[] = {240.125, 240.375, 240.625, 240.875};
static const double sample_lon_bounds[] = {240.0, 240.25, 240.25, 240.5,
                                           240.5, 240.75, 240.75, 241};
static const float sample_scale = 0.5F;

#define SAMPLE_TEXT(name, text)               \
    {                                         \
        name, NC_CHAR, sizeof(text) - 1, text \
    }

static const struct cn_attribute sample_attributes[] = {
    SAMPLE_TEXT("standard_name", "air_temperature"),
    SAMPLE_TEXT("long_name", "Daily Maximum Near-Surface Air Temperature"),
    {"scale_factor", NC_FLOAT, 1, &sample_scale},
    {"valid_anything", NC_FLOAT, 1, &sample_scale},
    {"_ChunkSizes", NC_FLOAT, 1, &sample_scale},
    {"DIMENSION_LIST", NC_FLOAT, 1, &sample_scale},
    {"_NCProperties", NC_FLOAT, 1, &sample_scale},
    {"_Netcdf4Coordinates", NC_FLOAT, 1, &sample_scale},
    {"_Netcdf4Dimid", NC_FLOAT, 1, &sample_scale},
    {"_nc3_strict", NC_FLOAT, 1, &sample_scale},
    {"_IsNetcdf4", NC_FLOAT, 1, &sample_scale},
    {"_SuperblockVersion", NC_FLOAT, 1, &sample_scale},
    {"CLASS", NC_FLOAT, 1, &sample_scale},
    {"NAME", NC_FLOAT, 1, &sample_scale},
    {"REFERENCE_LIST", NC_FLOAT, 1, &sample_scale},
    {"_Format", NC_FLOAT, 1, &sample_scale},
    {"_Codecs", NC_FLOAT, 1, &sample_scale},
    {"_FillValue", NC_FLOAT, 1, &sample_scale},
    {"with/slash", NC_FLOAT, 1, &sample_scale},
    {"blank ", NC_FLOAT, 1, &sample_scale},
    {"half", NC_FLOAT, 1, &sample_scale},
    SAMPLE_TEXT("target_year", "from the source"),
    SAMPLE_TEXT("units", "K"),
    SAMPLE_TEXT("cell_methods", "area: mean time: maximum (interval: 15 minutes)"),
    SAMPLE_TEXT("coordinates", "height"),
    SAMPLE_TEXT("tracking_id", "hdl:21.14100/0"),
    {"caf\xc3\xa9", NC_FLOAT, 1, &sample_scale}, /* the same name as the next to netCDF */
    {"cafe\xcc\x81", NC_FLOAT, 1, &sample_scale},
};

static const struct cn_attribute sample_lat_attributes[] = {
    SAMPLE_TEXT("units", "degrees_N"),
    SAMPLE_TEXT("long_name", "Latitude of the cell"),
    SAMPLE_TEXT("bounds", "somewhere_else"),
};

/* Those of tasmax that CF has. */
static const struct cn_attribute sample_heat_attributes[] = {
    SAMPLE_TEXT("standard_name", "air_temperature"),
    SAMPLE_TEXT("long_name", "Daily Maximum Near-Surface Air Temperature"),
    SAMPLE_TEXT("units", "K"),
    SAMPLE_TEXT("cell_methods", "area: mean time: maximum (interval: 15 minutes)"),
};

static const struct cn_attribute sample_rain_attributes[] = {
    SAMPLE_TEXT("standard_name", "precipitation_flux"),
    SAMPLE_TEXT("long_name", "Precipitation"),
    SAMPLE_TEXT("units", "kg m-2 s-1"),
    SAMPLE_TEXT("cell_methods", "area: time: mean"),
};

static void sample_files(struct sample *s)
{
    for (int i = 0; i < SAMPLE_WINDOW; i++) {
        int year = SAMPLE_LAST - SAMPLE_WINDOW + 1 + i;
        bool reissue = i == SAMPLE_WINDOW - 1;
        snprintf(s->bases[i], sizeof s->bases[i],
                 "tasmax_day_NorESM2-LM_historical_r1i1p1f1_gn_%d%s.nc", year,
                 reissue ? "_v1.1" : "");
        for (int d = 0; d < 365; d++)
            s->days[i][d] = 365 * (int64_t)i + d;
        s->files[i] = (struct cn_file){
            .path = "/data/somewhere",
            .base = s->bases[i],
            .variable = "tasmax",
            .version_major = 1,
            .version_minor = reissue,
            .size = 1000,
            .mtime_ns = 42,
            .usable = true,
            .time_count = 365,
            .days = s->days[i],
            .attributes = sample_attributes,
            .attribute_count = sizeof sample_attributes / sizeof *sample_attributes,
            .lat_attributes = sample_lat_attributes,
            .lat_attribute_count = sizeof sample_lat_attributes / sizeof *sample_lat_attributes,
            .institution = reissue ? "NorESM Climate modeling Consortium" : "",
            .source = "NorESM2-LM (2017)",
            .history = reissue ? "2020-01-01T00:00:00Z made by the model" : "an older file",
        };
        s->parts[i] = (struct cn_part){&s->files[i], 0, 365};
        s->years[i] = (struct cn_source_year){.year = year,
                                              .experiment = "historical",
                                              .parts = &s->parts[i],
                                              .part_count = 1,
                                              .days_held = 365,
                                              .days_expected = 365,
                                              .usable = true};
        s->window[i] = i == SAMPLE_ABSENT ? -1 : i;
        s->used[i] = i != SAMPLE_UNUSED && i != SAMPLE_ABSENT;
    }
}

static inline struct sample *sample_new(const char *root, int compression)
{
    struct sample *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    sample_files(s);
    s->config.normals.window = SAMPLE_WINDOW;
    set_product(&s->config, &s->product);
    s->products[0] = &s->product;
    s->values = (struct cn_sample){.products = s->products,
                                   .product_count = 1,
                                   .window = SAMPLE_WINDOW,
                                   .min_years = 1,
                                   .pool = 1};
    s->config.normals.leap_day = CN_DAYOFYEAR;
    s->config.output.root = root;
    s->config.output.compression = compression;
    s->config.output.counts = true;
    s->variable.name = s->variable.label = "tasmax";
    s->variable.model = "NorESM2-LM";
    s->variable.variant = "r1i1p1f1";
    s->variable.files = s->files;
    s->variable.file_count = SAMPLE_WINDOW;
    s->variable.calendar = CN_STANDARD;
    s->variable.units = "K";
    s->variable.years = s->years;
    s->variable.year_count = SAMPLE_WINDOW;
    s->region = (struct cn_region){"BOX", "A box", false, {240, 241}, {30, 31}};
    s->cells = (struct cn_region_cells){.region = &s->region,
                                        .chunk_slots = SAMPLE_CHUNK_SLOTS,
                                        .chunk_count = SAMPLE_CHUNKS,
                                        .row_count = SAMPLE_LATS,
                                        .column_count = SAMPLE_LONS,
                                        .lat = sample_lat,
                                        .lon = sample_lon,
                                        .lat_bounds = sample_lat_bounds,
                                        .lon_bounds = sample_lon_bounds};
    s->target = (struct cn_target){.year = SAMPLE_LAST,
                                   .sample = &s->values,
                                   .period = "historical",
                                   .scenario = "historical",
                                   .window = s->window,
                                   .years_planned = SAMPLE_WINDOW - 1};
    static const size_t first;
    s->years_used = s->used;
    s->file = (struct cn_normals_file){.config = &s->config,
                                       .variable = &s->variable,
                                       .product = &s->product,
                                       .region = &s->cells,
                                       .path = "BOX/tasmax/normal.nc",
                                       .slots = SAMPLE_SLOTS,
                                       .all_targets = &s->target,
                                       .targets = &first,
                                       .target_count = 1,
                                       .years_used = &s->years_used};
    return s;
}

/* Makes the variable tasmax or pr, with attributes that checkers of CF take. */
static inline void sample_set_variable(struct sample *s, bool is_rain)
{
    s->variable.name = s->variable.label = is_rain ? "pr" : "tasmax";
    s->variable.units = is_rain ? "kg m-2 s-1" : "K";
    for (int i = 0; i < SAMPLE_WINDOW; i++) {
        s->files[i].variable = s->variable.name;
        s->files[i].attributes = is_rain ? sample_rain_attributes : sample_heat_attributes;
        s->files[i].attribute_count = 4; /* both */
    }
}

/* Makes the file one of groups of days, or of a change. To be called when its product is set: the
 * sample then has the years that it needs, of which the one before a window is not there. */
static inline void sample_set_groups(struct sample *s)
{
    s->values.time = s->product.time;
    s->values.baseline = s->product.baseline;
    s->values.change = s->product.change;
    const size_t all = cn_file_years(&s->file), window = cn_file_window(&s->file);
    s->file.slots = (int)cn_group_count(s->product.time, SAMPLE_SLOTS);
    if (s->product.time != CN_DAY) {
        s->cells.chunk_slots = (size_t)s->file.slots;
        s->cells.chunk_count = 1;
    }
    for (size_t i = SAMPLE_WINDOW; i < all; i++) {
        s->window[i] = i % window == SAMPLE_WINDOW ? -1 : s->window[i % window];
        s->used[i] = s->window[i] >= 0 && s->used[i % window];
    }
}

/* The mean of a cell: 250 + slot / 8 + cell, exact in float. */
static inline float sample_mean(int slot, int cell)
{
    return cell == SAMPLE_MISSING_CELL ? 1e20F : 250.0F + (float)slot / 8 + (float)cell;
}

/* `count` little-endian values of `size` bytes, shuffled and deflated as the file says. */
static inline struct cn_encoded sample_encode(const void *values, size_t count, size_t size,
                                              int level)
{
    size_t bytes = count * size;
    unsigned char *out = malloc(bytes + 64), *shuffled = malloc(bytes);
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level ? level : 1);
    if (!out || !shuffled || !compressor)
        abort();
    for (size_t i = 0; i < bytes; i++)
        shuffled[i % size * count + i / size] = ((const unsigned char *)values)[i];
    size_t length = level ? libdeflate_zlib_compress(compressor, shuffled, bytes, out, bytes + 64)
                          : (memcpy(out, values, bytes), bytes);
    libdeflate_free_compressor(compressor);
    free(shuffled);
    return (struct cn_encoded){out, length};
}

/* Encodes the chunks, once. */
static inline void sample_fill(struct sample *s)
{
    static float means[SAMPLE_CHUNK_SLOTS * SAMPLE_CELLS];
    static int16_t counts[SAMPLE_CHUNK_SLOTS * SAMPLE_CELLS];
    const size_t values = s->cells.chunk_slots * SAMPLE_CELLS;
    const int level = s->config.output.compression;
    for (size_t chunk = 0; chunk < s->cells.chunk_count && !s->chunks[2 * chunk].bytes; chunk++) {
        for (int v = 0; v < (int)values; v++) {
            int slot = (int)chunk * SAMPLE_CHUNK_SLOTS + v / SAMPLE_CELLS, cell = v % SAMPLE_CELLS;
            means[v] = slot < s->file.slots ? sample_mean(slot, cell) : 1e20F;
            counts[v] = cell == SAMPLE_MISSING_CELL ? 0 : SAMPLE_WINDOW - 2;
        }
        s->chunks[2 * chunk] = sample_encode(means, values, sizeof *means, level);
        s->chunks[2 * chunk + 1] = sample_encode(counts, values, sizeof *counts, level);
    }
}

/* Makes the temporary file of the sample. */
static inline enum cn_status sample_write(struct sample *s, char *temporary, size_t capacity,
                                          struct cn_error *error)
{
    sample_fill(s);
    struct cn_output_file *file = cn_output_new(&s->file, &s->skeleton);
    if (!file)
        abort();
    struct cn_encoded chunks[2 * SAMPLE_CHUNKS]; /* without those of counts that are not wanted */
    uint64_t hashes[2 * SAMPLE_CHUNKS];
    const size_t fields = cn_field_count(&s->config);
    for (size_t k = 0; k < s->cells.chunk_count * fields; k++) {
        chunks[k] = s->chunks[k * 2 / fields];
        hashes[k] = cn_content_hash(chunks[k].bytes, chunks[k].size);
    }
    enum cn_put_outcome outcome;
    const struct cn_put put = {.years_used = s->years_used,
                               .chunk_count = s->cells.chunk_count,
                               .chunks = chunks,
                               .hashes = hashes};
    enum cn_status status = cn_output_put(file, &put, &outcome, error);
    if (!status)
        status = cn_output_finish(file, temporary, capacity, error);
    cn_output_free(file);
    return status;
}

static inline void sample_free(struct sample *s)
{
    for (int k = 0; s && k < 2 * SAMPLE_CHUNKS; k++)
        free((void *)s->chunks[k].bytes);
    if (s)
        cn_skeleton_free(&s->skeleton);
    free(s);
}

/* The folder of a test program, made and removed as cmocka calls it. */
static char sample_root[] = "/tmp/test_sink_XXXXXX";

static inline int sample_make_root(void **state)
{
    (void)state;
    return mkdtemp(sample_root) ? 0 : -1;
}

static inline int sample_remove_root(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", sample_root);
    return system(command);
}

/* The path of what has that name in the folder; until the next call. */
static inline const char *sample_below(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", sample_root, name);
    return path;
}

static inline bool sample_exists(const char *name)
{
    struct stat status;
    return lstat(sample_below(name), &status) == 0;
}

static inline void sample_touch(const char *name, const char *text)
{
    FILE *out = fopen(sample_below(name), "w");
    if (!out)
        abort();
    fputs(text, out);
    fclose(out);
}

/* How many temporary files are in the folder and below; -1: not known. */
static inline int sample_temporaries(void)
{
    char command[100];
    snprintf(command, sizeof command, "find '%s' -name '.climnorm-*.tmp' | wc -l", sample_root);
    FILE *out = popen(command, "r");
    int count;
    if (!out || fscanf(out, "%d", &count) != 1)
        count = -1;
    if (out)
        pclose(out);
    return count;
}

#endif
