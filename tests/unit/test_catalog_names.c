/*
 * The parts of the catalog that read no files: file names, versions, packing.
 */
#include "catalog/attributes.h"
#include "catalog/file_names.h"
#include "catalog/packing.h"

#include "cn_test.h"

#include <math.h>
#include <netcdf.h>

#define CHECK_NAME(base, v, t, m, e, r, g, time_, major, minor) \
    do {                                                        \
        struct cn_name name_;                                   \
        assert_true(cn_name_parse(base, &name_));               \
        assert_string_equal(name_.variable, v);                 \
        assert_string_equal(name_.table, t);                    \
        assert_string_equal(name_.model, m);                    \
        assert_string_equal(name_.experiment, e);               \
        assert_string_equal(name_.variant, r);                  \
        assert_string_equal(name_.grid, g);                     \
        assert_string_equal(name_.time, time_);                 \
        assert_int_equal(name_.version_major, major);           \
        assert_int_equal(name_.version_minor, minor);           \
    } while (0)

static void test_names_are_split_at_underscores(void **state)
{
    (void)state;
    CHECK_NAME("pr_day_NorESM2-LM_ssp245_r1i1p1f1_gn_2050.nc", "pr", "day", "NorESM2-LM", "ssp245",
               "r1i1p1f1", "gn", "2050", 1, 0);
    CHECK_NAME("pr_day_X_historical_r1i1p1f1_gn_1950_v1.10.nc", "pr", "day", "X", "historical",
               "r1i1p1f1", "gn", "1950", 1, 10);
    CHECK_NAME("tas_day_MPI-ESM-LR_rcp85_r1i1p1_20060101-20091231.nc", "tas", "day", "MPI-ESM-LR",
               "rcp85", "r1i1p1", "", "20060101-20091231", 1, 0);
    CHECK_NAME("tas_day_M_rcp85_r1i1p1_2006_v2.0.nc", "tas", "day", "M", "rcp85", "r1i1p1", "",
               "2006", 2, 0);
    CHECK_NAME("tas_6hr_M_e_r_gr_200001010600-200012311800.nc", "tas", "6hr", "M", "e", "r", "gr",
               "200001010600-200012311800", 1, 0);
}

static void test_other_forms_of_time_are_for_other_tables(void **state)
{
    (void)state;
    struct cn_name name;
    assert_true(cn_name_parse("tas_Amon_M_e_r_gn_185001-201412.nc", &name));
    assert_false(name.daily_time);
    assert_true(cn_name_parse("tas_day_M_e_r_gn_20000101-20001231.nc", &name));
    assert_true(name.daily_time);
    static const char *const times[] = {"200",
                                        "20000",
                                        "200001",
                                        "200001-200012",
                                        "20000101-2000123",
                                        "2000-20011231",
                                        "20000101-20001231-",
                                        "20000101-",
                                        "2000-2001-2002",
                                        "2000010100000000",
                                        "20000101-200012312359"};
    int first, last;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        assert_false(cn_name_years(times[i], &first, &last));
    static const struct {
        const char *time;
        int first, last;
    } daily[] = {{"1950", 1950, 1950},
                 {"1950-1959", 1950, 1959},
                 {"19500101", 1950, 1950},
                 {"19500101-19591231", 1950, 1959},
                 {"1950010112", 1950, 1950},
                 {"1950010100-1959123118", 1950, 1959},
                 {"195001010000-195912312359", 1950, 1959},
                 {"19500101000000-19591231235900", 1950, 1959}};
    for (size_t i = 0; i < sizeof daily / sizeof *daily; i++) {
        assert_true(cn_name_years(daily[i].time, &first, &last));
        assert_int_equal(first, daily[i].first);
        assert_int_equal(last, daily[i].last);
    }
}

static void test_hostile_names_are_not_of_the_form(void **state)
{
    (void)state;
    char longest[400] = "pr_day_";
    memset(longest + 7, 'M', 300);
    memcpy(longest + 307, "_e_r_gn_2000.nc", 16);
    const char *const names[] = {
        "",
        ".nc",
        "nc",
        "_.nc",
        "______.nc",
        "pr.nc",
        "pr_day_M_e_2000.nc",
        "pr_day_M_e_r_gn_2000",
        "pr_day_M_e_r_gn_2000.nc4",
        "pr_day_M_e_r_gn_x_2000.nc",
        "pr_day_M_e_r_gn_2000_v1.nc",
        "pr_day_M_e_r_gn_2000_v1.1.1.nc",
        "pr_day_M_e_r_gn_2000_v.1.nc",
        "pr_day_M_e_r_gn_2000_v9999999999.0.nc",
        "pr_day_M_e_r_gn_2000_v1.-1.nc",
        "pr_day__e_r_gn_2000.nc",
        "_day_M_e_r_gn_2000.nc",
        "pr_day_.._e_r_gn_2000.nc",
        "pr_day_M M_e_r_gn_2000.nc",
        "pr_day_M\n_e_r_gn_2000.nc",
        "pr_day_M\x1b[31m_e_r_gn_2000.nc",
        "pr_day_M\xff_e_r_gn_2000.nc",
        "pr_day_M_e_r_gn_20OO.nc",
        "a_b_c_d_e_f_g_h_i_j_k_l_m_n_o_p_2000.nc",
        longest,
    };
    struct cn_name name;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (cn_name_parse(names[i], &name) && name.daily_time)
            fail_msg("accepted: %s", names[i]);
}

static void test_versions_compare_as_numbers(void **state)
{
    (void)state;
    assert_true(cn_version_compare(1, 10, 1, 9) > 0);
    assert_true(cn_version_compare(2, 0, 1, 10) > 0);
    assert_true(cn_version_compare(1, 0, 1, 1) < 0);
    assert_int_equal(cn_version_compare(1, 1, 1, 1), 0);
}

/* Packing of a variable with these attributes. */
struct packing_result {
    enum cn_status status;
    struct cn_packing packing;
    bool is_unsigned;
    struct cn_error error;
};

static struct packing_result read_packing(int type, const struct cn_attribute *attributes,
                                          size_t count)
{
    struct packing_result result = {0};
    result.status = cn_packing_read(attributes, count, type, &result.packing, &result.is_unsigned,
                                    &result.error);
    return result;
}

#define TEXT(name, text)                      \
    {                                         \
        name, NC_CHAR, sizeof(text) - 1, text \
    }
#define NUMBERS(name, nc_type_, c_type, ...)                                         \
    {                                                                                \
        name, nc_type_, sizeof((c_type[]){__VA_ARGS__}) / sizeof(c_type), (c_type[]) \
        {                                                                            \
            __VA_ARGS__                                                              \
        }                                                                            \
    }

static void test_missing_values_are_cast_to_the_storage_type(void **state)
{
    (void)state;
    struct cn_attribute both[] = {NUMBERS("_FillValue", NC_FLOAT, float, 1e20f),
                                  NUMBERS("missing_value", NC_DOUBLE, double, 1e20, -99.9, 1e300)};
    struct packing_result result = read_packing(NC_FLOAT, both, 2);
    assert_int_equal(result.status, CN_OK);
    assert_int_equal(result.packing.missing_count, 2); /* 1e300 is Inf, missing anyway */
    assert_true(result.packing.missing[0] == (double)1e20f);
    assert_true(result.packing.missing[1] == (double)-99.9f);

    struct cn_attribute wide[] = {
        NUMBERS("missing_value", NC_DOUBLE, double, -32768, 65535, 65536, 1e20, NAN)};
    result = read_packing(NC_SHORT, wide, 1);
    assert_int_equal(result.packing.missing_count, 3); /* with the default fill */
    assert_true(result.packing.missing[0] == NC_FILL_SHORT);
    assert_true(result.packing.missing[1] == -32768);
    assert_true(result.packing.missing[2] == -1); /* the same bits as 65535 */
}

static void test_default_fill_counts_without_fill_value_only(void **state)
{
    (void)state;
    struct packing_result result = read_packing(NC_FLOAT, NULL, 0);
    assert_int_equal(result.packing.missing_count, 1);
    assert_true(result.packing.missing[0] == (double)NC_FILL_FLOAT);
    assert_false(result.packing.packed);
    struct cn_attribute fill[] = {NUMBERS("_FillValue", NC_FLOAT, float, -1)};
    result = read_packing(NC_FLOAT, fill, 1);
    assert_int_equal(result.packing.missing_count, 1);
    assert_true(result.packing.missing[0] == -1);
    assert_int_equal(read_packing(NC_BYTE, NULL, 0).packing.missing_count, 0);
    assert_int_equal(read_packing(NC_UBYTE, NULL, 0).packing.missing_count, 0);
    assert_true(read_packing(NC_INT, NULL, 0).packing.missing[0] == NC_FILL_INT);
    assert_true(read_packing(NC_UINT, NULL, 0).packing.missing[0] == NC_FILL_UINT);
}

static void test_lists_hold_whole_names(void **state)
{
    (void)state;
    assert_true(cn_names_hold("lat lon time", "lon"));
    assert_true(cn_names_hold("lon2 lon", "lon"));
    assert_false(cn_names_hold("lon2 xlon", "lon"));
    assert_false(cn_names_hold("", "lon"));
    assert_false(cn_names_hold("lat lon ", ""));
    assert_false(cn_names_hold("", ""));
}

static void test_unsigned_is_honoured(void **state)
{
    (void)state;
    struct cn_attribute attributes[] = {TEXT("_Unsigned", "true"),
                                        NUMBERS("_FillValue", NC_BYTE, signed char, -1),
                                        NUMBERS("valid_range", NC_BYTE, signed char, 0, -2)};
    struct packing_result result = read_packing(NC_BYTE, attributes, 3);
    assert_int_equal(result.status, CN_OK);
    assert_true(result.is_unsigned);
    assert_true(result.packing.missing[0] == 255);
    assert_true(result.packing.valid_min == 0);
    assert_true(result.packing.valid_max == 254);
    struct cn_attribute no[] = {TEXT("_Unsigned", "false")};
    assert_false(read_packing(NC_USHORT, no, 1).is_unsigned);
    assert_true(read_packing(NC_USHORT, NULL, 0).is_unsigned);
    assert_false(read_packing(NC_FLOAT, attributes, 1).is_unsigned);
}

static void test_valid_ranges_are_packed_unless_wider(void **state)
{
    (void)state;
    struct cn_attribute narrow[] = {NUMBERS("scale_factor", NC_DOUBLE, double, 0.5),
                                    NUMBERS("valid_min", NC_SHORT, short, -10),
                                    NUMBERS("valid_range", NC_SHORT, short, -100, 100)};
    struct packing_result result = read_packing(NC_SHORT, narrow, 3);
    assert_false(result.packing.valid_unpacked);
    assert_true(result.packing.valid_min == -10);
    assert_true(result.packing.valid_max == 100);

    struct cn_attribute wide[] = {NUMBERS("scale_factor", NC_DOUBLE, double, -0.5),
                                  NUMBERS("add_offset", NC_DOUBLE, double, 100),
                                  NUMBERS("valid_max", NC_DOUBLE, double, 140),
                                  NUMBERS("valid_min", NC_SHORT, short, -60)};
    result = read_packing(NC_SHORT, wide, 4);
    assert_true(result.packing.valid_unpacked);
    assert_true(result.packing.valid_max == 130); /* raw -60, since the scale turns the order */
    assert_true(result.packing.valid_min == -INFINITY);

    struct cn_attribute unpacked[] = {NUMBERS("valid_max", NC_DOUBLE, double, 5)};
    result = read_packing(NC_FLOAT, unpacked, 1);
    assert_false(result.packing.valid_unpacked); /* nothing is packed */
    assert_true(result.packing.valid_max == 5);
}

static void test_nonsense_is_refused_by_name(void **state)
{
    (void)state;
    const struct cn_attribute bad[] = {NUMBERS("scale_factor", NC_DOUBLE, double, 0),
                                       NUMBERS("scale_factor", NC_FLOAT, float, INFINITY),
                                       NUMBERS("scale_factor", NC_FLOAT, float, 1, 2),
                                       NUMBERS("add_offset", NC_FLOAT, float, NAN),
                                       TEXT("missing_value", "-999"),
                                       NUMBERS("valid_range", NC_FLOAT, float, 1)};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct packing_result result = read_packing(NC_FLOAT, &bad[i], 1);
        assert_int_equal(result.status, CN_BAD_INPUT);
        assert_non_null(strstr(result.error.text, bad[i].name));
    }
    float many[CN_MAX_MISSING + 1] = {0};
    struct cn_attribute long_list = {"missing_value", NC_FLOAT, CN_MAX_MISSING + 1, many};
    assert_int_equal(read_packing(NC_FLOAT, &long_list, 1).status, CN_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_split_at_underscores),
        cmocka_unit_test(test_other_forms_of_time_are_for_other_tables),
        cmocka_unit_test(test_hostile_names_are_not_of_the_form),
        cmocka_unit_test(test_versions_compare_as_numbers),
        cmocka_unit_test(test_missing_values_are_cast_to_the_storage_type),
        cmocka_unit_test(test_default_fill_counts_without_fill_value_only),
        cmocka_unit_test(test_lists_hold_whole_names),
        cmocka_unit_test(test_unsigned_is_honoured),
        cmocka_unit_test(test_valid_ranges_are_packed_unless_wider),
        cmocka_unit_test(test_nonsense_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
