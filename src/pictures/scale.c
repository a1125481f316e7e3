/*
 * The colours are our own: anchors in Oklab, whose lightness ascends evenly, with straight lines
 * between them. Oklab: B. Ottosson, A perceptual color space for image processing (2020).
 */
#include "pictures/scale.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Lightness 0 to 1, chroma, hue in degrees. */
struct anchor {
    double lightness, chroma, hue;
};

enum { MOST_ANCHORS = 7, TICKS = 6 };

static const struct palette {
    size_t count;
    struct anchor anchors[MOST_ANCHORS];
} palettes[][2] = {
    [CN_TEMPERATURE] = {{6,
                         {{.24, .09, 278},
                          {.40, .15, 295},
                          {.55, .17, 345},
                          {.70, .15, 30},
                          {.83, .13, 70},
                          {.94, .11, 102}}},
                        {7,
                         {{.32, .12, 262},
                          {.52, .13, 250},
                          {.76, .08, 235},
                          {.97, .005, 90},
                          {.78, .10, 45},
                          {.55, .17, 28},
                          {.34, .12, 22}}}},
    [CN_WATER] = {{6,
                   {{.985, .005, 110},
                    {.86, .06, 190},
                    {.70, .09, 215},
                    {.53, .11, 245},
                    {.38, .12, 265},
                    {.25, .08, 275}}},
                  {7,
                   {{.34, .07, 60},
                    {.55, .10, 68},
                    {.78, .08, 80},
                    {.97, .005, 100},
                    {.78, .07, 190},
                    {.55, .09, 195},
                    {.34, .06, 200}}}},
    [CN_OTHER_QUANTITY] = {{6,
                            {{.97, .03, 105},
                             {.85, .11, 120},
                             {.70, .12, 155},
                             {.54, .09, 185},
                             {.39, .07, 215},
                             {.25, .05, 260}}},
                           {7,
                            {{.32, .13, 312},
                             {.55, .12, 310},
                             {.78, .06, 310},
                             {.97, .005, 100},
                             {.78, .09, 145},
                             {.55, .11, 148},
                             {.34, .08, 150}}}},
};

static double to_srgb(double linear)
{
    const double bounded = fmin(fmax(linear, 0), 1);
    return bounded <= 0.0031308 ? 12.92 * bounded : 1.055 * pow(bounded, 1 / 2.4) - 0.055;
}

struct cn_colour cn_scale_colour(const struct cn_scale *scale, double share)
{
    const struct palette *palette = &palettes[scale->quantity][scale->is_change];
    const double place = fmin(fmax(share, 0), 1) * (double)(palette->count - 1);
    size_t k = (size_t)place;
    k = k < palette->count - 2 ? k : palette->count - 2;
    const double f = place - (double)k;
    const struct anchor *at = &palette->anchors[k];
    double lab[2][3];
    for (int i = 0; i < 2; i++) {
        lab[i][0] = at[i].lightness;
        lab[i][1] = at[i].chroma * cos(at[i].hue * M_PI / 180);
        lab[i][2] = at[i].chroma * sin(at[i].hue * M_PI / 180);
    }
    for (int c = 0; c < 3; c++)
        lab[0][c] += f * (lab[1][c] - lab[0][c]);
    const double l = pow(lab[0][0] + 0.3963377774 * lab[0][1] + 0.2158037573 * lab[0][2], 3);
    const double m = pow(lab[0][0] - 0.1055613458 * lab[0][1] - 0.0638541728 * lab[0][2], 3);
    const double s = pow(lab[0][0] - 0.0894841775 * lab[0][1] - 1.2914855480 * lab[0][2], 3);
    return (struct cn_colour){to_srgb(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
                              to_srgb(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
                              to_srgb(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

double cn_nice_step(double range, size_t most)
{
    static const double steps[] = {1, 2, 2.5, 5, 10};
    const double least = range / (double)most;
    const double power = pow(10, floor(log10(least)));
    size_t k = 0;
    while (k < 4 && steps[k] * power < least * (1 - 1e-9))
        k++;
    return steps[k] * power;
}

static int compare_shown(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Moves the values that are there to the front. Returns how many. */
static size_t keep_values(double *values, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i]))
            values[kept++] = values[i];
    return kept;
}

void cn_scale_set(struct cn_scale *scale, const double *values, size_t count, double low,
                  double high)
{
    const double slack = 1e-6 * (high - low);
    scale->low = low;
    scale->high = high;
    scale->step = cn_nice_step(high - low, TICKS);
    scale->is_cut_low = scale->is_cut_high = false;
    for (size_t i = 0; i < count; i++) {
        scale->is_cut_low |= values[i] < low - slack;
        scale->is_cut_high |= values[i] > high + slack;
    }
}

void cn_scale_choose(struct cn_scale *scale, double *values, size_t count, double middle)
{
    const double most_stretch = 1.6; /* the range of all values, of that of 98 % of them */
    const size_t kept = keep_values(values, count);
    double low = middle, high = middle + 1;
    qsort(values, kept, sizeof *values, compare_shown);
    if (kept) {
        const double near_low = values[kept / 100], near_high = values[kept - 1 - kept / 100];
        const bool is_far = values[kept - 1] - values[0] > most_stretch * (near_high - near_low) &&
                            near_high > near_low;
        low = is_far ? near_low : values[0];
        high = is_far ? near_high : values[kept - 1];
    }
    if (scale->is_change) {
        const double most = fmax(fabs(low - middle), fabs(high - middle));
        low = middle - most;
        high = middle + most;
    }
    if (!(high - low > 1e-9 * fmax(fabs(low), fabs(high)))) { /* a constant */
        const double half = fmax(0.01 * fabs(low), 1e-30);
        low -= half;
        high += half;
    }
    if (!scale->is_change && low > 0 && low < 0.3 * high)
        low = 0;
    const double half_step = cn_nice_step(high - low, TICKS) / 2;
    if (scale->is_change) {
        const double most = ceil((high - middle) / half_step - 1e-6) * half_step;
        low = middle - most;
        high = middle + most;
    } else {
        low = floor(low / half_step + 1e-6) * half_step;
        high = ceil(high / half_step - 1e-6) * half_step;
    }
    cn_scale_set(scale, values, kept, low, high);
}

const char *cn_tick_text(double value, double step, char text[CN_TICK_BYTES])
{
    const double magnitude = fmax(fabs(value), step);
    int decimals = (int)fmax(0, -floor(log10(step) + 1e-9));
    const double scaled = step * pow(10, decimals);
    decimals += fabs(scaled - round(scaled)) > 1e-6; /* 2.5 */
    if (fabs(value) < 1e-9 * step)
        value = 0;
    const char *sign = value < 0 ? "\u2212" : "";
    if (decimals > 5 || magnitude >= 1e6)
        snprintf(text, CN_TICK_BYTES, "%s%.3g", sign, fabs(value));
    else
        snprintf(text, CN_TICK_BYTES, "%s%.*f", sign, decimals, fabs(value));
    return text;
}
