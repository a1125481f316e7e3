/*
 * The command line: selects the command. Only files in this folder print results or exit.
 */
#include "base/error.h"
#include "base/pool.h"
#include "base/suggest.h"
#include "base/threads.h"
#include "cli/complete.h"
#include "cli/exit_codes.h"
#include "cli/help.h"
#include "cli/log.h"
#include "cli/options.h"
#include "climnorm/resources.h"
#include "codec/inflate/choose.h"
#include "codec/table.h"
#include "guard/crash.h"
#include "kernels.h"

#include <commit.h> /* which packaging/commit.cmake makes */
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <jansson.h>
#include <libconfig.h>
#include <locale.h>
#include <netcdf.h>
#include <nettle/version.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <xxhash.h>

/* The macro is the month of the specification (openmp.org). */
static const char *openmp_version(void)
{
    return _OPENMP >= 202111   ? "5.2"
           : _OPENMP >= 202011 ? "5.1"
           : _OPENMP >= 201811 ? "5.0"
                               : "4.5";
}

static int print_version(void)
{
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    const unsigned xxhash = XXH_versionNumber();
    const char *netcdf = nc_inq_libvers(); /* "4.9.0 of May 28 2022 …" */
    printf("climnorm %s\n", CLIMNORM_VERSION);
    printf("libraries: netCDF %.*s, HDF5 %u.%u.%u, ", (int)strcspn(netcdf, " "), netcdf, major,
           minor, release);
    for (const struct cn_codec *const *codec = cn_codecs; *codec; codec++) {
        if ((*codec)->library) {
            char library[CN_LIBRARY_BYTES];
            (*codec)->library(library);
            printf("%s, ", library);
        }
    }
    printf("libconfig %d.%d.%d, UDUNITS 2, xxHash %u.%u.%u, Jansson %s, Nettle %d.%d, "
           "OpenMP %s\n",
           LIBCONFIG_VER_MAJOR, LIBCONFIG_VER_MINOR, LIBCONFIG_VER_REVISION, xxhash / 10000,
           xxhash / 100 % 100, xxhash % 100, jansson_version_str(), nettle_version_major(),
           nettle_version_minor(), openmp_version());
    printf("build: " CLIMNORM_COMPILER ", " CLIMNORM_BUILD_TYPE "%s\n",
           *CLIMNORM_COMMIT ? ", commit " CLIMNORM_COMMIT : "");
    puts("licence: MIT");
    const struct cn_kernels *kernels;
    struct cn_error error;
    const struct cn_inflate_form *form;
    if (cn_kernels_select(&kernels, &error) || cn_inflate_select(&form, &error))
        return cn_print_error(&error);
    printf("kernels: %s\ninflate: %s\n", kernels->isa, form->name);
    struct cn_resources resources;
    cn_resources_resolve(NULL, &resources);
    printf("threads: %d\n", resources.threads);
    return CN_EXIT_OK;
}

static int fail_unknown_word(const char *word)
{
    char hint[CN_SUGGESTION_BYTES];
    struct cn_suggestion suggestion = {.word = word};
    for (const struct cn_command *command = cn_commands; command->name; command++)
        cn_suggest(&suggestion, command->name);
    cn_suggest(&suggestion, "--help");
    cn_suggest(&suggestion, "--version");
    struct cn_error error;
    cn_fail(&error, CN_BAD_USAGE, "there is no %s \"%.60s\"%s",
            word[0] == '-' ? "option" : "command", word, cn_suggestion_text(&suggestion, hint));
    int exit_code = cn_print_error(&error);
    fputs("Try \"climnorm --help\".\n", stderr);
    return exit_code;
}

/* Sets up what the whole process needs. */
static void prepare_process(void)
{
    int descriptor; /* no file may get the descriptor of a standard stream that is closed */
    do
        descriptor = open("/dev/null", O_RDONLY);
    while (descriptor >= 0 && descriptor <= STDERR_FILENO);
    if (descriptor >= 0)
        close(descriptor);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) { /* many threads read many files */
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    setlocale(LC_CTYPE, "");  /* UTF-8 on the terminal; numbers keep decimal points */
    signal(SIGXFSZ, SIG_IGN); /* reaching a file size limit becomes an error to report */
    setenv("HDF5_USE_FILE_LOCKING", "BEST_EFFORT", 0); /* read from file systems without locks */
}

/* Results that cannot be printed are an error. */
static int flush_output(int exit_code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return exit_code;
    fprintf(stderr, "climnorm: results cannot be written to standard output: %s\n",
            strerror(errno));
    return exit_code > CN_EXIT_MISSING ? exit_code : CN_EXIT_MACHINE;
}

/* Runs a command, with the log that --log asks for. */
static int run_logged(const struct cn_command *command, struct cn_arguments *arguments)
{
    struct cn_error error;
    if (cn_log_open(arguments, &arguments->log_file, &error))
        return cn_print_error(&error);
    const int exit_code = command->function(arguments);
    cn_log_close(arguments->log_file, exit_code);
    return exit_code;
}

static int run_command(const struct cn_command *command, int argc, char **argv)
{
    struct cn_arguments arguments = {0};
    int exit_code = cn_arguments_parse(command, cn_options, argc, argv, &arguments);
    arguments.commands = cn_commands;
    arguments.options = cn_options;
    arguments.command = command;
    if (exit_code == CN_NO_EXIT) {
        exit_code = run_logged(command, &arguments);
    } else if (exit_code == CN_SHOW_HELP) {
        cn_help_print_command(command, cn_options);
        exit_code = CN_EXIT_OK;
    }
    cn_pool_free(arguments.pool);
    return exit_code;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        cn_help_print_commands(cn_commands, stderr);
        return CN_EXIT_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        cn_help_print_commands(cn_commands, stdout);
        return flush_output(CN_EXIT_OK);
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        return flush_output(print_version());
    if (strcmp(word, "complete") == 0) { /* asked by shells alone */
        cn_complete(cn_commands, cn_options, argv + 2, argc - 2);
        return flush_output(CN_EXIT_OK);
    }
    for (const struct cn_command *command = cn_commands; command->name; command++)
        if (strcmp(word, command->name) == 0)
            return flush_output(run_command(command, argc - 1, argv + 1));
    return fail_unknown_word(word);
}

int main(int argc, char **argv)
{
    struct cn_error error;
    cn_crash_watch(CN_EXIT_MACHINE);
    prepare_process();
    int exit_code = cn_stacks_prepare(&error) ? cn_print_error(&error) : dispatch(argc, argv);
    cn_crash_allow_exit();
    return exit_code;
}
