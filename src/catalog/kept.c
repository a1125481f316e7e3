/*
 * Coordinates are kept as they are stored, with their attributes. What an output makes of them is
 * decided in src/sink.
 */
#include "catalog/kept.h"

#include "base/error.h"
#include "base/pool.h"
#include "catalog/attributes.h"
#include "catalog/units.h"

#include <math.h>
#include <netcdf.h>
#include <string.h>

enum {
    MOST_KEPT = 16,
    MOST_TEXT = 4096, /* bytes of a text */
    MOST_NAME = 200,  /* bytes of a name: the sink may put some in front */
    MOST_BYTES = 8 * CN_MAX_CELLS
};

/* The data variable of a file. */
struct kept_search {
    const struct cn_nc_file *nc;
    const int *dimids;
    const struct cn_storage *storage;
    struct cn_grid *grid;
    const char **lost; /* of struct cn_file */
};

/* Whether a variable has the name of its only dimension. */
static bool is_named_like_dim(const struct cn_nc_file *nc, int varid, int rank, int dimid)
{
    char name[NC_MAX_NAME + 1], dim[NC_MAX_NAME + 1];
    return rank == 1 && nc_inq_varname(nc->ncid, varid, name) == NC_NOERR &&
           nc_inq_dimname(nc->ncid, dimid, dim) == NC_NOERR && strcmp(name, dim) == 0;
}

bool cn_flat_inquire(const struct cn_nc_file *nc, int varid, struct cn_flat_variable *flat)
{
    int rank, dimids[NC_MAX_VAR_DIMS];
    *flat = (struct cn_flat_variable){.varid = varid, .width = 1, .dimid = -1, .count = 1};
    if (nc_inq_var(nc->ncid, varid, NULL, &flat->type, &rank, dimids, NULL) != NC_NOERR ||
        (!cn_type_bytes(flat->type) && flat->type != NC_STRING))
        return false;
    if (flat->type == NC_CHAR && rank > 0 && !is_named_like_dim(nc, varid, rank, dimids[0]) &&
        (nc_inq_dimlen(nc->ncid, dimids[--rank], &flat->width) != NC_NOERR || !flat->width ||
         flat->width > MOST_TEXT))
        return false;
    if (rank == 1) {
        flat->dimid = dimids[0];
        if (nc_inq_dimlen(nc->ncid, dimids[0], &flat->count) != NC_NOERR)
            return false;
    }
    const size_t bytes = flat->type == NC_STRING ? CN_SELECT_BYTES : cn_type_bytes(flat->type);
    return rank <= 1 && flat->count > 0 && flat->count <= MOST_BYTES / (bytes * flat->width);
}

/* The bytes of a text; of a longer one those of its first whole characters. */
static size_t whole_text_bytes(const char *text, size_t most)
{
    size_t length = text ? strnlen(text, most + 1) : 0;
    if (length <= most)
        return length;
    for (length = most; length && ((unsigned char)text[length] & 0xc0) == 0x80;)
        length--;
    return length;
}

/* Reads texts of netCDF-4 into a table of characters. */
static int read_strings(const struct cn_nc_file *nc, const struct cn_flat_variable *flat,
                        struct cn_grid_variable *kept)
{
    char **texts = cn_pool_alloc(nc->pool, flat->count, sizeof *texts);
    if (!texts)
        return NC_ENOMEM;
    const int code = nc_get_var_string(nc->ncid, flat->varid, texts);
    const size_t share = MOST_BYTES / flat->count, most = share < MOST_TEXT ? share : MOST_TEXT;
    kept->width = 1;
    for (size_t i = 0; i < flat->count && !code; i++) {
        const size_t length = whole_text_bytes(texts[i], most);
        kept->width = length > kept->width ? length : kept->width;
    }
    char *values = code ? NULL : cn_pool_alloc(nc->pool, flat->count, kept->width);
    for (size_t i = 0; i < flat->count && values; i++)
        if (texts[i])
            memcpy(values + i * kept->width, texts[i], whole_text_bytes(texts[i], most));
    if (!code)
        nc_free_string(flat->count, texts);
    kept->values = values;
    kept->type = NC_CHAR;
    return code || values ? code : NC_ENOMEM;
}

/* Reads numbers or characters. Those of types that CF 1.8 lacks become int, or double where they
 * do not fit. */
static int read_raw(const struct cn_nc_file *nc, const struct cn_flat_variable *flat,
                    struct cn_grid_variable *kept)
{
    const bool is_in_cf = flat->type <= NC_DOUBLE;
    const size_t bytes = is_in_cf ? cn_type_bytes(flat->type) : sizeof(double);
    void *values = cn_pool_alloc(nc->pool, flat->count * flat->width + 1, bytes);
    kept->type = is_in_cf ? flat->type : NC_INT;
    kept->width = flat->width;
    kept->values = values;
    if (!values)
        return NC_ENOMEM;
    int code = is_in_cf ? nc_get_var(nc->ncid, flat->varid, values)
                        : nc_get_var_int(nc->ncid, flat->varid, values);
    if (!is_in_cf && code == NC_ERANGE) {
        kept->type = NC_DOUBLE;
        code = nc_get_var_double(nc->ncid, flat->varid, values);
    }
    return code;
}

enum cn_status cn_flat_read(const struct cn_nc_file *nc, const struct cn_flat_variable *flat,
                            const char *name, struct cn_grid_variable *values,
                            struct cn_error *error)
{
    const int code =
        flat->type == NC_STRING ? read_strings(nc, flat, values) : read_raw(nc, flat, values);
    if (code == NC_ENOMEM)
        return cn_fail_memory(error, "coordinates");
    return code ? cn_fail(error, CN_BAD_INPUT, "'%s' cannot be read: %s; download the file again",
                          name, nc_strerror(code))
                : CN_OK;
}

static size_t find_dim(const struct kept_search *search, int dimid)
{
    size_t d = 0;
    while (d < search->storage->rank && search->dimids[d] != dimid)
        d++;
    return d;
}

/* Whether a coordinate of this shape is kept, along what, and from which value on. */
static bool may_keep(const struct kept_search *search, const struct cn_flat_variable *flat,
                     struct cn_grid_variable *kept, size_t *first)
{
    const struct cn_storage *storage = search->storage;
    const size_t d = find_dim(search, flat->dimid);
    kept->along = CN_SCALAR;
    *first = 0;
    if (d == storage->rank)
        return flat->count == 1;
    if (cn_storage_is_other(storage, d)) {
        *first = storage->index[d];
        return !storage->slice_count || d != storage->slice_dim;
    }
    kept->along = d == storage->row_dim ? CN_ALONG_ROWS : CN_ALONG_COLUMNS;
    return d != storage->time_dim && search->grid->kind != CN_REGULAR;
}

/* Packed numbers become what they stand for. */
static enum cn_status unpack_kept(const struct kept_search *search,
                                  const struct cn_flat_variable *flat,
                                  struct cn_grid_variable *kept, struct cn_error *error)
{
    struct cn_coordinate coordinate;
    enum cn_status status = cn_coordinate_read(search->nc, flat->varid, &coordinate, error);
    double *values = cn_pool_alloc(search->nc->pool, flat->count, sizeof *values);
    kept->type = NC_DOUBLE;
    kept->values = values;
    if (!values)
        return cn_fail_memory(error, "coordinates");
    return status ? status : cn_numbers_read(search->nc, &coordinate, values, flat->count, error);
}

static bool has_attribute(const struct cn_grid_variable *kept, const char *name)
{
    return cn_attribute_find(kept->attributes, kept->attribute_count, name);
}

/* Why a coordinate of the grid, or one that is listed, is not kept; NULL: nobody misses it. */
static const char *reason_to_lose(const struct kept_search *search, int varid, bool is_flat)
{
    const struct cn_storage *storage = search->storage;
    int rank, dimids[NC_MAX_VAR_DIMS];
    nc_type type;
    if (nc_inq_var(search->nc->ncid, varid, NULL, &type, &rank, dimids, NULL) != NC_NOERR)
        return NULL;
    for (int k = 0; k < rank; k++) {
        const size_t d = find_dim(search, dimids[k]);
        if (d < storage->rank &&
            (d == storage->time_dim || (storage->slice_count && d == storage->slice_dim)))
            return NULL;
    }
    if (is_flat)
        return "has several values, which outputs of this grid do not keep";
    return rank > (type == NC_CHAR ? 2 : 1) ? "has several dimensions"
                                            : "has another type, or takes too many bytes";
}

/* Tells of the first coordinate that is not kept. */
static enum cn_status note_lost(const struct kept_search *search, const char *name,
                                const char *reason, struct cn_error *error)
{
    if (!reason || **search->lost)
        return CN_OK;
    *search->lost = cn_pool_printf(search->nc->pool, "'%.100s' %s", name, reason);
    return *search->lost ? CN_OK : cn_fail_memory(error, "coordinates");
}

static enum cn_status keep_variable(const struct kept_search *search, int varid, const char *name,
                                    struct cn_error *error)
{
    const struct cn_nc_file *nc = search->nc;
    struct cn_grid *grid = search->grid;
    struct cn_grid_variable *all = (struct cn_grid_variable *)grid->variables;
    struct cn_grid_variable *kept = &all[grid->variable_count]; /* one more than MOST_KEPT */
    struct cn_attribute *attributes = NULL;
    struct cn_flat_variable flat;
    size_t first;
    for (size_t i = 0; i < grid->variable_count; i++)
        if (strcmp(all[i].name, name) == 0)
            return CN_OK;
    if (nc_inq_attid(nc->ncid, varid, "grid_mapping_name", NULL) == NC_NOERR)
        return CN_OK; /* some list it among the coordinates */
    const bool is_flat = cn_flat_inquire(nc, varid, &flat);
    if (!is_flat || !may_keep(search, &flat, kept, &first))
        return note_lost(search, name, reason_to_lose(search, varid, is_flat), error);
    if (grid->variable_count == MOST_KEPT || strlen(name) > MOST_NAME)
        return note_lost(
            search, name,
            strlen(name) > MOST_NAME ? "has too long a name" : "comes behind 16 others", error);
    enum cn_status status =
        cn_attributes_read(nc->pool, nc->ncid, varid, &attributes, &kept->attribute_count, error);
    if (status)
        return status;
    kept->attributes = attributes;
    kept->name = cn_pool_strdup(nc->pool, name);
    status = cn_flat_read(nc, &flat, name, kept, error);
    if (!status && kept->type != NC_CHAR &&
        (has_attribute(kept, "scale_factor") || has_attribute(kept, "add_offset") ||
         has_attribute(kept, "_Unsigned")))
        status = unpack_kept(search, &flat, kept, error);
    if (status)
        return status;
    if (!kept->name)
        return cn_fail_memory(error, "coordinates");
    kept->values = (const char *)kept->values + first * kept->width * cn_type_bytes(kept->type);
    grid->variable_count++;
    return CN_OK;
}

/* Whether a variable is time, lat or lon, of which outputs have others. */
static bool is_axis(const struct cn_axes *axes, int varid)
{
    bool is = false;
    for (enum cn_axis axis = CN_AXIS_LAT; axis <= CN_AXIS_TIME; axis++)
        is |= axes->coordinates[axis].varid == varid;
    return is;
}

enum cn_status cn_kept_read(const struct cn_nc_file *nc, const int *dimids,
                            const struct cn_axes *axes, struct cn_file *file,
                            struct cn_error *error)
{
    const struct kept_search search = {nc, dimids, &file->storage, &file->grid,
                                       &file->lost_coordinate};
    const char *listed = cn_attribute_text(file->attributes, file->attribute_count, "coordinates");
    struct cn_grid_variable *variables = cn_pool_alloc(nc->pool, MOST_KEPT + 1, sizeof *variables);
    enum cn_status status = CN_OK;
    file->lost_coordinate = "";
    file->grid.variables = variables;
    if (!variables)
        return cn_fail_memory(error, "coordinates");
    for (int pass = 0; pass < 2; pass++)
        for (int varid = 0; varid < nc->variable_count && !status; varid++) {
            char name[NC_MAX_NAME + 1];
            int dimid;
            if (is_axis(axes, varid) || nc_inq_varname(nc->ncid, varid, name) != NC_NOERR)
                continue;
            const bool is_of_dim = nc_inq_dimid(nc->ncid, name, &dimid) == NC_NOERR &&
                                   find_dim(&search, dimid) < file->storage.rank;
            const bool is_identifier = /* which CF lets files leave out of `coordinates` */
                nc_inq_attid(nc->ncid, varid, "cf_role", NULL) == NC_NOERR;
            if (pass == 0 ? is_of_dim : is_identifier || (listed && cn_names_hold(listed, name)))
                status = keep_variable(&search, varid, name, error);
        }
    return status;
}

const char *cn_kept_units(const struct cn_grid_variable *kept)
{
    const char *units = cn_attribute_text(kept->attributes, kept->attribute_count, "units");
    return units ? units : "";
}

/* How numbers of b become those of a. Returns: false: they do not. */
static bool find_kept_conversion(const struct cn_grid_variable *a, const struct cn_grid_variable *b,
                                 struct cn_conversion *conversion, struct cn_error *error)
{
    const char *from = cn_kept_units(b), *to = cn_kept_units(a);
    struct cn_error failure = {0};
    *conversion = (struct cn_conversion){.scale = 1};
    if (!*from || !*to || strcmp(from, to) == 0)
        return true;
    const enum cn_status status = cn_unit_conversion(from, to, conversion, &failure);
    if (status == CN_BAD_MACHINE)
        *error = failure;
    return status == CN_OK;
}

bool cn_kept_equal(const struct cn_grid_variable *a, const struct cn_grid_variable *b,
                   struct cn_error *error)
{
    static const double tolerance = 1e-6; /* as of values that are selected */
    struct cn_conversion conversion;
    if (a->type == NC_CHAR || b->type == NC_CHAR) {
        const size_t length = strnlen(a->values, a->type == NC_CHAR ? a->width : 0);
        return a->type == b->type && length == strnlen(b->values, b->width) &&
               memcmp(a->values, b->values, length) == 0;
    }
    const struct cn_attribute of_a = {.type = a->type, .value = a->values},
                              of_b = {.type = b->type, .value = b->values};
    if (!find_kept_conversion(a, b, &conversion, error))
        return false;
    const double x = cn_attribute_number(&of_a, 0),
                 y = conversion.scale * cn_attribute_number(&of_b, 0) + conversion.offset;
    return fabs(x - y) <= tolerance * fmax(fabs(x), fabs(y)) || (isnan(x) && isnan(y));
}
