/*
 * "Did you mean": which of several known words is nearest to an unknown one.
 */
#ifndef CLIMNORM_BASE_SUGGEST_H
#define CLIMNORM_BASE_SUGGEST_H

#include <stddef.h>

/* Initialise with .word alone. `best` is NULL until a candidate is near enough. */
struct cn_suggestion {
    const char *word;
    const char *best; /* the pointer given to cn_suggest */
    size_t distance;
};

/* Keeps the candidate if it is near, and nearer than all before. Near: at most a third of the
 * word's letters are inserted, deleted, replaced, or swapped with a neighbour. Case is ignored.
 * Owns: the caller; the candidate must live as long as the suggestion. */
void cn_suggest(struct cn_suggestion *suggestion, const char *candidate);

/* Size of a buffer for " (did you mean "…"?)". */
enum { CN_SUGGESTION_BYTES = 160 };

/* Writes that sentence; "" if no candidate is near.
 * Returns: hint. */
const char *cn_suggestion_text(const struct cn_suggestion *suggestion,
                               char hint[CN_SUGGESTION_BYTES]);

#endif
