/*
 * What every test in C starts with: cmocka, in front of it the headers that it needs. A test
 * includes the header of its module first, then this one.
 */
#ifndef CLIMNORM_TESTS_CN_TEST_H
#define CLIMNORM_TESTS_CN_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* For one row of a table: a failure prints which. */
#define assert_row(condition, row)                       \
    do {                                                 \
        if (!(condition))                                \
            fail_msg("row \"%s\": %s", row, #condition); \
    } while (0)

#endif
