/*
 * Asks the file system for its free space and compares it with the need of the plan.
 */
#include "job/diskspace.h"

#include "base/error.h"
#include "base/format.h"
#include "guard/fault.h"
#include "plan/output_sizes.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

void cn_diskspace_inquire(const char *root, struct cn_space_free *space)
{
    char path[PATH_MAX];
    struct statvfs found;
    *space = (struct cn_space_free){UINT64_MAX, UINT64_MAX};
    if (snprintf(path, sizeof path, "%s", root) >= (int)sizeof path)
        return;
    while (statvfs(path, &found)) { /* not there: try the folder above */
        char *slash = strrchr(path, '/');
        if (!slash || !path[1])
            return;
        slash[slash == path] = '\0';
    }
    uint64_t bytes;
    /* Some network file systems, and some in user space, report zero or nonsense. */
    if (found.f_blocks && found.f_bavail <= found.f_blocks &&
        !__builtin_mul_overflow((uint64_t)found.f_bavail, (uint64_t)found.f_frsize, &bytes) &&
        found.f_frsize)
        space->bytes = bytes;
    if (found.f_files && found.f_favail <= found.f_files)
        space->files = found.f_favail;
}

static enum cn_status fail_for_space(const struct cn_plan *plan, const struct cn_space_free *space,
                                     struct cn_error *error)
{
    const struct cn_space_need *need = &plan->space;
    const char *root = plan->config->output.root;
    char least[24], room[24], back[24], scratch[24];
    if (need->files > space->files)
        return cn_fail(error, CN_BAD_MACHINE,
                       "%s: %" PRIu64
                       " files are to be made, but its file system has room for %" PRIu64
                       " more files only; remove some there, or choose another output.root",
                       root, need->files, space->files);
    return cn_fail(
        error, CN_BAD_MACHINE,
        "%s: the outputs need at least %s%s%s%s, but its file system has %s free%s%s%s; free some "
        "space there, choose another output.root, or ask for fewer regions or years",
        root, cn_format_bytes(need->least, least), need->temporary ? " and another " : "",
        need->temporary ? cn_format_bytes(need->temporary, scratch) : "",
        need->temporary ? " between passes" : "", cn_format_bytes(space->bytes, room),
        need->replaced ? " and gets back " : "",
        need->replaced ? cn_format_bytes(need->replaced, back) : "",
        need->replaced ? " of files that are replaced" : "");
}

/* A folder that is not there is made: the nearest one above it counts. */
static enum cn_status check_writable(const char *root, struct cn_error *error)
{
    char path[PATH_MAX];
    struct stat status;
    snprintf(path, sizeof path, "%s", root);
    while (lstat(path, &status) && (errno == ENOENT || errno == ENOTDIR)) {
        char *slash = strrchr(path, '/');
        if (!slash || !path[1])
            return CN_OK;
        slash[slash == path] = '\0';
    }
    if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode))
        return cn_fail(error, CN_BAD_MACHINE,
                       "%s: cannot be made: %s is not a folder; choose another output.root", root,
                       path);
    if (access(path, W_OK | X_OK) == 0)
        return CN_OK;
    const int reason = errno;
    return cn_fail(error, CN_BAD_MACHINE, "%s: cannot be written: %s; %s", root, strerror(reason),
                   cn_errno_advice(reason));
}

enum cn_status cn_diskspace_check(const struct cn_plan *plan, const struct cn_space_free *space,
                                  struct cn_problems *problems, struct cn_error *error)
{
    enum cn_status status =
        plan->space.most ? check_writable(plan->config->output.root, error) : CN_OK;
    if (status)
        return status;
    enum cn_fit fit = cn_space_judge(&plan->space, space);
    if (fit == CN_FITS_NOT)
        return fail_for_space(plan, space, error);
    if (fit == CN_MAY_FIT) {
        char most[24], room[24];
        cn_problems_add(
            problems, CN_WARNING,
            "%s: the outputs need up to %s, and its file system has %s free; they fit only if they "
            "compress well",
            plan->config->output.root, cn_format_bytes(plan->space.most, most),
            cn_format_bytes(space->bytes, room));
    }
    return CN_OK;
}
