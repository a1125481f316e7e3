/*
 * What the config says of how files are read.
 */
#ifndef CLIMNORM_CATALOG_FILE_RULES_H
#define CLIMNORM_CATALOG_FILE_RULES_H

#include "climnorm/config.h"

struct cn_file_rules {
    enum cn_stamps stamps;
    const struct cn_slice_choice *choices; /* [choice_count] */
    size_t choice_count;
    bool takes_first; /* along a dimension that needs a choice and has none: index 0 */
    bool lists_all;   /* of the values along a dimension, instead of the first ones */
};

#endif
