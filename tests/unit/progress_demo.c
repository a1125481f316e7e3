/*
 * A job that only counts, to show the progress display: progress_demo MODE SECONDS [VARIABLES
 * [MESSAGES]]. The second variable has bad years and failed normals; the last one fails completely.
 * SIGUSR1 makes it print its state.
 */
#include "climnorm/progress.h"
#include "progress/counters.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { YEARS = 151, NORMALS = 605, STEPS = 100, MOST_VARIABLES = 64 };

static const char *const names[] = {"pr", "tas", "tasmax", "tasmin"};

static void pause_for(double seconds)
{
    struct timespec time = {.tv_sec = (time_t)seconds};
    time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
    while (nanosleep(&time, &time) && errno == EINTR)
        ;
}

static struct cn_progress *asked;

static void ask(int number)
{
    (void)number;
    cn_progress_request_status(asked); /* NOLINT: it is safe here */
}

/* Brings a counter to part / STEPS of total. */
static void reach(struct cn_counters *counters, enum cn_counter counter, int part, uint64_t total)
{
    uint64_t want = total * (uint64_t)part / STEPS, have = cn_counted(counters, counter);
    cn_count(counters, counter, want > have ? want - have : 0);
}

static void work(struct cn_counters *counters, size_t variable, size_t count, double seconds,
                 int messages, struct cn_progress *progress)
{
    cn_counters_enter(counters, CN_ACTIVE);
    bool fails = count > 1 && variable == count - 1, bad = variable == 1;
    for (int step = 1; step <= (fails ? STEPS / 4 : STEPS); step++) {
        pause_for(seconds / (double)STEPS);
        int ahead = step + 20 < STEPS ? step + 20 : STEPS;
        reach(counters, CN_YEARS_READ, ahead, YEARS);
        reach(counters, CN_BYTES_READ, ahead, UINT64_C(31200000000));
        reach(counters, CN_READ_NS, ahead, (uint64_t)(seconds * 6e9));
        reach(counters, CN_WRITE_NS, step, (uint64_t)(seconds * 6e9));
        reach(counters, CN_BYTES_ENCODED, step, UINT64_C(31200000000));
        reach(counters, CN_NORMALS_COMPUTED, step, NORMALS - (bad ? 5 : 0));
        reach(counters, CN_NORMALS_WRITTEN, step, NORMALS - (bad ? 5 : 0));
        atomic_store(&counters->lines[0].values[CN_ARENA_USED], (uint64_t)(ahead - step + 1) << 28);
        if (bad && step == STEPS / 2)
            cn_count(counters, CN_YEARS_FAILED, 2);
        if (bad && step == STEPS)
            cn_count(counters, CN_NORMALS_FAILED, 5);
        if (step % 20 == 0)
            for (int i = 0; i < messages; i++)
                cn_progress_say(progress,
                                "message %d of %s at step %d: tas_day_1987.nc is "
                                "shorter than its header says; year left out",
                                i, names[variable % 4], step);
    }
    if (fails)
        atomic_store(&counters->problem, "tasmin: /data/tasmin_day_1987.nc: unit K beside degC");
    cn_counters_enter(counters, fails ? CN_FAILED : CN_DONE);
}

int main(int argc, char **argv)
{
    static const char *const modes[] = {"auto", "tty", "plain", "json", "none"};
    static struct cn_counters counters[MOST_VARIABLES];
    size_t mode = 0, count = argc > 3 ? strtoul(argv[3], NULL, 10) : 4;
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 10;
    int messages = argc > 4 ? atoi(argv[4]) : 0;
    while (mode < 5 && argc > 1 && strcmp(argv[1], modes[mode]) != 0)
        mode++;
    if (mode == 5 || count > MOST_VARIABLES || !(seconds >= 0)) {
        fputs("usage: progress_demo auto|tty|plain|json|none SECONDS [VARIABLES [MESSAGES]]\n",
              stderr);
        return 1;
    }
    setlocale(LC_ALL, "");
    for (size_t i = 0; i < count; i++) {
        counters[i].name = names[i % 4];
        cn_count(&counters[i], CN_ARENA_BOUND, UINT64_C(12) << 30);
        cn_count(&counters[i], CN_YEARS_TOTAL, YEARS);
        cn_count(&counters[i], CN_BYTES_TO_READ, UINT64_C(31200000000));
        cn_count(&counters[i], CN_BYTES_TO_ENCODE, UINT64_C(31200000000));
        cn_count(&counters[i], CN_NORMALS_TOTAL, NORMALS);
        cn_count(&counters[i], CN_NORMALS_KEPT, i == 1 ? 40 : 0);
    }
    struct cn_progress_view view = {.title = "NorESM2-LM ssp245 · CONUS AK HI PRVI GU",
                                    .counters = counters,
                                    .count = count,
                                    .threads = 12,
                                    .arena_bytes = UINT64_C(12) << 30};
    struct cn_progress *progress;
    struct cn_error error;
    if (cn_progress_start((enum cn_progress_mode)mode, 2, &progress, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return 3;
    }
    cn_progress_show_run(progress, &view);
    asked = progress;
    signal(SIGUSR1, ask);
    for (size_t i = 0; i < count; i++)
        work(&counters[i], i, count, seconds / (double)count, messages, progress);
    signal(SIGUSR1, SIG_IGN);
    cn_progress_stop(progress, 60);
    return 0;
}
