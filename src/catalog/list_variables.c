/*
 * Lists variables in worker processes, as libraries crash on some damaged files.
 */
#include "catalog/list_variables.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "base/workers.h"
#include "catalog/inspect_file.h"
#include "guard/library.h"

#include <stdlib.h>

struct listing {
    struct cn_pool *pool;
    struct cn_held_variables *files;
};

struct one_listing {
    const char *path;
    struct cn_strbuf names;
};

static enum cn_status list_file_variables(void *context, struct cn_error *error)
{
    struct one_listing *one = context;
    cn_strbuf_clear(&one->names);
    return cn_file_list_variables(one->path, &one->names, error);
}

/* In a child. */
static enum cn_status pack_variables(void *context, size_t item, struct cn_archive *found,
                                     struct cn_error *error)
{
    const struct listing *listing = context;
    struct one_listing one = {.path = listing->files[item].path};
    enum cn_status status =
        cn_library_call(&(struct cn_library_call){.function = list_file_variables,
                                                  .context = &one,
                                                  .what = "cannot be read",
                                                  .lock = CN_LIBRARY_HDF5_LOCKED},
                        error);
    if (!status)
        cn_archive_text(found, cn_strbuf_text(&one.names));
    if (!status && (one.names.failed || found->status))
        status = cn_fail_memory(error, "the variables of a file");
    cn_strbuf_free(&one.names);
    return status;
}

static const char *listed_path(void *context, size_t item)
{
    const struct listing *listing = context;
    return listing->files[item].path;
}

static enum cn_status accept_variables(void *context, size_t item, struct cn_archive *found,
                                       const struct cn_error *failure, struct cn_error *error)
{
    struct listing *listing = context;
    struct cn_held_variables *file = &listing->files[item];
    file->names = "";
    if (failure && failure->status != CN_BAD_INPUT)
        return cn_fail(error, failure->status, "%s: %s", file->path, failure->text);
    if (failure) {
        file->failure = cn_pool_strdup(listing->pool, failure->text);
        return file->failure ? CN_OK : cn_fail_memory(error, "the variables of a file");
    }
    found->pool = listing->pool;
    file->names = cn_archive_text(found, NULL);
    return found->status == CN_BAD_MACHINE ? cn_fail_memory(error, "the variables of a file")
                                           : found->status;
}

enum cn_status cn_variables_list(struct cn_pool *pool, struct cn_held_variables *files,
                                 size_t count, const struct cn_resources *resources,
                                 struct cn_error *error)
{
    struct listing listing = {pool, files};
    return cn_workers_run(&(struct cn_workers){.count = count,
                                               .threads = resources->threads,
                                               .context = &listing,
                                               .name = listed_path,
                                               .examine = pack_variables,
                                               .accept = accept_variables},
                          error);
}
