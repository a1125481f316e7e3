/*
 * climnorm map: a picture of the values of output files, or of their differences.
 */
#include "pictures/map.h"

#include "base/ascii.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/picture_options.h"
#include "pictures/wording.h"
#include "products/groups.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_WIDTH = 1000 };

/* Slots [first, first + count) of a target, as cn_field_map takes them. */
struct slot_choice {
    size_t target, first, count;
};

static enum cn_status fail_slot(const struct cn_field *field, const char *option,
                                struct cn_error *error)
{
    static const char *const held[] = {[CN_DAY] = "days: --day 07-15, --month July or --season JJA",
                                       [CN_MONTH] = "months: --month July",
                                       [CN_SEASON] = "seasons: --season JJA",
                                       [CN_YEAR] = "value of the year, which needs no option"};
    return cn_fail(error, CN_BAD_USAGE, "--%s: %s has no such slot: it holds %zu %s", option,
                   field->path, field->slot_count, held[field->time]);
}

/* "07-15", or the number of a slot from 1. Returns slot_count: it is neither. */
static size_t parse_day(const struct cn_field *field, size_t target, const char *text)
{
    char *end;
    const long number = strtol(text, &end, 10);
    if (!cn_is_digit(*text))
        return field->slot_count;
    if (!*end)
        return number > 0 && (size_t)number <= field->slot_count ? (size_t)number - 1
                                                                 : field->slot_count;
    const char *rest = end + 1;
    if (*end != '-' || !cn_is_digit(*rest))
        return field->slot_count;
    const long day = strtol(rest, &end, 10);
    return *end || number < 1 || number > CN_MONTHS || day < 1 || day > 31
               ? field->slot_count
               : cn_field_slot_of_date(field, target, (int)number, (int)day);
}

/* "7", "jul", "July"; "djf". Returns false: it is no month, or no season. */
static bool parse_group(enum cn_time time, const char *text, size_t *group)
{
    const size_t count = time == CN_MONTH ? CN_MONTHS : CN_SEASONS;
    char *end;
    const long number = strtol(text, &end, 10);
    *group = number > 0 ? (size_t)number - 1 : count;
    if (cn_is_digit(*text) && !*end && time == CN_MONTH)
        return *group < count;
    for (*group = 0; *group < count; ++*group) {
        char name[CN_GROUP_BYTES];
        if (strlen(text) >= 3 && cn_begins_with(cn_group_name(time, *group, name), text))
            break;
    }
    return *group < count;
}

/* The slots that --day, --month or --season ask for. Returns false: the file has none. */
static bool find_slots(const struct cn_field *field, enum cn_time time, const char *text,
                       struct slot_choice *choice)
{
    size_t group;
    choice->count = 1;
    if (time == CN_DAY) {
        choice->first =
            field->time == CN_DAY ? parse_day(field, choice->target, text) : field->slot_count;
        return choice->first < field->slot_count;
    }
    if (!parse_group(time, text, &group))
        return false;
    if (field->time == CN_DAY)
        choice->count = cn_field_group_slots(field, choice->target, time, group, &choice->first);
    else
        choice->first = group;
    return choice->count && (field->time == CN_DAY || field->time == time);
}

static enum cn_status choose_slots(const struct cn_arguments *arguments,
                                   const struct cn_field *field, struct slot_choice *choice,
                                   struct cn_error *error)
{
    const struct {
        const char *name, *text;
        enum cn_time time;
    } options[] = {{"day", arguments->day, CN_DAY},
                   {"month", arguments->month, CN_MONTH},
                   {"season", arguments->season, CN_SEASON}};
    const char *given = arguments->whole_year ? "year" : NULL;
    *choice = (struct slot_choice){.count = field->slot_count};
    enum cn_status status = cn_find_target(arguments, field, &choice->target, error);
    for (size_t k = 0; k < sizeof options / sizeof *options && !status; k++) {
        if (!options[k].text)
            continue;
        if (given)
            return cn_fail(error, CN_BAD_USAGE, "--%s and --%s exclude each other", given,
                           options[k].name);
        given = options[k].name;
        if (!find_slots(field, options[k].time, options[k].text, choice))
            status = fail_slot(field, given, error);
    }
    return status;
}

/* What is read for the maps. */
struct map_reading {
    const struct cn_arguments *arguments;
    struct cn_field *fields, minus;
    struct cn_field_wording wordings[CN_MOST_PANELS];
    struct cn_map map;
};

/* Reads the values of a panel, in the unit of the picture. */
static enum cn_status read_panel(struct map_reading *reading, size_t k, struct cn_error *error)
{
    struct cn_pool *pool = reading->arguments->pool;
    const struct cn_field *field = &reading->fields[k];
    struct cn_map_panel *panel = &reading->map.panels[k];
    const bool is_minus = reading->arguments->minus != NULL;
    const double factor = cn_picture_unit_of(field).factor;
    struct slot_choice choice, other = {0};
    double *values, *subtracted;
    enum cn_status status = choose_slots(reading->arguments, field, &choice, error);
    if (!status)
        status =
            cn_field_map(pool, field, choice.target, choice.first, choice.count, &values, error);
    if (!status && is_minus)
        status = cn_check_alike(field, &reading->minus, true, error);
    if (!status && is_minus)
        status = choose_slots(reading->arguments, &reading->minus, &other, error);
    if (!status && is_minus)
        status = cn_field_map(pool, &reading->minus, other.target, other.first, other.count,
                              &subtracted, error);
    if (status)
        return status;
    for (size_t i = 0; i < cn_field_cells(field); i++)
        values[i] = factor * (is_minus ? values[i] - subtracted[i] : values[i]);
    panel->values = values;
    bool is_done = cn_places_find(pool, &field->grid, &panel->places) &&
                   cn_field_word(pool, field, choice.target, choice.first, choice.count,
                                 &reading->wordings[k]);
    if (is_done && is_minus) {
        struct cn_field_wording words;
        is_done =
            cn_field_word(pool, &reading->minus, other.target, other.first, other.count, &words);
        for (size_t p = 0; p < CN_PARTS && is_done; p++)
            if (strcmp(words.parts[p], reading->wordings[k].parts[p]) != 0)
                is_done = (reading->wordings[k].parts[p] =
                               cn_pool_printf(pool, "%s minus %s", reading->wordings[k].parts[p],
                                              words.parts[p])) != NULL;
    }
    return is_done ? CN_OK : cn_fail_memory(error, "a map");
}

/* One scale for all maps. */
static enum cn_status choose_scale(struct map_reading *reading, struct cn_error *error)
{
    struct cn_map *map = &reading->map;
    const char *range = reading->arguments->range;
    size_t count = 0, used = 0;
    double middle, ends[2];
    map->scale.quantity = cn_field_quantity(&reading->fields[0]);
    map->scale.is_change = cn_field_is_change(&reading->fields[0], &middle);
    if (reading->arguments->minus) {
        map->scale.is_change = true;
        middle = 0;
    }
    for (size_t k = 0; k < map->panel_count; k++)
        count += cn_field_cells(&reading->fields[k]);
    double *values = malloc((count + 1) * sizeof *values);
    if (!values)
        return cn_fail_memory(error, "a map");
    for (size_t k = 0; k < map->panel_count; k++) {
        const size_t cells = cn_field_cells(&reading->fields[k]);
        memcpy(values + used, map->panels[k].values, cells * sizeof *values);
        used += cells;
    }
    enum cn_status status = CN_OK;
    if (!range)
        cn_scale_choose(&map->scale, values, count, middle);
    else if (cn_parse_numbers(range, ends) && ends[0] < ends[1])
        cn_scale_set(&map->scale, values, count, ends[0], ends[1]);
    else
        status = cn_fail(error, CN_BAD_USAGE,
                         "--range: expected two numbers LO,HI, the smaller one first, such as "
                         "270,310, not \"%.60s\"",
                         range);
    free(values);
    return status;
}

static enum cn_status set_texts(struct map_reading *reading, struct cn_error *error)
{
    const struct cn_arguments *arguments = reading->arguments;
    struct cn_map *map = &reading->map;
    const struct cn_field *field = &reading->fields[0];
    struct cn_pool *pool = arguments->pool;
    map->unit = cn_picture_unit_of(field).text;
    map->title = arguments->title   ? cn_printable_copy(arguments, arguments->title)
                 : arguments->minus ? cn_field_name(pool, field, ", difference")
                                    : cn_field_name(pool, field, "");
    map->subtitle = cn_wording_join(pool, reading->wordings, map->panel_count, NULL);
    bool is_done = map->title && map->subtitle;
    for (size_t k = 0; k < map->panel_count; k++) {
        map->panels[k].title =
            cn_wording_join(pool, reading->wordings, map->panel_count, &reading->wordings[k]);
        is_done &= map->panels[k].title != NULL;
    }
    return is_done ? CN_OK : cn_fail_memory(error, "a map");
}

static enum cn_status read_maps(struct map_reading *reading, struct cn_error *error)
{
    const struct cn_arguments *arguments = reading->arguments;
    enum cn_status status = cn_open_fields(arguments, &reading->fields, error);
    if (!status && arguments->minus)
        status = cn_field_open(arguments->pool, arguments->minus, &reading->minus, error);
    for (size_t k = 0; k < arguments->operand_count && !status; k++) {
        status = cn_check_alike(&reading->fields[0], &reading->fields[k], false, error);
        if (!status)
            status = read_panel(reading, k, error);
    }
    if (!status)
        status = choose_scale(reading, error);
    return status ? status : set_texts(reading, error);
}

static enum cn_status draw_maps(const struct cn_arguments *arguments, struct cn_error *error)
{
    struct map_reading reading = {.arguments = arguments,
                                  .map.panel_count = arguments->operand_count};
    enum cn_status status = cn_check_picture_path(arguments, error);
    if (!status && !arguments->picture)
        status = cn_fail(error, CN_BAD_USAGE,
                         "name the picture to write: --output FILE.png, .svg or .pdf");
    if (!status && arguments->operand_count > CN_MOST_PANELS)
        status = cn_fail(error, CN_BAD_USAGE, "%zu files: a picture holds %d maps at most",
                         arguments->operand_count, CN_MOST_PANELS);
    if (!status)
        status = read_maps(&reading, error);
    if (status)
        return status;
    double width = (double)(arguments->width ? arguments->width : DEFAULT_WIDTH), height;
    if (arguments->size[0]) {
        width = (double)arguments->size[0];
        height = (double)arguments->size[1];
    } else {
        height = cn_map_height(&reading.map, width);
        height = fmin(fmax(height, CN_LEAST_PICTURE), CN_MOST_PICTURE);
    }
    return cn_picture_write(&(struct cn_picture){.width = width,
                                                 .height = height,
                                                 .title = reading.map.title,
                                                 .context = &reading.map,
                                                 .draw = cn_map_draw},
                            arguments->picture, error);
}

int cn_command_map(const struct cn_arguments *arguments)
{
    struct cn_error error = {0};
    return cn_end_picture(arguments, draw_maps(arguments, &error), &error);
}
