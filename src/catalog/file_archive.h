/*
 * A file's metadata as bytes: what a worker process found, for its parent.
 */
#ifndef CLIMNORM_CATALOG_FILE_ARCHIVE_H
#define CLIMNORM_CATALOG_FILE_ARCHIVE_H

#include "base/serialize.h"
#include "climnorm/catalog.h"

/* Packs the metadata of a usable file, or the failure of one that is sound, or unpacks them into
 * *file, whose path and base are kept.
 * Errors: CN_BAD_INPUT: the bytes are not what cn_files_inspect finds in any file. CN_BAD_MACHINE:
 * out of memory. Owns: what is unpacked lives in archive->pool; the caller frees file->days with
 * cn_files_free. */
enum cn_status cn_archive_file(struct cn_archive *archive, struct cn_file *file,
                               struct cn_error *error);

#endif
