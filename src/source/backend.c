/*
 * The choice of a backend.
 */
#include "source/backend.h"

#include "codec/pipeline.h"
#include "source/chunks.h"
#include "source/contiguous.h"
#include "source/netcdf.h"

#include <stdio.h>

/* Why neither chunks.c nor contiguous.c can read the file; NULL: one of them can. */
static const char *storage_reason(const struct cn_file *file)
{
    const struct cn_storage *storage = &file->storage;
    if (storage->has_user_block)
        return "user block";
    if (file->subdaily)
        return "several instants a day";
    if (storage->has_own_type)
        return "a number type of its own";
    if (storage->is_short)
        return "shorter than its dimensions";
    if (storage->has_unfiltered_edges)
        return "edge chunks without filters";
    if (storage->layout == CN_COMPACT)
        return "compact";
    if (storage->layout != CN_CHUNKED && storage->filter_count)
        return "filters without chunks";
    return NULL;
}

const struct cn_backend *cn_backend_choose(const struct cn_file *file, char reason[CN_REASON_BYTES])
{
    const struct cn_storage *storage = &file->storage;
    const struct cn_filter *unknown = cn_pipeline_first_unknown(storage);
    const char *simple = storage_reason(file);
    char filter[96];
    reason[0] = '\0';
    if (simple)
        snprintf(reason, CN_REASON_BYTES, "%s", simple);
    else if (unknown)
        snprintf(reason, CN_REASON_BYTES, "%s%s",
                 cn_filter_describe(unknown, filter, sizeof filter),
                 unknown->name[0] ? " filter" : "");
    else if (storage->layout == CN_CHUNKED && !cn_chunks_are_few(storage))
        snprintf(reason, CN_REASON_BYTES, "too many small chunks");
    if (reason[0])
        return &cn_backend_netcdf;
    return storage->layout == CN_CHUNKED ? &cn_backend_chunks : &cn_backend_contiguous;
}
