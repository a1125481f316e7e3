/*
 * The byte and mask kernels of every ISA that this CPU has, against their definitions in kernels.h,
 * and the choice among the ISAs.
 */
#include "kernels_common.h"

static const float SENTINEL = -12345;

static void unshuffle_takes_any_stretch(void **state)
{
    (void)state;
    enum { MOST = 150 };
    float out[MOST + 1];
    for (size_t elements = 1; elements <= MOST; elements += 1 + elements / 7) {
        struct guarded block = guarded_new(4 * elements);
        for (size_t i = 0; i < 4 * elements; i++)
            block.at[i] = (uint8_t)random_bits();
        for (size_t first = 0; first <= elements; first++) {
            for (size_t count = 0; count <= elements - first; count++) {
                for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
                    out[count] = SENTINEL;
                    (*each)->unshuffle_f32(out, block.at, elements, first, count);
                    for (size_t i = 0; i < count; i++) {
                        uint32_t bits = 0;
                        for (size_t k = 0; k < 4; k++)
                            bits |= (uint32_t)block.at[k * elements + first + i] << 8 * k;
                        if (bits_of(out[i]) != bits)
                            fail_msg("%s: element %zu of %zu from %zu", (*each)->isa, i, count,
                                     first);
                    }
                    assert_true(out[count] == SENTINEL);
                }
            }
        }
        guarded_free(&block);
    }
}

static void shuffle_fills_and_unshuffle_takes_it_back(void **state)
{
    (void)state;
    for (size_t count = 0; count <= 300; count++) {
        struct guarded values = guarded_new(count * sizeof(float));
        struct guarded out = guarded_new(4 * count), back = guarded_new(count * sizeof(float));
        float *in = (float *)(void *)values.at, *again = (float *)(void *)back.at;
        for (size_t i = 0; i < count; i++)
            in[i] = float_of(random_bits() % 5 ? random_bits() : 0xffc12345);
        for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
            memset(out.at, 0x55, 4 * count);
            (*each)->shuffle_f32(out.at, in, count, 1e20F);
            for (size_t i = 0; i < count; i++) {
                const uint32_t bits = bits_of(isnan(in[i]) ? 1e20F : in[i]);
                for (size_t k = 0; k < 4; k++)
                    assert_int_equal(out.at[k * count + i], bits >> 8 * k & 0xff);
            }
            (*each)->unshuffle_f32(again, out.at, count, 0, count);
            for (size_t i = 0; i < count; i++)
                assert_true(again[i] == (isnan(in[i]) ? 1e20F : in[i]));
        }
        guarded_free(&values);
        guarded_free(&out);
        guarded_free(&back);
    }
}

static bool is_missing(float value, const struct cn_float_missing *missing)
{
    bool found = isnan(value) || isinf(value) || value < missing->min || value > missing->max;
    for (size_t i = 0; i < missing->count; i++)
        found |= value == missing->values[i];
    return found;
}

static void mask_follows_every_rule(void **state)
{
    (void)state;
    static const struct cn_float_missing rules[] = {
        {.min = -FLT_MAX, .max = FLT_MAX},
        {.min = -FLT_MAX, .max = FLT_MAX, .values = {1e20F}, .count = 1},
        {.min = -FLT_MAX, .max = FLT_MAX, .values = {NAN, 0}, .count = 2},
        {.min = 0, .max = FLT_MAX},
        {.min = 2, .max = 5, .values = {3}, .count = 1},
        {.min = -INFINITY, .max = INFINITY},
        {.min = NAN, .max = NAN},
        {.min = 5, .max = 2},
        {.min = -3,
         .max = 9,
         .values = {-9, -8, -7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 8},
         .count = 16},
    };
    static const float special[] = {NAN,       INFINITY, -INFINITY, FLT_MAX, -FLT_MAX, 1e20F,
                                    0x1p-149F, -0.0F,    0,         2,       5,        8};
    enum { SPECIAL = sizeof special / sizeof *special };
    for (size_t count = 0; count <= 70; count++) {
        struct guarded block = guarded_new(count * sizeof(float));
        float *values = (float *)(void *)block.at, before[71];
        for (size_t rule = 0; rule < sizeof rules / sizeof *rules; rule++) {
            for (size_t i = 0; i < count; i++)
                before[i] =
                    i % 3 ? special[random_bits() % SPECIAL] : (float)(random_bits() % 20) - 10;
            for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
                memcpy(values, before, count * sizeof *values);
                (*each)->mask_f32(values, count, rules + rule);
                for (size_t i = 0; i < count; i++) {
                    const float expected = is_missing(before[i], rules + rule) ? NAN : before[i];
                    if (bits_of(values[i]) != bits_of(expected))
                        fail_msg("%s, rule %zu: %a became %a", (*each)->isa, rule, before[i],
                                 values[i]);
                }
            }
        }
        guarded_free(&block);
    }
}

static void the_environment_chooses_the_kernels(void **state)
{
    (void)state;
    const char *before = getenv("CLIMNORM_ISA");
    char *kept = before ? strdup(before) : NULL;
    const struct cn_kernels *chosen = NULL, *last = cn_kernels_available()[0];
    assert_string_equal(last->isa, "portable");
    for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
        setenv("CLIMNORM_ISA", (*each)->isa, 1);
        assert_int_equal(cn_kernels_select(&chosen, NULL), CN_OK);
        assert_ptr_equal(chosen, *each);
        last = *each;
    }
    setenv("CLIMNORM_ISA", "", 1);
    assert_int_equal(cn_kernels_select(&chosen, NULL), CN_OK);
    assert_ptr_equal(chosen, last);
    struct cn_error error = {.status = CN_OK};
    setenv("CLIMNORM_ISA", "avx1024", 1);
    assert_int_equal(cn_kernels_select(&chosen, &error), CN_BAD_USAGE);
    assert_non_null(strstr(error.text, "avx1024"));
    assert_non_null(strstr(error.text, last->isa));
    unsetenv("CLIMNORM_ISA");
    assert_int_equal(cn_kernels_select(&chosen, &error), CN_OK);
    assert_ptr_equal(chosen, last);
    if (kept)
        setenv("CLIMNORM_ISA", kept, 1);
    free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unshuffle_takes_any_stretch),
        cmocka_unit_test(shuffle_fills_and_unshuffle_takes_it_back),
        cmocka_unit_test(mask_follows_every_rule),
        cmocka_unit_test(the_environment_chooses_the_kernels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
