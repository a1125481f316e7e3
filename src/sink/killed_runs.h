/*
 * What killed runs left below an output root.
 */
#ifndef CLIMNORM_SINK_KILLED_RUNS_H
#define CLIMNORM_SINK_KILLED_RUNS_H

/* Removes the temporaries of killed runs, wherever below the root, and makes all files there
 * durable: a killed run may have renamed files and not synced their folders. What may not be read
 * or removed stays. Follows no link but the root itself. `lines`: "run ID\n" for each of them, and
 * perhaps other lines.
 * Returns: 0. Errors: an errno value. */
int cn_finish_killed_runs(const char *output_root, const char *lines);

#endif
