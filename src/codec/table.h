/*
 * The table of codecs: the only place that names them all.
 */
#ifndef CLIMNORM_CODEC_TABLE_H
#define CLIMNORM_CODEC_TABLE_H

#include "codec/codec.h"

/* All codecs. The last entry is NULL. */
extern const struct cn_codec *const cn_codecs[];

/* Returns: the codec of an HDF5 filter; NULL: there is none. */
const struct cn_codec *cn_codec_find(int id);

#endif
