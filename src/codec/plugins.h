/*
 * Filters of HDF5 that need a plugin: their names, and what to do where it is missing.
 */
#ifndef CLIMNORM_CODEC_PLUGINS_H
#define CLIMNORM_CODEC_PLUGINS_H

#include "climnorm/catalog.h"

enum { CN_ABSENT_BYTES = 320 };

/* Writes what to do about a filter that HDF5 lacks: "bitshuffle (HDF5 filter 32008), which ...".
 * Returns: text. */
const char *cn_filter_absent(const struct cn_filter *filter, char text[CN_ABSENT_BYTES]);

#endif
