/*
 * The forms are those of the WRF User's Guide ("Times") and of the MPAS Mesh Specification
 * ("xtime"). A day and a time of day with an underscore between them is a reference date of CF but
 * for the underscore.
 */
#include "catalog/time_texts.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/pool.h"
#include "calendar/time.h"
#include "catalog/attributes.h"

#include <netcdf.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WIDTH = 512 }; /* of a text with the blanks behind it */

enum cn_status cn_time_texts_find(const struct cn_nc_file *nc, const int *dimids, size_t rank,
                                  struct cn_coordinate *time, size_t *position,
                                  struct cn_error *error)
{
    static const char *const names[] = {"Times", "xtime"};
    *time = (struct cn_coordinate){.name = NULL};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        int varid, own_rank, own_dimids[NC_MAX_VAR_DIMS];
        nc_type type;
        size_t length;
        if (nc_inq_varid(nc->ncid, names[n], &varid) != NC_NOERR ||
            nc_inq_var(nc->ncid, varid, NULL, &type, &own_rank, own_dimids, NULL) != NC_NOERR ||
            type != NC_CHAR || own_rank != 2 ||
            nc_inq_dimlen(nc->ncid, own_dimids[0], &length) != NC_NOERR)
            continue;
        for (size_t d = 0; d < rank; d++) {
            struct cn_attribute *attributes = NULL;
            if (dimids[d] != own_dimids[0])
                continue;
            *position = d;
            *time = (struct cn_coordinate){.name = names[n],
                                           .varid = varid,
                                           .type = type,
                                           .rank = 2,
                                           .dimids = {own_dimids[0], own_dimids[1]},
                                           .length = length};
            const enum cn_status status = cn_attributes_read(nc->pool, nc->ncid, varid, &attributes,
                                                             &time->attribute_count, error);
            time->attributes = attributes;
            return status;
        }
    }
    return CN_OK;
}

const char *cn_time_texts_calendar(const struct cn_nc_file *nc, const struct cn_coordinate *time)
{
    static const char attribute[] = "config_calendar_type";
    char text[64] = "";
    size_t length;
    nc_type type;
    const char *own = cn_attribute_text(time->attributes, time->attribute_count, "calendar");
    if (own || nc_inq_att(nc->ncid, NC_GLOBAL, attribute, &type, &length) != NC_NOERR ||
        type != NC_CHAR || length >= sizeof text ||
        nc_get_att_text(nc->ncid, NC_GLOBAL, attribute, text) != NC_NOERR)
        return own;
    return strcmp(text, "gregorian_noleap") == 0 ? "noleap" : cn_pool_strdup(nc->pool, text);
}

/* Reads one text of so many bytes. */
static enum cn_status read_instant(const char *bytes, size_t width, enum cn_calendar calendar,
                                   double *value, struct cn_error *error)
{
    char text[MOST_WIDTH + 1];
    int64_t second = 0;
    struct cn_error own;
    memcpy(text, bytes, width);
    text[width] = '\0';
    size_t length = strlen(text);
    while (length && cn_is_space(text[length - 1]))
        length--;
    text[length] = '\0';
    char *underscore = strchr(text, '_');
    if (underscore)
        *underscore = ' ';
    if (!underscore || cn_reference_parse(text, calendar, &second, &own))
        return cn_fail(error, CN_BAD_INPUT,
                       "expected dates and times of the calendar %s such as 2000-01-31_12:00:00, "
                       "not '%.40s'",
                       cn_calendar_name(calendar), text);
    *value = (double)second;
    return CN_OK;
}

enum cn_status cn_time_texts_read(const struct cn_nc_file *nc, const struct cn_coordinate *time,
                                  enum cn_calendar calendar, double *values, struct cn_error *error)
{
    size_t width;
    struct cn_error own;
    if (nc_inq_dimlen(nc->ncid, time->dimids[1], &width) != NC_NOERR || width > MOST_WIDTH)
        return cn_fail(error, CN_BAD_INPUT, "'%s' is text of more than %d bytes", time->name,
                       MOST_WIDTH);
    char *texts = calloc(time->length, width + 1);
    if (!texts)
        return cn_fail_memory(error, "the time axis");
    const int code = nc_get_var_text(nc->ncid, time->varid, texts);
    enum cn_status status =
        code ? cn_fail(error, CN_BAD_INPUT, "'%s' cannot be read: %s; download the file again",
                       time->name, nc_strerror(code))
             : CN_OK;
    for (size_t i = 0; i < time->length && !status; i++)
        if (read_instant(texts + i * width, width, calendar, &values[i], &own))
            status = cn_fail(error, CN_BAD_INPUT, "text %zu of '%s' (counted from 0): %s", i,
                             time->name, own.text);
    free(texts);
    return status;
}
