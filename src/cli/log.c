/*
 * stderr and, for a while, stdout are replaced by streams that write here (GNU libc lets a program
 * assign them). The display's thread writes to the file by itself.
 */
#include "cli/log.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "cli/check_path.h"
#include "cli/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct cn_log {
    const char *path;
    int fd;
    atomic_int failure; /* errno of the first write that failed; after it nothing is written */
    FILE *both;         /* the log and stderr */
    FILE *alone;        /* the log */
    FILE *stderr_before, *stdout_before;
};

/* Writes whole lines, each behind the time, by one call. */
static void write_lines(void *context, const char *lines)
{
    struct cn_log *log = context;
    char stamp[32];
    const time_t now = time(NULL);
    struct tm parts;
    struct cn_strbuf text = {0};
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &parts));
    for (const char *at = lines, *end; *at; at = end + (*end == '\n')) {
        end = strchrnul(at, '\n');
        cn_strbuf_add(&text, "%s%s%.*s\n", stamp, end > at ? " " : "", (int)(end - at), at);
    }
    int reason = text.failed ? ENOMEM : 0;
    if (!reason && !atomic_load(&log->failure)) {
        ssize_t written = write(log->fd, text.text, text.length);
        reason = written < 0 ? errno : (size_t)written < text.length ? ENOSPC : 0;
    }
    int never = 0;
    if (reason)
        atomic_compare_exchange_strong(&log->failure, &never, reason);
    cn_strbuf_free(&text);
}

/* A stream's buffer as lines. */
static ssize_t write_stream(void *context, const char *bytes, size_t count)
{
    char *lines = strndup(bytes, count);
    if (lines)
        write_lines(context, lines);
    free(lines);
    return (ssize_t)count;
}

static ssize_t write_both(void *context, const char *bytes, size_t count)
{
    const struct cn_log *log = context;
    fwrite(bytes, 1, count, log->stderr_before);
    return write_stream(context, bytes, count);
}

static FILE *open_stream(struct cn_log *log, cookie_write_function_t *function)
{
    FILE *stream = fopencookie(log, "w", (cookie_io_functions_t){.write = function});
    if (stream)
        setvbuf(stream, NULL, _IOLBF, BUFSIZ);
    return stream;
}

static void write_head(struct cn_log *log, const struct cn_arguments *arguments)
{
    struct cn_strbuf head = {0};
    cn_strbuf_add(&head, "climnorm %s:", CLIMNORM_VERSION);
    for (size_t i = 0; arguments->words[i]; i++)
        cn_add_word(&head, arguments->words[i]);
    cn_strbuf_add(&head, "\n");
    write_lines(log, cn_strbuf_text(&head));
    cn_strbuf_free(&head);
}

enum cn_status cn_log_open(const struct cn_arguments *arguments, struct cn_log **log,
                           struct cn_error *error)
{
    *log = NULL;
    enum cn_status status = cn_check_path(arguments, "log", arguments->log, error);
    if (status || !arguments->log)
        return status;
    struct cn_log *made = calloc(1, sizeof *made);
    if (!made)
        return cn_fail_memory(error, "the log");
    /* O_NONBLOCK: of a pipe that nobody reads, opening fails, and writing does not wait. */
    made->fd = open(arguments->log, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0666);
    if (made->fd < 0) {
        cn_fail(error, CN_BAD_USAGE, "--log %s: cannot be written (%s); name another file",
                arguments->log, strerror(errno));
        free(made);
        return CN_BAD_USAGE;
    }
    made->path = arguments->log;
    made->stderr_before = stderr;
    made->both = open_stream(made, write_both);
    made->alone = open_stream(made, write_stream);
    if (made->both)
        stderr = made->both;
    write_head(made, arguments);
    *log = made;
    return CN_OK;
}

void cn_log_follow(struct cn_log *log, struct cn_progress *progress)
{
    if (log)
        cn_progress_log(progress, write_lines, log);
}

bool cn_log_begin(struct cn_log *log)
{
    if (!log || !log->alone)
        return false;
    log->stdout_before = stdout;
    stdout = log->alone;
    return true;
}

void cn_log_end(struct cn_log *log)
{
    fflush(stdout);
    stdout = log->stdout_before;
}

void cn_log_close(struct cn_log *log, int exit_code)
{
    char line[32];
    if (!log)
        return;
    fflush(stderr);
    stderr = log->stderr_before;
    snprintf(line, sizeof line, "exit code %d\n", exit_code);
    write_lines(log, line);
    if (close(log->fd) && !atomic_load(&log->failure))
        atomic_store(&log->failure, errno);
    if (atomic_load(&log->failure))
        fprintf(stderr, "climnorm: warning: the log %s is not complete: %s\n", log->path,
                strerror(atomic_load(&log->failure)));
    if (log->both)
        fclose(log->both);
    if (log->alone)
        fclose(log->alone);
    free(log);
}
