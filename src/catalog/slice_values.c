/*
 * Texts of one length are filled with NUL or with blanks; neither counts. A coordinate without a
 * value that can be chosen is none.
 */
#include "catalog/slice_values.h"

#include "base/error.h"
#include "base/pool.h"
#include "base/utf8.h"
#include "catalog/attributes.h"
#include "catalog/kept.h"
#include "climnorm/limits.h"

#include <math.h>
#include <netcdf.h>
#include <string.h>

static enum cn_status read_slice_numbers(const struct cn_nc_file *nc, int varid,
                                         struct cn_slice_values *slices, struct cn_error *error)
{
    struct cn_coordinate coordinate;
    enum cn_status status = cn_coordinate_read(nc, varid, &coordinate, error);
    double *numbers = cn_pool_alloc(nc->pool, slices->count, sizeof *numbers);
    if (!numbers)
        return cn_fail_memory(error, "coordinates");
    const char *units =
        status ? NULL
               : cn_attribute_text(coordinate.attributes, coordinate.attribute_count, "units");
    if (!status)
        status = cn_numbers_read(nc, &coordinate, numbers, slices->count, error);
    bool has_any = false;
    for (size_t i = 0; i < slices->count && !status; i++)
        has_any |= isfinite(numbers[i]) != 0;
    slices->numbers = has_any ? numbers : NULL; /* one without values is none */
    slices->units = units ? units : "";
    return status;
}

size_t cn_slice_text_bytes(const char *text, size_t most)
{
    size_t length = strnlen(text, most);
    while (length && text[length - 1] == ' ')
        length--;
    return length;
}

/* Whether input.select can have a text. */
static bool is_choice(const char *text)
{
    return *text && strlen(text) <= CN_SELECT_BYTES && strcmp(text, "all") != 0 &&
           cn_is_printable_text(text);
}

static enum cn_status read_slice_texts(const struct cn_nc_file *nc,
                                       const struct cn_flat_variable *flat,
                                       struct cn_slice_values *slices, struct cn_error *error)
{
    struct cn_grid_variable table = {0};
    enum cn_status status = cn_flat_read(nc, flat, slices->dim, &table, error);
    const char **texts = cn_pool_alloc(nc->pool, slices->count, sizeof *texts);
    if (!texts)
        return cn_fail_memory(error, "coordinates");
    bool has_any = false;
    for (size_t i = 0; i < slices->count && !status; i++) {
        const char *text = (const char *)table.values + i * table.width;
        texts[i] = cn_pool_strndup(nc->pool, text, cn_slice_text_bytes(text, table.width));
        if (!texts[i])
            return cn_fail_memory(error, "coordinates");
        has_any |= is_choice(texts[i]);
    }
    slices->texts = has_any ? texts : NULL;
    return status;
}

enum cn_status cn_slice_values_read(const struct cn_nc_file *nc, int dimid,
                                    struct cn_slice_values *slices, struct cn_error *error)
{
    struct cn_flat_variable flat;
    int varid;
    if (nc_inq_varid(nc->ncid, slices->dim, &varid) != NC_NOERR ||
        !cn_flat_inquire(nc, varid, &flat) || flat.dimid != dimid || flat.width > CN_SELECT_BYTES)
        return CN_OK;
    return flat.type == NC_CHAR || flat.type == NC_STRING
               ? read_slice_texts(nc, &flat, slices, error)
               : read_slice_numbers(nc, varid, slices, error);
}

size_t cn_slice_twin(const struct cn_slice_values *slices, size_t i)
{
    size_t k = 0;
    if (!slices->numbers && !slices->texts)
        return slices->count;
    while (k < slices->count &&
           (k == i || !(slices->numbers ? slices->numbers[k] == slices->numbers[i]
                                        : strcmp(slices->texts[k], slices->texts[i]) == 0)))
        k++;
    return k;
}

bool cn_slice_may_be_chosen(const struct cn_slice_values *slices, size_t i)
{
    return (!slices->numbers || isfinite(slices->numbers[i])) &&
           (!slices->texts || is_choice(slices->texts[i])) &&
           cn_slice_twin(slices, i) == slices->count;
}
