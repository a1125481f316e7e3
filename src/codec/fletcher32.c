/*
 * Fletcher-32 (HDF5 filter 3): a checksum of four bytes behind the data.
 */
#include "codec/codec.h"

enum { CHECKSUM_BYTES = 4 };

/* HDF5 before 1.6.3 swapped the bytes of each half of the checksum on some machines. */
static bool checksum_is_right(const struct cn_kernels *kernels, const unsigned char *bytes,
                              size_t size)
{
    const unsigned char *end = bytes + size;
    const uint32_t sum = kernels->fletcher32(bytes, size);
    const uint32_t stored =
        end[0] | (uint32_t)end[1] << 8 | (uint32_t)end[2] << 16 | (uint32_t)end[3] << 24;
    return stored == sum || stored == ((sum & 0xff00ff) << 8 | (sum >> 8 & 0xff00ff));
}

static enum cn_status check_fletcher32(struct cn_codec_step *step)
{
    step->fault = "does not match its checksum";
    if (step->in_bytes < CHECKSUM_BYTES ||
        !checksum_is_right(step->kernels, step->in, step->in_bytes - CHECKSUM_BYTES))
        return CN_BAD_INPUT;
    step->result = step->in;
    step->result_bytes = step->in_bytes - CHECKSUM_BYTES;
    return CN_OK;
}

const struct cn_codec cn_fletcher32 = {
    .id = 3,
    .name = "fletcher32",
    .kind = CN_APPENDS,
    .appended = CHECKSUM_BYTES,
    .level_parameter = -1,
    .decode = check_fletcher32,
};
