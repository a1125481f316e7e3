/*
 * The publisher: threads that sync and rename written files, and sync their folders. fsync takes
 * milliseconds of waiting, on a slow disk far more, so no task does it for a file.
 */
#ifndef CLIMNORM_ENGINE_PUBLISHER_H
#define CLIMNORM_ENGINE_PUBLISHER_H

#include "engine/engine.h"

/* Starts the threads. Where none can be started, cn_publisher_add publishes itself.
 * Owns: the caller calls cn_publisher_finish. */
void cn_publisher_start(struct cn_engine *engine);

/* Queues a written temporary with so many normals, to be published as `path`; out of memory:
 * publishes it at once. The normals count as written once the file's name lasts. A failure aborts
 * the engine.
 * Owns: `path` must outlive the publisher; the temporary is published or removed. */
void cn_publisher_add(struct cn_engine *engine, const char *path, const char *temporary,
                      size_t normals);

/* Waits until the queue is empty, and ends the threads. Some seconds after a request to stop, what
 * is still queued is removed instead, and the engine stops. May be called twice. */
void cn_publisher_finish(struct cn_engine *engine);

#endif
