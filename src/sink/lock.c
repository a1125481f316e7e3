/*
 * One run at a time per output root, or several shards of it, and what killed runs left. The kernel
 * drops a lock with its process, so a run that was killed blocks nobody.
 *
 * A run without a shard holds `.climnorm.lock` to its end, and sees to it that no shard's lock is
 * held. A shard holds `.climnorm-K-of-N.lock` to its end. While it takes that one it holds
 * `.climnorm.lock`, shared with other shards that begin. So of a shard and a run without one,
 * whoever is first at `.climnorm.lock` keeps the other out, and no shard waits for another.
 *
 * A lock file says in its first line who holds the lock. A line "run ID" follows for each run that
 * has not ended well: the holder's first, then those of runs that were killed. Whoever gets the
 * lock knows that they have ended. It takes their ids out when it has finished what they left: if
 * it is killed meanwhile, the next run knows them all. A shard removes only what earlier runs of
 * the same shard left, and runs without one; a run without a shard, all. Runs in an output root
 * above or below have ids of their own, in lock files of their own.
 */
#include "sink/lock.h"

#include "base/error.h"
#include "base/publish.h"
#include "base/strbuf.h"
#include "guard/fault.h"
#include "sink/held_locks.h"
#include "sink/killed_runs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
    LOCK_FILE_BYTES = 4096, /* those read: lines of some 100 runs */
    LOCK_NAME_BYTES = 64,
};

static const char COMMON_NAME[] = ".climnorm.lock";

/* A run that asks for the lock. */
struct asking {
    const char *output_root;
    const struct cn_shard *shard;   /* count 0: none */
    char own_name[LOCK_NAME_BYTES]; /* of the lock file that the run keeps locked */
    int root, common, own;          /* the folder and the lock files; -1: not open */
    struct cn_lock_found *found;
    struct cn_strbuf killed;  /* lines of killed runs whose temporaries this one removes */
    const char *refused_name; /* a lock file of its own that cannot be opened; NULL: all can */
    bool is_unreadable;       /* the folder, or the lock file of a shard */
};

/* --- lock files --- */

static bool is_shard(const struct asking *asking)
{
    return asking->shard->count > 0;
}

static void read_lock_file(int lock, char text[LOCK_FILE_BYTES])
{
    ssize_t length = pread(lock, text, LOCK_FILE_BYTES - 1, 0);
    text[length > 0 ? length : 0] = '\0';
}

/* The lines behind the first: of killed runs, if nobody holds the lock. */
static const char *lines_of_runs(const char *text)
{
    const char *end = strchrnul(text, '\n');
    return *end ? end + 1 : end;
}

/* On a full disk it ends up empty: better than half a line. Synced, because temporaries outlive a
 * power cut. A disk that fails to do so shows that again with the first output. */
static void write_lock_file(int lock, const char *text, size_t length)
{
    if (pwrite(lock, text, length, 0) != (ssize_t)length || ftruncate(lock, (off_t)length) != 0)
        (void)!ftruncate(lock, 0);
    fsync(lock);
}

/* EWOULDBLOCK, and notes who holds the lock. */
static int name_holder(const struct asking *asking, int lock)
{
    char text[LOCK_FILE_BYTES];
    read_lock_file(lock, text);
    text[strcspn(text, "\n")] = '\0';
    snprintf(asking->found->holder, sizeof asking->found->holder, "%.199s",
             *text ? text : "a process that has not said its number");
    return EWOULDBLOCK;
}

/* Opens a lock file of this run. Returns 0, or an errno value; ELOOP: it is not a plain file. */
static int open_lock_file(struct asking *asking, const char *name, int *file)
{
    struct stat status = {0};
    *file =
        openat(asking->root, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    int reason =
        *file < 0 || fstat(*file, &status) != 0 ? errno : cn_sync_open_folder(asking->root);
    if (!reason && (!S_ISREG(status.st_mode) || status.st_nlink > 1))
        reason = ELOOP;
    asking->refused_name = reason ? name : NULL;
    return reason;
}

/* Whether the open file still has its name: its holder removes the lock file of a shard. */
static bool is_in_place(const struct asking *asking, int file, const char *name)
{
    struct stat opened, named;
    return fstat(file, &opened) == 0 &&
           fstatat(asking->root, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* Notes the killed runs that a lock file lists, which nobody holds. */
static void note_killed(struct asking *asking, int lock, bool may_remove)
{
    char text[LOCK_FILE_BYTES];
    read_lock_file(lock, text);
    const char *lines = lines_of_runs(text);
    asking->found->killed_runs |= *lines != '\0';
    if (may_remove)
        cn_strbuf_add(&asking->killed, "%s", lines);
}

/* --- taking the lock --- */

static bool is_shard_lock(const char *name)
{
    int end = 0;
    sscanf(name, ".climnorm-%*[0-9]-of-%*[0-9].lock%n", &end);
    return end && !name[end];
}

/* Looks at the lock file of a shard, and notes killed runs. Returns 0; EWOULDBLOCK: a run has it
 * locked, which a shard does not mind; or another errno value. */
static int look_at_shard(struct asking *asking, const char *name)
{
    struct stat status;
    int file = openat(asking->root, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) { /* it may have ended, or be no lock file */
        const bool is_none = errno == ENOENT || errno == ELOOP || errno == ENXIO;
        const int reason = is_shard(asking) || is_none ? 0 : errno;
        asking->is_unreadable |= reason != 0;
        return reason;
    }
    int failed = 0;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
        failed = flock(file, LOCK_SH | LOCK_NB) ? errno : 0;
        if (!failed)
            note_killed(asking, file, !is_shard(asking));
        else if (failed == EWOULDBLOCK)
            failed = is_shard(asking) ? 0 : name_holder(asking, file);
    }
    close(file);
    return failed;
}

/* Does something with the lock file of each shard but this, until it fails. Returns 0, or an errno
 * value. */
static int for_all_shards(struct asking *asking, int (*function)(struct asking *, const char *))
{
    int copy = openat(asking->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = copy < 0 ? NULL : fdopendir(copy);
    if (!folder) {
        const int reason = errno;
        asking->is_unreadable = true;
        if (copy >= 0)
            close(copy);
        return reason;
    }
    const struct dirent *entry;
    int failed = 0;
    errno = 0;
    while (!failed && (entry = readdir(folder))) {
        if (is_shard_lock(entry->d_name) && strcmp(entry->d_name, asking->own_name) != 0)
            failed = function(asking, entry->d_name);
        errno = 0;
    }
    if (!failed && errno) {
        failed = errno;
        asking->is_unreadable = true;
    }
    closedir(folder);
    return failed;
}

/* Returns 0; EWOULDBLOCK: found->holder has it; or another errno value. */
static int try_without_shard(struct asking *asking)
{
    if (flock(asking->common, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return errno;
        /* Shards that begin share it; the text is then not theirs. */
        return for_all_shards(asking, look_at_shard) == EWOULDBLOCK
                   ? EWOULDBLOCK
                   : name_holder(asking, asking->common);
    }
    const int failed = for_all_shards(asking, look_at_shard);
    if (failed)
        flock(asking->common, LOCK_UN);
    else
        note_killed(asking, asking->common, true);
    return failed;
}

/* Takes the lock of the shard; its file may be removed by a run that ends meanwhile. */
static int take_own(struct asking *asking)
{
    const int failed = open_lock_file(asking, asking->own_name, &asking->own);
    if (failed)
        return failed;
    if (flock(asking->own, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? name_holder(asking, asking->own) : errno;
    return is_in_place(asking, asking->own, asking->own_name) ? 0
                                                              : name_holder(asking, asking->own);
}

static int try_shard(struct asking *asking)
{
    if (flock(asking->common, LOCK_SH | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? name_holder(asking, asking->common) : errno;
    int failed = take_own(asking);
    if (!failed)
        failed = for_all_shards(asking, look_at_shard);
    if (!failed) {
        note_killed(asking, asking->common, true);
        note_killed(asking, asking->own, true);
        return 0;
    }
    if (asking->own >= 0)
        close(asking->own);
    asking->own = -1;
    flock(asking->common, LOCK_UN);
    return failed;
}

/* Returns 0, or an errno value; EWOULDBLOCK: found->holder has it. */
static int try_for_a_moment(struct asking *asking, const atomic_int *stop)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
    for (int tries = 1;; tries++) {
        cn_strbuf_clear(&asking->killed);
        *asking->found = (struct cn_lock_found){.holder = ""};
        const int failed = is_shard(asking) ? try_shard(asking) : try_without_shard(asking);
        if (failed != EWOULDBLOCK || tries == TRIES || (stop && atomic_load(stop)))
            return failed;
        nanosleep(&pause, NULL);
    }
}

/* --- what the holder does first --- */

static int remove_shard_lock(struct asking *asking, const char *name)
{
    struct stat status;
    if (fstatat(asking->root, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode))
        unlinkat(asking->root, name, 0);
    return 0;
}

/* Writes this run into the lock file that it keeps, in front of killed runs if `lines` names some.
 */
static void sign(const struct asking *asking, int lock, const char *lines)
{
    char host[HOST_NAME_MAX + 1] = "", date[32] = "", shard[64] = "";
    char text[LOCK_FILE_BYTES + HOST_NAME_MAX + 256];
    struct tm utc;
    time_t now = time(NULL);
    if (gethostname(host, sizeof host - 1))
        host[0] = '\0';
    if (gmtime_r(&now, &utc))
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    if (is_shard(asking))
        snprintf(shard, sizeof shard, ", shard %zu/%zu", asking->shard->number,
                 asking->shard->count);
    const int length = snprintf(text, sizeof text, "process %ld on %s since %s%s\nrun %s\n%s",
                                (long)getpid(), host, date, shard, cn_run_id(), lines);
    write_lock_file(lock, text, (size_t)length);
}

/* Signs the lock, and finishes what killed runs left. Returns 0, or an errno value; the lock files
 * then still name them. */
static int begin_holding(struct asking *asking, int lock)
{
    char before[LOCK_FILE_BYTES];
    read_lock_file(lock, before);
    sign(asking, lock, lines_of_runs(before));
    if (asking->killed.failed)
        return ENOMEM;
    if (asking->found->killed_runs) {
        const int failed =
            cn_finish_killed_runs(asking->output_root, cn_strbuf_text(&asking->killed));
        if (failed)
            return failed;
        sign(asking, lock, "");
    }
    if (!is_shard(asking)) {
        for_all_shards(asking, remove_shard_lock);
        return 0;
    }
    read_lock_file(asking->common, before); /* of runs without a shard, and none is alive */
    if (*before)
        write_lock_file(asking->common, "", 0);
    return 0;
}

/* --- errors --- */

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
static bool is_of_another_user(const struct asking *asking, const char *name)
{
    struct stat status;
    return faccessat(asking->root, ".", W_OK, AT_EACCESS) == 0 &&
           fstatat(asking->root, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(status.st_mode) && status.st_uid != geteuid();
}

/* Of a lock file that cannot be opened. */
static enum cn_status fail_lock_file(const struct asking *asking, int reason,
                                     struct cn_error *error)
{
    const char *root = asking->output_root, *name = asking->refused_name;
    if (reason == ELOOP || reason == EISDIR || reason == ENXIO)
        return cn_fail(error, CN_BAD_USAGE, "%s/%s is not a plain file of its own; remove it", root,
                       name);
    if (reason == EACCES && is_of_another_user(asking, name))
        return cn_fail(error, CN_BAD_MACHINE,
                       "%s/%s belongs to another user and cannot be written; let its owner `chmod "
                       "a+w` it, or use umask 002 for a folder that several people share",
                       root, name);
    return cn_fail(
        error, CN_BAD_MACHINE,
        "%s: output.root cannot be written (%s: %s); make it writable, or choose another", root,
        name, strerror(reason));
}

/* Of a lock that is not to be had. */
static enum cn_status fail_lock(const struct asking *asking, int reason, struct cn_error *error)
{
    const char *root = asking->output_root;
    if (asking->refused_name)
        return fail_lock_file(asking, reason, error);
    if (reason == EWOULDBLOCK)
        return cn_fail(error, CN_BAD_USAGE,
                       "%s: another climnorm run writes here (%s); wait for it with --wait, or "
                       "choose another output.root",
                       root, asking->found->holder);
    if (asking->is_unreadable)
        return cn_fail(error, CN_BAD_MACHINE, "%s: its lock files cannot be read: %s; %s", root,
                       strerror(reason), cn_errno_advice(reason));
    return cn_fail(error, CN_BAD_MACHINE,
                   "%s: its file system cannot lock files (%s), so two runs could spoil each "
                   "other's; choose an output.root on one that can",
                   root, strerror(reason));
}

/* Makes the output root where it is missing, and opens it and its lock file. */
static enum cn_status open_root(struct asking *asking, struct cn_error *error)
{
    char inside[PATH_MAX];
    const char *path = asking->output_root;
    if ((size_t)snprintf(inside, sizeof inside, "%s/%s", path, COMMON_NAME) >= sizeof inside)
        return fail_root(error, path, ENAMETOOLONG);
    if (cn_make_folders(inside))
        asking->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (asking->root < 0)
        return fail_root(error, path, errno);
    int failed = 0;
    if (is_shard(asking)) { /* another one may just have made it: its name has to last, too */
        snprintf(inside, sizeof inside, "%s/..", path);
        failed = cn_sync_folder(inside);
    }
    if (failed)
        return fail_root(error, path, failed);
    failed = open_lock_file(asking, COMMON_NAME, &asking->common);
    return failed ? fail_lock_file(asking, failed, error) : CN_OK;
}

/* Takes the lock of an open root. */
static enum cn_status take_lock(struct asking *asking, const atomic_int *stop, int *lock,
                                struct cn_error *error)
{
    int *taken = is_shard(asking) ? &asking->own : &asking->common;
    int failed = try_for_a_moment(asking, stop);
    if (!failed) { /* the name of the lock file lasts before any temporary is made */
        failed = cn_sync_open_folder(asking->root);
        asking->refused_name = failed ? asking->own_name : NULL;
    }
    if (failed)
        return fail_lock(asking, failed, error);
    char path[PATH_MAX + LOCK_NAME_BYTES];
    snprintf(path, sizeof path, "%s/%s", asking->output_root, asking->own_name);
    if (!cn_lock_hold(*taken, is_shard(asking) ? path : NULL))
        return cn_fail_memory(error, "the lock of output.root");
    *lock = *taken;
    *taken = -1;
    failed = begin_holding(asking, *lock);
    if (!failed)
        return CN_OK;
    cn_lock_release(*lock, true);
    *lock = -1;
    if (failed == ENOMEM)
        return cn_fail_memory(error, "the lock of output.root");
    return cn_fail(error, CN_BAD_MACHINE, "%s: what a killed run wrote cannot be synced: %s; %s",
                   asking->output_root, strerror(failed), cn_errno_advice(failed));
}

enum cn_status cn_sink_lock(const char *output_root, const struct cn_shard *shard,
                            const atomic_int *stop, int *lock, struct cn_lock_found *found,
                            struct cn_error *error)
{
    struct asking asking = {.output_root = output_root,
                            .shard = shard,
                            .root = -1,
                            .common = -1,
                            .own = -1,
                            .found = found};
    *found = (struct cn_lock_found){.holder = ""};
    *lock = -1;
    if (shard->count)
        snprintf(asking.own_name, sizeof asking.own_name, ".climnorm-%zu-of-%zu.lock",
                 shard->number, shard->count);
    else
        snprintf(asking.own_name, sizeof asking.own_name, "%s", COMMON_NAME);
    enum cn_status status = open_root(&asking, error);
    if (!status)
        status = take_lock(&asking, stop, lock, error);
    const int open_files[] = {asking.root, asking.common, asking.own};
    for (size_t k = 0; k < sizeof open_files / sizeof *open_files; k++)
        if (open_files[k] >= 0)
            close(open_files[k]);
    cn_strbuf_free(&asking.killed);
    return status;
}

void cn_sink_unlock(int lock, bool leaves_files)
{
    cn_lock_release(lock, leaves_files || cn_temporaries_left());
}
