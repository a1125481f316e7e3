/*
 * Files like those of NEX-GDDP-CMIP6: netCDF-4 classic model, unlimited time, one chunk a day,
 * shuffle + deflate.
 */
#include "synth/file.h"

#include "base/error.h"
#include "base/netcdf_constants.h"
#include "climnorm/limits.h"

#include <errno.h>
#include <netcdf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* `status` keeps the first failure; later calls go on, and one check at the end is enough. */
struct writer {
    int nc, status;
};

static void keep_status(struct writer *writer, int status)
{
    if (!writer->status)
        writer->status = status;
}

__attribute__((format(printf, 4, 5))) static void
put_text_attribute(struct writer *writer, int variable, const char *name, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    keep_status(writer, nc_put_att_text(writer->nc, variable, name, strlen(text), text));
}

static int define_axis(struct writer *writer, const char *name, int dimension, const char *axis,
                       const char *standard_name, const char *units)
{
    int variable = -1;
    keep_status(writer, nc_def_var(writer->nc, name, NC_DOUBLE, 1, &dimension, &variable));
    put_text_attribute(writer, variable, "units", "%s", units);
    put_text_attribute(writer, variable, "axis", "%s", axis);
    put_text_attribute(writer, variable, "standard_name", "%s", standard_name);
    put_text_attribute(writer, variable, "long_name", "%s", standard_name);
    return variable;
}

static void define_data(struct writer *writer, const struct cn_synth_file *file,
                        const int dimensions[3])
{
    const struct cn_synth_variable *about = &file->variable;
    const size_t chunk[3] = {1, file->world->lat_count, file->world->lon_count};
    const float missing = CN_FILL_VALUE;
    int variable = -1, level = file->options->compression;
    keep_status(writer, nc_def_var(writer->nc, about->name, NC_FLOAT, 3, dimensions, &variable));
    keep_status(writer, nc_def_var_chunking(writer->nc, variable, NC_CHUNKED, chunk));
    keep_status(writer, nc_def_var_endian(writer->nc, variable, NC_ENDIAN_LITTLE));
    if (level)
        keep_status(writer, nc_def_var_deflate(writer->nc, variable, 1, 1, level));
    keep_status(writer,
                nc_put_att_float(writer->nc, variable, "_FillValue", NC_FLOAT, 1, &missing));
    keep_status(writer,
                nc_put_att_float(writer->nc, variable, "missing_value", NC_FLOAT, 1, &missing));
    if (about->standard_name)
        put_text_attribute(writer, variable, "standard_name", "%s", about->standard_name);
    put_text_attribute(writer, variable, "long_name", "%s", about->long_name);
    put_text_attribute(writer, variable, "units", "%s", about->units);
    put_text_attribute(writer, variable, "cell_methods", "%s", about->cell_methods);
    put_text_attribute(writer, variable, "cell_measures", "area: areacella");
}

static void put_global_attributes(struct writer *writer, const struct cn_synth_file *file)
{
    const struct cn_synth_options *options = file->options;
    put_text_attribute(writer, NC_GLOBAL, "Conventions", "CF-1.7");
    put_text_attribute(writer, NC_GLOBAL, "title",
                       "%s, %s, %s, synthetic daily data laid out like NEX-GDDP-CMIP6",
                       options->model, options->variant, file->experiment);
    put_text_attribute(writer, NC_GLOBAL, "institution", "none: the values are synthetic");
    put_text_attribute(writer, NC_GLOBAL, "source",
                       "climnorm synth: random weather, no model behind it");
    put_text_attribute(writer, NC_GLOBAL, "product", "output");
    put_text_attribute(writer, NC_GLOBAL, "realm", "atmos");
    put_text_attribute(writer, NC_GLOBAL, "frequency", "day");
    put_text_attribute(writer, NC_GLOBAL, "scenario", "%s", file->experiment);
    put_text_attribute(writer, NC_GLOBAL, "variant_label", "%s", options->variant);
    put_text_attribute(writer, NC_GLOBAL, "cmip6_source_id", "%s", options->model);
    put_text_attribute(writer, NC_GLOBAL, "external_variables", "areacella");
    put_text_attribute(writer, NC_GLOBAL, "resolution_id", "%g x %g degree",
                       150.0 / (double)options->lat_count, 360.0 / (double)options->lon_count);
    put_text_attribute(writer, NC_GLOBAL, "version", "1.0");
    put_text_attribute(writer, NC_GLOBAL, "history", "%s climnorm %s: synthetic values, seed %llu",
                       file->date, CLIMNORM_VERSION, (unsigned long long)options->seed);
}

/* Everything between nc_create and nc_close. */
static void write_metadata(struct writer *writer, const struct cn_synth_file *file)
{
    double time[CN_MAX_SLOTS];
    const size_t start = 0, days = (size_t)file->days;
    int dimensions[3] = {-1, -1, -1};
    keep_status(writer, nc_def_dim(writer->nc, "time", NC_UNLIMITED, &dimensions[0]));
    keep_status(writer, nc_def_dim(writer->nc, "lat", file->world->lat_count, &dimensions[1]));
    keep_status(writer, nc_def_dim(writer->nc, "lon", file->world->lon_count, &dimensions[2]));
    int t = define_axis(writer, "time", dimensions[0], "T", "time", "days since 1850-01-01");
    put_text_attribute(writer, t, "calendar", "%s", cn_calendar_name(file->options->calendar));
    keep_status(writer, nc_def_var_chunking(writer->nc, t, NC_CHUNKED, &days));
    int lat = define_axis(writer, "lat", dimensions[1], "Y", "latitude", "degrees_north");
    int lon = define_axis(writer, "lon", dimensions[2], "X", "longitude", "degrees_east");
    define_data(writer, file, dimensions);
    put_global_attributes(writer, file);
    keep_status(writer, nc_enddef(writer->nc));
    for (size_t k = 0; k < days; k++)
        time[k] = (double)file->first_day + (double)k + .5;
    keep_status(writer, nc_put_vara_double(writer->nc, t, &start, &days, time));
    keep_status(writer, nc_put_var_double(writer->nc, lat, file->world->lat));
    keep_status(writer, nc_put_var_double(writer->nc, lon, file->world->lon));
}

enum cn_status cn_synth_file_create(const struct cn_synth_file *file, const char *path,
                                    struct cn_error *error)
{
    struct writer writer = {-1, NC_NOERR};
    errno = 0;
    keep_status(&writer, nc_create(path, NC_NETCDF4 | NC_CLASSIC_MODEL | NC_NOCLOBBER, &writer.nc));
    if (!writer.status) {
        write_metadata(&writer, file);
        keep_status(&writer, nc_close(writer.nc));
    }
    if (writer.status)
        return cn_fail(error, CN_BAD_MACHINE, "%s: cannot be written: %s", path,
                       errno ? strerror(errno) : nc_strerror(writer.status));
    return CN_OK;
}

/* Returns: the most bytes that `deflate_chunk` makes of `bytes`. */
static size_t deflated_bound(enum cn_synth_style style, size_t bytes)
{
    return style == CN_SYNTH_NEX_GDDP ? compressBound(bytes) : cn_deflate.bound(bytes);
}

/* zlib as HDF5 calls it, so blocks are as long as in files that HDF5 writes.
 * Returns: the bytes written; 0: out of memory. */
static size_t deflate_chunk(const struct cn_synth_options *options, struct cn_scratch *scratch,
                            const unsigned char *in, size_t in_bytes, unsigned char *out,
                            size_t capacity)
{
    uLongf size = capacity;
    if (options->style != CN_SYNTH_NEX_GDDP)
        return cn_scratch_encode(scratch, &cn_deflate, options->compression, in, in_bytes, out,
                                 capacity);
    return compress2(out, &size, in, in_bytes, options->compression) == Z_OK ? size : 0;
}

enum cn_status cn_synth_encode(const struct cn_kernels *kernels, struct cn_scratch *scratch,
                               const struct cn_synth_options *options, const float *values,
                               size_t cells, struct cn_encoded *chunk, struct cn_error *error)
{
    enum { SHUFFLED, DEFLATED }; /* buffers of the scratch */
    const void *encoded = values;
    size_t size = cells * sizeof *values;
    if (options->compression) {
        const size_t plain = size, bound = deflated_bound(options->style, plain);
        unsigned char *shuffled = cn_scratch_get(scratch, SHUFFLED, plain);
        unsigned char *deflated = cn_scratch_get(scratch, DEFLATED, bound);
        size = 0;
        if (shuffled && deflated) {
            kernels->shuffle_f32(shuffled, values, cells, CN_FILL_VALUE);
            size = deflate_chunk(options, scratch, shuffled, plain, deflated, bound);
        }
        encoded = deflated;
    }
    void *bytes = size ? malloc(size) : NULL;
    if (!bytes)
        return cn_fail_memory(error, "encoded values; take fewer --threads or a smaller --grid");
    *chunk = (struct cn_encoded){memcpy(bytes, encoded, size), size};
    return CN_OK;
}
