/*
 * Signals. The first SIGINT, SIGTERM or SIGHUP asks to stop; a second SIGINT or SIGTERM ends the
 * program at once. SIGUSR1 asks for the state. After a request to stop, everything but the work
 * itself has three seconds, because output may block. Handlers use only atomics and
 * async-signal-safe calls.
 */
#ifndef CLIMNORM_CLI_SIGNALS_H
#define CLIMNORM_CLI_SIGNALS_H

#include "climnorm/progress.h"

/* Installs the handlers. */
void cn_signals_catch(void);

/* The number of the first signal that asked to stop; 0: none has. */
extern const atomic_int *const cn_stop_signal;

/* Returns: "SIGINT", of a signal that asks to stop. */
const char *cn_stop_signal_name(int number);

/* Sets the display that handlers use: SIGUSR1 is passed on to it, and an end at once waits for its
 * frame. With NULL, returns when no handler uses the display any more. */
void cn_signals_set_display(struct cn_progress *progress);

/* Mark the begin and the end of the work. The three seconds do not hold for the work: it reads
 * cn_stop_signal itself and ends when it can. After the end only printing is left. */
void cn_signals_begin(void);
void cn_signals_end(int exit_code);

#endif
