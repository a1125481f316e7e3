/*
 * The table of codecs. docs/extending.md says how to add one.
 */
#include "codec/table.h"

extern const struct cn_codec cn_fletcher32, cn_zstd, cn_lz4, cn_blosc, cn_bzip2, cn_szip, cn_nbit,
    cn_scaleoffset;

const struct cn_codec *const cn_codecs[] = {
    &cn_deflate, &cn_shuffle, &cn_fletcher32, &cn_zstd,        &cn_lz4, &cn_blosc,
    &cn_bzip2,   &cn_szip,    &cn_nbit,       &cn_scaleoffset, NULL,
};
_Static_assert(sizeof cn_codecs <= (CN_MAX_CODECS + 1) * sizeof(void *), "raise CN_MAX_CODECS");

const struct cn_codec *cn_codec_find(int id)
{
    const struct cn_codec *const *codec = cn_codecs;
    while (*codec && (*codec)->id != id)
        codec++;
    return *codec;
}
