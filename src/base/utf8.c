/*
 * The only UTF-8 decoder, and the only rule for what may go to a terminal.
 */
#include "base/utf8.h"

#include <string.h>

uint32_t cn_utf8_next(const char **at)
{
    const unsigned char *bytes = (const unsigned char *)*at;
    if (!bytes[0])
        return 0;
    (*at)++;
    if (bytes[0] < 0x80)
        return bytes[0];
    int more = bytes[0] >= 0xf0 ? 3 : bytes[0] >= 0xe0 ? 2 : 1;
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4)
        return CN_NOT_UTF8;
    uint32_t code = bytes[0] & (0x3fu >> more);
    for (int i = 1; i <= more; i++) {
        if ((bytes[i] & 0xc0) != 0x80) /* so nothing behind the NUL is read */
            return CN_NOT_UTF8;
        code = code << 6 | (bytes[i] & 0x3fu);
    }
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return CN_NOT_UTF8;
    *at += more;
    return code;
}

bool cn_is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == CN_NOT_UTF8;
}

bool cn_is_printable(uint32_t code)
{
    /* Invisible characters, line separators, and controls of the writing direction. */
    bool hidden = code == 0x061c || (code >= 0x200b && code <= 0x200f) ||
                  (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
                  code == 0xfeff;
    return !cn_is_control(code) && !hidden;
}

bool cn_is_printable_text(const char *text)
{
    while (*text)
        if (!cn_is_printable(cn_utf8_next(&text)))
            return false;
    return true;
}

void cn_make_printable(char *text)
{
    char *to = text;
    for (const char *at = text, *start = at; *at; start = at) {
        if (cn_is_printable(cn_utf8_next(&at))) {
            memmove(to, start, (size_t)(at - start));
            to += at - start;
        } else {
            *to++ = '?';
        }
    }
    *to = '\0';
}
