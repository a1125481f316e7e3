/*
 * Guesses. Whoever reads a proposal corrects them.
 */
#include "cli/path_words.h"

#include "base/ascii.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "config/text_forms.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Whether digits of a path are a year, or a date that begins with one; but not a size such as
 * 1800x3600. */
static bool is_date(const char *path, const char *digits, size_t length)
{
    const char *end = digits + length;
    const bool is_size = (end[0] == 'x' && cn_is_digit(end[1])) ||
                         (digits - path > 1 && digits[-1] == 'x' && cn_is_digit(digits[-2]));
    return !is_size && length >= 4 && length <= 14 && length % 2 == 0 &&
           ((digits[0] == '1' && digits[1] >= '5') || (digits[0] == '2' && digits[1] < '5'));
}

/* Whether digits are a month, a day or a time that follows a date, which ends at `date_end`; but
 * not a resolution such as 25km. */
static bool is_rest_of_date(const char *date_end, const char *digits, size_t length)
{
    return length == 2 && digits == date_end + 1 && strchr("-_./:Ttmdh", *date_end) &&
           digits[0] < '6' && (!isalpha((unsigned char)digits[2]) || strchr("TtmdhZ", digits[2]));
}

const char *cn_path_pattern(struct cn_pool *pool, const char *path)
{
    struct cn_strbuf pattern = {0};
    const char *date_end = NULL;
    for (const char *at = path; *at;) {
        const size_t length = strspn(at, "0123456789");
        const bool is_open = length && (is_date(path, at, length) ||
                                        (date_end && is_rest_of_date(date_end, at, length)));
        for (size_t i = 0; i < length; i++)
            cn_strbuf_append(&pattern, is_open ? "?" : at + i, 1);
        at += length;
        date_end = is_open ? at : date_end;
        if (length)
            continue;
        const char *character = at;
        if (!cn_is_printable(cn_utf8_next(&at)))
            cn_strbuf_append(&pattern, "?", 1);
        else if (strchr("*?[", *character))
            cn_strbuf_add(&pattern, "[%c]", *character);
        else
            cn_strbuf_append(&pattern, character, (size_t)(at - character));
    }
    return cn_strbuf_to_pool(&pattern, pool);
}

/* Whether a word of a path is of the historical experiment. CESM has its files in folders "hist".
 */
static bool is_historical_word(const char *path, const char *word)
{
    const bool is_folder = (word == path || word[-1] == '/') && word[4] == '/';
    return cn_begins_with(word, "historical") || (!is_folder && !isalpha((unsigned char)word[4]));
}

const char *cn_path_scenario(const char *path, char scenario[CN_SCENARIO_BYTES])
{
    scenario[0] = '\0';
    for (const char *at = path; *at; at++) {
        const size_t digits = cn_begins_with(at, "ssp") ? 3 : cn_begins_with(at, "rcp") ? 2 : 0;
        if (cn_begins_with(at, "hist") && is_historical_word(path, at)) {
            scenario[0] = '\0';
            break;
        }
        if (digits && strspn(at + 3, "0123456789") == digits && !scenario[0])
            for (size_t i = 0; i < 3 + digits; i++) {
                scenario[i] = cn_lower(at[i]);
                scenario[i + 1] = '\0';
            }
    }
    return scenario;
}

void cn_own_name(const char *in_file, char *own, size_t size)
{
    size_t length = 0;
    bool has_letters = false;
    for (const char *at = in_file; *at && length < size - 1; at++) {
        const char letter[2] = {*at, '\0'};
        const bool is_plain = cn_text_has_form(CN_KEY_IDENTIFIER, letter);
        has_letters |= is_plain && !strchr("_-", *at);
        if (is_plain || !length || own[length - 1] != '_')
            own[length++] = is_plain ? *at : '_';
    }
    own[length] = '\0';
    if (!has_letters)
        snprintf(own, size, "variable");
}
