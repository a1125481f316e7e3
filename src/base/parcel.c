/*
 * Parcels. Bytes follow each other without padding: both ends are one program.
 */
#include "base/parcel.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(struct cn_parcel *parcel, size_t more)
{
    size_t wanted;
    if (__builtin_add_overflow(parcel->count, more, &wanted) || wanted > SIZE_MAX / 2)
        return false;
    if (wanted <= parcel->room)
        return true;
    unsigned char *larger = realloc(parcel->bytes, 2 * wanted);
    if (!larger)
        return false;
    parcel->bytes = larger;
    parcel->room = 2 * wanted;
    return true;
}

static void pack(struct cn_parcel *parcel, const void *bytes, size_t size)
{
    if (!parcel->status && !make_room(parcel, size))
        parcel->status = CN_BAD_MACHINE;
    if (parcel->status || !size)
        return;
    memcpy(parcel->bytes + parcel->count, bytes, size);
    parcel->count += size;
}

static void unpack(struct cn_parcel *parcel, void *bytes, size_t size)
{
    if (!parcel->status && size > parcel->count - parcel->at)
        parcel->status = CN_BAD_INPUT;
    if (!size)
        return;
    if (parcel->status) {
        memset(bytes, 0, size);
        return;
    }
    memcpy(bytes, parcel->bytes + parcel->at, size);
    parcel->at += size;
}

void cn_parcel_carry(struct cn_parcel *parcel, void *bytes, size_t size)
{
    if (parcel->unpacking)
        unpack(parcel, bytes, size);
    else
        pack(parcel, bytes, size);
}

void cn_parcel_carry_flag(struct cn_parcel *parcel, bool *flag)
{
    unsigned char byte = !parcel->unpacking && *flag;
    cn_parcel_carry(parcel, &byte, 1);
    *flag = byte != 0;
}

void cn_parcel_carry_count(struct cn_parcel *parcel, size_t *count)
{
    cn_parcel_carry(parcel, count, sizeof *count);
    if (!parcel->unpacking || *count <= parcel->count - parcel->at)
        return;
    parcel->status = CN_BAD_INPUT;
    *count = 0;
}

const void *cn_parcel_carry_array(struct cn_parcel *parcel, const void *items, size_t count,
                                  size_t size)
{
    size_t bytes;
    if (!parcel->unpacking) {
        pack(parcel, items, count * size);
        return items;
    }
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > parcel->count - parcel->at)
        parcel->status = CN_BAD_INPUT;
    void *copy = parcel->status ? NULL : cn_pool_alloc(parcel->pool, count + 1, size);
    if (copy)
        unpack(parcel, copy, bytes);
    else if (!parcel->status)
        parcel->status = CN_BAD_MACHINE;
    return copy;
}

const char *cn_parcel_carry_text(struct cn_parcel *parcel, const char *text)
{
    size_t length = parcel->unpacking ? 0 : strlen(text);
    cn_parcel_carry_count(parcel, &length);
    text = cn_parcel_carry_array(parcel, text, length, 1);
    return text ? text : "";
}
