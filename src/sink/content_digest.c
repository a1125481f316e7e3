/*
 * Hashes of metadata and chunks.
 */
#include "sink/content_digest.h"

#define XXH_STATIC_LINKING_ONLY /* the state is on the stack: nothing to allocate */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { HALF = CN_CONTENT_DIGEST_LENGTH / 2 };

const char cn_content_placeholder[] = "00climnorm0content0digest0here00";

uint64_t cn_content_hash(const void *bytes, size_t size)
{
    return XXH3_64bits(bytes, size);
}

/* Little-endian on every machine. */
static void update_number(XXH3_state_t *state, uint64_t number)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    XXH3_64bits_update(state, bytes, sizeof bytes);
}

/* Sixteen digits, and no more. */
static void write_half(uint64_t hash, char half[HALF])
{
    char text[HALF + 1];
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    memcpy(half, text, HALF);
}

void cn_content_digest_values(const struct cn_stored_chunk *chunks, size_t count,
                              char digest[CN_CONTENT_DIGEST_LENGTH + 1])
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_64bits_reset(&state);
    for (size_t k = 0; k < count; k++) {
        update_number(&state, chunks[k].size);
        update_number(&state, chunks[k].hash);
    }
    write_half(XXH3_64bits_digest(&state), digest + HALF);
}

void cn_content_digest_metadata(const void *metadata, size_t size,
                                char digest[CN_CONTENT_DIGEST_LENGTH + 1])
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, metadata, size);
    XXH3_64bits_update(&state, digest + HALF, HALF);
    write_half(XXH3_64bits_digest(&state), digest);
}

/* An attribute of the source may hold the text, too: only in the heap it is the digest. */
bool cn_content_digest_replace(void *metadata, size_t size, const char *from, const char *to)
{
    static const char signature[] = "GCOL";
    enum { HEADERS = 32 }; /* of the heap and of its first object */
    unsigned char *bytes = metadata, *end = bytes + size;
    for (unsigned char *at = bytes;
         (at = memmem(at, (size_t)(end - at), from, CN_CONTENT_DIGEST_LENGTH)); at++)
        if (at - bytes >= HEADERS && memcmp(at - HEADERS, signature, strlen(signature)) == 0) {
            memcpy(at, to, CN_CONTENT_DIGEST_LENGTH);
            return true;
        }
    return false;
}
