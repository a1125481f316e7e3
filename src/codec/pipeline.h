/*
 * The filters of a chunk in their order: whether codecs can undo them all, and undoing them. Knows
 * the table of codecs, and no single codec but the shuffle that kernels undo by themselves.
 */
#ifndef CLIMNORM_CODEC_PIPELINE_H
#define CLIMNORM_CODEC_PIPELINE_H

#include "codec/scratch.h"

/* The filters for people: "shuffle + deflate 5", "none". Returns: text. */
const char *cn_pipeline_describe(const struct cn_storage *storage, char *text, size_t size);

/* Returns: the first filter that no codec undoes within bounds; NULL: codecs undo them all. */
const struct cn_filter *cn_pipeline_first_unknown(const struct cn_storage *storage);

/* One filter for people: "deflate 5"; the name that the file gives it; "filter 32000". Returns:
 * text. */
const char *cn_filter_describe(const struct cn_filter *filter, char *text, size_t size);

/* Returns: the most bytes that a chunk of `bytes` may be stored in. */
size_t cn_encoded_bound(size_t bytes);

/* Undoes the filters of one chunk. `mask`, of HDF5: bit k: filter k was left out. stored[size]: in
 * scratch buffer 0 or outside of scratch. raw: elements and width are given; sets bytes and
 * shuffled: a shuffle that was the first step stays, and kernels undo it. It stops before a filter
 * that no codec undoes; then raw->bytes is NULL, and all that came before is right.
 * Returns: CN_OK. Errors: CN_BAD_INPUT: *fault says what the chunk does ("does not match its
 * checksum"); CN_BAD_MACHINE: out of memory. Owns: raw->bytes is `stored` or of the scratch. */
enum cn_status cn_pipeline_decode(const struct cn_storage *storage,
                                  const struct cn_kernels *kernels, uint32_t mask,
                                  const unsigned char *stored, size_t size,
                                  struct cn_scratch *scratch, struct cn_raw *raw,
                                  const char **fault);

#endif
