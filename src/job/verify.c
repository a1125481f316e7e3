/*
 * Finds output files and compares them with their content digests. They may be damaged, and HDF5
 * crashes on some damaged files, so child processes read them.
 */
#include "job/verify.h"

#include "base/error.h"
#include "base/workers.h"
#include "guard/fault.h"
#include "guard/library.h"
#include "sink/verify_output.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file must be read and hashed within these bounds; a slower machine would call it damaged. */
enum {
    CPU_S = 10,
    CPU_BYTES_PER_S = 50 << 20,
    ANSWER_S = 600,
    DISK_BYTES_PER_S = 5 << 20, /* of several children at a time */
};

struct file_list {
    struct cn_pool *pool;
    const struct cn_watch *watch;
    struct cn_verification *found;
    size_t capacity, unread_capacity;
    struct cn_error *error;
};

/* Entries of a folder that may not be entered follow one another: it is listed once. */
static enum cn_status add_unread(struct file_list *list, const char *path, size_t length,
                                 int reason)
{
    struct cn_verification *found = list->found;
    const char *last = found->unread_count ? found->unread[found->unread_count - 1].path : "";
    if (strlen(last) == length && strncmp(last, path, length) == 0)
        return CN_OK;
    const char *copy = cn_pool_strndup(list->pool, path, length);
    const char *text =
        cn_pool_printf(list->pool, "%s; %s", strerror(reason), cn_errno_advice(reason));
    struct cn_unread *unread = cn_pool_grow(list->pool, found->unread, found->unread_count,
                                            &list->unread_capacity, sizeof *unread);
    if (!copy || !text || !unread)
        return cn_fail_memory(list->error, "the list of output files");
    found->unread = unread;
    unread[found->unread_count++] = (struct cn_unread){copy, text};
    return CN_OK;
}

static enum cn_status add_file(struct file_list *list, const char *path, uint64_t size)
{
    struct cn_verification *found = list->found;
    if (eaccess(path, R_OK) != 0)
        return errno == ENOENT ? CN_OK : add_unread(list, path, strlen(path), errno);
    const char *copy = cn_pool_strdup(list->pool, path);
    struct cn_verified_file *files =
        cn_pool_grow(list->pool, found->files, found->count, &list->capacity, sizeof *files);
    if (!copy || !files)
        return cn_fail_memory(list->error, "the list of output files");
    found->files = files;
    files[found->count++] = (struct cn_verified_file){.path = copy, .size = size};
    return CN_OK;
}

static enum cn_status fail_to_list(const struct file_list *list, const char *path, int reason)
{
    return cn_fail(list->error, CN_BAD_MACHINE, "%s: cannot be read: %s; %s", path,
                   strerror(reason), cn_errno_advice(reason));
}

static bool is_output_name(const char *name, size_t length)
{
    static const char temporary[] = ".climnorm";
    return length > 3 && strcmp(name + length - 3, ".nc") == 0 &&
           strncmp(name, temporary, strlen(temporary)) != 0;
}

/* fts tells links from plain files, and does not follow them. */
static enum cn_status add_entry_below(struct file_list *list, const FTSENT *entry)
{
    if (entry->fts_info == FTS_ERR)
        return fail_to_list(list, entry->fts_path, entry->fts_errno);
    if (entry->fts_info == FTS_DNR)
        return add_unread(list, entry->fts_path, entry->fts_pathlen, entry->fts_errno);
    if (entry->fts_info == FTS_NS && entry->fts_errno != ENOENT) /* its folder may not be entered */
        return add_unread(list, entry->fts_path, entry->fts_parent->fts_pathlen, entry->fts_errno);
    return entry->fts_info == FTS_F && is_output_name(entry->fts_name, entry->fts_namelen)
               ? add_file(list, entry->fts_path, (uint64_t)entry->fts_statp->st_size)
               : CN_OK;
}

static int compare_found_paths(const void *a, const void *b)
{
    const struct cn_verified_file *x = a, *y = b;
    return strcmp(x->path, y->path);
}

static int compare_unread_paths(const void *a, const void *b)
{
    const struct cn_unread *x = a, *y = b;
    return strcmp(x->path, y->path);
}

static enum cn_status add_folder(struct file_list *list, char *path)
{
    const size_t first = list->found->count, first_unread = list->found->unread_count;
    FTS *walk = fts_open((char *[]){path, NULL}, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
    enum cn_status status = walk ? CN_OK : fail_to_list(list, path, errno);
    for (FTSENT *entry; !status && (errno = 0, (entry = fts_read(walk)));) {
        cn_progress_count(list->watch->progress, list->found->count, 0);
        status = cn_watch_stopped(list->watch)
                     ? cn_fail(list->error, CN_STOPPED, "stopped while files were listed")
                     : add_entry_below(list, entry);
    }
    if (!status && errno)
        status = fail_to_list(list, path, errno);
    if (walk)
        fts_close(walk);
    const size_t count = list->found->count - first;
    const size_t unread = list->found->unread_count - first_unread;
    if (!status && !count && !unread)
        return cn_fail(list->error, CN_BAD_USAGE,
                       "%s: no file below it ends in .nc; name a file, or a folder of outputs",
                       path);
    if (count)
        qsort(list->found->files + first, count, sizeof *list->found->files, compare_found_paths);
    if (unread)
        qsort(list->found->unread + first_unread, unread, sizeof *list->found->unread,
              compare_unread_paths);
    return status;
}

static enum cn_status add_path(struct file_list *list, char *path)
{
    struct stat status;
    if (stat(path, &status))
        return cn_errno_status(errno, CN_BAD_USAGE) == CN_BAD_MACHINE
                   ? fail_to_list(list, path, errno)
                   : cn_fail(list->error, CN_BAD_USAGE,
                             "%s: %s; name a file, or a folder of outputs", path, strerror(errno));
    return S_ISDIR(status.st_mode) ? add_folder(list, path)
                                   : add_file(list, path, (uint64_t)status.st_size);
}

struct verifying {
    struct cn_pool *pool;
    struct cn_verification *verification;
    struct cn_progress *progress;
    uint64_t bytes; /* of the files that are done */
};

static const char *verified_path(void *context, size_t item)
{
    return ((const struct verifying *)context)->verification->files[item].path;
}

static enum cn_status verify_values(void *path, struct cn_error *error)
{
    struct cn_digests digests;
    return cn_output_verify(path, CN_VERIFY_ALL, &digests, error);
}

/* In a child. Damage is a result like any other: examined as a failure, a file would be read
 * again. */
static enum cn_status examine_file(void *context, size_t item, struct cn_archive *found,
                                   struct cn_error *error)
{
    enum cn_status status =
        cn_library_call(&(struct cn_library_call){.function = verify_values,
                                                  .context = (void *)verified_path(context, item),
                                                  .what = "cannot be read",
                                                  .lock = CN_LIBRARY_LOCKS_HDF5},
                        error);
    if (status && status != CN_BAD_INPUT)
        return status;
    cn_archive_text(found, status ? error->text : "");
    return CN_OK;
}

static enum cn_status accept_file(void *context, size_t item, struct cn_archive *found,
                                  const struct cn_error *failure, struct cn_error *error)
{
    struct verifying *verifying = context;
    struct cn_verified_file *file = &verifying->verification->files[item];
    cn_progress_count_bytes(verifying->progress, verifying->bytes += file->size);
    if (failure && failure->status != CN_BAD_INPUT)
        return cn_fail(error, failure->status, "%s: %s", file->path, failure->text);
    const char *reason = "HDF5 crashes or hangs on it: it is damaged; remove it and run again";
    if (!failure) {
        found->pool = verifying->pool;
        reason = cn_archive_text(found, NULL);
        if (found->status)
            return found->status == CN_BAD_INPUT ? CN_BAD_INPUT
                                                 : cn_fail_memory(error, "what is found of a file");
    }
    file->is_verified = true;
    file->reason = reason[0] ? reason : NULL;
    return CN_OK;
}

static int seconds_for(uint64_t bytes, uint64_t bytes_per_s)
{
    const uint64_t seconds = bytes / bytes_per_s;
    return seconds < INT_MAX / 2 ? (int)seconds : INT_MAX / 2;
}

enum cn_status cn_list_outputs(struct cn_pool *pool, char *const *paths, size_t path_count,
                               const struct cn_watch *watch, struct cn_verification *verification,
                               struct cn_error *error)
{
    struct file_list list = {pool, cn_watch_or_none(watch), verification, 0, 0, error};
    enum cn_status status = CN_OK;
    *verification = (struct cn_verification){0};
    for (size_t p = 0; p < path_count && !status; p++)
        status = add_path(&list, paths[p]);
    return status;
}

enum cn_status cn_verify_outputs(struct cn_pool *pool, char *const *paths, size_t path_count,
                                 int threads, const struct cn_watch *watch,
                                 struct cn_verification *verification, struct cn_error *error)
{
    struct cn_progress *progress = cn_watch_or_none(watch)->progress;
    cn_progress_enter(progress, CN_PHASE_VERIFYING);
    enum cn_status status = cn_list_outputs(pool, paths, path_count, watch, verification, error);
    if (status)
        return status;
    uint64_t largest = 0;
    for (size_t k = 0; k < verification->count; k++)
        if (verification->files[k].size > largest)
            largest = verification->files[k].size;
    struct verifying verifying = {pool, verification, progress, 0};
    return cn_workers_run(
        &(struct cn_workers){.count = verification->count,
                             .threads = threads,
                             .timeout_s = ANSWER_S + seconds_for(largest, DISK_BYTES_PER_S),
                             .cpu_s = CPU_S + seconds_for(largest, CPU_BYTES_PER_S),
                             .watch = watch,
                             .context = &verifying,
                             .name = verified_path,
                             .examine = examine_file,
                             .accept = accept_file},
        error);
}
