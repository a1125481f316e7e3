/*
 * Directories, temporaries and their renaming. It knows nothing of netCDF.
 */
#include "sink/temporary.h"

#include "base/error.h"
#include "base/publish.h"
#include "guard/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens the directory `name` in `parent`, made where it is missing. -1: errno says why. */
static int enter_directory(int parent, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int directory = openat(parent, name, flags);
    if (directory >= 0 || errno != ENOENT)
        return directory;
    int failed = cn_make_folder(parent, name);
    if (!failed)
        return openat(parent, name, flags);
    errno = failed;
    return -1;
}

static enum cn_status fail_to_enter(struct cn_error *error, int parent, const char *name,
                                    const char *root, const char *path)
{
    int reason = errno;
    struct stat status;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode))
        return cn_fail(error, CN_BAD_MACHINE,
                       "%s/%s: '%s' is a symbolic link; climnorm follows none below output.root, "
                       "make it a folder or change output.root",
                       root, path, name);
    return cn_fail(error, CN_BAD_MACHINE, "%s/%s: cannot make the folder '%s': %s; %s", root, path,
                   name, strerror(reason), cn_errno_advice(reason));
}

/* Opens the directory of `path` below the open `root`, component by component, so that no symbolic
 * link is ever followed. *directory: -1 on failure. */
static enum cn_status enter_path(const char *root, const char *path, int *directory,
                                 struct cn_error *error)
{
    *directory = -1;
    int at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return cn_fail(error, CN_BAD_MACHINE, "%s: cannot open output.root: %s; %s", root,
                       strerror(errno), cn_errno_advice(errno));
    const char *component = path;
    for (const char *slash; (slash = strchr(component, '/')); component = slash + 1) {
        size_t length = (size_t)(slash - component);
        char name[NAME_MAX + 1];
        if (length >= sizeof name || length == 0 || strncmp(component, "../", 3) == 0 ||
            strncmp(component, "./", 2) == 0) {
            close(at);
            return cn_fail(error, CN_BAD_INPUT,
                           "%s: not a path below output.root with folder names of at most %d "
                           "bytes; change output.pattern",
                           path, NAME_MAX);
        }
        memcpy(name, component, length);
        name[length] = '\0';
        int next = enter_directory(at, name);
        enum cn_status status = next < 0 ? fail_to_enter(error, at, name, root, path) : CN_OK;
        close(at);
        if (status)
            return status;
        at = next;
    }
    cn_wait_for_folders(); /* another thread may just have made those that were there */
    *directory = at;
    return CN_OK;
}

enum cn_status cn_temporary_create(const char *root, const char *path, char *temporary,
                                   size_t capacity, int *descriptor, struct cn_error *error)
{
    const char *slash = strrchr(path, '/');
    int folder_length = slash ? (int)(slash - path) + 1 : 0;
    static atomic_uint number;
    int length = snprintf(temporary, capacity, "%s/%.*s.climnorm-%s-%x.tmp", root, folder_length,
                          path, cn_run_id(), atomic_fetch_add(&number, 1));
    if (length < 0 || (size_t)length >= capacity)
        return cn_fail(error, CN_BAD_INPUT, "%s: the path is too long; shorten output.pattern",
                       path);
    int directory;
    enum cn_status status = enter_path(root, path, &directory, error);
    if (status)
        return status;
    *descriptor = openat(directory, strrchr(temporary, '/') + 1,
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (*descriptor < 0)
        status = cn_fail(error, CN_BAD_MACHINE, "%s: cannot make the file: %s; %s", temporary,
                         strerror(errno), cn_errno_advice(errno));
    close(directory);
    return status;
}

enum cn_status cn_temporary_publish(const char *path, const char *temporary, struct cn_error *error)
{
    const char *slash = strrchr(path, '/');
    int folder_length = (int)(strrchr(temporary, '/') - temporary);
    char *final = NULL;
    if (asprintf(&final, "%.*s/%s", folder_length, temporary, slash ? slash + 1 : path) < 0) {
        unlink(temporary);
        return cn_fail_memory(error, "a path");
    }
    enum cn_status status = CN_OK;
    int failed = cn_sync_and_rename(temporary, final);
    if (failed)
        status = cn_fail(error, CN_BAD_MACHINE, "%s: cannot be synced and renamed: %s; %s", final,
                         strerror(failed), cn_errno_advice(failed));
    free(final);
    return status;
}

enum cn_status cn_temporary_sync_folder(const char *temporary, struct cn_error *error)
{
    int failed = cn_sync_folder_of(temporary);
    if (!failed)
        return CN_OK;
    return cn_fail(error, CN_BAD_MACHINE, "%.*s: the folder cannot be synced: %s; %s",
                   (int)(strrchr(temporary, '/') - temporary), temporary, strerror(failed),
                   cn_errno_advice(failed));
}
