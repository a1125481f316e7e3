/*
 * What a child process found in a file, handed over to its parent.
 */
#ifndef CLIMNORM_CATALOG_FILE_ARCHIVE_H
#define CLIMNORM_CATALOG_FILE_ARCHIVE_H

#include "base/serialize.h"
#include "climnorm/catalog.h"

/* Packs all that a usable file tells, or unpacks it into *file. CN_BAD_INPUT: what was unpacked is
 * nothing that cn_files_inspect finds in any file. Path and base are not carried. */
enum cn_status cn_archive_file(struct cn_archive *archive, struct cn_file *file,
                               struct cn_error *error);

#endif
