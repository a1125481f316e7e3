/*
 * The survey of existing files. They may be damaged, and the netCDF library crashes on some damaged
 * files, so they are looked at in child processes that note what they find in shared memory.
 */
#include "cli/survey.h"

#include "base/probe.h"
#include "sink/sink.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_PER_CHILD = 500 }; /* well within a child's bound on CPU time */

/* An existing file that may do. */
struct candidate {
    const struct cn_variable_plan *variable;
    struct cn_target *target;
    size_t region;
};

/* What a child writes and its parent reads. */
struct findings {
    atomic_size_t next; /* the candidate that is looked at */
    bool current[];     /* [count] */
};

struct survey {
    const struct cn_plan *plan;
    struct candidate *candidates;
    size_t count;
    struct findings *findings;
};

static bool exists(int root, const char *path, bool *is_file)
{
    struct stat status;
    bool found = fstatat(root, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
    *is_file = found && S_ISREG(status.st_mode);
    return found;
}

static enum cn_status collect(struct survey *survey, int root, struct cn_error *error)
{
    const struct cn_config *config = survey->plan->config;
    for (size_t v = 0; v < survey->plan->variable_count; v++) {
        const struct cn_variable_plan *variable = &survey->plan->variables[v];
        for (size_t t = 0; t < variable->target_count; t++)
            for (size_t r = 0; r < variable->layout.region_count; r++) {
                const char *path = variable->targets[t].outputs[r].path;
                bool is_file;
                if (!exists(root, path, &is_file))
                    continue;
                if (!is_file)
                    return cn_fail(error, CN_BAD_USAGE,
                                   "%s/%s is there and is not a plain file; remove it",
                                   config->output.root, path);
                if (config->output.existing == CN_OVERWRITE)
                    continue;
                if (config->output.existing == CN_REFUSE)
                    return cn_fail(error, CN_BAD_USAGE,
                                   "%s/%s exists, and output.existing is \"fail\"; remove it, or "
                                   "set output.existing to \"skip\" or \"overwrite\"",
                                   config->output.root, path);
                survey->candidates[survey->count++] =
                    (struct candidate){variable, &variable->targets[t], r};
            }
    }
    return CN_OK;
}

/* In a child: looks at some candidates from `next` on. */
static enum cn_status look(void *context, struct cn_error *error)
{
    (void)error;
    const struct survey *survey = context;
    struct findings *findings = survey->findings;
    size_t first = atomic_load(&findings->next);
    for (size_t i = first; i < survey->count && i < first + FILES_PER_CHILD; i++) {
        const struct candidate *candidate = &survey->candidates[i];
        const struct cn_variable_plan *variable = candidate->variable;
        const struct cn_normal_file file = {.config = survey->plan->config,
                                            .catalog = survey->plan->catalog,
                                            .variable = variable->variable,
                                            .region = &variable->layout.regions[candidate->region],
                                            .target = candidate->target,
                                            .slots = variable->slots,
                                            .path =
                                                candidate->target->outputs[candidate->region].path};
        findings->current[i] = cn_sink_is_current(&file);
        atomic_store(&findings->next, i + 1);
    }
    return CN_OK;
}

static enum cn_status look_at_all(struct survey *survey, struct cn_error *error)
{
    size_t bytes = sizeof *survey->findings + survey->count * sizeof(bool);
    struct findings *findings =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (findings == MAP_FAILED)
        return cn_fail_memory(error, "the survey of existing files");
    survey->findings = findings;
    enum cn_status status = CN_OK;
    while (atomic_load(&findings->next) < survey->count && status != CN_BAD_MACHINE) {
        status = cn_probe(look, survey, error);
        if (status == CN_BAD_INPUT) /* the file that crashed the child is not current */
            atomic_fetch_add(&findings->next, 1);
    }
    for (size_t i = 0; i < survey->count; i++)
        survey->candidates[i].target->outputs[survey->candidates[i].region].wanted =
            !findings->current[i];
    munmap(findings, bytes);
    return status == CN_BAD_MACHINE ? status : CN_OK;
}

enum cn_status cn_survey(struct cn_plan *plan, struct cn_error *error)
{
    size_t outputs = 0;
    for (size_t v = 0; v < plan->variable_count; v++)
        outputs += plan->variables[v].output_count;
    int root = open(plan->config->output.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return CN_OK; /* nothing is there yet */
    struct survey survey = {.plan = plan};
    survey.candidates = calloc(outputs + 1, sizeof *survey.candidates);
    enum cn_status status = survey.candidates
                                ? collect(&survey, root, error)
                                : cn_fail_memory(error, "the survey of existing files");
    if (!status && survey.count)
        status = look_at_all(&survey, error);
    free(survey.candidates);
    close(root);
    return status;
}
