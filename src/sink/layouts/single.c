/*
 * A file for each normal: its target year is a scalar coordinate.
 */
#include "sink/coordinates.h"
#include "sink/layouts/layout.h"
#include "sink/provenance.h"

#include <netcdf.h>

static void single_lead(struct cn_metadata *metadata, const struct cn_normals_file *file,
                        struct cn_file_dims *dims)
{
    (void)metadata, (void)file;
    dims->lead_count = 0;
}

static void describe_target(struct cn_attributes *list, const struct cn_normals_file *file)
{
    const struct cn_target *target = cn_file_target(file, 0);
    struct cn_provenance from;
    if (!cn_provenance_of(list->pool, file, 0, &from)) {
        list->failed = true;
        return;
    }
    cn_set_int(list, "target_year", target->year);
    cn_set_text(list, "source_years", from.source_years);
    cn_set_int(list, "number_of_years", from.number_of_years);
    if (*from.missing_source_years)
        cn_set_text(list, "missing_source_years", from.missing_source_years);
    cn_set_text(list, "source_versions", from.source_versions);
    cn_set_text(list, "source_files", from.source_files);
    cn_set_text(list, "scenario", target->scenario);
}

static const char *single_targets(struct cn_metadata *metadata, const struct cn_normals_file *file,
                                  const struct cn_file_dims *dims)
{
    struct cn_file_variable *year = cn_metadata_add(metadata, "target_year", NC_INT, 0, NULL);
    year->own_values = &cn_file_target(file, 0)->year;
    cn_describe_target_year(&year->attributes);
    cn_add_times(metadata, file, dims, false);
    describe_target(&metadata->variables[0].attributes, file);
    return "target_year";
}

const struct cn_layout_rules cn_single_layout = {single_lead, single_targets};
