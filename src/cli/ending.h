/*
 * The end that a library makes of the program: by exit(), or by a crash.
 */
#ifndef CLIMNORM_CLI_ENDING_H
#define CLIMNORM_CLI_ENDING_H

/* To be called first. From now on an exit() or a crash inside a library becomes one line on stderr
 * and exit code 3. Other crashes, and those of child processes, stay what they are. */
void cn_ending_watch(void);

/* The program ends on purpose now. */
void cn_ending_is_near(void);

#endif
