/*
 * JSON that climnorm run --summary and climnorm-bench wrote. Nothing in it is trusted.
 */
#ifndef CLIMNORM_REPORT_RECORD_H
#define CLIMNORM_REPORT_RECORD_H

#include "climnorm/error.h"

#include <jansson.h>

/* Reads a JSON object. path NULL: there is none. option and what: for errors, "--summary" and what
 * it names.
 * *record: NULL where there is none. Errors: CN_BAD_USAGE. Owns: the caller, with json_decref. */
enum cn_status cn_record_read(const char *path, const char *option, const char *what,
                              json_t **record, struct cn_error *error);

/* Returns: a text or a number of an object; "" and NaN: it has none. */
const char *cn_record_text(const json_t *object, const char *key);
double cn_record_number(const json_t *object, const char *key);

#endif
