/*
 * A path is looked at, and nothing is written. What happens to it later is reported then.
 */
#include "cli/check_path.h"

#include "base/error.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether a file has other content than what goes there: a summary begins with "{", a line of a log
 * with its year. An empty file may become both. */
static bool holds_something_else(const char *path, const struct stat *status, const char *option)
{
    if (!S_ISREG(status->st_mode) || status->st_size == 0)
        return false;
    char begin[5] = "";
    FILE *file = fopen(path, "r");
    if (file) {
        (void)!fread(begin, 1, 4, file);
        fclose(file);
    }
    return strcmp(option, "summary") == 0
               ? begin[0] != '{'
               : strspn(begin, "0123456789") != 4; /* unreadable: perhaps something else */
}

static bool is_same_file(const struct stat *status, const char *path)
{
    struct stat other;
    return path && stat(path, &other) == 0 && status->st_dev == other.st_dev &&
           status->st_ino == other.st_ino;
}

enum cn_status cn_check_path(const struct cn_arguments *arguments, const char *option,
                             const char *path, struct cn_error *error)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    char folder[PATH_MAX] = ".";
    struct stat status;
    if (!path)
        return CN_OK;
    if (strcmp(path, "-") == 0)
        return cn_fail(error, CN_BAD_USAGE, "--%s -: use /dev/stdout to write to standard output",
                       option);
    bool exists = stat(path, &status) == 0;
    for (size_t i = 0; exists && i < arguments->operand_count; i++)
        if (is_same_file(&status, arguments->operands[i]))
            return cn_fail(error, CN_BAD_USAGE, "--%s %s: that is %s; name another file", option,
                           path,
                           strcmp(arguments->command->operand, "CONFIG") == 0 ? "the config"
                                                                              : "among the input");
    if (exists && strcmp(option, "summary") == 0 && is_same_file(&status, arguments->log))
        return cn_fail(error, CN_BAD_USAGE, "--%s %s: that is the log; name another file", option,
                       path);
    if (exists && holds_something_else(path, &status, option))
        return cn_fail(error, CN_BAD_USAGE,
                       "--%s %s: is there and holds something else; name another file", option,
                       path);
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path + 1), path);
    bool is_folder = exists && S_ISDIR(status.st_mode);
    if (!is_folder && access(exists ? path : folder, exists ? W_OK : W_OK | X_OK) == 0)
        return CN_OK;
    return cn_fail(error, CN_BAD_USAGE, "--%s %s: cannot be written (%s); name another file",
                   option, path, is_folder ? "it is a folder" : strerror(errno));
}
