/*
 * Compares the files of unfinished outputs with their journals. No library reads them, all sizes
 * are compared with those of the plan first, and each byte is read in a piece of fixed size.
 */
#include "sink/unfinished.h"

#include "base/error.h"
#include "guard/fault.h"
#include "sink/file_passes.h"
#include "sink/waiting.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STAT_BLOCK_BYTES = 512 };

/* An output whose passes are compared one after another. */
struct waiting_output {
    struct cn_normals_file file; /* with the stretches of the journal */
    struct cn_waiting waiting;
    int files[CN_WAITING_FILES]; /* -1: not there */
    const struct cn_journal_contents *contents;
    struct cn_journal_record record;
    bool *is_made,
        *years_used;     /* [target_count], and [target_count][cn_file_years]: of the first pass */
    uint64_t area_begin; /* 0: not known */
    uint64_t bytes;      /* of chunks in the temporary of an output of one target */
};

bool cn_unfinished_is_there(const struct cn_normals_file *file, uint64_t *bytes)
{
    struct cn_waiting waiting;
    struct stat status;
    bool is_there = false;
    cn_waiting_find(file, &waiting);
    *bytes = 0;
    for (int which = CN_WAITING_FILES - 1; which >= 0; which--) {
        int opened = cn_waiting_open(&waiting, (enum cn_waiting_file)which, O_RDONLY);
        if (opened >= 0 && fstat(opened, &status) == 0)
            *bytes += (uint64_t)status.st_blocks * STAT_BLOCK_BYTES;
        if (opened >= 0)
            close(opened);
        if (which == CN_WAITING_JOURNAL)
            is_there = opened >= 0;
        if (!is_there)
            break;
    }
    return is_there;
}

/* Whether the record fits to those of the passes before. */
static bool agrees(struct waiting_output *subject, bool is_first)
{
    const struct cn_journal_record *record = &subject->record;
    const size_t years = cn_file_years(&subject->file);
    bool *years_used = subject->years_used + record->target * years;
    if (is_first) {
        subject->is_made[record->target] = record->is_made;
        memcpy(years_used, record->years_used, years);
    }
    if (record->is_made && !subject->area_begin)
        subject->area_begin = record->area_begin;
    return record->is_made == subject->is_made[record->target] &&
           (!record->is_made || (record->area_begin == subject->area_begin && record->area_begin &&
                                 record->area_begin <= INT64_MAX / 2 &&
                                 memcmp(years_used, record->years_used, years) == 0));
}

/* Whether a chunk, or the pass's part of it, is what the record says. */
static bool is_share_sound(struct waiting_output *subject, const struct cn_chunk_place *place,
                           const struct cn_stored_chunk *share)
{
    const size_t pass = subject->record.pass;
    const int scratch = subject->files[CN_WAITING_SCRATCH];
    uint64_t hash, room;
    if (!cn_is_whole_with(&subject->file, pass, place->chunk))
        return cn_waiting_check_values(&subject->waiting, scratch, place, pass, share->hash);
    uint64_t address = cn_waiting_chunk_address(&subject->waiting, place, &room);
    if (!share->size || share->size > room)
        return false;
    if (subject->file.target_count > 1)
        return cn_waiting_copy(scratch, address, share->size, -1, 0, &hash) && hash == share->hash;
    address = subject->area_begin + subject->bytes;
    subject->bytes += share->size;
    return cn_waiting_copy(subject->files[CN_WAITING_CHUNKS], address, share->size, -1, 0, &hash) &&
           hash == share->hash;
}

/* Whether all that a pass made of a target is there. */
static bool is_target_sound(struct waiting_output *subject, size_t pass, size_t target,
                            bool is_first, bool verifies)
{
    size_t first;
    const size_t fields = cn_field_count(subject->file.config);
    const size_t count = fields * cn_pass_chunks(&subject->file, pass, &first);
    if (!cn_journal_get(subject->files[CN_WAITING_JOURNAL], &subject->file, subject->contents, pass,
                        target, &subject->record) ||
        !agrees(subject, is_first))
        return false;
    for (size_t k = 0; k < count && subject->record.is_made && verifies; k++) {
        const struct cn_chunk_place place = {target, first + k / fields, k % fields};
        if (!is_share_sound(subject, &place, &subject->record.shares[k]))
            return false;
    }
    return true;
}

/* The last pass of an output is always made again: it completes the file. */
static size_t count_sound_passes(struct waiting_output *subject, bool verifies)
{
    const size_t last = cn_last_pass(&subject->file);
    size_t pass = 0, first;
    bool is_first = true;
    for (; pass < last; pass++) {
        if (!cn_pass_chunks(&subject->file, pass, &first))
            continue;
        for (size_t t = 0; t < subject->file.target_count; t++)
            if (!is_target_sound(subject, pass, t, is_first, verifies))
                return pass;
        is_first = false;
    }
    return pass;
}

/* Opens the files. Those that are not there, or are no plain files, are -1. */
static enum cn_status open_waiting(struct waiting_output *subject, struct cn_error *error)
{
    enum cn_status status = CN_OK;
    for (int which = 0; which < CN_WAITING_FILES; which++) {
        subject->files[which] =
            cn_waiting_open(&subject->waiting, (enum cn_waiting_file)which, O_RDONLY);
        if (subject->files[which] < 0 && cn_errno_status(errno, CN_OK))
            status = cn_fail(error, CN_BAD_MACHINE, "cannot be read: %s; %s", strerror(errno),
                             cn_errno_advice(errno));
    }
    return status;
}

static enum cn_status compare(struct waiting_output *subject, bool verifies, struct cn_pool *pool,
                              struct cn_unfinished *found, struct cn_error *error)
{
    struct cn_normals_file *file = &subject->file;
    struct cn_journal_contents *contents = cn_pool_alloc(pool, 1, sizeof *contents);
    if (!contents)
        return cn_fail_memory(error, "an unfinished output");
    if (subject->files[CN_WAITING_JOURNAL] < 0 || subject->files[CN_WAITING_CHUNKS] < 0)
        return CN_OK;
    enum cn_status status =
        cn_journal_read(subject->files[CN_WAITING_JOURNAL], pool, file, contents, error);
    if (status)
        return status == CN_BAD_INPUT ? CN_OK : status;
    file->stretches = contents->stretches;
    file->pass_count = contents->pass_count;
    subject->contents = contents;
    subject->is_made = cn_pool_alloc(pool, file->target_count, sizeof(bool));
    subject->years_used = cn_pool_alloc(pool, file->target_count, cn_file_years(file));
    if (!subject->is_made || !subject->years_used ||
        !cn_journal_record_alloc(pool, file, &subject->record))
        return cn_fail_memory(error, "an unfinished output");
    const size_t done = count_sound_passes(subject, verifies);
    if (done)
        *found = (struct cn_unfinished){contents->stretches, contents->pass_count, done};
    return CN_OK;
}

enum cn_status cn_unfinished_read(const struct cn_normals_file *file, bool verifies,
                                  struct cn_pool *pool, struct cn_unfinished *found,
                                  struct cn_error *error)
{
    struct waiting_output subject = {.file = *file};
    *found = (struct cn_unfinished){0};
    cn_waiting_find(&subject.file, &subject.waiting);
    enum cn_status status = open_waiting(&subject, error);
    if (!status)
        status = compare(&subject, verifies, pool, found, error);
    for (int which = 0; which < CN_WAITING_FILES; which++)
        if (subject.files[which] >= 0)
            close(subject.files[which]);
    return status;
}

size_t cn_unfinished_free_passes(const struct cn_normals_file *file,
                                 const struct cn_pass_stretch *stretches, size_t count)
{
    struct cn_normals_file cut = *file;
    size_t pass = 0, first;
    cut.stretches = stretches;
    cut.pass_count = count;
    while (pass < count && !cn_pass_chunks(&cut, pass, &first))
        pass++;
    return pass;
}

void cn_unfinished_remove(const struct cn_normals_file *file)
{
    struct cn_waiting waiting;
    cn_waiting_find(file, &waiting);
    cn_waiting_remove(&waiting);
}

static bool is_wanted_number(uint64_t number, const uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

void cn_unfinished_remove_others(const char *output_root, const uint64_t *numbers, size_t count)
{
    char *const roots[] = {(char *)output_root, NULL}; /* which fts does not change */
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
    FTSENT *entry;
    uint64_t number;
    while (tree && (entry = fts_read(tree)))
        if (entry->fts_info == FTS_F && cn_is_waiting_name(entry->fts_name, &number) &&
            !is_wanted_number(number, numbers, count))
            unlink(entry->fts_accpath);
    if (tree)
        fts_close(tree);
}
