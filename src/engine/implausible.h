/*
 * Values that a variable cannot have: which are looked for, and what is told of them when the graph
 * has ended. Years that could not be read do not count.
 */
#ifndef CLIMNORM_ENGINE_IMPLAUSIBLE_H
#define CLIMNORM_ENGINE_IMPLAUSIBLE_H

#include "catalog/plausible.h"
#include "engine/engine.h"
#include "source/reader.h"

/* What is looked for in a variable, for readers of its files. Zero-initialise. */
struct cn_value_check {
    const struct cn_variable *variable;
    struct cn_plausible_limits limits;
    struct cn_plausibility shared; /* if limits.row is there */
};

/* Finds out what is plausible of a variable.
 * Errors: CN_BAD_MACHINE. Owns: the caller, with cn_value_check_end, in any case. */
enum cn_status cn_value_check_begin(struct cn_value_check *check,
                                    const struct cn_variable *variable, struct cn_error *error);
void cn_value_check_end(struct cn_value_check *check);

/* Adds a warning of what a tally has found among about so many values: "LABEL: 3 values are
 * implausible, outside …, the farthest …". Only one thread may call this, see catalog/units.h.
 * Errors: problems->lost. */
void cn_value_check_warn(const struct cn_value_check *check, const struct cn_tally *tally,
                         double values, const char *label, struct cn_problems *problems);

/* Adds a detail of that warning: the values of a file or a year, which the label names.
 * Errors: problems->lost. */
void cn_value_check_detail(const struct cn_value_check *check, const struct cn_tally *tally,
                           const char *label, struct cn_problems *problems);

/* Of a run: */
struct cn_implausible {
    struct cn_value_check check;
    struct cn_tally *tallies; /* [year_count] by source year; NULL: nothing is looked for */
};

/* Sets engine->implausible.
 * Errors: CN_BAD_MACHINE. Owns: the engine's pool; cn_implausible_finish frees the rest. */
enum cn_status cn_implausible_prepare(struct cn_engine *engine, struct cn_error *error);

/* Lets a reader count the values of a source year in some of its instants. None are counted in
 * another attempt: an earlier one has counted them. */
void cn_implausible_count(const struct cn_engine *engine, const struct cn_reader *reader,
                          size_t instant, size_t year);

/* Adds a warning to the problems, and a detail for each source year. */
void cn_implausible_report(const struct cn_engine *engine, struct cn_problems *problems);
void cn_implausible_finish(struct cn_engine *engine);

#endif
