/*
 * Reads lists of checksums, and finds files in them.
 */
#include "job/md5_list.h"

#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_LIST_BYTES = 256 << 20, /* that of all NEX-GDDP-CMIP6 has about 20 MB */
    MOST_LIST_PATH = 4096,
    READ_BYTES = 1 << 16,
    MOST_NAMESAKES = 4096, /* of one base name, that are looked at */
};

/* NULL: *error. The caller frees it. The text ends with a NUL. */
static char *read_sums(const char *path, size_t *length, struct cn_error *error)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t capacity = 0;
    *length = 0;
    if (!file) {
        cn_fail(error, CN_BAD_USAGE, "--md5 %s: %s; name a list of checksums", path,
                strerror(errno));
        return NULL;
    }
    for (size_t got = 1; got > 0 && *length <= MOST_LIST_BYTES; *length += got) {
        if (capacity - *length <= READ_BYTES) {
            char *larger = realloc(text, capacity = 2 * capacity + 2 * READ_BYTES);
            if (!larger) {
                cn_fail_memory(error, "the list of checksums");
                break;
            }
            text = larger;
        }
        errno = 0;
        got = fread(text + *length, 1, READ_BYTES, file);
    }
    const bool is_read = feof(file) && !ferror(file);
    if (!is_read && *length > MOST_LIST_BYTES)
        cn_fail(error, CN_BAD_USAGE, "--md5 %s: the list is longer than %d MiB; name a shorter one",
                path, MOST_LIST_BYTES >> 20);
    else if (ferror(file))
        cn_fail(error, CN_BAD_USAGE, "--md5 %s: cannot be read: %s; name a list of checksums", path,
                strerror(errno));
    fclose(file);
    if (text && is_read) {
        text[*length] = '\0';
        return text;
    }
    free(text);
    return NULL;
}

/* Whether the line, which ends with a NUL, is a sum and a path. */
static bool parse_entry(struct cn_pool *pool, char *line, struct cn_md5_entry *entry)
{
    enum { DIGITS = CN_MD5_TEXT - 1 };
    if (strspn(line, "0123456789abcdefABCDEF") != DIGITS)
        return false;
    for (int k = 0; k < DIGITS; k++)
        entry->md5[k] = (char)(line[k] >= 'A' && line[k] <= 'F' ? line[k] - 'A' + 'a' : line[k]);
    const char *path = line + DIGITS;
    const size_t blanks = strspn(path, " \t");
    path += blanks + (path[blanks] == '*');
    if (!blanks || !*path || strlen(path) > MOST_LIST_PATH)
        return false;
    const char *slash = strrchr(path, '/');
    if (slash && !slash[1])
        return false;
    entry->path = cn_pool_strdup(pool, path);
    if (entry->path)
        entry->base = entry->path + (slash ? slash + 1 - path : 0);
    return true;
}

static int compare_entries(const void *a, const void *b)
{
    const struct cn_md5_entry *x = a, *y = b;
    const int order = strcmp(x->base, y->base);
    return order ? order : strcmp(x->path, y->path);
}

enum cn_status cn_md5_list_read(struct cn_pool *pool, const char *path, struct cn_md5_list *list,
                                struct cn_error *error)
{
    size_t length, capacity = 0, number = 0;
    char *text = read_sums(path, &length, error);
    *list = (struct cn_md5_list){0};
    if (!text)
        return error->status;
    enum cn_status status = CN_OK;
    for (char *line = text, *end; line < text + length && !status; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + length - line));
        end = end ? end : text + length;
        *end = '\0';
        if (end > line && end[-1] == '\r')
            end[-1] = '\0';
        number++;
        struct cn_md5_entry *entries =
            cn_pool_grow(pool, list->entries, list->count, &capacity, sizeof *entries);
        struct cn_md5_entry entry = {.is_found = false};
        if (entries)
            list->entries = entries;
        const bool is_entry = parse_entry(pool, line, &entry);
        if (*line && !is_entry && list->other_lines++ == 0)
            list->first_other = number;
        if (!entries || (is_entry && !entry.path))
            status = cn_fail_memory(error, "the list of checksums");
        else if (is_entry)
            list->entries[list->count++] = entry;
    }
    free(text);
    if (!status && !list->count)
        return cn_fail(error, CN_BAD_USAGE,
                       "--md5 %s: no line is a checksum; expected lines such as "
                       "\"d41d8cd98f00b204e9800998ecf8427e  tas/FILE.nc\"",
                       path);
    if (!status)
        qsort(list->entries, list->count, sizeof *list->entries, compare_entries);
    return status;
}

static bool is_name_begin(const char *path, size_t at)
{
    return at == 0 || path[at - 1] == '/';
}

/* How many bytes both paths share at their ends, in whole names. */
static size_t shared_end(const char *a, const char *b)
{
    const size_t length_a = strlen(a), length_b = strlen(b);
    size_t shared = 0;
    for (size_t k = 1; k <= length_a && k <= length_b && a[length_a - k] == b[length_b - k]; k++)
        if (is_name_begin(a, length_a - k) && is_name_begin(b, length_b - k))
            shared = k;
    return shared;
}

const struct cn_md5_entry *cn_md5_list_find(struct cn_md5_list *list, const char *path,
                                            const char *md5)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    size_t first = 0, end = list->count, most = 0;
    const struct cn_md5_entry *found = NULL;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if (strcmp(list->entries[middle].base, base) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    for (end = first; end < list->count && end - first < MOST_NAMESAKES &&
                      strcmp(list->entries[end].base, base) == 0;
         end++) {
        const size_t shared = shared_end(list->entries[end].path, path);
        most = shared > most ? shared : most;
    }
    for (size_t k = first; k < end; k++) {
        struct cn_md5_entry *entry = &list->entries[k];
        if (shared_end(entry->path, path) < most)
            continue;
        entry->is_found = true;
        if (!found || strcmp(entry->md5, md5) == 0)
            found = entry;
    }
    return found;
}
