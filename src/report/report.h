/*
 * A report of output files: one HTML page that needs nothing else.
 */
#ifndef CLIMNORM_REPORT_REPORT_H
#define CLIMNORM_REPORT_REPORT_H

#include "climnorm/watch.h"

#include <stddef.h>

struct cn_report_request {
    char *folder;                   /* or a file */
    const char *summary, *measured; /* paths; NULL: none */
    const char *path;               /* of the page */
    int threads;
    const struct cn_watch *watch;
};

/* What was made, to tell. */
struct cn_report_made {
    size_t files, damaged, bytes;
};

/* Makes the page. A file of its path is replaced.
 * Errors: CN_BAD_USAGE: there are no outputs, or --summary or --bench cannot be read. CN_BAD_INPUT:
 * no file is an output of climnorm. CN_BAD_MACHINE, CN_STOPPED. */
enum cn_status cn_report_make(const struct cn_report_request *request, struct cn_report_made *made,
                              struct cn_error *error);

#endif
