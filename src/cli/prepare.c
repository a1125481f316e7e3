/*
 * The steps from options to a schedule, in the order in which a user can correct errors: config,
 * input, outputs, memory.
 */
#include "cli/prepare.h"

#include "base/machine.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/diskspace.h"
#include "cli/existing.h"
#include "cli/signals.h"
#include "cli/startup.h"
#include "climnorm/run.h"
#include "kernels.h"
#include "sink/lock.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads the config and applies --set and --threads. Returns CN_NO_EXIT, or the exit code, and every
 * error was printed. */
static int read_config(struct cn_prepared *prepared)
{
    const struct cn_run_options *options = &prepared->options;
    struct cn_problems problems = {0};
    enum cn_status status = cn_config_read(options->config_path, options->overrides,
                                           options->override_count, &prepared->config, &problems);
    for (size_t i = 0; i < problems.count; i++)
        fprintf(stderr, "climnorm: %s\n", problems.items[i].text);
    if (problems.lost)
        fprintf(stderr, "climnorm: out of memory (problems)\n");
    cn_problems_free(&problems);
    if (status)
        return status == CN_BAD_MACHINE ? CN_EXIT_MACHINE : CN_EXIT_USAGE;
    if (options->threads)
        prepared->config->engine.threads = options->threads;
    return CN_NO_EXIT;
}

/* Checks before a long run that the summary can be written. */
static enum cn_status check_summary(const struct cn_run_options *options, struct cn_error *error)
{
    const char *path = options->summary, *slash = path ? strrchr(path, '/') : NULL;
    char folder[PATH_MAX] = ".";
    struct stat status, config;
    if (!path)
        return CN_OK;
    if (strcmp(path, "-") == 0)
        return cn_fail(error, CN_BAD_USAGE, "--summary -: expected a file; /dev/stdout is one");
    bool exists = stat(path, &status) == 0;
    if (exists && stat(options->config_path, &config) == 0 && status.st_dev == config.st_dev &&
        status.st_ino == config.st_ino)
        return cn_fail(error, CN_BAD_USAGE, "--summary %s: that is the config; name another file",
                       path);
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path + 1), path);
    bool is_folder = exists && S_ISDIR(status.st_mode);
    if (!is_folder && access(exists ? path : folder, exists ? W_OK : W_OK | X_OK) == 0)
        return CN_OK;
    return cn_fail(error, CN_BAD_USAGE, "--summary %s: cannot be written (%s); name another file",
                   path, is_folder ? "it is a folder" : strerror(errno));
}

/* Chooses how the steps before a run are shown. */
static void choose_startup_mode(const struct cn_run_options *options, struct cn_startup *startup)
{
    startup->mode = options->quiet ? CN_PROGRESS_NONE
                                   : cn_progress_resolve_mode(options->progress, STDERR_FILENO);
    if (startup->mode == CN_PROGRESS_TTY && !isatty(STDERR_FILENO))
        startup->mode = CN_PROGRESS_PLAIN;
}

static enum cn_status read_catalog(struct cn_prepared *prepared, struct cn_startup *startup,
                                   struct cn_error *error)
{
    const struct cn_config *config = prepared->config;
    startup->what = "examining files";
    if (startup->mode == CN_PROGRESS_TTY)
        fprintf(stderr, "climnorm: looking at the files below %s\n", config->input.root);
    enum cn_status status = cn_catalog_read(config, &startup->watch, &prepared->catalog, error);
    cn_startup_end(startup);
    if (status == CN_BAD_USAGE)
        cn_fail(error, status, "%s: %s", config->origin.input_root, error->text);
    return status;
}

/* Takes the lock; with --wait waits for it. */
static enum cn_status lock_output_root(struct cn_prepared *prepared, struct cn_startup *startup,
                                       struct cn_error *error)
{
    const char *root = prepared->config->output.root;
    struct cn_holder holder;
    startup->what = "waiting for another run";
    for (int seconds = 0;; seconds++) { /* each try takes about one */
        enum cn_status status = cn_sink_lock(root, cn_stop_signal, &prepared->lock, &holder, error);
        if (!status || !holder.text[0] || !prepared->options.wait || atomic_load(cn_stop_signal))
            return status;
        bool is_time = seconds % 60 == 0 && startup->mode != CN_PROGRESS_NONE;
        if (cn_signals_status_requested() || is_time) {
            struct cn_error text;
            cn_fail(&text, CN_OK, "waiting for %s, which writes to %s", holder.text, root);
            cn_startup_say(startup, text.text);
        }
    }
}

static enum cn_status find_existing(struct cn_prepared *prepared, struct cn_startup *startup,
                                    struct cn_error *error)
{
    startup->what = "looking at existing normals";
    enum cn_status status = cn_find_existing(prepared->plan, &startup->watch, error);
    cn_startup_end(startup);
    return status;
}

static uint64_t memory_limit(const struct cn_config *config)
{
    return config->engine.memory_share > 0
               ? (uint64_t)(config->engine.memory_share * (double)cn_machine_memory())
               : config->engine.memory_bytes;
}

static int count_threads(int asked)
{
    int threads = asked ? asked : cn_threads_available(), granted = cn_threads_granted(threads);
    if (granted < threads)
        fprintf(stderr, "climnorm: warning: OMP_THREAD_LIMIT allows %d of %d threads\n", granted,
                threads);
    return granted;
}

/* Prints why there is no run. Writes an empty summary for machine errors and stops, but not for
 * wrong usage. Returns the exit code. */
static int report_failure(const struct cn_prepared *prepared, const struct cn_startup *startup,
                          struct cn_error *error)
{
    int number = atomic_load(cn_stop_signal),
        exit_code = number ? 128 + number : cn_print_error(error);
    if (number)
        fprintf(stderr, "climnorm: stopped by %s while %s; nothing was begun\n",
                number == SIGINT    ? "SIGINT"
                : number == SIGTERM ? "SIGTERM"
                                    : "SIGHUP",
                startup->what);
    if (prepared->options.summary && exit_code >= CN_EXIT_MACHINE &&
        cn_result_write_json(&(struct cn_run_result){.exit_code = exit_code},
                             prepared->options.summary, error))
        cn_print_error(error);
    return exit_code;
}

int cn_prepare(int argc, char **argv, bool take_lock, struct cn_prepared *prepared)
{
    struct cn_error error;
    struct cn_startup startup = {.what = "the config was read"};
    *prepared = (struct cn_prepared){.lock = -1};
    cn_signals_catch();
    cn_startup_begin(&startup);
    int exit_code = cn_run_options_parse(argc, argv, &prepared->options);
    if (exit_code == CN_NO_EXIT)
        exit_code = read_config(prepared);
    if (exit_code != CN_NO_EXIT)
        return exit_code;
    choose_startup_mode(&prepared->options, &startup);
    int threads = count_threads(prepared->config->engine.threads);
    const struct cn_kernels *kernels; /* reports a wrong CLIMNORM_ISA before the search */
    enum cn_status status = cn_kernels_select(&kernels, &error);
    if (!status)
        status = check_summary(&prepared->options, &error);
    if (!status)
        status = read_catalog(prepared, &startup, &error);
    if (!status)
        status = cn_plan_targets(prepared->config, prepared->catalog, &prepared->plan, &error);
    if (!status && take_lock)
        status = lock_output_root(prepared, &startup, &error);
    if (!status)
        status = find_existing(prepared, &startup, &error);
    if (!status)
        status = cn_plan_schedule(prepared->plan, memory_limit(prepared->config), threads, &error);
    if (!status && take_lock)
        status = cn_diskspace_check(prepared->plan, &error);
    return status || atomic_load(cn_stop_signal) ? report_failure(prepared, &startup, &error)
                                                 : CN_NO_EXIT;
}

void cn_prepared_free(struct cn_prepared *prepared)
{
    if (prepared->lock >= 0)
        cn_sink_unlock(prepared->lock);
    cn_plan_free(prepared->plan);
    cn_catalog_free(prepared->catalog);
    cn_config_free(prepared->config);
    free(prepared->options.overrides);
}
