/*
 * Directories, temporaries and their renaming. It knows nothing of netCDF.
 */
#include "sink/temporary.h"

#include "base/error.h"
#include "base/publish.h"
#include "guard/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

void cn_temporary_name(char name[CN_TEMPORARY_NAME_BYTES])
{
    static atomic_uint number;
    snprintf(name, CN_TEMPORARY_NAME_BYTES, ".climnorm-%s-%x.tmp", cn_run_id(),
             atomic_fetch_add(&number, 1));
}

void cn_waiting_name(uint64_t hash, enum cn_waiting_file which, char name[CN_TEMPORARY_NAME_BYTES])
{
    snprintf(name, CN_TEMPORARY_NAME_BYTES, ".climnorm-pass-%016" PRIx64 "-%d.tmp", hash, which);
}

bool cn_is_waiting_name(const char *name, uint64_t *hash)
{
    char expected[CN_TEMPORARY_NAME_BYTES];
    int which;
    if (sscanf(name, ".climnorm-pass-%16" SCNx64 "-%1d.tmp", hash, &which) != 2 ||
        which >= CN_WAITING_FILES)
        return false;
    cn_waiting_name(*hash, (enum cn_waiting_file)which, expected);
    return strcmp(name, expected) == 0;
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
        int next = cn_enter_folder(at, name);
        enum cn_status status = next < 0 ? fail_to_enter(error, at, name, root, path) : CN_OK;
        close(at);
        if (status)
            return status;
        at = next;
    }
    *directory = at;
    return CN_OK;
}

/* The length of the folder in `path`, with its last slash. */
static int folder_bytes(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (int)(slash - path) + 1 : 0;
}

bool cn_temporary_path(const char *root, const char *path, const char *name, char *temporary,
                       size_t capacity)
{
    int length = snprintf(temporary, capacity, "%s/%.*s%s", root, folder_bytes(path), path, name);
    return length >= 0 && (size_t)length < capacity;
}

enum cn_status cn_temporary_create(const char *root, const char *path, const char *name,
                                   char *temporary, size_t capacity, int *descriptor,
                                   struct cn_error *error)
{
    if (!cn_temporary_path(root, path, name, temporary, capacity))
        return cn_fail(error, CN_BAD_INPUT, "%s: the path is too long; shorten output.pattern",
                       path);
    int directory;
    enum cn_status status = enter_path(root, path, &directory, error);
    if (status)
        return status;
    unlinkat(directory, name, 0);
    *descriptor =
        openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (*descriptor < 0)
        status = cn_fail(error, CN_BAD_MACHINE, "%s: cannot make the file: %s; %s", temporary,
                         strerror(errno), cn_errno_advice(errno));
    close(directory);
    return status;
}

/* Opens the directory of `path`, without making any. -1: errno says why. */
static int find_directory(const char *root, const char *path)
{
    int at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (const char *slash; at >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
        char name[NAME_MAX + 1] = "";
        if ((size_t)(slash - path) < sizeof name)
            memcpy(name, path, (size_t)(slash - path));
        int next = openat(at, name, DIRECTORY), reason = errno;
        close(at);
        errno = reason;
        at = next;
    }
    return at;
}

int cn_temporary_open(const char *root, const char *path, const char *name, int flags)
{
    int directory = find_directory(root, path);
    if (directory < 0)
        return -1;
    int file = openat(directory, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    struct stat status = {0};
    int reason = file < 0 || fstat(file, &status) ? errno : 0;
    close(directory);
    if (!reason && (!S_ISREG(status.st_mode) || status.st_nlink != 1))
        reason = EINVAL;
    if (!reason)
        return file;
    if (file >= 0)
        close(file);
    errno = reason;
    return -1;
}

void cn_temporary_remove(const char *root, const char *path, const char *name)
{
    int directory = find_directory(root, path);
    if (directory < 0)
        return;
    cn_remove_temporary(directory, name);
    close(directory);
}

enum cn_status cn_temporary_fail(const char *root, const char *path, int reason,
                                 struct cn_error *error)
{
    if (!reason)
        return cn_fail(error, CN_BAD_MACHINE,
                       "%s/%s: what waited for it was changed by another program or a failing "
                       "disk; check the disk and run again",
                       root, path);
    return cn_fail(error, CN_BAD_MACHINE, "%s/%s: cannot be written: %s; %s", root, path,
                   strerror(reason), cn_errno_advice(reason));
}

/* Whether a temporary is of an output that waited for its passes; *hash: in its name. */
static bool has_waited(const char *temporary, uint64_t *hash)
{
    return cn_is_waiting_name(temporary + folder_bytes(temporary), hash);
}

void cn_temporary_give_up(const char *temporary)
{
    uint64_t hash;
    if (!has_waited(temporary, &hash))
        cn_remove_temporary(AT_FDCWD, temporary);
}

/* Removes what lies beside a temporary that got its final name. */
static void remove_others(const char *temporary)
{
    uint64_t hash;
    char name[CN_TEMPORARY_NAME_BYTES], *path;
    if (!has_waited(temporary, &hash))
        return;
    for (int which = CN_WAITING_SCRATCH; which < CN_WAITING_FILES; which++) {
        cn_waiting_name(hash, (enum cn_waiting_file)which, name);
        if (asprintf(&path, "%.*s%s", folder_bytes(temporary), temporary, name) < 0)
            return; /* a later run removes them */
        unlink(path);
        free(path);
    }
}

enum cn_status cn_temporary_publish(const char *path, const char *temporary, struct cn_error *error)
{
    char *final = NULL;
    if (asprintf(&final, "%.*s%s", folder_bytes(temporary), temporary, path + folder_bytes(path)) <
        0) {
        cn_remove_temporary(AT_FDCWD, temporary);
        return cn_fail_memory(error, "a path");
    }
    enum cn_status status = CN_OK;
    int failed = cn_sync_and_rename(temporary, final);
    if (failed)
        status = cn_fail(error, CN_BAD_MACHINE, "%s: cannot be synced and renamed: %s; %s", final,
                         strerror(failed), cn_errno_advice(failed));
    else
        remove_others(temporary);
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
