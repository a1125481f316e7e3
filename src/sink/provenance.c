/*
 * Lists of years, files and versions. Only base names are stored: no path.
 */
#include "sink/provenance.h"

#include "base/strbuf.h"
#include "catalog/attributes.h"
#include "catalog/file_names.h"

#include <stdlib.h>
#include <string.h>

/* The index in cn_file_year of the k-th year in time: those of the baseline, as most are earlier,
 * then those of the target; of both the year before the window first. */
static size_t in_time_order(const struct cn_normals_file *file, size_t k)
{
    const size_t all = cn_file_window(file), years = (size_t)file->product->window;
    const size_t first = cn_file_years(file) - all - k / all * all, place = k % all;
    if (all == years)
        return first + place;
    return first + (place ? place - 1 : years);
}

bool cn_sources_find(struct cn_pool *pool, const struct cn_normals_file *file, size_t first,
                     size_t end, struct cn_sources *found)
{
    const struct cn_file *files = file->variable->files;
    bool *is_listed = cn_pool_alloc(pool, file->variable->file_count, sizeof *is_listed);
    *found = (struct cn_sources){
        .files = cn_pool_alloc(pool, file->variable->file_count, sizeof(const struct cn_file *))};
    if (!found->files || !is_listed)
        return false;
    const size_t years = cn_file_years(file);
    for (size_t t = first; t < end; t++)
        for (size_t k = 0; k < years; k++) {
            const struct cn_source_year *year = cn_file_year(file, t, in_time_order(file, k));
            for (size_t p = 0; year && p < year->part_count; p++) {
                found->newest = year->parts[p].file;
                if (!is_listed[found->newest - files])
                    found->files[found->count++] = found->newest;
                is_listed[found->newest - files] = true;
            }
        }
    return true;
}

static size_t count_attribute_bytes(const struct cn_attribute *attributes, size_t count)
{
    enum { HEADER_BYTES = 64 }; /* of an attribute in HDF5 */
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += HEADER_BYTES + strlen(attributes[i].name) +
                 attributes[i].length * cn_type_bytes(attributes[i].type);
    return bytes;
}

/* A text may be missing in files that nobody has examined. */
static size_t text_bytes(const char *text)
{
    return text ? strlen(text) : 0;
}

static size_t copied_bytes(const struct cn_file *source)
{
    size_t bytes = count_attribute_bytes(source->attributes, source->attribute_count) +
                   count_attribute_bytes(source->lat_attributes, source->lat_attribute_count) +
                   count_attribute_bytes(source->lon_attributes, source->lon_attribute_count) +
                   count_attribute_bytes(source->grid_mapping_attributes,
                                         source->grid_mapping_attribute_count);
#define ADD_TEXT(member, ...) bytes += text_bytes(source->member);
    CN_FILE_TEXTS(ADD_TEXT)
    return bytes;
}

bool cn_longest_attributes(struct cn_pool *pool, const struct cn_normals_file *file,
                           size_t *longest)
{
    struct cn_sources from;
    *longest = 0;
    if (!cn_sources_find(pool, file, 0, file->target_count, &from))
        return false;
    for (size_t i = 0; i < from.count; i++) {
        size_t bytes = copied_bytes(from.files[i]);
        *longest = bytes > *longest ? bytes : *longest;
    }
    return true;
}

/* Lists the years of the window that were not used. *used: how many were. NULL: out of memory. */
static char *list_missing_years(struct cn_pool *pool, const struct cn_normals_file *file, size_t t,
                                int *used)
{
    struct cn_strbuf text = {0};
    int window = file->product->window;
    *used = 0;
    for (int i = 0; i < window; i++)
        if (cn_is_year_used(file, t, (size_t)i))
            ++*used;
        else
            cn_strbuf_add(&text, text.length ? " %d" : "%d",
                          cn_file_target(file, t)->year - window + 1 + i);
    return cn_strbuf_to_pool(&text, pool);
}

static char *list_base_names(struct cn_pool *pool, const struct cn_sources *from)
{
    struct cn_strbuf text = {0};
    for (size_t i = 0; i < from->count; i++)
        cn_strbuf_add(&text, i ? " %s" : "%s", from->files[i]->base);
    return cn_strbuf_to_pool(&text, pool);
}

static int compare_file_versions(const void *left, const void *right)
{
    const struct cn_file *a = *(const struct cn_file *const *)left;
    const struct cn_file *b = *(const struct cn_file *const *)right;
    return cn_version_compare(a->version_major, a->version_minor, b->version_major,
                              b->version_minor);
}

/* The distinct versions, ascending. Sorts the files. */
static char *list_versions(struct cn_pool *pool, struct cn_sources *from)
{
    struct cn_strbuf text = {0};
    if (from->count)
        qsort(from->files, from->count, sizeof(const struct cn_file *), compare_file_versions);
    for (size_t i = 0; i < from->count; i++)
        if (i == 0 || compare_file_versions(&from->files[i - 1], &from->files[i]) != 0)
            cn_strbuf_add(&text, i ? " %d.%d" : "%d.%d", from->files[i]->version_major,
                          from->files[i]->version_minor);
    return cn_strbuf_to_pool(&text, pool);
}

bool cn_provenance_of(struct cn_pool *pool, const struct cn_normals_file *file, size_t t,
                      struct cn_provenance *found)
{
    struct cn_sources from;
    int last = cn_file_target(file, t)->year;
    if (!cn_sources_find(pool, file, t, t + 1, &from))
        return false;
    found->source_years = cn_pool_printf(pool, "%d-%d", last - file->product->window + 1, last);
    found->missing_source_years = list_missing_years(pool, file, t, &found->number_of_years);
    found->source_files = list_base_names(pool, &from);
    found->source_versions = list_versions(pool, &from);
    return found->source_years && found->missing_source_years && found->source_files &&
           found->source_versions;
}
