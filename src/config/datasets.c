/*
 * Checks of input.datasets: keys that need or contradict one another, and what an entry means that
 * does not say it.
 */
#include "config/builder.h"
#include "config/text_forms.h"

#include <string.h>

/* An entry of which some files change from the historical experiment to a scenario. */
static void check_change_of_experiment(struct cn_config_builder *builder,
                                       const struct cn_custom_dataset *custom)
{
    const struct cn_dataset *given = &custom->dataset;
    const char *historical = builder->config.input.historical;
    if (given->until && !given->then)
        cn_config_error(builder, custom->location, "input.datasets.then",
                        "is missing: until needs it; name the scenario of the years after %d",
                        given->until);
    else if (given->then && !given->until)
        cn_config_error(builder, custom->location, "input.datasets.until",
                        "is missing: then needs it; write the last year before \"%s\"",
                        given->then);
    else if (given->then && strcmp(given->then, historical) == 0)
        cn_config_error(builder, custom->location, "input.datasets.then",
                        "\"%s\" is input.historical, which comes before every scenario; name the "
                        "scenario",
                        given->then);
    else if (given->then && strcmp(given->experiment, historical) != 0)
        cn_config_error(builder, custom->location, "input.datasets.experiment",
                        "\"%s\" comes before \"%s\", but a scenario follows input.historical "
                        "(\"%s\") alone; remove it, or until and then",
                        given->experiment, given->then, historical);
}

static void check_model(struct cn_config_builder *builder, const struct cn_custom_dataset *custom)
{
    if (!custom->dataset.model && cn_config_has_several_models(&builder->config))
        cn_config_error(builder, custom->location, "input.datasets.model",
                        "is missing: input.model asks for several; say which the files are of");
}

static bool has_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Two entries that give one file to one variable twice. */
static void check_repeated(struct cn_config_builder *builder, size_t index)
{
    const struct cn_custom_dataset *all = builder->datasets.items;
    const struct cn_dataset *own = &all[index].dataset;
    for (size_t k = 0; k < index; k++) {
        const struct cn_dataset *other = &all[k].dataset;
        if (strcmp(other->files, own->files) != 0 || strcmp(other->variable, own->variable) != 0 ||
            !has_same_text(other->model, own->model))
            continue;
        cn_config_error(builder, all[index].location, "input.datasets.files",
                        "\"%s\" is given for %s in line %d already; remove one, or see until "
                        "and then for files of two experiments",
                        own->files, own->variable, all[k].location.line);
        return;
    }
}

/* What is read along other dimensions of the files of an entry. */
static void complete_slices(struct cn_config_builder *builder, struct cn_custom_dataset *custom)
{
    struct cn_slice_choice *slices = custom->slices.items;
    cn_config_check_slices(builder, custom->location, "input.datasets.select", &custom->slices);
    for (size_t i = 0; i < custom->slices.count; i++) {
        slices[i].origin = cn_pool_printf(builder->config.pool, "input.datasets.select in %s",
                                          custom->dataset.origin);
        builder->out_of_memory |= !slices[i].origin;
    }
    custom->dataset.select = slices;
    custom->dataset.select_count = custom->slices.count;
}

/* Fills in what the entry does not say. */
static void complete_dataset(struct cn_config_builder *builder, struct cn_custom_dataset *custom)
{
    struct cn_dataset *dataset = &custom->dataset;
    dataset->origin = cn_config_location_text(builder, custom->location);
    dataset->in_file = dataset->in_file ? dataset->in_file : dataset->variable;
    dataset->experiment =
        dataset->experiment ? dataset->experiment : builder->config.input.historical;
    dataset->version_major = 1;
    dataset->has_version = custom->version;
    if (custom->version)
        cn_version_parse(custom->version, &dataset->version_major, &dataset->version_minor);
    complete_slices(builder, custom);
}

void cn_config_check_datasets(struct cn_config_builder *builder)
{
    struct cn_custom_dataset *given = builder->datasets.items;
    const size_t count = builder->datasets.count;
    if (!given || !cn_config_has_value(builder, "input.datasets") ||
        !cn_config_has_value(builder, "input.historical"))
        return;
    struct cn_dataset *datasets = cn_pool_alloc(builder->config.pool, count, sizeof *datasets);
    if (!datasets) {
        builder->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        /* What was given stays as it is: the config can be written again. */
        struct cn_custom_dataset custom = given[i];
        complete_dataset(builder, &custom);
        check_change_of_experiment(builder, &custom);
        check_model(builder, &custom);
        check_repeated(builder, i);
        datasets[i] = custom.dataset;
    }
    builder->config.input.datasets = datasets;
    builder->config.input.dataset_count = count;
}
