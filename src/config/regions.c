/*
 * The built-in regions. Users compare their results between runs, so the bounds never change, and a
 * config cannot redefine them.
 */
#include "config/builder.h"

const struct cn_region cn_builtin_regions[] = {
    {"CONUS", "Conterminous United States", false, {234, 294}, {24, 50}},
    {"AK", "Alaska", false, {170, 235}, {50, 72}},
    {"HI", "Hawaii", false, {181.63, 205.20}, {18.92, 28.45}},
    {"PRVI", "Puerto Rico and the U.S. Virgin Islands", false, {292.03, 295.49}, {17.62, 18.57}},
    {"GU", "Guam and the Northern Mariana Islands", false, {144.58, 146.12}, {13.18, 20.61}},
    {"GLOBAL", "Global", true, {0, 360}, {-90, 90}},
    {.name = NULL},
};
