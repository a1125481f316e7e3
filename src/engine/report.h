/*
 * What a run tells of one variable: the first problem of each kind at once, the others of that kind
 * and the target years that they cost as one line each when the graph has ended. The result lists
 * them so that the order in which they were found does not show.
 */
#ifndef CLIMNORM_ENGINE_REPORT_H
#define CLIMNORM_ENGINE_REPORT_H

#include "base/file_problems.h"
#include "engine/engine.h"

/* Zero-initialise. */
struct cn_reports {
    struct cn_file_problem *dropped; /* [dropped_count] files that cannot be read; of report_lock */
    size_t dropped_count;
    atomic_int
        *short_windows; /* [target_count] 1 + the years that could be read; 0: it is not short */
};

/* Makes room for the problems of the targets.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the engine's pool; cn_reports_free frees the rest.
 */
enum cn_status cn_reports_prepare(struct cn_engine *engine, struct cn_error *error);

/* Adds a problem to the result and shows it as a message. The variable's first problem is also
 * displayed. */
void cn_report(struct cn_engine *engine, const char *text);

/* Stops the engine because of an error, and shows it. The first error is kept; but one of the
 * machine replaces one that is not. */
void cn_engine_abort(struct cn_engine *engine, const struct cn_error *error);

/* Reports years of a file that cannot be read, once for the same years: what is first in the file.
 * The reason is copied. */
void cn_report_dropped(struct cn_engine *engine, const struct cn_file_problem *problem);

/* Notes a target, by its index, of whose window only `years` could be read.
 * Returns: whether it was not noted before. */
bool cn_report_short_window(struct cn_engine *engine, size_t target, int years);

/* Reports what is left, after the graph. */
void cn_reports_finish(struct cn_engine *engine);
void cn_reports_free(struct cn_engine *engine);

#endif
