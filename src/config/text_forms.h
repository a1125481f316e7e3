/*
 * Which characters a text of each type of key may have. Pure.
 */
#ifndef CLIMNORM_CONFIG_TEXT_FORMS_H
#define CLIMNORM_CONFIG_TEXT_FORMS_H

#include "config/key.h"

/* Reads "MAJOR.MINOR", each of at most eight digits.
 * Returns: false: the text is of another form; both are then as before. */
bool cn_version_parse(const char *text, int *major, int *minor);

/* Returns: whether a text that is not empty has the form that keys of the type take. Types whose
 * texts may be anything, or have a check of their own, take all. */
bool cn_text_has_form(enum cn_key_type type, const char *text);

#endif
