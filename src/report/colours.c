/*
 * Tables of colours, and which quantity has which. Heat is plasma and the scale of others viridis
 * (matplotlib, CC0); the others are ColorBrewer's YlGnBu, RdBu and BrBG (Apache 2.0). All can be
 * told apart by people who are blind to red or green.
 */
#include "report/colours.h"

#include <math.h>
#include <string.h>

enum { STOPS = 9 };

static const uint32_t stops[CN_COLOUR_SCALES][STOPS] = {
    [CN_COLOURS_HEAT] = {0x0d0887, 0x4c02a1, 0x7e03a8, 0xaa2395, 0xcc4778, 0xe66c5c, 0xf89540,
                         0xfdc527, 0xf0f921},
    [CN_COLOURS_WATER] = {0xffffd9, 0xedf8b1, 0xc7e9b4, 0x7fcdbb, 0x41b6c4, 0x1d91c0, 0x225ea8,
                          0x253494, 0x081d58},
    [CN_COLOURS_OTHER] = {0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c, 0x28ae80, 0x5ec962,
                          0xaddc30, 0xfde725},
    [CN_COLOURS_CHANGE] = {0x2166ac, 0x4393c3, 0x92c5de, 0xd1e5f0, 0xf7f7f7, 0xfddbc7, 0xf4a582,
                           0xd6604d, 0xb2182b},
    [CN_COLOURS_CHANGE_WATER] = {0x8c510a, 0xbf812d, 0xdfc27d, 0xf6e8c3, 0xf5f5f5, 0xc7eae5,
                                 0x80cdc1, 0x35978f, 0x01665e},
};

void cn_colour(enum cn_colours scale, double at, uint8_t rgb[3])
{
    const double place = fmin(fmax(at, 0), 1) * (STOPS - 1);
    const int k = place < STOPS - 1 ? (int)place : STOPS - 2;
    for (int c = 0; c < 3; c++) {
        const double low = (double)(stops[scale][k] >> (16 - 8 * c) & 255);
        const double high = (double)(stops[scale][k + 1] >> (16 - 8 * c) & 255);
        rgb[c] = (uint8_t)lround(low + (high - low) * (place - k));
    }
}

enum cn_colours cn_colours_of(const char *standard_name, const char *units, const char *name)
{
    static const char *const heat[] = {"K", "degC", "degF", "celsius", "Celsius", NULL};
    for (int k = 0; heat[k]; k++)
        if (strcmp(units, heat[k]) == 0)
            return CN_COLOURS_HEAT;
    if (strstr(standard_name, "temperature"))
        return CN_COLOURS_HEAT;
    if (strstr(standard_name, "precipitation") || strstr(standard_name, "humidity") ||
        strstr(standard_name, "snow") || strncmp(name, "pr", 2) == 0 || strncmp(name, "hu", 2) == 0)
        return CN_COLOURS_WATER;
    return CN_COLOURS_OTHER;
}

enum cn_colours cn_colours_of_change(enum cn_colours scale)
{
    return scale == CN_COLOURS_WATER ? CN_COLOURS_CHANGE_WATER : CN_COLOURS_CHANGE;
}
