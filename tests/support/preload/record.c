/*
 * Preloaded into the program: records what it does to files below a folder, in order, so that a
 * test can ask what a power cut would leave at any moment. CLIMNORM_RECORD names the log, and
 * CLIMNORM_RECORD_ROOT the folder, without links in its path. What the program says on stderr goes
 * into the log, too: files that it calls written must be on disk by then.
 *
 * A record is a struct record, a path and data. It is made after a call has succeeded. A sync has
 * one before and one after it: it covers what was recorded before it began. Lines of stderr are
 * recorded before they are written. test_power_cut.py knows the same layout.
 *
 * CLIMNORM_RECORD_ASK: SIGUSR1 asks for a line of progress after each rename, and a pause gives
 * time for it. CLIMNORM_RECORD_KILL=n: the n-th rename is the last thing that the program does.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct record {
    uint32_t kind; /* one of the letters below */
    uint32_t path_length;
    uint64_t number; /* W: where; T: the new size; s, S: which sync */
    uint64_t data_length;
};

enum kind {
    CREATED = 'C',
    FOLDER = 'D',
    WRITTEN = 'W', /* with the bytes */
    TRUNCATED = 'T',
    SYNC_BEGINS = 's',
    SYNCED = 'S',
    RENAMED = 'R', /* the data are the new path */
    REMOVED = 'U',
    SAID = 'O'
};

enum {
    LOG_DESCRIPTOR = 200, /* out of the way */
    PAUSE_US = 20000
};

static int log_file = -1;
static char root[PATH_MAX];
static bool asks;
static long last_rename; /* 0: none */
static atomic_long renames;
static atomic_uint_fast64_t syncs;
static pid_t owner; /* its worker processes write nothing there */
/* Held for reading during a call and its record, for writing when the program is to end. */
static pthread_rwlock_t calls = PTHREAD_RWLOCK_INITIALIZER;

/* NOLINTBEGIN: the names and types are those of libc */
#define NEXT(type, name, parameters) \
    static type(*next) parameters;   \
    if (!next)                       \
    next = (type(*) parameters)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void)
{
    NEXT(int, open, (const char *, int, ...));
    const char *path = getenv("CLIMNORM_RECORD"), *below = getenv("CLIMNORM_RECORD_ROOT");
    const char *last = getenv("CLIMNORM_RECORD_KILL");
    if (!path || !below)
        return;
    snprintf(root, sizeof root, "%s", below);
    asks = getenv("CLIMNORM_RECORD_ASK");
    last_rename = last ? atol(last) : 0;
    owner = getpid();
    int file = next(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    log_file = fcntl(file, F_DUPFD_CLOEXEC, LOG_DESCRIPTOR);
    if (log_file < 0)
        abort();
    close(file);
}

static void record(enum kind kind, const char *path, uint64_t number, const void *data, size_t size)
{
    NEXT(ssize_t, writev, (int, const struct iovec *, int));
    int before = errno;
    struct record head = {kind, path ? (uint32_t)strlen(path) : 0, number, size};
    struct iovec parts[] = {
        {&head, sizeof head}, {(void *)path, head.path_length}, {(void *)data, size}};
    if (getpid() != owner)
        return;
    size_t total = sizeof head + head.path_length + size;
    if (next(log_file, parts, 3) != (ssize_t)total)
        abort();
    errno = before;
}

static void enter(void)
{
    if (last_rename)
        pthread_rwlock_rdlock(&calls);
}

static void leave(void)
{
    if (last_rename)
        pthread_rwlock_unlock(&calls);
}

static bool is_below(const char *path)
{
    size_t length = strlen(root);
    return log_file >= 0 && strncmp(path, root, length) == 0 &&
           (path[length] == '/' || path[length] == '\0');
}

/* The path without links and dots; the last component need not exist. */
static bool find_path(int folder, const char *path, char found[PATH_MAX])
{
    char whole[2 * PATH_MAX], link[64];
    int before = errno;
    if (path[0] == '/' || folder == AT_FDCWD) {
        snprintf(whole, sizeof whole, "%s", path);
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, whole, PATH_MAX);
        if (length < 0)
            length = 0;
        snprintf(whole + length, sizeof whole - (size_t)length, "/%s", path);
    }
    char *slash = strrchr(whole, '/');
    const char *base = slash ? slash + 1 : whole;
    char name[NAME_MAX + 1];
    snprintf(name, sizeof name, "%.255s", base);
    if (slash)
        *slash = '\0';
    bool is_found = realpath(slash ? (slash == whole ? "/" : whole) : ".", found);
    size_t length = is_found ? strlen(found) : 0;
    snprintf(found + length, PATH_MAX - length, "/%s", name);
    errno = before;
    return is_found && is_below(found);
}

/* The path of an open file. */
static bool find_open(int file, char found[PATH_MAX])
{
    char link[64];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = log_file < 0 || file == log_file ? -1 : readlink(link, found, PATH_MAX - 1);
    found[length > 0 ? length : 0] = '\0';
    errno = before;
    return is_below(found);
}

/* --- files --- */

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

static bool is_missing(int folder, const char *path)
{
    struct stat status;
    int before = errno;
    bool missing = fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) != 0;
    errno = before;
    return missing;
}

static void record_open(int file, int flags, bool was_missing)
{
    char path[PATH_MAX];
    if (file < 0 || !find_open(file, path))
        return;
    if (was_missing && flags & O_CREAT)
        record(CREATED, path, 0, NULL, 0);
    else if (flags & O_TRUNC)
        record(TRUNCATED, path, 0, NULL, 0);
}

#define WRAP_OPEN(name, missing, parameters, types, arguments) \
    int name parameters                                        \
    {                                                          \
        NEXT(int, name, types);                                \
        va_list list;                                          \
        va_start(list, flags);                                 \
        mode_t mode = mode_of(flags, list);                    \
        va_end(list);                                          \
        enter();                                               \
        bool was_missing = log_file >= 0 && missing;           \
        int file = next arguments;                             \
        record_open(file, flags, was_missing);                 \
        leave();                                               \
        return file;                                           \
    }
#define WRAP_OPEN_AT(name)                                                                    \
    WRAP_OPEN(name, is_missing(folder, path), (int folder, const char *path, int flags, ...), \
              (int, const char *, int, ...), (folder, path, flags, mode))
#define WRAP_OPEN_HERE(name)                                                        \
    WRAP_OPEN(name, is_missing(AT_FDCWD, path), (const char *path, int flags, ...), \
              (const char *, int, ...), (path, flags, mode))
WRAP_OPEN_HERE(open)
WRAP_OPEN_HERE(open64)
WRAP_OPEN_AT(openat)
WRAP_OPEN_AT(openat64)

/* Reads back what was written. */
static void record_written(int file, off_t at, ssize_t size)
{
    NEXT(int, open, (const char *, int, ...));
    char path[PATH_MAX], link[64];
    if (size <= 0 || !find_open(file, path))
        return;
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    int again = next(link, O_RDONLY | O_CLOEXEC);
    char *bytes = malloc((size_t)size);
    if (again < 0 || !bytes || pread(again, bytes, (size_t)size, at) != size)
        abort();
    record(WRITTEN, path, (uint64_t)at, bytes, (size_t)size);
    free(bytes);
    close(again);
    errno = before;
}

/* Where the bytes went that write and its kin have just written. */
static void record_appended(int file, ssize_t size)
{
    if (size > 0 && log_file >= 0 && file > STDERR_FILENO)
        record_written(file, lseek(file, 0, SEEK_CUR) - size, size);
}

ssize_t write(int file, const void *bytes, size_t size)
{
    NEXT(ssize_t, write, (int, const void *, size_t));
    if (file == STDERR_FILENO && log_file >= 0)
        record(SAID, NULL, 0, bytes, size);
    enter();
    ssize_t written = next(file, bytes, size);
    record_appended(file, written);
    leave();
    return written;
}

ssize_t writev(int file, const struct iovec *vectors, int count)
{
    NEXT(ssize_t, writev, (int, const struct iovec *, int));
    enter();
    ssize_t written = next(file, vectors, count);
    record_appended(file, written);
    leave();
    return written;
}

static int print(int file, const char *format, va_list arguments)
{
    char *text = NULL;
    int length = vasprintf(&text, format, arguments);
    if (length >= 0 && write(file, text, (size_t)length) != length)
        length = -1;
    free(text);
    return length;
}

/* That of libc writes unseen. */
int dprintf(int file, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = print(file, format, arguments);
    va_end(arguments);
    return length;
}

/* What _FORTIFY_SOURCE makes of dprintf. */
int __dprintf_chk(int file, int flag, const char *format, ...);
int __dprintf_chk(int file, int flag, const char *format, ...)
{
    (void)flag;
    va_list arguments;
    va_start(arguments, format);
    int length = print(file, format, arguments);
    va_end(arguments);
    return length;
}

#define WRAP_WRITE(name, type, other)                              \
    ssize_t name(int file, const type *from, other size, off_t at) \
    {                                                              \
        NEXT(ssize_t, name, (int, const type *, other, off_t));    \
        enter();                                                   \
        ssize_t written = next(file, from, size, at);              \
        record_written(file, at, written);                         \
        leave();                                                   \
        return written;                                            \
    }
WRAP_WRITE(pwrite, void, size_t)
WRAP_WRITE(pwrite64, void, size_t)
WRAP_WRITE(pwritev, struct iovec, int)
WRAP_WRITE(pwritev64, struct iovec, int)

ssize_t copy_file_range(int from, off64_t *from_at, int file, off64_t *at, size_t size,
                        unsigned flags)
{
    NEXT(ssize_t, copy_file_range, (int, off64_t *, int, off64_t *, size_t, unsigned));
    enter();
    off_t before = at ? *at : lseek(file, 0, SEEK_CUR);
    ssize_t written = next(from, from_at, file, at, size, flags);
    record_written(file, before, written);
    leave();
    return written;
}

#define WRAP_TRUNCATE(name)                                   \
    int name(int file, off_t size)                            \
    {                                                         \
        NEXT(int, name, (int, off_t));                        \
        char path[PATH_MAX];                                  \
        enter();                                              \
        int failed = next(file, size);                        \
        if (!failed && find_open(file, path))                 \
            record(TRUNCATED, path, (uint64_t)size, NULL, 0); \
        leave();                                              \
        return failed;                                        \
    }
WRAP_TRUNCATE(ftruncate)
WRAP_TRUNCATE(ftruncate64)

#define WRAP_SYNC(name)                                 \
    int name(int file)                                  \
    {                                                   \
        NEXT(int, name, (int));                         \
        char path[PATH_MAX];                            \
        enter();                                        \
        bool is_recorded = find_open(file, path);       \
        uint64_t number = atomic_fetch_add(&syncs, 1);  \
        if (is_recorded)                                \
            record(SYNC_BEGINS, path, number, NULL, 0); \
        int failed = next(file);                        \
        if (is_recorded && !failed)                     \
            record(SYNCED, path, number, NULL, 0);      \
        leave();                                        \
        return failed;                                  \
    }
WRAP_SYNC(fsync)
WRAP_SYNC(fdatasync)

/* --- names --- */

static int record_name(int failed, enum kind kind, int folder, const char *path)
{
    char found[PATH_MAX];
    if (!failed && find_path(folder, path, found))
        record(kind, found, 0, NULL, 0);
    leave();
    return failed;
}

int mkdir(const char *path, mode_t mode)
{
    NEXT(int, mkdir, (const char *, mode_t));
    enter();
    return record_name(next(path, mode), FOLDER, AT_FDCWD, path);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    NEXT(int, mkdirat, (int, const char *, mode_t));
    enter();
    return record_name(next(folder, path, mode), FOLDER, folder, path);
}

int unlink(const char *path)
{
    NEXT(int, unlink, (const char *));
    enter();
    return record_name(next(path), REMOVED, AT_FDCWD, path);
}

int unlinkat(int folder, const char *path, int flags)
{
    NEXT(int, unlinkat, (int, const char *, int));
    enter();
    return record_name(next(folder, path, flags), REMOVED, folder, path);
}

static int record_rename(int failed, int from_folder, const char *from, int to_folder,
                         const char *to)
{
    char before[PATH_MAX], after[PATH_MAX];
    bool is_recorded =
        !failed && find_path(from_folder, from, before) && find_path(to_folder, to, after);
    if (is_recorded)
        record(RENAMED, before, 0, after, strlen(after));
    leave();
    if (is_recorded && atomic_fetch_add(&renames, 1) + 1 == last_rename) {
        pthread_rwlock_wrlock(&calls); /* no other call is left without its record */
        kill(owner, SIGKILL);
    }
    if (is_recorded && asks && strstr(to, ".nc")) {
        kill(owner, SIGUSR1);
        usleep(PAUSE_US);
    }
    return failed;
}

int rename(const char *from, const char *to)
{
    NEXT(int, rename, (const char *, const char *));
    enter();
    return record_rename(next(from, to), AT_FDCWD, from, AT_FDCWD, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    NEXT(int, renameat, (int, const char *, int, const char *));
    enter();
    return record_rename(next(from_folder, from, to_folder, to), from_folder, from, to_folder, to);
}
/* NOLINTEND */
