/*
 * Where the lines of a display go: to the screen, or what takes its place, and to a log. Each has
 * its own mode and its own intervals.
 */
#ifndef CLIMNORM_PROGRESS_OUTLET_H
#define CLIMNORM_PROGRESS_OUTLET_H

#include "climnorm/progress.h"
#include "progress/text.h"

/* Where lines go, and when the last ones did. */
struct cn_outlet {
    enum cn_progress_mode mode; /* never auto */
    struct cn_text *lines;
    double interval_s;         /* 0: that of the mode */
    enum cn_phase shown_phase; /* of the latest line or frame */
    double phase_shown_s;      /* when it was shown */
    double last_line_s;        /* when a line of the run was written */
};

/* Returns: the seconds between two lines. On a terminal a phase has no frame during the first of
 * them. */
static inline double cn_line_interval_s(const struct cn_outlet *outlet)
{
    static const double intervals_s[] = {[CN_PROGRESS_TTY] = 1,
                                         [CN_PROGRESS_PLAIN] = 10,
                                         [CN_PROGRESS_JSON] = 1,
                                         [CN_PROGRESS_NONE] = 0};
    return outlet->interval_s > 0 ? outlet->interval_s : intervals_s[outlet->mode];
}

#endif
