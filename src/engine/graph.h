/*
 * The task graph of one variable.
 */
#ifndef CLIMNORM_ENGINE_GRAPH_H
#define CLIMNORM_ENGINE_GRAPH_H

#include "engine/engine.h"

/* Runs all tasks with engine->threads threads, and waits for them. Failures are left in the
 * engine. Loads, batches and outputs are prepared. */
void cn_graph_run(struct cn_engine *engine);

#endif
