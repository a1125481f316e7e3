/*
 * Sizes with binary prefixes.
 */
#include "base/format.h"

#include <stdio.h>

const char *cn_format_bytes(uint64_t bytes, char text[24])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes / 1024;
    unsigned unit = 0;
    if (bytes < 1024) {
        snprintf(text, 24, "%u B", (unsigned)bytes);
        return text;
    }
    for (; value >= 999.5 && unit < 5; unit++)
        value /= 1024;
    snprintf(text, 24, "%.*f %s", value < 99.95, value, units[unit]);
    return text;
}
