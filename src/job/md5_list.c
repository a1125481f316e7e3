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

/* Copies the 32 digits of a sum, in lower case. Returns whether they are there. */
static bool read_digits(const char *text, char md5[CN_MD5_TEXT])
{
    enum { DIGITS = CN_MD5_TEXT - 1 };
    if (strspn(text, "0123456789abcdefABCDEF") != DIGITS)
        return false;
    for (int k = 0; k < DIGITS; k++)
        md5[k] = (char)(text[k] >= 'A' && text[k] <= 'F' ? text[k] - 'A' + 'a' : text[k]);
    return true;
}

/* Finds sum and path in a line "SUM  PATH" or "SUM *PATH". NULL: it is none. */
static char *parse_line(char *line, struct cn_md5_entry *entry)
{
    if (!read_digits(line, entry->md5))
        return NULL;
    char *path = line + CN_MD5_TEXT - 1;
    const size_t blanks = strspn(path, " \t");
    return blanks ? path + blanks + (path[blanks] == '*') : NULL;
}

/* The same of "MD5 (PATH) = SUM", as md5sum --tag and BSD's md5 write it. */
static char *parse_tagged_line(char *line, struct cn_md5_entry *entry)
{
    static const char begin[] = "MD5 (", middle[] = ") = ";
    char *end = NULL;
    if (strncmp(line, begin, sizeof begin - 1) != 0)
        return NULL;
    for (char *at = line; (at = strstr(at, middle)); at++)
        end = at;
    if (!end || !read_digits(end + sizeof middle - 1, entry->md5))
        return NULL;
    *end = '\0';
    return line + sizeof begin - 1;
}

/* md5sum writes a backslash in front of a line whose path has a backslash or an end of line, and
 * writes these as two characters each. */
static void unescape(char *path)
{
    char *to = path;
    for (const char *from = path; *from; from++) {
        const bool is_escape = *from == '\\' && from[1];
        from += is_escape;
        *to++ = !is_escape ? *from : *from == 'n' ? '\n' : *from == 'r' ? '\r' : *from;
    }
    *to = '\0';
}

/* Whether the line, which ends with a NUL, is a sum and a path. */
static bool parse_entry(struct cn_pool *pool, char *line, struct cn_md5_entry *entry)
{
    const bool is_escaped = line[0] == '\\';
    line += is_escaped;
    char *path = parse_line(line, entry);
    if (!path)
        path = parse_tagged_line(line, entry);
    if (path && is_escaped)
        unescape(path);
    entry->length = path ? strlen(path) : 0;
    if (!entry->length || entry->length > MOST_LIST_PATH || path[entry->length - 1] == '/')
        return false;
    entry->path = cn_pool_strdup(pool, path);
    return true;
}

/* A character of a path, counted from its end. A slash precedes each path; 0: nothing does. */
static char from_end(const char *path, size_t length, size_t k)
{
    if (k < length)
        return path[length - 1 - k];
    return k == length && path[0] != '/' ? '/' : '\0';
}

/* Compares paths from their ends on: those that share their last names lie side by side. */
static int compare_ends(const char *a, size_t length_a, const char *b, size_t length_b)
{
    for (size_t k = 0;; k++) {
        const unsigned char x = (unsigned char)from_end(a, length_a, k);
        const unsigned char y = (unsigned char)from_end(b, length_b, k);
        if (x != y)
            return x < y ? -1 : 1;
        if (!x)
            return 0;
    }
}

static int compare_entries(const void *a, const void *b)
{
    const struct cn_md5_entry *x = a, *y = b;
    const int order = compare_ends(x->path, x->length, y->path, y->length);
    return order ? order : strcmp(x->md5, y->md5);
}

/* Cuts blanks and carriage returns off the end of a line. */
static void trim_end(const char *line, char *end)
{
    while (end > line && strchr(" \t\r", end[-1]) && end[-1])
        *--end = '\0';
}

/* Counts sums of paths that have another one, in the sorted list. */
static void find_conflicts(struct cn_md5_list *list)
{
    for (size_t k = 1; k < list->count; k++) {
        const struct cn_md5_entry *one = &list->entries[k - 1], *other = &list->entries[k];
        if (strcmp(one->path, other->path) == 0 && strcmp(one->md5, other->md5) != 0 &&
            list->conflicts++ == 0)
            list->conflict_example = one->path;
    }
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
    const size_t mark = strncmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* of UTF-8 */
    for (char *line = text + mark, *end; line < text + length && !status; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + length - line));
        end = end ? end : text + length;
        *end = '\0';
        trim_end(line, end);
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
    if (status)
        return status;
    if (!list->count)
        return cn_fail(error, CN_BAD_USAGE,
                       "--md5 %s: no line is a checksum; expected lines such as "
                       "\"d41d8cd98f00b204e9800998ecf8427e  tas/FILE.nc\"",
                       path);
    qsort(list->entries, list->count, sizeof *list->entries, compare_entries);
    find_conflicts(list);
    return CN_OK;
}

/* How many bytes both paths share at their ends, in whole names, each with the slash before it. */
static size_t shared_end(const struct cn_md5_entry *entry, const char *path, size_t length)
{
    size_t shared = 0;
    for (size_t k = 0;; k++) {
        const char c = from_end(path, length, k);
        if (!c || c != from_end(entry->path, entry->length, k))
            return shared;
        if (c == '/')
            shared = k + 1;
    }
}

const struct cn_md5_entry *cn_md5_list_find(struct cn_md5_list *list, const char *path,
                                            const char *md5)
{
    const size_t length = strlen(path);
    size_t first = 0, end = list->count;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        const struct cn_md5_entry *entry = &list->entries[middle];
        if (compare_ends(entry->path, entry->length, path, length) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    /* Those that share most lie around this place. */
    const size_t before = first ? shared_end(&list->entries[first - 1], path, length) : 0;
    const size_t behind = first < list->count ? shared_end(&list->entries[first], path, length) : 0;
    const size_t most = before > behind ? before : behind;
    const struct cn_md5_entry *found = NULL;
    if (!most)
        return NULL;
    while (first && shared_end(&list->entries[first - 1], path, length) == most)
        first--;
    for (; first < list->count && shared_end(&list->entries[first], path, length) == most;
         first++) {
        struct cn_md5_entry *entry = &list->entries[first];
        entry->is_found = true;
        if (!found || strcmp(entry->md5, md5) == 0)
            found = entry;
    }
    return found;
}
