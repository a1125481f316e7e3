/*
 * Prints for each line "PATTERN<TAB>PATH" whether the path fits: 1 or 0; or, without a tab, what is
 * wrong with the pattern.
 */
#include "base/glob.h"

#include <stdio.h>
#include <string.h>

int main(void)
{
    char line[8192];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        char *tab = strchr(line, '\t');
        if (tab) {
            *tab = '\0';
            printf("%d\n", cn_glob_fits(line, tab + 1));
        } else {
            const char *fault = cn_glob_fault(line);
            printf("%s\n", fault ? fault : "");
        }
    }
    return 0;
}
