/*
 * From options to a schedule, in the order in which a user can act on what is wrong: config, input,
 * outputs, memory.
 */
#include "cli/prepare.h"

#include "base/clock.h"
#include "base/machine.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/survey.h"
#include "kernels.h"
#include "sink/sink.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A line that counts files, shown on a terminal when this takes long. */
struct count_line {
    const char *what;
    uint64_t told_ns; /* or begun */
    bool is_there;
};

static const uint64_t WAIT_NS = 1000000000, SHOW_NS = 100000000;

static int say(const struct cn_error *error)
{
    fprintf(stderr, "climnorm: %s\n", error->text);
    return error->status == CN_BAD_MACHINE ? CN_EXIT_MACHINE : CN_EXIT_USAGE;
}

/* Problems of the tree that belong to no variable. */
static void say_problems(const struct cn_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        fprintf(stderr, "climnorm: warning: %s\n", problems->items[i].text);
}

/* A summary that cannot be written is better known before a long run than after it. */
static enum cn_status check_summary(const char *path, struct cn_error *error)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    char folder[PATH_MAX] = ".";
    struct stat status;
    bool there = path && stat(path, &status) == 0;
    if (!path || (there && !S_ISDIR(status.st_mode) && access(path, W_OK) == 0))
        return CN_OK;
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path + 1), path);
    if (!there && access(folder, W_OK | X_OK) == 0)
        return CN_OK;
    return cn_fail(error, CN_BAD_USAGE, "--summary %s: cannot be written (%s); name another file",
                   path, there && S_ISDIR(status.st_mode) ? "it is a folder" : strerror(errno));
}

/* Whether a line that changes may be shown while files are looked at. */
static bool may_show(const struct cn_run_options *options)
{
    return !options->quiet && isatty(STDERR_FILENO) &&
           cn_progress_settle(options->progress, STDERR_FILENO) == CN_PROGRESS_TTY;
}

static void show(void *context, size_t done, size_t count)
{
    struct count_line *line = context;
    uint64_t now = cn_now_ns();
    if (now - line->told_ns < (line->is_there ? SHOW_NS : WAIT_NS))
        return;
    line->told_ns = now;
    line->is_there = true;
    fprintf(stderr, "\r\033[K%s: %zu/%zu", line->what, done, count);
}

static void clear(const struct count_line *line)
{
    if (line->is_there)
        fputs("\r\033[K", stderr);
}

static enum cn_status read_catalog(struct cn_prepared *prepared, struct cn_error *error)
{
    const struct cn_config *config = prepared->config;
    struct count_line line = {"examining files", cn_now_ns(), false};
    const struct cn_watch watch = {may_show(&prepared->options) ? show : NULL, &line};
    if (watch.tell)
        fprintf(stderr, "climnorm: looking at the files below %s\n", config->input.root);
    enum cn_status status = cn_catalog_read(config, &watch, &prepared->catalog, error);
    clear(&line);
    if (!status)
        say_problems(&prepared->catalog->problems);
    else if (status == CN_BAD_USAGE)
        cn_fail(error, status, "%s: %s", config->origin.input_root, error->text);
    return status;
}

static enum cn_status survey(struct cn_prepared *prepared, struct cn_error *error)
{
    struct count_line line = {"looking at existing normals", cn_now_ns(), false};
    const struct cn_watch watch = {may_show(&prepared->options) ? show : NULL, &line};
    enum cn_status status = cn_survey(prepared->plan, &watch, error);
    clear(&line);
    return status;
}

static uint64_t memory_limit(const struct cn_config *config)
{
    if (config->engine.memory_share > 0)
        return (uint64_t)(config->engine.memory_share * (double)cn_machine_memory());
    return config->engine.memory_bytes;
}

static int count_threads(int asked)
{
    int threads = asked ? asked : cn_threads_available(), granted = cn_threads_granted(threads);
    if (granted < threads)
        fprintf(stderr, "climnorm: warning: OMP_THREAD_LIMIT allows %d of %d threads\n", granted,
                threads);
    return granted;
}

bool cn_prepare(int argc, char **argv, bool take_lock, struct cn_prepared *prepared, int *exit_code)
{
    struct cn_error error;
    *prepared = (struct cn_prepared){.lock = -1};
    *exit_code = CN_EXIT_OK;
    if (!cn_run_options_parse(argc, argv, &prepared->options, exit_code))
        return false;
    prepared->config = cn_run_options_config(&prepared->options, exit_code);
    if (!prepared->config)
        return false;
    int threads = count_threads(prepared->config->engine.threads);
    const struct cn_kernels *kernels; /* a wrong CLIMNORM_ISA is told before anything starts */
    enum cn_status status = cn_kernels_select(&kernels, &error);
    if (!status)
        status = check_summary(prepared->options.summary, &error);
    if (!status)
        status = read_catalog(prepared, &error);
    if (!status)
        status = cn_plan_targets(prepared->config, prepared->catalog, &prepared->plan, &error);
    if (!status && take_lock)
        status = cn_sink_lock(prepared->config->output.root, &prepared->lock, &error);
    if (!status)
        status = survey(prepared, &error);
    if (!status)
        status = cn_plan_schedule(prepared->plan, memory_limit(prepared->config), threads, &error);
    if (status)
        *exit_code = say(&error);
    return !status;
}

void cn_unprepare(struct cn_prepared *prepared)
{
    if (prepared->lock >= 0)
        cn_sink_unlock(prepared->lock);
    cn_plan_free(prepared->plan);
    cn_catalog_free(prepared->catalog);
    cn_config_free(prepared->config);
    cn_run_options_free(&prepared->options);
}
