/*
 * A file's metadata as bytes: unpacked, complete ones are what was packed; damaged or invented ones
 * are refused or harmless.
 */
#include "catalog/attributes.h"
#include "catalog/file_archive.h"

#include "catalog/time_axis.h"
#include "cn_test.h"

#include <math.h>
#include <netcdf.h>

enum { TIMES = 5, LATS = 2, LONS = 3 };

static const int64_t days[TIMES] = {700000, 700001, 700002, 700003, 700009};
static const double lat[LATS] = {-10, 20}, lon[LONS] = {0, 120, 240};
static const double lat_bounds[2 * LATS] = {-25, 5, 5, 35};
static const float fill = 1e20f;
static const struct cn_attribute attributes[] = {
    {"units", NC_CHAR, 1, "K"},
    {"_FillValue", NC_FLOAT, 1, &fill},
    {"comment", NC_CHAR, 0, ""},
};
static const struct cn_attribute lat_attributes[] = {{"units", NC_CHAR, 13, "degrees_north"}};

static const unsigned width[] = {4}, level[] = {5};
static const struct cn_filter filters[] = {{2, "shuffle", 1, width}, {1, "", 1, level}};

static const struct cn_other_dim other_dims[] = {
    {.name = "plev", .length = 3, .values = "3, 2, 1 Pa", .entry = "plev = 3", .read = "3 Pa"}};

static struct cn_file sample(void)
{
    return (struct cn_file){
        .size = 12345,
        .mtime_ns = -7,
        .calendar = CN_NOLEAP,
        .time_units = "days since 1850-01-01",
        .time_count = TIMES,
        .days = days,
        .grid = {.row_count = LATS,
                 .column_count = LONS,
                 .lat = lat,
                 .lon = lon,
                 .lat_bounds = lat_bounds},
        .storage = {.layout = CN_CHUNKED,
                    .rank = 4,
                    .shape = {TIMES, 3, LATS, LONS},
                    .index = {0, 2},
                    .chunk = {1, 1, LATS, LONS},
                    .time_dim = 0,
                    .row_dim = 2,
                    .column_dim = 3,
                    .type = NC_FLOAT,
                    .value_bytes = 4,
                    .pipeline = filters,
                    .filter_count = 2,
                    .has_user_block = true},
        .other_dims = other_dims,
        .other_dim_count = 1,
        .variable = "tas",
        .left_out = "comment of 'tas' is text",
        .lost_coordinate = "'oro' has several dimensions",
        .attributes = attributes,
        .attribute_count = 3,
        .lat_attributes = lat_attributes,
        .lat_attribute_count = 1,
        .institution = "",
        .source = "a model",
        .history = "made\nup",
        .references = "",
        .license = "CC0",
        .project = "",
        .program = "",
        .metadata_link = "",
        .acknowledgement = "",
    };
}

static struct cn_archive packed(struct cn_file file)
{
    struct cn_archive archive = {0};
    assert_int_equal(cn_archive_file(&archive, &file, NULL), CN_OK);
    return archive;
}

/* Unpacks bytes[count] from memory that ends with them, so that a sanitizer sees each step over. */
static enum cn_status unpack(struct cn_pool *pool, const unsigned char *bytes, size_t count,
                             struct cn_file *file)
{
    struct cn_error error;
    unsigned char *copy = malloc(count + !count);
    assert_non_null(copy);
    memcpy(copy, bytes, count);
    struct cn_archive archive = {.bytes = copy, .count = count, .unpacking = true, .pool = pool};
    *file = (struct cn_file){0};
    enum cn_status status = cn_archive_file(&archive, file, &error);
    free(copy);
    return status;
}

static bool is_refused(struct cn_file file)
{
    struct cn_archive archive = packed(file);
    struct cn_pool *pool = cn_pool_new();
    enum cn_status status = unpack(pool, archive.bytes, archive.count, &file);
    if (status)
        assert_null(file.days);
    cn_files_free(&file, 1);
    cn_pool_free(pool);
    free(archive.bytes);
    return status == CN_BAD_INPUT;
}

static void test_all_comes_back(void **state)
{
    (void)state;
    struct cn_file file = sample(), back;
    struct cn_archive archive = packed(file);
    struct cn_pool *pool = cn_pool_new();
    assert_int_equal(unpack(pool, archive.bytes, archive.count, &back), CN_OK);
    assert_int_equal(back.size, 12345);
    assert_int_equal(back.mtime_ns, -7);
    assert_int_equal(back.calendar, CN_NOLEAP);
    assert_string_equal(back.time_units, file.time_units);
    assert_int_equal(back.time_count, TIMES);
    assert_memory_equal(back.days, days, sizeof days);
    assert_false(back.subdaily || back.end_stamped);
    assert_memory_equal(back.grid.lat, lat, sizeof lat);
    assert_memory_equal(back.grid.lon, lon, sizeof lon);
    assert_memory_equal(back.grid.lat_bounds, lat_bounds, sizeof lat_bounds);
    assert_null(back.grid.lon_bounds);
    assert_memory_equal(back.storage.shape, file.storage.shape, sizeof file.storage.shape);
    assert_memory_equal(back.storage.chunk, file.storage.chunk, sizeof file.storage.chunk);
    assert_memory_equal(back.storage.index, file.storage.index, sizeof file.storage.index);
    assert_int_equal(back.other_dim_count, 1);
    assert_string_equal(back.other_dims[0].name, "plev");
    assert_string_equal(back.other_dims[0].values, "3, 2, 1 Pa");
    assert_int_equal(back.storage.filter_count, 2);
    for (size_t k = 0; k < 2; k++) {
        const struct cn_filter *filter = &back.storage.pipeline[k];
        assert_int_equal(filter->id, filters[k].id);
        assert_string_equal(filter->name, filters[k].name);
        assert_int_equal(filter->parameter_count, 1);
        assert_int_equal(filter->parameters[0], filters[k].parameters[0]);
    }
    assert_true(back.storage.has_user_block && !back.storage.has_own_type);
    assert_false(back.storage.big_endian);
    assert_string_equal(back.units, "K");
    assert_int_equal(back.packing.missing_count, 1);
    assert_true(back.packing.missing[0] == (double)fill);
    assert_int_equal(back.attribute_count, 3);
    assert_string_equal(back.attributes[1].name, "_FillValue");
    assert_memory_equal(back.attributes[1].value, &fill, sizeof fill);
    assert_string_equal(back.attributes[2].value, "");
    assert_string_equal(back.lat_attributes[0].value, "degrees_north");
    assert_int_equal(back.lon_attribute_count, 0);
    assert_string_equal(back.history, "made\nup");
    assert_string_equal(back.left_out, "comment of 'tas' is text");
    assert_string_equal(back.lost_coordinate, "'oro' has several dimensions");
    assert_string_equal(back.license, "CC0");
    cn_files_free(&back, 1);
    cn_pool_free(pool);
    free(archive.bytes);
}

#define REFUSED(change)                 \
    do {                                \
        struct cn_file file_ = good;    \
        file_.change;                   \
        assert_true(is_refused(file_)); \
    } while (0)

static void test_inventions_are_refused(void **state)
{
    (void)state;
    static const int64_t falling[TIMES] = {700000, 700001, 700000, 700003, 700009};
    static const int64_t far[TIMES] = {700000, 700001, 700002, 700003, INT64_MAX};
    static const int64_t before[TIMES] = {INT64_MIN, 700001, 700002, 700003, 700009};
    static const int64_t late[TIMES] = {700000, 700001, 700002, 700003, 366 * 12000};
    static const double no_lat[LATS] = {NAN, 20}, flat[LATS] = {5, 5}, high[LATS] = {-10, INFINITY};
    static const double no_lon[LONS] = {0, NAN, 240}, wide[LONS] = {0, 1e300, 240};
    static const struct cn_attribute odd_fill[] = {{"_FillValue", NC_CHAR, 1, "x"}};
    struct cn_filter many[CN_MAX_FILTERS + 1];
    const struct cn_file good = sample();
    for (size_t k = 0; k <= CN_MAX_FILTERS; k++)
        many[k] = filters[k % 2];
    assert_false(is_refused(good));
    REFUSED(calendar = (enum cn_calendar)77);
    REFUSED(time_count = 0);
    REFUSED(time_count = TIMES - 1);
    REFUSED(days = falling);
    REFUSED(days = far);
    REFUSED(days = before);
    REFUSED(days = late);
    REFUSED(grid.lat = no_lat);
    REFUSED(grid.lat = flat);
    REFUSED(grid.lat = high);
    REFUSED(grid.lon = no_lon);
    REFUSED(grid.lon = wide);
    REFUSED(grid.row_count = 0);
    REFUSED(grid.column_count = LONS - 1);
    REFUSED(storage.layout = 4);
    REFUSED(storage.pipeline = many; file_.storage.filter_count = CN_MAX_FILTERS + 1);
    REFUSED(storage.rank = 2);
    REFUSED(storage.rank = CN_MAX_DIMS + 1);
    REFUSED(storage.rank = SIZE_MAX);
    REFUSED(storage.shape[0] = TIMES + 1);
    REFUSED(storage.shape[1] = 2);
    REFUSED(storage.index[1] = 3);
    REFUSED(storage.index[2] = 1);
    REFUSED(other_dim_count = 0);
    REFUSED(storage.shape[3] = 0);
    REFUSED(storage.chunk[2] = 0);
    REFUSED(storage.chunk[3] = (size_t)1 << 62);
    REFUSED(storage.chunk[3] = (size_t)1 << 30);
    REFUSED(storage.time_dim = 4);
    REFUSED(storage.row_dim = 3);
    REFUSED(storage.column_dim = SIZE_MAX);
    REFUSED(storage.type = NC_CHAR);
    REFUSED(storage.type = NC_INT64);
    REFUSED(storage.type = -1);
    REFUSED(storage.value_bytes = 8);
    REFUSED(attributes = odd_fill; file_.attribute_count = 1);
    struct cn_file plain = good; /* without chunks: 5 x 2 x 3 floats in 12345 bytes */
    plain.storage.layout = CN_CONTIGUOUS;
    plain.storage.filter_count = 0;
    plain.storage.has_user_block = false;
    plain.storage.step = 3 * LATS * LONS * sizeof(float);
    plain.storage.begin = plain.size - TIMES * plain.storage.step;
    assert_false(is_refused(plain));
    plain.storage.begin++;
    assert_true(is_refused(plain));
    plain.storage.begin = 0;
    plain.storage.step--;
    assert_true(is_refused(plain));
    plain.storage.step = UINT64_MAX / 4;
    assert_true(is_refused(plain));
}

static void test_endless_attributes_are_refused(void **state)
{
    (void)state;
    static char text[CN_MAX_ATTRIBUTE_BYTES + 1];
    static struct cn_attribute many[CN_MAX_ATTRIBUTES + 1];
    struct cn_attribute large[] = {{"a", NC_CHAR, CN_MAX_ATTRIBUTE_BYTES / 2, text},
                                   {"b", NC_SHORT, CN_MAX_ATTRIBUTE_BYTES / 4, text}};
    for (size_t i = 0; i <= CN_MAX_ATTRIBUTES; i++)
        many[i] = (struct cn_attribute){"a", NC_CHAR, 0, ""};
    struct cn_file file = sample();
    file.lon_attributes = many;
    file.lon_attribute_count = CN_MAX_ATTRIBUTES;
    assert_false(is_refused(file));
    file.lon_attribute_count++;
    assert_true(is_refused(file));
    file.lon_attributes = large;
    file.lon_attribute_count = 2;
    assert_false(is_refused(file));
    large[0].length++;
    assert_true(is_refused(file));
}

static void test_short_and_long_parcels_are_refused(void **state)
{
    (void)state;
    struct cn_archive archive = packed(sample());
    struct cn_file file;
    struct cn_pool *pool = cn_pool_new();
    for (size_t count = 0; count < archive.count; count++)
        assert_int_equal(unpack(pool, archive.bytes, count, &file), CN_BAD_INPUT);
    unsigned char *longer = calloc(archive.count + 1, 1);
    assert_non_null(longer);
    memcpy(longer, archive.bytes, archive.count);
    assert_int_equal(unpack(pool, longer, archive.count + 1, &file), CN_BAD_INPUT);
    free(longer);
    cn_pool_free(pool);
    free(archive.bytes);
}

/* Reads all that is there. */
static double touch(const struct cn_file *file)
{
    double sum = 0;
    for (size_t i = 0; i < file->time_count; i++)
        sum += (double)file->days[i];
    for (size_t i = 0; i < 2 * file->grid.row_count; i++)
        sum += file->grid.lat[i / 2] + (file->grid.lat_bounds ? file->grid.lat_bounds[i] : 0);
    for (size_t i = 0; i < 2 * file->grid.column_count; i++)
        sum += file->grid.lon[i / 2] + (file->grid.lon_bounds ? file->grid.lon_bounds[i] : 0);
    for (size_t i = 0; i < file->attribute_count; i++)
        sum +=
            (double)strlen(file->attributes[i].name) +
            (file->attributes[i].type == NC_CHAR ? (double)strlen(file->attributes[i].value) : 0);
    return sum + (double)(strlen(file->time_units) + strlen(file->units) + strlen(file->variable) +
                          strlen(file->institution) + strlen(file->source) + strlen(file->history));
}

/* Every byte, changed in five ways: the rest is for the sanitizers to see. */
static void test_changed_bytes_are_harmless(void **state)
{
    (void)state;
    static const unsigned char changes[] = {0x01, 0x80, 0xff, 0x7f, 0x10};
    struct cn_archive archive = packed(sample());
    size_t refused = 0, accepted = 0;
    for (size_t i = 0; i < archive.count * sizeof changes; i++) {
        struct cn_pool *pool = cn_pool_new();
        struct cn_file file;
        unsigned char *byte = &archive.bytes[i / sizeof changes];
        const unsigned char before = *byte;
        *byte ^= changes[i % sizeof changes];
        enum cn_status status = unpack(pool, archive.bytes, archive.count, &file);
        *byte = before;
        assert_true(status == CN_OK || status == CN_BAD_INPUT);
        if (status == CN_OK) {
            assert_false(isnan(touch(&file)) && !file.grid.lat_bounds);
            assert_true(file.time_count == TIMES && file.storage.rank <= CN_MAX_DIMS);
            accepted++;
        }
        refused += status != CN_OK;
        cn_files_free(&file, 1);
        cn_pool_free(pool);
    }
    assert_true(refused > 500 && accepted > 500);
    free(archive.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_comes_back),
        cmocka_unit_test(test_inventions_are_refused),
        cmocka_unit_test(test_endless_attributes_are_refused),
        cmocka_unit_test(test_short_and_long_parcels_are_refused),
        cmocka_unit_test(test_changed_bytes_are_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
