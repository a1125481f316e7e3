/*
 * Who reads a file. Decided once, here, from what the catalog knows of its storage: `climnorm
 * inspect` and a run cannot differ.
 */
#ifndef CLIMNORM_SOURCE_BACKEND_H
#define CLIMNORM_SOURCE_BACKEND_H

#include "source/reader.h"

enum { CN_REASON_BYTES = 128 };

/* reason: "", or why the file is not one for the parallel decoder: "several instants a day".
 * Returns: the backend that reads it. */
const struct cn_backend *cn_backend_choose(const struct cn_file *file,
                                           char reason[CN_REASON_BYTES]);

#endif
