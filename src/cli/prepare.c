/*
 * From options to a schedule, in the order in which a user can act on what is wrong: config, input,
 * outputs, memory.
 */
#include "cli/prepare.h"

#include "base/machine.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "sink/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Whether something stands at a path below output.root. */
static bool exists(const struct cn_config *config, const char *path)
{
    int root = open(config->output.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat status;
    if (root < 0)
        return false;
    bool found = fstatat(root, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
    close(root);
    return found;
}

/* Decides which outputs need not be made. */
static enum cn_status survey(struct cn_plan *plan, struct cn_error *error)
{
    const struct cn_config *config = plan->config;
    if (config->output.existing == CN_OVERWRITE)
        return CN_OK;
    for (size_t v = 0; v < plan->variable_count; v++) {
        struct cn_variable_plan *variable = &plan->variables[v];
        for (size_t t = 0; t < variable->target_count; t++)
            for (size_t r = 0; r < variable->layout.region_count; r++) {
                struct cn_output *output = &variable->targets[t].outputs[r];
                if (!exists(config, output->path))
                    continue;
                if (config->output.existing == CN_REFUSE)
                    return cn_fail(error, CN_BAD_USAGE,
                                   "%s/%s exists, and output.existing is \"fail\"; remove it, or "
                                   "set output.existing to \"skip\" or \"overwrite\"",
                                   config->output.root, output->path);
                const struct cn_normal_file file = {.config = config,
                                                    .catalog = plan->catalog,
                                                    .variable = variable->variable,
                                                    .region = &variable->layout.regions[r],
                                                    .target = &variable->targets[t],
                                                    .slots = variable->slots,
                                                    .path = output->path};
                output->wanted = !cn_sink_is_current(&file);
            }
    }
    return CN_OK;
}

/* A summary that cannot be written is better known before a long run than after it. */
static enum cn_status check_summary(const char *path, struct cn_error *error)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    char folder[PATH_MAX] = ".";
    if (!path || access(path, W_OK) == 0)
        return CN_OK;
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path + 1), path);
    if (access(path, F_OK) != 0 && access(folder, W_OK | X_OK) == 0)
        return CN_OK;
    return cn_fail(error, CN_BAD_USAGE, "--summary %s: cannot be written (%s); name another file",
                   path, strerror(errno));
}

static uint64_t memory_limit(const struct cn_config *config)
{
    if (config->engine.memory_share > 0)
        return (uint64_t)(config->engine.memory_share * (double)cn_machine_memory());
    return config->engine.memory_bytes;
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
    int threads = prepared->config->engine.threads;
    enum cn_status status = check_summary(prepared->options.summary, &error);
    if (!status)
        status = cn_catalog_read(prepared->config, &prepared->catalog, &error);
    if (!status)
        say_problems(&prepared->catalog->problems);
    if (!status)
        status = cn_plan_targets(prepared->config, prepared->catalog, &prepared->plan, &error);
    if (!status && take_lock)
        status = cn_sink_lock(prepared->config->output.root, &prepared->lock, &error);
    if (!status)
        status = survey(prepared->plan, &error);
    if (!status)
        status = cn_plan_schedule(prepared->plan, memory_limit(prepared->config),
                                  threads ? threads : cn_threads_available(), &error);
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
