/*
 * From numbers to colours: scales of even lightness that are told apart also by people who see red
 * and green alike, and the round numbers beside them. Pure.
 */
#ifndef CLIMNORM_PICTURES_SCALE_H
#define CLIMNORM_PICTURES_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is shown; it decides the colours. */
enum cn_quantity { CN_TEMPERATURE, CN_WATER, CN_OTHER_QUANTITY };

struct cn_scale {
    enum cn_quantity quantity;
    bool is_change;               /* low and high lie as far from the middle, which is white */
    double low, high, step;       /* the ends, and the distance of numbers beside the bar */
    bool is_cut_low, is_cut_high; /* some values lie beyond an end */
};

struct cn_colour {
    double red, green, blue; /* 0 to 1, sRGB */
};

/* Returns: 1, 2, 2.5 or 5 times a power of ten, such that at most `most` steps fit into `range`,
 * which is above 0.
 */
double cn_nice_step(double range, size_t most);

/* Chooses the ends for values[count], of which NaN are missing. scale->quantity and is_change are
 * given. middle: of a change, the value that means none. Where few values lie far off, the ends
 * leave them out. Without values the ends are 0 and 1 from the middle. Sorts the values. */
void cn_scale_choose(struct cn_scale *scale, double *values, size_t count, double middle);

/* Takes these ends. The values say whether some lie beyond. low < high. */
void cn_scale_set(struct cn_scale *scale, const double *values, size_t count, double low,
                  double high);

/* Returns: the colour of a place on the scale; 0: the low end, 1: the high one. */
struct cn_colour cn_scale_colour(const struct cn_scale *scale, double share);

/* Returns: the place of a value, 0 to 1. */
static inline double cn_scale_share(const struct cn_scale *scale, double value)
{
    const double share = (value - scale->low) / (scale->high - scale->low);
    return share < 0 ? 0 : share > 1 ? 1 : share;
}

enum { CN_TICK_BYTES = 32 };

/* Writes a multiple of the step with as many decimals as it needs, and a minus sign.
 * Returns: text. */
const char *cn_tick_text(double value, double step, char text[CN_TICK_BYTES]);

#endif
