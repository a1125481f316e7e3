/*
 * Guesses. Whoever reads a proposal corrects them.
 */
#include "cli/path_words.h"

#include "base/ascii.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "catalog/file_names.h"
#include "config/text_forms.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define DIGITS "0123456789"

/* Like CN_PATH_CLOSED. OPEN: of a date. The others: of what a date would have in this place. */
enum { OPEN = CN_PATH_CLOSED + 1, OPEN_MONTH, OPEN_DAY, OPEN_DAY_OF_YEAR };

static bool is_separator(char c)
{
    return c && strchr("-_./: ", c);
}

/* Whether digits of a path are a year, or a date that begins with one; but not a size such as
 * 1800x3600. */
static bool is_date(const char *path, const char *digits, size_t length)
{
    const char *end = digits + length;
    const bool is_size = (end[0] == 'x' && cn_is_digit(end[1])) ||
                         (digits - path > 1 && digits[-1] == 'x' && cn_is_digit(digits[-2]));
    return !is_size && cn_digits_year(digits, length);
}

/* Whether digits are a number of so many digits, from 1 to the greatest. */
static bool is_number_of(const char *digits, size_t length, int greatest)
{
    int number = 0;
    for (size_t i = 0; i < length; i++) {
        if (!cn_is_digit(digits[i]))
            return false;
        number = number * 10 + (digits[i] - '0');
    }
    return number > 0 && number <= greatest;
}

/* Whether digits behind a year may be the day of it: 2000_001. */
static bool is_day_of_year(const char *date, const char *date_end, const char *digits)
{
    return date_end - date == 4 && digits == date_end + 1 && is_separator(*date_end) &&
           strspn(digits, DIGITS) == 3 && !isalpha((unsigned char)digits[3]);
}

/* Whether digits are a month, a day or a time that follows a date, which ends at `date_end`; but
 * not a resolution such as 25km. */
static bool is_rest_of_date(const char *date_end, const char *digits, size_t length)
{
    return length == 2 && digits == date_end + 1 &&
           (is_separator(*date_end) || strchr("Ttmdh", *date_end)) && digits[0] < '6' &&
           (!isalpha((unsigned char)digits[2]) || strchr("TtmdhZ", digits[2]));
}

/* Whether two digits and a separator in front of a year or month are a number of their own: not the
 * end of a longer one, of a word or of a version, such as v01 and 1.02. */
static bool is_part_before(const char *path, const char *at, int greatest)
{
    return at - path >= 3 && is_separator(at[-1]) && is_number_of(at - 3, 2, greatest) &&
           (at - path == 3 || (!isalnum((unsigned char)at[-4]) &&
                               (at - path == 4 || at[-4] != '.' || !cn_is_digit(at[-5]))));
}

/* Opens a month in front of a year, and a day in front of it: 01_2000, 31-01-2000. */
static void open_before(const char *path, size_t year, char *opened)
{
    if (is_part_before(path, path + year, 12) && opened[year - 2] != OPEN) {
        memset(opened + year - 3, OPEN_MONTH, 2);
        if (is_part_before(path, path + year - 3, 31) && path[year - 4] == path[year - 1])
            memset(opened + year - 6, OPEN_DAY, 2);
    }
}

char *cn_path_open_dates(struct cn_pool *pool, const char *path)
{
    char *opened = cn_pool_strdup(pool, path);
    const char *date = path, *date_end = NULL;
    for (const char *at = path; opened && *at;) {
        const size_t length = strspn(at, DIGITS);
        const bool begins = length && is_date(path, at, length);
        const bool is_rest = length && date_end && is_rest_of_date(date_end, at, length);
        const bool is_day = length && date_end && is_day_of_year(date, date_end, at);
        if (begins && length == 4)
            open_before(path, (size_t)(at - path), opened);
        if (begins || is_rest || is_day) {
            memset(opened + (at - path), begins || is_rest ? OPEN : OPEN_DAY_OF_YEAR, length);
            date = at;
            date_end = at + length;
        }
        at += length ? length : 1;
    }
    return opened;
}

bool cn_path_next_place(const char *opened, struct cn_date_place *place)
{
    static const char marks[] = {OPEN_MONTH, OPEN_DAY, OPEN_DAY_OF_YEAR, '\0'};
    static const int greatest[] = {[OPEN_MONTH] = 12, [OPEN_DAY] = 31, [OPEN_DAY_OF_YEAR] = 366};
    place->at += place->length;
    place->at += strcspn(opened + place->at, marks);
    place->length = strspn(opened + place->at, (const char[]){opened[place->at], '\0'});
    place->greatest = opened[place->at] ? greatest[(int)opened[place->at]] : 0;
    return opened[place->at];
}

int cn_path_number(const char *path, const struct cn_date_place *place)
{
    int number = 0;
    for (size_t i = place->at; i < place->at + place->length; i++) {
        if (!cn_is_digit(path[i]))
            return 0;
        number = number * 10 + (path[i] - '0');
    }
    return number;
}

bool cn_path_names_member(const char *opened, const struct cn_date_place *place)
{
    static const char *const words[] = {"ens", "ensemble", "mem",         "memb",       "member",
                                        "run", "real",     "realization", "realisation"};
    size_t end = place->at, start;
    while (end && is_separator(opened[end - 1]))
        end--;
    for (start = end; start && isalpha((unsigned char)opened[start - 1]);)
        start--;
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        if (strlen(words[w]) == end - start && cn_begins_with(opened + start, words[w]))
            return true;
    return false;
}

const char *cn_path_pattern(struct cn_pool *pool, const char *path, const char *opened)
{
    struct cn_strbuf pattern = {0};
    char *copy = cn_pool_strdup(pool, opened);
    if (!copy)
        return NULL;
    for (size_t i = 0; copy[i]; i++)
        if (copy[i] == CN_PATH_CLOSED)
            copy[i] = path[i];
    for (const char *at = copy; *at;) {
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

/* Reads the digits of a scenario: 245 or 85, which may be written 2-4.5, 2_45, 8p5 or 5-RCP8.5.
 * False: they are none that experiments have. */
static bool read_forcing(const char *at, size_t count, char *digits)
{
    for (size_t i = 0; i < count; i++) {
        at += is_separator(*at) || (i == count - 1 && *at == 'p');
        if (i && i == count - 2 && cn_begins_with(at, "rcp"))
            at += 3 + is_separator(at[3]);
        if (!cn_is_digit(*at))
            return false;
        digits[i] = *at++;
    }
    digits[count] = '\0';
    return !cn_is_digit(*at) && strstr("19 26 34 45 60 70 85", digits + count - 2);
}

const char *cn_path_scenario(const char *path, char scenario[CN_SCENARIO_BYTES])
{
    scenario[0] = '\0';
    for (const char *at = path; *at; at++) {
        const char *family = cn_begins_with(at, "ssp") ? "ssp" : "rcp";
        if (cn_begins_with(at, "hist") && is_historical_word(path, at)) {
            scenario[0] = '\0';
            break;
        }
        if (cn_begins_with(at, family) && !scenario[0] &&
            read_forcing(at + 3, *family == 's' ? 3 : 2, scenario + 3))
            memcpy(scenario, family, 3);
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
