/*
 * Units of angles: more spellings than the six of CF section 4.1, and west and south, as UDUNITS-2
 * has them. The order of longitudes: a step is known but for whole turns. Reads no file.
 */
#include "catalog/degrees.h"

#include "base/ascii.h"
#include "base/error.h"

#include <math.h>

/* A turn may be exceeded by so much: longitudes stored as float32. */
static const double TURN_SLACK_DEG = 1e-3;

/* How many characters of a text are its word for degrees; 0: it begins with none. The last letter
 * of "degreeS" and the word in "degreesouth" say south. */
static size_t degree_word_length(const char *text)
{
    static const char *const words[] = {"degree", "deg", "arc_degree", "\u00b0"};
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        if (!cn_begins_with(text, words[w]))
            continue;
        const size_t length = strlen(words[w]);
        const char *rest = text + length;
        const bool is_south = (rest[0] == 'S' && cn_lower(rest[-1]) == rest[-1] && !rest[1]) ||
                              cn_begins_with(rest, "south");
        return length + (cn_lower(rest[0]) == 's' && !is_south);
    }
    return 0;
}

bool cn_degrees_parse(const char *units, enum cn_direction *direction)
{
    enum { MAX_BYTES = 32 }; /* more than the longest that is known */
    static const struct {
        const char *word;
        enum cn_direction direction;
    } words[] = {{"north", CN_NORTH}, {"n", CN_NORTH},   {"south", CN_SOUTH},
                 {"s", CN_SOUTH},     {"east", CN_EAST}, {"e", CN_EAST},
                 {"west", CN_WEST},   {"w", CN_WEST},    {"", CN_NO_DIRECTION}};
    char text[MAX_BYTES];
    *direction = CN_NO_DIRECTION;
    while (units && cn_is_space(*units))
        units++;
    size_t length = units ? strlen(units) : 0;
    while (length && cn_is_space(units[length - 1]))
        length--;
    if (!length || length >= sizeof text)
        return !length;
    memcpy(text, units, length);
    text[length] = '\0';
    length = degree_word_length(text);
    if (!length)
        return false;
    length += text[length] == '_' || text[length] == ' ';
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        if (cn_equal_ascii(text + length, words[w].word)) {
            *direction = words[w].direction;
            return true;
        }
    return false;
}

/* The step to a longitude, of -180 to 180 degrees: the shorter way round the circle. */
static double short_step(const double *lon, size_t i)
{
    return remainder(lon[i] - lon[i - 1], 360);
}

/* The first longitude with which those up to it make more than a turn in a direction (1: east, -1:
 * west); count: there is none. */
static size_t first_beyond_turn(const double *lon, size_t count, int direction)
{
    double turned = 0;
    for (size_t i = 1; i < count; i++) {
        double step = direction * short_step(lon, i);
        turned += step < -TURN_SLACK_DEG ? step + 360 : fmax(step, 0);
        if (!(turned <= 360 + TURN_SLACK_DEG))
            return i;
    }
    return count;
}

enum cn_status cn_longitudes_check(const double *lon, size_t count, struct cn_error *error)
{
    size_t eastward = 0;
    if (first_beyond_turn(lon, count, 1) == count || first_beyond_turn(lon, count, -1) == count)
        return CN_OK;
    for (size_t i = 1; i < count; i++)
        eastward += short_step(lon, i) > 0;
    const size_t odd = first_beyond_turn(lon, count, 2 * eastward + 1 >= count ? 1 : -1);
    return cn_fail(error, CN_BAD_INPUT,
                   "longitude %zu (counted from 0) is %.9g, after %.9g: not in order round the "
                   "circle; sort the columns of the file",
                   odd, lon[odd], lon[odd - 1]);
}
