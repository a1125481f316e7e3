/*
 * Matching without recursion: the last "*" of a name takes one character more when the rest does
 * not fit, and the last "**" of a path one folder more. Earlier ones never need to.
 */
#include "base/glob.h"

#include "base/utf8.h"

#include <string.h>

/* The part of a path up to the next slash. */
static size_t part_length(const char *path)
{
    return strcspn(path, "/");
}

/* Behind a part and its slash. */
static const char *next_part(const char *path)
{
    path += part_length(path);
    return path + (*path == '/');
}

static bool is_any_folders(const char *pattern)
{
    return part_length(pattern) == 2 && pattern[0] == '*' && pattern[1] == '*';
}

/* One character of a part; a byte that is not UTF-8 is one, too. */
static uint32_t next_character(const char **at)
{
    const char *before = *at;
    const uint32_t code = cn_utf8_next(at);
    return code == CN_NOT_UTF8 ? code + (unsigned char)*before : code;
}

/* The end of the set that begins at "["; NULL: it has none in this part. A "]" that comes first is
 * a character of the set. */
static const char *end_of_set(const char *set)
{
    const char *at = set + 1;
    at += *at == '!' || *at == '^';
    at += *at == ']';
    at += strcspn(at, "]/");
    return *at == ']' ? at : NULL;
}

static bool is_in_set(const char *set, const char *end, uint32_t code)
{
    const char *at = set + 1;
    const bool is_other = *at == '!' || *at == '^';
    bool is_found = false;
    for (at += is_other; at < end;) {
        const uint32_t first = next_character(&at);
        uint32_t last = first;
        if (*at == '-' && at + 1 < end) {
            at++;
            last = next_character(&at);
        }
        is_found |= first <= code && code <= last;
    }
    return is_found != is_other;
}

/* Whether the pattern's next item, which is not "*", stands for the character. Moves behind it. */
static bool takes_character(const char **pattern, uint32_t code)
{
    const char *at = *pattern;
    if (*at == '?') {
        *pattern = at + 1;
        return true;
    }
    const char *end = *at == '[' ? end_of_set(at) : NULL;
    if (end) {
        *pattern = end + 1;
        return is_in_set(at, end, code);
    }
    return next_character(pattern) == code;
}

static bool is_end(const char *part)
{
    return !*part || *part == '/';
}

/* Whether a name fits a part of the pattern. Both end at a slash or NUL. */
static bool name_fits(const char *pattern, const char *name)
{
    const char *star = NULL, *retry = NULL; /* behind the last "*"; what it does not take */
    if (*name == '.' && *pattern != '.')
        return false;
    while (!is_end(name)) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = name;
            continue;
        }
        const char *at = name;
        if (!is_end(pattern) && takes_character(&pattern, next_character(&at))) {
            name = at;
            continue;
        }
        if (!star)
            return false;
        pattern = star;
        next_character(&retry);
        name = retry;
    }
    pattern += strspn(pattern, "*");
    return is_end(pattern);
}

bool cn_glob_fits(const char *pattern, const char *path)
{
    const char *folders = NULL, *retry = NULL; /* behind the last double star; what it leaves */
    while (*path) {
        if (is_any_folders(pattern) && pattern[2]) {
            folders = pattern = next_part(pattern);
            retry = path;
            continue;
        }
        /* The last part of a pattern fits the last part of a path alone. */
        const bool both_end = !path[part_length(path)] == !pattern[part_length(pattern)];
        if (*pattern && both_end && name_fits(pattern, path)) {
            pattern = next_part(pattern);
            path = next_part(path);
            continue;
        }
        if (!folders || *retry == '.')
            return false;
        pattern = folders;
        path = retry = next_part(retry);
    }
    return !*pattern;
}

const char *cn_glob_fault(const char *pattern)
{
    if (*pattern == '/')
        return "begins with /: write the path below input.root";
    for (const char *at = pattern;; at += part_length(at) + 1) {
        const size_t length = part_length(at);
        if (length == 0)
            return "has an empty folder or file name: no // and no / at its end";
        if (at[0] == '.' && (length == 1 || (length == 2 && at[1] == '.')))
            return "has a part \".\" or \"..\": write the path below input.root";
        if (!at[length])
            return is_any_folders(at) ? "ends in **, which stands for folders: add the file, such "
                                        "as **/*.nc"
                                      : NULL;
    }
}
