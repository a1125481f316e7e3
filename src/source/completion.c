/*
 * The numbers are doubles: as every raw value is exact in one, slices may differ in nothing but
 * their place in the file.
 */
#include "source/completion.h"

#include <float.h>
#include <math.h>

enum { NUMBERS = 3 /* scratch buffer */, STRETCH = 512 };

static const struct cn_unpacking number_rules = {
    .type = CN_FLOAT64, .raw_min = -DBL_MAX, .raw_max = DBL_MAX, .min = -INFINITY, .max = INFINITY};

bool cn_completion_begin(const struct cn_reader *reader, const struct cn_block *block,
                         struct cn_scratch *scratch, struct cn_completion *completion)
{
    const size_t cells = block->count[1] * block->count[2], elements = block->count[0] * cells;
    double *numbers =
        (double *)(void *)cn_scratch_get(scratch, NUMBERS, elements * sizeof *numbers);
    *completion = (struct cn_completion){.reader = *reader, .block = *block, .numbers = numbers};
    completion->reader.unpacking = number_rules;
    completion->reader.is_native_f32 = false;
    completion->block.raw = (struct cn_raw){
        .bytes = (uint8_t *)numbers, .elements = elements, .width = sizeof *numbers};
    completion->block.origin = 0;
    completion->block.stride[0] = cells;
    completion->block.stride[1] = block->count[2];
    completion->block.stride[2] = 1;
    for (size_t i = 0; numbers && i < elements; i++)
        numbers[i] = NAN;
    return numbers;
}

/* Takes `count` values of a slice, `stride` elements apart, where numbers are missing. */
static void complete_stretch(const struct cn_reader *reader, const struct cn_raw *raw,
                             size_t element, size_t stride, size_t count, double *numbers)
{
    _Alignas(64) unsigned char values[STRETCH * sizeof(double)];
    _Alignas(64) double found[STRETCH];
    for (size_t done = 0; done < count; done += STRETCH) {
        const size_t some = count - done < STRETCH ? count - done : STRETCH;
        reader->kernels->take_values(values, raw, element + done * stride, stride, some);
        reader->kernels->unpack_f64(found, values, some, &reader->unpacking);
        for (size_t i = 0; i < some; i++)
            if (isnan(numbers[done + i]))
                numbers[done + i] = found[i];
    }
}

void cn_completion_add(struct cn_completion *completion, const struct cn_reader *reader,
                       const struct cn_block *slice)
{
    const size_t *count = slice->count, *stride = slice->stride;
    const int inner = count[2] > 1 ? 2 : 1; /* cells in one dimension are rows */
    double *numbers = completion->numbers;
    for (size_t t = 0; t < count[0]; t++)
        for (size_t k = 0; k < count[3 - inner]; k++) {
            complete_stretch(reader, &slice->raw,
                             slice->origin + t * stride[0] + k * stride[3 - inner], stride[inner],
                             count[inner], numbers);
            numbers += count[inner];
        }
}

void cn_completion_fill(struct cn_completion *completion, double value)
{
    for (size_t i = 0; i < completion->block.raw.elements; i++)
        if (isnan(completion->numbers[i]))
            completion->numbers[i] = value;
}
