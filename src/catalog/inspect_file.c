/*
 * The metadata of each input file. Nothing is believed before it is checked, and no data values are
 * read. Libraries read a file in a child process only.
 */
#include "catalog/inspect_file.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "base/workers.h"
#include "catalog/attributes.h"
#include "catalog/auxiliary.h"
#include "catalog/axes.h"
#include "catalog/file_archive.h"
#include "catalog/file_groups.h"
#include "catalog/kept.h"
#include "catalog/open_file.h"
#include "catalog/packing.h"
#include "catalog/slices.h"
#include "catalog/storage.h"
#include "catalog/time_axis.h"
#include "guard/library.h"

#include <netcdf.h>
#include <stdlib.h>
#include <string.h>

enum { TIME_AXES_SHARE = 16 }; /* of the machine's memory: all time axes together */

/* Files that are examined together. */
struct batch {
    struct cn_pool *pool;
    struct cn_file *files;
    const size_t *order; /* [axes.count] indices of files: those of one path follow each other */
    struct cn_open_file open_file; /* in a child */
    const struct cn_file_rules *rules;
    struct cn_time_axes axes;
    struct cn_shared_arrays *shared;
};

/* A netCDF variable that may be the data variable. */
struct variable_candidate {
    int varid, rank, dimids[CN_MAX_DIMS];
    nc_type type;
    char name[NC_MAX_NAME + 1];
    struct cn_axes axes;
};

static enum cn_status inquire_variable(const struct cn_nc_file *nc, int varid,
                                       struct variable_candidate *candidate, struct cn_error *error)
{
    int dimids[NC_MAX_VAR_DIMS], rank;
    int code = nc_inq_var(nc->ncid, varid, candidate->name, &candidate->type, &rank, dimids, NULL);
    if (code != NC_NOERR)
        return cn_fail_netcdf(error, "a variable cannot be read", code);
    if (rank < 1 || rank > CN_MAX_DIMS)
        return cn_fail(error, CN_BAD_INPUT,
                       "variable '%s' has %d dimensions, expected time, those of the grid and at "
                       "most %d in all",
                       candidate->name, rank, CN_MAX_DIMS);
    candidate->varid = varid;
    candidate->rank = rank;
    memcpy(candidate->dimids, dimids, (size_t)rank * sizeof *dimids);
    return cn_horizontal_find(nc, varid, dimids, (size_t)rank, &candidate->axes, error);
}

/* Whether a file name begins with the name of a variable. */
static bool is_in_name(const char *base, const char *name)
{
    size_t length = strlen(name);
    return strncmp(base, name, length) == 0 && base[length] == '_';
}

/* Whether a variable is a coordinate along its dimension, or has the bounds of one. */
static bool is_of_coordinate(const struct cn_nc_file *nc, const char *name)
{
    for (size_t i = 0; i < nc->coordinate_count; i++) {
        const struct cn_coordinate *one = &nc->coordinates[i];
        const char *bounds = cn_attribute_text(one->attributes, one->attribute_count, "bounds");
        char dimension[NC_MAX_NAME + 1];
        if ((bounds && strcmp(bounds, name) == 0) ||
            (strcmp(one->name, name) == 0 &&
             nc_inq_dimname(nc->ncid, one->dimids[0], dimension) == NC_NOERR &&
             strcmp(dimension, name) == 0))
            return true;
    }
    return false;
}

/* Whether a variable has so many dimensions, time and a grid, and is no coordinate. */
static bool is_candidate(const struct cn_nc_file *nc, int varid, int least_rank, int most_rank,
                         struct variable_candidate *candidate, struct cn_error *own)
{
    int rank;
    return nc_inq_varndims(nc->ncid, varid, &rank) == NC_NOERR && rank >= least_rank &&
           rank <= most_rank && inquire_variable(nc, varid, candidate, own) == CN_OK &&
           !is_of_coordinate(nc, candidate->name);
}

/* Counts the variables of so many dimensions with time and a grid. Chosen is the one that the file
 * name begins with, of which there is one then; else the first. */
static size_t find_candidates(const struct cn_nc_file *nc, const char *base, int least, int most,
                              struct variable_candidate *chosen, struct cn_error *own)
{
    size_t found = 0;
    for (int varid = 0; varid < nc->variable_count; varid++) {
        struct variable_candidate candidate = {0};
        if (!is_candidate(nc, varid, least, most, &candidate, own))
            continue;
        const bool is_named = is_in_name(base, candidate.name);
        if (is_named || found++ == 0)
            *chosen = candidate;
        if (is_named)
            return 1;
    }
    return found;
}

/* The only variable with time and a grid; among several, the one that the file name begins with.
 * One of few dimensions counts only where there is no other. */
static enum cn_status find_data_variable(const struct cn_nc_file *nc, const char *base,
                                         struct variable_candidate *chosen, struct cn_error *error)
{
    struct cn_error own = {0};
    size_t found = find_candidates(nc, base, 3, CN_MAX_DIMS, chosen, &own);
    for (int rank = 2; rank > 0 && !found; rank--)
        found = find_candidates(nc, base, rank, rank, chosen, own.text[0] ? NULL : &own);
    if (found == 1)
        return CN_OK;
    if (found > 1)
        return cn_fail(error, CN_BAD_INPUT,
                       "%zu variables have time, latitude and longitude, %s among them, and the "
                       "file name begins with none; name the file after one",
                       found, chosen->name);
    return cn_fail(error, CN_BAD_INPUT, "%s",
                   own.text[0] ? own.text : "no variable has time, latitude and longitude");
}

/* Lists the variables of so many dimensions with time and a grid, at most so many. Returns how many
 * there are. */
static size_t list_variables_of(const struct cn_nc_file *nc, int least_rank, int most_rank,
                                const char *separator, size_t most, struct cn_strbuf *names)
{
    size_t found = 0;
    for (int varid = 0; varid < nc->variable_count; varid++) {
        struct variable_candidate candidate = {0};
        if (!is_candidate(nc, varid, least_rank, most_rank, &candidate, NULL))
            continue;
        if (found++ < most)
            cn_strbuf_add(names, "%s%s", found > 1 ? separator : "", candidate.name);
    }
    return found;
}

/* Those of few dimensions count only where there is no other: see find_data_variable. */
static size_t list_data_variables(const struct cn_nc_file *nc, const char *separator, size_t most,
                                  struct cn_strbuf *names)
{
    size_t found = list_variables_of(nc, 3, CN_MAX_DIMS, separator, most, names);
    for (int rank = 2; rank > 0 && !found; rank--)
        found = list_variables_of(nc, rank, rank, separator, most, names);
    return found;
}

/* Says which variables there are, where the one that is promised is not. */
static enum cn_status fail_absent(const struct cn_nc_file *nc, struct cn_file *file,
                                  struct cn_error *error)
{
    enum { MOST_LISTED = 8 };
    struct cn_strbuf names = {0};
    const size_t found = list_data_variables(nc, ", ", MOST_LISTED, &names);
    if (found > MOST_LISTED)
        cn_strbuf_add(&names, " and %zu more", found - MOST_LISTED);
    const bool is_empty = !names.length;
    file->is_sound =
        !is_empty; /* nor is one whose variables netCDF could not list for lack of memory */
    if (is_empty) {
        cn_strbuf_add(&names, "no variable with time, latitude and longitude");
        cn_add_groups(nc->ncid, &names);
    }
    const char *held = cn_strbuf_text(&names);
    enum cn_status status;
    if (names.failed)
        status = cn_fail_memory(error, "a message");
    else if (file->dataset)
        status =
            cn_fail(error, CN_BAD_INPUT,
                    "holds no variable '%.256s', as input.datasets has it in %s; it holds "
                    "%.500s; correct %s",
                    file->variable, file->dataset->origin, held, is_empty ? "files" : "in_file");
    else
        status = cn_fail(error, CN_BAD_INPUT,
                         "holds no variable '%s', which its name promises; it holds %.500s; "
                         "correct the name%s",
                         file->variable, held,
                         is_empty ? "" : ", or say in input.datasets what the file is");
    cn_strbuf_free(&names);
    return status;
}

static enum cn_status choose_variable(const struct cn_nc_file *nc, struct cn_file *file,
                                      struct variable_candidate *chosen, struct cn_error *error)
{
    int varid;
    if (!file->variable)
        return find_data_variable(nc, file->base, chosen, error);
    if (nc_inq_varid(nc->ncid, file->variable, &varid) != NC_NOERR)
        return fail_absent(nc, file, error);
    return inquire_variable(nc, varid, chosen, error);
}

static enum cn_status read_shape(const struct cn_nc_file *nc,
                                 const struct variable_candidate *candidate,
                                 struct cn_storage *storage, struct cn_error *error)
{
    storage->rank = (size_t)candidate->rank;
    storage->time_dim = candidate->axes.dims[CN_AXIS_TIME];
    storage->row_dim = candidate->axes.dims[CN_AXIS_LAT];
    storage->column_dim = candidate->axes.dims[CN_AXIS_LON];
    for (size_t d = storage->rank; d < storage->rank + 2; d++)
        storage->shape[d] = storage->chunk[d] = 1;
    for (size_t d = 0; d < storage->rank; d++) {
        int code = nc_inq_dimlen(nc->ncid, candidate->dimids[d], &storage->shape[d]);
        if (code != NC_NOERR)
            return cn_fail_netcdf(error, "a dimension cannot be read", code);
    }
    storage->type = candidate->type;
    storage->value_bytes = cn_type_bytes(candidate->type);
    if (!cn_storage_takes_type(candidate->type))
        return cn_fail(error, CN_BAD_INPUT,
                       "'%s' is stored as %s, expected float32, float64 or integers of at most 32 "
                       "bits; convert it, for example with ncap2 -s '%s=double(%s)'",
                       candidate->name, cn_type_name(candidate->type), candidate->name,
                       candidate->name);
    return CN_OK;
}

/* Outputs can have no attribute that is neither text nor numbers. False: out of memory. */
static bool leave_out_attributes(struct cn_pool *pool, struct cn_file *file,
                                 const struct cn_coordinate *axes)
{
    bool is_done = true;
    struct cn_grid_variable *kept = (struct cn_grid_variable *)file->grid.variables;
    for (size_t k = 0; k < file->grid.variable_count; k++)
        is_done = is_done &&
                  cn_attributes_leave_out(pool, (struct cn_attribute *)kept[k].attributes,
                                          &kept[k].attribute_count, kept[k].name, &file->left_out);
    return is_done &&
           cn_attributes_leave_out(pool, (struct cn_attribute *)file->attributes,
                                   &file->attribute_count, file->variable, &file->left_out) &&
           cn_attributes_leave_out(pool, (struct cn_attribute *)file->lat_attributes,
                                   &file->lat_attribute_count, axes[CN_AXIS_LAT].name,
                                   &file->left_out) &&
           cn_attributes_leave_out(pool, (struct cn_attribute *)file->lon_attributes,
                                   &file->lon_attribute_count, axes[CN_AXIS_LON].name,
                                   &file->left_out) &&
           cn_attributes_leave_out(pool, (struct cn_attribute *)file->grid_mapping_attributes,
                                   &file->grid_mapping_attribute_count, "the grid mapping",
                                   &file->left_out);
}

static enum cn_status inspect_variable(struct cn_pool *pool, int ncid,
                                       const struct cn_file_rules *rules, int *varid,
                                       struct cn_file *file, struct cn_error *error)
{
    struct cn_nc_file nc = {0};
    struct variable_candidate candidate = {0};
    const struct cn_coordinate *axes = candidate.axes.coordinates;
    file->left_out = "";
    enum cn_status status = cn_nc_file_read(pool, ncid, &nc, error);
    if (!status)
        status = choose_variable(&nc, file, &candidate, error);
    if (!status)
        status = read_shape(&nc, &candidate, &file->storage, error);
    if (!status)
        status = cn_slices_choose(&nc, candidate.dimids, candidate.name, rules, file, error);
    if (!status)
        status = cn_horizontal_read(&nc, candidate.dimids, (size_t)candidate.rank, &candidate.axes,
                                    &file->grid, error);
    if (!status)
        status = cn_time_axis_read(&nc, &axes[CN_AXIS_TIME], rules->stamps, file, error);
    struct cn_attribute *attributes = NULL;
    if (!status)
        status = cn_attributes_read(pool, ncid, candidate.varid, &attributes,
                                    &file->attribute_count, error);
    file->attributes = attributes;
    if (!status)
        status = cn_attributes_check(attributes, file->attribute_count, candidate.name, error);
    if (!status)
        status = cn_packing_read(attributes, file->attribute_count, candidate.type, &file->packing,
                                 &file->storage.is_unsigned, error);
    if (!status)
        status = cn_kept_read(&nc, candidate.dimids, &candidate.axes, file, error);
    if (!status)
        status = cn_grid_mapping_read(&nc, file, error);
    if (!status)
        status = cn_file_texts_read(pool, ncid, file, error);
    if (status)
        return status;
    file->lat_attributes = axes[CN_AXIS_LAT].attributes;
    file->lat_attribute_count = axes[CN_AXIS_LAT].attribute_count;
    file->lon_attributes = axes[CN_AXIS_LON].attributes;
    file->lon_attribute_count = axes[CN_AXIS_LON].attribute_count;
    file->variable = cn_pool_strdup(pool, candidate.name);
    *varid = candidate.varid;
    if (!file->variable || !leave_out_attributes(pool, file, axes))
        return cn_fail_memory(error, "attributes");
    return CN_OK;
}

static enum cn_status inspect_file(struct cn_pool *pool, const struct cn_file_rules *rules,
                                   struct cn_open_file *open_file, struct cn_file *file,
                                   struct cn_error *error)
{
    int varid = 0;
    enum cn_status status = cn_open_file(open_file, file, error);
    if (!status)
        status = inspect_variable(pool, open_file->ncid, rules, &varid, file, error);
    if (!status)
        status = open_file->is_classic
                     ? cn_storage_read_classic(varid, file, error)
                     : cn_storage_read_hdf5(pool, open_file->library_path, file, error);
    if (status && !file->is_sound)
        cn_open_file_close(open_file);
    return status;
}

enum cn_status cn_file_list_variables(const char *path, struct cn_strbuf *names,
                                      struct cn_error *error)
{
    struct cn_file file = {.path = path};
    struct cn_open_file open_file = {0};
    struct cn_nc_file nc;
    struct cn_pool *pool = cn_pool_new();
    enum cn_status status =
        pool ? cn_open_file(&open_file, &file, error) : cn_fail_memory(error, "a file's metadata");
    if (!status)
        status = cn_nc_file_read(pool, open_file.ncid, &nc, error);
    if (!status)
        list_data_variables(&nc, "/", SIZE_MAX, names);
    cn_open_file_close(&open_file);
    cn_pool_free(pool);
    return status;
}

/* A file before its inspection and after it. */
struct inspection {
    struct cn_pool *pool;
    const struct cn_file_rules *rules;
    struct cn_open_file *open_file;
    const struct cn_file *given;
    struct cn_file file;
};

static enum cn_status inspect_item(void *context, struct cn_error *error)
{
    struct inspection *inspection = context;
    inspection->file = *inspection->given;
    return inspect_file(inspection->pool, inspection->rules, inspection->open_file,
                        &inspection->file, error);
}

/* In a child. */
static enum cn_status pack_item(void *context, size_t item, struct cn_archive *found,
                                struct cn_error *error)
{
    struct batch *batch = context;
    struct inspection inspection = {.pool = cn_pool_new(),
                                    .rules = batch->rules,
                                    .open_file = &batch->open_file,
                                    .given = &batch->files[batch->order[item]]};
    if (!inspection.pool)
        return cn_fail_memory(error, "a file's metadata");
    enum cn_status status =
        cn_library_call(&(struct cn_library_call){.function = inspect_item,
                                                  .context = &inspection,
                                                  .what = "cannot be read",
                                                  .lock = CN_LIBRARY_HDF5_LOCKED},
                        error);
    if (status == CN_BAD_INPUT && inspection.file.is_sound) {
        inspection.file.failure = error->text;
        status = CN_OK;
    }
    if (!status)
        status = cn_archive_file(found, &inspection.file, error);
    cn_pool_free(inspection.pool);
    return status;
}

static enum cn_status note_failure(struct batch *batch, struct cn_file *file,
                                   const struct cn_error *failure, struct cn_error *error)
{
    struct cn_error named;
    const char *given = file->path[0] == '/' ? file->path : file->path + 2;
    cn_fail(&named, failure->status, "%s: %s", given, failure->text);
    if (failure->status != CN_BAD_INPUT)
        return cn_fail(error, failure->status, "%s", named.text);
    file->failure = cn_pool_strdup(batch->pool, named.text);
    return file->failure ? CN_OK : cn_fail_memory(error, "a file's metadata");
}

static const char *item_path(void *context, size_t item)
{
    const struct batch *batch = context;
    return batch->files[batch->order[item]].path;
}

static enum cn_status accept_item(void *context, size_t item, struct cn_archive *found,
                                  const struct cn_error *failure, struct cn_error *error)
{
    struct batch *batch = context;
    const size_t index = batch->order[item];
    struct cn_file file = batch->files[index];
    struct cn_error unfit;
    enum cn_status status = CN_OK;
    if (!failure) {
        found->pool = batch->pool;
        found->shared = batch->shared;
        status = cn_archive_file(found, &file, error);
        file.usable = !status && !file.is_sound;
    }
    if (!status && file.is_sound) {
        cn_fail(&unfit, CN_BAD_INPUT, "%s", file.failure);
        failure = &unfit;
    }
    if (failure)
        status = note_failure(batch, &file, failure, error);
    if (status)
        return status;
    batch->files[index] = file;
    return failure ? CN_OK : cn_time_axes_add(&batch->axes, batch->pool, index, error);
}

static int compare_file_paths(const void *a, const void *b, void *files)
{
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    const int order =
        strcmp(((const struct cn_file *)files)[x].path, ((const struct cn_file *)files)[y].path);
    return order ? order : (x > y) - (x < y);
}

/* NULL: out of memory. */
static const size_t *order_by_paths(struct cn_pool *pool, struct cn_file *files, size_t count)
{
    size_t *order = cn_pool_alloc(pool, count, sizeof *order);
    for (size_t i = 0; order && i < count; i++)
        order[i] = i;
    if (order && count)
        qsort_r(order, count, sizeof *order, compare_file_paths, files);
    return order;
}

enum cn_status cn_files_inspect(struct cn_pool *pool, struct cn_file *files, size_t count,
                                const struct cn_file_rules *rules,
                                const struct cn_resources *resources, const struct cn_watch *watch,
                                struct cn_error *error)
{
    for (size_t i = 0; i < count; i++) {
        /* A relative path could look like a URL to netCDF-C. */
        const char *path = files[i].path;
        files[i].path =
            path[0] == '/' ? cn_pool_strdup(pool, path) : cn_pool_printf(pool, "./%s", path);
        if (!files[i].path)
            return cn_fail_memory(error, "a path");
        files[i].base = strrchr(files[i].path, '/') + 1;
        files[i].usable = false;
        files[i].failure = NULL;
    }
    struct batch batch = {
        .pool = pool,
        .shared = cn_pool_alloc(pool, 1, sizeof *batch.shared), /* it works without, too */
        .files = files,
        .order = order_by_paths(pool, files, count),
        .rules = rules,
        .axes = {files, count, .limit = resources->machine_memory / TIME_AXES_SHARE}};
    if (!batch.order)
        return cn_fail_memory(error, "the order of files");
    return cn_workers_run(&(struct cn_workers){.count = count,
                                               .threads = resources->threads,
                                               .watch = watch,
                                               .context = &batch,
                                               .name = item_path,
                                               .examine = pack_item,
                                               .accept = accept_item},
                          error);
}
