/*
 * One run at a time per output root, and the temporaries of dead runs. The kernel drops the lock
 * with its process, so a dead holder blocks nobody; the lock file itself stays.
 */
#include "sink/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The folder and those above it, where they are missing. False: errno says why. */
static bool make_folders(const char *path)
{
    char *copy = strdup(path);
    if (!copy)
        return false;
    bool made = true;
    for (char *slash = copy; made && slash;) {
        slash = strchr(slash + 1, '/');
        if (slash)
            *slash = '\0';
        made = mkdir(copy, 0777) == 0 || errno == EEXIST;
        if (slash)
            *slash = '/';
    }
    int reason = errno;
    free(copy);
    errno = reason;
    return made;
}

/* Holder and moment, for the message that a second run gives. Nothing reads it but people. */
static void sign(int lock)
{
    char host[HOST_NAME_MAX + 1] = "", date[32] = "", text[HOST_NAME_MAX + 128];
    struct tm utc;
    time_t now = time(NULL);
    if (gethostname(host, sizeof host - 1))
        host[0] = '\0';
    if (gmtime_r(&now, &utc))
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    int length =
        snprintf(text, sizeof text, "process %ld on %s since %s\n", (long)getpid(), host, date);
    if (ftruncate(lock, 0) == 0 && pwrite(lock, text, (size_t)length, 0) != length)
        (void)!ftruncate(lock, 0); /* a full disk: better unsigned than half signed */
}

static enum cn_status fail_held(struct cn_error *error, const char *output_root, int lock)
{
    char holder[256];
    ssize_t length = pread(lock, holder, sizeof holder - 1, 0);
    holder[length > 0 ? length : 0] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    return cn_fail(error, CN_BAD_USAGE,
                   "%s: another climnorm run writes here (%s); wait for it, or choose another "
                   "output.root",
                   output_root, *holder ? holder : "it has not said which");
}

static int remove_temporary(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    if (type == FTW_F && fnmatch(".climnorm-*.tmp", path + walk->base, 0) == 0)
        unlink(path);
    return 0;
}

/* What cannot be read or removed stays: it harms nobody. */
static void remove_temporaries(const char *output_root)
{
    char *inside = NULL;
    if (asprintf(&inside, "%s/.", output_root) < 0) /* the root itself may be a symbolic link */
        return;
    nftw(inside, remove_temporary, 16, FTW_PHYS);
    free(inside);
}

enum cn_status cn_sink_lock(const char *output_root, int *lock, struct cn_error *error)
{
    *lock = -1;
    int root =
        make_folders(output_root) ? open(output_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (root < 0)
        return cn_fail(error, CN_BAD_USAGE, "%s: cannot make or open output.root: %s", output_root,
                       strerror(errno));
    int descriptor = openat(root, ".climnorm.lock",
                            O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    int reason = errno;
    close(root);
    if (descriptor < 0)
        return cn_fail(error, CN_BAD_USAGE,
                       "%s: output.root cannot be written (.climnorm.lock: %s); check its "
                       "permissions or choose another",
                       output_root, strerror(reason));
    enum cn_status status = CN_OK;
    struct stat file;
    if (fstat(descriptor, &file) != 0 || !S_ISREG(file.st_mode) || file.st_nlink != 1)
        status =
            cn_fail(error, CN_BAD_USAGE, /* it would be overwritten */
                    "%s/.climnorm.lock is not a plain file of its own; remove it", output_root);
    else if (flock(descriptor, LOCK_EX | LOCK_NB) != 0)
        status = errno == EWOULDBLOCK
                     ? fail_held(error, output_root, descriptor)
                     : cn_fail(error, CN_BAD_MACHINE, "%s: its file system cannot lock files: %s",
                               output_root, strerror(errno));
    if (status) {
        close(descriptor);
        return status;
    }
    sign(descriptor);
    remove_temporaries(output_root);
    *lock = descriptor;
    return CN_OK;
}

void cn_sink_unlock(int lock)
{
    if (lock < 0)
        return;
    (void)!ftruncate(lock, 0);
    close(lock);
}
