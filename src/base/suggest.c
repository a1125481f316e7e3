/*
 * Edit distance between short words: optimal string alignment (Levenshtein's edits and swaps of
 * neighbours). Words longer than LONGEST are never near.
 */
#include "base/suggest.h"

#include <ctype.h>
#include <stdbool.h>
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
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][LONGEST + 1]; /* of the matrix: i % 3 is row i */
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            bool same = same_letter(a[i - 1], b[j - 1]);
            now[j] = min_size(before[j - 1] + !same, min_size(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                same_letter(a[i - 2], b[j - 1]))
                now[j] = min_size(now[j], earlier[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

void cn_suggest(struct cn_suggestion *suggestion, const char *candidate)
{
    size_t word = strnlen(suggestion->word, LONGEST + 1), other = strnlen(candidate, LONGEST + 1);
    if (word > LONGEST || other > LONGEST)
        return;
    size_t edits = distance(suggestion->word, word, candidate, other);
    if (edits > (word < 6 ? 1 : word / 3) || (suggestion->best && edits >= suggestion->distance))
        return;
    suggestion->best = candidate;
    suggestion->distance = edits;
}

const char *cn_suggestion_text(const struct cn_suggestion *suggestion,
                               char hint[CN_SUGGESTION_BYTES])
{
    hint[0] = '\0';
    if (suggestion->best)
        snprintf(hint, CN_SUGGESTION_BYTES, " (did you mean \"%s\"?)", suggestion->best);
    return hint;
}
