/*
 * One run at a time per output root, and the temporaries of dead runs. The kernel drops the lock
 * with its process, so a dead holder blocks nobody; the lock file itself stays.
 */
#include "sink/lock.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    PAUSE_MS = 10,
    PASSING_MS = 5000, /* a large process takes a while to give its memory back */
};

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

/* Holder and moment, for the message that a second run gives. */
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

/* Whether a living run has this folder as its output root. */
static bool is_root_of_another(const char *folder)
{
    char *path = NULL;
    if (asprintf(&path, "%s/.climnorm.lock", folder) < 0)
        return true;
    int lock = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool held = lock >= 0 && flock(lock, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (lock >= 0)
        close(lock);
    free(path);
    return held;
}

/* Whether this folder lies below the output root of a living run, whose temporaries may be here. */
static bool is_below_another(const char *folder)
{
    char *path = realpath(folder, NULL);
    bool below = !path;
    for (char *slash; !below && (slash = strrchr(path, '/'));) {
        *slash = '\0';
        below = is_root_of_another(path);
    }
    free(path);
    return below;
}

static int remove_temporary(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    if (type == FTW_D && walk->level > 0 && is_root_of_another(path))
        return FTW_SKIP_SUBTREE;
    if (type == FTW_F && fnmatch(".climnorm-*.tmp", path + walk->base, 0) == 0)
        unlink(path);
    return FTW_CONTINUE;
}

/* What the holder signed with, fit to be shown. */
static void read_holder(int lock, struct cn_holder *holder)
{
    ssize_t length = pread(lock, holder->text, sizeof holder->text - 1, 0);
    holder->text[length > 0 ? length : 0] = '\0';
    holder->text[strcspn(holder->text, "\n")] = '\0';
    for (char *at = holder->text; *at; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
            *at = '?';
    if (!holder->text[0])
        snprintf(holder->text, sizeof holder->text, "a process that has not said its number");
}

/* Whether a process of this machine has ended, or is on its way: a busy machine takes a while to
 * kill it, its memory a while to go, and its files go after that. */
static bool is_gone(long process)
{
    enum { EXITING = 4, KILLED = 1 << (SIGKILL - 1) }; /* PF_EXITING of the kernel; proc(5) */
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", process);
    FILE *file = fopen(path, "re");
    if (!file)
        return true;
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = '\0';
    const char *behind_name = strrchr(line, ')');
    char state = 'X';
    unsigned flags = 0;
    unsigned long pending = 0;
    if (behind_name)
        sscanf(behind_name + 1,
               " %c %*s %*s %*s %*s %*s %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
               "%*s %*s %*s %*s %*s %*s %*s %lu",
               &state, &flags, &pending);
    return state == 'Z' || state == 'X' || (flags & EXITING) || (pending & KILLED);
}

/* Whether the lock will be free in a moment: its holder ends, or has ended and left children that
 * end with it; or has not signed yet. */
static bool is_passing(const struct cn_holder *holder)
{
    char here[HOST_NAME_MAX + 1] = "", host[HOST_NAME_MAX + 1] = "";
    long process = 0;
    if (sscanf(holder->text, "process %9ld on %64s since", &process, host) != 2)
        return true;
    return gethostname(here, sizeof here - 1) == 0 && strcmp(here, host) == 0 && is_gone(process);
}

/* Takes the lock, if nobody has it. 0, or what is in the way. */
static int take(int lock, const atomic_int *stop, struct cn_holder *holder)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
    const uint64_t until_ns = cn_now_ns() + PASSING_MS * UINT64_C(1000000);
    for (;;) {
        if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
            holder->text[0] = '\0';
            return 0;
        }
        if (errno != EWOULDBLOCK)
            return errno;
        read_holder(lock, holder);
        if (cn_now_ns() >= until_ns || atomic_load(stop) || !is_passing(holder))
            return EWOULDBLOCK;
        nanosleep(&pause, NULL);
    }
}

/* Removes what dead runs left, but not where a run lives whose root is below this one or above it.
 * What cannot be read or removed stays: it harms nobody. */
static void remove_temporaries(const char *output_root)
{
    char *inside = NULL;
    if (is_below_another(output_root) ||
        asprintf(&inside, "%s/.", output_root) < 0) /* the root itself may be a symbolic link */
        return;
    nftw(inside, remove_temporary, 16, FTW_PHYS | FTW_ACTIONRETVAL);
    free(inside);
}

/* A path that can never be a folder is the config's fault, all else the machine's. */
static enum cn_status fail_root(struct cn_error *error, const char *output_root, int reason)
{
    bool misled = reason == ENOTDIR || reason == ELOOP || reason == ENAMETOOLONG ||
                  reason == ENOENT || reason == EINVAL;
    return cn_fail(error, misled ? CN_BAD_USAGE : CN_BAD_MACHINE,
                   "%s: cannot make or open output.root: %s; %s", output_root, strerror(reason),
                   misled ? "choose another" : "make it writable, or choose another");
}

/* Opens the lock file. -1: *error says why. */
static int open_lock(const char *output_root, struct cn_error *error)
{
    int root =
        make_folders(output_root) ? open(output_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (root < 0) {
        fail_root(error, output_root, errno);
        return -1;
    }
    int lock = openat(root, ".climnorm.lock",
                      O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    int reason = errno;
    struct stat file;
    close(root);
    if (lock >= 0 && fstat(lock, &file) != 0) {
        reason = errno;
        close(lock);
        lock = -1;
    }
    bool odd = lock < 0 ? reason == ELOOP || reason == EISDIR || reason == ENXIO
                        : !S_ISREG(file.st_mode) || file.st_nlink != 1;
    if (odd) /* it would be overwritten */
        cn_fail(error, CN_BAD_USAGE, "%s/.climnorm.lock is not a plain file of its own; remove it",
                output_root);
    else if (lock < 0)
        cn_fail(error, CN_BAD_MACHINE,
                "%s: output.root cannot be written (.climnorm.lock: %s); make it writable, or "
                "choose another",
                output_root, strerror(reason));
    if (odd && lock >= 0)
        close(lock);
    return odd ? -1 : lock;
}

enum cn_status cn_sink_lock(const char *output_root, const atomic_int *stop, int *lock,
                            struct cn_holder *holder, struct cn_error *error)
{
    struct cn_error reason = {0};
    *lock = -1;
    holder->text[0] = '\0';
    int descriptor = open_lock(output_root, &reason);
    if (descriptor < 0)
        return cn_fail(error, reason.status, "%s", reason.text);
    int in_the_way = take(descriptor, stop, holder);
    if (in_the_way) {
        close(descriptor);
        return in_the_way == EWOULDBLOCK
                   ? cn_fail(error, CN_BAD_USAGE,
                             "%s: another climnorm run writes here (%s); wait for it with --wait, "
                             "or choose another output.root",
                             output_root, holder->text)
                   : cn_fail(error, CN_BAD_MACHINE,
                             "%s: its file system cannot lock files (%s), so two runs could spoil "
                             "each other's; choose an output.root on one that can",
                             output_root, strerror(in_the_way));
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
