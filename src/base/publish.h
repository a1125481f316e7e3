/*
 * Files that appear complete or not at all, and last: they are written under a temporary name in
 * the same folder, synced, and renamed; then the folder is synced, which keeps the name. Where a
 * file system cannot sync folders, nothing fails, and the name is as durable as it can be.
 */
#ifndef CLIMNORM_BASE_PUBLISH_H
#define CLIMNORM_BASE_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>

/* The name of this run among all runs on all machines that share a disk. Temporaries of normals are
 * called `.climnorm-ID-….tmp`, so that other runs know whose they are. A child process has the id
 * of its parent only if the parent asked first. May be called by any thread.
 * Returns: hexadecimal digits, at most 32; the same at each call. */
const char *cn_run_id(void);

/* Removes a temporary. folder: that `name` is relative to, or AT_FDCWD. Changes no errno. Where the
 * file stays, as on a disk that turned read-only, cn_temporaries_left() tells so from then on. May
 * be called by any thread. */
void cn_remove_temporary(int folder, const char *name);
bool cn_temporaries_left(void);

/* Makes those folders above `path` that are missing, durably. Follows symbolic links.
 * Returns: false on failure. Errors: errno. */
bool cn_make_folders(const char *path);

/* Opens the folder `name` in the open folder `parent`, made where it is missing. Its name is
 * durable then, also where another thread or process has just made it. Follows no symbolic link.
 * Returns: a descriptor; -1 on failure. Errors: errno. */
int cn_enter_folder(int parent, const char *name);

/* Makes durable what was made, renamed and removed in a folder.
 * Returns: 0, also where folders cannot be synced. Errors: an errno value. */
int cn_sync_folder(const char *folder);
int cn_sync_open_folder(int folder);
int cn_sync_folder_of(const char *path); /* the folder that `path` stands in */

/* Syncs the temporary and renames it to `path`. A file of that name is replaced. It is complete
 * from then on, and durable once its folder is synced. On failure the temporary is removed.
 * Returns: 0. Errors: an errno value. */
int cn_sync_and_rename(const char *temporary, const char *path);

/* cn_sync_and_rename, and syncs the folder.
 * Returns: 0. Errors: an errno value. */
int cn_publish(const char *temporary, const char *path);

/* Writes and publishes bytes. The temporary is `.climnorm-NAME.tmp`; one that a
 * killed process left is removed, and for one that a living process writes it waits, 10 s at most.
 * Returns: 0. Errors: an errno value; EBUSY: that process still writes. */
int cn_publish_bytes(const char *path, const void *bytes, size_t size);

/* The same for a text and a newline. */
int cn_publish_text(const char *path, const char *text);

#endif
