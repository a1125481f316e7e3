/*
 * climnorm inspect: the contents of a file as the catalog sees them, and which reader takes it.
 * Reads only metadata.
 */
#include "base/error.h"
#include "base/pool.h"
#include "catalog/inspect_file.h"
#include "catalog/list_variables.h"
#include "catalog/slices.h"
#include "catalog/time_axis.h"
#include "cli/commands.h"
#include "cli/grid_text.h"
#include "cli/options.h"
#include "cli/print_text.h"
#include "cli/propose.h"
#include "climnorm/catalog.h"
#include "codec/inflate/choose.h"
#include "codec/pipeline.h"
#include "source/backend.h"
#include "source/chunks.h"

#include <errno.h>
#include <math.h>
#include <netcdf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { FILTERS_BYTES = 256 };

static void print_data_variable(const struct cn_file *file)
{
    const struct cn_storage *storage = &file->storage;
    const bool is_regular = file->grid.kind == CN_REGULAR;
    const char *row = is_regular ? "lat" : file->grid.dim_names[0];
    const char *column = is_regular ? "lon" : file->grid.dim_names[1];
    printf("  %-18s", "variable");
    cn_print_text(file->variable);
    const struct cn_other_dim *other = file->other_dims;
    for (size_t d = 0; d < storage->rank; d++) {
        printf("%s", d ? ", " : "(");
        cn_print_text(d == storage->time_dim     ? "time"
                      : d == storage->row_dim    ? row
                      : d == storage->column_dim ? column
                                                 : other++->name);
        printf(" = %zu", storage->shape[d]);
    }
    printf("), ");
    cn_print_text(file->units[0] ? file->units : "no units");
    putchar('\n');
}

/* What may be selected along dimensions besides time and those of the grid. */
static void print_other_dims(struct cn_pool *pool, const struct cn_file *file)
{
    const char *entries = cn_select_entries(pool, file);
    for (size_t k = 0; k < file->other_dim_count; k++) {
        const struct cn_other_dim *dim = &file->other_dims[k];
        if (dim->length == 1)
            continue;
        printf("  %-18s", "other dimension");
        cn_print_text(dim->name);
        printf(": ");
        cn_print_text(dim->values);
        putchar('\n');
    }
    if (!entries || !*entries)
        return;
    printf("  %-18sinput: { select = { ", "choose with");
    cn_print_text(entries);
    printf(" }; };\n");
}

/* "-59.875 to 89.875 by 0.25, south to north" */
static void print_points(const char *label, const double *points, size_t count,
                         const char *const order[2], bool has_bounds)
{
    double least = points[0], most = points[0], narrow = INFINITY, wide = 0;
    for (size_t i = 1; i < count; i++) {
        double step = fabs(points[i] - points[i - 1]);
        least = fmin(least, points[i]);
        most = fmax(most, points[i]);
        narrow = fmin(narrow, step);
        wide = fmax(wide, step);
    }
    printf("  %-18s%zu from %.9g to %.9g", label, count, least, most);
    bool is_regular = wide - narrow <= 1e-3 * narrow;
    if (count > 1 && is_regular)
        printf(" by %.6g", (most - least) / (double)(count - 1));
    else if (count > 1)
        printf(", spacing %.6g to %.6g (irregular)", narrow, wide);
    if (count > 1)
        printf(", %s", order[points[count - 1] < points[0]]);
    printf("%s\n", has_bounds ? ", with bounds" : "");
}

/* "-12.3 to 78.1, 2 of 864000 cells without a place" */
static void print_places(const char *label, const double *values, size_t count, bool has_bounds)
{
    double least = NAN, most = NAN;
    size_t missing = 0;
    for (size_t i = 0; i < count; i++) {
        least = fmin(least, values[i]);
        most = fmax(most, values[i]);
        missing += isnan(values[i]) != 0;
    }
    printf("  %-18sfrom %.9g to %.9g", label, least, most);
    if (missing)
        printf(", missing in %zu of %zu cells", missing, count);
    printf("%s\n", has_bounds ? ", with bounds" : "");
}

/* Of any grid but a regular one. */
static void print_grid(struct cn_pool *pool, const struct cn_grid *grid)
{
    const size_t cells = grid->row_count * grid->column_count;
    const char *text = cn_grid_text(pool, grid);
    printf("  %-18s", "grid");
    cn_print_text(text ? text : "");
    putchar('\n');
    print_places("latitude", grid->lat, cells, grid->lat_bounds != NULL);
    print_places("longitude", grid->lon, cells, grid->lon_bounds != NULL);
}

static void print_regular_grid(const struct cn_grid *grid)
{
    static const char *const lat_order[2] = {"south to north", "north to south"};
    static const char *const lon_order[2] = {"west to east", "east to west"};
    print_points("latitude", grid->lat, grid->row_count, lat_order, grid->lat_bounds != NULL);
    print_points("longitude", grid->lon, grid->column_count, lon_order, grid->lon_bounds != NULL);
}

static void print_date(const struct cn_file *file, int64_t day)
{
    struct cn_date date = cn_day_date(file->calendar, day);
    printf("%04d-%02d-%02d", date.year, date.month, date.day);
}

static void print_days(const struct cn_file *file)
{
    size_t count = file->time_count, held = 1, gaps = 0, first_gap = 0;
    const int64_t *days = file->days;
    for (size_t i = 1; i < count; i++) {
        held += days[i] != days[i - 1];
        if (days[i] > days[i - 1] + 1 && gaps++ == 0)
            first_gap = i;
    }
    int64_t span = days[count - 1] - days[0] + 1;
    printf("  %-18s%zu from ", "days", held);
    print_date(file, days[0]);
    printf(" to ");
    print_date(file, days[count - 1]);
    if (file->subdaily)
        printf(", %zu instants", count);
    putchar('\n');
    printf("  %-18s", "gaps");
    if (gaps) {
        printf("%zu, %lld days in all, the first after ", gaps, (long long)(span - (int64_t)held));
        print_date(file, days[first_gap - 1]);
        putchar('\n');
    } else {
        printf("none\n");
    }
    if (file->end_stamped)
        printf("  %-18severy instant is the end of its interval, and the middle of it counts\n",
               "end-stamped");
}

static void print_storage(const struct cn_storage *storage)
{
    bool is_float = storage->type == NC_FLOAT || storage->type == NC_DOUBLE;
    printf("  %-18s%s%zu, %s-endian, %s\n", "storage",
           is_float               ? "float"
           : storage->is_unsigned ? "uint"
                                  : "int",
           8 * storage->value_bytes, storage->big_endian ? "big" : "little",
           storage->layout == CN_CLASSIC   ? "netCDF-3"
           : storage->layout == CN_CHUNKED ? "chunked"
                                           : "contiguous");
    if (storage->layout == CN_CHUNKED) {
        printf("  %-18s", "chunk");
        for (size_t d = 0; d < storage->rank; d++)
            printf("%s%zu", d ? " x " : "", storage->chunk[d]);
        putchar('\n');
    }
    printf("  %-18s", "filters");
    char filters[FILTERS_BYTES];
    cn_print_text(cn_pipeline_describe(storage, filters, sizeof filters));
    putchar('\n');
}

static void print_packing(const struct cn_packing *packing, int type)
{
    const int digits = type == NC_FLOAT ? 7 : 15; /* so that float 1e20 is printed as 1e+20 */
    if (packing->packed)
        printf("  %-18sscale_factor %.9g, add_offset %.9g\n", "packed", packing->scale,
               packing->offset);
    printf("  %-18s", "missing");
    for (size_t i = 0; i < packing->missing_count; i++)
        printf("%.*g, ", digits, packing->missing[i]);
    if (packing->valid_min > -INFINITY || packing->valid_max < INFINITY)
        printf("outside %.*g to %.*g%s, ", digits, packing->valid_min, digits, packing->valid_max,
               packing->valid_unpacked ? " (unpacked)" : "");
    printf("NaN, Inf\n");
}

/* "parallel decoder: shuffle + deflate 5", "netCDF-C: n-bit filter" */
static void print_reader(const struct cn_file *file)
{
    static const char *const without[] = {[CN_CLASSIC] = "netCDF-3",
                                          [CN_CONTIGUOUS] = "contiguous",
                                          [CN_COMPACT] = "compact",
                                          [CN_CHUNKED] = "no filters"};
    const struct cn_storage *storage = &file->storage;
    char reason[CN_REASON_BYTES], filters[FILTERS_BYTES];
    const char *backend = cn_backend_choose(file, reason)->name;
    printf("  %-18s%s: ", "read by", backend);
    cn_print_text(reason[0]               ? reason
                  : storage->filter_count ? cn_pipeline_describe(storage, filters, sizeof filters)
                                          : without[storage->layout]);
    bool is_deflated = false;
    for (size_t k = 0; k < storage->filter_count && !reason[0]; k++)
        is_deflated |= storage->pipeline[k].id == cn_deflate.id;
    if (is_deflated)
        printf("\n  %-18s%s", "inflated by",
               cn_chunks_go_ahead(storage) ? cn_inflate_form()->name : "libdeflate");
    printf("\n\n");
}

static void print_file(struct cn_pool *pool, const char *path, const struct cn_file *file)
{
    cn_print_text(path);
    printf("\n  %-18s%s, %llu bytes\n", "format",
           file->storage.layout == CN_CLASSIC ? "netCDF-3" : "netCDF-4",
           (unsigned long long)file->size);
    print_data_variable(file);
    print_other_dims(pool, file);
    if (file->grid.kind == CN_REGULAR)
        print_regular_grid(&file->grid);
    else
        print_grid(pool, &file->grid);
    printf("  %-18s%s, ", "calendar", cn_calendar_name(file->calendar));
    cn_print_text(file->time_units);
    putchar('\n');
    print_days(file);
    print_storage(&file->storage);
    print_packing(&file->packing, file->storage.type);
    print_reader(file);
}

/* What is wrong with a path, where the user can mend it without looking into a file. */
static enum cn_status check_operand(const char *path, struct cn_error *error)
{
    struct stat status;
    if (stat(path, &status) < 0 && (errno == ENOENT || errno == ENOTDIR))
        return cn_fail(error, CN_BAD_INPUT, "%s: there is no such file; check the path", path);
    return CN_OK;
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The variables of a file that may be data variables. *files: one for each; at least one. */
static enum cn_status list_file_contents(struct cn_pool *pool, const char *path,
                                         const struct cn_resources *resources,
                                         struct cn_file **files, size_t *count,
                                         struct cn_error *error)
{
    struct cn_held_variables held = {.path = path};
    enum cn_status status = cn_variables_list(pool, &held, 1, resources, error);
    if (status)
        return status;
    char *names = cn_pool_strdup(pool, held.names);
    size_t capacity = 0;
    for (char *name = names, *rest; name && *name; name = rest) {
        rest = name + strcspn(name, "/");
        if (*rest)
            *rest++ = '\0';
        *files = cn_pool_grow(pool, *files, *count, &capacity, sizeof **files);
        if (!*files)
            return cn_fail_memory(error, path);
        (*files)[(*count)++] = (struct cn_file){.path = path, .variable = name};
    }
    return names ? CN_OK : cn_fail_memory(error, path);
}

/* Shows a file, once for each variable with time and a grid; only the one that its name begins
 * with, where it does. What is wrong with one of several is printed here. */
static enum cn_status inspect_variables(struct cn_pool *pool, const char *path,
                                        const struct cn_resources *resources,
                                        struct cn_error *error)
{
    const struct cn_file_rules rules = {
        .stamps = CN_STAMPS_AUTO, .takes_first = true, .lists_all = true};
    struct cn_file only = {.path = path}, *files = NULL;
    size_t count = 0;
    enum cn_status status = cn_files_inspect(pool, &only, 1, &rules, resources, NULL, error);
    if (!status && only.failure)
        status = list_file_contents(pool, path, resources, &files, &count, error);
    if (!status && count > 1)
        status = cn_files_inspect(pool, files, count, &rules, resources, NULL, error);
    if (!status && count <= 1 && only.failure)
        status = cn_fail(error, CN_BAD_INPUT, "%s", only.failure);
    if (!status && count <= 1)
        print_file(pool, path, &only);
    enum cn_status worst = status;
    for (size_t i = 0; i < count && count > 1 && !status; i++) {
        if (!files[i].failure) {
            print_file(pool, path, &files[i]);
            continue;
        }
        fprintf(stderr, "climnorm inspect: %s\n", files[i].failure);
        worst = CN_BAD_INPUT;
    }
    cn_files_free(files, count);
    cn_files_free(&only, 1);
    return worst;
}

static enum cn_status inspect_operand(const char *path, const struct cn_resources *resources)
{
    struct cn_error error = {0};
    if (is_folder(path)) {
        enum cn_status status = cn_propose_datasets(path, resources, &error);
        if (status)
            fprintf(stderr, "climnorm inspect: %s\n", error.text);
        return status;
    }
    struct cn_pool *pool = cn_pool_new();
    enum cn_status status = pool ? check_operand(path, &error) : cn_fail_memory(&error, path);
    if (!status)
        status = inspect_variables(pool, path, resources, &error);
    if (status && error.text[0])
        fprintf(stderr, "climnorm inspect: %s\n", error.text);
    cn_pool_free(pool);
    return status;
}

int cn_command_inspect(const struct cn_arguments *arguments)
{
    int exit_code = CN_EXIT_OK;
    struct cn_resources resources;
    cn_resources_resolve(NULL, &resources);
    for (size_t i = 0; i < arguments->operand_count; i++) {
        enum cn_status status = inspect_operand(arguments->operands[i], &resources);
        if (status == CN_BAD_MACHINE)
            return CN_EXIT_MACHINE;
        if (status)
            exit_code = CN_EXIT_MISSING;
    }
    return exit_code;
}
