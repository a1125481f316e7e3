/*
 * A whole job, for any program: the steps from a config to a plan, in the order in which a user can
 * correct errors, and the run. A job prints nothing, installs no signal handler and never exits.
 * Two libraries below it do: libgomp when it gets no threads, libconfig when it gets no memory.
 *
 * What else a program should know; climnorm itself sees to it in src/cli/main.c:
 * - One thread at a time uses this library, unless a comment says otherwise, and no other thread is
 *   inside HDF5 or netCDF-C meanwhile.
 * - cn_job_prepare forks worker processes. In those, SIGINT, SIGTERM, SIGHUP and SIGUSR1 are
 *   ignored; other handlers of the program stay.
 * - A child process cannot run a job if its parent has run one before the fork, or other code with
 *   OpenMP: libgomp would wait for ever for threads that only the parent has.
 * - The thread that calls, and those of OpenMP (OMP_STACKSIZE), need stacks of 1 MiB. In smaller
 *   ones HDF5 crashes, or each file counts as damaged.
 * - Handlers of the program should have SA_RESTART: an interrupted read may look like damage.
 * - A program that does not ignore SIGXFSZ dies of it where an output exceeds the limit of a file
 *   (ulimit -f).
 * - Many threads read many files: the soft limit RLIMIT_NOFILE may be too low. Descriptors 0 to 2
 *   should be open, or a file may get the number of stderr.
 * - To read from file systems without locks, HDF5_USE_FILE_LOCKING=BEST_EFFORT has to be in the
 *   environment before HDF5 is used.
 * - From the first job on, HDF5 prints no errors, follows no link into another file, and does not
 *   close files at exit; UDUNITS prints no errors.
 */
#ifndef CLIMNORM_JOB_H
#define CLIMNORM_JOB_H

#include "climnorm/api.h"
#include "climnorm/plan.h"
#include "climnorm/resources.h"
#include "climnorm/result.h"
#include "climnorm/values.h"
#include "climnorm/watch.h"

struct cn_kernels;

struct cn_job_options {
    struct cn_resources resources; /* threads 0: as cn_resources_resolve sets them */
    bool is_run;                   /* else only for the plan: no lock, nothing is written */
    /* Results go to job->values, not to files: output.root, existing, pattern, layout and
     * compression are not looked at, and nothing is written or locked. The plan counts the bytes of
     * the results in engine.memory. */
    bool in_memory;
    bool waits;                   /* while another job, of any process, has output.root */
    struct cn_shard shard;        /* the part of the job; count 0: the whole */
    const struct cn_watch *watch; /* of the steps of cn_job_prepare; NULL: nobody watches */
};

struct cn_job {
    const struct cn_config *config; /* of a job in memory memory_config */
    struct cn_config memory_config;
    struct cn_resources resources;
    const struct cn_kernels *kernels;
    struct cn_catalog *catalog;
    struct cn_plan *plan;
    uint64_t begun_ns;            /* when cn_job_prepare was called; CLOCK_MONOTONIC */
    enum cn_phase phase;          /* which cn_job_prepare has reached */
    double prepare_s;             /* that cn_job_prepare took */
    double phase_s[CN_PHASES];    /* that each phase of it took */
    uint64_t phase_ns;            /* when the last one began */
    struct cn_problems problems;  /* of the whole job, found before the run */
    struct cn_space_free space;   /* what output.root's file system had free */
    const char *title;            /* "NorESM2-LM ssp245 · CONUS AK" */
    struct cn_counters *counters; /* [plan->variable_count] of the run */
    int lock;                     /* of output.root, or of its shard; -1: not taken */
    bool killed_runs;             /* had left something there when the lock was taken */
    bool leaves_unfinished;       /* outputs of several passes, for the next run */
    bool is_run, in_memory;       /* as cn_job_options has it */
    bool has_run;                 /* cn_job_run was called */
    struct cn_values *values;     /* [value_count] of a job in memory; see climnorm/values.h */
    size_t value_count;
};

/* Reads the catalog, plans the targets, takes the lock of output.root, looks for existing files,
 * makes the schedule and checks the disk space. `config` must outlive the job.
 * Returns: CN_OK. Errors: CN_BAD_USAGE: nothing fits the config, or it cannot be done as it asks;
 * CN_BAD_MACHINE; CN_STOPPED: the watch asked for it. Nothing was computed, and the job is good for
 * cn_job_free alone. Owns: the caller, in either case, *job with cn_job_free, which gives the lock
 * back; NULL: out of memory. */
CN_API enum cn_status cn_job_prepare(const struct cn_config *config,
                                     const struct cn_job_options *options, struct cn_job **job,
                                     struct cn_error *error);

/* Checks that the outputs fit on their file system; cn_job_prepare has done it for a run. If they
 * fit only when they compress well, job->problems gets a warning.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE: they cannot fit. */
CN_API enum cn_status cn_job_check_space(struct cn_job *job, struct cn_error *error);

/* Fills in the result without running: known problems, files that are kept, and the status that
 * follows from them.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE, out of memory; the result has this status, too. Owns: the
 * caller, *result with cn_result_free. */
CN_API enum cn_status cn_job_preview(const struct cn_job *job, struct cn_result *result);

/* How long a run would take, and why. Seconds of a quiet machine. */
struct cn_estimate {
    bool is_known;
    double seconds;       /* of the whole run */
    double cpu_s, disk_s; /* of all threads together; to read from the disk */
    double measured_s;    /* how long was measured; 0: there is nothing to make */
};

/* Estimates the run of a prepared job by doing the first steps of it, for about a second, in a
 * child process: pieces of input files are read, decoded, averaged and encoded. Writes nothing. The
 * space that outputs need, plan->space, becomes that of what was encoded. Not for a job that runs
 * at the time. watch NULL: nobody watches; where it asks to stop, or a file cannot be read, the
 * estimate is not known. */
CN_API void cn_job_estimate(struct cn_job *job, const struct cn_watch *watch,
                            struct cn_estimate *estimate);

/* Returns: the plan of a prepared job as one JSON object, that of `climnorm plan --json`;
 * docs/plan.md lists its keys. estimate NULL: not estimated. lists_outputs: with each file. NULL:
 * out of memory. Owns: the caller, with free. */
CN_API char *cn_job_plan_json(const struct cn_job *job, const struct cn_estimate *estimate,
                              bool lists_outputs);

/* Runs the plan, one variable after another, once. watch: where it is shown, and what stops it;
 * NULL: nobody watches. The result is filled in even when the run fails; its status says what came
 * of it. CN_BAD_USAGE: the job is for its plan alone, or has run. A display reads the job's
 * counters: it must be stopped before the job is freed.
 * Owns: the caller, *result with cn_result_free. */
CN_API void cn_job_run(struct cn_job *job, const struct cn_watch *watch, struct cn_result *result);

CN_API void cn_job_free(struct cn_job *job);

#endif
