/*
 * A journal is a list of frames: a length, a hash, and so many bytes, all of them 64-bit numbers of
 * this machine. The first frame is the beginning, the others are records. A machine of another byte
 * order finds another magic number.
 */
#include "sink/journal.h"

#include "base/error.h"
#include "base/io.h"
#include "sink/digest.h"
#include "sink/file_passes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum {
    HEAD_WORDS = 2,  /* of a frame: length in bytes, hash */
    BEGIN_WORDS = 3, /* in front of the stretches: magic number, identity, their number */
    STRETCH_WORDS = 4,
    RECORD_WORDS = 4, /* pass, target, whether it is made, where chunks begin; then the years */
    SHARE_WORDS = 2,  /* size, hash */
    WORD_YEARS = 64,
    MOST_PASSES = 1 << 14,
};

static const uint64_t magic = 0x31737361706e6c63; /* raise its first digits for another form */

/* All that shapes the bytes of a chunk, and where it is. */
static uint64_t identify(const struct cn_normals_file *file)
{
    struct cn_normals_file planned = *file;
    struct cn_digests digests;
    planned.years_used = NULL;
    cn_sink_digests(&planned, &digests);
    const struct cn_region_cells *region = file->region;
    const uint64_t shape[] = {(uint64_t)file->slots, region->chunk_slots, region->chunk_count,
                              region->first_row,     region->end_row,     region->row_count,
                              region->column_count,  file->target_count};
    uint64_t hash = XXH3_64bits_withSeed(shape, sizeof shape, magic);
    const char *const texts[] = {CLIMNORM_VERSION, digests.config, digests.inputs, file->path};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        hash = XXH3_64bits_withSeed(texts[i], strlen(texts[i]), hash);
    return hash;
}

static size_t year_words(const struct cn_normals_file *file)
{
    return (cn_file_years(file) + WORD_YEARS - 1) / WORD_YEARS;
}

/* Of a record of a target that is made, or not. */
static size_t record_words(const struct cn_normals_file *file, size_t pass, bool is_made)
{
    size_t first;
    const size_t shares = cn_pass_chunks(file, pass, &first) * cn_field_count(file->config);
    return RECORD_WORDS + year_words(file) + (is_made ? SHARE_WORDS * shares : 0);
}

static size_t most_record_words(const struct cn_normals_file *file)
{
    return RECORD_WORDS + year_words(file) +
           SHARE_WORDS * file->region->chunk_count * cn_field_count(file->config);
}

/* Appends words[count]. False: errno, and the file ends as before. */
static bool append_frame(int descriptor, const uint64_t *words, size_t count,
                         struct cn_journal *journal)
{
    const uint64_t bytes = count * sizeof *words;
    uint64_t head[HEAD_WORDS] = {bytes, XXH3_64bits_withSeed(words, bytes, journal->hash)};
    struct iovec vectors[] = {{head, sizeof head}, {(void *)words, bytes}};
    if (!cn_pwritev_full(descriptor, vectors, 2, journal->size)) {
        const int reason = errno;
        (void)!ftruncate(descriptor, (off_t)journal->size);
        errno = reason;
        return false;
    }
    *journal = (struct cn_journal){journal->size + sizeof head + bytes, head[1]};
    return true;
}

/* Reads a frame of at most `most` words behind *journal, and moves on. Returns the number of words;
 * 0: there is no sound frame. */
static size_t read_frame(int descriptor, uint64_t *words, size_t most, struct cn_journal *journal)
{
    uint64_t head[HEAD_WORDS];
    if (cn_pread_full(descriptor, head, sizeof head, journal->size) != (ssize_t)sizeof head ||
        head[0] > most * sizeof *words || head[0] % sizeof *words ||
        cn_pread_full(descriptor, words, head[0], journal->size + sizeof head) !=
            (ssize_t)head[0] ||
        XXH3_64bits_withSeed(words, head[0], journal->hash) != head[1])
        return 0;
    *journal = (struct cn_journal){journal->size + sizeof head + head[0], head[1]};
    return head[0] / sizeof *words;
}

bool cn_journal_begin(int descriptor, const struct cn_normals_file *file,
                      struct cn_journal *journal)
{
    const size_t count = BEGIN_WORDS + STRETCH_WORDS * file->pass_count;
    uint64_t *words = calloc(count, sizeof *words);
    if (!words)
        return false; /* errno is ENOMEM */
    words[0] = magic;
    words[1] = identify(file);
    words[2] = file->pass_count;
    for (size_t p = 0; p < file->pass_count; p++) {
        const struct cn_pass_stretch *stretch = &file->stretches[p];
        uint64_t *to = words + BEGIN_WORDS + STRETCH_WORDS * p;
        to[0] = stretch->first_slot;
        to[1] = stretch->slot_count;
        to[2] = stretch->first_row;
        to[3] = stretch->row_count;
    }
    *journal = (struct cn_journal){0, magic};
    const bool is_begun = append_frame(descriptor, words, count, journal);
    const int reason = errno;
    free(words);
    errno = reason;
    return is_begun;
}

bool cn_journal_append(int descriptor, const struct cn_normals_file *file,
                       const struct cn_journal_record *record, struct cn_journal *journal)
{
    const size_t count = record_words(file, record->pass, record->is_made);
    const size_t head = RECORD_WORDS + year_words(file);
    uint64_t *words = calloc(count, sizeof *words);
    if (!words)
        return false; /* errno is ENOMEM */
    words[0] = record->pass;
    words[1] = record->target;
    words[2] = record->is_made;
    words[3] = record->area_begin;
    for (size_t i = 0; i < cn_file_years(file) && record->is_made; i++)
        words[RECORD_WORDS + i / WORD_YEARS] |= (uint64_t)record->years_used[i] << i % WORD_YEARS;
    for (size_t k = 0; k < (count - head) / SHARE_WORDS; k++) {
        words[head + SHARE_WORDS * k] = record->shares[k].size;
        words[head + SHARE_WORDS * k + 1] = record->shares[k].hash;
    }
    const bool is_appended = append_frame(descriptor, words, count, journal);
    const int reason = errno;
    free(words);
    errno = reason;
    return is_appended;
}

/* Whether the words are the beginning of a journal of this output. Sets the stretches. */
static bool accept_beginning(const struct cn_normals_file *file, const uint64_t *words,
                             size_t count, struct cn_journal_contents *contents)
{
    if (count < BEGIN_WORDS || words[0] != magic || words[1] != identify(file) || words[2] < 2 ||
        words[2] > MOST_PASSES || count != BEGIN_WORDS + STRETCH_WORDS * (size_t)words[2])
        return false;
    contents->pass_count = words[2];
    for (size_t p = 0; p < contents->pass_count; p++) {
        const uint64_t *from = words + BEGIN_WORDS + STRETCH_WORDS * p;
        contents->stretches[p] = (struct cn_pass_stretch){from[0], from[1], from[2], from[3]};
    }
    return cn_are_stretches_sound(file, contents->stretches, contents->pass_count);
}

/* file: with the stretches of the journal. */
static void find_records(int descriptor, const struct cn_normals_file *file, uint64_t *words,
                         struct cn_journal_contents *contents)
{
    const size_t most = most_record_words(file);
    struct cn_journal next = contents->end;
    for (size_t count; (count = read_frame(descriptor, words, most, &next));) {
        if (count < RECORD_WORDS || words[0] >= file->pass_count ||
            words[1] >= file->target_count || words[2] > 1 ||
            count != record_words(file, words[0], words[2]))
            return;
        contents->records[words[0] * file->target_count + words[1]] = contents->end.size;
        contents->end = next;
    }
}

enum cn_status cn_journal_read(int descriptor, struct cn_pool *pool,
                               const struct cn_normals_file *file,
                               struct cn_journal_contents *contents, struct cn_error *error)
{
    struct cn_normals_file cut = *file;
    const size_t most = BEGIN_WORDS + STRETCH_WORDS * MOST_PASSES;
    const size_t record = most_record_words(file);
    uint64_t *words = cn_pool_alloc(pool, most > record ? most : record, sizeof *words);
    *contents = (struct cn_journal_contents){.end = {0, magic}};
    contents->stretches = cn_pool_alloc(pool, MOST_PASSES, sizeof *contents->stretches);
    if (!words || !contents->stretches)
        return cn_fail_memory(error, "an unfinished output");
    const size_t count = read_frame(descriptor, words, most, &contents->end);
    if (!accept_beginning(file, words, count, contents))
        return cn_fail(error, CN_BAD_INPUT, "not a journal of this output");
    cut.stretches = contents->stretches;
    cut.pass_count = contents->pass_count;
    contents->records =
        cn_pool_alloc(pool, cut.pass_count, cut.target_count * sizeof *contents->records);
    if (!contents->records)
        return cn_fail_memory(error, "an unfinished output");
    find_records(descriptor, &cut, words, contents);
    return CN_OK;
}

bool cn_journal_record_alloc(struct cn_pool *pool, const struct cn_normals_file *file,
                             struct cn_journal_record *record)
{
    *record = (struct cn_journal_record){0};
    record->shares = cn_pool_alloc(pool, file->region->chunk_count,
                                   cn_field_count(file->config) * sizeof *record->shares);
    return record->shares != NULL;
}

bool cn_journal_get(int descriptor, const struct cn_normals_file *file,
                    const struct cn_journal_contents *contents, size_t pass, size_t target,
                    struct cn_journal_record *record)
{
    const uint64_t address = contents->records[pass * file->target_count + target];
    const size_t most = record_words(file, pass, true), head = RECORD_WORDS + year_words(file);
    uint64_t *words = address ? calloc(most, sizeof *words) : NULL, length = 0;
    const uint64_t payload = address + HEAD_WORDS * sizeof *words;
    /* The hash was looked at when the record was found. */
    const bool is_read =
        words &&
        cn_pread_full(descriptor, &length, sizeof length, address) == (ssize_t)sizeof length &&
        length <= most * sizeof *words &&
        cn_pread_full(descriptor, words, length, payload) == (ssize_t)length && words[0] == pass &&
        words[1] == target && length == record_words(file, pass, words[2]) * sizeof *words;
    if (is_read) {
        record->pass = pass;
        record->target = target;
        record->is_made = words[2];
        record->area_begin = words[3];
        for (size_t i = 0; i < cn_file_years(file); i++)
            record->years_used[i] = words[RECORD_WORDS + i / WORD_YEARS] >> i % WORD_YEARS & 1;
        for (size_t k = 0; k < (length / sizeof *words - head) / SHARE_WORDS; k++)
            record->shares[k] = (struct cn_stored_chunk){.size = words[head + SHARE_WORDS * k],
                                                         .hash = words[head + SHARE_WORDS * k + 1]};
    }
    free(words);
    return is_read;
}
