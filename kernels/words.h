/*
 * The words that all kernels are written in. The file of an ISA defines them, then includes
 * template.h, which includes the headers of the kernels. It must not know an ISA, a file format
 * or a thread.
 *
 *   CN_TABLE, CN_ISA     the table to define, and its name
 *   VL                   floats in a vector; divides 16
 *   vf vd vu vm          VL floats; VL/2 doubles; VL uint32_t; VL truth values
 *   vf_load vf_store     VL floats, any alignment          vf_set vd_set vu_set  one value in all
 *   vf_stream            vf_store past the cache, to a multiple of VL floats
 *   stream_end           what was streamed is there before what is stored next
 *   vf_add vf_sub        float arithmetic                  vd_add vd_sub vd_mul vd_div  of doubles
 *   vd_load vd_store     VL/2 doubles, any alignment
 *   vd_low vd_high       the first, last floats as doubles vf_narrow             back, rounded
 *   vf_min vf_max        of floats that are not -0; b where a is NaN, and b is not
 *   vd_sqrt              the square root, rounded
 *   vd_if_equal vd_if_less (a, b, x, y): x where a == b; where a < b; else y
 *   vf_le vf_ne          a <= b; a != b or unordered       vm_and  vf_if(m, a, b): m ? a : b
 *   vu_bits vu_store     bits of floats; to memory         vu_add vu_min vu_max  unsigned
 *   BL                   a multiple of VL: elements that the next two words take at once
 *   bytes_join(out, p)   out[i] = the float whose byte k, lowest first, is p[k][i]
 *   bytes_split(p, in)   the inverse of bytes_join
 */
#ifndef CLIMNORM_KERNELS_WORDS_H
#define CLIMNORM_KERNELS_WORDS_H

#ifndef CN_TABLE
#error "the file of an ISA defines the words, then includes template.h"
#endif

#include "batch.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))

#endif
