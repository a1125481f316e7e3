/*
 * Signals: SIGINT and SIGTERM ask to stop, the second of them ends the program; SIGHUP asks to
 * stop; SIGUSR1 asks how far it is. Once a stop is asked for, all but the work itself has a few
 * seconds: nobody may be reading what is printed. The handlers only touch atomics and make calls
 * that are safe in them.
 */
#ifndef CLIMNORM_CLI_SIGNALS_H
#define CLIMNORM_CLI_SIGNALS_H

#include "climnorm/progress.h"

/* From now on signals are caught. */
void cn_signals_catch(void);

/* The number of the first signal that asked to stop; 0: none has. */
extern const atomic_int *const cn_stop_signal;

/* Whether SIGUSR1 came since the last call, and no display was there to answer it. */
bool cn_signals_status_requested(void);

/* A display is there, or (NULL) will be gone: SIGUSR1 is passed on to it, and an end at once lets
 * it finish its frame. */
void cn_signals_show(struct cn_progress *progress);

/* The work, which looks at cn_stop_signal and ends soon, begins; it is over, and what is left is to
 * say what came of it. */
void cn_signals_begin(void);
void cn_signals_end(int exit_code);

#endif
