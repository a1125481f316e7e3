/*
 * The search for files. It goes breadth first: so a file with several paths gets the shortest, and
 * deep folders need no deep stack. It remembers folders by inode, so loops of links end.
 */
#include "catalog/find_files.h"

#include "guard/fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
    const char *path;
    uint64_t device, inode;
};

struct file_search {
    struct cn_pool *pool;
    struct cn_problems *problems;
    const struct cn_watch *watch;
    struct folder *folders; /* found so far, in the order of reading */
    size_t folder_count, folder_capacity;
    struct folder *seen; /* sorted by inode */
    size_t seen_count, seen_capacity;
    struct cn_found_file *files;
    size_t file_count, file_capacity;
    bool no_memory;
    int machine_errno;       /* of what the machine failed to read; 0: nothing */
    const char *failed_path; /* where */
};

static bool goes_on(const struct file_search *search)
{
    return !search->no_memory && !search->machine_errno && !cn_watch_stopped(search->watch);
}

static bool is_nc(const char *name)
{
    size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, ".nc") == 0;
}

static void append_folder(struct file_search *search, const char *path, const struct stat *status)
{
    struct folder *folders = cn_pool_grow(search->pool, search->folders, search->folder_count,
                                          &search->folder_capacity, sizeof *folders);
    if (!folders || !path) {
        search->no_memory = true;
        return;
    }
    search->folders = folders;
    folders[search->folder_count++] = (struct folder){path, status->st_dev, status->st_ino};
}

static void append_file(struct file_search *search, const char *path, const struct stat *status)
{
    struct cn_found_file *files = cn_pool_grow(search->pool, search->files, search->file_count,
                                               &search->file_capacity, sizeof *files);
    if (!files || !path) {
        search->no_memory = true;
        return;
    }
    search->files = files;
    const char *base = strrchr(path, '/');
    files[search->file_count++] =
        (struct cn_found_file){path, base ? base + 1 : path, status->st_dev, status->st_ino};
}

static int compare_entry_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Ends the search where the machine failed: the files there would silently be missing. */
static bool is_machine_fault(struct file_search *search, const char *path, int reason)
{
    if (cn_errno_status(reason, CN_BAD_INPUT) != CN_BAD_MACHINE)
        return false;
    search->machine_errno = reason;
    search->failed_path = path;
    return true;
}

/* The names in a folder, sorted: the order of readdir differs between machines. NULL with errno and
 * a count of 0: the folder cannot be read. */
static char **list_folder(struct file_search *search, DIR *stream, size_t *count)
{
    char **names = NULL;
    size_t capacity = 0;
    *count = 0;
    for (struct dirent *entry; errno = 0, (entry = readdir(stream));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        names = cn_pool_grow(search->pool, names, *count, &capacity, sizeof *names);
        char *copy = cn_pool_strdup(search->pool, entry->d_name);
        if (!names || !copy) {
            search->no_memory = true;
            *count = 0;
            return NULL;
        }
        names[(*count)++] = copy;
    }
    if (errno) {
        *count = 0;
        return NULL;
    }
    if (*count)
        qsort(names, *count, sizeof *names, compare_entry_names);
    return names;
}

/* Entries of a folder whose kind is not known. */
struct unreadable {
    size_t count;
    const char *example;
    int reason;
};

static void add_entry(struct file_search *search, int folder, const char *path, const char *name,
                      struct unreadable *unreadable)
{
    struct stat status = {0};
    bool is_there = fstatat(folder, name, &status, 0) == 0;
    /* Not a link into nowhere. Opening it later will say what is wrong. */
    bool is_kept = !is_there && (errno == EACCES || errno == ESTALE);
    if (is_nc(name) && (is_kept || S_ISREG(status.st_mode))) {
        append_file(search, cn_pool_printf(search->pool, "%s/%s", path, name), &status);
    } else if (S_ISDIR(status.st_mode)) {
        append_folder(search, cn_pool_printf(search->pool, "%s/%s", path, name), &status);
    } else if (!is_there && !is_machine_fault(search, path, errno) && unreadable->count++ == 0) {
        unreadable->example = name;
        unreadable->reason = errno;
    }
}

/* False with errno: the folder cannot be read. */
static bool read_folder(struct file_search *search, const char *path)
{
    DIR *stream = opendir(path);
    if (!stream)
        return false;
    size_t count;
    char **names = list_folder(search, stream, &count);
    int failed = names ? 0 : errno;
    struct unreadable unreadable = {0};
    for (size_t i = 0; names && i < count && goes_on(search); i++) {
        cn_watch_report(search->watch, search->file_count, 0);
        add_entry(search, dirfd(stream), path, names[i], &unreadable);
    }
    closedir(stream);
    if (unreadable.count)
        cn_problems_add(search->problems, CN_WARNING,
                        "%s: %zu entries cannot be read, such as %s (%s); check links and rights",
                        path, unreadable.count, unreadable.example, strerror(unreadable.reason));
    errno = failed;
    return !failed;
}

static int compare_file_inodes(const struct cn_found_file *a, const struct cn_found_file *b)
{
    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    return (a->inode > b->inode) - (a->inode < b->inode);
}

/* By inode, base name, and the order in which they were found. */
static int compare_identity(const void *a, const void *b)
{
    const struct cn_found_file *x = *(const struct cn_found_file *const *)a;
    const struct cn_found_file *y = *(const struct cn_found_file *const *)b;
    int order = compare_file_inodes(x, y);
    if (!order)
        order = strcmp(x->base, y->base);
    return order ? order : (x > y) - (x < y);
}

static int compare_paths(const void *a, const void *b)
{
    const struct cn_found_file *x = a, *y = b;
    int order = strcmp(x->base, y->base);
    return order ? order : strcmp(x->path, y->path);
}

/* Whether two neighbours in that order are one file. Without an inode it is not known. */
static bool is_repeated(const struct cn_found_file *file, const struct cn_found_file *before)
{
    return file->inode && !compare_file_inodes(file, before) &&
           strcmp(file->base, before->base) == 0;
}

/* Drops files that were found already under the same name, then sorts by name. False: out of
 * memory. */
static bool drop_repeated(struct file_search *search)
{
    size_t count = search->file_count;
    const struct cn_found_file **order = cn_pool_alloc(search->pool, count, sizeof(void *));
    struct cn_found_file *kept = cn_pool_alloc(search->pool, count, sizeof *kept);
    if (!order || !kept)
        return false;
    for (size_t i = 0; i < count; i++)
        order[i] = &search->files[i];
    if (count)
        qsort(order, count, sizeof(void *), compare_identity);
    size_t kept_count = 0;
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !is_repeated(order[i], order[i - 1]))
            kept[kept_count++] = *order[i];
    if (kept_count)
        qsort(kept, kept_count, sizeof *kept, compare_paths);
    search->files = kept;
    search->file_count = kept_count;
    return true;
}

static int compare_folders(const void *a, const void *b)
{
    const struct folder *x = a, *y = b;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

/* Adds a folder to the sorted list of those seen. False: it is there already, or out of memory. */
static bool add_seen(struct file_search *search, const struct folder *folder)
{
    size_t count = search->seen_count;
    if (count && bsearch(folder, search->seen, count, sizeof *folder, compare_folders))
        return false;
    struct folder *seen =
        cn_pool_grow(search->pool, search->seen, count, &search->seen_capacity, sizeof *seen);
    if (!seen) {
        search->no_memory = true;
        return false;
    }
    size_t at = count;
    for (; at > 0 && compare_folders(folder, &seen[at - 1]) < 0; at--)
        seen[at] = seen[at - 1];
    seen[at] = *folder;
    search->seen = seen;
    search->seen_count++;
    return true;
}

enum cn_status cn_find_files(struct cn_pool *pool, const char *root, const struct cn_watch *watch,
                             struct cn_found_file **files, size_t *count,
                             struct cn_problems *problems, struct cn_error *error)
{
    struct file_search search = {.pool = pool, .problems = problems, .watch = watch};
    struct stat status;
    if (stat(root, &status) < 0)
        return cn_fail(error, cn_errno_status(errno, CN_BAD_USAGE), "input.root: %s: %s", root,
                       strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return cn_fail(error, CN_BAD_USAGE, "input.root: %s is not a folder", root);
    append_folder(&search, root, &status);
    for (size_t i = 0; i < search.folder_count && goes_on(&search); i++) {
        struct folder folder = search.folders[i]; /* the array moves while the folder is read */
        if (!add_seen(&search, &folder) || read_folder(&search, folder.path) || search.no_memory ||
            is_machine_fault(&search, folder.path, errno))
            continue;
        if (i == 0)
            return cn_fail(error, CN_BAD_USAGE, "input.root: %s: %s", root, strerror(errno));
        cn_problems_add(problems, CN_WARNING, "%s: %s; files in it are not seen", folder.path,
                        strerror(errno));
    }
    if (cn_watch_stopped(watch))
        return cn_fail(error, CN_STOPPED, "stopped while files were looked for");
    if (search.machine_errno)
        return cn_fail(error, CN_BAD_MACHINE, "%s: cannot be searched: %s; %s", search.failed_path,
                       strerror(search.machine_errno), cn_errno_advice(search.machine_errno));
    if (search.no_memory || !drop_repeated(&search))
        return cn_fail_memory(error, "the list of input files");
    *files = search.files;
    *count = search.file_count;
    return CN_OK;
}
