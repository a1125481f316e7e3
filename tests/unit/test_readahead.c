/*
 * Reading ahead: the right bytes, no more of them than there are buffers, and nothing that a decode
 * took for itself. Which bytes a decode needs is replaced: the d-th mebibyte of a file.
 */
#include "engine/readahead.h"

#include "cn_test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { DECODES = 24, MIB = 1 << 20, BUFFERS = 8, ODD = 777 }; /* one thread: 1 x 4 + 4 buffers */

bool span(const struct cn_reader *read, size_t first, size_t count, uint64_t *address,
          uint64_t *size) __asm__("__wrap_cn_reader_span"); /* a name of that kind belongs to the
                                                             compiler */
bool span(const struct cn_reader *read, size_t first, size_t count, uint64_t *address,
          uint64_t *size)
{
    assert_non_null(read);
    *address = first * MIB + ODD; /* the last one ends with the file, not with a block */
    *size = *address + count * MIB <= read->file->size ? count * MIB : 1;
    return true;
}

static unsigned char byte_at(uint64_t address)
{
    return (unsigned char)(address * 2654435761U >> 24);
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static size_t cached_pages(int file)
{
    static unsigned char pages[(DECODES + 1) * MIB / 4096];
    const size_t bytes = (size_t)DECODES * MIB + ODD;
    size_t count = 0;
    void *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, file, 0);
    assert_true(map != MAP_FAILED);
    assert_int_equal(mincore(map, bytes, pages), 0);
    for (size_t k = 0; k < bytes / 4096; k++)
        count += pages[k] & 1;
    munmap(map, bytes);
    return count;
}

/* A file without a name that is not in the page cache, as a path; false: this file system cannot do
 * without. */
static bool make_cold_file(char path[64])
{
    static unsigned char bytes[MIB];
    char name[4096] = "";
    ssize_t length =
        readlink("/proc/self/exe", name, sizeof name - 16); /* the build's file system */
    assert_true(length > 0);
    strcpy(name + length, "-XXXXXX");
    int file = mkostemp(name, O_CLOEXEC);
    assert_true(file >= 0);
    unlink(name);
    for (uint64_t at = 0; at < (uint64_t)DECODES * MIB + ODD;) {
        size_t count = (size_t)DECODES * MIB + ODD - at < MIB ? ODD : MIB;
        for (size_t k = 0; k < count; k++)
            bytes[k] = byte_at(at + k);
        assert_int_equal(write(file, bytes, count), count);
        at += count;
    }
    assert_int_equal(fsync(file), 0);
    snprintf(path, 64, "/proc/self/fd/%d", file);
    for (int tries = 0; tries < 20; tries++) { /* pages that are in use now stay */
        posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
        if (!cached_pages(file))
            break;
        pause_ms(50);
    }
    const struct iovec one = {bytes, 1};
    return !cached_pages(file) && preadv2(file, &one, 1, 0, RWF_NOWAIT) < 0 && errno == EAGAIN;
}

static size_t filled(const struct cn_decode *decodes)
{
    size_t count = 0;
    for (size_t d = 0; d < DECODES; d++)
        count += atomic_load(&decodes[d].state) == 2;
    return count;
}

static void wait_until_filled(const struct cn_decode *decodes, size_t least, size_t most)
{
    for (int tries = 0; tries < 1000 && filled(decodes) < least; tries++)
        pause_ms(10);
    pause_ms(50); /* in case there are more */
    assert_in_range(filled(decodes), least, most);
}

static void expect_bytes(const struct cn_prefetched *ahead, size_t decode)
{
    assert_non_null(ahead);
    assert_int_equal(ahead->address, decode * MIB + ODD);
    assert_int_equal(ahead->size, MIB);
    for (size_t k = 0; k < MIB; k++)
        if (ahead->bytes[k] != byte_at(ahead->address + k))
            fail_msg("byte %zu of decode %zu is wrong", k, decode);
}

static struct cn_file file_at(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return (struct cn_file){.path = path,
                            .size = (uint64_t)status.st_size,
                            .mtime_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 +
                                        status.st_mtim.tv_nsec};
}

/* A job of one variable whose readahead has begun: one year in one file, an instant a unit. */
struct scene {
    size_t unit_first[DECODES + 1];
    struct cn_reader reader;
    struct cn_part part;
    struct cn_source_year year;
    struct cn_variable source;
    size_t year_index;
    struct cn_load load;
    atomic_size_t damaged_from, *damaged_of_year;
    struct cn_variable_plan variable;
    struct cn_plan plan;
    struct cn_engine job;
};

static struct cn_engine *start(struct scene *scene, const struct cn_file *file, size_t damaged_from,
                               uint64_t bytes_to_read)
{
    struct cn_error error;
    for (size_t d = 0; d <= DECODES; d++)
        scene->unit_first[d] = d;
    scene->reader = (struct cn_reader){.file = file, .unit_first = scene->unit_first};
    scene->part = (struct cn_part){.file = file, .count = DECODES};
    scene->year = (struct cn_source_year){.parts = &scene->part, .part_count = 1};
    scene->source = (struct cn_variable){.years = &scene->year, .year_count = 1};
    scene->year_index = 0;
    scene->load = (struct cn_load){.years = &scene->year_index, .year_count = 1};
    atomic_init(&scene->damaged_from, damaged_from);
    scene->damaged_of_year = &scene->damaged_from;
    scene->variable = (struct cn_variable_plan){.variable = &scene->source,
                                                .loads = &scene->load,
                                                .load_count = 1,
                                                .bytes_to_read = bytes_to_read};
    scene->plan = (struct cn_plan){.resources = {.machine_memory = UINT64_C(1) << 34},
                                   .variables = &scene->variable,
                                   .variable_count = 1};
    scene->job = (struct cn_engine){.plan = &scene->plan,
                                    .variable = &scene->variable,
                                    .watch = cn_watch_or_none(NULL),
                                    .damaged_from = &scene->damaged_of_year,
                                    .threads = 1};
    assert_int_equal(cn_readahead_start(&scene->job, &error), CN_OK);
    return &scene->job;
}

/* past_cache: the job is large. least: decodes that must be read for at once; not all where some of
 * their bytes may be in the page cache. */
static void read_ahead(const char *path, bool past_cache, size_t least)
{
    const struct cn_file file = file_at(path);
    struct cn_decode decodes[DECODES] = {0};
    struct scene scene;
    struct cn_engine *job = start(&scene, &file, SIZE_MAX, past_cache ? UINT64_MAX : 0);
    for (size_t d = 0; d < DECODES; d++) {
        decodes[d].reader = &scene.reader;
        decodes[d].first_unit = d;
        decodes[d].unit_count = 1;
    }
    assert_null(cn_readahead_claim(job, &decodes[1])); /* it came first */
    cn_readahead_add(job, decodes, DECODES);
    wait_until_filled(decodes, least, BUFFERS);
    for (size_t d = 0; d < DECODES; d++) {
        const bool is_filled = atomic_load(&decodes[d].state) == 2; /* in any order */
        const struct cn_prefetched *ahead = cn_readahead_claim(job, &decodes[d]);
        if (ahead || is_filled)
            expect_bytes(ahead, d);
        cn_readahead_release(job, &decodes[d]);
        if (least == BUFFERS && d == 0) /* its state stays, the buffer goes on */
            wait_until_filled(decodes, BUFFERS + 1, BUFFERS + 1);
    }
    assert_null(decodes[1].buffer);
    cn_readahead_finish(job);
    assert_null(job->readahead);
}

static void test_bytes_are_there_before_they_are_asked_for(void **state)
{
    (void)state;
    char path[64];
    if (!make_cold_file(path))
        skip();
    read_ahead(path, true, BUFFERS);
    read_ahead(path, true, BUFFERS / 2); /* the first run left little or nothing in the cache */
    read_ahead(path, false, 1);
}

/* A file in the page cache, this program, and one that is damaged. */
static void expect_left_alone(size_t damaged_from)
{
    const struct cn_file file = file_at("/proc/self/exe");
    struct scene scene;
    struct cn_engine *job = start(&scene, &file, damaged_from, 0);
    struct cn_decode decode = {.reader = &scene.reader, .unit_count = 1}; /* ends at byte ODD */
    cn_readahead_add(job, &decode, 1);
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    assert_int_equal(atomic_load(&decode.state), 0);
    assert_null(cn_readahead_claim(job, &decode));
    cn_readahead_release(job, &decode);
    cn_readahead_finish(job);
    cn_readahead_finish(job);
    assert_null(job->readahead);
}

static void test_what_is_in_memory_or_failed_is_left_alone(void **state)
{
    (void)state;
    expect_left_alone(SIZE_MAX);
    expect_left_alone(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_are_there_before_they_are_asked_for),
        cmocka_unit_test(test_what_is_in_memory_or_failed_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
