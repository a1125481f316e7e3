/*
 * Files that appear complete or not at all: written under a temporary name in the same folder,
 * synced, renamed.
 */
#ifndef CLIMNORM_BASE_PUBLISH_H
#define CLIMNORM_BASE_PUBLISH_H

#include <stdbool.h>

/* Makes the folders above `path` where they are missing. Symbolic links are followed.
 * Returns: false on failure. Errors: errno. */
bool cn_make_folders(const char *path);

/* Syncs the temporary and gives it the name `path`, in the place of a file of that name. On failure
 * the temporary is removed.
 * Returns: 0. Errors: an errno value. */
int cn_publish(const char *temporary, const char *path);

/* Writes and publishes the text and a newline. The temporary is `.climnorm-NAME.tmp`; one that a
 * killed process left is removed, and one that a living process writes is waited for, 10 s at most.
 * Returns: 0. Errors: an errno value; EBUSY: that process still writes. */
int cn_publish_text(const char *path, const char *text);

#endif
