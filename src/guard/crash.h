/*
 * The end that a library makes of the program: by exit(), or by a crash.
 */
#ifndef CLIMNORM_GUARD_CRASH_H
#define CLIMNORM_GUARD_CRASH_H

/* To be called first. From now on an exit() or a crash inside a library becomes one line on stderr
 * and exit code 3. Other crashes, and those of child processes, stay what they are. */
void cn_crash_watch(void);

/* The program ends on purpose now. */
void cn_crash_expect_exit(void);

#endif
