/*
 * The "C" locale for one thread, in which numbers have decimal points. Libraries and strtod read
 * "0.5" as 0 where the program has set a locale with decimal commas.
 */
#ifndef CLIMNORM_BASE_C_LOCALE_H
#define CLIMNORM_BASE_C_LOCALE_H

#include <locale.h>

/* Returns: what cn_c_locale_leave needs. */
static inline locale_t cn_c_locale_enter(void)
{
    return uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0)); /* 0, on failure, changes nothing */
}

static inline void cn_c_locale_leave(locale_t before)
{
    const locale_t own = uselocale(before);
    if (own != before)
        freelocale(own);
}

#endif
