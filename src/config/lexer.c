/*
 * Reads a config file and rewrites its text before libconfig parses it. libconfig would open other
 * files (@include), refuse [4, 17.0], let 4294967297 wrap to 1, and take quadratic time for many
 * settings. This file knows libconfig's syntax, but no keys.
 */
#include "config/lexer.h"

#include "base/error.h"
#include "base/io.h"
#include "guard/fault.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_BYTES = 1 << 20, MAX_DEPTH = 32, MAX_SETTINGS = 5000 };

static enum cn_status read_all(int file, const char *path, char **text, struct cn_error *error)
{
    struct stat about;
    if (fstat(file, &about) != 0)
        return cn_fail(error, cn_errno_status(errno, CN_BAD_USAGE), "%s: cannot be read: %s", path,
                       strerror(errno));
    if (S_ISDIR(about.st_mode))
        return cn_fail(error, CN_BAD_USAGE, "%s: is a folder; name the config file in it", path);
    if (!S_ISREG(about.st_mode))
        return cn_fail(error, CN_BAD_USAGE, "%s: is not a regular file", path);
    char *bytes = malloc(MAX_BYTES + 1);
    if (!bytes)
        return cn_fail_memory(error, "config file");
    ssize_t size = cn_pread_full(file, bytes, MAX_BYTES + 1, 0);
    enum cn_status status = CN_OK;
    if (size < 0)
        status = cn_fail(error, cn_errno_status(errno, CN_BAD_USAGE), "%s: cannot be read: %s",
                         path, strerror(errno));
    else if (size > MAX_BYTES)
        status =
            cn_fail(error, CN_BAD_USAGE, "%s: is larger than 1 MiB; is this a config file?", path);
    else if (memchr(bytes, '\0', (size_t)size))
        status = cn_fail(error, CN_BAD_USAGE, "%s: holds NUL bytes: it is not a text file", path);
    if (status == CN_OK) {
        bytes[size] = '\0';
        *text = bytes;
    } else {
        free(bytes);
    }
    return status;
}

enum cn_status cn_config_text_read(const char *path, char **text, struct cn_error *error)
{
    *text = NULL;
    /* O_NONBLOCK: opening a FIFO would otherwise wait for a writer. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return cn_fail(error, cn_errno_status(errno, CN_BAD_USAGE), "%s: cannot be opened: %s",
                       path, strerror(errno));
    enum cn_status status = read_all(file, path, text, error);
    close(file);
    return status;
}

/* The position in the text, and the end of the copy so far. */
struct scan {
    const char *at;
    char *out;
    int depth, settings;
    bool in_array;
};

static void copy_chars(struct scan *scan, size_t count)
{
    memcpy(scan->out, scan->at, count);
    scan->out += count;
    scan->at += count;
}

static void blank_chars(struct scan *scan, size_t count)
{
    for (; count; count--)
        *scan->out++ = *scan->at++ == '\n' ? '\n' : ' ';
}

static enum cn_status copy_string(struct scan *scan, struct cn_error *error)
{
    size_t length = 1;
    for (const char *at = scan->at; at[length] != '"'; length++) {
        if (at[length] == '\\' && at[length + 1] != '\n' && at[length + 1])
            length++;
        else if (at[length] == '\n' || !at[length])
            return cn_fail(error, CN_BAD_USAGE,
                           "the text that begins here has no closing quote (\") on its line");
    }
    copy_chars(scan, length + 1);
    return CN_OK;
}

static enum cn_status blank_comment(struct scan *scan, struct cn_error *error)
{
    if (scan->at[1] != '*' || scan->at[0] == '#') {
        blank_chars(scan, strcspn(scan->at, "\n"));
        return CN_OK;
    }
    const char *end = strstr(scan->at + 2, "*/");
    if (!end)
        return cn_fail(error, CN_BAD_USAGE, "the comment that begins here has no closing */");
    blank_chars(scan, (size_t)(end + 2 - scan->at));
    return CN_OK;
}

/* A name or a number. Integers too long for 32 bits get an L. */
static void copy_word(struct scan *scan)
{
    bool hexadecimal = scan->at[0] == '0' && (scan->at[1] == 'x' || scan->at[1] == 'X');
    size_t digits = hexadecimal ? 2 + strspn(scan->at + 2, "0123456789abcdefABCDEF")
                                : strspn(scan->at, "0123456789");
    size_t length = digits;
    while (isalnum((unsigned char)scan->at[length]) ||
           (scan->at[length] && strchr("_-+.*", scan->at[length])))
        length++;
    copy_chars(scan, length);
    if (length == digits && digits > 9)
        *scan->out++ = 'L';
}

static enum cn_status copy_punctuation(struct scan *scan, struct cn_error *error)
{
    char c = *scan->at;
    if (strchr("([{", c) && ++scan->depth > MAX_DEPTH)
        return cn_fail(error, CN_BAD_USAGE, "brackets are nested deeper than any key needs");
    if (strchr(")]}", c))
        scan->depth--;
    if ((c == '=' || c == ':') && ++scan->settings > MAX_SETTINGS)
        return cn_fail(error, CN_BAD_USAGE, "more settings than a config can need");
    if (c == '@' && strncmp(scan->at, "@include", 8) == 0)
        return cn_fail(error, CN_BAD_USAGE,
                       "@include is not allowed: write all settings in one file");
    copy_chars(scan, 1);
    if (c == '[' && !scan->in_array) {
        scan->out[-1] = '(';
        scan->in_array = true;
    } else if (c == ']' && scan->in_array) {
        scan->out[-1] = ')';
        scan->in_array = false;
    } else if (c == ')' && scan->in_array) {
        scan->out[-1] = ']'; /* so that "[1, 2)" stays a syntax error */
    }
    return CN_OK;
}

static enum cn_status rewrite_text(struct scan *scan, struct cn_error *error)
{
    if (strncmp(scan->at, "\xef\xbb\xbf", 3) == 0)
        scan->at += 3; /* the byte order mark that some editors write */
    enum cn_status status = CN_OK;
    while (*scan->at && status == CN_OK) {
        char next = scan->at[0], after = scan->at[1];
        if (next == '"')
            status = copy_string(scan, error);
        else if (next == '#' || (next == '/' && (after == '/' || after == '*')))
            status = blank_comment(scan, error);
        else if (isalnum((unsigned char)next) || next == '.' || next == '*')
            copy_word(scan);
        else if (strchr("()[]{}=:@", next))
            status = copy_punctuation(scan, error);
        else
            copy_chars(scan, 1);
    }
    *scan->out = '\0';
    return status;
}

enum cn_status cn_config_text_prepare(const char *text, char **prepared, int *line,
                                      struct cn_error *error)
{
    *prepared = NULL;
    /* At most one L is added for every ten digits. */
    char *copy = malloc(strlen(text) + strlen(text) / 10 + 1);
    if (!copy)
        return cn_fail_memory(error, "config text");
    struct scan scan = {.at = text, .out = copy};
    enum cn_status status = rewrite_text(&scan, error);
    *line = 1;
    for (const char *c = text; c < scan.at; c++)
        *line += *c == '\n';
    if (status == CN_OK)
        *prepared = copy;
    else
        free(copy);
    return status;
}
