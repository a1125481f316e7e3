/*
 * Reads the metadata of an output file. What a child process sends is checked again by its parent:
 * the file may have damaged the child's memory.
 */
#include "pictures/field.h"

#include "base/error.h"
#include "base/utf8.h"
#include "base/workers.h"
#include "catalog/attributes.h"
#include "catalog/auxiliary.h"
#include "guard/library.h"
#include "pictures/field_file.h"
#include "products/groups.h"

#include <netcdf.h>
#include <stdio.h>
#include <string.h>

enum { MOST_TARGETS = 10000, MOST_TEXT = 1 << 16 };

/* --- in the child --- */

static const char *text_or_empty(const struct cn_attribute *attributes, size_t count,
                                 const char *name)
{
    const char *text = cn_attribute_text(attributes, count, name);
    return text ? text : "";
}

/* Reads the attributes of the file as a whole. */
static enum cn_status read_file_texts(struct cn_pool *pool, int ncid, struct cn_field *field,
                                      struct cn_error *error)
{
    struct cn_attribute *found;
    size_t count;
    enum cn_status status = cn_attributes_read(pool, ncid, NC_GLOBAL, &found, &count, error);
    if (status)
        return status;
    if (!cn_attribute_text(found, count, "climnorm_version"))
        return cn_fail(error, CN_BAD_INPUT,
                       "no output of climnorm: it has no attribute climnorm_version; climnorm "
                       "inspect shows what it is");
#define READ(name) field->name = text_or_empty(found, count, #name);
    CN_FIELD_TEXTS(READ)
#undef READ
    const char *leap_day = text_or_empty(found, count, "leap_day");
    for (int rule = 0; cn_leap_day_names[rule]; rule++)
        if (strcmp(leap_day, cn_leap_day_names[rule]) == 0)
            field->leap_day = (enum cn_leap_day)rule;
    field->targets[0].source_years = text_or_empty(found, count, "source_years");
    field->targets[0].scenario = text_or_empty(found, count, "scenario");
    return CN_OK;
}

/* Finds the variable that holds the results. */
static enum cn_status find_result_variable(struct cn_pool *pool, int ncid, struct cn_field *field,
                                           int *varid, struct cn_error *error)
{
    int count = 0;
    nc_inq_nvars(ncid, &count);
    for (int id = 0; id < count && id < CN_MAX_VARIABLES; id++) {
        struct cn_attribute *found;
        size_t attributes;
        char name[NC_MAX_NAME + 1];
        nc_type type;
        if (nc_inq_var(ncid, id, name, &type, NULL, NULL, NULL) || type != NC_FLOAT)
            continue;
        enum cn_status status = cn_attributes_read(pool, ncid, id, &found, &attributes, error);
        if (status)
            return status;
        const char *kind = text_or_empty(found, attributes, "coverage_content_type");
        if (strcmp(kind, "modelResult") != 0)
            continue;
        *varid = id;
#define READ(text) field->text = text_or_empty(found, attributes, #text);
        CN_FIELD_VARIABLE_TEXTS(READ)
#undef READ
        field->variable = cn_pool_strdup(pool, name);
        return field->variable ? CN_OK : cn_fail_memory(error, "a file's metadata");
    }
    return cn_fail(error, CN_BAD_INPUT,
                   "holds no variable of results: none is float32 and has "
                   "coverage_content_type \"modelResult\"");
}

/* Reads a text of each target; they stay "" where the file has none. */
static enum cn_status read_target_texts(struct cn_pool *pool, int ncid, const char *name,
                                        struct cn_field *field, size_t member,
                                        struct cn_error *error)
{
    int varid, rank, dims[NC_MAX_VAR_DIMS];
    nc_type type;
    size_t rows, width;
    if (nc_inq_varid(ncid, name, &varid) || nc_inq_var(ncid, varid, NULL, &type, &rank, dims, NULL))
        return CN_OK;
    if (type != NC_CHAR || rank != 2 || nc_inq_dimlen(ncid, dims[0], &rows) ||
        nc_inq_dimlen(ncid, dims[1], &width) || rows != field->target_count || width > MOST_TEXT)
        return CN_OK;
    char *texts = cn_pool_alloc(pool, rows * width + 1, 1);
    if (!texts)
        return cn_fail_memory(error, "a file's metadata");
    if (nc_get_var_text(ncid, varid, texts))
        return cn_fail(error, CN_BAD_INPUT, "'%s' cannot be read", name);
    for (size_t t = 0; t < rows; t++) {
        const char *text = cn_pool_strndup(pool, texts + t * width, width);
        if (!text)
            return cn_fail_memory(error, "a file's metadata");
        *(const char **)((char *)&field->targets[t] + member) = text;
    }
    return CN_OK;
}

/* Reads the target years: a dimension, or a scalar. */
static enum cn_status read_targets(struct cn_pool *pool, int ncid, struct cn_field *field,
                                   struct cn_error *error)
{
    int varid, *years = cn_pool_alloc(pool, field->target_count, sizeof *years);
    struct cn_field_target *targets =
        cn_pool_alloc(pool, field->target_count, sizeof *field->targets);
    if (!years || !targets)
        return cn_fail_memory(error, "a file's metadata");
    size_t start = 0;
    if (nc_inq_varid(ncid, "target_year", &varid) ||
        nc_get_vara_int(ncid, varid, &start, &field->target_count, years))
        return cn_fail(error, CN_BAD_INPUT, "'target_year' cannot be read");
    for (size_t t = 0; t < field->target_count; t++)
        targets[t] = (struct cn_field_target){years[t], field->targets[0].source_years,
                                              field->targets[0].scenario};
    field->targets = targets;
    if (!field->is_stacked)
        return CN_OK;
    enum cn_status status = read_target_texts(
        pool, ncid, "source_years", field, offsetof(struct cn_field_target, source_years), error);
    return status ? status
                  : read_target_texts(pool, ncid, "scenario", field,
                                      offsetof(struct cn_field_target, scenario), error);
}

/* What the slots are, by the name and the length of their dimension; and the calendar. */
static enum cn_status read_slots(struct cn_pool *pool, int ncid, struct cn_field *field,
                                 struct cn_error *error)
{
    static const size_t lengths[] = {
        [CN_MONTH] = CN_MONTHS, [CN_SEASON] = CN_SEASONS, [CN_YEAR] = 1};
    int varid;
    field->time = CN_DAY;
    if (nc_inq_varid(ncid, "dayofyear", &varid)) {
        field->time = CN_MONTH;
        while (field->time < CN_TIMES && lengths[field->time] != field->slot_count)
            field->time++;
    }
    if (field->time == CN_TIMES || !field->slot_count || field->slot_count > CN_MAX_SLOTS)
        return cn_fail(error, CN_BAD_INPUT,
                       "has %zu times, expected the days of a year, 12 months, 4 seasons or the "
                       "year",
                       field->slot_count);
    struct cn_attribute *found;
    size_t count;
    if (nc_inq_varid(ncid, "climatology_time", &varid) && nc_inq_varid(ncid, "time", &varid))
        return CN_OK;
    enum cn_status status = cn_attributes_read(pool, ncid, varid, &found, &count, error);
    if (!status)
        cn_calendar_parse(text_or_empty(found, count, "calendar"), &field->calendar);
    return status;
}

/* The dimensions are [target_year], slots, and those of the grid in the order of rows and columns:
 * as climnorm writes them. */
static enum cn_status read_shape_and_grid(struct cn_pool *pool, int ncid, int varid,
                                          struct cn_field *field, struct cn_error *error)
{
    struct cn_nc_file nc;
    struct cn_axes axes = {.coordinates[CN_AXIS_TIME].name = "time"};
    int rank, dims[NC_MAX_VAR_DIMS];
    char name[NC_MAX_NAME + 1] = "";
    if (nc_inq_var(ncid, varid, NULL, NULL, &rank, dims, NULL) || rank < 1 || rank > CN_MAX_DIMS ||
        nc_inq_dim(ncid, dims[0], name, &field->target_count))
        return cn_fail(error, CN_BAD_INPUT, "'%s' has no dimensions of results", field->variable);
    field->is_stacked = strcmp(name, "target_year") == 0;
    axes.dims[CN_AXIS_TIME] = field->is_stacked;
    if (!field->is_stacked)
        field->target_count = 1;
    if ((size_t)rank <= axes.dims[CN_AXIS_TIME] || field->target_count < 1 ||
        field->target_count > MOST_TARGETS ||
        nc_inq_dimlen(ncid, dims[axes.dims[CN_AXIS_TIME]], &field->slot_count))
        return cn_fail(error, CN_BAD_INPUT, "'%s' has no dimensions of results", field->variable);
    enum cn_status status = cn_nc_file_read(pool, ncid, &nc, error);
    if (!status)
        status = cn_horizontal_find_beside(&nc, varid, dims, (size_t)rank, &axes, error);
    if (!status)
        status = cn_horizontal_read(&nc, dims, (size_t)rank, &axes, &field->grid, error);
    const size_t *at = axes.dims, horizontal = (size_t)rank - (size_t)field->is_stacked - 1;
    const size_t wanted = (at[0] < (size_t)rank ? 1U : 0U) + (at[1] < (size_t)rank ? 1U : 0U);
    if (!status && (horizontal != wanted || at[0] >= at[1] || at[0] <= at[CN_AXIS_TIME]))
        status = cn_fail(error, CN_BAD_INPUT,
                         "'%s' has its dimensions in another order than climnorm writes them",
                         field->variable);
    return status;
}

static enum cn_status read_output_field(struct cn_pool *pool, int ncid, void *context,
                                        struct cn_error *error)
{
    struct cn_field *field = context;
    int varid = 0;
    field->targets = cn_pool_alloc(pool, 1, sizeof *field->targets);
    enum cn_status status = field->targets ? read_file_texts(pool, ncid, field, error)
                                           : cn_fail_memory(error, "a file's metadata");
    if (!status)
        status = find_result_variable(pool, ncid, field, &varid, error);
    if (!status)
        status = read_shape_and_grid(pool, ncid, varid, field, error);
    if (!status)
        status = read_targets(pool, ncid, field, error);
    return status ? status : read_slots(pool, ncid, field, error);
}

/* --- from the child to its parent --- */

static const char *carry_text(struct cn_archive *archive, const char *text)
{
    char *carried = (char *)cn_archive_text(archive, text);
    if (archive->unpacking && *carried)
        cn_make_printable(carried);
    return carried;
}

static const double *carry_numbers(struct cn_archive *archive, const double *numbers, size_t count)
{
    bool is_there = numbers != NULL;
    cn_archive_flag(archive, &is_there);
    return is_there ? cn_archive_array(archive, numbers, count, sizeof *numbers) : NULL;
}

static void carry_field_grid(struct cn_archive *archive, struct cn_grid *grid)
{
    cn_archive_bytes(archive, &grid->kind, sizeof grid->kind);
    cn_archive_bytes(archive, &grid->row_count, sizeof grid->row_count);
    cn_archive_bytes(archive, &grid->column_count, sizeof grid->column_count);
    cn_archive_bytes(archive, &grid->corner_count, sizeof grid->corner_count);
    size_t cells;
    if (__builtin_mul_overflow(grid->row_count, grid->column_count, &cells) ||
        cells > CN_MOST_PICTURE_CELLS || grid->corner_count > CN_MAX_CORNERS) {
        archive->status = CN_BAD_INPUT;
        return;
    }
    const size_t corners = cn_grid_corners(grid);
    grid->lat = carry_numbers(archive, grid->lat, cn_grid_lats(grid));
    grid->lon = carry_numbers(archive, grid->lon, cn_grid_lons(grid));
    grid->lat_bounds = carry_numbers(archive, grid->lat_bounds, cn_grid_lats(grid) * corners);
    grid->lon_bounds = carry_numbers(archive, grid->lon_bounds, cn_grid_lons(grid) * corners);
}

static void carry_field(struct cn_archive *archive, struct cn_field *field)
{
    field->variable = carry_text(archive, field->variable);
#define CARRY(name) field->name = carry_text(archive, field->name);
    CN_FIELD_TEXTS(CARRY)
    CN_FIELD_VARIABLE_TEXTS(CARRY)
#undef CARRY
    carry_field_grid(archive, &field->grid);
    cn_archive_bytes(archive, &field->time, sizeof field->time);
    cn_archive_bytes(archive, &field->slot_count, sizeof field->slot_count);
    cn_archive_bytes(archive, &field->calendar, sizeof field->calendar);
    cn_archive_bytes(archive, &field->leap_day, sizeof field->leap_day);
    cn_archive_flag(archive, &field->is_stacked);
    cn_archive_count(archive, &field->target_count);
    if (archive->unpacking && !archive->status) {
        field->targets = cn_pool_alloc(archive->pool, field->target_count, sizeof *field->targets);
        if (!field->targets)
            archive->status = CN_BAD_MACHINE;
    }
    for (size_t t = 0; t < field->target_count && !archive->status; t++) {
        struct cn_field_target *target = &field->targets[t];
        cn_archive_bytes(archive, &target->year, sizeof target->year);
        target->source_years = carry_text(archive, target->source_years);
        target->scenario = carry_text(archive, target->scenario);
    }
}

static enum cn_status check_field(const struct cn_field *field, struct cn_error *error)
{
    bool is_good = field->time >= CN_DAY && field->time <= CN_YEAR && field->slot_count > 0 &&
                   field->slot_count <= CN_MAX_SLOTS && field->calendar >= CN_STANDARD &&
                   field->calendar <= CN_360_DAY && field->leap_day >= CN_DAYOFYEAR &&
                   field->leap_day <= CN_DROP && field->target_count > 0 &&
                   field->grid.kind >= CN_REGULAR && field->grid.kind <= CN_UNSTRUCTURED &&
                   field->grid.lat && field->grid.lon && *field->variable;
    for (size_t t = 0; t < field->target_count && is_good; t++)
        is_good = field->targets[t].year >= 0 && field->targets[t].year <= CN_LAST_YEAR &&
                  (!t || field->targets[t].year > field->targets[t - 1].year);
    return is_good ? cn_grid_check(&field->grid, error)
                   : cn_fail(error, CN_BAD_INPUT, "its metadata are damaged");
}

static void pack_field(struct cn_archive *archive, void *context)
{
    struct cn_field *field = context;
    if (cn_field_cells(field) > CN_MOST_PICTURE_CELLS)
        archive->status = CN_BAD_INPUT;
    carry_field(archive, field);
}

static enum cn_status unpack_field(struct cn_archive *archive, void *context,
                                   struct cn_error *error)
{
    struct cn_field *field = context;
    carry_field(archive, field);
    return archive->status ? archive->status : check_field(field, error);
}

enum cn_status cn_field_open(struct cn_pool *pool, const char *path, struct cn_field *field,
                             struct cn_error *error)
{
    *field = (struct cn_field){.path = path};
    return cn_field_file_read(&(struct cn_field_file){.path = path,
                                                      .context = field,
                                                      .read = read_output_field,
                                                      .pack = pack_field,
                                                      .unpack = unpack_field},
                              pool, error);
}

/* --- slots --- */

size_t cn_field_slot_of_date(const struct cn_field *field, size_t target, int month, int day)
{
    for (int back = 0; back < 8; back++) { /* 1900 is no leap year */
        const struct cn_date date = {field->targets[target].year - back, month, day};
        if (!cn_date_valid(field->calendar, date))
            continue;
        const int slot = cn_slot(field->calendar, field->leap_day, date);
        return slot < 0 || (size_t)slot >= field->slot_count ? field->slot_count : (size_t)slot;
    }
    return field->slot_count;
}

size_t cn_field_group_slots(const struct cn_field *field, size_t target, enum cn_time time,
                            size_t group, size_t *first)
{
    const int months = time == CN_SEASON ? 3 : 1;
    const int begin = time == CN_SEASON ? (3 * (int)group + 11) % CN_MONTHS : (int)group;
    *first = cn_field_slot_of_date(field, target, begin + 1, 1);
    const size_t end = cn_field_slot_of_date(field, target, (begin + months) % CN_MONTHS + 1, 1);
    if (*first >= field->slot_count || end >= field->slot_count)
        return 0;
    return (end + field->slot_count - *first) % field->slot_count;
}

const char *cn_field_slot_name(const struct cn_field *field, size_t target, size_t slot,
                               char text[CN_SLOT_NAME_BYTES])
{
    struct cn_date date = {0};
    char group[CN_GROUP_BYTES];
    bool has_date = false;
    for (int back = 0; back < 8 && !has_date && field->time == CN_DAY; back++)
        has_date = cn_slot_date(field->calendar, field->leap_day,
                                field->targets[target].year - back, (int)slot, &date);
    if (has_date)
        snprintf(text, CN_SLOT_NAME_BYTES, "%d %s", date.day,
                 cn_group_name(CN_MONTH, (size_t)date.month - 1, group));
    else
        snprintf(text, CN_SLOT_NAME_BYTES, "%s", cn_group_name(field->time, slot, group));
    return text;
}
