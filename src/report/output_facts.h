/*
 * What an output file says of itself, all but its values: facts for a report of many files.
 */
#ifndef CLIMNORM_REPORT_OUTPUT_FACTS_H
#define CLIMNORM_REPORT_OUTPUT_FACTS_H

#include "base/serialize.h"
#include "climnorm/watch.h"
#include "job/verify.h"

/* Attributes of the file that are texts. X(NAME) */
#define CN_FACT_FILE_TEXTS(X) \
    X(title)                  \
    X(keywords)               \
    X(region)                 \
    X(region_name)            \
    X(period)                 \
    X(model)                  \
    X(variant)                \
    X(product)                \
    X(leap_day)               \
    X(baseline_years)         \
    X(source)                 \
    X(institution)            \
    X(license)                \
    X(references)             \
    X(acknowledgement)        \
    X(project)                \
    X(metadata_link)          \
    X(climnorm_version)       \
    X(date_created)

/* Attributes of the variable. */
#define CN_FACT_VARIABLE_TEXTS(X) \
    X(units)                      \
    X(long_name)                  \
    X(standard_name)              \
    X(cell_methods)

/* Of each target year: an attribute, or in stacked files a variable along target_year. */
#define CN_FACT_TARGET_TEXTS(X) \
    X(source_years)             \
    X(missing_source_years)     \
    X(source_versions)          \
    X(scenario)

struct cn_fact_target {
    int year, number_of_years;
#define CN_FACT_MEMBER(name) const char *name;
    CN_FACT_TARGET_TEXTS(CN_FACT_MEMBER)
};

/* All texts are there; "": the file does not say it. */
struct cn_output_facts {
    const char *path;
    uint64_t size;
    const char *problem;     /* NULL: it can be read; else why not */
    const char *variable;    /* of the results, in the file */
    const char *source_name; /* of the source's variable: "tasmax" */
    const char *phrase;      /* "daily normal of tas"; of the title */
    CN_FACT_FILE_TEXTS(CN_FACT_MEMBER)
    CN_FACT_VARIABLE_TEXTS(CN_FACT_MEMBER)
    size_t slots, rows, columns;
    bool is_stacked;
    double west, east, south, north; /* centres; NaN: not known */
    struct cn_fact_target *targets;  /* [target_count] */
    size_t target_count;
};

/* Reads the facts of verification->files in child processes, `threads` at a time. A file whose
 * metadata are damaged has a problem and no targets.
 * Returns: *facts [count]. Errors: CN_STOPPED, CN_BAD_MACHINE. Owns: the pool. */
enum cn_status cn_output_facts_read(struct cn_pool *pool,
                                    const struct cn_verification *verification, int threads,
                                    const struct cn_watch *watch, struct cn_output_facts **facts,
                                    struct cn_error *error);

#endif
