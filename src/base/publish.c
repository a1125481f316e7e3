/*
 * Temporaries, syncing and renaming. It knows nothing of what files hold.
 */
#include "base/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bool cn_make_folders(const char *path)
{
    char *folder = strdup(path);
    bool made = folder;
    for (char *slash = folder; made && (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        made = mkdir(folder, 0777) == 0 || errno == EEXIST;
        *slash = '/';
    }
    int reason = errno;
    free(folder);
    errno = reason;
    return made;
}

int cn_publish(const char *temporary, const char *path)
{
    int failed = 0;
    int file = open(temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0 || fsync(file) || rename(temporary, path))
        failed = errno;
    if (file >= 0)
        close(file);
    if (failed)
        unlink(temporary);
    return failed;
}

/* Whether nobody else has locked the file, and `path` is its name. On a file system without locks
 * everything counts as unlocked: of two writers one then loses its temporary and fails. */
static bool lock_named_file(int file, const char *path)
{
    struct stat opened, named;
    bool is_locked = flock(file, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
    return is_locked && fstat(file, &opened) == 0 && lstat(path, &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* Opens a new file, which stays locked until it is closed. Whoever removes a file that was left has
 * it locked meanwhile, so that it is no file that another process has just made. -1: errno. */
static int create_locked(const char *path)
{
    enum { TRIES = 1000 };
    static const struct timespec pause = {.tv_nsec = 10000000};
    for (int i = 0; i < TRIES; i++) {
        int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        bool is_new = file >= 0;
        if (!is_new && errno != EEXIST)
            return -1;
        if (!is_new)
            file = open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (file < 0 && errno != ENOENT)
            return -1;
        bool is_locked = file >= 0 && lock_named_file(file, path);
        if (is_locked && is_new)
            return file;
        if (is_locked)
            unlink(path);
        else
            nanosleep(&pause, NULL);
        if (file >= 0)
            close(file);
    }
    errno = EBUSY;
    return -1;
}

int cn_publish_text(const char *path, const char *text)
{
    const char *slash = strrchr(path, '/');
    int folder_length = slash ? (int)(slash - path) + 1 : 0;
    char *temporary = NULL;
    if (asprintf(&temporary, "%.*s.climnorm-%.190s.tmp", folder_length, path,
                 path + folder_length) < 0)
        return ENOMEM;
    int file = create_locked(temporary), failed = 0;
    if (file < 0) {
        failed = errno;
    } else if (dprintf(file, "%s\n", text) < 0) {
        failed = errno;
        unlink(temporary);
    } else {
        failed = cn_publish(temporary, path);
    }
    if (file >= 0)
        close(file); /* the lock holds until the file has its name */
    free(temporary);
    return failed;
}
