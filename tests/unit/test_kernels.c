/*
 * The byte and mask kernels of every ISA that this CPU has, against their definitions in kernels.h,
 * and the choice among the ISAs.
 */
#include "kernels_common.h"

static const float SENTINEL = -12345;

static void test_unshuffle_takes_any_range(void **state)
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

static void test_shuffle_fills_and_unshuffle_takes_it_back(void **state)
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

static uint64_t value_at(const struct cn_raw *raw, size_t element)
{
    uint64_t value = 0;
    for (size_t k = 0; k < raw->width; k++) {
        const size_t digit = raw->swapped ? raw->width - 1 - k : k;
        const size_t at =
            raw->shuffled ? digit * raw->elements + element : element * raw->width + digit;
        value |= (uint64_t)raw->bytes[at] << 8 * k;
    }
    return value;
}

static void take_one_way(const struct cn_raw *raw, size_t stride)
{
    for (size_t first = 0; first < raw->elements; first += 1 + first / 5) {
        const size_t most = (raw->elements - 1 - first) / stride + 1;
        for (size_t count = 0; count <= most; count += 1 + count / 9) {
            struct guarded out = guarded_new(count * raw->width);
            for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
                memset(out.at, 0x55, count * raw->width);
                (*each)->take_values(out.at, raw, first, stride, count);
                for (size_t i = 0; i < count; i++) {
                    uint64_t value = 0;
                    memcpy(&value, out.at + i * raw->width, raw->width);
                    if (value != value_at(raw, first + i * stride))
                        fail_msg("%s: width %zu, element %zu from %zu by %zu", (*each)->isa,
                                 raw->width, i, first, stride);
                }
            }
            guarded_free(&out);
        }
    }
}

static void test_values_are_taken_from_any_position(void **state)
{
    (void)state;
    for (size_t width = 1; width <= 8; width *= 2) {
        for (size_t elements = 1; elements <= 150; elements += 1 + elements / 2) {
            struct guarded block = guarded_new(elements * width);
            for (size_t i = 0; i < elements * width; i++)
                block.at[i] = (uint8_t)random_bits();
            for (int way = 0; way < 4; way++)
                for (size_t stride = 1; stride <= 7; stride += 3)
                    take_one_way(
                        &(struct cn_raw){block.at, elements, width, way & 1, (way & 2) != 0},
                        stride);
            guarded_free(&block);
        }
    }
}

static const size_t widths[] = {
    [CN_INT8] = 1,  [CN_UINT8] = 1,  [CN_INT16] = 2,   [CN_UINT16] = 2,
    [CN_INT32] = 4, [CN_UINT32] = 4, [CN_FLOAT32] = 4, [CN_FLOAT64] = 8,
};

/* A native raw value of a type. */
static double number_in(enum cn_number type, const uint8_t *at)
{
    union {
        int8_t i1;
        uint8_t u1;
        int16_t i2;
        uint16_t u2;
        int32_t i4;
        uint32_t u4;
        float f4;
        double f8;
    } value;
    memcpy(&value, at, widths[type]);
    const double numbers[] = {value.i1, value.u1, value.i2, value.u2, value.i4, value.u4, 0, 0};
    return type == CN_FLOAT32 ? (double)value.f4 : type == CN_FLOAT64 ? value.f8 : numbers[type];
}

static double unpacked(double raw, const struct cn_unpacking *rules)
{
    if (isnan(raw) || raw < rules->raw_min || raw > rules->raw_max)
        return NAN;
    for (size_t k = 0; k < rules->missing_count; k++)
        if (raw == rules->missing[k])
            return NAN;
    if (rules->packed) {
        volatile double scaled =
            raw * rules->scale; /* volatile: rounded here, never fused with the sum */
        raw = scaled + rules->offset;
    }
    return raw < rules->min || raw > rules->max ? NAN : raw;
}

static uint64_t bits_of_double(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Of these, some hold all values of a short block. */
static struct cn_float_range some_range(void)
{
    static const struct cn_float_range ranges[] = {
        {-FLT_MAX, FLT_MAX}, {-11, 9}, {0, 0}, {-2, FLT_MAX}, {-FLT_MAX, 1e5F}};
    return ranges[random_bits() % (sizeof ranges / sizeof *ranges)];
}

static void unpack_one(const struct cn_unpacking *rules, const uint8_t *values, size_t count)
{
    struct guarded wide = guarded_new(count * sizeof(double));
    struct guarded narrow = guarded_new(count * sizeof(float));
    const struct cn_float_range plausible = some_range();
    double *out = (double *)(void *)wide.at;
    float *rounded = (float *)(void *)narrow.at;
    for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
        (*each)->unpack_f64(out, values, count, rules);
        const bool outside = (*each)->narrow_f32(rounded, out, count, &plausible);
        bool expected_outside = false;
        for (size_t i = 0; i < count; i++) {
            const double raw = number_in(rules->type, values + i * widths[rules->type]);
            const double expected = unpacked(raw, rules);
            const float single = isfinite((float)expected) ? (float)expected : NAN;
            if (isnan(expected) ? !isnan(out[i])
                                : bits_of_double(out[i]) != bits_of_double(expected))
                fail_msg("%s, type %d: %a became %a, not %a", (*each)->isa, (int)rules->type, raw,
                         out[i], expected);
            if (bits_of(rounded[i]) != bits_of(single))
                fail_msg("%s: %a became %a, not %a", (*each)->isa, expected, rounded[i], single);
            expected_outside |= single < plausible.min || single > plausible.max;
        }
        assert_int_equal(outside, expected_outside);
    }
    guarded_free(&wide);
    guarded_free(&narrow);
}

static void test_unpacking_follows_every_rule(void **state)
{
    (void)state;
    static const double special[] = {0,         -0.0,    1e20,   NAN,     INFINITY,
                                     -INFINITY, 7,       -7,     DBL_MAX, -1e308,
                                     1e-310,    FLT_MAX, 3.5e38, 17.5,    FLT_MIN / 3};
    enum { SPECIAL = sizeof special / sizeof *special, MOST = 67 };
    const struct cn_unpacking base = {
        .raw_min = -DBL_MAX, .raw_max = DBL_MAX, .min = -INFINITY, .max = INFINITY};
    struct cn_unpacking rules[] = {base, base, base, base, base, base, base};
    rules[1].packed = true, rules[1].scale = 1 / 3.0, rules[1].offset = 273.15;
    rules[2].missing_count = 3, rules[2].missing[0] = 7, rules[2].missing[1] = -7;
    rules[2].missing[2] = 0;
    rules[3].raw_min = -100, rules[3].raw_max = 100;
    rules[4] = rules[1], rules[4].scale = 1e10, rules[4].min = -1e11, rules[4].max = 1e12;
    rules[5].min = 3, rules[6].max = 100;
    for (size_t rule = 0; rule < sizeof rules / sizeof *rules; rule++) {
        for (enum cn_number type = CN_INT8; type <= CN_FLOAT64; type++) {
            rules[rule].type = type;
            for (size_t count = 0; count <= MOST; count++) {
                struct guarded values = guarded_new(count * widths[type]);
                for (size_t i = 0; i < count * widths[type]; i++)
                    values.at[i] = (uint8_t)random_bits();
                for (size_t i = 0; i < count; i++) {
                    const double number = special[random_bits() % SPECIAL];
                    const float single = (float)number;
                    if (type == CN_FLOAT64)
                        memcpy(values.at + 8 * i, &number, sizeof number);
                    else if (type == CN_FLOAT32)
                        memcpy(values.at + 4 * i, &single, sizeof single);
                    else if (i % 3) /* small integers, some of them missing */
                        for (size_t k = 1; k < widths[type]; k++)
                            values.at[i * widths[type] + k] = values.at[i] % 2 ? 0xff : 0;
                }
                unpack_one(rules + rule, values.at, count);
                guarded_free(&values);
            }
        }
    }
}

static void test_checksums_are_those_of_hdf5(void **state)
{
    (void)state;
    for (size_t size = 0; size < 5000; size += 1 + size / 8) {
        struct guarded block = guarded_new(size);
        for (int fill = 0; fill < 3; fill++) {
            uint64_t low = 0, high = 0;
            for (size_t i = 0; i < size; i++)
                block.at[i] = (uint8_t)(fill == 0 ? 0 : fill == 1 ? 0xff : random_bits());
            for (size_t i = 0; i < size; i += 2) {
                low += (uint64_t)(block.at[i] << 8 | (i + 1 < size ? block.at[i + 1] : 0));
                high += low;
            }
            for (int k = 0; k < 4; k++) {
                low = (low & 0xffff) + (low >> 16);
                high = (high & 0xffff) + (high >> 16);
            }
            for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++)
                assert_int_equal((*each)->fletcher32(block.at, size), high << 16 | low);
        }
        guarded_free(&block);
    }
}

static bool is_missing(float value, const struct cn_float_missing *missing)
{
    bool found = isnan(value) || isinf(value) || value < missing->min || value > missing->max;
    for (size_t i = 0; i < missing->count; i++)
        found |= value == missing->values[i];
    return found;
}

static void test_mask_follows_every_rule(void **state)
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
        float *values = (float *)(void *)block.at, before[71 + 16];
        for (size_t rule = 0; rule < sizeof rules / sizeof *rules; rule++) {
            const size_t at = random_bits() % 16; /* any alignment */
            const struct cn_float_range plausible = some_range();
            for (size_t i = at; i < at + count; i++)
                before[i] =
                    i % 3 ? special[random_bits() % SPECIAL] : (float)(random_bits() % 20) - 10;
            for (const struct cn_kernels *const *each = cn_kernels_available(); *each; each++) {
                memset(values, 0, count * sizeof *values);
                const bool outside =
                    (*each)->mask_f32(values, before + at, count, rules + rule, &plausible);
                bool expected_outside = false;
                for (size_t i = 0; i < count; i++) {
                    const float raw = before[at + i];
                    const float expected = is_missing(raw, rules + rule) ? NAN : raw;
                    if (bits_of(values[i]) != bits_of(expected))
                        fail_msg("%s, rule %zu: %a became %a", (*each)->isa, rule, raw, values[i]);
                    expected_outside |= expected < plausible.min || expected > plausible.max;
                }
                assert_int_equal(outside, expected_outside);
            }
        }
        guarded_free(&block);
    }
}

static void test_the_environment_chooses_the_kernels(void **state)
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

/* Behind the name, the table has pointers to functions alone. */
static void test_every_table_has_every_kernel(void **state)
{
    (void)state;
    for (const struct cn_kernels *const *isa = cn_kernels_available(); *isa; isa++) {
        void (*kernels[(sizeof **isa - sizeof(char *)) / sizeof(void (*)(void))])(void);
        memcpy(kernels, (const char *)*isa + sizeof(char *), sizeof kernels);
        for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++)
            if (!kernels[k])
                fail_msg("%s: kernel %zu of struct cn_kernels is missing", (*isa)->isa, k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unshuffle_takes_any_range),
        cmocka_unit_test(test_shuffle_fills_and_unshuffle_takes_it_back),
        cmocka_unit_test(test_mask_follows_every_rule),
        cmocka_unit_test(test_values_are_taken_from_any_position),
        cmocka_unit_test(test_unpacking_follows_every_rule),
        cmocka_unit_test(test_checksums_are_those_of_hdf5),
        cmocka_unit_test(test_every_table_has_every_kernel),
        cmocka_unit_test(test_the_environment_chooses_the_kernels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
