/*
 * An output file of climnorm as pictures need it: what it holds, and values of it. A child process
 * reads it, because HDF5 crashes on some damaged files. It knows nothing of drawing.
 */
#ifndef CLIMNORM_PICTURES_FIELD_H
#define CLIMNORM_PICTURES_FIELD_H

#include "base/pool.h"
#include "climnorm/calendar.h"
#include "climnorm/catalog.h"
#include "climnorm/product.h"

/* A window. */
struct cn_field_target {
    int year;                 /* the last of the window */
    const char *source_years; /* "1991-2020" */
    const char *scenario;
};

/* Of the file as a whole: attributes that are texts. X(NAME) */
#define CN_FIELD_TEXTS(X) \
    X(title)              \
    X(region)             \
    X(region_name)        \
    X(model)              \
    X(variant)            \
    X(product)            \
    X(baseline_years)

/* Of the variable. */
#define CN_FIELD_VARIABLE_TEXTS(X) \
    X(units)                       \
    X(long_name)                   \
    X(standard_name)               \
    X(cell_methods)

/* What an output file holds. All texts are printable UTF-8; "": the file does not say it. */
struct cn_field {
    const char *path, *variable;
#define CN_FIELD_MEMBER(name) const char *name;
    CN_FIELD_TEXTS(CN_FIELD_MEMBER)
    CN_FIELD_VARIABLE_TEXTS(CN_FIELD_MEMBER)
#undef CN_FIELD_MEMBER
    struct cn_grid grid;
    enum cn_time time; /* what slots are */
    size_t slot_count;
    enum cn_calendar calendar;
    enum cn_leap_day leap_day;
    bool is_stacked;
    struct cn_field_target *targets; /* [target_count], years ascend; 1 unless is_stacked */
    size_t target_count;
};

enum { CN_MOST_PICTURE_CELLS = 1 << 25 };

static inline size_t cn_field_cells(const struct cn_field *field)
{
    return field->grid.row_count * field->grid.column_count;
}

/* Finds out what the file at `path` holds.
 * Errors: CN_BAD_INPUT: it cannot be read, or is no output of climnorm. CN_BAD_MACHINE. Owns: all
 * lives in the pool; the path is the caller's. */
enum cn_status cn_field_open(struct cn_pool *pool, const char *path, struct cn_field *field,
                             struct cn_error *error);

/* Reads the mean over slots [first, first + count) of a target, which may go on with the first slot
 * behind the last: of each cell over those that have a value. NaN: none has. Of one slot these are
 * the values of the file, widened.
 * *values: [row_count][column_count]. Errors: CN_BAD_INPUT, CN_BAD_MACHINE. Owns: the pool. */
enum cn_status cn_field_map(struct cn_pool *pool, const struct cn_field *field, size_t target,
                            size_t first, size_t count, double **values, struct cn_error *error);

/* Reads the values of a cell, or, where `weights` is not NULL, the weighted means over the cells
 * that have a value. weights: [row_count][column_count], not negative.
 * *values: [target_count][slot_count]; NaN: missing. Errors: CN_BAD_INPUT, CN_BAD_MACHINE. Owns:
 * the pool. */
enum cn_status cn_field_series(struct cn_pool *pool, const struct cn_field *field, size_t cell,
                               const double *weights, double **values, struct cn_error *error);

/* Returns: the slot of a date, "07-15" as month 7 and day 15, in the target year, or in the latest
 * year before that has it; slot_count: no slot is of this date. The slots are days. */
size_t cn_field_slot_of_date(const struct cn_field *field, size_t target, int month, int day);

/* Finds the days of a month or season, counted from 0: those from its first day in the target year,
 * or in the latest year before that has it, to that of the next one. December to February go on
 * behind the last slot. The slots are days.
 * Returns: how many; 0: there are none. */
size_t cn_field_group_slots(const struct cn_field *field, size_t target, enum cn_time time,
                            size_t group, size_t *first);

enum { CN_SLOT_NAME_BYTES = 32 };

/* Names a slot for people: "15 July", "July", "DJF", "the year".
 * Returns: text. */
const char *cn_field_slot_name(const struct cn_field *field, size_t target, size_t slot,
                               char text[CN_SLOT_NAME_BYTES]);

#endif
