/*
 * The task graph of one variable.
 */
#ifndef CLIMNORM_ENGINE_GRAPH_H
#define CLIMNORM_ENGINE_GRAPH_H

#include "engine/engine.h"

/* Runs all tasks with engine->threads threads, and waits for them. Failures are left in the
 * engine. Loads, batches and outputs are prepared.
 * Errors: CN_BAD_MACHINE: out of memory, and no task has run. */
enum cn_status cn_graph_run(struct cn_engine *engine, struct cn_error *error);

#endif
