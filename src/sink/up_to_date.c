/*
 * Compares an existing output file with the one that would be made now.
 */
#include "sink/up_to_date.h"

#include "base/pool.h"
#include "sink/verify_output.h"

#include <string.h>

bool cn_sink_is_up_to_date(const struct cn_normals_file *file)
{
    struct cn_normals_file planned = *file;
    struct cn_digests expected, found;
    struct cn_error error;
    struct cn_pool *pool = cn_pool_new();
    const char *path =
        pool ? cn_pool_printf(pool, "%s/%s", file->config->output.root, file->path) : NULL;
    planned.years_used = NULL;
    cn_sink_digests(&planned, &expected);
    bool is_current = path && !cn_output_verify(path, CN_VERIFY_METADATA, &found, &error) &&
                      strcmp(found.config, expected.config) == 0 &&
                      strcmp(found.inputs, expected.inputs) == 0;
    cn_pool_free(pool);
    return is_current;
}
