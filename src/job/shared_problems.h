/*
 * The problems of all variables as lines for people: what several variables have in common is one
 * line, "pr, tas: years without a file: 2003; download them".
 */
#ifndef CLIMNORM_JOB_SHARED_PROBLEMS_H
#define CLIMNORM_JOB_SHARED_PROBLEMS_H

#include "climnorm/result.h"

/* Adds the lines of a result to a list, in the order in which they come first. Errors: lines->lost;
 * so it is where a list of the result has it. */
void cn_share_problems(const struct cn_result *result, struct cn_problems *lines);

#endif
