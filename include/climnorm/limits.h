/*
 * Limits that arrays of fixed size rely on. The config is checked against them.
 */
#ifndef CLIMNORM_LIMITS_H
#define CLIMNORM_LIMITS_H

enum {
    CN_MAX_WINDOW = 1000, /* years of a window */
    CN_MAX_SLOTS = 366,   /* day slots of a year */
    CN_LAST_YEAR = 9999,  /* years are written with four digits */
};

#endif
