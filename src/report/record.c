/*
 * Reads a file of JSON whose size is bounded.
 */
#include "report/record.h"

#include "base/error.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_RECORD_BYTES = 64 << 20 };

const char *cn_record_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

double cn_record_number(const json_t *object, const char *key)
{
    const json_t *number = json_object_get(object, key);
    return json_is_number(number) ? json_number_value(number) : NAN;
}

enum cn_status cn_record_read(const char *path, const char *option, const char *what,
                              json_t **record, struct cn_error *error)
{
    json_error_t place;
    struct stat status;
    if (!path)
        return CN_OK;
    if (stat(path, &status))
        return cn_fail(error, CN_BAD_USAGE, "%s %s: %s; name %s", option, path, strerror(errno),
                       what);
    if (S_ISREG(status.st_mode) && status.st_size > MOST_RECORD_BYTES)
        return cn_fail(error, CN_BAD_USAGE, "%s %s: has more than 64 MiB; name %s", option, path,
                       what);
    *record = json_load_file(path, 0, &place);
    if (!*record || !json_is_object(*record))
        return cn_fail(error, CN_BAD_USAGE, "%s %s: is no JSON object%s%s; name %s", option, path,
                       *record ? "" : ": ", *record ? "" : place.text, what);
    return CN_OK;
}
