/*
 * What is known of a phase other than the run, and its text: a line, or a frame on a terminal. No
 * clock and no I/O.
 */
#ifndef CLIMNORM_PROGRESS_PHASE_H
#define CLIMNORM_PROGRESS_PHASE_H

#include "climnorm/progress.h"
#include "progress/canvas.h"
#include "progress/snapshot.h"

struct cn_phase_row {
    const char *text; /* "examining files" */
    const char *unit; /* of its count: "file" */
    double line_s;    /* not 0: lines instead of frames, in all modes, the first at once */
};

extern const struct cn_phase_row cn_phase_rows[];

struct cn_phase_state {
    const char *text;     /* "examining files", or a sentence; NULL: nothing is known yet */
    const char *unit;     /* NULL: there is no count */
    uint64_t done, total; /* total 0: not known */
    uint64_t bytes;       /* 0: not counted */
    double bytes_per_s;   /* 0: not known */
    double eta_s;         /* negative: not known */
};

/* The paces of one count. Zero-initialise, again where another count begins. */
struct cn_phase_pace {
    struct cn_rate_estimate done, bytes;
};

/* Sets what is estimated of a state that has a count: elapsed_s after the count began. */
void cn_phase_estimate(struct cn_phase_state *state, struct cn_phase_pace *pace, double elapsed_s);

/* Adds a line: "climnorm: examining files: 3/40 files, ~00:12 left". */
void cn_render_plain_phase(struct cn_text *out, const struct cn_phase_state *state);
/* Adds a frame: one line if all fits, else some more. */
void cn_render_tty_phase(struct cn_text *out, const struct cn_phase_state *state,
                         const struct cn_screen *screen);

#endif
