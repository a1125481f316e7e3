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

enum cn_status cn_check_path(const struct cn_arguments *arguments, const char *option,
                             const char *path, struct cn_error *error)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    char folder[PATH_MAX] = ".";
    struct stat status, operand;
    if (!path)
        return CN_OK;
    if (strcmp(path, "-") == 0)
        return cn_fail(error, CN_BAD_USAGE, "--%s -: use /dev/stdout to write to standard output",
                       option);
    bool exists = stat(path, &status) == 0;
    for (size_t i = 0; exists && i < arguments->operand_count; i++)
        if (stat(arguments->operands[i], &operand) == 0 && status.st_dev == operand.st_dev &&
            status.st_ino == operand.st_ino)
            return cn_fail(error, CN_BAD_USAGE, "--%s %s: that is %s; name another file", option,
                           path,
                           strcmp(arguments->command->operand, "CONFIG") == 0 ? "the config"
                                                                              : "among the input");
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path + 1), path);
    bool is_folder = exists && S_ISDIR(status.st_mode);
    if (!is_folder && access(exists ? path : folder, exists ? W_OK : W_OK | X_OK) == 0)
        return CN_OK;
    return cn_fail(error, CN_BAD_USAGE, "--%s %s: cannot be written (%s); name another file",
                   option, path, is_folder ? "it is a folder" : strerror(errno));
}
