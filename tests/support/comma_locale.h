/*
 * A locale in which numbers have decimal commas. localedef makes it, because few machines have one.
 */
#ifndef COMMA_LOCALE_H
#define COMMA_LOCALE_H

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Sets it for the process. False: there is no localedef, or no source of the locale. */
static inline bool set_comma_locale(void)
{
    char folder[] = "/tmp/climnorm-locale-XXXXXX", command[160];
    if (!mkdtemp(folder))
        return false;
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1",
             folder);
    bool is_set = system(command) == 0 && setenv("LOCPATH", folder, 1) == 0 &&
                  setlocale(LC_ALL, "de_DE.UTF-8");
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) == 0 && is_set;
}

#endif
