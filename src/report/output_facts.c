/*
 * Reads metadata in child processes: files may be damaged, and HDF5 crashes on some of them.
 */
#include "report/output_facts.h"

#include "base/error.h"
#include "base/workers.h"
#include "catalog/attributes.h"
#include "climnorm/limits.h"
#include "guard/hdf5_lock.h"
#include "guard/library.h"
#include "sink/verify_output.h"

#include <math.h>
#include <netcdf.h>
#include <string.h>

enum { MOST_TARGETS = 10000, MOST_TARGET_TEXT = 1 << 14, MOST_GRID_DIMS = 2 };

struct fact_reading {
    struct cn_pool *pool;
    struct cn_output_facts *facts;
    struct cn_progress *progress;
    size_t done;
};

/* --- in a child --- */

struct facts_file {
    struct cn_pool *pool;
    struct cn_output_facts *facts;
};

static const char *known_text(const struct cn_attribute *attributes, size_t count, const char *name)
{
    const char *text = cn_attribute_text(attributes, count, name);
    return text ? text : "";
}

static int known_int(const struct cn_attribute *attributes, size_t count, const char *name)
{
    const struct cn_attribute *found = cn_attribute_find(attributes, count, name);
    if (!found || found->type == NC_CHAR || !found->value || found->length != 1)
        return 0;
    const double number = cn_attribute_number(found, 0);
    return fabs(number) <= CN_LAST_YEAR ? (int)number : 0;
}

/* Finds the variable of the results: the first that has coverage_content_type. */
static enum cn_status find_result(struct facts_file *file, int ncid, int *varid,
                                  struct cn_error *error)
{
    struct cn_output_facts *facts = file->facts;
    int count = 0;
    nc_inq_nvars(ncid, &count);
    for (int id = 0; id < count && id < CN_MAX_VARIABLES; id++) {
        struct cn_attribute *found;
        size_t number;
        nc_type type;
        char name[NC_MAX_NAME + 1];
        if (nc_inq_var(ncid, id, name, &type, NULL, NULL, NULL) || type != NC_FLOAT ||
            nc_inq_att(ncid, id, "coverage_content_type", NULL, NULL))
            continue;
        enum cn_status status = cn_attributes_read(file->pool, ncid, id, &found, &number, error);
        if (status)
            return status;
#define CN_FACT_READ(text) facts->text = known_text(found, number, #text);
        CN_FACT_VARIABLE_TEXTS(CN_FACT_READ)
        facts->variable = cn_pool_strdup(file->pool, name);
        *varid = id;
        return facts->variable ? CN_OK : cn_fail_memory(error, "a file's metadata");
    }
    return cn_fail(error, CN_BAD_INPUT, "it holds no variable of results");
}

/* The name that keywords have before the model, or else before the scenario. */
static const char *name_of_source(struct cn_pool *pool, const struct cn_output_facts *facts)
{
    static const char start[] = "climate normal, climatology, ";
    const char *at = facts->keywords;
    if (strncmp(at, start, sizeof start - 1) != 0)
        return facts->variable;
    at += sizeof start - 1;
    const char *second = strstr(at, ", ");
    const size_t first_length = second ? (size_t)(second - at) : strlen(at);
    /* A standard name comes first, where there is one. */
    const size_t standard = strlen(facts->standard_name);
    const bool has_underscore = memchr(at, '_', first_length) != NULL;
    if (second && (has_underscore || (standard == first_length &&
                                      strncmp(at, facts->standard_name, standard) == 0))) {
        at = second + 2;
        second = strstr(at, ", ");
    }
    return cn_pool_strndup(pool, at, second ? (size_t)(second - at) : strlen(at));
}

/* "daily normal of tas" of "30-year daily normal of tas, 2071-2100, Region". */
static const char *phrase_of_title(struct cn_pool *pool, const struct cn_output_facts *facts)
{
    const char *begin = strstr(facts->title, "-year ");
    const char *end = begin ? strstr(begin, ", ") : NULL;
    if (!end || begin - facts->title > 4)
        return facts->product;
    begin += strlen("-year ");
    return cn_pool_strndup(pool, begin, (size_t)(end - begin));
}

static void read_target_row(struct facts_file *file, int ncid, const char *name, size_t member)
{
    struct cn_output_facts *facts = file->facts;
    int varid, rank, dims[NC_MAX_VAR_DIMS];
    nc_type type;
    size_t rows = 0, width = 0;
    if (nc_inq_varid(ncid, name, &varid) ||
        nc_inq_var(ncid, varid, NULL, &type, &rank, dims, NULL) || type != NC_CHAR || rank != 2 ||
        nc_inq_dimlen(ncid, dims[0], &rows) || nc_inq_dimlen(ncid, dims[1], &width) ||
        rows != facts->target_count || width > MOST_TARGET_TEXT)
        return;
    char *texts = cn_pool_alloc(file->pool, rows, width + 1);
    if (!texts || nc_get_var_text(ncid, varid, texts))
        return;
    for (size_t t = 0; t < rows; t++) {
        const char *text = cn_pool_strndup(file->pool, texts + t * width, width);
        if (text)
            *(const char **)((char *)&facts->targets[t] + member) = text;
    }
}

static enum cn_status read_fact_targets(struct facts_file *file, int ncid,
                                        const struct cn_fact_target *one, struct cn_error *error)
{
    struct cn_output_facts *facts = file->facts;
    const size_t count = facts->target_count, start = 0;
    int varid, *numbers = cn_pool_alloc(file->pool, count, sizeof *numbers);
    facts->targets = cn_pool_alloc(file->pool, count, sizeof *facts->targets);
    if (!numbers || !facts->targets)
        return cn_fail_memory(error, "a file's metadata");
    for (size_t t = 0; t < count; t++)
        facts->targets[t] = *one;
    if (nc_inq_varid(ncid, "target_year", &varid) ||
        nc_get_vara_int(ncid, varid, &start, &count, numbers))
        return cn_fail(error, CN_BAD_INPUT, "its target years cannot be read");
    for (size_t t = 0; t < count; t++)
        facts->targets[t].year = numbers[t];
    if (!facts->is_stacked)
        return CN_OK;
    if (!nc_inq_varid(ncid, "number_of_years", &varid) &&
        !nc_get_vara_int(ncid, varid, &start, &count, numbers))
        for (size_t t = 0; t < count; t++)
            facts->targets[t].number_of_years = numbers[t];
#define CN_FACT_ROW(name) read_target_row(file, ncid, #name, offsetof(struct cn_fact_target, name));
    CN_FACT_TARGET_TEXTS(CN_FACT_ROW)
    return CN_OK;
}

/* The ends of a coordinate, where it has the length of a dimension of its name. */
static bool read_ends(int ncid, int dim, double ends[2], bool *is_latitude)
{
    char name[NC_MAX_NAME + 1], units[32] = "";
    int varid, rank;
    size_t length, units_length = 0, first = 0, last;
    if (nc_inq_dim(ncid, dim, name, &length) || !length || nc_inq_varid(ncid, name, &varid) ||
        nc_inq_varndims(ncid, varid, &rank) || rank != 1 ||
        nc_inq_attlen(ncid, varid, "units", &units_length) || units_length >= sizeof units ||
        nc_get_att_text(ncid, varid, "units", units))
        return false;
    last = length - 1;
    *is_latitude = strcmp(units, "degrees_north") == 0;
    return (*is_latitude || strcmp(units, "degrees_east") == 0) &&
           !nc_get_var1_double(ncid, varid, &first, &ends[0]) &&
           !nc_get_var1_double(ncid, varid, &last, &ends[1]);
}

static enum cn_status read_fact_shape(struct cn_output_facts *facts, int ncid, int varid,
                                      struct cn_error *error)
{
    int rank, dims[NC_MAX_VAR_DIMS], d = 0;
    char name[NC_MAX_NAME + 1] = "";
    double lat[2], lon[2];
    bool rows_are_lat = false, columns_are_lat = true;
    if (nc_inq_var(ncid, varid, NULL, NULL, &rank, dims, NULL) || rank < 1 ||
        nc_inq_dim(ncid, dims[0], name, &facts->target_count))
        return cn_fail(error, CN_BAD_INPUT, "its variable has no dimensions");
    facts->is_stacked = strcmp(name, "target_year") == 0;
    d = facts->is_stacked;
    if (!facts->is_stacked)
        facts->target_count = 1;
    if (rank <= d || rank > d + 1 + MOST_GRID_DIMS || !facts->target_count ||
        facts->target_count > MOST_TARGETS || nc_inq_dimlen(ncid, dims[d], &facts->slots) ||
        !facts->slots || facts->slots > CN_MAX_SLOTS)
        return cn_fail(error, CN_BAD_INPUT, "its variable has other dimensions than results");
    facts->rows = facts->columns = 1;
    if ((rank > d + 1 && nc_inq_dimlen(ncid, dims[d + 1], &facts->rows)) ||
        (rank > d + 2 && nc_inq_dimlen(ncid, dims[d + 2], &facts->columns)))
        return cn_fail(error, CN_BAD_INPUT, "its dimensions cannot be read");
    facts->west = facts->east = facts->south = facts->north = NAN;
    const bool is_regular = rank == d + 3 && read_ends(ncid, dims[d + 1], lat, &rows_are_lat) &&
                            read_ends(ncid, dims[d + 2], lon, &columns_are_lat) && rows_are_lat &&
                            !columns_are_lat;
    if (is_regular) {
        facts->west = fmin(lon[0], lon[1]);
        facts->east = fmax(lon[0], lon[1]);
        facts->south = fmin(lat[0], lat[1]);
        facts->north = fmax(lat[0], lat[1]);
    }
    return CN_OK;
}

static enum cn_status read_open_facts(struct facts_file *file, int ncid, struct cn_error *error)
{
    struct cn_output_facts *facts = file->facts;
    struct cn_attribute *found;
    size_t count;
    int varid = 0;
    enum cn_status status = cn_attributes_read(file->pool, ncid, NC_GLOBAL, &found, &count, error);
    if (status)
        return status;
#define CN_FACT_READ_FILE(text) facts->text = known_text(found, count, #text);
    CN_FACT_FILE_TEXTS(CN_FACT_READ_FILE)
    struct cn_fact_target one = {.number_of_years = known_int(found, count, "number_of_years")};
#define CN_FACT_READ_TARGET(text) one.text = known_text(found, count, #text);
    CN_FACT_TARGET_TEXTS(CN_FACT_READ_TARGET)
    status = find_result(file, ncid, &varid, error);
    if (!status)
        status = read_fact_shape(facts, ncid, varid, error);
    if (!status)
        status = read_fact_targets(file, ncid, &one, error);
    facts->source_name = name_of_source(file->pool, facts);
    facts->phrase = phrase_of_title(file->pool, facts);
    if (!status && (!facts->source_name || !facts->phrase))
        status = cn_fail_memory(error, "a file's metadata");
    return status;
}

static enum cn_status read_facts(void *context, struct cn_error *error)
{
    struct facts_file *file = context;
    struct cn_digests digests;
    int ncid;
    enum cn_status status =
        cn_output_verify(file->facts->path, CN_VERIFY_METADATA, &digests, error);
    if (status)
        return status;
    cn_hdf5_lock();
    if (nc_open(file->facts->path, NC_NOWRITE, &ncid)) {
        status = cn_fail(error, CN_BAD_INPUT, "netCDF cannot open it");
    } else {
        status = read_open_facts(file, ncid, error);
        nc_close(ncid);
    }
    cn_hdf5_unlock();
    return status;
}

static void carry_facts(struct cn_archive *archive, struct cn_output_facts *facts)
{
#define CN_FACT_CARRY(name) facts->name = cn_archive_text(archive, facts->name);
    CN_FACT_CARRY(variable)
    CN_FACT_CARRY(source_name)
    CN_FACT_CARRY(phrase)
    CN_FACT_FILE_TEXTS(CN_FACT_CARRY)
    CN_FACT_VARIABLE_TEXTS(CN_FACT_CARRY)
    cn_archive_bytes(archive, &facts->slots, sizeof facts->slots);
    cn_archive_bytes(archive, &facts->rows, sizeof facts->rows);
    cn_archive_bytes(archive, &facts->columns, sizeof facts->columns);
    cn_archive_flag(archive, &facts->is_stacked);
    cn_archive_bytes(archive, &facts->west, sizeof facts->west);
    cn_archive_bytes(archive, &facts->east, sizeof facts->east);
    cn_archive_bytes(archive, &facts->south, sizeof facts->south);
    cn_archive_bytes(archive, &facts->north, sizeof facts->north);
    cn_archive_count(archive, &facts->target_count);
    if (archive->unpacking && !archive->status) {
        facts->targets = cn_pool_alloc(archive->pool, facts->target_count, sizeof *facts->targets);
        if (!facts->targets)
            archive->status = CN_BAD_MACHINE;
    }
    for (size_t t = 0; t < facts->target_count && !archive->status; t++) {
        struct cn_fact_target *target = &facts->targets[t];
        cn_archive_bytes(archive, &target->year, sizeof target->year);
        cn_archive_bytes(archive, &target->number_of_years, sizeof target->number_of_years);
#define CN_FACT_CARRY_TARGET(name) target->name = cn_archive_text(archive, target->name);
        CN_FACT_TARGET_TEXTS(CN_FACT_CARRY_TARGET)
    }
}

static enum cn_status examine_facts(void *context, size_t item, struct cn_archive *found,
                                    struct cn_error *error)
{
    const struct fact_reading *reading = context;
    struct cn_output_facts facts = reading->facts[item];
    struct facts_file file = {cn_pool_new(), &facts};
    if (!file.pool)
        return cn_fail_memory(error, "a file's metadata");
    enum cn_status status =
        cn_library_call(&(struct cn_library_call){.function = read_facts,
                                                  .context = &file,
                                                  .what = "cannot be read",
                                                  .lock = CN_LIBRARY_LOCKS_HDF5},
                        error);
    if (!status || status == CN_BAD_INPUT) {
        cn_archive_text(found, status ? error->text : "");
        if (!status)
            carry_facts(found, &facts);
        status = found->status;
    }
    cn_pool_free(file.pool);
    return status;
}

/* --- in the parent --- */

static const char *facts_path(void *context, size_t item)
{
    return ((const struct fact_reading *)context)->facts[item].path;
}

static bool are_facts_sound(const struct cn_output_facts *facts)
{
    bool is_sound = facts->target_count > 0 && facts->slots > 0 && facts->slots <= CN_MAX_SLOTS &&
                    facts->rows && facts->columns;
    for (size_t t = 0; t < facts->target_count && is_sound; t++)
        is_sound = facts->targets[t].year >= 0 && facts->targets[t].year <= CN_LAST_YEAR;
    return is_sound;
}

static enum cn_status accept_facts(void *context, size_t item, struct cn_archive *found,
                                   const struct cn_error *failure, struct cn_error *error)
{
    struct fact_reading *reading = context;
    struct cn_output_facts *facts = &reading->facts[item];
    const struct cn_output_facts known = *facts;
    cn_progress_count(reading->progress, ++reading->done, 0);
    if (failure && failure->status != CN_BAD_INPUT)
        return cn_fail(error, failure->status, "%s: %s", facts->path, failure->text);
    facts->problem = "HDF5 crashes or hangs on it: it is damaged; remove it and run again";
    if (failure)
        return CN_OK;
    found->pool = reading->pool;
    const char *problem = cn_archive_text(found, NULL);
    if (!found->status && !*problem)
        carry_facts(found, facts);
    if (found->status == CN_BAD_MACHINE)
        return cn_fail_memory(error, "what output files say");
    facts->path = known.path;
    facts->size = known.size;
    facts->problem = *problem ? problem : NULL;
    if (found->status || (!*problem && !are_facts_sound(facts))) {
        *facts = known;
        return CN_BAD_INPUT;
    }
    return CN_OK;
}

enum cn_status cn_output_facts_read(struct cn_pool *pool,
                                    const struct cn_verification *verification, int threads,
                                    const struct cn_watch *watch, struct cn_output_facts **facts,
                                    struct cn_error *error)
{
    struct fact_reading reading = {.pool = pool, .progress = cn_watch_or_none(watch)->progress};
    reading.facts = *facts = cn_pool_alloc(pool, verification->count, sizeof **facts);
    if (!reading.facts)
        return cn_fail_memory(error, "what output files say");
    for (size_t k = 0; k < verification->count; k++) {
        reading.facts[k].path = verification->files[k].path;
        reading.facts[k].size = verification->files[k].size;
    }
    return cn_workers_run(&(struct cn_workers){.count = verification->count,
                                               .threads = threads,
                                               .watch = watch,
                                               .context = &reading,
                                               .name = facts_path,
                                               .examine = examine_facts,
                                               .accept = accept_facts},
                          error);
}
