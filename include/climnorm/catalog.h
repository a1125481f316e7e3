/*
 * The catalog: the variables, timelines and source years of a tree of files. It holds all that is
 * known before data are read: names, versions, grids, calendars, days, storage.
 */
#ifndef CLIMNORM_CATALOG_H
#define CLIMNORM_CATALOG_H

#include "climnorm/api.h"
#include "climnorm/calendar.h"
#include "climnorm/config.h"
#include "climnorm/error.h"
#include "climnorm/limits.h"
#include "climnorm/resources.h"
#include "climnorm/watch.h"

#include <stdint.h>

struct cn_pool;

/* An attribute as netCDF holds it: `type` is an nc_type of a numeric or char type. */
struct cn_attribute {
    const char *name;
    int type;
    size_t length;     /* elements */
    const void *value; /* length elements in native byte order; text ends with an extra NUL */
};

/* A coordinate that outputs keep as it is: along rows, as projection coordinates and the names of
 * stations are, along columns, or of one value, as that of a dimension that is not in outputs. Of a
 * regular grid, those of one value alone. */
struct cn_grid_variable {
    const char *name;
    int type;     /* nc_type of a number, or NC_CHAR */
    size_t width; /* of a value: characters of a text; else 1 */
    enum cn_along { CN_ALONG_ROWS, CN_ALONG_COLUMNS, CN_SCALAR } along;
    const void *values; /* [row_count, column_count or 1][width] */
    const struct cn_attribute *attributes;
    size_t attribute_count;
};

enum cn_grid_kind {
    CN_REGULAR,      /* rows are latitudes, columns longitudes */
    CN_CURVILINEAR,  /* each cell has a latitude and a longitude of its own */
    CN_UNSTRUCTURED, /* the same with cells in one dimension, or a single one: rows of one column */
};

/* A horizontal grid in the file's order. Bounds are the source's; NULL: it has none. */
struct cn_grid {
    enum cn_grid_kind kind;
    size_t row_count, column_count;
    /* Degrees north and east. CN_REGULAR: [row_count] strictly monotonic and [column_count]; bounds
     * [n][2]. Else [row_count * column_count], NaN: the cell has no place; bounds
     * [n][corner_count], which may be NaN. */
    const double *lat, *lon;
    const double *lat_bounds, *lon_bounds;
    size_t corner_count;
    /* Names of the file. CN_REGULAR: not known, NULL. */
    const char *dim_names[2]; /* of rows and columns; "": it has no such dimension */
    const char *lat_name, *lon_name;
    const char *mapping_name; /* of the grid mapping variable; "": it has none */
    const struct cn_grid_variable *variables;
    size_t variable_count;
};

/* Returns: how many latitudes a grid has. */
static inline size_t cn_grid_lats(const struct cn_grid *grid)
{
    return grid->kind == CN_REGULAR ? grid->row_count : grid->row_count * grid->column_count;
}

/* Returns: how many longitudes a grid has. */
static inline size_t cn_grid_lons(const struct cn_grid *grid)
{
    return grid->kind == CN_REGULAR ? grid->column_count : grid->row_count * grid->column_count;
}

/* Returns: the indices of a cell's latitude and longitude. */
static inline size_t cn_grid_lat_index(const struct cn_grid *grid, size_t row, size_t column)
{
    return grid->kind == CN_REGULAR ? row : row * grid->column_count + column;
}

static inline size_t cn_grid_lon_index(const struct cn_grid *grid, size_t row, size_t column)
{
    return grid->kind == CN_REGULAR ? column : row * grid->column_count + column;
}

/* Returns: how many bounds a latitude or longitude has. */
static inline size_t cn_grid_corners(const struct cn_grid *grid)
{
    return grid->kind == CN_REGULAR ? 2 : grid->corner_count;
}

/* What turns raw values into numbers: NetCDF User's Guide, attribute conventions; CF section 8.1.
 * All in double: raw values of every supported type (at most 32-bit integers) are exact in it. */
struct cn_packing {
    bool packed; /* scale_factor or add_offset is there */
    double scale, offset;
    double missing[CN_MAX_MISSING]; /* raw values, cast to the storage type */
    size_t missing_count;
    double valid_min, valid_max; /* inclusive; -INFINITY, INFINITY without */
    bool valid_unpacked;         /* the range is in unpacked units */
};

/* One filter that chunks went through, as the file has it. */
struct cn_filter {
    int id;           /* HDF5 filter identifier */
    const char *name; /* "" where the file has none */
    size_t parameter_count;
    const unsigned *parameters;
};

/* How the data variable lies in its file. Along dimensions other than time, rows and columns one
 * index is read. Rows and columns that the file has no dimension for are dimensions of length 1
 * behind its own ones, `rank` and `rank` + 1. */
struct cn_storage {
    enum { CN_CLASSIC, CN_CONTIGUOUS, CN_COMPACT, CN_CHUNKED } layout; /* CN_CLASSIC: netCDF-3 */
    size_t rank;
    size_t shape[CN_DIM_ROOM];
    size_t chunk[CN_DIM_ROOM];     /* CN_CHUNKED only */
    size_t index[CN_DIM_ROOM];     /* along other dimensions: what is read; else 0 */
    size_t slice_dim, slice_count; /* of the dimension whose slices complete each other: the first
                                      value that is there is read; slice_count 0: there is none */
    size_t time_dim, row_dim, column_dim; /* positions among the dimensions */
    int type;                             /* nc_type: NC_BYTE … NC_UINT, NC_FLOAT, NC_DOUBLE */
    bool is_unsigned;                     /* an integer read as unsigned: its type, or _Unsigned */
    size_t value_bytes;
    bool big_endian;
    const struct cn_filter *pipeline; /* in the order in which chunks went through them */
    size_t filter_count;
    uint64_t begin;    /* not CN_CHUNKED: of the first value; CN_UNWRITTEN: all fill value */
    uint64_t step;     /* not CN_CHUNKED: bytes from one index of the first dimension to the next */
    bool has_own_type; /* values are not stored as the netCDF type says */
    bool is_short;     /* shorter than its dimensions: netCDF-C fills it up */
    bool has_user_block;       /* addresses do not count from the start of the file */
    bool has_unfiltered_edges; /* chunks that stick out of the variable went through no filter */
};

#define CN_UNWRITTEN UINT64_MAX

/* Returns: whether a dimension is neither time nor one of the grid. */
static inline bool cn_storage_is_other(const struct cn_storage *storage, size_t d)
{
    return d != storage->time_dim && d != storage->row_dim && d != storage->column_dim;
}

/* A dimension of a variable besides time and those of the grid, for people. */
struct cn_other_dim {
    const char *name;
    size_t length;
    const char
        *values;       /* of one that is longer than 1, or chosen: "100000, 85000 and 17 more Pa" */
    const char *entry; /* of input.select, for one of these: "plev = 85000" */
    const char *read;  /* what input.select chose: "85000 Pa"; "": nothing */
};

/* Global attributes of a file that outputs use: X(MEMBER, NAMES…), of which the first that the file
 * has counts. */
#define CN_FILE_TEXTS(X)                                       \
    X(institution, "institution")                              \
    X(source, "source")                                        \
    X(history, "history")                                      \
    X(references, "references")                                \
    X(license, "license", "cmip6_license")                     \
    X(project, "project", "mip_era", "project_id", "activity") \
    X(program, "program", "activity_id")                       \
    X(metadata_link, "metadata_link", "further_info_url")      \
    X(acknowledgement, "acknowledgement")
#define CN_FILE_TEXT(member, ...) const char *member;

struct cn_file {
    const char *path;                 /* as opened: input root + relative path */
    const char *base;                 /* base name */
    const struct cn_dataset *dataset; /* that takes it; NULL: its name says what it is */
    const char *variable;             /* as it is called inside the file */
    const char *experiment;           /* of its first years: see cn_file_experiment */
    int version_major, version_minor; /* 1.0 when the name has none */
    int first_year, last_year;        /* as the name claims; last < first: it does not */
    uint64_t size;
    int64_t mtime_ns;

    const char *failure; /* why it cannot be used; NULL: usable, or not examined */
    bool is_sound; /* where it cannot: it lacks what the config asks for, and is not damaged */

    /* From the file itself; valid when usable. */
    bool usable;
    enum cn_calendar calendar;
    const char *time_units; /* "days since 1850-01-01" */
    size_t time_count;
    const int64_t *days;   /* [time_count] day numbers in the calendar, not decreasing; malloc */
    bool subdaily;         /* some day has more than one instant */
    bool end_stamped;      /* every instant is the end of its interval, of a day at most */
    bool ends_at_midnight; /* several instants a day, all at one step, begin behind 00:00 and end at
                              00:00: that may be 24:00 of the day before */
    struct cn_grid grid;
    struct cn_storage storage;
    const struct cn_other_dim *other_dims; /* in the order of the variable's dimensions */
    size_t other_dim_count;
    struct cn_packing packing;
    const char *units;
    const struct cn_attribute *attributes; /* of the data variable, all of them */
    size_t attribute_count;
    const char *lost_coordinate; /* one that outputs do not have, and why, for people; "": none */
    const char *left_out; /* an attribute of these or the file that outputs cannot have, for people;
                             "": there is none */
    const struct cn_attribute *lat_attributes, *lon_attributes;
    size_t lat_attribute_count, lon_attribute_count;
    const struct cn_attribute *grid_mapping_attributes; /* CN_REGULAR: of latitude_longitude */
    size_t grid_mapping_attribute_count;                /* 0: it has none */
    CN_FILE_TEXTS(CN_FILE_TEXT)                         /* "" without */
};

/* Returns: the experiment that the file's days of a year are of. */
static inline const char *cn_file_experiment(const struct cn_file *file, int year)
{
    const struct cn_dataset *dataset = file->dataset;
    return dataset && dataset->then && year > dataset->until ? dataset->then : file->experiment;
}

/* Consecutive instants of one file that belong to one source year. */
struct cn_part {
    const struct cn_file *file;
    size_t first, count; /* indices along the file's time */
};

struct cn_source_year {
    int year;
    const char *experiment;      /* the scenario when a scenario file holds some of its days */
    const struct cn_part *parts; /* in time order */
    size_t part_count;
    int days_held, days_expected; /* distinct days with data; days of the year, in day slots */
    bool usable;                  /* days_held >= min_days * days_expected */
    int december_days; /* of a year that is too short to be usable: which the next winter has */
};

/* Historical years followed by one scenario's. */
struct cn_timeline {
    const char *scenario; /* the experiment's name; NULL: the historical timeline alone */
    int first_year, last_year;
    ptrdiff_t *years; /* [last_year - first_year + 1]: index in variable->years; -1: no file */
    bool mixes_versions;
};

/* One model's one variable: a unit of work. */
struct cn_variable {
    const char *name;
    const char *model, *variant, *grid_label; /* the one candidate of each */
    const char *label;     /* for people: the name; with several models "MODEL NAME" */
    struct cn_file *files; /* [file_count], a stretch of the catalog's; usable or not */
    size_t file_count;
    const char *failure; /* NULL, or why nothing of it can be computed */
    enum cn_calendar calendar;
    struct cn_grid grid;
    const char *units;
    bool are_totals;              /* the values are sums over their days, as the cell_methods say */
    struct cn_source_year *years; /* each once, even if several timelines share it */
    size_t year_count;
    struct cn_timeline *timelines;
    size_t timeline_count;
    bool is_slot_empty[CN_MAX_SLOTS]; /* no file has such a day, as a problem says */
    bool has_gaps; /* days or years are missing that it should have: a problem says which */
    struct cn_problems problems; /* files left out, gaps, mixed versions, end-stamped time, … */
};

struct cn_catalog {
    struct cn_pool *pool;
    struct cn_file *files; /* that take part, by variable, experiment, first day */
    size_t file_count;
    struct cn_variable *variables; /* in the config's order, else by name */
    size_t variable_count;
    size_t nc_files_seen, name_mismatches, other_tables, filtered, superseded;
    /* The base name of one of each; NULL: there is none. */
    const char *mismatch_example, *table_example, *filter_example, *superseded_example;
    struct cn_problems problems; /* of the search: folders and links that cannot be read */
};

/* Searches config->input.roots and examines every file that passes the filters, several at a time,
 * in worker processes: no other thread may be inside HDF5 or netCDF-C meanwhile. What is wrong with
 * one file or variable is in the variable's problems. watch NULL: nobody watches.
 * Errors: CN_BAD_USAGE: no variable has files, or model, variant or grid have several candidates.
 * CN_STOPPED: the watch asked for it. CN_BAD_MACHINE. Owns: the caller frees *catalog. */
CN_API enum cn_status cn_catalog_read(const struct cn_config *config,
                                      const struct cn_resources *resources,
                                      const struct cn_watch *watch, struct cn_catalog **catalog,
                                      struct cn_error *error);
CN_API void cn_catalog_free(struct cn_catalog *catalog);

#endif
