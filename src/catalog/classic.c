/*
 * The classic header (NetCDF File Format Specifications: CDF-1, CDF-2, CDF-5), read once for the
 * sizes in it. Everything is big-endian. Names and values are padded to 4 bytes.
 */
#include "catalog/classic.h"

#include "base/error.h"
#include "base/io.h"
#include "catalog/attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAG_DIMENSIONS = 10, TAG_VARIABLES = 11, TAG_ATTRIBUTES = 12, MAX_DIMENSIONS = 65536 };

struct classic_header {
    int descriptor;
    uint64_t size, at; /* of the file; of the next byte */
    int version;       /* 1, 2 or 5 */
    bool bad;          /* the header is cut off or impossible; all reads give 0 from then on */
    uint64_t dimensions[MAX_DIMENSIONS];
    uint64_t dimension_count;
    unsigned char window[4096]; /* a copy of the file from window_at on */
    uint64_t window_at, window_bytes;
};

/* What the variables that were read so far need, in bytes. */
struct classic_extent {
    uint64_t begin;          /* of the variable that was read last */
    bool is_record;          /* the variable that was read last */
    uint64_t fixed_end;      /* the end of the last fixed-size variable */
    uint64_t record_end;     /* the end of the first record */
    uint64_t record_bytes;   /* of a record, each variable padded */
    uint64_t unpadded_bytes; /* of a record, of its last variable */
    size_t record_variables;
};

static uint64_t read_big_endian(struct classic_header *header, unsigned bytes)
{
    uint64_t value = 0;
    if (header->bad || header->size - header->at < bytes) {
        header->bad = true;
        return 0;
    }
    if (header->at < header->window_at ||
        header->at + bytes > header->window_at + header->window_bytes) {
        ssize_t got =
            cn_pread_full(header->descriptor, header->window, sizeof header->window, header->at);
        if (got < (ssize_t)bytes) {
            header->bad = true;
            return 0;
        }
        header->window_at = header->at;
        header->window_bytes = (uint64_t)got;
    }
    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | header->window[header->at - header->window_at + i];
    header->at += bytes;
    return value;
}

/* A count or length: 8 bytes in CDF-5, else 4. */
static uint64_t read_count(struct classic_header *header)
{
    return read_big_endian(header, header->version == 5 ? 8 : 4);
}

static uint64_t pad_to_4(uint64_t bytes)
{
    return (bytes + 3) & ~(uint64_t)3;
}

static void skip_padded(struct classic_header *header, uint64_t count, uint64_t element_bytes)
{
    uint64_t bytes;
    if (header->bad || __builtin_mul_overflow(count, element_bytes, &bytes) ||
        bytes > header->size - header->at || pad_to_4(bytes) > header->size - header->at) {
        header->bad = true;
        return;
    }
    header->at += pad_to_4(bytes);
}

/* Of a type in the header, whose number is that of an nc_type. 0: no such type. */
static uint64_t read_type_bytes(struct classic_header *header)
{
    return cn_type_bytes((int)read_big_endian(header, 4));
}

/* The length of a list of the kind that `tag` says. An absent list has tag 0 and length 0. */
static uint64_t read_list(struct classic_header *header, uint64_t tag)
{
    uint64_t found = read_big_endian(header, 4), count = read_count(header);
    if ((found != tag && (found || count)) || count > header->size / 8)
        header->bad = true;
    return header->bad ? 0 : count;
}

static void skip_attributes(struct classic_header *header)
{
    uint64_t count = read_list(header, TAG_ATTRIBUTES);
    for (uint64_t i = 0; i < count && !header->bad; i++) {
        skip_padded(header, read_count(header), 1); /* the name */
        uint64_t bytes = read_type_bytes(header);
        if (!bytes)
            header->bad = true;
        skip_padded(header, read_count(header), bytes);
    }
}

static void read_variable_entry(struct classic_header *header, struct classic_extent *extent)
{
    skip_padded(header, read_count(header), 1); /* the name */
    uint64_t rank = read_count(header), bytes = 1;
    extent->is_record = false;
    for (uint64_t i = 0; i < rank && !header->bad; i++) {
        uint64_t id = read_count(header);
        if (id >= header->dimension_count) {
            header->bad = true;
            return;
        }
        uint64_t length = header->dimensions[id];
        if (i == 0 && length == 0)
            extent->is_record = true;
        else if (__builtin_mul_overflow(bytes, length, &bytes))
            header->bad = true;
    }
    skip_attributes(header);
    uint64_t type = read_type_bytes(header);
    read_count(header); /* vsize, which may overflow: not used */
    uint64_t begin = read_big_endian(header, header->version == 1 ? 4 : 8), end = 0;
    if (!type || __builtin_mul_overflow(bytes, type, &bytes) || bytes > INT64_MAX / 2 ||
        __builtin_add_overflow(begin, bytes, &end))
        header->bad = true;
    if (header->bad)
        return;
    extent->begin = begin;
    if (!extent->is_record) {
        if (end > extent->fixed_end)
            extent->fixed_end = end;
        return;
    }
    if (end > extent->record_end)
        extent->record_end = end;
    if (__builtin_add_overflow(extent->record_bytes, pad_to_4(bytes), &extent->record_bytes))
        header->bad = true;
    extent->unpadded_bytes = bytes;
    extent->record_variables++;
}

/* Bytes from one record to the next. A single record variable is not padded. */
static uint64_t record_step(const struct classic_extent *extent)
{
    return extent->record_variables == 1 ? extent->unpadded_bytes : extent->record_bytes;
}

/* The least bytes of a file with these variables. UINT64_MAX: more than that. */
static uint64_t needed_bytes(const struct classic_extent *extent, uint64_t records)
{
    uint64_t end = 0;
    if (extent->record_variables && records) {
        if (__builtin_mul_overflow(record_step(extent), records - 1, &end) ||
            __builtin_add_overflow(end, extent->record_end, &end))
            return UINT64_MAX;
    }
    return end > extent->fixed_end ? end : extent->fixed_end;
}

/* Reads the header. *extent: of all variables; *located: as it was after variable number
 * `variable`. */
static enum cn_status read_header(int descriptor, uint64_t size, uint64_t variable,
                                  struct classic_extent *extent, struct classic_extent *located,
                                  uint64_t *records, struct cn_error *error)
{
    struct classic_header *header = calloc(1, sizeof *header);
    if (!header)
        return cn_fail_memory(error, "a netCDF-3 header");
    header->descriptor = descriptor;
    header->size = size;
    header->version = (int)(read_big_endian(header, 4) & 0xff);
    *records = read_count(header);
    /* All ones: the file was streamed, and only its length says how many records it has. */
    if (*records == (header->version == 5 ? UINT64_MAX : UINT32_MAX))
        *records = 0;
    header->dimension_count = read_list(header, TAG_DIMENSIONS);
    if (header->dimension_count > MAX_DIMENSIONS)
        header->bad = true;
    for (uint64_t i = 0; i < header->dimension_count && !header->bad; i++) {
        skip_padded(header, read_count(header), 1);
        header->dimensions[i] = read_count(header);
    }
    skip_attributes(header);
    uint64_t variables = read_list(header, TAG_VARIABLES);
    for (uint64_t i = 0; i < variables && !header->bad; i++) {
        read_variable_entry(header, extent);
        if (i == variable)
            *located = *extent;
    }
    bool bad = header->bad;
    free(header);
    return bad ? cn_fail(error, CN_BAD_INPUT,
                         "the netCDF-3 header is damaged; download the file again")
               : CN_OK;
}

enum cn_status cn_classic_check(int descriptor, uint64_t size, struct cn_error *error)
{
    struct classic_extent extent = {0}, located;
    uint64_t records;
    enum cn_status status = read_header(descriptor, size, 0, &extent, &located, &records, error);
    if (!status && needed_bytes(&extent, records) > size)
        return cn_fail(
            error, CN_BAD_INPUT,
            "truncated: %llu bytes, but its header promises %llu; download the file again",
            (unsigned long long)size, (unsigned long long)needed_bytes(&extent, records));
    return status;
}

enum cn_status cn_classic_place(const char *path, uint64_t size, int variable, uint64_t *begin,
                                uint64_t *step, struct cn_error *error)
{
    struct classic_extent extent = {0}, located = {.begin = UINT64_MAX};
    uint64_t records;
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return cn_fail(error, CN_BAD_INPUT, "%s", strerror(errno));
    enum cn_status status =
        read_header(descriptor, size, (uint64_t)variable, &extent, &located, &records, error);
    close(descriptor);
    *begin = located.begin;
    *step = located.is_record ? record_step(&extent) : 0;
    return status;
}
