/*
 * The two ways of reading behind cn_reader, and the rooms of the parallel decoder.
 */
#ifndef CLIMNORM_SOURCE_BACKENDS_H
#define CLIMNORM_SOURCE_BACKENDS_H

#include "source/block.h"

/* Tiles that cover stretch and box; false: finding them in the file would take too long. */
bool cn_decoder_plan(struct cn_reader *read);
enum cn_status cn_decoder_open(struct cn_reader *read, struct cn_error *error);
/* Where the bytes of a unit lie: `bytes` of them within `spread`. False: it has none. */
bool cn_decoder_place(const struct cn_reader *read, size_t unit, uint64_t *address,
                      uint64_t *spread, uint64_t *bytes);
/* `file`: a descriptor, only read. */
enum cn_status cn_decoder_unit(const struct cn_reader *read, int file, size_t unit,
                               struct cn_scratch *scratch, struct cn_error *error);

/* The part of a tile that lies in the box, without bytes, and where the tile begins. */
struct cn_block cn_decoder_block(const struct cn_reader *read, size_t unit, size_t begin[3]);
bool cn_decoder_needs(const struct cn_reader *read, const struct cn_block *block);

/* Values of a chunk, at the edge too: chunks are stored full size. */
size_t cn_chunk_elements(const struct cn_storage *storage);
/* Chunks of HDF5 files. Tiles are chunks; false: HDF5 would take too long to find them. */
void cn_chunks_tiles(struct cn_reader *read);
bool cn_chunks_are_few(const struct cn_reader *read);
/* Finds their places, and the fill value; takes the HDF5 lock. */
enum cn_status cn_chunks_find(struct cn_reader *read, struct cn_error *error);
/* Completes the block with what the chunk that begins at `begin` holds. */
enum cn_status cn_chunks_read(const struct cn_reader *read, int file, size_t unit,
                              const size_t begin[3], struct cn_scratch *scratch,
                              struct cn_block *block, struct cn_error *error);

/* More bytes than any filter makes of `bytes`. */
size_t cn_encoded_bound(size_t bytes);
/* Undoes the filters of a chunk, `size` bytes at `stored`: in scratch buffer 0 or outside of
 * scratch. `mask`: bit k: filter k was left out. A shuffle that was the first step stays.
 * It stops where a filter is unknown. CN_BAD_INPUT: *wrong says what the chunk does. */
enum cn_status cn_filters_undo(const struct cn_reader *read, unsigned mask,
                               const unsigned char *stored, size_t size, struct cn_scratch *scratch,
                               struct cn_raw *raw, const char **wrong);

/* Whether the chunks that hold the instants first … end - 1 are as long as they should be and match
 * their checksums, as far as the decoder knows their filters. Takes the HDF5 lock. */
enum cn_status cn_chunks_verify(const struct cn_reader *read, size_t first, size_t end,
                                struct cn_scratch *scratch, struct cn_error *error);

/* Pieces of files without chunks. */
void cn_contiguous_plan(struct cn_reader *read);
/* `block`: without bytes. Returns how many lie within *spread from *address on. */
uint64_t cn_contiguous_span(const struct cn_reader *read, const struct cn_block *block,
                            uint64_t *address, uint64_t *spread);
enum cn_status cn_contiguous_read(const struct cn_reader *read, int file,
                                  struct cn_scratch *scratch, struct cn_block *block,
                                  struct cn_error *error);

enum cn_status cn_netcdf_plan(struct cn_reader *read, struct cn_error *error);
enum cn_status cn_netcdf_decode(const struct cn_reader *read, size_t first, size_t count,
                                struct cn_scratch *scratch, struct cn_error *error);

/* A call of HDF5 or netCDF-C failed and left this errno, 0 before it: the machine's fault, or that
 * of a damaged file. `what` says what cannot be done, for a message. */
enum cn_status cn_fail_library(const struct cn_reader *read, int reason, const char *what,
                               struct cn_error *error);

/* Reads just these bytes of an open file, or copies them from scratch->ahead. */
enum cn_status cn_file_bytes(const struct cn_reader *read, int file, uint64_t address, size_t size,
                             struct cn_scratch *scratch, unsigned char *bytes,
                             struct cn_error *error);
/* Where these bytes are in scratch->ahead; NULL: not there. Counts them as read. */
const unsigned char *cn_prefetched_bytes(struct cn_scratch *scratch, uint64_t address, size_t size);

#endif
