/*
 * An output file is compared with its content digest. Damage of any byte is noticed: of metadata
 * already by the short look of a run that skips existing files.
 */
#include "sink/up_to_date.h"
#include "sink/verify_output.h"

#include "cn_test.h"
#include "sink_sample.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* HDF5 never returns from some damaged files; it takes 100 us to look at a sound one. */
enum { HANG_US = 200000 };

/* A file of the sample, in memory that children share. */
struct written {
    struct sample *sample;
    const char *path;
    int descriptor;
    size_t size;
    unsigned char *bytes; /* [size] as they were written */
    size_t *tried;        /* how many damages are done with, however they ended */
    size_t *missed;       /* how many were not noticed; the last of them */
    size_t *last_missed;
};

static struct written write_file(int compression, const char *name)
{
    struct written file = {.sample = sample_new(sample_root, compression), .path = name};
    struct cn_error error;
    char temporary[4096];
    struct stat status;
    file.sample->file.path = name;
    file.sample->used[SAMPLE_UNUSED] = true;
    assert_int_equal(sample_write(file.sample, temporary, sizeof temporary, &error), CN_OK);
    assert_int_equal(cn_temporary_publish(name, temporary, &error), CN_OK);
    file.descriptor = open(sample_below(name), O_RDWR);
    assert_int_equal(fstat(file.descriptor, &status), 0);
    file.size = (size_t)status.st_size;
    file.bytes = malloc(file.size);
    assert_non_null(file.bytes);
    assert_int_equal(pread(file.descriptor, file.bytes, file.size, 0), file.size);
    file.tried = mmap(NULL, 3 * sizeof *file.tried, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(file.tried, MAP_FAILED);
    file.missed = file.tried + 1;
    file.last_missed = file.tried + 2;
    return file;
}

static void free_written(struct written *file)
{
    munmap(file->tried, 3 * sizeof *file->tried);
    close(file->descriptor);
    free(file->bytes);
    sample_free(file->sample);
}

static enum cn_status verify(const struct written *file, struct cn_error *error)
{
    struct cn_digests digests;
    return cn_output_verify(sample_below(file->path), CN_VERIFY_ALL, &digests, error);
}

static void restore(const struct written *file)
{
    assert_int_equal(ftruncate(file->descriptor, (off_t)file->size), 0);
    assert_int_equal(pwrite(file->descriptor, file->bytes, file->size, 0), file->size);
}

/* The first chunk as it was encoded, and with it the area: chunks follow one another. */
static size_t find_chunks(const struct written *file, size_t *end)
{
    const struct cn_encoded *chunks = file->sample->chunks;
    const unsigned char *at = memmem(file->bytes, file->size, chunks[0].bytes, chunks[0].size);
    assert_non_null(at);
    *end = (size_t)(at - file->bytes);
    for (int k = 0; k < 2 * SAMPLE_CHUNKS; k++) {
        assert_memory_equal(file->bytes + *end, chunks[k].bytes, chunks[k].size);
        *end += chunks[k].size;
    }
    return (size_t)(at - file->bytes);
}

/* Another value for a byte. Of a digit of the digest, which is the most dangerous case, it is
 * another digit. */
static unsigned char damaged(unsigned char byte, size_t at)
{
    return (unsigned char)(byte ^ (at % 2 ? 1 : 1 << at % 8));
}

/* Flips bytes of begin … end - 1, one at a time, in children: HDF5 may crash. */
static void assert_noticed(const struct written *file, size_t begin, size_t end, bool is_short)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    *file->missed = *file->tried = 0;
    for (size_t crashes = 0; begin + *file->tried < end; crashes++) {
        pid_t pid = fork();
        assert_true(pid >= 0 && crashes < 1000);
        if (pid == 0) {
            for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
                signal(faults[i], SIG_DFL); /* cmocka would go on with its next test */
            for (size_t at; (at = begin + *file->tried) < end; ++*file->tried) {
                setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_usec = HANG_US}, NULL);
                unsigned char byte = damaged(file->bytes[at], at);
                struct cn_error error;
                if (pwrite(file->descriptor, &byte, 1, (off_t)at) != 1)
                    _exit(2);
                if (is_short ? cn_sink_is_up_to_date(&file->sample->file) : !verify(file, &error)) {
                    ++*file->missed;
                    *file->last_missed = at;
                }
                if (pwrite(file->descriptor, &file->bytes[at], 1, (off_t)at) != 1)
                    _exit(2);
            }
            _exit(0);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
        if (WIFSIGNALED(status)) { /* a crash or a hang is noticed */
            ++*file->tried;
            restore(file);
        }
    }
    if (*file->missed)
        fail_msg("%zu of %zu damages of %s are not noticed, the last at %zu", *file->missed,
                 *file->tried, file->path, *file->last_missed);
}

static void test_a_damaged_byte_of_the_metadata_makes_a_file_anew(void **state)
{
    (void)state;
    struct written file = write_file(1, "metadata.nc");
    size_t end, begin = find_chunks(&file, &end);
    assert_true(cn_sink_is_up_to_date(&file.sample->file));
    assert_noticed(&file, 0, begin, true);
    assert_noticed(&file, end, file.size, true);
    assert_true(cn_sink_is_up_to_date(&file.sample->file));
    free_written(&file);
}

static void test_a_damaged_byte_of_the_values_is_noticed(void **state)
{
    (void)state;
    struct written file = write_file(1, "values.nc");
    struct cn_error error;
    size_t end, begin = find_chunks(&file, &end);
    assert_int_equal(verify(&file, &error), CN_OK);
    assert_noticed(&file, begin, end, false);
    assert_int_equal(verify(&file, &error), CN_OK);
    free_written(&file);
}

static void test_chunks_in_each_others_place_are_noticed(void **state)
{
    (void)state;
    struct written file = write_file(0, "swapped.nc");
    const struct cn_encoded *chunks = file.sample->chunks;
    struct cn_error error;
    size_t end, begin = find_chunks(&file, &end), size = chunks[0].size;
    const off_t next = (off_t)(begin + size + chunks[1].size); /* behind the first counts */
    assert_int_equal(chunks[2].size, size);
    assert_int_equal(verify(&file, &error), CN_OK);
    assert_int_equal(pwrite(file.descriptor, chunks[2].bytes, size, (off_t)begin), size);
    assert_int_equal(pwrite(file.descriptor, chunks[0].bytes, size, next), size);
    assert_true(cn_sink_is_up_to_date(&file.sample->file)); /* only metadata are looked at */
    assert_int_equal(verify(&file, &error), CN_BAD_INPUT);
    assert_string_equal(error.text, "its values are damaged; remove it and run again");
    free_written(&file);
}

static void test_another_length_is_noticed(void **state)
{
    (void)state;
    struct written file = write_file(1, "length.nc");
    struct cn_error error;
    assert_int_equal(ftruncate(file.descriptor, (off_t)file.size - 1), 0);
    assert_int_equal(verify(&file, &error), CN_BAD_INPUT);
    assert_false(cn_sink_is_up_to_date(&file.sample->file));
    restore(&file);
    assert_int_equal(pwrite(file.descriptor, "", 1, (off_t)file.size), 1);
    assert_int_equal(verify(&file, &error), CN_BAD_INPUT);
    assert_false(cn_sink_is_up_to_date(&file.sample->file));
    restore(&file);
    assert_int_equal(verify(&file, &error), CN_OK);
    free_written(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_damaged_byte_of_the_metadata_makes_a_file_anew),
        cmocka_unit_test(test_a_damaged_byte_of_the_values_is_noticed),
        cmocka_unit_test(test_chunks_in_each_others_place_are_noticed),
        cmocka_unit_test(test_another_length_is_noticed),
    };
    return cmocka_run_group_tests(tests, sample_make_root, sample_remove_root);
}
