/*
 * The version of the library.
 */
#include "climnorm/version.h"

const char *cn_version(void)
{
    return CLIMNORM_VERSION;
}
