/*
 * Which output files are there. They may be damaged, and netCDF-C crashes on some damaged files, so
 * child processes read them.
 */
#include "job/existing.h"

#include "base/error.h"
#include "base/workers.h"
#include "guard/fault.h"
#include "guard/library.h"
#include "sink/up_to_date.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STAT_BLOCK_BYTES = 512 };

/* An output that is there, and may be up to date. */
struct existing {
    const struct cn_variable_plan *variable;
    struct cn_output *output;
};

struct existing_files {
    const struct cn_plan *plan;
    struct existing *files;
    size_t count;
};

/* *is_kept: it is there, and may stay if it is up to date. */
static enum cn_status check_output(const struct cn_config *config, int root,
                                   struct cn_output *output, bool *is_kept, struct cn_error *error)
{
    const char *folder = config->output.root;
    struct stat status;
    *is_kept = false;
    if (fstatat(root, output->path, &status, AT_SYMLINK_NOFOLLOW))
        return cn_errno_status(errno, CN_OK)
                   ? cn_fail(error, CN_BAD_MACHINE, "%s/%s: cannot be read: %s; %s", folder,
                             output->path, strerror(errno), cn_errno_advice(errno))
                   : CN_OK;
    if (!S_ISREG(status.st_mode))
        return cn_fail(error, CN_BAD_USAGE, "%s/%s is not a plain file; remove it", folder,
                       output->path);
    if (config->output.existing == CN_REFUSE)
        return cn_fail(error, CN_BAD_USAGE,
                       "%s/%s exists, and output.existing is \"fail\"; remove it, or set "
                       "output.existing to \"skip\" or \"overwrite\"",
                       folder, output->path);
    if (status.st_nlink == 1) /* else its blocks stay when it is replaced */
        output->bytes_there = (uint64_t)status.st_blocks * STAT_BLOCK_BYTES;
    *is_kept = config->output.existing == CN_SKIP;
    return CN_OK;
}

static enum cn_status list_existing(struct existing_files *list, int root,
                                    const struct cn_watch *watch, struct cn_error *error)
{
    for (size_t v = 0; v < list->plan->variable_count; v++) {
        const struct cn_variable_plan *variable = &list->plan->variables[v];
        for (size_t o = 0; o < variable->output_count; o++) {
            struct cn_output *output = &variable->outputs[o];
            bool is_kept;
            if (cn_watch_stopped(watch))
                return cn_fail(error, CN_STOPPED, "stopped while existing files were counted");
            enum cn_status status = check_output(list->plan->config, root, output, &is_kept, error);
            if (status)
                return status;
            if (is_kept)
                list->files[list->count++] = (struct existing){variable, output};
        }
    }
    return CN_OK;
}

static const char *output_path(void *context, size_t item)
{
    return ((const struct existing_files *)context)->files[item].output->path;
}

/* CN_BAD_INPUT: it is not. */
static enum cn_status check_up_to_date(void *file, struct cn_error *error)
{
    (void)error;
    return cn_sink_is_up_to_date(file) ? CN_OK : CN_BAD_INPUT;
}

/* In a child. A file that a failing machine cannot read may be up to date: it is neither made again
 * nor kept, the run ends. */
static enum cn_status examine_output(void *context, size_t item, struct cn_archive *found,
                                     struct cn_error *error)
{
    const struct existing_files *list = context;
    const struct existing *existing = &list->files[item];
    struct cn_normals_file file =
        cn_normals_file_planned(list->plan, existing->variable, existing->output);
    enum cn_status status =
        cn_library_call(&(struct cn_library_call){.function = check_up_to_date,
                                                  .context = &file,
                                                  .what = "cannot be read",
                                                  .lock = CN_LIBRARY_LOCKS_HDF5},
                        error);
    if (status && status != CN_BAD_INPUT)
        return status;
    bool is_current = !status;
    cn_archive_flag(found, &is_current);
    return CN_OK;
}

/* A file that crashes a child is not up to date. */
static enum cn_status accept_output(void *context, size_t item, struct cn_archive *found,
                                    const struct cn_error *failure, struct cn_error *error)
{
    struct existing_files *list = context;
    struct cn_output *output = list->files[item].output;
    bool is_current = false;
    if (failure && failure->status != CN_BAD_INPUT)
        return cn_fail(error, failure->status, "%s/%s: %s", list->plan->config->output.root,
                       output->path, failure->text);
    if (!failure)
        cn_archive_flag(found, &is_current);
    if (!failure && found->status)
        return CN_BAD_INPUT;
    output->wanted = !is_current;
    return CN_OK;
}

enum cn_status cn_find_existing(struct cn_plan *plan, const struct cn_resources *resources,
                                const struct cn_watch *watch, struct cn_error *error)
{
    size_t outputs = 0;
    for (size_t v = 0; v < plan->variable_count; v++)
        outputs += plan->variables[v].output_count;
    int root = open(plan->config->output.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) /* most likely nothing is there yet */
        return cn_errno_status(errno, CN_OK)
                   ? cn_fail(error, CN_BAD_MACHINE, "%s: cannot be opened: %s; %s",
                             plan->config->output.root, strerror(errno), cn_errno_advice(errno))
                   : CN_OK;
    struct existing_files list = {.plan = plan};
    list.files = calloc(outputs + 1, sizeof *list.files);
    enum cn_status status = list.files ? list_existing(&list, root, watch, error)
                                       : cn_fail_memory(error, "the survey of existing files");
    if (!status)
        status = cn_workers_run(&(struct cn_workers){.count = list.count,
                                                     .threads = resources->threads,
                                                     .watch = watch,
                                                     .context = &list,
                                                     .name = output_path,
                                                     .examine = examine_output,
                                                     .accept = accept_output},
                                error);
    free(list.files);
    close(root);
    return status;
}
