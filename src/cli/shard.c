/*
 * Reads --shard. Of Slurm it knows the names of variables in the environment, nothing else.
 */
#include "cli/shard.h"

#include "base/error.h"
#include "climnorm/limits.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Reads a decimal number, also one that begins with zeros, as `seq -w` and file names have them.
 * Returns where it ends; NULL: there is none, or it is too large. */
static const char *parse_whole(const char *text, long long *number)
{
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return isdigit((unsigned char)text[0]) && !errno ? end : NULL;
}

/* The number in a variable of the environment; -1: there is none. */
static long long slurm_number(const char *name)
{
    const char *text = getenv(name), *end;
    long long number = -1;
    end = text ? parse_whole(text, &number) : NULL;
    return end && !*end ? number : -1;
}

/* The place of this task in its job array. */
static enum cn_status place_in_array(long long id, struct cn_shard *shard, struct cn_error *error)
{
    const long long count = slurm_number("SLURM_ARRAY_TASK_COUNT"),
                    first = slurm_number("SLURM_ARRAY_TASK_MIN"),
                    last = slurm_number("SLURM_ARRAY_TASK_MAX");
    const long long step = count > 1 ? (last - first) / (count - 1) : 1;
    const bool is_even = count >= 1 && first >= 0 && first <= id && id <= last && step > 0 &&
                         last - first == step * (count - 1) && (id - first) % step == 0;
    if (!is_even || count > CN_MAX_SHARDS)
        return cn_fail(error, CN_BAD_USAGE,
                       "--shard auto: the task numbers of this Slurm job array do not have one "
                       "distance; submit all of it again, as with --array=1-8: parts that are done "
                       "end at once");
    *shard = (struct cn_shard){(size_t)((id - first) / step) + 1, (size_t)count};
    return CN_OK;
}

/* A batch script has SLURM_PROCID and SLURM_NTASKS too; srun alone sets SLURM_STEP_NUM_TASKS. */
static enum cn_status ask_slurm(struct cn_shard *shard, struct cn_error *error)
{
    const long long id = slurm_number("SLURM_ARRAY_TASK_ID"),
                    tasks = slurm_number("SLURM_STEP_NUM_TASKS"),
                    rank = slurm_number("SLURM_PROCID");
    const bool is_step = tasks >= 1 && rank >= 0 && rank < tasks;
    *shard = (struct cn_shard){1, 1};
    if (id < 0 && !is_step)
        return cn_fail(error, CN_BAD_USAGE,
                       "--shard auto: this is no task of a Slurm job array or of srun; name the "
                       "part: --shard 2/8");
    enum cn_status status = id < 0 ? CN_OK : place_in_array(id, shard, error);
    if (status || !is_step)
        return status;
    if (tasks > CN_MAX_SHARDS || shard->count * (size_t)tasks > CN_MAX_SHARDS)
        return cn_fail(error, CN_BAD_USAGE, "--shard auto: more than %d parts", CN_MAX_SHARDS);
    *shard = (struct cn_shard){(shard->number - 1) * (size_t)tasks + (size_t)rank + 1,
                               shard->count * (size_t)tasks};
    return CN_OK;
}

enum cn_status cn_shard_parse(const char *text, struct cn_shard *shard, struct cn_error *error)
{
    if (strcmp(text, "auto") == 0)
        return ask_slurm(shard, error);
    long long number = 0, count = 0;
    const char *end = parse_whole(text, &number);
    end = end && *end == '/' ? parse_whole(end + 1, &count) : NULL;
    if (!end || *end || number < 1 || number > count || count > CN_MAX_SHARDS)
        return cn_fail(error, CN_BAD_USAGE,
                       "--shard: expected auto, or K/N with 1 <= K <= N <= %d, such as 2/8, not "
                       "\"%.60s\"",
                       CN_MAX_SHARDS, text);
    *shard = (struct cn_shard){(size_t)number, (size_t)count};
    return CN_OK;
}
