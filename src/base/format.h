/*
 * Numbers as people read them.
 */
#ifndef CLIMNORM_BASE_FORMAT_H
#define CLIMNORM_BASE_FORMAT_H

#include <stdint.h>

/* Writes a size for people: "512 B", "12.3 MiB", "812 GiB".
 * Returns: text. */
const char *cn_format_bytes(uint64_t bytes, char text[24]);

#endif
