/*
 * Writes sample normals into a folder, for test_sink_files.py to check: sink_dump FOLDER.
 */
#include "sink/lock.h"
#include "sink_sample.h"

static const atomic_int nobody; /* asks to stop */

static bool dump(const char *root, const char *path, int compression, bool counts)
{
    struct sample *s = sample_new(root, compression);
    if (!s)
        return false;
    s->config.output.counts = counts;
    s->file.path = path;
    char temporary[4096];
    struct cn_error error = {0};
    if (!sample_write(s, temporary, sizeof temporary, &error))
        cn_temporary_publish(s->file.path, temporary, &error);
    if (error.status)
        fprintf(stderr, "%s\n", error.text);
    sample_free(s);
    return !error.status;
}

int main(int count, char **arguments)
{
    struct cn_error error;
    int lock;
    const struct cn_shard whole = {0};
    struct cn_lock_found found;
    if (count != 2 || cn_sink_lock(arguments[1], &whole, &nobody, &lock, &found, &error))
        return 1;
    bool done = dump(arguments[1], "deflated.nc", 1, true) &&
                dump(arguments[1], "plain/means/only.nc", 0, false);
    cn_sink_unlock(lock, false);
    return !done;
}
