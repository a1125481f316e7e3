/*
 * How the normals of an output file are laid out. A layout is one file in this folder, a row of
 * `layouts` in describe.c, and a choice of output.layout in the config.
 */
#ifndef CLIMNORM_SINK_LAYOUTS_LAYOUT_H
#define CLIMNORM_SINK_LAYOUTS_LAYOUT_H

#include "sink/metadata.h"
#include "sink/normals_file.h"

/* The indices of dimensions. */
struct cn_file_dims {
    int lead[1]; /* [lead_count] of a field, in front of those of a normal */
    int lead_count;
    int slots, bnds;
    int cells[2]; /* [cell_rank] of rows and columns, as far as the source has them */
    int cell_rank;
};

struct cn_layout_rules {
    /* Adds the dimensions in front of those of a normal. Sets dims->lead and lead_count. */
    void (*add_lead)(struct cn_metadata *metadata, const struct cn_normals_file *file,
                     struct cn_file_dims *dims);
    /* Adds all that says which target years the file holds, when they are, and what they were made
     * of: variables, and attributes of metadata->variables[0]. Failures are left in the attributes.
     * Returns: its names for the attribute `coordinates` of fields, or ""; NULL: out of memory. */
    const char *(*add_targets)(struct cn_metadata *metadata, const struct cn_normals_file *file,
                               const struct cn_file_dims *dims);
};

extern const struct cn_layout_rules cn_single_layout, cn_stacked_layout;

#endif
