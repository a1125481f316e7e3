/*
 * Which way to inflate.
 */
#ifndef CLIMNORM_CODEC_INFLATE_CHOOSE_H
#define CLIMNORM_CODEC_INFLATE_CHOOSE_H

#include "climnorm/error.h"
#include "codec/inflate/inflate.h"

/* Returns: the forms that this CPU can run, libdeflate's first; the last is followed by NULL. */
const struct cn_inflate_form *const *cn_inflate_forms(void);

/* Chooses the form that CLIMNORM_INFLATE names, or the fastest, by a measurement of about 3 ms when
 * first called. Any thread.
 * Returns: CN_OK. Errors: CN_BAD_USAGE: there is none of that name. */
enum cn_status cn_inflate_select(const struct cn_inflate_form **form, struct cn_error *error);

/* Returns: the same form; libdeflate's where CLIMNORM_INFLATE names none. */
const struct cn_inflate_form *cn_inflate_form(void);

#endif
