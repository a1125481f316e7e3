/*
 * The sink: first cell methods, climatology bounds and digests without files, then complete files:
 * what is written, when a file counts as up to date, and what is refused.
 */
#include "sink/cell_methods.h"
#include "sink/climatology.h"
#include "sink/digest.h"
#include "sink/lock.h"
#include "sink/up_to_date.h"

#include "cn_test.h"
#include "sink_sample.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- pure parts --- */

static void test_cell_methods_become_climatological(void **state)
{
    (void)state;
    static const struct {
        const char *variable, *source, *expected;
    } cases[] = {
        {"pr", "time: mean", "time: mean within days time: mean over years"},
        {"pr", "time: mean (interval: 15 minutes)",
         "time: mean within days (interval: 15 minutes) time: mean over years"},
        {"pr", "area: time: mean", "area: mean time: mean within days time: mean over years"},
        {"tas", "time: lat: lon: mean where land (interval: 1 hour comment: a (b) c)",
         "lat: lon: mean where land time: mean where land within days "
         "(interval: 1 hour comment: a (b) c) time: mean over years"},
        {"tas", "area: mean where land time: maximum",
         "area: mean where land time: maximum within days time: mean over years"},
        {"tas", "time: point  area: mean where land over all_area_types",
         "time: point within days time: mean over years area: mean where land over all_area_types"},
        {"tasmax", "area: mean", "area: mean time: maximum within days time: mean over years"},
        {"tasmax", "time: maximum within days time: mean over days",
         "time: maximum within days time: mean over days time: mean over years"},
        {"tas", "time: mean (3-hourly) time: maximum",
         "time: mean (3-hourly) time: maximum within days time: mean over years"},
        {"tas", "\ttime:mean\n", "time: mean within days time: mean over years"},
        {"tas", NULL, "time: mean within days time: mean over years"},
        {"tasmin", "", "time: minimum within days time: mean over years"},
        /* What is not CF does not survive. */
        {"tas", "mean", "time: mean within days time: mean over years"},
        {"tas", "time: mean (interval: 1 hour", "time: mean within days time: mean over years"},
        {"tas", "time: mean) area: mean", "time: mean within days time: mean over years"},
        {"tas", "time: mean of all", "time: mean within days time: mean over years"},
        {"tas", "time: mean where area: mean", "time: mean within days time: mean over years"},
        {"tas", "time:", "time: mean within days time: mean over years"},
        {"tas", "::(", "time: mean within days time: mean over years"},
        {"tas", "area: mean (a\001b)",
         "area: mean (a?b) time: mean within days time: mean over years"},
    };
    struct cn_pool *pool = cn_pool_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(cn_cell_methods(pool, cases[i].source, cases[i].variable),
                            cases[i].expected);
    cn_pool_free(pool);
}

static void climatology(enum cn_calendar calendar, enum cn_leap_day rule, int target, int window,
                        int slot, double expected[3])
{
    double time[366], bounds[366][2];
    int slots = cn_slot_count(calendar, rule);
    cn_climatology(calendar, rule, target, window, slots, time, bounds[0]);
    expected[0] = time[slot];
    expected[1] = bounds[slot][0];
    expected[2] = bounds[slot][1];
}

#define assert_climatology(calendar, rule, target, window, slot, middle, first, last) \
    do {                                                                              \
        double found[3];                                                              \
        climatology(calendar, rule, target, window, slot, found);                     \
        assert_float_equal(found[0], middle, 0);                                      \
        assert_float_equal(found[1], first, 0);                                       \
        assert_float_equal(found[2], last, 0);                                        \
    } while (0)

static void test_climatology_follows_the_calendar(void **state)
{
    (void)state;
    /* Every year has the day: noon in the target year, from the first year to the last. */
    assert_climatology(CN_NOLEAP, CN_DAYOFYEAR, 1980, 30, 0, 29 * 365 + 0.5, 0, 29 * 365 + 1);
    assert_climatology(CN_360_DAY, CN_DAYOFYEAR, 1980, 30, 359, 30 * 360 - 0.5, 359, 30 * 360);
    /* Day 366: in 1952 first, 1980 last; 1951-01-01 is day 0, 1952-12-31 day 730. */
    assert_climatology(CN_STANDARD, CN_DAYOFYEAR, 1980, 30, 365, 10957.5, 730, 10958);
    assert_climatology(CN_STANDARD, CN_DAYOFYEAR, 1980, 30, 59, 10592 + 59.5, 59, 10652);
    /* Target year 1982 lacks the day: 1980 is the nearest earlier window year with it. */
    assert_climatology(CN_STANDARD, CN_DAYOFYEAR, 1982, 3, 365, 365.5, 365, 366);
    assert_climatology(CN_STANDARD, CN_MONTH_DAY, 1982, 3, 59, 59.5, 59, 60);
    assert_climatology(CN_STANDARD, CN_MONTH_DAY, 1982, 3, 60, 366 + 365 + 59.5, 60,
                       366 + 365 + 60);
    /* No year of 1981-1983 has it: 1980, before the window. */
    assert_climatology(CN_STANDARD, CN_DAYOFYEAR, 1983, 3, 365, -0.5, -1, 0);
    assert_climatology(CN_STANDARD, CN_DAYOFYEAR, 1903, 3, 365, -1460.5, -1461, -1460);
    /* No year 0: 0001-01-01 is day 0. */
    assert_climatology(CN_STANDARD, CN_DAYOFYEAR, 3, 4, 0, 730.5, 0, 731);
    assert_int_equal(cn_reference_year(CN_STANDARD, 3, 4), 1);
    assert_int_equal(cn_reference_year(CN_JULIAN, 3, 4), 1);
    assert_int_equal(cn_reference_year(CN_NOLEAP, 3, 4), 0);
    assert_int_equal(cn_reference_year(CN_STANDARD, 1980, 30), 1951);
    /* Without 29 February slot 60 is 1 March. */
    assert_climatology(CN_STANDARD, CN_DROP, 1980, 1, 59, 60.5, 60, 61);
}

static struct cn_digests digests_of(const struct sample *s)
{
    struct cn_digests digests;
    cn_sink_digests(&s->file, &digests);
    assert_int_equal(strspn(digests.config, "0123456789abcdef"), 32);
    assert_int_equal(strspn(digests.inputs, "0123456789abcdef"), 32);
    return digests;
}

#define assert_changes(s, which, change)                                                          \
    do {                                                                                          \
        struct sample *changed = sample_new(sample_root, 1);                                      \
        struct cn_digests before = digests_of(changed);                                           \
        (s) = changed;                                                                            \
        change;                                                                                   \
        struct cn_digests after = digests_of(changed);                                            \
        assert_int_equal(strcmp(before.config, after.config) != 0, strcmp(which, "config") == 0); \
        assert_int_equal(strcmp(before.inputs, after.inputs) != 0, strcmp(which, "inputs") == 0); \
        sample_free(changed);                                                                     \
    } while (0)

static void test_digests_cover_what_shapes_a_file(void **state)
{
    (void)state;
    struct sample *s;
    assert_changes(s, "config", s->variable.name = "tasmin");
    assert_changes(s, "config", s->region.lat[0] = 30.25);
    assert_changes(s, "config", s->region.lon[1] = 240.5);
    assert_changes(s, "config", s->region.global = true);
    assert_changes(s, "config", s->region.name = "BOX2");
    assert_changes(s, "config", s->config.normals.leap_day = CN_DROP);
    assert_changes(s, "config", s->target.period = "hybrid");
    assert_changes(s, "config", s->target.scenario = "ssp245");
    assert_changes(s, "config", s->target.year++);
    assert_changes(s, "config", s->config.output.compression = 2);
    assert_changes(s, "config", s->config.output.counts = false);
    assert_changes(s, "inputs", s->bases[3][0] = 'T');
    assert_changes(s, "inputs", s->files[3].size++);
    assert_changes(s, "inputs", s->files[3].mtime_ns++);
    assert_changes(s, "inputs", s->files[3].version_major++);
    assert_changes(s, "inputs", s->files[3].version_minor++);
    assert_changes(s, "inputs", s->parts[3].count--);
    assert_changes(s, "inputs", s->window[3] = -1);
    /* Neither how it is computed nor where it goes. */
    assert_changes(s, "nothing", s->config.engine.threads = 7);
    assert_changes(s, "nothing", s->config.normals.min_years = 3);
    assert_changes(s, "nothing", s->file.path = "elsewhere.nc");
    assert_changes(s, "nothing", s->files[3].path = "/moved");
    assert_changes(s, "nothing", s->used[3] = false);
    assert_changes(s, "nothing", s->region.lat[0] *= 1);
}

/* --- files --- */

static bool exists(const char *name)
{
    struct stat status;
    return lstat(sample_below(name), &status) == 0;
}

static void touch(const char *name, const char *text)
{
    FILE *out = fopen(sample_below(name), "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

/* How many entries of a folder begin with ".climnorm-". */
static int temporaries(const char *folder)
{
    char command[4200];
    snprintf(command, sizeof command, "find '%s' -name '.climnorm-*.tmp' | wc -l",
             sample_below(folder));
    FILE *out = popen(command, "r");
    int count = -1;
    assert_int_equal(fscanf(out, "%d", &count), 1);
    pclose(out);
    return count;
}

static enum cn_status write_sample(struct sample *s, struct cn_error *error)
{
    char temporary[4096];
    if (!s->means[0].bytes)
        sample_fill(s);
    const struct cn_encoded *counts = s->config.output.counts ? s->counts : NULL;
    enum cn_status status =
        cn_sink_write(&s->file, &s->skeleton, s->means, counts, temporary, sizeof temporary, error);
    if (status)
        return status;
    assert_int_equal(temporaries(""), 1);
    assert_int_equal(access(temporary, R_OK), 0);
    status = cn_temporary_publish(s->file.path, temporary, error);
    assert_int_equal(temporaries(""), 0);
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
    assert_false(exists("BOX/tasmax/normal.nc"));
    assert_int_equal(write_sample(s, &error), CN_OK);
    int id, mean, count, storage, shuffle, deflate, level, number;
    size_t chunk[3];
    assert_int_equal(nc_open(sample_below("BOX/tasmax/normal.nc"), NC_NOWRITE, &id), 0);
    assert_int_equal(nc_inq_varid(id, "tasmax", &mean), 0);
    assert_int_equal(nc_inq_varid(id, "tasmax_count", &count), 0);
    assert_int_equal(nc_inq_var_chunking(id, mean, &storage, chunk), 0);
    assert_int_equal(storage, NC_CHUNKED);
    assert_true(chunk[0] == 1 && chunk[1] == SAMPLE_LATS && chunk[2] == SAMPLE_LONS);
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
                "area: mean time: maximum within days (interval: 15 minutes) "
                "time: mean over years");
    assert_text(id, mean, "units", "K");
    assert_text(id, mean, "coordinates", "time");
    static const char *const left_out[] = {"scale_factor", "valid_anything", "_ChunkSizes",
                                           "DIMENSION_LIST", "tracking_id"};
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        assert_int_not_equal(nc_inq_attid(id, mean, left_out[i], NULL), 0);
    const int variables[] = {mean, NC_GLOBAL};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(nc_get_att_int(id, variables[i], "number_of_years", &number), 0);
        assert_int_equal(number, 28);
        assert_int_equal(nc_get_att_int(id, variables[i], "target_year", &number), 0);
        assert_int_equal(number, 1980);
        assert_text(id, variables[i], "source_years", "1951-1980");
        assert_text(id, variables[i], "missing_source_years", "1956 1961");
        assert_text(id, variables[i], "source_versions", "1.0 1.1");
    }
    assert_text(id, NC_GLOBAL, "institution", "NorESM Climate modeling Consortium");
    struct cn_digests digests = digests_of(s);
    assert_text(id, NC_GLOBAL, "climnorm_config_digest", digests.config);
    assert_text(id, NC_GLOBAL, "climnorm_inputs_digest", digests.inputs);
    nc_close(id);
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
    int variable;
    assert_int_equal(nc_inq_varid(id, "tasmax", &variable), 0);
    assert_int_equal(nc_inq_attlen(id, variable, "source_files", &length), 0);
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
    s->file.year_used = NULL;
    assert_true(cn_sink_is_up_to_date(&s->file));
    s->config.output.compression = 2;
    assert_false(cn_sink_is_up_to_date(&s->file));
    s->config.output.compression = 1;
    s->files[0].mtime_ns++;
    assert_false(cn_sink_is_up_to_date(&s->file));
    s->files[0].mtime_ns--;
    s->cells.lon_count--;
    assert_false(cn_sink_is_up_to_date(&s->file));
    s->cells.lon_count++;
    assert_true(cn_sink_is_up_to_date(&s->file));
    assert_int_equal(truncate(sample_below("current.nc"), 50000), 0);
    assert_false(cn_sink_is_up_to_date(&s->file));
    s->window[SAMPLE_ABSENT] = SAMPLE_ABSENT; /* none is missing */
    assert_int_equal(write_sample(s, &error), CN_OK);
    assert_true(cn_sink_is_up_to_date(&s->file));
    sample_free(s);
}

static void test_odd_files_are_not_current(void **state)
{
    (void)state;
    struct sample *s = sample_new(sample_root, 1);
    touch("empty.nc", "");
    touch("text.nc", "this is no netCDF file at all");
    touch("header.nc", "\211HDF\r\n\032\n and then nothing of the kind");
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
    touch("plain", "a file where a folder is wanted");
    char deep[400];
    snprintf(deep, sizeof deep, "%0300d/x.nc", 0);
    const char *const refused[] = {"link/x.nc",     "link/a/x.nc",    "../x.nc", "a/../../x.nc",
                                   "/tmp/hello.nc", "./../escape.nc", deep,      "plain/x.nc"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        s->file.path = refused[i];
        assert_int_not_equal(write_sample(s, &error), CN_OK);
        assert_int_equal(temporaries(""), 0);
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
    static const char *const names[] = {"lat",  "time", "bnds", "climatology_bnds",
                                        "a\nb", "",     " ",    "a/b"};
    s->file.path = "clash.nc";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        s->variable.name = names[i];
        assert_int_equal(write_sample(s, &error), CN_BAD_INPUT);
        assert_non_null(strstr(error.text, "rename it"));
    }
    assert_false(exists("clash.nc"));
    assert_int_equal(temporaries(""), 0);
    sample_free(s);
}

static const atomic_int nobody; /* asks to stop */

static void test_one_run_holds_the_lock(void **state)
{
    (void)state;
    int lock, second;
    struct cn_holder holder;
    struct cn_error error = {0};
    assert_int_equal(
        cn_sink_lock(sample_below("made/on the way/"), &nobody, &lock, &holder, &error), CN_OK);
    assert_int_equal(
        cn_sink_lock(sample_below("made/on the way"), &nobody, &second, &holder, &error),
        CN_BAD_USAGE);
    char process[40];
    snprintf(process, sizeof process, "process %ld on ", (long)getpid());
    assert_non_null(strstr(error.text, process));
    cn_sink_unlock(lock);
    assert_int_equal(cn_sink_lock(sample_below("made/on the way"), &nobody, &lock, &holder, &error),
                     CN_OK);
    cn_sink_unlock(lock);
    touch("no folder", "");
    assert_int_equal(cn_sink_lock(sample_below("no folder/out"), &nobody, &lock, &holder, &error),
                     CN_BAD_USAGE);
    assert_non_null(strstr(error.text, "Not a directory"));
}

static void test_a_lock_may_be_waited_for_without_a_stop_flag(void **state)
{
    (void)state;
    int lock, second;
    struct cn_holder holder;
    struct cn_error error;
    assert_int_equal(cn_sink_lock(sample_root, NULL, &lock, &holder, &error), CN_OK);
    assert_int_equal(cn_sink_lock(sample_root, NULL, &second, &holder, &error), CN_BAD_USAGE);
    assert_int_equal(second, -1);
    cn_sink_unlock(lock);
}

/* In a child: whether none of the locks is open, and to give back the last leaves a file alone that
 * has its descriptor now. */
static bool child_has_no_lock(const int locks[2])
{
    for (int k = 0; k < 2; k++)
        if (fcntl(locks[k], F_GETFD) >= 0)
            return false;
    touch("victim", "precious");
    int victim = open(sample_below("victim"), O_RDWR);
    bool is_moved = dup2(victim, locks[1]) >= 0;
    cn_sink_unlock(locks[1]);
    struct stat status;
    return is_moved && fstat(locks[1], &status) == 0 && status.st_size == 8;
}

static void test_children_have_no_lock_of_any_job(void **state)
{
    (void)state;
    int first, locks[2], status;
    struct cn_holder holder;
    struct cn_error error;
    assert_int_equal(cn_sink_lock(sample_below("first"), NULL, &first, &holder, &error), CN_OK);
    assert_int_equal(cn_sink_lock(sample_below("second"), NULL, &locks[0], &holder, &error), CN_OK);
    assert_int_equal(cn_sink_lock(sample_below("third"), NULL, &locks[1], &holder, &error), CN_OK);
    cn_sink_unlock(first);
    pid_t child = fork();
    if (child == 0)
        _exit(!child_has_no_lock(locks));
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    for (int k = 0; k < 2; k++) {
        assert_true(fcntl(locks[k], F_GETFD) >= 0);
        cn_sink_unlock(locks[k]);
    }
}

/* Makes files in folders that are there, or asks whether they are. */
static void touch_all(const char *const *names)
{
    for (; *names; names++)
        touch(*names, "");
}

static size_t count_existing(const char *const *names)
{
    size_t count = 0;
    for (; *names; names++)
        count += exists(*names);
    return count;
}

/* A run that is killed twice, the second time before it has removed what the first left. */
static void test_a_dead_run_is_cleaned_up(void **state)
{
    (void)state;
    static const char *const dead[] = {"dead/a/.climnorm-0-0.tmp", "dead/.climnorm-0-1.tmp",
                                       "dead/.climnorm-1a-ff.tmp", NULL};
    static const char *const others[] = {"dead/a/climnorm-0-2.tmp",
                                         "dead/.climnorm-0-2.tmp.nc",
                                         "dead/.climnorm-2-0.tmp", /* of a run that may live */
                                         "dead/.climnorm-1-0.tmp",
                                         "elsewhere/.climnorm-0-3.tmp",
                                         NULL};
    assert_int_equal(mkdir(sample_below("dead"), 0700), 0);
    assert_int_equal(mkdir(sample_below("dead/a"), 0700), 0);
    assert_int_equal(mkdir(sample_below("elsewhere"), 0700), 0);
    assert_int_equal(symlink("../elsewhere", sample_below("dead/link")), 0);
    assert_int_equal(symlink("dead", sample_below("alias")), 0);
    struct cn_error error = {0};
    int lock;
    struct cn_holder holder;
    touch_all(dead);
    touch_all(others);
    touch("dead/.climnorm.lock", "process 1 on run since ever\nrun 1a\nrun 0\n");
    assert_int_equal(cn_sink_lock(sample_below("alias"), &nobody, &lock, &holder, &error), CN_OK);
    assert_int_equal(count_existing(dead), 0);
    assert_int_equal(count_existing(others), 5);
    cn_sink_unlock(lock);
    touch_all(dead); /* nobody knows them any more */
    assert_int_equal(cn_sink_lock(sample_below("dead"), &nobody, &lock, &holder, &error), CN_OK);
    cn_sink_unlock(lock);
    assert_int_equal(count_existing(dead), 3);
    for (size_t k = 0; k < 3; k++)
        unlink(sample_below(dead[k]));
    for (size_t k = 0; k < 5; k++)
        unlink(sample_below(others[k]));
}

/* What a run writes into the lock file is what the next one needs. */
static void test_a_killed_run_is_cleaned_up(void **state)
{
    (void)state;
    struct sample *s = sample_new(sample_root, 1);
    struct cn_error error = {0};
    struct cn_holder holder;
    int lock, status;
    char temporary[4096];
    sample_fill(s);
    s->file.path = "deep/down/killed.nc";
    pid_t child = fork();
    if (child == 0) {
        if (cn_sink_lock(sample_root, &nobody, &lock, &holder, &error) == CN_OK &&
            cn_sink_write(&s->file, &s->skeleton, s->means, s->counts, temporary, sizeof temporary,
                          &error) == CN_OK)
            kill(getpid(), SIGKILL);
        _exit(1);
    }
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(temporaries(""), 1);
    assert_int_equal(cn_sink_lock(sample_root, &nobody, &lock, &holder, &error), CN_OK);
    assert_int_equal(temporaries(""), 0);
    cn_sink_unlock(lock);
    sample_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cell_methods_become_climatological),
        cmocka_unit_test(test_climatology_follows_the_calendar),
        cmocka_unit_test(test_digests_cover_what_shapes_a_file),
        cmocka_unit_test(test_a_file_holds_what_was_given),
        cmocka_unit_test(test_long_attributes_are_kept),
        cmocka_unit_test(test_only_the_planned_file_is_current),
        cmocka_unit_test(test_odd_files_are_not_current),
        cmocka_unit_test(test_nothing_is_written_outside_the_root),
        cmocka_unit_test(test_a_name_that_cannot_be_taken_leaves_nothing),
        cmocka_unit_test(test_one_run_holds_the_lock),
        cmocka_unit_test(test_a_lock_may_be_waited_for_without_a_stop_flag),
        cmocka_unit_test(test_children_have_no_lock_of_any_job),
        cmocka_unit_test(test_a_dead_run_is_cleaned_up),
        cmocka_unit_test(test_a_killed_run_is_cleaned_up),
    };
    return cmocka_run_group_tests(tests, sample_make_root, sample_remove_root);
}
