/*
 * The table of exit codes, and which status gives which.
 */
#include "cli/exit_codes.h"

#include <signal.h>
#include <stddef.h>

const struct cn_exit_code cn_exit_codes[] = {
    {CN_EXIT_OK, "all that was asked for is there"},
    {CN_EXIT_USAGE, "the command line or the config is wrong; nothing was started"},
    {CN_EXIT_MISSING, "finished, but something is missing: its input is bad or absent"},
    {CN_EXIT_MACHINE, "stopped by the machine: disk full, out of memory, an I/O error"},
    {CN_EXIT_SIGNAL + SIGHUP, "stopped by a lost connection (SIGHUP); what was finished is kept"},
    {CN_EXIT_SIGNAL + SIGINT, "stopped by Ctrl-C (SIGINT); what was finished is kept"},
    {CN_EXIT_SIGNAL + SIGABRT, "crashed (SIGABRT); please report it; what was finished is kept"},
    {CN_EXIT_SIGNAL + SIGSEGV, "crashed (SIGSEGV); please report it; what was finished is kept"},
    {CN_EXIT_SIGNAL + SIGTERM, "stopped by SIGTERM; what was finished is kept"},
    {.meaning = NULL},
};

int cn_exit_code(enum cn_status status, int signal_number)
{
    static const int codes[] = {[CN_OK] = CN_EXIT_OK,
                                [CN_BAD_USAGE] = CN_EXIT_USAGE,
                                [CN_BAD_INPUT] = CN_EXIT_MISSING,
                                [CN_BAD_MACHINE] = CN_EXIT_MACHINE};
    return status == CN_STOPPED ? CN_EXIT_SIGNAL + (signal_number ? signal_number : SIGINT)
                                : codes[status];
}
