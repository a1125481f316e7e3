/*
 * A list of attributes that grows. Setting never fails at once: the list remembers it.
 */
#ifndef CLIMNORM_SINK_ATTRIBUTE_LIST_H
#define CLIMNORM_SINK_ATTRIBUTE_LIST_H

#include "base/pool.h"
#include "climnorm/catalog.h"

struct cn_attributes {
    struct cn_attribute *items; /* [count] in the order of writing */
    size_t count, capacity;
    /* The first `shared` are mostly those of the region's other files, too, and belong to the
     * skeleton. The rest are texts and single ints. */
    size_t shared;
    struct cn_pool *pool;
    bool failed; /* out of memory */
};

/* Each sets an attribute: replaces the one of that name, or appends one. The name is not copied. */
void cn_set_value(struct cn_attributes *list, const char *name, int type, size_t length,
                  const void *value); /* not copied either; NULL: its maker had no memory */
void cn_set_text(struct cn_attributes *list, const char *name, const char *text); /* the same */
void cn_set_int(struct cn_attributes *list, const char *name, int value);
void cn_set_double(struct cn_attributes *list, const char *name, double value);

/* Removes the attribute of that name, if it is there. */
void cn_remove_attribute(struct cn_attributes *list, const char *name);

/* Returns: whether the text is there and not blank. */
bool cn_says_something(const char *text);

/* Appends the attributes of a source that may be in an output file: not those that say how values
 * are stored, name other variables, speak of a single file, or are no text where CF has one. */
void cn_copy_attributes(struct cn_attributes *list, const struct cn_attribute *source,
                        size_t count);

/* From here on the attributes are the file's own. */
void cn_end_shared(struct cn_attributes *list);

#endif
