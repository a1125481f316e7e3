/*
 * Files that appear complete or not at all: they are written under a temporary name in the same
 * folder, synced, and renamed.
 */
#ifndef CLIMNORM_BASE_PUBLISH_H
#define CLIMNORM_BASE_PUBLISH_H

#include <stdbool.h>

/* The name of this run among all runs on all machines that share a disk. Temporaries of normals are
 * called `.climnorm-ID-….tmp`, so that other runs know whose they are. A child process has the id
 * of its parent only if the parent asked first. May be called by any thread.
 * Returns: hexadecimal digits, at most 32; the same at each call. */
const char *cn_run_id(void);

/* Makes those folders above `path` that are missing. Follows symbolic links.
 * Returns: false on failure. Errors: errno. */
bool cn_make_folders(const char *path);

/* Syncs the temporary and renames it to `path`. A file of that name is replaced. On failure the
 * temporary is removed.
 * Returns: 0. Errors: an errno value. */
int cn_publish(const char *temporary, const char *path);

/* Writes and publishes the text and a newline. The temporary is `.climnorm-NAME.tmp`; one that a
 * killed process left is removed, and for one that a living process writes it waits, 10 s at most.
 * Returns: 0. Errors: an errno value; EBUSY: that process still writes. */
int cn_publish_text(const char *path, const char *text);

#endif
