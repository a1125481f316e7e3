/*
 * Models that have the same variables in a set are named together, and few of many models are
 * enough: a line must stay readable for 35 models of 4 variables.
 */
#include "job/unit_names.h"

#include "base/strbuf.h"

#include <string.h>

enum { MOST_MODELS = 4, MOST_BUT = 2 };

struct unit_set {
    const struct cn_unit_name *units;
    const bool *is_in;
    size_t count;
};

/* The units of one model. */
struct model_units {
    size_t first, end;
    size_t members; /* of the set */
};

static struct model_units model_at(const struct unit_set *set, size_t first)
{
    struct model_units model = {.first = first, .end = first};
    const char *name = set->units[first].model;
    while (model.end < set->count && strcmp(set->units[model.end].model, name) == 0)
        model.members += set->is_in[model.end++];
    return model;
}

static bool is_whole(const struct model_units *model)
{
    return model->members == model->end - model->first && model->members > 1;
}

/* Index of the next member; model->end: there is none. */
static size_t next_member(const struct unit_set *set, const struct model_units *model, size_t at)
{
    while (at < model->end && !set->is_in[at])
        at++;
    return at;
}

/* Whether two models are named together. */
static bool is_alike(const struct unit_set *set, const struct model_units *a,
                     const struct model_units *b)
{
    if (is_whole(a) || is_whole(b))
        return is_whole(a) && is_whole(b);
    size_t i = next_member(set, a, a->first), k = next_member(set, b, b->first);
    while (i < a->end && k < b->end &&
           strcmp(set->units[i].variable, set->units[k].variable) == 0) {
        i = next_member(set, a, i + 1);
        k = next_member(set, b, k + 1);
    }
    return i == a->end && k == b->end;
}

static void add_item(struct cn_strbuf *text, size_t *items, const char *name)
{
    cn_strbuf_add(text, "%s%s", (*items)++ ? ", " : "", name);
}

static void add_variable_names(struct cn_strbuf *text, const struct unit_set *set,
                               const struct model_units *model)
{
    size_t items = 0;
    for (size_t u = next_member(set, model, model->first); u < model->end;
         u = next_member(set, model, u + 1))
        add_item(text, &items, set->units[u].variable);
}

/* Adds the models that are like the given one: "CanESM5, MIROC6", "all 35 models but CanESM5". */
static void add_models(struct cn_strbuf *text, const struct unit_set *set,
                       const struct model_units *like)
{
    size_t all = 0, alike = 0, items = 0;
    for (size_t u = 0; u < set->count; all++) {
        const struct model_units model = model_at(set, u);
        alike += model.members && is_alike(set, like, &model);
        u = model.end;
    }
    const bool lists_others = alike > MOST_MODELS && all - alike <= MOST_BUT;
    if (lists_others)
        cn_strbuf_add(text, "all %zu models%s", all, all > alike ? " but " : "");
    for (size_t u = 0; u < set->count;) {
        const struct model_units model = model_at(set, u);
        const bool is_listed = (model.members && is_alike(set, like, &model)) != lists_others;
        u = model.end;
        if (is_listed && items < MOST_MODELS)
            add_item(text, &items, set->units[model.first].model);
    }
    if (!lists_others && alike > items)
        cn_strbuf_add(text, " and %zu more model%s", alike - items, alike - items == 1 ? "" : "s");
}

/* Adds a model with all that are named with it. */
static void add_alike(struct cn_strbuf *text, const struct unit_set *set,
                      const struct model_units *model)
{
    bool is_alone = true;
    for (size_t u = model->end; u < set->count && is_alone;) {
        const struct model_units other = model_at(set, u);
        is_alone = !other.members || !is_alike(set, model, &other);
        u = other.end;
    }
    if (is_whole(model)) {
        add_models(text, set, model);
    } else if (is_alone) {
        cn_strbuf_add(text, "%s ", set->units[model->first].model);
        add_variable_names(text, set, model);
    } else {
        add_variable_names(text, set, model);
        cn_strbuf_add(text, " of ");
        add_models(text, set, model);
    }
}

void cn_unit_names_add(struct cn_strbuf *text, const struct cn_unit_name *units, const bool *is_in,
                       size_t count)
{
    const struct unit_set set = {units, is_in, count};
    const char *separator = "";
    if (!count || !units[0].model) {
        add_variable_names(text, &set, &(struct model_units){.end = count});
        return;
    }
    for (size_t u = 0; u < count;) {
        const struct model_units model = model_at(&set, u);
        bool is_told = !model.members;
        for (size_t k = 0; k < u && !is_told;) {
            const struct model_units earlier = model_at(&set, k);
            is_told = earlier.members && is_alike(&set, &earlier, &model);
            k = earlier.end;
        }
        u = model.end;
        if (is_told)
            continue;
        cn_strbuf_add(text, "%s", separator);
        add_alike(text, &set, &model);
        separator = "; ";
    }
}
