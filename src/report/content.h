/*
 * All that a page shows: plain data.
 */
#ifndef CLIMNORM_REPORT_CONTENT_H
#define CLIMNORM_REPORT_CONTENT_H

#include "base/strbuf.h"
#include "report/block_work.h"

#include <jansson.h>

enum {
    CN_MOST_MAP_BLOCKS = 60,
    CN_MOST_BLOCKS = 200,
    CN_MOST_MAP_BYTES = 6 << 20,   /* no maps are added to a page of more */
    CN_MOST_BLOCK_BYTES = 9 << 20, /* nor blocks */
};

/* All that a page is made of. */
struct cn_report {
    const char *folder; /* the last part of its path */
    const struct cn_verification *outputs;
    const struct cn_output_facts *facts;   /* [outputs->count] */
    struct cn_blocks blocks;               /* those that are shown */
    const struct cn_block_result *results; /* [blocks.count] */
    size_t blocks_left_out;
    uint64_t bytes;         /* of the files */
    const json_t *summary;  /* of climnorm run --summary; NULL: not given */
    const json_t *measured; /* of climnorm-bench; NULL: not given */
};

#endif
