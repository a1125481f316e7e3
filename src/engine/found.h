/*
 * Which results have a value, and which groups of the year, and what a run tells of those that have
 * none: equal lines of several regions and products become one.
 */
#ifndef CLIMNORM_ENGINE_FOUND_H
#define CLIMNORM_ENGINE_FOUND_H

#include "engine/engine.h"

/* What is known of the values of a normal. */
enum cn_found { CN_NOT_MADE, CN_NO_VALUE, CN_HAS_VALUE };

/* Zero-initialise. */
struct cn_found_values {
    size_t normal_count; /* the most that a target has */
    atomic_uchar *found; /* [target_count][normal_count] enum cn_found of what is encoded */
    atomic_uint *groups; /* [target_count][normal_count][words] bit g: in group g of the year */
};

/* Sets engine->found.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the engine's pool. */
enum cn_status cn_found_prepare(struct cn_engine *engine, struct cn_error *error);

/* Notes whether a part of a normal that was encoded has a value. Any thread may call it. */
void cn_found_normal(struct cn_engine *engine, size_t target, size_t normal, bool has_value);

/* Returns: whether a value of the normal is known. */
bool cn_is_value_known(const struct cn_engine *engine, size_t target, size_t normal);

/* The same of a group of the year. */
void cn_found_group(struct cn_engine *engine, size_t target, size_t normal, size_t group);
bool cn_is_group_known(const struct cn_engine *engine, size_t target, size_t normal, size_t group);

/* Forgets what is known of a normal: it is made again. */
void cn_found_forget(struct cn_engine *engine, size_t target, size_t normal);

/* Adds a warning for each kind of results without any value. Nothing is told of a run that goes on
 * with passes of another one, or that was stopped: their values are not known.
 * Errors: problems->lost. */
void cn_found_report(const struct cn_engine *engine, struct cn_problems *problems);

#endif
