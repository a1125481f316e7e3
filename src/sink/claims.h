/*
 * Which process works on an unfinished output. Runs in one output root exclude each other, but
 * shards do not: two of them, of different divisions, may want one output.
 */
#ifndef CLIMNORM_SINK_CLAIMS_H
#define CLIMNORM_SINK_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

/* Claims the unfinished output with this number for the process, until cn_claims_release; again is
 * allowed. Children that are forked later do not have the claim. May be called by any thread.
 * Returns: false: another process has it, or the file system cannot lock. */
bool cn_claim(const char *output_root, uint64_t number);

/* Gives back all claims below an output root, and removes what they needed, unless another process
 * has claims there. */
void cn_claims_release(const char *output_root);

#endif
