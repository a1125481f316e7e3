/*
 * What messages call a set of units of work: "pr, tas", "CanESM5 pr", "tas of CanESM5, MIROC6".
 */
#ifndef CLIMNORM_JOB_UNIT_NAMES_H
#define CLIMNORM_JOB_UNIT_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct cn_strbuf;

struct cn_unit_name {
    const char *model; /* NULL, of all units: the run has one model */
    const char *variable;
};

/* Adds the names of those of units[count] that are in the set; units of one model follow each
 * other. A model all of whose units are in the set is named without them.
 * Errors: text->failed. */
void cn_unit_names_add(struct cn_strbuf *text, const struct cn_unit_name *units, const bool *is_in,
                       size_t count);

#endif
