/*
 * What of the source files cannot be read, and which source years that costs: those with days in
 * the chunk, piece or block that fails, in whichever pass it is met. So the years do not depend on
 * how a variable is cut and loaded.
 */
#ifndef CLIMNORM_ENGINE_DAMAGE_H
#define CLIMNORM_ENGINE_DAMAGE_H

#include "engine/engine.h"
#include "source/reader.h"

/* Prepares engine->year_dropped and engine->damaged_from.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the engine's pool. */
enum cn_status cn_damage_prepare(struct cn_engine *engine, struct cn_error *error);

/* A unit of a reader failed: drops the years that have days in it, and reports them. After a
 * machine fault the engine stops instead. Any thread may call it. */
void cn_drop_unit(struct cn_engine *engine, const struct cn_reader *reader, size_t unit,
                  const struct cn_error *error);

/* The same for all that a load needs of a file. */
void cn_drop_file(struct cn_engine *engine, size_t load, const struct cn_file *file,
                  const struct cn_error *error);

/* Returns: whether one of `count` units from `first` on has days of a year of the load of which
 * nothing before it in the file is damaged. What is behind some damage is of no use. */
bool cn_are_units_needed(const struct cn_engine *engine, size_t load,
                         const struct cn_reader *reader, size_t first, size_t count);

#endif
