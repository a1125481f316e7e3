/*
 * From a file to slabs. A reader is one file's share of a load: a stretch of its time axis and
 * where each day goes. It is planned, opened once, decoded in units that are independent of each
 * other, by any threads, and closed. How a file is read is its backend's business.
 */
#ifndef CLIMNORM_SOURCE_FILE_READER_H
#define CLIMNORM_SOURCE_FILE_READER_H

#include "source/file_index.h"
#include "source/reader.h"

/* Plans the instants first … first + count - 1 of the index's file: units, and rows, all NULL. The
 * caller sets the rows before opening; units without any are not read. The
 * layout may be a part of that of the index. No I/O.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE: out of memory. Owns: cn_reader_free frees the reader,
 * also after a failure; the index must outlive it. */
enum cn_status cn_reader_plan(struct cn_reader *reader, struct cn_file_index *index,
                              const struct cn_layout *layout, const struct cn_kernels *kernels,
                              size_t first, size_t count, struct cn_error *error);

/* Lets decodes count implausible values. The caller sets the tallies before opening. After a
 * decode that failed, what it counted depends on chance. The plausibility must outlive the reader.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE: out of memory. */
enum cn_status cn_reader_watch_values(struct cn_reader *reader,
                                      struct cn_plausibility *plausibility, struct cn_error *error);

/* Checks that the file is the one that the catalog saw, and finds its chunks: in the index, or, for
 * the first reader of the file, with the HDF5 lock.
 * Returns: CN_OK. Errors: CN_BAD_INPUT: its source years cannot be read; CN_BAD_MACHINE. */
enum cn_status cn_reader_open(struct cn_reader *reader, struct cn_error *error);

/* Returns: about the bytes of scratch that it takes to decode any of these units. */
uint64_t cn_reader_scratch_bytes(const struct cn_reader *reader, size_t first, size_t count);

/* Decodes `count` units from `first` on into the rows. Any number of threads at once, each with its
 * own scratch. After a failure *failed is the unit that cannot be decoded; those behind it are not.
 * Returns: CN_OK. Errors: CN_BAD_INPUT: the unit is damaged, or the file changed; CN_BAD_MACHINE;
 * CN_STOPPED: scratch->stop asked for it. */
enum cn_status cn_reader_decode(const struct cn_reader *reader, size_t first, size_t count,
                                struct cn_scratch *scratch, size_t *failed, struct cn_error *error);

/* Returns: all instants of the file that have values in a unit: of a chunk, also those that the
 * reader does not need. */
struct cn_instants cn_reader_instants(const struct cn_reader *reader, size_t unit);

/* Where the bytes of `count` units from `first` on are in the opened file, with what is between
 * them.
 * Returns: false: not known, none are needed, or they are less than half of the span. */
bool cn_reader_span(const struct cn_reader *reader, size_t first, size_t count, uint64_t *address,
                    uint64_t *size);

/* Checks that the file did not change meanwhile, and gives up what decoding needed.
 * Returns: CN_OK. Errors: CN_BAD_INPUT: it changed; CN_BAD_MACHINE. */
enum cn_status cn_reader_close(struct cn_reader *reader, struct cn_error *error);
void cn_reader_free(struct cn_reader *reader);

#endif
