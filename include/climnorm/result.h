/*
 * What came of a job: counts, times and problems of each variable.
 */
#ifndef CLIMNORM_RESULT_H
#define CLIMNORM_RESULT_H

#include "climnorm/api.h"
#include "climnorm/error.h"
#include "climnorm/progress.h"
#include "climnorm/shard.h"

/* The result of one variable. */
struct cn_variable_result {
    const char *name;             /* of the variable; lives as long as the job */
    const char *model;            /* with several models; else NULL */
    const char *label;            /* for people; see struct cn_variable */
    enum cn_variable_state state; /* CN_WAITING: never reached; CN_ACTIVE: stopped */
    uint64_t files_read, bytes_read;
    uint64_t passes; /* stretches of days or rows, one after another; 0: nothing ran */
    uint64_t chunks_read, chunks_decoded;      /* distinct ones; how many times one was decoded */
    double load_s, compute_s, write_s, wall_s; /* compute_s, write_s: summed over threads */
    uint64_t normals_written, normals_skipped; /* skipped: those that were there already */
    uint64_t normals_failed;                   /* those that cannot be made */
    uint64_t
        normals_unmade;     /* those that a stop left, and those whose windows are short of years */
    bool leaves_unfinished; /* outputs of several passes, which the next run may go on with */
    struct cn_problems problems; /* those of catalog, plan and run */
    struct cn_problems told;     /* of those of the run: as they were shown while it went on */
};

struct cn_result {
    struct cn_variable_result *variables; /* [count], in the order of the plan */
    size_t count;
    struct cn_problems problems; /* of the whole job, not of one variable */
    double wall_s;               /* since cn_job_prepare was called */
    double phase_s[CN_PHASES];   /* of these, in each phase before the run began */
    struct cn_shard shard;       /* what is told is of this part of the job alone */
    int threads;
    const char *isa;     /* of the kernels; NULL: no run was begun */
    const char *inflate; /* how deflated chunks were inflated: "vector"; NULL as above */
    /* CN_OK: all that was asked for is there. CN_BAD_INPUT: something is missing, the rest is
     * there. CN_BAD_USAGE: nothing was begun. CN_BAD_MACHINE, CN_STOPPED: the job ended early,
     * finished files are kept. */
    enum cn_status status;
};

/* Returns: the result as one JSON object, that of `climnorm run --summary`; docs/output.md lists
 * its keys. exit_code: the number that the program will end with, for the key of that name. NULL:
 * out of memory. Owns: the caller, with free. */
CN_API char *cn_result_json(const struct cn_result *result, int exit_code);

/* Frees what the result owns; it is then empty. */
CN_API void cn_result_free(struct cn_result *result);

#endif
