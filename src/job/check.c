/*
 * Reads files with many threads. Each takes the next units of a file that is open; where there is
 * none, it opens the next file. So many small files are read side by side, and a large one by all
 * threads together.
 */
#include "job/check.h"

#include "base/error.h"
#include "base/threads.h"
#include "engine/budget.h"
#include "grid/layout.h"
#include "grid/region.h"
#include "job/md5_file.h"
#include "kernels.h"
#include "source/bytes.h"
#include "source/file_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TAKE_BYTES = 16 << 20,    /* decoded at a time by one thread */
    LARGE_SCRATCH = 64 << 20, /* decodes above it share a budget */
    SCRATCH_SHARE = 8,        /* of the machine's memory: that budget */
    STACK_BYTES = 2 << 20,
};

/* A file while it is read. */
struct open_file {
    struct open_file *next;
    struct cn_checked_file *found;
    struct cn_checked_variable *checked;
    struct cn_pool *pool; /* of the layout */
    struct cn_layout layout;
    struct cn_index_budget budget;
    struct cn_file_index index;
    struct cn_reader reader;
    size_t next_unit, unit_count; /* 0: it cannot be opened */
    size_t first_damaged;         /* a unit */
    bool is_digest_left;          /* the sum is not computed yet */
    size_t users;                 /* threads that read it */
};

struct checking {
    struct cn_check *check;
    const struct cn_kernels *kernels;
    const struct cn_watch *watch;
    bool digests;
    struct cn_budget large_scratch;
    pthread_mutex_t lock;   /* of all that follows, and of what is found */
    pthread_cond_t changed; /* a file was opened or closed */
    struct open_file *open; /* those that are not read to the end, the first first */
    size_t variable, file;  /* the next to open */
    size_t opening;         /* threads that open one */
    enum cn_status status;  /* why all ends early */
    struct cn_error *error;
};

/* One thread. */
struct checker {
    struct checking *checking;
    pthread_t thread;
    struct cn_scratch scratch;
    float *row; /* where all values go */
    float **rows;
    size_t row_cells, row_count;
    struct cn_error error;
};

/* What a thread does next: units of a file, or its sum. */
struct check_work {
    struct open_file *file;
    size_t first, count;
    bool is_digest;
};

static bool may_go_on(struct checking *checking)
{
    if (!checking->status && cn_watch_stopped(checking->watch))
        checking->status = cn_fail(checking->error, CN_STOPPED, "stopped");
    return !checking->status;
}

/* Ends all. With the lock. */
static void fail_check(struct checking *checking, const struct cn_error *error)
{
    if (!checking->status)
        *checking->error = *error;
    checking->status = checking->status ? checking->status : error->status;
}

static void note_damage(struct checking *checking, struct open_file *open, size_t unit,
                        const struct cn_error *error)
{
    struct cn_checked_file *found = open->found;
    if (error->status == CN_BAD_MACHINE || error->status == CN_STOPPED) {
        fail_check(checking, error);
        return;
    }
    if (found->damaged++ && unit > open->first_damaged)
        return;
    free(found->failure);
    found->failure = strdup(error->text);
    open->first_damaged = unit;
    if (!found->failure) {
        struct cn_error memory;
        cn_fail_memory(&memory, "what is found of a file");
        fail_check(checking, &memory);
    }
}

/* --- opening and closing --- */

/* All cells of the file's grid. */
static enum cn_status lay_cells(struct open_file *open, struct cn_error *error)
{
    static const struct cn_region globe = {.name = "GLOBAL", .title = "", .global = true};
    open->layout.regions = cn_pool_alloc(open->pool, 1, sizeof *open->layout.regions);
    if (!open->layout.regions)
        return cn_fail_memory(error, "the cells of a file");
    open->layout.region_count = 1;
    enum cn_status status =
        cn_region_cells(open->pool, &open->found->file->grid, &globe, open->layout.regions, error);
    if (!status && !cn_layout_compute(&open->layout, 1))
        status = cn_fail(error, CN_BAD_INPUT, "%s: the grid has too many cells",
                         open->found->file->path);
    return status;
}

static enum cn_status open_reader_of(const struct checking *checking, struct open_file *open,
                                     struct cn_error *error)
{
    static float any_row[1] = {0}; /* each decode has rows of its own */
    const struct cn_file *file = open->found->file;
    open->budget = (struct cn_index_budget){CN_INDEX_LOCATION_BYTES, CN_INDEX_MARK_BYTES};
    cn_file_index_init(&open->index, file, &open->layout, &open->budget);
    enum cn_status status = cn_reader_plan(&open->reader, &open->index, &open->layout,
                                           checking->kernels, 0, file->time_count, error);
    /* The limits are in the unit of the files that can be used. */
    if (!status && file->usable && open->checked->values.limits.row) {
        status = cn_reader_watch_values(&open->reader, &open->checked->values.shared, error);
        for (size_t t = 0; !status && t < file->time_count; t++)
            open->reader.tallies[t] = &open->found->tally;
    }
    for (size_t t = 0; !status && t < file->time_count; t++)
        open->reader.rows[t] = any_row;
    return status ? status : cn_reader_open(&open->reader, error);
}

static enum cn_status open_checked(const struct checking *checking, struct open_file *open,
                                   struct cn_error *error)
{
    open->pool = cn_pool_new();
    enum cn_status status =
        open->pool ? lay_cells(open, error) : cn_fail_memory(error, "the cells of a file");
    if (!status)
        status = open_reader_of(checking, open, error);
    if (!status)
        open->unit_count = open->reader.unit_count;
    return status;
}

/* The next file; NULL: there is none. */
static struct cn_checked_file *next_unopened(struct checking *checking,
                                             struct cn_checked_variable **variable)
{
    const struct cn_check *check = checking->check;
    while (checking->variable < check->variable_count &&
           checking->file == check->variables[checking->variable].file_count) {
        checking->variable++;
        checking->file = 0;
    }
    if (checking->variable == check->variable_count)
        return NULL;
    *variable = &check->variables[checking->variable];
    return &(*variable)->files[checking->file++];
}

static void close_file(struct checking *checking, struct open_file *open)
{
    struct cn_checked_file *found = open->found;
    const struct cn_file *file = found->file;
    struct cn_error error;
    struct open_file **at = &checking->open;
    while (*at != open)
        at = &(*at)->next;
    *at = open->next;
    if (open->unit_count && cn_reader_close(&open->reader, &error))
        note_damage(checking, open, 0, &error);
    found->parts = open->unit_count;
    found->values =
        (double)file->time_count * (double)file->grid.row_count * (double)file->grid.column_count;
    found->first->unread -= !checking->status;
    checking->check->files_checked += !checking->status && !found->first->unread;
    cn_progress_count(checking->watch->progress, checking->check->files_checked,
                      checking->check->file_count);
    if (open->reader.backend)
        cn_reader_free(&open->reader);
    cn_file_index_free(&open->index);
    cn_pool_free(open->pool);
    free(open);
    pthread_cond_broadcast(&checking->changed);
}

/* Opens the next file, without the lock meanwhile. Returns whether there was one. */
static bool open_next(struct checking *checking)
{
    struct cn_checked_variable *variable;
    struct cn_checked_file *found = next_unopened(checking, &variable);
    struct open_file *open = found ? calloc(1, sizeof *open) : NULL;
    struct cn_error error;
    if (!found)
        return false;
    if (!open) {
        cn_fail_memory(&error, "a file");
        fail_check(checking, &error);
        return false;
    }
    *open = (struct open_file){.found = found, .checked = variable};
    checking->opening++;
    pthread_mutex_unlock(&checking->lock);
    const enum cn_status status =
        found->is_unreadable ? CN_OK : open_checked(checking, open, &error);
    pthread_mutex_lock(&checking->lock);
    checking->opening--;
    if (status)
        note_damage(checking, open, 0, &error);
    open->is_digest_left = checking->digests && found->first == found;
    struct open_file **last = &checking->open;
    while (*last)
        last = &(*last)->next;
    *last = open;
    pthread_cond_broadcast(&checking->changed);
    if (!open->unit_count && !open->is_digest_left)
        close_file(checking, open);
    return true;
}

/* --- reading --- */

/* Lets all instants of a reader go to the thread's row. */
static enum cn_status lend_rows(struct checker *checker, struct cn_reader *reader)
{
    const size_t cells = reader->layout->row_cells, count = reader->count;
    if (cells > checker->row_cells || !checker->row) {
        free(checker->row);
        checker->row = aligned_alloc(64, (cells * sizeof(float) + 63) / 64 * 64);
        checker->row_cells = cells;
    }
    if (count > checker->row_count) {
        free(checker->rows);
        checker->rows = calloc(count, sizeof(float *));
        checker->row_count = count;
    }
    if (!checker->row || !checker->rows)
        return cn_fail_memory(&checker->error, "a day of a file");
    for (size_t t = 0; t < count; t++)
        checker->rows[t] = checker->row;
    reader->rows = checker->rows;
    return CN_OK;
}

/* Decodes units; one that fails does not keep the others from being read. */
static void decode_units_of(struct checker *checker, const struct check_work *work)
{
    struct checking *checking = checker->checking;
    struct cn_reader reader = work->file->reader;
    const size_t end = work->first + work->count;
    if (lend_rows(checker, &reader)) {
        pthread_mutex_lock(&checking->lock);
        fail_check(checking, &checker->error);
        pthread_mutex_unlock(&checking->lock);
        return;
    }
    for (size_t unit = work->first, failed; unit < end; unit = failed + 1) {
        failed = end;
        if (!cn_reader_decode(&reader, unit, end - unit, &checker->scratch, &failed,
                              &checker->error))
            break;
        pthread_mutex_lock(&checking->lock);
        note_damage(checking, work->file, failed, &checker->error);
        const bool is_over = !may_go_on(checking);
        pthread_mutex_unlock(&checking->lock);
        if (is_over)
            break;
    }
}

/* A chunk may have 2 GiB, and there may be many threads. */
static void decode_work(struct checker *checker, const struct check_work *work)
{
    struct cn_budget *budget = &checker->checking->large_scratch;
    const uint64_t bytes = cn_reader_scratch_bytes(&work->file->reader, work->first, work->count);
    if (bytes <= LARGE_SCRATCH) {
        decode_units_of(checker, work);
        return;
    }
    cn_budget_acquire(budget, bytes);
    decode_units_of(checker, work);
    cn_scratch_empty(&checker->scratch);
    cn_budget_release(budget, bytes);
}

static enum cn_status digest_file(struct checker *checker, struct cn_checked_file *found)
{
    const enum cn_status status =
        cn_md5_file(found->file, !found->is_unreadable, &checker->scratch, checker->checking->watch,
                    found->md5, &checker->error);
    /* Why such a file cannot be opened is told already. */
    return found->is_unreadable && status == CN_BAD_INPUT ? CN_OK : status;
}

/* With the lock. Returns false: there is nothing left to do. */
static bool take_work(struct checking *checking, struct check_work *work)
{
    while (may_go_on(checking)) {
        for (struct open_file *open = checking->open; open; open = open->next) {
            const size_t left = open->unit_count - open->next_unit;
            if (!left && !open->is_digest_left)
                continue;
            *work = (struct check_work){.file = open, .is_digest = open->is_digest_left};
            open->users++;
            if (work->is_digest) {
                open->is_digest_left = false;
                return true;
            }
            const size_t bytes = open->reader.unit_bytes;
            const size_t most = bytes < TAKE_BYTES ? TAKE_BYTES / bytes : 1;
            work->first = open->next_unit;
            work->count = left < most ? left : most;
            open->next_unit += work->count;
            return true;
        }
        if (!open_next(checking)) {
            if (!checking->opening)
                return false;
            pthread_cond_wait(&checking->changed, &checking->lock);
        }
    }
    return false;
}

/* With the lock, after work. */
static void end_work(struct checker *checker, const struct check_work *work)
{
    struct checking *checking = checker->checking;
    struct open_file *open = work->file;
    checking->check->bytes_read += checker->scratch.bytes_read;
    cn_progress_count_bytes(checking->watch->progress, checking->check->bytes_read);
    checker->scratch.bytes_read = 0;
    if (--open->users == 0 && open->next_unit == open->unit_count && !open->is_digest_left)
        close_file(checking, open);
}

static void *run_checker(void *context)
{
    struct checker *checker = context;
    struct checking *checking = checker->checking;
    struct check_work work;
    checker->scratch.stop = checking->watch->stop;
    pthread_mutex_lock(&checking->lock);
    while (take_work(checking, &work)) {
        pthread_mutex_unlock(&checking->lock);
        enum cn_status status = CN_OK;
        if (work.is_digest)
            status = digest_file(checker, work.file->found);
        else
            decode_work(checker, &work);
        pthread_mutex_lock(&checking->lock);
        if (status)
            note_damage(checking, work.file, 0, &checker->error);
        end_work(checker, &work);
    }
    pthread_mutex_unlock(&checking->lock);
    cn_scratch_free(&checker->scratch);
    free(checker->row);
    free(checker->rows);
    return NULL;
}

static void *run_thread(void *context)
{
    cn_thread_unbind();
    return run_checker(context);
}

/* Runs `threads` of them, this one among them; fewer if no more can be started. */
static enum cn_status run_checkers(struct checking *checking, size_t threads)
{
    struct checker *checkers = calloc(threads, sizeof *checkers);
    pthread_attr_t attributes;
    size_t started = 1;
    if (!checkers)
        return cn_fail_memory(checking->error, "threads");
    checkers[0].checking = checking;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (; started < threads; started++) {
        struct checker *checker = &checkers[started];
        checker->checking = checking;
        if (pthread_create(&checker->thread, &attributes, run_thread, checker) != 0)
            break;
    }
    run_checker(&checkers[0]);
    for (size_t t = 1; t < started; t++)
        pthread_join(checkers[t].thread, NULL);
    pthread_attr_destroy(&attributes);
    free(checkers);
    while (checking->open)
        close_file(checking, checking->open);
    return checking->status;
}

static enum cn_status list_variable(struct cn_pool *pool, const struct cn_variable *variable,
                                    struct cn_checked_variable *checked, struct cn_error *error)
{
    checked->variable = variable;
    checked->files = cn_pool_alloc(pool, variable->file_count, sizeof *checked->files);
    if (!checked->files)
        return cn_fail_memory(error, "the files");
    checked->file_count = variable->file_count;
    for (size_t f = 0; f < variable->file_count; f++) {
        checked->files[f].file = &variable->files[f];
        checked->files[f].is_unreadable = !variable->files[f].usable && !variable->files[f].days;
    }
    return cn_value_check_begin(&checked->values, variable, error);
}

/* By path; of one path in the order of the variables. */
static int compare_checked(const void *a, const void *b)
{
    const struct cn_checked_file *const *x = a, *const *y = b;
    const int order = strcmp((*x)->file->path, (*y)->file->path);
    return order ? order : ((*x)->file > (*y)->file) - ((*x)->file < (*y)->file);
}

/* Finds files that several variables are read from. */
static enum cn_status find_first_files(struct cn_check *check, size_t most, struct cn_error *error)
{
    struct cn_checked_file **files = calloc(most + 1, sizeof(struct cn_checked_file *));
    size_t count = 0;
    if (!files)
        return cn_fail_memory(error, "the files");
    for (size_t v = 0; v < check->variable_count; v++)
        for (size_t f = 0; f < check->variables[v].file_count; f++)
            files[count++] = &check->variables[v].files[f];
    qsort(files, count, sizeof(struct cn_checked_file *), compare_checked);
    for (size_t k = 0; k < count; k++) {
        const bool is_same = k && strcmp(files[k - 1]->file->path, files[k]->file->path) == 0;
        files[k]->first = is_same ? files[k - 1]->first : files[k];
        files[k]->first->unread++;
        check->file_count += !is_same;
    }
    free(files);
    return CN_OK;
}

enum cn_status cn_check_files(struct cn_pool *pool, const struct cn_catalog *catalog,
                              const struct cn_resources *resources,
                              const struct cn_kernels *kernels, bool digests,
                              const struct cn_watch *watch, struct cn_check *check,
                              struct cn_error *error)
{
    struct checking checking = {.check = check,
                                .kernels = kernels,
                                .watch = cn_watch_or_none(watch),
                                .digests = digests,
                                .lock = PTHREAD_MUTEX_INITIALIZER,
                                .changed = PTHREAD_COND_INITIALIZER,
                                .error = error};
    *check = (struct cn_check){0};
    check->variables = cn_pool_alloc(pool, catalog->variable_count, sizeof *check->variables);
    if (!check->variables)
        return cn_fail_memory(error, "the files");
    for (size_t v = 0; v < catalog->variable_count; v++) {
        struct cn_checked_variable *checked = &check->variables[check->variable_count++];
        const enum cn_status status = list_variable(pool, &catalog->variables[v], checked, error);
        if (status)
            return status;
    }
    if (find_first_files(check, catalog->file_count, error))
        return error->status;
    cn_progress_enter(checking.watch->progress, CN_PHASE_CHECKING);
    cn_progress_count(checking.watch->progress, 0, check->file_count);
    cn_budget_init(&checking.large_scratch, resources->machine_memory / SCRATCH_SHARE);
    const enum cn_status status = run_checkers(&checking, (size_t)resources->threads);
    cn_budget_destroy(&checking.large_scratch);
    return status;
}

void cn_check_free(struct cn_check *check)
{
    for (size_t v = 0; v < check->variable_count; v++) {
        struct cn_checked_variable *checked = &check->variables[v];
        for (size_t f = 0; f < checked->file_count; f++)
            free(checked->files[f].failure);
        cn_value_check_end(&checked->values);
    }
}
