/*
 * Attributes of a variable: read through netCDF-C once, then plain data.
 */
#ifndef CLIMNORM_CATALOG_ATTRIBUTES_H
#define CLIMNORM_CATALOG_ATTRIBUTES_H

#include "climnorm/catalog.h"

/* cn_fail for an error code of netCDF-C; `what` could not be done.
 * Returns: CN_BAD_INPUT. */
enum cn_status cn_fail_netcdf(struct cn_error *error, const char *what, int code);

/* Reads all attributes of a variable. A netCDF-4 string of length 1 becomes text. Arrays of strings
 * and user-defined types keep their name, type and length; their value is NULL. The caller holds
 * the HDF5 lock.
 * Errors: CN_BAD_INPUT: they cannot be read, or are more or longer than limits.h allows.
 * CN_BAD_MACHINE: out of memory. Owns: all lives in the pool. */
enum cn_status cn_attributes_read(struct cn_pool *pool, int ncid, int varid,
                                  struct cn_attribute **attributes, size_t *count,
                                  struct cn_error *error);

/* Checks that the attributes of a variable that decide how it is read have the form that they must
 * have: text, or numbers.
 * Errors: CN_BAD_INPUT names the first that has not. */
enum cn_status cn_attributes_check(const struct cn_attribute *attributes, size_t count,
                                   const char *variable, struct cn_error *error);

/* Takes those without a value out of attributes[*count]. *left_out: describes the first of them,
 * unless it does one already.
 * Returns: false: out of memory. Owns: the text lives in the pool. */
bool cn_attributes_leave_out(struct cn_pool *pool, struct cn_attribute *attributes, size_t *count,
                             const char *variable, const char **left_out);

/* Returns: NULL: there is none of this name. */
const struct cn_attribute *cn_attribute_find(const struct cn_attribute *attributes, size_t count,
                                             const char *name);

/* Returns: the text of an attribute; NULL: there is none, or it is not text. */
const char *cn_attribute_text(const struct cn_attribute *attributes, size_t count,
                              const char *name);

/* Returns: whether a list of names that blanks separate has a name. */
bool cn_names_hold(const char *list, const char *name);

/* Returns: bytes of one element of an atomic numeric or char nc_type; 0: another type. */
size_t cn_type_bytes(int type);
/* Returns: "int16", "float32", "text", … */
const char *cn_type_name(int type);

/* Returns: element i of a numeric attribute. */
double cn_attribute_number(const struct cn_attribute *attribute, size_t i);

/* Reads the attributes of the file as a whole that outputs use. The caller holds the HDF5 lock.
 * file->left_out: as of cn_attributes_leave_out, where one is no text.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: the texts live in the pool. */
enum cn_status cn_file_texts_read(struct cn_pool *pool, int ncid, struct cn_file *file,
                                  struct cn_error *error);

#endif
