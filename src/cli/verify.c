/*
 * climnorm verify: which output files are not as they were written, and what cannot be read; its
 * lines and its exit code.
 */
#include "job/verify.h"

#include "base/error.h"
#include "cli/commands.h"
#include "cli/display.h"
#include "cli/log.h"
#include "cli/options.h"
#include "cli/prepare.h"
#include "cli/print_text.h"
#include "cli/signals.h"
#include "climnorm/resources.h"

#include <stdio.h>

/* Prints a line for each damaged file. Returns how many there are. */
static size_t print_damaged(const struct cn_verification *verification, size_t *verified)
{
    size_t damaged = 0;
    *verified = 0;
    for (size_t k = 0; k < verification->count; k++) {
        const struct cn_verified_file *file = &verification->files[k];
        *verified += file->is_verified;
        if (!file->reason)
            continue;
        damaged++;
        cn_print_text(file->path);
        printf(": ");
        cn_print_text(file->reason);
        putchar('\n');
    }
    return damaged;
}

/* On stderr, because the lines on stdout name files that are to be removed. */
static void print_unread(const struct cn_verification *verification)
{
    for (size_t k = 0; k < verification->unread_count; k++) {
        fputs("climnorm verify: ", stderr);
        cn_write_text(stderr, verification->unread[k].path);
        fprintf(stderr, ": cannot be read: %s\n", verification->unread[k].reason);
    }
}

static void print_total(size_t verified, size_t damaged, size_t unread)
{
    printf("%zu %s verified", verified, verified == 1 ? "file" : "files");
    if (damaged)
        printf(": %zu %s", damaged,
               damaged == 1 ? "is damaged or has no digest" : "are damaged or have no digest");
    else if (verified)
        printf(": %s", verified == 1 ? "it is as it was written" : "all are as they were written");
    if (unread)
        printf("; %zu %s cannot be read", unread,
               unread == 1 ? "file or folder" : "files or folders");
    putchar('\n');
}

/* Says why not all files are verified. Returns the exit code. */
static int report_end(enum cn_status status, const struct cn_error *error, size_t verified,
                      size_t count)
{
    const int number = status == CN_STOPPED ? atomic_load(cn_stop_signal) : 0;
    if (number)
        fprintf(stderr, "climnorm verify: stopped by %s", cn_stop_signal_name(number));
    else
        fprintf(stderr, "climnorm verify: %s", error->text);
    if (count)
        fprintf(stderr, "; %zu of %zu files were verified", verified, count);
    fputc('\n', stderr);
    return cn_exit_code(status, number);
}

/* Returns the exit code. */
static int verify_operands(const struct cn_arguments *arguments, struct cn_pool *pool,
                           const struct cn_resources *resources)
{
    struct cn_verification verification = {0};
    struct cn_error error = {0};
    struct cn_progress *progress = cn_display_start(arguments, &error);
    const struct cn_watch watch = {progress, cn_stop_signal};
    cn_signals_begin();
    enum cn_status status = cn_verify_outputs(pool, arguments->operands, arguments->operand_count,
                                              resources->threads, &watch, &verification, &error);
    cn_signals_end(cn_exit_code(status, atomic_load(cn_stop_signal)));
    cn_progress_enter(progress, CN_PHASE_NONE);
    cn_display_stop(progress, false);
    size_t verified, damaged = print_damaged(&verification, &verified);
    if (cn_log_begin(arguments->log_file)) {
        print_damaged(&verification, &verified);
        if (!status)
            print_total(verified, damaged, verification.unread_count);
        cn_log_end(arguments->log_file);
    }
    print_unread(&verification);
    if (status)
        return report_end(status, &error, verified,
                          status == CN_BAD_USAGE ? 0 : verification.count);
    if (!arguments->quiet)
        print_total(verified, damaged, verification.unread_count);
    if (verification.unread_count)
        return cn_exit_code(CN_BAD_MACHINE, 0);
    return damaged ? CN_EXIT_MISSING : CN_EXIT_OK;
}

int cn_command_verify(const struct cn_arguments *arguments)
{
    const struct cn_config config = {.engine = {.threads = (int)arguments->threads}};
    struct cn_resources resources;
    struct cn_error error;
    struct cn_pool *pool = cn_pool_new();
    if (!pool) {
        cn_fail_memory(&error, "the list of output files");
        return cn_print_error(&error);
    }
    cn_resources_resolve(&config, &resources);
    cn_warn_of_thread_limit(&resources);
    cn_signals_catch();
    int exit_code = verify_operands(arguments, pool, &resources);
    cn_pool_free(pool);
    return exit_code;
}
