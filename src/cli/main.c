/*
 * The command line: picks the command. Only files in this folder print results or exit.
 */
#include <stdio.h>

int main(void)
{
    puts("climnorm " CLIMNORM_VERSION);
    return 0;
}
