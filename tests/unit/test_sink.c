/*
 * Files of the sink: what is written, when a file counts as up to date, and what is refused.
 */
#include "sink/digest.h"
#include "sink/up_to_date.h"
#include "sink/verify_output.h"

#include "cn_test.h"
#include "sink_sample.h"

#include <sys/stat.h>
#include <unistd.h>

static enum cn_status write_sample(struct sample *s, struct cn_error *error)
{
    char temporary[4096];
    enum cn_status status = sample_write(s, temporary, sizeof temporary, error);
    if (status)
        return status;
    assert_int_equal(sample_temporaries(), 1);
    assert_int_equal(access(temporary, R_OK), 0);
    status = cn_temporary_publish(s->file.path, temporary, error);
    assert_int_equal(sample_temporaries(), 0);
    return status;
}

static void assert_text(int id, int variable, const char *name, const char *expected)
{
    char text[8192] = "";
    size_t length;
    assert_int_equal(nc_inq_attlen(id, variable, name, &length), 0);
    assert_true(length < sizeof text);
    assert_int_equal(nc_get_att_text(id, variable, name, text), 0);
    text[length] = '\0';
    assert_string_equal(text, expected);
}

static void test_a_file_holds_what_was_given(void **state)
{
    (void)state;
    struct sample *s = sample_new(sample_root, 1);
    struct cn_error error = {0};
    assert_false(sample_exists("BOX/tasmax/normal.nc"));
    assert_int_equal(write_sample(s, &error), CN_OK);
    int id, mean, count, storage, shuffle, deflate, level, number;
    size_t chunk[3];
    assert_int_equal(nc_open(sample_below("BOX/tasmax/normal.nc"), NC_NOWRITE, &id), 0);
    assert_int_equal(nc_inq_varid(id, "tasmax", &mean), 0);
    assert_int_equal(nc_inq_varid(id, "tasmax_count", &count), 0);
    assert_int_equal(nc_inq_var_chunking(id, mean, &storage, chunk), 0);
    assert_int_equal(storage, NC_CHUNKED);
    assert_true(chunk[0] == SAMPLE_CHUNK_SLOTS && chunk[1] == SAMPLE_LATS &&
                chunk[2] == SAMPLE_LONS);
    assert_int_equal(nc_inq_var_deflate(id, mean, &shuffle, &deflate, &level), 0);
    assert_true(shuffle && deflate && level == 1);
    static float means[SAMPLE_SLOTS][SAMPLE_CELLS];
    static short counts[SAMPLE_SLOTS][SAMPLE_CELLS];
    assert_int_equal(nc_get_var_float(id, mean, means[0]), 0);
    assert_int_equal(nc_get_var_short(id, count, counts[0]), 0);
    for (int k = 0; k < SAMPLE_SLOTS; k++)
        for (int c = 0; c < SAMPLE_CELLS; c++) {
            assert_float_equal(means[k][c], sample_mean(k, c), 0);
            assert_int_equal(counts[k][c], c == SAMPLE_MISSING_CELL ? 0 : SAMPLE_WINDOW - 2);
        }
    assert_text(id, mean, "cell_methods",
                "area: mean time: maximum within days time: mean over years");
    assert_text(id, mean, "units", "K");
    assert_text(id, mean, "coordinates", "target_year climatology_time");
    assert_text(id, mean, "target_year", "from the source");
    static const char *const left_out[] = {"scale_factor", "valid_anything", "_ChunkSizes",
                                           "DIMENSION_LIST", "tracking_id"};
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        assert_int_not_equal(nc_inq_attid(id, mean, left_out[i], NULL), 0);
    assert_int_equal(nc_get_att_int(id, NC_GLOBAL, "number_of_years", &number), 0);
    assert_int_equal(number, 28);
    assert_int_equal(nc_get_att_int(id, NC_GLOBAL, "target_year", &number), 0);
    assert_int_equal(number, 1980);
    assert_text(id, NC_GLOBAL, "source_years", "1951-1980");
    assert_text(id, NC_GLOBAL, "missing_source_years", "1956 1961");
    assert_text(id, NC_GLOBAL, "source_versions", "1.0 1.1");
    assert_int_not_equal(nc_inq_attid(id, mean, "source_years", NULL), 0);
    assert_text(id, NC_GLOBAL, "institution", "NorESM Climate modeling Consortium");
    struct cn_digests digests;
    cn_sink_digests(&s->file, &digests);
    assert_text(id, NC_GLOBAL, "climnorm_config_digest", digests.config);
    assert_text(id, NC_GLOBAL, "climnorm_inputs_digest", digests.inputs);
    nc_close(id);
    sample_free(s);
}

/* A source may hold the text that stands for the digest until it is known. */
static void test_the_digest_is_not_mistaken(void **state)
{
    (void)state;
    struct sample *s = sample_new(sample_root, 1);
    struct cn_error error = {.text = ""};
    struct cn_digests digests;
    struct cn_attribute attribute = {"comment", NC_CHAR, CN_CONTENT_DIGEST_LENGTH,
                                     cn_content_placeholder};
    s->files[SAMPLE_WINDOW - 1].attributes = &attribute;
    s->files[SAMPLE_WINDOW - 1].attribute_count = 1;
    s->files[SAMPLE_WINDOW - 1].history = cn_content_placeholder;
    s->file.path = "placeholder.nc";
    assert_int_equal(write_sample(s, &error), CN_OK);
    if (cn_output_verify(sample_below("placeholder.nc"), CN_VERIFY_ALL, &digests, &error))
        fail_msg("%s", error.text);
    sample_free(s);
}

/* More than the 64 KiB that HDF5 keeps in a header: files of a day each, or a long history. */
static void test_long_attributes_are_kept(void **state)
{
    (void)state;
    static char history[200000], base[10000];
    memset(history, 'h', sizeof history - 1);
    memset(base, 'b', sizeof base - 1);
    struct sample *s = sample_new(sample_root, 1);
    s->files[SAMPLE_WINDOW - 1].history = history;
    for (int i = 0; i < SAMPLE_WINDOW; i++)
        s->files[i].base = base;
    s->file.path = "long.nc";
    struct cn_error error = {0};
    assert_int_equal(write_sample(s, &error), CN_OK);
    int id;
    size_t length = 0;
    assert_int_equal(nc_open(sample_below("long.nc"), NC_NOWRITE, &id), 0);
    assert_int_equal(nc_inq_attlen(id, NC_GLOBAL, "history", &length), 0);
    assert_true(length > sizeof history);
    assert_int_equal(nc_inq_attlen(id, NC_GLOBAL, "source_files", &length), 0);
    assert_int_equal(length, (SAMPLE_WINDOW - 2) * sizeof base - 1);
    nc_close(id);
    sample_free(s);
}

static void test_only_the_planned_file_is_current(void **state)
{
    (void)state;
    struct cn_error error = {0};
    struct sample *s = sample_new(sample_root, 1);
    s->file.path = "current.nc";
    assert_false(cn_sink_is_up_to_date(&s->file));
    assert_int_equal(write_sample(s, &error), CN_OK);
    assert_false(cn_sink_is_up_to_date(&s->file)); /* 1961 was planned, and not used */
    s->used[SAMPLE_UNUSED] = true;
    assert_int_equal(write_sample(s, &error), CN_OK);
    assert_true(cn_sink_is_up_to_date(&s->file));
    s->file.years_used = NULL;
    assert_true(cn_sink_is_up_to_date(&s->file));
    s->config.output.compression = 2;
    assert_false(cn_sink_is_up_to_date(&s->file));
    s->config.output.compression = 1;
    s->files[0].mtime_ns++;
    assert_false(cn_sink_is_up_to_date(&s->file));
    s->files[0].mtime_ns--;
    s->cells.column_count--;
    assert_false(cn_sink_is_up_to_date(&s->file));
    s->cells.column_count++;
    s->cells.lat_bounds = NULL;
    assert_false(cn_sink_is_up_to_date(&s->file));
    s->cells.lat_bounds = sample_lat_bounds;
    assert_true(cn_sink_is_up_to_date(&s->file));
    assert_int_equal(truncate(sample_below("current.nc"), 30000), 0);
    assert_false(cn_sink_is_up_to_date(&s->file));
    s->window[SAMPLE_ABSENT] = SAMPLE_ABSENT; /* none is missing */
    s->used[SAMPLE_ABSENT] = true;
    assert_int_equal(write_sample(s, &error), CN_OK);
    assert_true(cn_sink_is_up_to_date(&s->file));
    sample_free(s);
}

static void test_odd_files_are_not_current(void **state)
{
    (void)state;
    struct sample *s = sample_new(sample_root, 1);
    sample_touch("empty.nc", "");
    sample_touch("text.nc", "this is no netCDF file at all");
    sample_touch("header.nc", "\211HDF\r\n\032\n and then nothing of the kind");
    assert_int_equal(mkfifo(sample_below("fifo.nc"), 0600), 0);
    assert_int_equal(mkdir(sample_below("folder.nc"), 0700), 0);
    assert_int_equal(symlink("loop.nc", sample_below("loop.nc")), 0);
    int id;
    assert_int_equal(nc_create(sample_below("bare.nc"), NC_NETCDF4, &id), 0);
    assert_int_equal(nc_close(id), 0);
    static const char *const names[] = {"empty.nc",  "text.nc", "header.nc",   "fifo.nc",
                                        "folder.nc", "loop.nc", "bare.nc",     "none.nc",
                                        "none/x.nc", "",        "text.nc/x.nc"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        s->file.path = names[i];
        assert_false(cn_sink_is_up_to_date(&s->file));
    }
    sample_free(s);
}

static void test_nothing_is_written_outside_the_root(void **state)
{
    (void)state;
    struct sample *s = sample_new(sample_root, 1);
    struct cn_error error = {0};
    char outside[] = "/tmp/test_sink_outside_XXXXXX";
    assert_non_null(mkdtemp(outside));
    assert_int_equal(symlink(outside, sample_below("link")), 0);
    sample_touch("plain", "a file where a folder is wanted");
    char deep[400];
    snprintf(deep, sizeof deep, "%0300d/x.nc", 0);
    const char *const refused[] = {"link/x.nc",     "link/a/x.nc",    "../x.nc", "a/../../x.nc",
                                   "/tmp/hello.nc", "./../escape.nc", deep,      "plain/x.nc"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        s->file.path = refused[i];
        assert_int_not_equal(write_sample(s, &error), CN_OK);
        assert_int_equal(sample_temporaries(), 0);
    }
    s->file.path = "link/x.nc";
    write_sample(s, &error);
    assert_non_null(strstr(error.text, "symbolic link"));
    assert_int_equal(rmdir(outside), 0); /* still empty */
    sample_free(s);
}

static void test_a_name_that_cannot_be_taken_leaves_nothing(void **state)
{
    (void)state;
    struct sample *s = sample_new(sample_root, 1);
    struct cn_error error = {0};
    assert_int_equal(mkdir(sample_below("taken.nc"), 0700), 0);
    s->file.path = "taken.nc";
    assert_int_equal(write_sample(s, &error), CN_BAD_MACHINE);
    /* Variables are named by files: one may clash with what every output has. */
    static const char *const names[] = {"lat", "target_year", "bnds", "climatology_bnds", "a\nb",
                                        "",    " ",           "a/b"};
    s->file.path = "clash.nc";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        s->variable.name = names[i];
        assert_int_equal(write_sample(s, &error), CN_BAD_INPUT);
        assert_non_null(strstr(error.text, "rename it"));
    }
    assert_false(sample_exists("clash.nc"));
    assert_int_equal(sample_temporaries(), 0);
    sample_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_holds_what_was_given),
        cmocka_unit_test(test_the_digest_is_not_mistaken),
        cmocka_unit_test(test_long_attributes_are_kept),
        cmocka_unit_test(test_only_the_planned_file_is_current),
        cmocka_unit_test(test_odd_files_are_not_current),
        cmocka_unit_test(test_nothing_is_written_outside_the_root),
        cmocka_unit_test(test_a_name_that_cannot_be_taken_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, sample_make_root, sample_remove_root);
}
