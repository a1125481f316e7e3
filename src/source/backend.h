/*
 * Which backend reads a file. This is decided here alone, from what the catalog knows of the
 * storage, so that `climnorm inspect` and a run cannot differ.
 */
#ifndef CLIMNORM_SOURCE_BACKEND_H
#define CLIMNORM_SOURCE_BACKEND_H

#include "source/reader.h"

enum { CN_REASON_BYTES = 128 };

/* Sets reason: "", or why the parallel decoder cannot read the file: "several instants a day".
 * Returns: the backend that reads it. */
const struct cn_backend *cn_backend_choose(const struct cn_file *file,
                                           char reason[CN_REASON_BYTES]);

#endif
