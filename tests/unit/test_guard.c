/*
 * Calls of libraries: when a call is repeated, whether the machine or the input is at fault, and
 * what is reported of a crash.
 */
#include "base/error.h"
#include "guard/crash.h"
#include "guard/fault.h"
#include "guard/library.h"

#include "cn_test.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What each call of a library does. */
struct script {
    struct {
        enum cn_status status;
        int reason;
    } calls[2];
    int made; /* calls so far */
};

static enum cn_status follow_script(void *context, struct cn_error *error)
{
    struct script *script = context;
    assert_true(script->made < 2);
    assert_int_equal(errno, 0);
    errno = script->calls[script->made].reason;
    enum cn_status status = script->calls[script->made++].status;
    return status ? cn_fail(error, status, "as written") : CN_OK;
}

static enum cn_status play(struct script *script, bool input_is_sound, struct cn_error *error)
{
    script->made = 0;
    enum cn_status status =
        cn_library_call(&(struct cn_library_call){.function = follow_script,
                                                  .context = script,
                                                  .what = "f.nc: cannot be read",
                                                  .lock = CN_LIBRARY_HDF5_LOCKED,
                                                  .input_is_sound = input_is_sound},
                        error);
    return status;
}

static void test_calls_are_repeated_if_memory_may_have_lacked(void **state)
{
    (void)state;
    static const struct {
        struct script script;
        bool input_is_sound;
        int made;
        enum cn_status status;
        const char *text; /* NULL: the text of the library */
    } cases[] = {
        {{{{CN_OK, 0}}, 0}, false, 1, CN_OK, ""},
        {{{{CN_OK, ENOENT}}, 0}, false, 1, CN_OK, ""}, /* as a missing file of settings leaves it */
        {{{{CN_OK, EIO}}, 0}, false, 1, CN_OK, ""},
        {{{{CN_OK, ENOMEM}, {CN_OK, 0}}, 0}, false, 2, CN_OK, ""},
        {{{{CN_BAD_INPUT, ENOMEM}, {CN_OK, 0}}, 0}, false, 2, CN_OK, ""},
        {{{{CN_BAD_MACHINE, ENOMEM}, {CN_OK, 0}}, 0}, true, 2, CN_OK, ""},
        {{{{CN_OK, ENOMEM}, {CN_OK, ENOMEM}}, 0},
         false,
         2,
         CN_BAD_INPUT,
         "f.nc: cannot be read: damaged: it asks for more memory than there is"},
        {{{{CN_OK, ENOMEM}, {CN_OK, ENOMEM}}, 0}, true, 2, CN_OK, ""},
        {{{{CN_BAD_INPUT, ENOENT}}, 0}, false, 1, CN_BAD_INPUT, NULL},
        {{{{CN_BAD_INPUT, ENOENT}, {CN_OK, 0}}, 0}, true, 2, CN_OK, ""},
        {{{{CN_BAD_INPUT, 0}, {CN_BAD_INPUT, 0}}, 0}, true, 2, CN_BAD_INPUT, NULL},
        {{{{CN_BAD_INPUT, EAGAIN}}, 0}, false, 1, CN_BAD_INPUT, NULL}, /* locked */
        {{{{CN_BAD_INPUT, EIO}}, 0},
         false,
         1,
         CN_BAD_MACHINE,
         "f.nc: cannot be read: Input/output error; check the disk and run again; finished files "
         "are kept"},
        {{{{CN_BAD_INPUT, ENOMEM}, {CN_BAD_INPUT, ENOMEM}}, 0}, false, 2, CN_BAD_INPUT, NULL},
        {{{{CN_BAD_INPUT, ENOMEM}, {CN_BAD_INPUT, ENOMEM}}, 0},
         true,
         2,
         CN_BAD_MACHINE,
         "f.nc: cannot be read: Cannot allocate memory; free memory, or lower engine.memory or "
         "--threads, and run again"},
        {{{{CN_BAD_USAGE, 0}}, 0}, true, 1, CN_BAD_USAGE, NULL},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct script script = cases[k].script;
        struct cn_error error = {0};
        enum cn_status status = play(&script, cases[k].input_is_sound, &error);
        if (status == CN_OK) /* else it may be the text of a first call that failed */
            error.text[0] = 0;
        assert_int_equal(status, cases[k].status);
        assert_int_equal(script.made, cases[k].made);
        assert_string_equal(error.text, cases[k].text ? cases[k].text : "as written");
    }
}

/* While the machine has no memory, it is at fault, not the file. */
#ifndef __SANITIZE_ADDRESS__ /* its allocator ends the process */
static void test_without_memory_the_machine_is_at_fault(void **state)
{
    (void)state;
    struct script success = {{{CN_OK, ENOMEM}, {CN_OK, ENOMEM}}, 0};
    struct script refusal = {{{CN_BAD_INPUT, ENOMEM}, {CN_BAD_INPUT, ENOMEM}}, 0};
    struct cn_error error = {0};
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    limit = before;
    limit.rlim_cur = 1 << 20;
    assert_false(cn_memory_is_short());
    setrlimit(RLIMIT_AS, &limit);
    const bool is_short = cn_memory_is_short();
    enum cn_status of_success = play(&success, false, &error);
    enum cn_status of_refusal = play(&refusal, false, &error);
    setrlimit(RLIMIT_AS, &before);
    assert_true(is_short);
    assert_int_equal(of_success, CN_BAD_MACHINE);
    assert_int_equal(of_refusal, CN_BAD_MACHINE);
}
#endif

static void test_a_sound_file_that_is_refused(void **state)
{
    (void)state;
    static const struct {
        int reason;
        enum cn_status status;
        const char *text;
    } cases[] = {
        {0, CN_BAD_INPUT, "f.nc: a chunk is bad; the file is damaged; download it again"},
        {EINVAL, CN_BAD_INPUT, "f.nc: a chunk is bad; the file is damaged; download it again"},
        {ENOENT, CN_BAD_INPUT,
         "f.nc: a chunk is bad: No such file or directory; see where it went, and run again"},
        {EACCES, CN_BAD_INPUT,
         "f.nc: a chunk is bad: Permission denied; change its permissions, and run again"},
        {EIO, CN_BAD_MACHINE,
         "f.nc: a chunk is bad: Input/output error; check the disk and run again; finished files "
         "are kept"},
        {ENOMEM, CN_BAD_MACHINE,
         "f.nc: a chunk is bad: Cannot allocate memory; free memory, or lower engine.memory or "
         "--threads, and run again"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct cn_error error = {0};
        assert_int_equal(cn_library_fail("f.nc", "a chunk is bad", cases[k].reason, &error),
                         cases[k].status);
        assert_string_equal(error.text, cases[k].text);
    }
}

enum { OUR_CODE = 43 };

static void crash_in_own_code(void)
{
    errno = ENOMEM; /* left by an earlier call */
    raise(SIGSEGV);
}

static enum cn_status raise_abort(void *context, struct cn_error *error)
{
    (void)context;
    (void)error;
    raise(SIGABRT);
    return CN_OK;
}

static void crash_in_library(void)
{
    errno = ENOMEM; /* left by an earlier call */
    cn_library_call(&(struct cn_library_call){.function = raise_abort}, NULL);
}

static void crash_after_library(void)
{
    struct script script = {{{CN_OK, 0}}, 0};
    struct cn_error error;
    play(&script, false, &error);
    raise(SIGSEGV);
}

static void crash_without_memory(void)
{
    cn_library_enter();
    errno = ENOMEM;
    raise(SIGSEGV);
}

static void end_in_library(void)
{
    exit(2);
}

static void end_on_purpose(void)
{
    cn_crash_allow_exit();
    exit(2);
}

/* Runs `end` in a child process; returns its status, and in `text` what it wrote. */
static int status_of(void (*end)(void), char text[1024])
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        dup2(ends[1], STDERR_FILENO);
        signal(SIGSEGV, SIG_DFL); /* cmocka or a sanitizer has handlers */
        signal(SIGABRT, SIG_DFL);
        cn_crash_watch(OUR_CODE);
        end();
        _exit(0);
    }
    close(ends[1]);
    size_t count = 0;
    for (ssize_t done; (done = read(ends[0], text + count, 1023 - count)) > 0;)
        count += (size_t)done;
    text[count] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_crashes_are_reported_and_happen(void **state)
{
    (void)state;
    static const struct {
        void (*end)(void);
        int number, code; /* the signal it dies of, or the exit code */
        const char *text;
    } cases[] = {
        {crash_in_own_code, SIGSEGV, 0, "climnorm: crashed (SIGSEGV); this is a defect"},
        {crash_after_library, SIGSEGV, 0, "climnorm: crashed (SIGSEGV); this is a defect"},
        {crash_in_library, SIGABRT, 0, "climnorm: crashed (SIGABRT, in a library); this is"},
        {crash_without_memory, 0, OUR_CODE, "climnorm: a library crashed because memory ran out"},
        {end_in_library, 0, OUR_CODE, "climnorm: a library ended the program"},
        {end_on_purpose, 0, 2, ""},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[1024];
        int status = status_of(cases[k].end, text);
        assert_int_equal(WIFSIGNALED(status) ? WTERMSIG(status) : 0, cases[k].number);
        assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status) : 0, cases[k].code);
        assert_ptr_equal(strstr(text, cases[k].text), text);
        const char *end = strchr(text, '\n');
        assert_true(*cases[k].text ? end && !end[1] : !end); /* one line */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_are_repeated_if_memory_may_have_lacked),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(test_without_memory_the_machine_is_at_fault),
#endif
        cmocka_unit_test(test_a_sound_file_that_is_refused),
        cmocka_unit_test(test_crashes_are_reported_and_happen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
