/*
 * One run at a time per output root, and the temporaries of killed runs. The kernel drops the lock
 * with its process, so a run that was killed blocks nobody. The lock file itself stays.
 *
 * The lock file says in its first line who holds the lock. A line "run ID" follows for each run
 * that has not ended well: the holder's first, then those of runs that were killed. Whoever gets
 * the lock knows that they have ended, and removes their temporaries, wherever below the root. It
 * syncs the folders, too: those runs may have renamed files without coming to that. It takes their
 * ids out afterwards: if it is killed meanwhile, the next run knows them all. Runs in an output
 * root above or below have ids of their own, in lock files of their own.
 */
#include "sink/lock.h"

#include "base/error.h"
#include "base/publish.h"
#include "guard/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    /* A process that was killed keeps the lock until its memory is given back. */
    TRIES = 100,
    PAUSE_MS = 10,
    LOCK_FILE_BYTES = 4096, /* those read: lines of some 40 runs */
};

/* The folder and those above it, where they are missing. False: errno says why. */
static bool make_output_root(const char *path)
{
    char inside[PATH_MAX];
    if ((size_t)snprintf(inside, sizeof inside, "%s/.climnorm.lock", path) >= sizeof inside) {
        errno = ENAMETOOLONG;
        return false;
    }
    return cn_make_folders(inside);
}

static void read_lock_file(int lock, char text[LOCK_FILE_BYTES])
{
    ssize_t length = pread(lock, text, LOCK_FILE_BYTES - 1, 0);
    text[length > 0 ? length : 0] = '\0';
}

/* On a full disk it ends up empty: better than half a line. Synced, because temporaries outlive a
 * power cut. A disk that fails to do so shows that again with the first output. */
static void write_lock_file(int lock, const char *text, size_t length)
{
    if (pwrite(lock, text, length, 0) != (ssize_t)length || ftruncate(lock, (off_t)length) != 0)
        (void)!ftruncate(lock, 0);
    fsync(lock);
}

static void read_holder(int lock, struct cn_holder *holder)
{
    char text[LOCK_FILE_BYTES];
    read_lock_file(lock, text);
    text[strcspn(text, "\n")] = '\0';
    snprintf(holder->text, sizeof holder->text, "%.199s",
             *text ? text : "a process that has not said its number");
}

/* Takes the lock. Returns 0 or an errno value; EWOULDBLOCK: *holder has it. */
static int try_lock(int lock, const atomic_int *stop, struct cn_holder *holder)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
    for (int tries = 1; flock(lock, LOCK_EX | LOCK_NB) != 0; tries++) {
        if (errno != EWOULDBLOCK)
            return errno;
        if (tries == TRIES || (stop && atomic_load(stop))) {
            read_holder(lock, holder);
            return EWOULDBLOCK;
        }
        nanosleep(&pause, NULL);
    }
    return 0;
}

/* Whether a file name is that of a temporary, and its run is in the list. */
static bool is_of_killed_run(const char *name, const char *killed)
{
    char id[33], line[40];
    int end = 0;
    if (sscanf(name, ".climnorm-%32[0-9a-f]-%*[0-9a-f].tmp%n", id, &end) != 1 || !end || name[end])
        return false;
    snprintf(line, sizeof line, "run %s\n", id);
    return strstr(killed, line);
}

/* Removes the temporaries of killed runs and makes their files durable. What may not be read or
 * removed stays. Follows no link but the root itself. Returns 0, or errno of what failed. */
static int finish_killed(const char *output_root, const char *killed)
{
    char *const roots[] = {(char *)output_root, NULL}; /* which fts does not change */
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
    if (!tree)
        return errno;
    FTSENT *entry;
    int failed = 0;
    while (!failed && (entry = fts_read(tree)))
        if (entry->fts_info == FTS_F && is_of_killed_run(entry->fts_name, killed))
            unlink(entry->fts_accpath);
        else if (entry->fts_info == FTS_DP || entry->fts_info == FTS_DNR)
            failed = cn_sync_folder(entry->fts_accpath); /* behind all that is in it */
    if (!failed)
        failed = errno; /* 0: it was read to its end */
    fts_close(tree);
    return failed;
}

/* Writes this run into the lock file, and finishes what killed runs left. Returns 0, or errno; the
 * lock file then still names them. */
static int write_owner(int lock, const char *output_root)
{
    char host[HOST_NAME_MAX + 1] = "", date[32] = "";
    char before[LOCK_FILE_BYTES], text[LOCK_FILE_BYTES + HOST_NAME_MAX + 256];
    struct tm utc;
    time_t now = time(NULL);
    if (gethostname(host, sizeof host - 1))
        host[0] = '\0';
    if (gmtime_r(&now, &utc))
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    read_lock_file(lock, before);
    const char *killed = before + strcspn(before, "\n"); /* the lines behind the first */
    int own = snprintf(text, sizeof text, "process %ld on %s since %s\nrun %s\n", (long)getpid(),
                       host, date, cn_run_id());
    int all =
        own + snprintf(text + own, sizeof text - (size_t)own, "%s", *killed ? killed + 1 : "");
    write_lock_file(lock, text, (size_t)all);
    int failed = *killed ? finish_killed(output_root, killed) : 0;
    if (*killed && !failed)
        write_lock_file(lock, text, (size_t)own);
    return failed;
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

/* Whether the open folder can be written, but not the lock file that another user made in it. */
static bool is_lock_of_another(int root)
{
    struct stat status;
    return faccessat(root, ".", W_OK, AT_EACCESS) == 0 &&
           fstatat(root, ".climnorm.lock", &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(status.st_mode) && status.st_uid != geteuid();
}

/* Opens the lock file. *lock: -1 on failure. */
static enum cn_status open_lock(const char *output_root, int *lock, struct cn_error *error)
{
    *lock = -1;
    int root =
        make_output_root(output_root) ? open(output_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (root < 0)
        return fail_root(error, output_root, errno);
    int file = openat(root, ".climnorm.lock",
                      O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    struct stat status = {0};
    int reason = file < 0 || fstat(file, &status) != 0 ? errno : cn_sync_open_folder(root);
    bool is_of_another = reason == EACCES && is_lock_of_another(root);
    close(root);
    bool is_plain = !reason && S_ISREG(status.st_mode) && status.st_nlink == 1;
    if (is_plain) {
        *lock = file;
        return CN_OK;
    }
    if (file >= 0)
        close(file);
    if (!reason || reason == ELOOP || reason == EISDIR || reason == ENXIO)
        return cn_fail(error, CN_BAD_USAGE,
                       "%s/.climnorm.lock is not a plain file of its own; remove it", output_root);
    if (is_of_another)
        return cn_fail(error, CN_BAD_MACHINE,
                       "%s/.climnorm.lock belongs to another user and cannot be written; let its "
                       "owner `chmod a+w` it, or use umask 002 for a folder that several people "
                       "share",
                       output_root);
    return cn_fail(error, CN_BAD_MACHINE,
                   "%s: output.root cannot be written (.climnorm.lock: %s); make it writable, or "
                   "choose another",
                   output_root, strerror(reason));
}

/* A lock that this process holds: there is one for each job. */
struct held {
    int lock;
    struct held *next;
};

static struct held *all_held; /* guarded by the mutex */
static pthread_mutex_t held_mutex = PTHREAD_MUTEX_INITIALIZER;

static void before_fork(void)
{
    pthread_mutex_lock(&held_mutex);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&held_mutex);
}

/* A worker process that outlives a killed run, waiting for a dead disk, must not keep its lock. */
static void close_in_child(void)
{
    while (all_held) {
        struct held *first = all_held;
        all_held = first->next;
        close(first->lock);
        free(first);
    }
    pthread_mutex_unlock(&held_mutex);
}

/* From now on children close the lock. False: out of memory. */
static bool add_held(int lock)
{
    static bool is_prepared;
    struct held *added = malloc(sizeof *added);
    if (!added)
        return false;
    pthread_mutex_lock(&held_mutex);
    const bool is_added =
        is_prepared || pthread_atfork(before_fork, after_fork, close_in_child) == 0;
    if (is_added) {
        *added = (struct held){lock, all_held};
        all_held = added;
        is_prepared = true;
    }
    pthread_mutex_unlock(&held_mutex);
    if (!is_added)
        free(added);
    return is_added;
}

/* Does nothing for a lock that is not held. */
static void release(int lock, bool keeps_text)
{
    pthread_mutex_lock(&held_mutex);
    struct held **at = &all_held;
    while (*at && (*at)->lock != lock)
        at = &(*at)->next;
    struct held *found = *at;
    if (found) {
        if (!keeps_text)
            (void)!ftruncate(lock, 0);
        close(lock);
        *at = found->next;
        free(found);
    }
    pthread_mutex_unlock(&held_mutex);
}

enum cn_status cn_sink_lock(const char *output_root, const atomic_int *stop, int *lock,
                            struct cn_holder *holder, struct cn_error *error)
{
    holder->text[0] = '\0';
    enum cn_status status = open_lock(output_root, lock, error);
    if (status)
        return status;
    int failure = try_lock(*lock, stop, holder);
    if (!failure && !add_held(*lock))
        failure = ENOMEM;
    if (!failure) {
        failure = write_owner(*lock, output_root);
        if (!failure)
            return CN_OK;
        release(*lock, true);
        *lock = -1;
        return cn_fail(error, CN_BAD_MACHINE,
                       "%s: what a killed run wrote cannot be synced: %s; %s", output_root,
                       strerror(failure), cn_errno_advice(failure));
    }
    close(*lock);
    *lock = -1;
    if (failure == ENOMEM)
        return cn_fail_memory(error, "the lock of output.root");
    if (failure == EWOULDBLOCK)
        return cn_fail(error, CN_BAD_USAGE,
                       "%s: another climnorm run writes here (%s); wait for it with --wait, or "
                       "choose another output.root",
                       output_root, holder->text);
    return cn_fail(error, CN_BAD_MACHINE,
                   "%s: its file system cannot lock files (%s), so two runs could spoil each "
                   "other's; choose an output.root on one that can",
                   output_root, strerror(failure));
}

void cn_sink_unlock(int lock)
{
    release(lock, false);
}
