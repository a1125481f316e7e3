/*
 * How a file is put together: the skeleton that it shares with others, the image that HDF5 makes of
 * it, and the way of the image to the disk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs those above. */
#include <cmocka.h>

#include "sink/image.h"
#include "sink_sample.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static char root[] = "/tmp/test_sink_image_XXXXXX";

static const char *below(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void write_sample(struct sample *s, const char *path)
{
    char temporary[4096];
    struct cn_error error = {0};
    if (!s->means[0].bytes)
        sample_fill(s);
    s->file.path = path;
    assert_int_equal(cn_sink_write(&s->file, &s->skeleton, s->means, s->counts, temporary,
                                   sizeof temporary, &error),
                     CN_OK);
    assert_int_equal(cn_sink_publish(&s->file, temporary, &error), CN_OK);
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
    snprintf(path, sizeof path, "%s", below(name));
    char *bytes = read_file(path, &size), *bytes_again = read_file(below(again), &size_again);
    assert_int_equal(size, size_again);
    assert_memory_equal(bytes, bytes_again, size);
    free(bytes);
    free(bytes_again);
}

/* Files share a skeleton, made by whichever comes first: that must not show in their bytes. */
static void files_do_not_depend_on_earlier_ones(void **state)
{
    (void)state;
    setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
    struct sample *first = sample_new(root, 1), *s = sample_new(root, 1);
    write_sample(first, "first.nc");
    /* Other own attributes, then other shared ones too, then as the first. */
    s->target.period = "another period, with a longer name";
    write_sample(s, "other.nc");
    struct cn_file *newest = &s->files[SAMPLE_WINDOW - 1];
    newest->attributes++;
    newest->attribute_count--;
    write_sample(s, "shorter.nc");
    newest->attributes--;
    newest->attribute_count++;
    s->target.period = "historical";
    write_sample(s, "again.nc");
    assert_same_bytes("first.nc", "again.nc");
    int id, variable, number, count;
    assert_int_equal(nc_open(below("shorter.nc"), NC_NOWRITE, &id), 0);
    assert_int_equal(nc_inq_varid(id, "tasmax", &variable), 0);
    assert_int_not_equal(nc_inq_attid(id, variable, "standard_name", NULL), 0);
    /* What is shared and what is not stand in the order of the lists. */
    static const char *const order[] = {"long_name",     "half",         "target_year",
                                        "units",         "cell_methods", "_FillValue",
                                        "missing_value", "coordinates"};
    for (int i = 0; i < (int)(sizeof order / sizeof *order); i++) {
        assert_int_equal(nc_inq_attid(id, variable, order[i], &number), 0);
        assert_int_equal(number, i);
    }
    assert_int_equal(nc_inq_attid(id, variable, "variant", &number), 0);
    assert_int_equal(nc_inq_varnatts(id, variable, &count), 0);
    assert_int_equal(number, count - 1);
    nc_close(id);
    sample_free(first);
    sample_free(s);
}

/* An image goes to disk whole, in the order of addresses, in more vectors than one call takes. */
static void an_image_is_put_whole(void **state)
{
    (void)state;
    enum { PIECES = 3000 };
    static const char text[] = "piece";
    struct cn_image image = {0};
    assert_true(cn_image_reserve(&image, 10 * PIECES));
    memset(image.bytes, 'm', 10 * PIECES);
    image.size = 10 * PIECES;
    image.pieces = calloc(PIECES, sizeof *image.pieces);
    for (size_t p = 0; p < PIECES; p++) /* the last first */
        image.pieces[p] = (struct cn_piece){10 * (PIECES - 1 - p), 5, text};
    image.piece_count = PIECES;
    int file = open(below("image"), O_RDWR | O_CREAT | O_EXCL, 0600),
        full = open("/dev/full", O_WRONLY);
    assert_true(file >= 0 && full >= 0);
    assert_true(cn_image_put(&image, file));
    static char found[10 * PIECES + 1];
    assert_int_equal(pread(file, found, sizeof found, 0), 10 * PIECES);
    for (size_t p = 0; p < PIECES; p++)
        assert_memory_equal(found + 10 * p, "piecemmmmm", 10);
    assert_false(cn_image_put(&image, full));
    assert_int_equal(errno, ENOSPC);
    close(file);
    close(full);
    cn_image_free(&image);
}

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_do_not_depend_on_earlier_ones),
        cmocka_unit_test(an_image_is_put_whole),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
