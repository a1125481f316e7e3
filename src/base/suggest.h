/*
 * "Did you mean": which of several words is nearest to one that nobody knows.
 */
#ifndef CLIMNORM_BASE_SUGGEST_H
#define CLIMNORM_BASE_SUGGEST_H

#include <stddef.h>

/* Initialise with .word alone; `best` stays NULL until a candidate is near enough. */
struct cn_suggestion {
    const char *word;
    const char *best; /* the candidate as it was offered */
    size_t distance;
};

/* Keeps the candidate when it is nearer than all before. Near is a third of the word in edits: a
 * letter more, less, other, or swapped with its neighbour; upper and lower case are one. */
void cn_suggest(struct cn_suggestion *suggestion, const char *candidate);

/* Room for " (did you mean "…"?)". */
enum { CN_SUGGESTION_BYTES = 160 };

/* That sentence, or "" when nothing is near. Returns hint. */
const char *cn_suggestion_text(const struct cn_suggestion *suggestion,
                               char hint[CN_SUGGESTION_BYTES]);

#endif
