/*
 * The table of kernels of one ISA. The file of the ISA defines the words that words.h lists, then
 * includes this file. README.md says how to add an ISA, a kernel or a statistic.
 */
#include "bytes.h"
#include "group.h"
#include "values.h"
#include "windows.h"

const struct cn_kernels CN_TABLE = {
    .isa = CN_ISA,
    .window_statistics = window_statistics,
    .group_means = group_means,
    .group_sums = group_sums,
    .group_minima = group_minima,
    .group_maxima = group_maxima,
    .group_counts_gt = group_counts_gt,
    .group_counts_ge = group_counts_ge,
    .group_counts_lt = group_counts_lt,
    .group_counts_le = group_counts_le,
    .group_excesses = group_excesses,
    .group_deficits = group_deficits,
    .unshuffle_f32 = unshuffle_f32,
    .mask_f32 = mask_f32,
    .take_values = take_values,
    .unpack_f64 = unpack_f64,
    .narrow_f32 = narrow_f32,
    .fletcher32 = fletcher32,
    .shuffle_f32 = shuffle_f32,
};
