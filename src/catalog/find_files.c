/*
 * The search for files. It goes breadth first: so a file with several paths gets the shortest, and
 * deep folders need no deep stack. It remembers folders by inode, so loops of links end.
 */
#include "catalog/find_files.h"

#include "base/ascii.h"
#include "base/error.h"
#include "catalog/datasets.h"
#include "guard/fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_OTHER_PATHS = 1000 }; /* of folders with several */

/* Files or folders. */
struct entry_list {
    struct cn_found_file *items;
    size_t count, capacity;
};

struct file_search {
    struct cn_pool *pool;
    struct cn_problems *problems;
    const struct cn_watch *watch;
    const struct cn_search *wanted;
    struct entry_list folders; /* found so far, in the order of reading */
    struct entry_list seen;    /* those that were read, sorted by inode */
    struct entry_list again;   /* other paths of those */
    struct entry_list files;
    size_t other_count; /* of files that may hold data, but are not searched for */
    const char *other_example;
    enum cn_status status; /* what ended the search */
    struct cn_error *error;
};

static bool goes_on(const struct file_search *search)
{
    return !search->status && !cn_watch_stopped(search->watch);
}

static bool ends_in(const char *name, const char *ending)
{
    const size_t length = strlen(name), least = strlen(ending);
    return length > least && strcmp(name + length - least, ending) == 0;
}

static bool is_nc(const char *name)
{
    return ends_in(name, ".nc");
}

/* Whether a name is that of data, perhaps packed or cut off, which do not end in .nc. */
static bool is_other_data(const char *name, bool is_folder)
{
    static const char *const endings[] = {
        "nc",   "nc3",   "nc4", "netcdf", "cdf",  "h5",         "hdf5", "he5", "hdf",
        "grib", "grib2", "grb", "grb2",   "gb2",  "zip",        "gz",   "bz2", "xz",
        "zst",  "lz4",   "tar", "tgz",    "part", "crdownload", "aria2"};
    const char *dot = strrchr(name, '.');
    bool is_data = false;
    if (is_folder)
        return dot && cn_equal_ascii(dot, ".zarr");
    for (size_t i = 0; dot && dot > name && i < sizeof endings / sizeof *endings; i++)
        is_data |= cn_equal_ascii(dot + 1, endings[i]);
    return is_data && !is_nc(name);
}

static void count_other(struct file_search *search, const char *name)
{
    if (search->other_count++ == 0)
        search->other_example = name;
}

static void warn_of_others(const struct file_search *search)
{
    if (search->other_count)
        cn_problems_add(
            search->problems, CN_WARNING,
            "passed over: %zu file%s whose name%s in .nc, such as %s; input.datasets "
            "takes netCDF files of any name, others must be unpacked or converted first",
            search->other_count, search->other_count == 1 ? "" : "s",
            search->other_count == 1 ? " does not end" : "s do not end", search->other_example);
}

static void fail_without_memory(struct file_search *search)
{
    search->status = cn_fail_memory(search->error, "the list of input files");
}

static void append_entry(struct file_search *search, struct entry_list *list,
                         const struct cn_found_file *entry)
{
    struct cn_found_file *items =
        cn_pool_grow(search->pool, list->items, list->count, &list->capacity, sizeof *items);
    if (!items || !entry->path) {
        fail_without_memory(search);
        return;
    }
    list->items = items;
    items[list->count++] = *entry;
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
    search->status = cn_fail(search->error, CN_BAD_MACHINE, "%s: cannot be searched: %s; %s", path,
                             strerror(reason), cn_errno_advice(reason));
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
            fail_without_memory(search);
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

/* Entries of a folder that cannot be examined. */
struct unreadable {
    size_t count;
    const char *example, *advice; /* of the first one */
    int reason;
};

/* git-annex keeps a file as a link to its content, which need not be there. */
static const char *advise_of_link(int folder, const char *name)
{
    char target[4096];
    const ssize_t length = readlinkat(folder, name, target, sizeof target - 1);
    target[length > 0 ? length : 0] = '\0';
    return strstr(target, ".git/annex/objects/") ? "git annex get brings what such links lead to"
                                                 : "check links and permissions";
}

static bool is_of_dataset(const struct file_search *search, const char *path)
{
    const struct cn_search *wanted = search->wanted;
    for (size_t d = 0; d < wanted->dataset_count; d++)
        if (cn_dataset_path(&wanted->datasets[d], wanted->roots, wanted->root_count, path))
            return true;
    return false;
}

/* Whether a file of this name in a folder is searched for. */
static bool is_wanted_file(struct file_search *search, const char *folder, const char *name)
{
    bool is_wanted = is_nc(name);
    for (const char *const *ending = search->wanted->endings; ending && *ending; ending++)
        is_wanted |= ends_in(name, *ending);
    if (is_wanted || !search->wanted->dataset_count)
        return is_wanted;
    const char *path = cn_pool_printf(search->pool, "%s/%s", folder, name);
    if (!path)
        fail_without_memory(search);
    return path && is_of_dataset(search, path);
}

static void add_entry(struct file_search *search, int folder, const char *path, const char *name,
                      struct unreadable *unreadable)
{
    struct stat status = {0};
    const bool is_there = fstatat(folder, name, &status, 0) == 0;
    const int reason = is_there ? 0 : errno;
    /* Not for a broken link. The error comes when the file is opened. */
    const bool is_kept = reason == EACCES || reason == ESTALE;
    const bool is_file = (is_kept || S_ISREG(status.st_mode)) && is_wanted_file(search, path, name);
    if (is_there && !is_file && is_other_data(name, S_ISDIR(status.st_mode)))
        count_other(search, name);
    if (is_file || S_ISDIR(status.st_mode)) {
        const char *own_path = cn_pool_printf(search->pool, "%s/%s", path, name);
        append_entry(search, is_file ? &search->files : &search->folders,
                     &(struct cn_found_file){own_path, own_path ? strrchr(own_path, '/') + 1 : NULL,
                                             status.st_dev, status.st_ino});
    } else if (reason && !is_machine_fault(search, path, reason) && unreadable->count++ == 0) {
        unreadable->example = name;
        unreadable->reason = reason;
        unreadable->advice = advise_of_link(folder, name);
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
        cn_progress_count(search->watch->progress, search->files.count, 0);
        add_entry(search, dirfd(stream), path, names[i], &unreadable);
    }
    closedir(stream);
    if (unreadable.count)
        cn_problems_add(search->problems, CN_WARNING,
                        "%s: %zu %s cannot be read, such as %s (%s); %s", path, unreadable.count,
                        unreadable.count == 1 ? "entry" : "entries", unreadable.example,
                        strerror(unreadable.reason), unreadable.advice);
    errno = failed;
    return !failed;
}

int cn_inodes_compare(const void *a, const void *b)
{
    const struct cn_found_file *x = a, *y = b;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

/* By inode, base name, and the order in which they were found. */
static int compare_identity(const void *a, const void *b)
{
    const struct cn_found_file *x = *(const struct cn_found_file *const *)a;
    const struct cn_found_file *y = *(const struct cn_found_file *const *)b;
    int order = cn_inodes_compare(x, y);
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
    return file->inode && !cn_inodes_compare(file, before) && strcmp(file->base, before->base) == 0;
}

/* Drops files that were found already under the same name, but not a path that a dataset takes.
 * Then sorts by name. */
static void drop_repeated_files(struct file_search *search)
{
    size_t count = search->files.count;
    const struct cn_found_file **order = cn_pool_alloc(search->pool, count, sizeof(void *));
    struct cn_found_file *kept = cn_pool_alloc(search->pool, count, sizeof *kept);
    if (!order || !kept) {
        fail_without_memory(search);
        return;
    }
    for (size_t i = 0; i < count; i++)
        order[i] = &search->files.items[i];
    if (count)
        qsort(order, count, sizeof(void *), compare_identity);
    size_t kept_count = 0;
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !is_repeated(order[i], order[i - 1]) || is_of_dataset(search, order[i]->path))
            kept[kept_count++] = *order[i];
    if (kept_count)
        qsort(kept, kept_count, sizeof *kept, compare_paths);
    search->files.items = kept;
    search->files.count = kept_count;
}

/* Adds a folder to the sorted list of those seen. False: it is there already, or out of memory. */
static bool add_seen(struct file_search *search, const struct cn_found_file *folder)
{
    struct entry_list *seen = &search->seen;
    if (seen->count &&
        bsearch(folder, seen->items, seen->count, sizeof *folder, cn_inodes_compare)) {
        if (search->wanted->dataset_count && search->again.count < MOST_OTHER_PATHS)
            append_entry(search, &search->again, folder);
        return false;
    }
    append_entry(search, seen, folder);
    if (search->status)
        return false;
    size_t at = seen->count - 1;
    for (; at > 0 && cn_inodes_compare(folder, &seen->items[at - 1]) < 0; at--)
        seen->items[at] = seen->items[at - 1];
    seen->items[at] = *folder;
    return true;
}

/* Adds the files of folders that were read under another path, where a dataset takes them under
 * this one. */
static void add_other_paths(struct file_search *search)
{
    const size_t count = search->files.count;
    for (size_t k = 0; k < search->again.count && goes_on(search); k++) {
        const struct cn_found_file *folder = &search->again.items[k];
        const struct cn_found_file *read = bsearch(folder, search->seen.items, search->seen.count,
                                                   sizeof *read, cn_inodes_compare);
        const size_t length = strlen(read->path);
        for (size_t i = 0; i < count && goes_on(search); i++) {
            struct cn_found_file file = search->files.items[i];
            if (strncmp(file.path, read->path, length) != 0 || file.path[length] != '/')
                continue;
            file.path = cn_pool_printf(search->pool, "%s%s", folder->path, file.path + length);
            if (!file.path)
                fail_without_memory(search);
            else if (is_of_dataset(search, file.path))
                append_entry(search, &search->files, &file);
        }
    }
}

/* A root may be a file, or a folder to search. */
static enum cn_status add_root(struct file_search *search, const char *root)
{
    struct stat status;
    if (stat(root, &status) < 0)
        return cn_fail(search->error, cn_errno_status(errno, CN_BAD_USAGE), "input.root: %s: %s",
                       root, strerror(errno));
    const bool is_file = S_ISREG(status.st_mode) && (is_nc(root) || is_of_dataset(search, root));
    if (!is_file && !S_ISDIR(status.st_mode))
        return cn_fail(search->error, CN_BAD_USAGE,
                       "input.root: %s is neither a folder nor a file that ends in .nc or that "
                       "input.datasets takes",
                       root);
    const char *slash = strrchr(root, '/');
    append_entry(search, is_file ? &search->files : &search->folders,
                 &(struct cn_found_file){root, is_file && slash ? slash + 1 : root, status.st_dev,
                                         status.st_ino});
    return search->status;
}

enum cn_status cn_find_files(struct cn_pool *pool, const struct cn_search *wanted,
                             const struct cn_watch *watch, struct cn_found_file **files,
                             size_t *count, struct cn_problems *problems, struct cn_error *error)
{
    struct file_search search = {
        .pool = pool, .problems = problems, .watch = watch, .wanted = wanted, .error = error};
    for (size_t r = 0; r < wanted->root_count; r++)
        if (add_root(&search, wanted->roots[r]))
            return error->status;
    const size_t folder_roots = search.folders.count;
    for (size_t i = 0; i < search.folders.count && goes_on(&search); i++) {
        /* a copy: the array moves while the folder is read */
        struct cn_found_file folder = search.folders.items[i];
        if (!add_seen(&search, &folder) || read_folder(&search, folder.path) || search.status ||
            is_machine_fault(&search, folder.path, errno))
            continue;
        if (i < folder_roots)
            return cn_fail(error, CN_BAD_USAGE, "input.root: %s: %s", folder.path, strerror(errno));
        cn_problems_add(problems, CN_WARNING, "%s: %s; files in it are not seen", folder.path,
                        strerror(errno));
    }
    if (cn_watch_stopped(watch))
        return cn_fail(error, CN_STOPPED, "stopped while files were looked for");
    add_other_paths(&search);
    if (!search.status) {
        drop_repeated_files(&search);
        warn_of_others(&search);
    }
    *files = search.files.items;
    *count = search.files.count;
    return search.status;
}
