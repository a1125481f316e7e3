/*
 * Writes texts, numbers and bytes so that a browser shows them and does nothing else with them.
 */
#include "report/markup.h"

#include "base/utf8.h"

#include <math.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TEXT_BYTES = 2000 };

void cn_markup_text(struct cn_strbuf *page, const char *text)
{
    const char *at = text, *before = text;
    for (uint32_t code; (code = cn_utf8_next(&at)) != 0; before = at) {
        const char *entity = code == '&'                                    ? "&amp;"
                             : code == '<'                                  ? "&lt;"
                             : code == '>'                                  ? "&gt;"
                             : code == '"'                                  ? "&quot;"
                             : code == '\''                                 ? "&#39;"
                             : code == '\n' || code == '\t' || code == '\r' ? " "
                             : !cn_is_printable(code)                       ? "?"
                                                                            : NULL;
        if (at - text > MOST_TEXT_BYTES) {
            cn_strbuf_add(page, "…");
            return;
        }
        if (entity)
            cn_strbuf_append(page, entity, strlen(entity));
        else
            cn_strbuf_append(page, before, (size_t)(at - before));
    }
}

void cn_markup_power(struct cn_strbuf *page, int exponent)
{
    static const char *const digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    const int size = abs(exponent);
    cn_strbuf_add(page, "10%s", exponent < 0 ? "⁻" : "");
    for (int unit = size >= 100 ? 100 : size >= 10 ? 10 : 1; unit > 0; unit /= 10)
        cn_strbuf_add(page, "%s", digits[size / unit % 10]);
}

static void add_rounded(struct cn_strbuf *page, double number, const char *plus)
{
    char text[40];
    const double size = fabs(number);
    if (!isfinite(number)) {
        cn_strbuf_add(page, "no value");
        return;
    }
    const bool is_power = size != 0 && (size < 1e-3 || size >= 1e6);
    if (is_power)
        snprintf(text, sizeof text, "%.3e", size);
    else if (size >= 1000)
        snprintf(text, sizeof text, "%.0f", size);
    else
        snprintf(text, sizeof text, "%.*f",
                 size >= 100              ? 1
                 : size >= 1 || size == 0 ? 2
                 : size >= 0.1            ? 3
                                          : 4,
                 size);
    const bool is_zero = strspn(text, "0.") == strlen(text);
    cn_strbuf_add(page, "%s%.*s",
                  is_zero      ? ""
                  : number < 0 ? "\u2212"
                               : plus,
                  (int)strcspn(text, "e"), text);
    if (is_power) {
        cn_strbuf_add(page, "\u202f×\u202f");
        cn_markup_power(page, (int)floor(log10(strtod(text, NULL)) + 1e-6));
    }
}

void cn_markup_number(struct cn_strbuf *page, double number)
{
    add_rounded(page, number, "");
}

void cn_markup_change(struct cn_strbuf *page, double number)
{
    add_rounded(page, number, "+");
}

void cn_markup_count(struct cn_strbuf *page, size_t count, const char *one, const char *many)
{
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%zu", count);
    for (int i = 0; i < length; i++)
        cn_strbuf_add(page, "%s%c", i && (length - i) % 3 == 0 ? "\u202f" : "", digits[i]);
    cn_strbuf_add(page, "\u00a0%s", count == 1 ? one : many);
}

void cn_markup_base64(struct cn_strbuf *page, const unsigned char *bytes, size_t count)
{
    enum { PIECE = 3 * 1024 };
    for (size_t at = 0; at < count; at += PIECE) {
        const size_t size = count - at < PIECE ? count - at : PIECE;
        char text[BASE64_ENCODE_RAW_LENGTH(PIECE)];
        base64_encode_raw(text, size, bytes + at);
        cn_strbuf_append(page, text, BASE64_ENCODE_RAW_LENGTH(size));
    }
}
