/*
 * The numbers are those that the HDF Group has registered.
 */
#include "codec/plugins.h"

#include "codec/table.h"

#include <stdio.h>

static const struct {
    int id;
    const char *name;
    bool is_in_hdf5plugin; /* the package of Python */
} registered[] = {
    {305, "LZO", false},         {307, "bzip2", true},
    {32000, "LZF", false},       {32001, "blosc", true},
    {32003, "Snappy", false},    {32004, "lz4", true},
    {32008, "bitshuffle", true}, {32012, "JPEG-LS", false},
    {32013, "ZFP", true},        {32014, "FPZIP", false},
    {32015, "zstd", true},       {32017, "SZ", true},
    {32018, "FCIDECOMP", true},  {32019, "JPEG", false},
    {32022, "BitGroom", false},  {32023, "Granular BitRound", false},
    {32024, "SZ3", true},        {32025, "Delta-Rice", false},
    {32026, "blosc2", true},
};

const char *cn_filter_absent(const struct cn_filter *filter, char text[CN_ABSENT_BYTES])
{
    const struct cn_codec *codec = cn_codec_find(filter->id);
    const char *name = codec           ? codec->name
                       : *filter->name ? filter->name
                                       : "a filter without a name";
    bool is_in_package = false;
    for (size_t i = 0; i < sizeof registered / sizeof *registered; i++)
        if (registered[i].id == filter->id) {
            name = registered[i].name;
            is_in_package = registered[i].is_in_hdf5plugin;
        }
    snprintf(text, CN_ABSENT_BYTES,
             "%.60s (HDF5 filter %d), which is not installed here; install its plugin%s and set "
             "HDF5_PLUGIN_PATH, or copy the file without filters where it can be read, with nccopy "
             "-F none",
             name, filter->id, is_in_package ? ", for example with pip install hdf5plugin," : "");
    return text;
}
