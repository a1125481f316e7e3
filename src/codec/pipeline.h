/*
 * The filters of a chunk in their order: whether codecs can undo them all, and undoing them. Knows
 * the table of codecs, but of single codecs only shuffle, which kernels can undo.
 */
#ifndef CLIMNORM_CODEC_PIPELINE_H
#define CLIMNORM_CODEC_PIPELINE_H

#include "codec/scratch.h"

/* Writes the filters to text, for people: "shuffle + deflate 5", "none".
 * Returns: text. */
const char *cn_pipeline_describe(const struct cn_storage *storage, char *text, size_t size);

/* Returns: whether the filter can have its parameters, as far as codecs know. */
bool cn_filter_is_valid(const struct cn_filter *filter, const struct cn_storage *storage);

/* Returns: the first filter that only HDF5 undoes; NULL: codecs undo them all. */
const struct cn_filter *cn_pipeline_first_unknown(const struct cn_storage *storage);

/* Writes one filter to text, for people: "deflate 5"; the name that the file gives it; "filter
 * 32000".
 * Returns: text. */
const char *cn_filter_describe(const struct cn_filter *filter, char *text, size_t size);

/* Returns: the most bytes that a chunk of `bytes` may take as stored. */
size_t cn_encoded_bound(size_t bytes);

/* Undoes the last filter of the chunks scratch->ahead[0] and [1], of `bytes` each, at once, if it
 * has a codec that is faster so; cn_pipeline_decode goes on with the result. Sets their bytes and
 * size. stored: the same chunks as stored. masks: as below. needed: the elements whose values are
 * used; the others may be undefined. */
void cn_pipeline_decode_ahead(const struct cn_storage *storage, size_t bytes,
                              const struct cn_encoded stored[2], const uint32_t masks[2],
                              const struct cn_runs needed[2], struct cn_scratch *scratch);

/* Returns: whether it would, for chunks without a mask. */
bool cn_pipeline_goes_ahead(const struct cn_storage *storage);

/* Undoes the filters of one chunk. mask: bit k is set where filter k was left out. ahead: of the
 * chunk, if its last filter was undone ahead; else NULL. stored[size]: in
 * scratch buffer 0 or outside of the scratch. raw: elements and width are given; bytes and shuffled
 * are set. A shuffle that was the first filter stays, for kernels to undo.
 * It stops before a filter that only HDF5 undoes. Then raw->bytes is NULL, and the filters after it
 * were right. If the filter has a codec, HDF5 will read no byte beyond the chunk.
 * Returns: CN_OK. Errors: CN_BAD_INPUT: *fault says what the chunk does ("does not match its
 * checksum"); CN_BAD_MACHINE: out of memory. Owns: raw->bytes is `stored` or of the scratch. */
enum cn_status cn_pipeline_decode(const struct cn_storage *storage,
                                  const struct cn_kernels *kernels, uint32_t mask,
                                  const unsigned char *stored, size_t size,
                                  const struct cn_ahead *ahead, struct cn_scratch *scratch,
                                  struct cn_raw *raw, const char **fault);

#endif
