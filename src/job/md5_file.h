/*
 * The MD5 sum of an input file.
 */
#ifndef CLIMNORM_JOB_MD5_FILE_H
#define CLIMNORM_JOB_MD5_FILE_H

#include "climnorm/catalog.h"
#include "climnorm/watch.h"
#include "codec/scratch.h"
#include "job/md5_list.h"

/* Reads the whole file. is_examined: it has to have the size and time that the catalog knows.
 * Where the watch asks to stop, md5 stays as it is.
 * Errors: CN_BAD_INPUT: it cannot be read, or has changed. CN_BAD_MACHINE. */
enum cn_status cn_md5_file(const struct cn_file *file, bool is_examined, struct cn_scratch *scratch,
                           const struct cn_watch *watch, char md5[CN_MD5_TEXT],
                           struct cn_error *error);

#endif
