/*
 * The periods of a config that gives none. The plan cuts them to the years that there are.
 */
#include "climnorm/config.h"

const struct cn_default_period cn_default_periods[CN_DEFAULT_PERIODS] = {
    {{"historical", 1980, 2014}, "historical"},
    {{"hybrid", 2015, 2044}, "hybrid-{scenario}"},
    {{"{scenario}", 2045, 2100}, "{scenario}"},
};
