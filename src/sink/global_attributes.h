/*
 * What an output file says of itself as a whole.
 */
#ifndef CLIMNORM_SINK_GLOBAL_ATTRIBUTES_H
#define CLIMNORM_SINK_GLOBAL_ATTRIBUTES_H

#include "sink/attribute_list.h"
#include "sink/provenance.h"

/* Adds the attributes that all files of a variable and region have alike, then cn_end_shared. */
void cn_describe_shared(struct cn_attributes *list, const struct cn_normals_file *file,
                        const struct cn_sources *from);

/* Adds the file's own attributes, but for those of its target years and the content digest. */
void cn_describe_own(struct cn_attributes *list, const struct cn_normals_file *file,
                     const struct cn_sources *from);

#endif
