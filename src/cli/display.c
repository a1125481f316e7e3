/*
 * From the options of a command to its display.
 */
#include "cli/display.h"

#include "cli/log.h"
#include "cli/signals.h"

#include <unistd.h>

enum { READER_S = 60, READER_STOPPED_S = 1 };

struct cn_progress *cn_display_start(const struct cn_arguments *arguments, struct cn_error *error)
{
    struct cn_progress *progress;
    error->status = cn_progress_start(arguments->quiet ? CN_PROGRESS_NONE : arguments->progress,
                                      STDERR_FILENO, &progress, error);
    cn_log_follow(arguments->log_file, progress);
    cn_signals_set_display(progress);
    return progress;
}

void cn_display_stop(struct cn_progress *progress, bool is_result)
{
    cn_signals_set_display(NULL);
    cn_progress_stop(progress,
                     is_result && !atomic_load(cn_stop_signal) ? READER_S : READER_STOPPED_S);
}
