/*
 * HDF5 is asked once for each file, however many readers read it, each of some days and rows. What
 * they decode is right, they read what they need alone, and damage costs those that need it.
 */
#include "source/file_reader.h"

#include "source/h5_variable.h"

#include "cn_test.h"

#include <math.h>
#include <netcdf.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TIMES = 40, LATS = 6, LONS = 8, CELLS = LATS * LONS };
enum { DAYS_PER_CHUNK = 10, LATS_PER_CHUNK = 3, FILL = -5 };

static char folder[] = "/tmp/climnorm-index-XXXXXX";
static int asked;

struct cn_h5_variable open_it(const struct cn_file *file,
                              const char *path) __asm__("__real_cn_h5_variable_open");
struct cn_h5_variable count_open(const struct cn_file *file,
                                 const char *path) __asm__("__wrap_cn_h5_variable_open");
struct cn_h5_variable count_open(const struct cn_file *file, const char *path)
{
    asked++;
    return open_it(file, path);
}

static float value_at(size_t t, size_t lat, size_t lon)
{
    return (float)(t * 100 + lat * 10 + lon);
}

/* Whether the chunk of this cell is written: all but one. */
static bool is_written(size_t t, size_t lat)
{
    return t / DAYS_PER_CHUNK != 1 || lat / LATS_PER_CHUNK != 1;
}

/* Chunks of days and rows. Returns the address of the first one of the third ten days. */
static haddr_t write_file(const char *path)
{
    static float values[DAYS_PER_CHUNK][LATS_PER_CHUNK][LONS];
    const hsize_t shape[3] = {TIMES, LATS, LONS};
    const hsize_t chunk[3] = {DAYS_PER_CHUNK, LATS_PER_CHUNK, LONS};
    const float fill = FILL;
    haddr_t address = HADDR_UNDEF;
    unsigned mask;
    hsize_t size;
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(3, shape, NULL), options = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(options, 3, chunk);
    H5Pset_fill_value(options, H5T_NATIVE_FLOAT, &fill);
    hid_t data = H5Dcreate2(file, "v", H5T_IEEE_F32LE, space, H5P_DEFAULT, options, H5P_DEFAULT);
    assert_true(data >= 0);
    for (hsize_t t = 0; t < TIMES; t += DAYS_PER_CHUNK)
        for (hsize_t lat = 0; lat < LATS; lat += LATS_PER_CHUNK) {
            const hsize_t offset[3] = {t, lat, 0};
            if (!is_written(t, lat))
                continue;
            for (size_t k = 0; k < sizeof values / sizeof(float); k++)
                (&values[0][0][0])[k] = value_at(t + k / (LATS_PER_CHUNK * LONS),
                                                 lat + k / LONS % LATS_PER_CHUNK, k % LONS);
            assert_true(H5Dwrite_chunk(data, H5P_DEFAULT, 0, offset, sizeof values, values) >= 0);
            if (t == 2 * (hsize_t)DAYS_PER_CHUNK && lat == 0)
                assert_true(H5Dget_chunk_info_by_coord(data, offset, &mask, &address, &size) >= 0);
        }
    H5Dclose(data);
    H5Pclose(options);
    H5Sclose(space);
    H5Fclose(file);
    return address;
}

/* Replaces the only place where the file holds this number. */
static void patch_file(const char *path, uint64_t from, uint64_t to)
{
    static unsigned char bytes[1 << 16];
    FILE *file = fopen(path, "r+b");
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    int found = 0;
    for (size_t at = 0; at + sizeof from <= size; at++)
        if (memcmp(bytes + at, &from, sizeof from) == 0 && ++found == 1) {
            fseek(file, (long)at, SEEK_SET);
            fwrite(&to, sizeof to, 1, file);
        }
    assert_int_equal(found, 1);
    assert_int_equal(fclose(file), 0);
}

/* A file as the catalog describes it, in the test's folder. */
static struct cn_file describe(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return (struct cn_file){.path = path,
                            .variable = "v",
                            .size = (uint64_t)status.st_size,
                            .mtime_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 +
                                        status.st_mtim.tv_nsec,
                            .time_count = TIMES,
                            .packing = {.scale = 1, .valid_min = -INFINITY, .valid_max = INFINITY},
                            .storage = {.layout = CN_CHUNKED,
                                        .rank = 3,
                                        .shape = {TIMES, LATS, LONS},
                                        .chunk = {DAYS_PER_CHUNK, LATS_PER_CHUNK, LONS},
                                        .row_dim = 1,
                                        .column_dim = 2,
                                        .type = NC_FLOAT,
                                        .value_bytes = sizeof(float)}};
}

/* A layout of some rows of the grid. */
struct rows {
    struct cn_run rows, columns;
    struct cn_region_cells region;
    struct cn_layout layout;
};

static void lay_rows(struct rows *rows, size_t first_row, size_t row_count)
{
    rows->rows = (struct cn_run){.source = first_row, .count = row_count};
    rows->columns = (struct cn_run){.count = LONS};
    rows->region = (struct cn_region_cells){.row_count = row_count,
                                            .column_count = LONS,
                                            .row_runs = &rows->rows,
                                            .row_run_count = 1,
                                            .first_row = first_row,
                                            .end_row = first_row + row_count,
                                            .column_runs = &rows->columns,
                                            .column_run_count = 1};
    rows->layout = (struct cn_layout){
        .regions = &rows->region, .region_count = 1, .row_cells = row_count * LONS};
}

/* What one reader reads, and whether it can. */
struct part {
    size_t first, count, first_row, row_count;
    struct cn_reader reader;
    struct rows rows;
    float values[TIMES][CELLS];
};

/* The days of two passes and the rows of two, so that each chunk is needed by several readers. */
static struct part parts[] = {
    {.first = 0, .count = 15, .first_row = 0, .row_count = 4},
    {.first = 15, .count = 25, .first_row = 0, .row_count = 4},
    {.first = 0, .count = 15, .first_row = 4, .row_count = 2},
    {.first = 15, .count = 25, .first_row = 4, .row_count = 2},
    {.first = 33, .count = 7, .first_row = 4, .row_count = 2},
};
enum { PARTS = sizeof parts / sizeof *parts };

static void plan_parts(struct cn_file_index *index)
{
    const struct cn_kernels *kernels;
    struct cn_error error;
    assert_int_equal(cn_kernels_select(&kernels, &error), CN_OK);
    for (size_t p = 0; p < PARTS; p++) {
        struct part *part = &parts[p];
        lay_rows(&part->rows, part->first_row, part->row_count);
        assert_int_equal(cn_reader_plan(&part->reader, index, &part->rows.layout, kernels,
                                        part->first, part->count, &error),
                         CN_OK);
        for (size_t t = 0; t < part->count; t++)
            part->reader.rows[t] = part->values[t];
    }
}

static void expect_values(struct part *part)
{
    struct cn_scratch scratch = {0};
    struct cn_error error;
    size_t failed;
    memset(part->values, 0, sizeof part->values);
    assert_int_equal(
        cn_reader_decode(&part->reader, 0, part->reader.unit_count, &scratch, &failed, &error),
        CN_OK);
    for (size_t t = 0; t < part->count; t++)
        for (size_t c = 0; c < part->row_count * LONS; c++) {
            const size_t lat = part->first_row + c / LONS;
            const float right =
                is_written(part->first + t, lat) ? value_at(part->first + t, lat, c % LONS) : FILL;
            if (part->values[t][c] != right)
                fail_msg("instant %zu, cell %zu is %g, not %g", part->first + t, c,
                         (double)part->values[t][c], (double)right);
        }
    cn_scratch_free(&scratch);
}

static void free_parts(struct cn_file_index *index)
{
    for (size_t p = 0; p < PARTS; p++)
        cn_reader_free(&parts[p].reader);
    cn_file_index_free(index);
}

/* Opens all parts with so much room for locations. Returns how often HDF5 was asked. */
static int open_parts(const struct cn_file *file, uint64_t location_bytes)
{
    struct cn_index_budget budget = {.location_bytes = location_bytes};
    struct cn_file_index index;
    struct cn_error error;
    struct rows whole;
    lay_rows(&whole, 0, LATS);
    cn_file_index_init(&index, file, &whole.layout, &budget);
    plan_parts(&index);
    asked = 0;
    for (size_t p = 0; p < PARTS; p++) {
        assert_int_equal(cn_reader_open(&parts[p].reader, &error), CN_OK);
        expect_values(&parts[p]);
        assert_true(budget.location_bytes <= location_bytes);
    }
    assert_null(index.chunks); /* the last reader has opened */
    assert_int_equal(budget.location_bytes, location_bytes);
    free_parts(&index);
    return asked;
}

static void test_hdf5_is_asked_once_for_all_readers_of_a_file(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "%s/sound.nc", folder);
    write_file(path);
    const struct cn_file file = describe(path);
    assert_int_equal(open_parts(&file, CN_INDEX_LOCATION_BYTES), 1);
}

static void test_locations_without_room_are_asked_again(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "%s/large.nc", folder);
    write_file(path);
    const struct cn_file file = describe(path);
    assert_int_equal(open_parts(&file, 7 * sizeof(struct cn_chunk_location)), PARTS);
    assert_int_equal(open_parts(&file, 8 * sizeof(struct cn_chunk_location)), 1);
}

/* The chunk that cannot be read holds all of the third ten days, the others can be. */
static void expect_damage(struct part *part)
{
    struct cn_scratch scratch = {0};
    struct cn_error error;
    size_t failed, damaged = 0;
    for (size_t unit = 0; unit < part->reader.unit_count; unit++) {
        if (!cn_reader_decode(&part->reader, unit, 1, &scratch, &failed, &error))
            continue;
        const struct cn_instants instants = cn_reader_instants(&part->reader, failed);
        assert_int_equal(failed, unit);
        assert_int_equal(instants.first, 2 * DAYS_PER_CHUNK);
        assert_int_equal(instants.count, DAYS_PER_CHUNK);
        assert_non_null(strstr(error.text, "lies outside the file"));
        damaged++;
    }
    assert_int_equal(damaged, 1);
    cn_scratch_free(&scratch);
}

static void test_a_chunk_outside_the_file_costs_those_that_need_it(void **state)
{
    (void)state;
    char path[64];
    struct cn_index_budget budget = {CN_INDEX_LOCATION_BYTES, 0};
    struct cn_file_index index;
    struct cn_error error;
    struct rows whole;
    snprintf(path, sizeof path, "%s/damaged.nc", folder);
    patch_file(path, write_file(path), 1 << 20);
    const struct cn_file file = describe(path);
    lay_rows(&whole, 0, LATS);
    cn_file_index_init(&index, &file, &whole.layout, &budget);
    plan_parts(&index);
    asked = 0;
    for (size_t p = 0; p < PARTS; p++) {
        const bool needs_it = parts[p].first == 15 && parts[p].first_row == 0;
        assert_int_equal(cn_reader_open(&parts[p].reader, &error), CN_OK);
        if (needs_it)
            expect_damage(&parts[p]);
        else
            expect_values(&parts[p]);
    }
    assert_int_equal(asked, 1);
    free_parts(&index);
}

static void test_a_file_that_changes_is_noticed_although_it_is_known(void **state)
{
    (void)state;
    char path[64];
    struct cn_index_budget budget = {CN_INDEX_LOCATION_BYTES, 0};
    struct cn_file_index index;
    struct cn_error error;
    struct rows whole;
    snprintf(path, sizeof path, "%s/changed.nc", folder);
    write_file(path);
    const struct cn_file file = describe(path);
    lay_rows(&whole, 0, LATS);
    cn_file_index_init(&index, &file, &whole.layout, &budget);
    plan_parts(&index);
    assert_int_equal(cn_reader_open(&parts[0].reader, &error), CN_OK);
    assert_int_equal(truncate(path, (off_t)file.size - 1), 0);
    assert_int_equal(cn_reader_open(&parts[1].reader, &error), CN_BAD_INPUT);
    free_parts(&index);
}

/* Reads with rows for some of the instants alone. Returns the bytes that were read. */
static uint64_t bytes_for(const struct cn_file *file, const struct rows *whole, size_t first_needed,
                          size_t needed)
{
    struct cn_index_budget budget = {CN_INDEX_LOCATION_BYTES, 0};
    struct cn_file_index index;
    struct cn_reader reader;
    struct cn_scratch scratch = {0};
    struct cn_error error;
    const struct cn_kernels *kernels;
    const size_t cells = whole->layout.row_cells;
    float *row = calloc(cells, sizeof *row);
    assert_non_null(row);
    assert_int_equal(cn_kernels_select(&kernels, &error), CN_OK);
    cn_file_index_init(&index, file, &whole->layout, &budget);
    assert_int_equal(
        cn_reader_plan(&reader, &index, &whole->layout, kernels, 0, file->time_count, &error),
        CN_OK);
    for (size_t t = first_needed; t < first_needed + needed; t++)
        reader.rows[t] = row;
    assert_int_equal(cn_reader_open(&reader, &error), CN_OK);
    for (size_t unit = 0; unit < reader.unit_count; unit++) {
        uint64_t address, size, before = scratch.bytes_read;
        size_t failed;
        const bool spans = cn_reader_span(&reader, unit, 1, &address, &size);
        if (cn_reader_decode(&reader, unit, 1, &scratch, &failed, &error))
            fail_msg("%s", error.text);
        if (reader.backend->span)
            assert_int_equal(spans ? size : 0, scratch.bytes_read - before);
    }
    assert_int_equal(cn_reader_close(&reader, &error), CN_OK);
    assert_null(reader.chunks);
    assert_null(reader.rows);
    const uint64_t bytes = scratch.bytes_read;
    cn_scratch_free(&scratch);
    cn_reader_free(&reader);
    cn_file_index_free(&index);
    free(row);
    return bytes;
}

static void test_chunks_that_no_row_needs_are_not_read(void **state)
{
    (void)state;
    char path[64];
    struct rows whole;
    snprintf(path, sizeof path, "%s/damaged.nc", folder);
    patch_file(path, write_file(path), 1 << 20); /* a chunk of the third ten days */
    const struct cn_file file = describe(path);
    const uint64_t chunk = DAYS_PER_CHUNK * LATS_PER_CHUNK * LONS * sizeof(float);
    lay_rows(&whole, 0, LATS);
    assert_int_equal(bytes_for(&file, &whole, 5, 0), 0);
    assert_int_equal(bytes_for(&file, &whole, 5, 1), 2 * chunk);
    assert_int_equal(bytes_for(&file, &whole, 9, 2), 3 * chunk); /* one is not written */
    assert_int_equal(bytes_for(&file, &whole, 31, 9), 2 * chunk);
}

enum { WIDE_TIMES = 48, WIDE = 512, INSTANT_BYTES = WIDE * WIDE * (int)sizeof(float) };

/* Instants of one mebibyte, without values. */
static struct cn_file write_wide_file(const char *path, bool is_chunked)
{
    const hsize_t shape[3] = {WIDE_TIMES, WIDE, WIDE}, chunk[3] = {1, WIDE, WIDE};
    hid_t id = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(3, shape, NULL), options = H5Pcreate(H5P_DATASET_CREATE);
    if (is_chunked)
        H5Pset_chunk(options, 3, chunk);
    else
        H5Pset_alloc_time(options, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(options, H5D_FILL_TIME_NEVER);
    hid_t data = H5Dcreate2(id, "v", H5T_IEEE_F32LE, space, H5P_DEFAULT, options, H5P_DEFAULT);
    assert_true(data >= 0);
    const haddr_t begin = H5Dget_offset(data);
    H5Dclose(data);
    H5Pclose(options);
    H5Sclose(space);
    H5Fclose(id);
    struct cn_file file = describe(path);
    file.time_count = WIDE_TIMES;
    file.storage = (struct cn_storage){.layout = is_chunked ? CN_CHUNKED : CN_CONTIGUOUS,
                                       .rank = 3,
                                       .shape = {WIDE_TIMES, WIDE, WIDE},
                                       .chunk = {1, WIDE, WIDE},
                                       .row_dim = 1,
                                       .column_dim = 2,
                                       .type = NC_FLOAT,
                                       .value_bytes = sizeof(float),
                                       .begin = begin,
                                       .step = INSTANT_BYTES};
    return file;
}

static void lay_wide(struct rows *whole)
{
    lay_rows(whole, 0, WIDE);
    whole->columns.count = whole->region.column_count = WIDE;
    whole->layout.row_cells = (size_t)WIDE * WIDE;
}

static void test_rectangles_that_no_row_needs_are_not_read(void **state)
{
    (void)state;
    char path[64];
    struct rows whole;
    snprintf(path, sizeof path, "%s/wide.nc", folder);
    const struct cn_file file = write_wide_file(path, false);
    lay_wide(&whole);
    assert_int_equal(bytes_for(&file, &whole, 0, WIDE_TIMES), WIDE_TIMES * INSTANT_BYTES);
    assert_int_equal(bytes_for(&file, &whole, 10, 0), 0);
    assert_int_equal(bytes_for(&file, &whole, 10, 4), 4 * INSTANT_BYTES);
}

/* A file that is left to netCDF-C, from this day on. */
static struct cn_file write_netcdf_file(char path[64], struct cn_date first)
{
    static int64_t days[WIDE_TIMES];
    snprintf(path, 64, "%s/wide.nc", folder);
    struct cn_file file = write_wide_file(path, true);
    file.calendar = CN_NOLEAP;
    file.storage.has_unfiltered_edges = true;
    file.days = days;
    for (int t = 0; t < WIDE_TIMES; t++)
        days[t] = cn_day_number(CN_NOLEAP, first) + t;
    return file;
}

/* The blocks of a file in chunks of so many instants begin here. */
static void expect_blocks(struct cn_file *file, size_t chunk, const size_t *first, size_t count)
{
    struct cn_index_budget budget = {CN_INDEX_LOCATION_BYTES, 0};
    struct cn_file_index index;
    struct cn_reader reader;
    struct cn_error error;
    struct rows whole;
    lay_wide(&whole);
    file->storage.chunk[0] = chunk;
    cn_file_index_init(&index, file, &whole.layout, &budget);
    assert_int_equal(cn_reader_plan(&reader, &index, &whole.layout, NULL, 0, WIDE_TIMES, &error),
                     CN_OK);
    assert_int_equal(reader.unit_count, count);
    for (size_t unit = 0; unit < count; unit++) {
        const struct cn_instants instants = cn_reader_instants(&reader, unit);
        assert_int_equal(instants.first, first[unit]);
        assert_int_equal(instants.first + instants.count,
                         unit + 1 < count ? first[unit + 1] : WIDE_TIMES);
    }
    cn_reader_free(&reader);
    cn_file_index_free(&index);
}

static void test_a_block_holds_two_years_only_where_a_chunk_does(void **state)
{
    (void)state;
    char path[64];
    struct cn_file file = write_netcdf_file(path, (struct cn_date){2001, 12, 12});
    expect_blocks(&file, 1, (const size_t[]){0, 16, 20, 32}, 4); /* 20 days of 2001 */
    expect_blocks(&file, 5, (const size_t[]){0, 20, 40}, 3);
    expect_blocks(&file, 8, (const size_t[]){0, 16, 24, 32}, 4); /* 16 to 23 is one chunk */
    expect_blocks(&file, 48, (const size_t[]){0}, 1);
    file = write_netcdf_file(path, (struct cn_date){2001, 3, 1});
    expect_blocks(&file, 1, (const size_t[]){0, 16, 32}, 3);
}

static void test_blocks_of_netcdf_that_no_row_needs_are_not_read(void **state)
{
    (void)state;
    char path[64];
    struct rows whole;
    const struct cn_file file = write_netcdf_file(path, (struct cn_date){2001, 3, 1});
    lay_wide(&whole);
    assert_int_equal(bytes_for(&file, &whole, 20, 0), 0);
    assert_int_equal(bytes_for(&file, &whole, 20, 1), 16 * INSTANT_BYTES); /* a block of 16 MiB */
    assert_int_equal(bytes_for(&file, &whole, 31, 2), 32 * INSTANT_BYTES);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"sound", "large", "damaged", "changed", "wide"};
    char path[64];
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        snprintf(path, sizeof path, "%s/%s.nc", folder, names[k]);
        unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hdf5_is_asked_once_for_all_readers_of_a_file),
        cmocka_unit_test(test_locations_without_room_are_asked_again),
        cmocka_unit_test(test_a_chunk_outside_the_file_costs_those_that_need_it),
        cmocka_unit_test(test_a_file_that_changes_is_noticed_although_it_is_known),
        cmocka_unit_test(test_chunks_that_no_row_needs_are_not_read),
        cmocka_unit_test(test_rectangles_that_no_row_needs_are_not_read),
        cmocka_unit_test(test_a_block_holds_two_years_only_where_a_chunk_does),
        cmocka_unit_test(test_blocks_of_netcdf_that_no_row_needs_are_not_read),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
