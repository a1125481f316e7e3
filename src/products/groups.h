/*
 * The tables of groups of days and of their values: all that the program knows of each. Other files
 * use the rows and name none of them.
 */
#ifndef CLIMNORM_PRODUCTS_GROUPS_H
#define CLIMNORM_PRODUCTS_GROUPS_H

#include "climnorm/product.h"
#include "kernels.h"

enum cn_group_unit {
    CN_UNIT_OF_SOURCE,
    CN_UNIT_TIMES_DAY, /* the source's times a day */
    CN_UNIT_OF_COUNT   /* 1 */
};

/* The days that count: those on this side of the threshold. */
enum cn_side { CN_NO_THRESHOLD, CN_ABOVE, CN_BELOW };

struct cn_within_row {
    const char *name;      /* in configs */
    const char *method;    /* in cell_methods: CF 1.8, appendix E */
    const char *noun;      /* for people: "sum"; with a threshold, which follows: "days above" */
    const char *plural;    /* for people: "sums"; NULL: of counts */
    const char *long_noun; /* for people, of a quantity: "sum of", "number of days with" */
    const char *relation;  /* of a value that counts to the threshold: ">"; NULL: it has none */
    enum cn_side side;
    enum cn_group_unit unit;
    void (*compute)(const struct cn_kernels *kernels, const struct cn_group_job *job);
};

/* [CN_DEFICIT + 1] */
extern const struct cn_within_row cn_withins[];

static inline bool cn_has_threshold(enum cn_within within)
{
    return cn_withins[within].side != CN_NO_THRESHOLD;
}

/* By enum cn_within and by enum cn_time: the words of configs, which end with NULL, and what each
 * means, for people. */
extern const char *const cn_within_names[], *const cn_within_meanings[];
extern const char *const cn_time_names[], *const cn_time_meanings[];

/* The same by enum cn_change, of which CN_DIFFERENCE is the first. */
extern const char *const cn_change_names[], *const cn_change_meanings[];

enum { CN_UNIT_BYTES = 100 }; /* of the longest unit that a config may name, without the NUL */
enum { CN_THRESHOLD_BYTES = CN_UNIT_BYTES + 40, CN_WITHIN_BYTES = CN_THRESHOLD_BYTES + 40 };

/* Returns: whether a unit's text names a date or a number to count from: "K since 1990",
 * "K @ 273.15". */
bool cn_names_origin(const char *unit);

/* Reads "90 degF"; the unit points into the text. Wants the C locale.
 * Returns: false: the text is no number and unit, or the unit has an origin, as "K since 1990";
 * *threshold is not set then. */
bool cn_threshold_parse(const char *text, struct cn_threshold *threshold);

/* Writes "90 degF" with all digits that the number needs.
 * Returns: text. */
const char *cn_threshold_text(const struct cn_threshold *threshold, char text[CN_THRESHOLD_BYTES]);

enum { CN_GROUP_BYTES = 32 };

/* Names a group of the year for people: "day slot 60", "January", "DJF", "the year".
 * Returns: text. */
const char *cn_group_name(enum cn_time time, size_t group, char text[CN_GROUP_BYTES]);

/* Names the value of a group for people: "sum", "days above 90 degF".
 * Returns: text. */
const char *cn_within_noun(const struct cn_product *product, char text[CN_WITHIN_BYTES]);

#endif
