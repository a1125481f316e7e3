/*
 * What a child process found in a file, handed over to its parent.
 */
#ifndef CLIMNORM_CATALOG_HANDOVER_H
#define CLIMNORM_CATALOG_HANDOVER_H

#include "base/parcel.h"
#include "climnorm/catalog.h"

/* Packs all that a usable file tells, or unpacks it into *file. CN_BAD_INPUT: what was unpacked is
 * nothing that cn_files_examine finds in any file. Path and base are not carried. */
enum cn_status cn_file_carry(struct cn_parcel *parcel, struct cn_file *file,
                             struct cn_error *error);

#endif
