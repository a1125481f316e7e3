/*
 * Temporaries, folders, syncing and renaming. It knows nothing of what files hold.
 */
#include "base/publish.h"

#include "base/io.h"
#include "guard/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char run_id[33];

/* The process id and the time of the first call: no other process has both. */
static void make_run_id(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(run_id, sizeof run_id, "%lx%09lx%08lx", (unsigned long)getpid() & 0xffffffff,
             (unsigned long)now.tv_sec & 0xfffffffff, (unsigned long)now.tv_nsec);
}

const char *cn_run_id(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_run_id);
    return run_id;
}

static atomic_bool some_left;

void cn_remove_temporary(int folder, const char *name)
{
    const int reason = errno;
    if (unlinkat(folder, name, 0) != 0 && errno != ENOENT)
        atomic_store(&some_left, true);
    errno = reason;
}

bool cn_temporaries_left(void)
{
    return atomic_load(&some_left);
}

int cn_sync_open_folder(int folder)
{
    return fsync(folder) == 0 || cn_errno_is_no_sync(errno) ? 0 : errno;
}

int cn_sync_folder(const char *folder)
{
    int opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0)
        return cn_errno_is_no_sync(errno) ? 0 : errno;
    int failed = cn_sync_open_folder(opened);
    close(opened);
    return failed;
}

int cn_sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return cn_sync_folder(".");
    char *folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    int failed = folder ? cn_sync_folder(folder) : ENOMEM;
    free(folder);
    return failed;
}

/* Folders whose names are known to be durable: those that were entered last. A run works in few at
 * a time; one that is forgotten costs a sync. */
enum { KNOWN_FOLDERS = 64 };
static struct {
    dev_t device;
    ino_t inode;
} known_folders[KNOWN_FOLDERS];
static unsigned folders_entered;

/* Of what is above, and held from before a folder is made until its name is durable. */
static pthread_mutex_t folder_mutex = PTHREAD_MUTEX_INITIALIZER;

static bool is_known(const struct stat *folder)
{
    for (unsigned k = 0; k < KNOWN_FOLDERS; k++)
        if (known_folders[k].device == folder->st_dev && known_folders[k].inode == folder->st_ino)
            return true;
    return false;
}

/* Makes the name of an open folder durable, unless it is known to be. Returns 0, or an errno value.
 */
static int keep_name(int parent, int folder, bool is_new)
{
    struct stat status;
    if (fstat(folder, &status))
        return errno;
    if (!is_new && is_known(&status))
        return 0;
    const int failed = cn_sync_open_folder(parent);
    if (failed)
        return failed;
    const unsigned k = folders_entered++ % KNOWN_FOLDERS;
    known_folders[k].device = status.st_dev;
    known_folders[k].inode = status.st_ino;
    return 0;
}

int cn_enter_folder(int parent, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    pthread_mutex_lock(&folder_mutex);
    int folder = openat(parent, name, flags);
    const bool is_missing = folder < 0 && errno == ENOENT;
    const bool is_new = is_missing && mkdirat(parent, name, 0777) == 0;
    if (is_new || (is_missing && errno == EEXIST))
        folder = openat(parent, name, flags);
    const int failed = folder < 0 ? errno : keep_name(parent, folder, is_new);
    pthread_mutex_unlock(&folder_mutex);
    if (!failed)
        return folder;
    if (folder >= 0)
        close(folder);
    errno = failed;
    return -1;
}

bool cn_make_folders(const char *path)
{
    char *folder = strdup(path);
    int failed = folder ? 0 : ENOMEM;
    pthread_mutex_lock(&folder_mutex);
    for (char *slash = folder; !failed && (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        failed = mkdir(folder, 0777) ? errno : cn_sync_folder_of(folder);
        failed = failed == EEXIST ? 0 : failed;
        *slash = '/';
    }
    pthread_mutex_unlock(&folder_mutex);
    free(folder);
    errno = failed;
    return !failed;
}

int cn_sync_and_rename(const char *temporary, const char *path)
{
    int file = open(temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int failed = file < 0 || fsync(file) || rename(temporary, path) ? errno : 0;
    if (file >= 0)
        close(file);
    if (failed)
        cn_remove_temporary(AT_FDCWD, temporary);
    return failed;
}

int cn_publish(const char *temporary, const char *path)
{
    int failed = cn_sync_and_rename(temporary, path);
    return failed ? failed : cn_sync_folder_of(path);
}

/* Whether the open file is the one of that name. False: errno; 0: another file has the name. */
static bool has_name(int file, const char *path)
{
    struct stat opened, named;
    errno = 0;
    return fstat(file, &opened) == 0 && lstat(path, &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

static bool is_empty_file(int file)
{
    struct stat status;
    return fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0 &&
           status.st_nlink == 1;
}

/* Opens an empty file, which stays locked until it is closed. Removes a file that a killed process
 * left, and waits for one that is locked. On a file system without locks every file counts as
 * unlocked: one of two writers then loses its temporary and fails.
 * Returns: -1 on failure. Errors: errno. */
static int create_locked(const char *path)
{
    enum { TRIES = 1000 };
    static const struct timespec pause = {.tv_nsec = 10000000};
    for (int i = 0; i < TRIES; i++) {
        int file = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
        if (file < 0)
            return -1;
        bool is_busy = flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        bool is_ours = !is_busy && has_name(file, path);
        int reason = is_busy || is_ours || errno == ENOENT ? 0 : errno;
        if (is_ours && is_empty_file(file))
            return file;
        if (is_ours)
            unlink(path);
        close(file);
        if (reason) {
            errno = reason;
            return -1;
        }
        if (is_busy)
            nanosleep(&pause, NULL);
    }
    errno = EBUSY;
    return -1;
}

int cn_publish_bytes(const char *path, const void *bytes, size_t size)
{
    const char *slash = strrchr(path, '/');
    int folder_length = slash ? (int)(slash - path) + 1 : 0;
    char *temporary = NULL;
    if (asprintf(&temporary, "%.*s.climnorm-%.190s.tmp", folder_length, path,
                 path + folder_length) < 0)
        return ENOMEM;
    int file = create_locked(temporary), failed = file < 0 ? errno : 0;
    if (!failed && !cn_write_full(file, bytes, size)) {
        failed = errno;
        unlink(temporary);
    }
    if (!failed)
        failed = cn_publish(temporary, path);
    if (file >= 0)
        close(file); /* the lock holds until the file has its name */
    free(temporary);
    return failed;
}

int cn_publish_text(const char *path, const char *text)
{
    char *line = NULL;
    const int length = asprintf(&line, "%s\n", text);
    const int failed = length < 0 ? ENOMEM : cn_publish_bytes(path, line, (size_t)length);
    if (length >= 0)
        free(line);
    return failed;
}
