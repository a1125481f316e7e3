/*
 * Which outputs are there already.
 */
#ifndef CLIMNORM_CLI_SURVEY_H
#define CLIMNORM_CLI_SURVEY_H

#include "climnorm/plan.h"

/* Sets `wanted` of every output by output.existing. CN_BAD_USAGE: a file is there and must not be.
 */
enum cn_status cn_survey(struct cn_plan *plan, const struct cn_watch *watch,
                         struct cn_error *error);

#endif
