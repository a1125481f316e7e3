/*
 * climnorm normals: a run without a config file. The arguments become a config as --show prints it,
 * and that text is what runs.
 */
#include "base/c_locale.h"
#include "base/error.h"
#include "base/pool.h"
#include "base/strbuf.h"
#include "cli/commands.h"
#include "cli/prepare.h"
#include "cli/product_option.h"
#include "climnorm/limits.h"
#include "config/read.h"
#include "config/write.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

static const char command_name[] = "climnorm normals";

/* A call while it becomes a config. */
struct normals_call {
    const struct cn_arguments *arguments;
    struct cn_strbuf text; /* what overrides cannot say, in lines */
    const char **typed;    /* [line_count] what the user typed for a line; NULL: nothing */
    size_t line_count, typed_capacity;
    struct cn_override *overrides; /* [override_count] */
    size_t override_count;
    struct cn_error *error;
};

/* Adds a line. False: out of memory. */
__attribute__((format(printf, 3, 4))) static bool
add_line(struct normals_call *call, const char *typed, const char *format, ...)
{
    struct cn_pool *pool = call->arguments->pool;
    const char **lines =
        cn_pool_grow(pool, call->typed, call->line_count, &call->typed_capacity, sizeof *lines);
    char *line = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&line, format, args);
    va_end(args);
    if (length < 0 || !lines) {
        free(length < 0 ? NULL : line);
        return false;
    }
    lines[call->line_count++] = typed;
    call->typed = lines;
    cn_strbuf_append(&call->text, line, (size_t)length);
    cn_strbuf_add(&call->text, "\n");
    free(line);
    return !call->text.failed;
}

/* The roots are named as the user did: errors cite that. */
static enum cn_status add_roots(struct normals_call *call)
{
    const struct cn_arguments *arguments = call->arguments;
    bool good = add_line(call, arguments->operands[0], "input: { root = (");
    for (size_t i = 0; i < arguments->operand_count && good; i++) {
        const char *path = arguments->operands[i];
        struct stat status;
        if (stat(path, &status) != 0)
            return cn_fail(call->error, CN_BAD_USAGE, "%s: %s", path, strerror(errno));
        struct cn_strbuf quoted = {0};
        cn_config_quote(&quoted, path);
        /* What follows makes libconfig see this line, not the next, as that of the path. */
        const char *end = i + 1 < arguments->operand_count ? "," : "); };";
        good = !quoted.failed && add_line(call, path, "%s%s", cn_strbuf_text(&quoted), end);
        cn_strbuf_free(&quoted);
    }
    return good ? CN_OK : cn_fail_memory(call->error, "a config");
}

/* Reads "west,east,south,north". */
static bool parse_box(const char *text, double box[4])
{
    for (int i = 0; i < 4; i++) {
        char *end;
        box[i] = strtod(text, &end);
        if (end == text || *end != (i < 3 ? ',' : '\0') || !(box[i] >= -720 && box[i] <= 720))
            return false;
        text = end + 1;
    }
    return true;
}

/* Adds "4p5E": a name may hold no point. */
static void add_bound(char *name, size_t size, double degrees, const char letters[2],
                      const char *separator)
{
    char number[40];
    snprintf(number, sizeof number, "%.10g", degrees < 0 ? -degrees : degrees);
    for (char *at = number; *at; at++)
        *at = *at == '.' ? 'p' : *at;
    const size_t used = strlen(name);
    snprintf(name + used, size - used, "%s%c%s", number, letters[degrees < 0], separator);
}

/* "4p5E-17E_43N-49N", which fits most boxes; else the digits of a hash. */
static void name_box(const double box[4], char name[200])
{
    enum { MOST_BYTES = 32 };
    static const char *const separators[4] = {"-", "_", "-", ""};
    name[0] = '\0';
    for (int i = 0; i < 4; i++)
        add_bound(name, 200, box[i], i < 2 ? "EW" : "NS", separators[i]);
    if (strlen(name) > MOST_BYTES || strpbrk(name, "+."))
        snprintf(name, 200, "box-%016llx", (unsigned long long)XXH3_64bits(box, 4 * sizeof *box));
}

static enum cn_status add_box(struct normals_call *call, const char *text, size_t index)
{
    double box[4];
    char name[200];
    if (!parse_box(text, box))
        return cn_fail(call->error, CN_BAD_USAGE,
                       "--region %s: expected a region's name, or west,east,south,north in degrees "
                       "such as 4,17,43,49",
                       text);
    name_box(box, name);
    const char *typed = cn_pool_printf(call->arguments->pool, "--region %s", text);
    if (!typed || !add_line(call, typed,
                            "%s{ name = \"%s\"; title = \"%g to %g degrees east, %g to %g degrees "
                            "north\"; lon = [%.17e, %.17e]; lat = [%.17e, %.17e]; }",
                            index ? "," : "", name, box[0], box[1], box[2], box[3], box[0], box[1],
                            box[2], box[3]))
        return cn_fail_memory(call->error, "a config");
    return CN_OK;
}

static bool is_box(const char *text)
{
    return *text && (isdigit((unsigned char)*text) || strchr("+-.", *text));
}

static enum cn_status add_boxes(struct normals_call *call)
{
    const struct cn_names *regions = &call->arguments->regions;
    enum cn_status status = CN_OK;
    size_t boxes = 0;
    for (size_t i = 0; i < regions->count; i++)
        boxes += is_box(regions->items[i]);
    if (!boxes)
        return CN_OK;
    if (!add_line(call, NULL, "custom_regions = ("))
        return cn_fail_memory(call->error, "a config");
    boxes = 0;
    for (size_t i = 0; i < regions->count && !status; i++)
        if (is_box(regions->items[i]))
            status = add_box(call, regions->items[i], boxes++);
    if (!status && !add_line(call, NULL, ");"))
        status = cn_fail_memory(call->error, "a config");
    return status;
}

/* The names; without a region, the whole grid. */
static enum cn_status add_regions(struct normals_call *call)
{
    const struct cn_names *regions = &call->arguments->regions;
    struct cn_strbuf list = {0}, typed = {0};
    cn_strbuf_add(&typed, "--region");
    for (size_t i = 0; i < regions->count; i++) {
        const char *name = regions->items[i];
        if (is_box(name))
            continue;
        cn_strbuf_add(&typed, "%s%s", list.length ? "," : " ", name);
        for (size_t length; *name || !*regions->items[i]; name += length + (name[length] == ',')) {
            length = strcspn(name, ",");
            char *one = strndup(name, length);
            cn_strbuf_add(&list, list.length ? ", " : "");
            cn_config_quote(&list, one ? one : "");
            list.failed |= !one;
            free(one);
            if (!name[length])
                break;
        }
    }
    if (!regions->count)
        cn_config_quote(&list, "GLOBAL");
    const char *origin = regions->count ? cn_strbuf_to_pool(&typed, call->arguments->pool) : NULL;
    bool good = !list.failed && (origin || !regions->count) &&
                add_line(call, origin, "regions = [ %s ];", cn_strbuf_text(&list));
    cn_strbuf_free(&list);
    cn_strbuf_free(&typed);
    return good ? add_boxes(call) : cn_fail_memory(call->error, "a config");
}

/* Each --product is an entry of the list. */
static enum cn_status add_products(struct normals_call *call)
{
    const struct cn_names *products = &call->arguments->products;
    bool good = !products->count || add_line(call, NULL, "products = (");
    for (size_t i = 0; i < products->count && good; i++) {
        const char *typed =
            cn_pool_printf(call->arguments->pool, "--product %s", products->items[i]);
        struct cn_strbuf entry = {0};
        const enum cn_status status =
            cn_product_option_add(products->items[i], &entry, call->error);
        good = typed && !entry.failed &&
               (status || add_line(call, typed, "%s%s", i ? "," : "", cn_strbuf_text(&entry)));
        cn_strbuf_free(&entry);
        if (good && status)
            return status;
    }
    if (good && products->count)
        good = add_line(call, NULL, ");");
    return good ? CN_OK : cn_fail_memory(call->error, "a config");
}

/* Reads "1991-2020". */
static bool parse_span(const char *text, int years[2])
{
    char *end;
    if (!isdigit((unsigned char)*text))
        return false;
    const long first = strtol(text, &end, 10);
    if (*end != '-' || !isdigit((unsigned char)end[1]))
        return false;
    const long last = strtol(end + 1, &end, 10);
    years[0] = (int)first;
    years[1] = (int)last;
    return !*end && first <= last && last <= CN_LAST_YEAR && last - first < CN_MAX_WINDOW;
}

/* --years stands for two keys. They come first, so that --set may replace them. */
static enum cn_status add_spans(struct normals_call *call)
{
    const struct cn_arguments *arguments = call->arguments;
    struct cn_pool *pool = arguments->pool;
    const struct cn_names *spans = &arguments->spans;
    struct cn_strbuf targets = {0}, typed = {0};
    int window = 0;
    for (size_t i = 0; i < spans->count; i++) {
        int years[2];
        if (!parse_span(spans->items[i], years))
            return cn_fail(call->error, CN_BAD_USAGE,
                           "--years %s: expected the first and the last year, such as 1991-2020",
                           spans->items[i]);
        if (i && years[1] - years[0] + 1 != window)
            return cn_fail(call->error, CN_BAD_USAGE,
                           "--years %s: windows of one call are of one length, here %d years; call "
                           "the program once for each length",
                           spans->items[i], window);
        window = years[1] - years[0] + 1;
        cn_strbuf_add(&targets, "%s%d", i ? "," : "normals.targets=", years[1]);
        cn_strbuf_add(&typed, "%s%s", i ? "," : "", spans->items[i]);
    }
    const char *value = cn_strbuf_to_pool(&typed, pool);
    struct cn_override *overrides = call->overrides;
    overrides[0] =
        (struct cn_override){cn_pool_printf(pool, "normals.window=%d", window), "years", value};
    overrides[1] = (struct cn_override){cn_strbuf_to_pool(&targets, pool), "years", value};
    call->override_count = 2;
    return value && overrides[0].text && overrides[1].text
               ? CN_OK
               : cn_fail_memory(call->error, "a config");
}

static enum cn_status add_overrides(struct normals_call *call)
{
    const struct cn_arguments *arguments = call->arguments;
    call->overrides =
        cn_pool_alloc(arguments->pool, arguments->override_count + 2, sizeof *call->overrides);
    if (!call->overrides)
        return cn_fail_memory(call->error, "a config");
    enum cn_status status = arguments->spans.count ? add_spans(call) : CN_OK;
    for (size_t i = 0; i < arguments->override_count && !status; i++) {
        const struct cn_override *override = &arguments->overrides[i];
        if (arguments->spans.count && override->option && strcmp(override->option, "target") == 0)
            return cn_fail(call->error, CN_BAD_USAGE,
                           "--years and --target both name target years; use one of them");
        call->overrides[call->override_count++] = *override;
    }
    return status;
}

/* Reads the config that the arguments stand for. Returns CN_NO_EXIT, or the exit code, and what is
 * wrong was printed. */
static int read_call(const struct cn_arguments *arguments, struct cn_config **config)
{
    struct cn_error error = {0};
    struct normals_call call = {.arguments = arguments, .error = &error};
    const locale_t before = cn_c_locale_enter();
    enum cn_status status = add_roots(&call);
    if (!status)
        status = add_regions(&call);
    if (!status)
        status = add_products(&call);
    if (!status)
        status = add_overrides(&call);
    cn_c_locale_leave(before);
    int exit_code = status ? cn_print_error(&error) : CN_NO_EXIT;
    if (!status) {
        struct cn_problems problems = {0};
        const struct cn_config_text text = {command_name, cn_strbuf_text(&call.text), call.typed,
                                            call.line_count};
        status =
            cn_config_read_lines(&text, call.overrides, call.override_count, config, &problems);
        exit_code = cn_report_config(status, &problems);
    }
    cn_strbuf_free(&call.text);
    return exit_code;
}

/* Reads what --show prints. Errors that are found later cite what the user typed. */
static int read_shown(const char *text, const struct cn_config *typed, struct cn_config **config)
{
    struct cn_problems problems = {0};
    const struct cn_config_text shown = {.name = command_name, .text = text};
    enum cn_status status = cn_config_read_lines(&shown, NULL, 0, config, &problems);
    if (*config) {
        struct cn_pool *pool = (*config)->pool;
        (*config)->origin.input_root = cn_pool_strdup(pool, typed->origin.input_root);
        (*config)->origin.engine_memory = cn_pool_strdup(pool, typed->origin.engine_memory);
        (*config)->origin.output_root = cn_pool_strdup(pool, typed->origin.output_root);
        (*config)->origin.output_pattern = cn_pool_strdup(pool, typed->origin.output_pattern);
    }
    return cn_report_config(status, &problems);
}

int cn_command_normals(const struct cn_arguments *arguments)
{
    static const struct cn_config_note head = {
        NULL,
        "What a call of climnorm normals stands for. climnorm run makes the same files of it."};
    struct cn_config *typed = NULL, *config = NULL;
    struct cn_error error = {0};
    int exit_code = read_call(arguments, &typed);
    if (exit_code != CN_NO_EXIT || !typed)
        return exit_code;
    char *text = cn_config_write(typed, &head, 1);
    if (!text) {
        cn_fail_memory(&error, "a config");
        exit_code = cn_print_error(&error);
    } else if (arguments->show) {
        fputs(text, stdout);
        exit_code = CN_EXIT_OK;
    } else {
        exit_code = read_shown(text, typed, &config);
    }
    free(text);
    cn_config_free(typed);
    return exit_code == CN_NO_EXIT ? cn_run_config(arguments, config) : exit_code;
}
