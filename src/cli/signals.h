/*
 * Signals: SIGINT and SIGTERM ask to stop, the second of them ends the program; SIGHUP asks to
 * stop; SIGUSR1 asks how far it is. The handlers only touch atomics and make calls that are safe in
 * them.
 */
#ifndef CLIMNORM_CLI_SIGNALS_H
#define CLIMNORM_CLI_SIGNALS_H

#include "climnorm/progress.h"

/* From now on signals are caught. */
void cn_signals_catch(void);

/* The number of the first signal that asked to stop; 0: none has. */
extern const atomic_int *const cn_stop_signal;

/* Whether SIGUSR1 came since the last call, and no display was there to answer it. */
bool cn_signals_asked(void);

/* A display is there, or (NULL) will be gone: SIGUSR1 is passed on to it, and is_terminal says that
 * an end at once has to leave its cursor visible. */
void cn_signals_show(struct cn_progress *progress, bool is_terminal);

#endif
