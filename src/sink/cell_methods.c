/*
 * cell_methods is a list of entries `name: [name: …] method [where …] [over …] [within …]
 * [(comment)]`. The last entry about time gets its climatological form; others about cells stay. A
 * text that does not parse counts as absent, so the result is always CF. Pure text, no files.
 */
#include "sink/cell_methods.h"

#include "base/strbuf.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* A word of the source. */
struct word {
    const char *at;
    size_t length;
};

/* What an entry is about. An output file has no height, model, …: such names go into a comment. */
enum { TIME = 1, CELLS = 2, OTHERS = 4 };

struct method_entry {
    const char *names, *method, *comment, *end; /* where each part begins */
    int kinds;                                  /* of its names */
    bool climatological;                        /* has within or over, days or years */
};

static const char *skip_whitespace(const char *at)
{
    while (isspace((unsigned char)*at))
        at++;
    return at;
}

/* Reads the word at *at and moves past it. It ends before blanks, parentheses and colons. */
static struct word read_word(const char **at)
{
    struct word word = {skip_whitespace(*at), 0};
    word.length = strcspn(word.at, " \t\n\v\f\r():");
    *at = word.at + word.length;
    return word;
}

static bool is(struct word word, const char *text)
{
    return word.length == strlen(text) && memcmp(word.at, text, word.length) == 0;
}

static int kind_of(struct word name)
{
    bool is_of_cells = is(name, "area") || is(name, "lat") || is(name, "lon");
    return is(name, "time") ? TIME : is_of_cells ? CELLS : OTHERS;
}

/* Reads `name:` and moves past it. False, and nothing moves: something else is there. */
static bool read_name(const char **at, struct word *name)
{
    const char *after = *at;
    *name = read_word(&after);
    if (!name->length || *after != ':')
        return false;
    *at = after + 1;
    return true;
}

/* Reads one word that is not a name. */
static bool read_plain_word(const char **at, struct word *word)
{
    const char *after = *at;
    *word = read_word(&after);
    if (!word->length || *after == ':')
        return false;
    *at = after;
    return true;
}

static bool skip_comment(const char **at)
{
    int depth = 0;
    for (const char *c = *at; *c; c++) {
        depth += (*c == '(') - (*c == ')');
        if (depth == 0) {
            *at = c + 1;
            return true;
        }
    }
    return false;
}

/* Reads the entry at *at and moves past it. False: not the grammar of CF. */
static bool read_method_entry(const char **at, struct method_entry *entry)
{
    *entry = (struct method_entry){.names = *at};
    struct word word;
    while (read_name(at, &word))
        entry->kinds |= kind_of(word);
    entry->method = *at;
    if (!entry->kinds || !read_plain_word(at, &word))
        return false;
    for (bool has_where = false; read_plain_word(at, &word);) {
        bool is_within = is(word, "within"), is_over = is(word, "over"),
             is_where = is(word, "where");
        if (!(is_within || is_over || is_where) || !read_plain_word(at, &word))
            return false;
        bool is_period = !is_where && (is(word, "days") || is(word, "years"));
        if (is_within && !is_period)
            return false;
        if (is_over && !is_period && !has_where) /* `where TYPE over TYPE` */
            return false;
        entry->climatological |= is_period;
        has_where |= is_where;
    }
    *at = entry->comment = skip_whitespace(*at);
    if (**at == '(' && !skip_comment(at))
        return false;
    entry->end = *at;
    *at = skip_whitespace(*at);
    return true;
}

/* Writes the words from `at` to `end`, each after one blank. */
static void put_words(struct cn_strbuf *out, const char *at, const char *end)
{
    for (at = skip_whitespace(at); at < end; at = skip_whitespace(at)) {
        cn_strbuf_add(out, " ");
        for (; at < end && !isspace((unsigned char)*at); at++)
            cn_strbuf_add(out, "%c", iscntrl((unsigned char)*at) ? '?' : *at);
    }
}

/* Writes those names that are of `kinds`. */
static void put_names(struct cn_strbuf *out, const char *at, int kinds, const char *colon)
{
    struct word name;
    while (read_name(&at, &name))
        if (kind_of(name) & kinds)
            cn_strbuf_add(out, " %.*s%s", (int)name.length, name.at, colon);
}

static void put_entry(struct cn_strbuf *out, const struct method_entry *entry)
{
    put_names(out, entry->names, TIME | CELLS, ":");
    put_words(out, entry->method, entry->end);
}

/* Writes the names of `kinds` as words of a comment, where a colon would make another entry. */
static void put_remark(struct cn_strbuf *out, const struct method_entry *entry, int kinds)
{
    cn_strbuf_add(out, out->length ? "," : "");
    put_names(out, entry->names, kinds, "");
    put_words(out, entry->method, entry->comment);
}

static void put_over(struct cn_strbuf *out, const struct cn_over_words *over)
{
    if (over->within)
        cn_strbuf_add(out, " time: %s over days", over->within);
    if (over->method)
        cn_strbuf_add(out, " time: %s over years", over->method);
}

static struct cn_strbuf begin_remarks(const struct cn_over_words *over)
{
    struct cn_strbuf remarks = {0};
    if (over->remark)
        cn_strbuf_add(&remarks, " %s", over->remark);
    return remarks;
}

/* Writes all remarks as one comment, and frees them. */
static void end_remarks(struct cn_strbuf *out, struct cn_strbuf *remarks)
{
    if (remarks->length)
        cn_strbuf_add(out, " (%s)", cn_strbuf_text(remarks) + 1);
    out->failed |= remarks->failed;
    cn_strbuf_free(remarks);
}

/* `area: time: M` is one method for both. Only its time part gets the climatological form. A
 * comment on it would have to stand behind all of it: it is left out. */
static void put_climatological(struct cn_strbuf *out, const struct method_entry *entry,
                               const struct cn_over_words *over)
{
    if (entry->kinds & CELLS) {
        put_names(out, entry->names, CELLS, ":");
        put_words(out, entry->method, entry->comment);
    }
    cn_strbuf_add(out, " time:");
    put_words(out, entry->method, entry->comment);
    if (!entry->climatological)
        cn_strbuf_add(out, " within days");
    put_over(out, over);
}

/* Finds the last entry about time: names is NULL where there is none. False: a text that is not CF.
 */
static bool find_last_time(const char *source, struct method_entry *last_time)
{
    struct method_entry entry;
    last_time->names = NULL;
    for (const char *at = source; *at;) {
        if (!read_method_entry(&at, &entry))
            return false;
        if (entry.kinds & TIME)
            *last_time = entry;
    }
    return true;
}

static const char *default_method(const char *variable)
{
    return strcmp(variable, "tasmax") == 0   ? "maximum"
           : strcmp(variable, "tasmin") == 0 ? "minimum"
                                             : "mean";
}

/* One of the three forms of CF section 7.4, and what else the source says as a comment. */
static void put_strict(struct cn_strbuf *out, const char *source,
                       const struct method_entry *last_time, const char *variable,
                       const struct cn_over_words *over)
{
    struct cn_strbuf remarks = begin_remarks(over);
    struct method_entry entry;
    struct word method = {default_method(variable), strlen(default_method(variable))};
    for (const char *at = source; *at;) {
        read_method_entry(&at, &entry);
        if (entry.names != last_time->names) {
            put_remark(&remarks, &entry, TIME | CELLS | OTHERS);
            continue;
        }
        const char *word = entry.method;
        read_plain_word(&word, &method);
        if (entry.kinds != TIME || skip_whitespace(word) < entry.comment)
            put_remark(&remarks, &entry, CELLS | OTHERS);
    }
    cn_strbuf_add(out, " time: %.*s within days", (int)method.length, method.at);
    if (!over->within)
        cn_strbuf_add(out, " time: mean over days");
    put_over(out, over);
    end_remarks(out, &remarks);
}

/* Every entry, that about time in its climatological form. */
static void put_all(struct cn_strbuf *out, const char *source, const struct method_entry *last_time,
                    const char *variable, const struct cn_over_words *over)
{
    struct cn_strbuf remarks = begin_remarks(over);
    struct method_entry entry;
    for (const char *at = source; *at;) {
        read_method_entry(&at, &entry);
        if (entry.kinds & OTHERS)
            put_remark(&remarks, &entry, OTHERS);
    }
    for (const char *at = source; *at;) {
        read_method_entry(&at, &entry);
        if (entry.names == last_time->names) {
            put_climatological(out, &entry, over);
            end_remarks(out, &remarks);
        } else if (entry.kinds & (TIME | CELLS)) {
            put_entry(out, &entry);
        }
    }
    if (!last_time->names) {
        cn_strbuf_add(out, " time: %s within days", default_method(variable));
        put_over(out, over);
        end_remarks(out, &remarks);
    }
}

char *cn_cell_methods(struct cn_pool *pool, const char *source, const char *variable,
                      const struct cn_over_words *over, bool is_coordinate)
{
    struct cn_strbuf out = {0};
    struct method_entry last_time;
    const char *at = skip_whitespace(source ? source : "");
    if (!find_last_time(at, &last_time)) {
        at = "";
        last_time.names = NULL;
    }
    if (is_coordinate && (over->within || !(last_time.names && last_time.climatological)))
        put_strict(&out, at, &last_time, variable, over);
    else
        put_all(&out, at, &last_time, variable, over);
    char *text = cn_strbuf_to_pool(&out, pool);
    return text ? text + 1 : NULL; /* without the first blank */
}
