/*
 * How a file is put together: the skeleton that it shares with others, the image that HDF5 makes of
 * it, and the way of the image to the disk.
 */
#include "base/io.h"
#include "guard/hdf5_lock.h"
#include "sink/image.h"

#include "cn_test.h"
#include "sink_sample.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static void write_sample(struct sample *s, const char *path)
{
    char temporary[4096];
    struct cn_error error = {0};
    s->file.path = path;
    assert_int_equal(sample_write(s, temporary, sizeof temporary, &error), CN_OK);
    assert_int_equal(cn_temporary_publish(s->file.path, temporary, &error), CN_OK);
}

static char *read_file(const char *path, size_t *size)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    char *bytes = malloc(1 << 20);
    *size = fread(bytes, 1, 1 << 20, in);
    assert_true(*size > 0 && *size < 1 << 20);
    fclose(in);
    return bytes;
}

static void assert_same_bytes(const char *name, const char *again)
{
    size_t size, size_again;
    char path[4096];
    snprintf(path, sizeof path, "%s", sample_below(name));
    char *bytes = read_file(path, &size),
         *bytes_again = read_file(sample_below(again), &size_again);
    assert_int_equal(size, size_again);
    assert_memory_equal(bytes, bytes_again, size);
    free(bytes);
    free(bytes_again);
}

/* Files share a skeleton, made by whichever comes first: that must not show in their bytes. */
static void test_files_do_not_depend_on_earlier_ones(void **state)
{
    (void)state;
    setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
    struct sample *first = sample_new(sample_root, 1), *s = sample_new(sample_root, 1);
    write_sample(first, "first/same.nc");
    /* Other own attributes, then other shared ones too, then as the first. */
    s->target.period = "another period, with a longer name";
    write_sample(s, "other/same.nc");
    struct cn_file *newest = &s->files[SAMPLE_WINDOW - 1];
    newest->attributes++;
    newest->attribute_count--;
    write_sample(s, "shorter/same.nc");
    newest->attributes--;
    newest->attribute_count++;
    s->target.period = "historical";
    write_sample(s, "again/same.nc");
    assert_same_bytes("first/same.nc", "again/same.nc");
    int id, variable, number, count;
    assert_int_equal(nc_open(sample_below("shorter/same.nc"), NC_NOWRITE, &id), 0);
    assert_int_equal(nc_inq_varid(id, "tasmax", &variable), 0);
    assert_int_not_equal(nc_inq_attid(id, variable, "standard_name", NULL), 0);
    /* What is shared and what is not stand in the order of the lists. */
    static const char *const order[] = {"long_name",  "half",          "target_year",
                                        "units",      "cell_methods",  "caf\xc3\xa9",
                                        "_FillValue", "missing_value", "ancillary_variables"};
    for (int i = 0; i < (int)(sizeof order / sizeof *order); i++) {
        assert_int_equal(nc_inq_attid(id, variable, order[i], &number), 0);
        assert_int_equal(number, i);
    }
    assert_int_equal(nc_inq_attid(id, NC_GLOBAL, "climnorm_content_digest", &number), 0);
    assert_int_equal(nc_inq_varnatts(id, NC_GLOBAL, &count), 0);
    assert_int_equal(number, count - 1);
    nc_close(id);
    sample_free(first);
    sample_free(s);
}

/* An image goes to disk around its area, in more vectors than one call takes. */
static void test_vectors_are_written_whole(void **state)
{
    (void)state;
    enum { VECTORS = 3000, BYTES = 5 };
    static char text[] = "piece";
    static struct iovec vectors[VECTORS];
    int file = open(sample_below("vectors"), O_RDWR | O_CREAT | O_EXCL, 0600),
        full = open("/dev/full", O_WRONLY);
    assert_true(file >= 0 && full >= 0);
    for (size_t v = 0; v < VECTORS; v++)
        vectors[v] = (struct iovec){text, BYTES};
    assert_true(cn_pwritev_full(file, vectors, VECTORS, 7));
    static char found[7 + VECTORS * BYTES + 1];
    assert_int_equal(pread(file, found, sizeof found, 0), 7 + VECTORS * BYTES);
    for (size_t v = 0; v < VECTORS; v++)
        assert_memory_equal(found + 7 + BYTES * v, text, BYTES);
    struct iovec one = {text, BYTES};
    assert_false(cn_pwritev_full(full, &one, 1, 0));
    assert_int_equal(errno, ENOSPC);
    close(file);
    close(full);
}

static void test_an_image_is_put_around_its_area(void **state)
{
    (void)state;
    struct cn_image image = {.area = {100, 1000}, .size = 1050};
    assert_true(cn_image_reserve(&image, 150));
    assert_int_equal(cn_image_bytes(&image), 150);
    memset(image.bytes, 'f', 100);
    memset(image.bytes + 100, 'r', 50);
    int file = open(sample_below("image"), O_RDWR | O_CREAT | O_EXCL, 0600);
    static char found[1051], area[900];
    memset(area, 'a', sizeof area);
    assert_int_equal(pwrite(file, area, sizeof area, 100), sizeof area);
    assert_true(cn_image_put(&image, file));
    assert_int_equal(pread(file, found, sizeof found, 0), 1050);
    for (size_t i = 0; i < 1050; i++)
        assert_int_equal(found[i], i < 100 ? 'f' : i < 1000 ? 'a' : 'r');
    close(file);
    cn_image_free(&image);
}

static size_t address_space(void)
{
    unsigned long pages = 0;
    FILE *in = fopen("/proc/self/statm", "r");
    assert_non_null(in);
    assert_int_equal(fscanf(in, "%lu", &pages), 1);
    fclose(in);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* HDF5 writes metadata behind an array without values when the file is closed, and no memory can be
 * had. */
static void test_want_of_memory_at_the_end_is_noticed(void **state)
{
    (void)state;
    const hsize_t length = 16 << 20;
    int id;
    size_t size;
    cn_hdf5_lock(); /* sets HDF5 up */
    cn_hdf5_unlock();
    assert_int_equal(nc_create(sample_below("empty.nc"), NC_NETCDF4, &id), 0);
    nc_close(id);
    char *bytes = read_file(sample_below("empty.nc"), &size);
    struct cn_image image = {0};
    assert_true(cn_image_open(&image, bytes, size, (struct cn_chunk_area){size, size}));
    hid_t space = H5Screate_simple(1, &length, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(list, H5D_FILL_TIME_NEVER);
    hid_t dataset =
        H5Dcreate2(image.file, "d", H5T_NATIVE_UCHAR, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(dataset >= 0);
    for (int i = 0; i < 200; i++) {
        char name[16];
        snprintf(name, sizeof name, "group %d", i);
        H5Gclose(H5Gcreate2(image.file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    }
    H5Dclose(dataset);
    H5Pclose(list);
    H5Sclose(space);
    assert_true(image.capacity < length);
    struct rlimit limit = {address_space() + (8 << 20), RLIM_INFINITY}; /* HDF5 has some */
    setrlimit(RLIMIT_AS, &limit);
    assert_false(cn_image_close(&image));
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_AS, &limit);
    /* HDF5 would keep the id of a file that it has freed. */
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    assert_true(image.failed);
    cn_image_free(&image);
    free(bytes);
}

static void test_a_failure_of_hdf5_is_not_called_want_of_memory(void **state)
{
    (void)state;
    struct sample *s = sample_new(sample_root, 1);
    struct cn_error error = {0};
    char temporary[4096];
    write_sample(s, "whole.nc");
    memset(s->skeleton.bytes, 0, s->skeleton.size);
    assert_int_equal(sample_write(s, temporary, sizeof temporary, &error), CN_BAD_MACHINE);
    assert_non_null(strstr(error.text, "whole.nc: HDF5 cannot write its metadata"));
    sample_free(s);
}

/* Also one that comes again after others. */
static void test_a_source_file_is_listed_once(void **state)
{
    (void)state;
    struct sample *s = sample_new(sample_root, 1);
    s->parts[3].file = s->parts[7].file = &s->files[0];
    write_sample(s, "listed.nc");
    int id;
    char names[8192] = "";
    assert_int_equal(nc_open(sample_below("listed.nc"), NC_NOWRITE, &id), 0);
    assert_int_equal(nc_get_att_text(id, NC_GLOBAL, "source_files", names), 0);
    nc_close(id);
    const char *at = names;
    for (int i = 0; i < SAMPLE_WINDOW; i++) {
        if (i == 3 || i == 7 || i == SAMPLE_ABSENT || i == SAMPLE_UNUSED)
            continue;
        size_t length = strlen(s->bases[i]);
        assert_memory_equal(at, s->bases[i], length);
        at += length + (at[length] == ' ');
    }
    assert_string_equal(at, "");
    sample_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_do_not_depend_on_earlier_ones),
        cmocka_unit_test(test_vectors_are_written_whole),
        cmocka_unit_test(test_an_image_is_put_around_its_area),
        cmocka_unit_test(test_want_of_memory_at_the_end_is_noticed),
        cmocka_unit_test(test_a_failure_of_hdf5_is_not_called_want_of_memory),
        cmocka_unit_test(test_a_source_file_is_listed_once),
    };
    return cmocka_run_group_tests(tests, sample_make_root, sample_remove_root);
}
