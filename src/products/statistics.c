/*
 * The table of statistics, their names, and how they are computed.
 */
#include "products/statistics.h"

#include <stdio.h>
#include <string.h>

enum {
    PERCENT = CN_WHOLE_SHARE / 100,
    MEDIAN = CN_WHOLE_SHARE / 2,
    MOST_TOGETHER = 16, /* quantiles of one call */
};

static const char median[] = "median";

const char *const cn_quantile_method_names[] = {
    [CN_QUANTILE_LINEAR] = "linear", [CN_QUANTILE_MEDIAN_UNBIASED] = "median_unbiased", NULL};

/* Costs: build/bench/bench_kernels on an Intel Xeon with AVX-512, in cache, with pools of 1 and 5.
 */
const struct cn_statistic_row cn_statistics[] = {
    [CN_MEAN] = {"mean", "mean", "mean", false, 0.85, 0.15},
    [CN_STANDARD_DEVIATION] = {"std", "standard_deviation", "standard deviation", true, 1.1, 0.46},
    [CN_MINIMUM] = {"min", "minimum", "minimum", false, 0.6, 0.15},
    [CN_MAXIMUM] = {"max", "maximum", "maximum", false, 0.6, 0.15},
    [CN_QUANTILE] = {"p", NULL, "percentile", false, 1.7, 1.7},
};

/* What each further quantile of the same samples takes, of the first. */
static const double FURTHER_COST = 0.12;

/* Reads the percent of "p90" or "p2.5"; 0: it is none. */
static uint32_t parse_percent(const char *text)
{
    const size_t whole = strspn(text, "0123456789");
    const bool has_point = text[whole] == '.';
    const size_t decimals = has_point ? strspn(text + whole + 1, "0123456789") : 0;
    if (!whole || whole > 2 || decimals > 4 || has_point != (decimals > 0) ||
        text[whole + has_point + decimals])
        return 0;
    uint32_t share = 0, unit = PERCENT;
    for (size_t k = 0; k < whole; k++)
        share = share * 10 + (uint32_t)(text[k] - '0') * PERCENT;
    for (size_t k = 0; k < decimals; k++)
        share += (uint32_t)(text[whole + 1 + k] - '0') * (unit /= 10);
    return share;
}

bool cn_over_parse(const char *text, struct cn_over *over)
{
    for (int s = CN_MEAN; s < CN_QUANTILE; s++)
        if (strcmp(text, cn_statistics[s].name) == 0) {
            *over = (struct cn_over){(enum cn_statistic)s, 0};
            return true;
        }
    const bool is_percentile = text[0] == *cn_statistics[CN_QUANTILE].name;
    const uint32_t share = strcmp(text, median) == 0 ? MEDIAN
                           : is_percentile           ? parse_percent(text + 1)
                                                     : 0;
    if (share)
        *over = (struct cn_over){CN_QUANTILE, share};
    return share > 0;
}

void cn_over_suggest(struct cn_suggestion *suggestion)
{
    for (int s = CN_MEAN; s < CN_QUANTILE; s++)
        cn_suggest(suggestion, cn_statistics[s].name);
    cn_suggest(suggestion, median);
}

const char *cn_over_text(const struct cn_over *over, char text[CN_OVER_BYTES])
{
    const char *name = cn_statistics[over->statistic].name;
    if (over->statistic == CN_QUANTILE)
        snprintf(text, CN_OVER_BYTES, "%s%.8g", name, (double)over->share / PERCENT);
    else
        snprintf(text, CN_OVER_BYTES, "%s", name);
    return text;
}

const char *cn_over_noun(const struct cn_over *over, char text[CN_OVER_BYTES])
{
    static const char *const endings[] = {"th", "st", "nd", "rd"};
    const uint32_t whole = over->share / PERCENT, last = whole % 10;
    const bool is_whole = over->share % PERCENT == 0;
    const char *ending = endings[is_whole && last <= 3 && whole / 10 != 1 ? last : 0];
    if (over->statistic != CN_QUANTILE)
        snprintf(text, CN_OVER_BYTES, "%s", cn_statistics[over->statistic].noun);
    else if (over->share == MEDIAN)
        snprintf(text, CN_OVER_BYTES, "%s", median);
    else
        snprintf(text, CN_OVER_BYTES, "%.8g%s %s", (double)over->share / PERCENT, ending,
                 cn_statistics[CN_QUANTILE].noun);
    return text;
}

const char *cn_over_method(const struct cn_over *over)
{
    return over->share == MEDIAN ? median : cn_statistics[over->statistic].method;
}

size_t cn_products_together(const struct cn_product *const *products, size_t count)
{
    size_t together = 1;
    while (products[0]->over.statistic == CN_QUANTILE && together < count &&
           together < MOST_TOGETHER && products[together]->over.statistic == CN_QUANTILE &&
           products[together]->min_values == products[0]->min_values)
        together++;
    return together;
}

double cn_products_cost(const struct cn_product *const *products, size_t count)
{
    const struct cn_statistic_row *row = &cn_statistics[products[0]->over.statistic];
    const double first = row->sample_cost + row->day_cost * products[0]->pool;
    return first * (1 + FURTHER_COST * (double)(count - 1));
}

static bool is_any_wanted(float *const *results, size_t count)
{
    size_t i = 0;
    while (i < count && !results[i])
        i++;
    return i < count;
}

void cn_products_compute(const struct cn_kernels *kernels, const struct cn_window_job *job,
                         const struct cn_product *const *products, size_t count,
                         enum cn_quantile_method method)
{
    const size_t samples = job->slots * job->targets;
    uint32_t shares[MOST_TOGETHER];
    struct cn_quantiles quantiles = {.method = method, .shares = shares};
    struct cn_window_job jobs[CN_QUANTILE + 1];
    bool is_there[CN_QUANTILE + 1] = {false};
    size_t job_count = 0, together;
    for (size_t p = 0; p < count; p += together) {
        together = cn_products_together(products + p, count - p);
        const enum cn_statistic statistic = products[p]->over.statistic;
        if (!is_any_wanted(job->results + p * samples, together * samples))
            continue;
        if (is_there[statistic]) {
            kernels->window_statistics(jobs, job_count);
            memset(is_there, 0, sizeof is_there);
            job_count = 0;
        }
        is_there[statistic] = true;
        if (statistic == CN_QUANTILE) {
            quantiles.count = together;
            for (size_t k = 0; k < together; k++)
                shares[k] = products[p + k]->over.share;
        }
        jobs[job_count] = *job;
        jobs[job_count].statistic = statistic;
        jobs[job_count].min_values = (size_t)products[p]->min_values;
        jobs[job_count].results = job->results + p * samples;
        jobs[job_count].counts = job->counts ? job->counts + p * samples : NULL;
        jobs[job_count++].quantiles = &quantiles;
    }
    if (job_count)
        kernels->window_statistics(jobs, job_count);
}
