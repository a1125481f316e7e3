/*
 * Edit distance between short words: optimal string alignment (Levenshtein's edits and swaps of
 * neighbours). Words longer than LONGEST are never near.
 */
#include "base/suggest.h"

#include "base/ascii.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 64 };

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
    return cn_lower(a) == cn_lower(b);
}

static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    uint8_t edits[LONGEST + 1][LONGEST + 1]; /* [i][j]: from the first i letters of a to j of b */
    for (size_t i = 0; i <= a_length; i++)
        for (size_t j = 0; j <= b_length; j++) {
            size_t least = i + j;
            if (i && j)
                least = min_size(edits[i - 1][j - 1] + !same_letter(a[i - 1], b[j - 1]),
                                 min_size(edits[i - 1][j], edits[i][j - 1]) + 1);
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                same_letter(a[i - 2], b[j - 1]))
                least = min_size(least, edits[i - 2][j - 2] + 1);
            edits[i][j] = (uint8_t)least;
        }
    return edits[a_length][b_length];
}

void cn_suggest(struct cn_suggestion *suggestion, const char *candidate)
{
    size_t word = strnlen(suggestion->word, LONGEST + 1), other = strnlen(candidate, LONGEST + 1);
    if (word > LONGEST || other > LONGEST)
        return;
    size_t distance = edit_distance(suggestion->word, word, candidate, other);
    if (distance > (word < 6 ? 1 : word / 3) ||
        (suggestion->best && distance >= suggestion->distance))
        return;
    suggestion->best = candidate;
    suggestion->distance = distance;
}

const char *cn_suggestion_text(const struct cn_suggestion *suggestion,
                               char hint[CN_SUGGESTION_BYTES])
{
    hint[0] = '\0';
    if (suggestion->best)
        snprintf(hint, CN_SUGGESTION_BYTES, " (did you mean \"%s\"?)", suggestion->best);
    return hint;
}
