/*
 * A file for the normals of several target years: they are its first dimension, and what differs by
 * target year is a variable along it.
 */
#include "sink/coordinates.h"
#include "sink/layouts/layout.h"
#include "sink/provenance.h"

#include <netcdf.h>
#include <string.h>

enum { LEAST_LENGTH = 32 }; /* of a text; else twice, four times, … as much */

/* A record dimension, because CDO takes no variable of four dimensions without one. */
static void stacked_lead(struct cn_metadata *metadata, const struct cn_normals_file *file,
                         struct cn_file_dims *dims)
{
    dims->lead_count = 1;
    dims->lead[0] = cn_metadata_add_dim(
        metadata, (struct cn_file_dim){"target_year", file->target_count, .is_unlimited = true});
}

/* Adds texts, one for each target year, as rows of characters. The rows of most files are of one
 * length, so that files can be joined along their target years. */
static void add_texts(struct cn_metadata *metadata, const struct cn_file_dims *dims,
                      const char *name, const char *dim_name, const char *long_name,
                      const char *const *texts, size_t count)
{
    size_t length = LEAST_LENGTH;
    for (size_t t = 0; t < count; t++)
        while (strlen(texts[t]) > length)
            length *= 2;
    int shape[] = {dims->lead[0],
                   cn_metadata_add_dim(metadata, (struct cn_file_dim){dim_name, length})};
    struct cn_file_variable *variable = cn_metadata_add(metadata, name, NC_CHAR, 2, shape);
    char *rows = cn_pool_alloc(metadata->pool, count, length);
    for (size_t t = 0; rows && t < count; t++)
        memcpy(rows + t * length, texts[t], strlen(texts[t]));
    variable->own_values = rows;
    variable->attributes.failed |= !rows;
    cn_set_text(&variable->attributes, "long_name", long_name);
    cn_set_text(&variable->attributes, "_Encoding", "utf-8"); /* for xarray */
    cn_end_shared(&variable->attributes);
}

static struct cn_attributes *add_numbers(struct cn_metadata *metadata,
                                         const struct cn_file_dims *dims, const char *name,
                                         const int *values)
{
    struct cn_file_variable *variable = cn_metadata_add(metadata, name, NC_INT, 1, dims->lead);
    variable->own_values = values;
    return &variable->attributes;
}

static void describe_number_of_years(struct cn_attributes *list)
{
    cn_set_text(list, "standard_name", "number_of_observations");
    cn_set_text(list, "long_name", "number of source years used");
    cn_set_text(list, "units", "1");
    cn_set_text(list, "coverage_content_type", "auxiliaryInformation");
    cn_end_shared(list);
}

/* Returns false: out of memory. */
static bool add_provenance(struct cn_metadata *metadata, const struct cn_normals_file *file,
                           const struct cn_file_dims *dims)
{
    enum { YEARS, MISSING, VERSIONS, FILES, SCENARIO, TEXTS };
    static const struct {
        const char *name, *dim_name, *long_name;
    } rows[TEXTS] = {
        [YEARS] = {"source_years", "strlen_source_years", "first and last year of the window"},
        [MISSING] = {"missing_source_years", "strlen_missing_source_years",
                     "years of the window that were not used"},
        [VERSIONS] = {"source_versions", "strlen_source_versions", "versions of the source files"},
        [FILES] = {"source_files", "strlen_source_files", "source files"},
        [SCENARIO] = {"scenario", "strlen_scenario", "experiment of the normal"},
    };
    const size_t count = file->target_count;
    struct cn_pool *pool = metadata->pool;
    int *target_years = cn_pool_alloc(pool, count, sizeof *target_years);
    int *numbers = cn_pool_alloc(pool, count, sizeof *numbers);
    const char **texts = cn_pool_alloc(pool, count * TEXTS, sizeof *texts);
    if (!target_years || !numbers || !texts)
        return false;
    for (size_t t = 0; t < count; t++) {
        struct cn_provenance from;
        if (!cn_provenance_of(pool, file, t, &from))
            return false;
        target_years[t] = cn_file_target(file, t)->year;
        numbers[t] = from.number_of_years;
        texts[YEARS * count + t] = from.source_years;
        texts[MISSING * count + t] = from.missing_source_years;
        texts[VERSIONS * count + t] = from.source_versions;
        texts[FILES * count + t] = from.source_files;
        texts[SCENARIO * count + t] = cn_file_target(file, t)->scenario;
    }
    cn_describe_target_year(add_numbers(metadata, dims, "target_year", target_years));
    describe_number_of_years(add_numbers(metadata, dims, "number_of_years", numbers));
    for (size_t k = 0; k < TEXTS; k++)
        add_texts(metadata, dims, rows[k].name, rows[k].dim_name, rows[k].long_name,
                  texts + k * count, count);
    return true;
}

/* With dates, one climatology for the file: two would confuse tools. */
static const char *stacked_targets(struct cn_metadata *metadata, const struct cn_normals_file *file,
                                   const struct cn_file_dims *dims)
{
    if (!add_provenance(metadata, file, dims))
        return NULL;
    cn_add_times(metadata, file, dims, !cn_file_has_dates(file));
    return "";
}

const struct cn_layout_rules cn_stacked_layout = {stacked_lead, stacked_targets};
