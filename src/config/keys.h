/*
 * The table of keys that a config may have. It drives the checks, the defaults, --set, "did you
 * mean" and the reference in docs/config.md. A new key is a line in the table and a member of
 * struct cn_config.
 */
#ifndef CLIMNORM_CONFIG_KEYS_H
#define CLIMNORM_CONFIG_KEYS_H

#include "config/key.h"

/* The last has the path NULL. A group comes before its members. */
extern const struct cn_key cn_keys[];

#endif
