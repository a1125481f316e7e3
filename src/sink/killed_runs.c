/*
 * Finds temporaries by the id of their run, and syncs folders. Which runs were killed is for others
 * to know.
 */
#include "sink/killed_runs.h"

#include "base/publish.h"

#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Whether a file name is that of a temporary, and its run is in the list. */
static bool is_of_killed_run(const char *name, const char *lines)
{
    char id[33], line[40];
    int end = 0;
    if (sscanf(name, ".climnorm-%32[0-9a-f]-%*[0-9a-f].tmp%n", id, &end) != 1 || !end || name[end])
        return false;
    snprintf(line, sizeof line, "run %s\n", id);
    return strstr(lines, line);
}

int cn_finish_killed_runs(const char *output_root, const char *lines)
{
    char *const roots[] = {(char *)output_root, NULL}; /* which fts does not change */
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
    if (!tree)
        return errno;
    FTSENT *entry;
    int failed = 0;
    while (!failed && (entry = fts_read(tree)))
        if (entry->fts_info == FTS_F && is_of_killed_run(entry->fts_name, lines))
            unlink(entry->fts_accpath);
        else if (entry->fts_info == FTS_DP || entry->fts_info == FTS_DNR)
            failed = cn_sync_folder(entry->fts_accpath); /* behind all that is in it */
    if (!failed)
        failed = errno; /* 0: it was read to its end */
    fts_close(tree);
    return failed;
}
