/*
 * Preloaded into the program: makes the n-th call of one kind fail. The count runs over all
 * processes and threads of a run, from the beginning of main on. What is to fail is written into a
 * shared file by the test, which finds there how many calls of each kind there were. Calls that
 * libc makes inside itself are not seen, but for memory. test_faults.py knows the same layout.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
    OPEN,
    READ,
    PREAD,
    WRITE,
    FSYNC,
    RENAME,
    MMAP,
    MALLOC,
    CLOSE,
    TRUNCATE,
    MKDIR,
    RANDOM,
    THREAD,
    FORK,
    LOCK,
    STAT,
    READDIR,
    KINDS
};
enum { PRINT_TRACE = 1, KEEP_TRACES, MOST_TRACES = 1 << 18, MOST_FRAMES = 64, NEAR_FRAMES = 6 };
enum { SHORT = -1 }; /* instead of an errno: half of the bytes are read or written */

struct control {
    uint64_t kind, first, last; /* calls first … last of this kind fail; 0: none */
    int64_t reason;             /* errno, or SHORT */
    uint64_t trace; /* PRINT_TRACE: where, on stderr; KEEP_TRACES: from where memory is asked for */
    atomic_uint_fast64_t begun, struck, counts[KINDS];
    /* Hashes of the calls that led to the n-th allocation: of the nearest ones, and of all. */
    uint32_t traces[MOST_TRACES][2];
};

static struct control *control;

/* NOLINTBEGIN: the names and types are those of libc */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static void print_trace(void)
{
    void *frames[MOST_FRAMES];
    backtrace_symbols_fd(frames, backtrace(frames, MOST_FRAMES), STDERR_FILENO);
}

static void keep_trace(uint64_t n)
{
    void *frames[MOST_FRAMES];
    uint32_t hash = 2166136261; /* FNV-1a, of addresses */
    uint32_t *trace = control->traces[n < MOST_TRACES ? n : 0];
    int count = backtrace(frames, MOST_FRAMES);
    for (int k = 0; k < count; k++) {
        hash = (hash ^ (uint32_t)((uintptr_t)frames[k] >> 2)) * 16777619;
        if (k < NEAR_FRAMES)
            trace[0] = hash;
    }
    trace[1] = hash;
}

/* Counts a call; whether it is to fail, with errno set. */
static bool strikes(enum kind kind)
{
    if (!control || !atomic_load_explicit(&control->begun, memory_order_relaxed))
        return false;
    uint64_t n = atomic_fetch_add(&control->counts[kind], 1) + 1;
    if (control->trace == KEEP_TRACES && kind == MALLOC)
        keep_trace(n);
    if (kind != control->kind || n < control->first || n > control->last)
        return false;
    if (atomic_fetch_add(&control->struck, 1) == 0 && control->trace == PRINT_TRACE) {
        atomic_store(&control->begun, 0);
        print_trace();
        atomic_store(&control->begun, 1);
    }
    if (control->reason > 0)
        errno = (int)control->reason;
    return true;
}

static bool is_short(void)
{
    return control->reason == SHORT;
}

#define NEXT(type, name, parameters) \
    static type(*next) parameters;   \
    if (!next)                       \
    next = (type(*) parameters)dlsym(RTLD_NEXT, #name)

#define WRAP(kind, failure, type, name, parameters, arguments) \
    type name parameters                                       \
    {                                                          \
        NEXT(type, name, parameters);                          \
        return strikes(kind) ? (failure) : next arguments;     \
    }

/* --- memory --- */

void *malloc(size_t size)
{
    return strikes(MALLOC) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return strikes(MALLOC) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *at, size_t size)
{
    return strikes(MALLOC) ? NULL : __libc_realloc(at, size);
}

void *reallocarray(void *at, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(at, bytes);
}

void *memalign(size_t alignment, size_t size)
{
    return strikes(MALLOC) ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **at, size_t alignment, size_t size)
{
    int before = errno;
    void *found = memalign(alignment, size);
    int reason = found ? 0 : errno;
    errno = before;
    if (found)
        *at = found;
    return reason;
}

WRAP(MMAP, MAP_FAILED, void *, mmap,
     (void *at, size_t size, int rights, int flags, int file, off_t from),
     (at, size, rights, flags, file, from))
WRAP(MMAP, MAP_FAILED, void *, mmap64,
     (void *at, size_t size, int rights, int flags, int file, off_t from),
     (at, size, rights, flags, file, from))

void *mremap(void *at, size_t old, size_t size, int flags, ...)
{
    NEXT(void *, mremap, (void *, size_t, size_t, int, ...));
    return strikes(MMAP) ? MAP_FAILED : next(at, old, size, flags);
}

/* --- files --- */

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define WRAP_OPEN(name)                                      \
    int name(const char *path, int flags, ...)               \
    {                                                        \
        NEXT(int, name, (const char *, int, ...));           \
        va_list arguments;                                   \
        va_start(arguments, flags);                          \
        mode_t mode = mode_of(flags, arguments);             \
        va_end(arguments);                                   \
        return strikes(OPEN) ? -1 : next(path, flags, mode); \
    }
#define WRAP_OPENAT(name)                                            \
    int name(int folder, const char *path, int flags, ...)           \
    {                                                                \
        NEXT(int, name, (int, const char *, int, ...));              \
        va_list arguments;                                           \
        va_start(arguments, flags);                                  \
        mode_t mode = mode_of(flags, arguments);                     \
        va_end(arguments);                                           \
        return strikes(OPEN) ? -1 : next(folder, path, flags, mode); \
    }
WRAP_OPEN(open)
WRAP_OPEN(open64)
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)
WRAP(OPEN, NULL, FILE *, fopen, (const char *path, const char *mode), (path, mode))
WRAP(OPEN, NULL, FILE *, fopen64, (const char *path, const char *mode), (path, mode))
WRAP(OPEN, NULL, DIR *, opendir, (const char *path), (path))
WRAP(OPEN, -1, int, pipe2, (int ends[2], int flags), (ends, flags))
WRAP(OPEN, -1, int, eventfd, (unsigned count, int flags), (count, flags))

static size_t half(size_t size)
{
    return size > 1 ? size / 2 : size;
}

ssize_t read(int file, void *bytes, size_t size)
{
    NEXT(ssize_t, read, (int, void *, size_t));
    bool struck = strikes(READ);
    return struck && !is_short() ? -1 : next(file, bytes, struck ? half(size) : size);
}

#define WRAP_PREAD(name)                                                                       \
    ssize_t name(int file, void *bytes, size_t size, off_t at)                                 \
    {                                                                                          \
        NEXT(ssize_t, name, (int, void *, size_t, off_t));                                     \
        bool struck = strikes(PREAD);                                                          \
        return struck && !is_short() ? -1 : next(file, bytes, struck ? half(size) : size, at); \
    }
WRAP_PREAD(pread)
WRAP_PREAD(pread64)
WRAP(PREAD, -1, ssize_t, preadv2,
     (int file, const struct iovec *vectors, int count, off_t at, int flags),
     (file, vectors, count, at, flags))

/* What goes to a terminal or its stand-in does not count. */
ssize_t write(int file, const void *bytes, size_t size)
{
    NEXT(ssize_t, write, (int, const void *, size_t));
    bool struck = file > STDERR_FILENO && strikes(WRITE);
    return struck && !is_short() ? -1 : next(file, bytes, struck ? half(size) : size);
}

#define WRAP_PWRITE(name)                                                                      \
    ssize_t name(int file, const void *bytes, size_t size, off_t at)                           \
    {                                                                                          \
        NEXT(ssize_t, name, (int, const void *, size_t, off_t));                               \
        bool struck = strikes(WRITE);                                                          \
        return struck && !is_short() ? -1 : next(file, bytes, struck ? half(size) : size, at); \
    }
WRAP_PWRITE(pwrite)
WRAP_PWRITE(pwrite64)

#define WRAP_PWRITEV(name)                                                     \
    ssize_t name(int file, const struct iovec *vectors, int count, off_t at)   \
    {                                                                          \
        NEXT(ssize_t, name, (int, const struct iovec *, int, off_t));          \
        if (!strikes(WRITE))                                                   \
            return next(file, vectors, count, at);                             \
        const struct iovec part = {vectors->iov_base, half(vectors->iov_len)}; \
        return is_short() ? next(file, &part, 1, at) : -1;                     \
    }
WRAP_PWRITEV(pwritev)
WRAP_PWRITEV(pwritev64)

int dprintf(int file, const char *format, ...)
{
    if (file > STDERR_FILENO && strikes(WRITE) && !is_short())
        return -1;
    va_list arguments;
    va_start(arguments, format);
    int count = vdprintf(file, format, arguments);
    va_end(arguments);
    return count;
}

/* What _FORTIFY_SOURCE makes of dprintf. */
int __dprintf_chk(int file, int flag, const char *format, ...);
int __dprintf_chk(int file, int flag, const char *format, ...)
{
    (void)flag;
    if (file > STDERR_FILENO && strikes(WRITE) && !is_short())
        return -1;
    va_list arguments;
    va_start(arguments, format);
    int count = vdprintf(file, format, arguments);
    va_end(arguments);
    return count;
}

int close(int file)
{
    NEXT(int, close, (int));
    int closed = next(file), reason = errno;
    if (strikes(CLOSE))
        return -1;
    errno = reason;
    return closed;
}

WRAP(FSYNC, -1, int, fsync, (int file), (file))
WRAP(FSYNC, -1, int, fdatasync, (int file), (file))
WRAP(RENAME, -1, int, rename, (const char *from, const char *to), (from, to))
WRAP(TRUNCATE, -1, int, ftruncate, (int file, off_t size), (file, size))
WRAP(TRUNCATE, -1, int, ftruncate64, (int file, off_t size), (file, size))
WRAP(MKDIR, -1, int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(MKDIR, -1, int, mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode))
WRAP(LOCK, -1, int, flock, (int file, int what), (file, what))
WRAP(STAT, -1, int, stat, (const char *path, struct stat *status), (path, status))
WRAP(STAT, -1, int, lstat, (const char *path, struct stat *status), (path, status))
WRAP(STAT, -1, int, fstat, (int file, struct stat *status), (file, status))
WRAP(STAT, -1, int, fstatat, (int folder, const char *path, struct stat *status, int flags),
     (folder, path, status, flags))
WRAP(STAT, -1, int, stat64, (const char *path, struct stat64 *status), (path, status))
WRAP(STAT, -1, int, fstat64, (int file, struct stat64 *status), (file, status))
WRAP(READDIR, NULL, struct dirent *, readdir, (DIR * folder), (folder))
WRAP(READDIR, NULL, struct dirent64 *, readdir64, (DIR * folder), (folder))

/* --- the rest --- */

WRAP(RANDOM, -1, ssize_t, getrandom, (void *bytes, size_t size, unsigned flags),
     (bytes, size, flags))
WRAP(FORK, -1, pid_t, fork, (void), ())
WRAP(THREAD, (int)control->reason, int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *with, void *(*body)(void *), void *argument),
     (thread, with, body, argument))

/* --- the beginning --- */

static int (*true_main)(int, char **, char **);

static int begin(int argc, char **argv, char **environment)
{
    const char *path = getenv("CLIMNORM_FAULTS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *at = file < 0 ? MAP_FAILED
                        : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (at == MAP_FAILED) {
        fprintf(stderr, "faults: CLIMNORM_FAULTS names no file to share\n");
        _exit(99);
    }
    close(file);
    control = at;
    if (control->trace)
        backtrace((void *[1]){NULL}, 1); /* loads what it needs */
    atomic_store(&control->begun, 1);
    return true_main(argc, argv, environment);
}

int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void), void (*unload)(void), void *stack)
{
    NEXT(int, __libc_start_main,
         (int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
          void (*)(void), void *));
    true_main = program;
    return next(begin, argc, argv, init, fini, unload, stack);
}
/* NOLINTEND */
