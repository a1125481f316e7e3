/*
 * What a file of loops needs before it defines its instructions.
 */
#ifndef CLIMNORM_CODEC_INFLATE_FORMS_H
#define CLIMNORM_CODEC_INFLATE_FORMS_H

#include "codec/inflate/stream.h"

#define INLINE static inline __attribute__((always_inline))

#endif
