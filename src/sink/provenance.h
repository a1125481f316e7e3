/*
 * What the normals of an output file were made of: source files, their versions, and years.
 */
#ifndef CLIMNORM_SINK_PROVENANCE_H
#define CLIMNORM_SINK_PROVENANCE_H

#include "base/pool.h"
#include "sink/normals_file.h"

/* The files that the years used come from, each once, in time order. */
struct cn_sources {
    const struct cn_file **files; /* [count] */
    size_t count;
    const struct cn_file *newest; /* of the last year; NULL: no year was used */
};

/* What one target was made of. */
struct cn_provenance {
    int number_of_years; /* used, of the window */
    /* "1951-1980"; "1983 1991", "": none; "1.0 1.1"; base names, blank-separated. */
    const char *source_years, *missing_source_years, *source_versions, *source_files;
};

/* Finds the sources of targets first … end - 1.
 * Returns: false: out of memory. Owns: the list lives in the pool. */
bool cn_sources_find(struct cn_pool *pool, const struct cn_normals_file *file, size_t first,
                     size_t end, struct cn_sources *found);

/* *longest: the most bytes that attributes of one source file of the windows take, of those that
 * outputs may copy.
 * Returns: false: out of memory. */
bool cn_longest_attributes(struct cn_pool *pool, const struct cn_normals_file *file,
                           size_t *longest);

/* Describes target t.
 * Returns: false: out of memory. Owns: the texts live in the pool. */
bool cn_provenance_of(struct cn_pool *pool, const struct cn_normals_file *file, size_t t,
                      struct cn_provenance *found);

#endif
