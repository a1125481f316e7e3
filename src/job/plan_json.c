/*
 * Makes the JSON object of a plan.
 */
#include "climnorm/job.h"

#include "job/plan_counts.h"
#include "plan/cuts.h"
#include "products/groups.h"
#include "products/statistics.h"
#include "progress/render.h"

#include <jansson.h>
#include <string.h>

/* Adds an item; NULL: it could not be made. */
static void append_item(json_t *array, json_t *item, bool *failed)
{
    *failed |= json_array_append_new(array, item) != 0;
}

static json_t *texts_of(const struct cn_problems *const *lists, enum cn_severity severity,
                        bool *failed)
{
    json_t *texts = json_array();
    for (; *lists; lists++) {
        for (size_t i = 0; i < (*lists)->count; i++)
            if ((*lists)->items[i].severity == severity)
                append_item(texts, cn_json_text((*lists)->items[i].text), failed);
        if ((*lists)->lost && severity == CN_PROBLEM)
            append_item(texts, json_string("more problems than memory could hold"), failed);
    }
    return texts;
}

static json_t *text_or_null(const char *text)
{
    return text ? cn_json_text(text) : json_null();
}

/* A number that may be unknown. */
static json_t *count_or_null(uint64_t value)
{
    return value == UINT64_MAX ? json_null() : cn_json_count(value);
}

/* The names of all models, each once. */
static json_t *models_of(const struct cn_catalog *catalog, bool *failed)
{
    json_t *models = json_array();
    for (size_t v = 0; v < catalog->variable_count; v++)
        if (v == 0 || strcmp(catalog->variables[v].model, catalog->variables[v - 1].model) != 0)
            append_item(models, cn_json_text(catalog->variables[v].model), failed);
    return models;
}

/* Sets model, variant and grid. */
static void set_model(json_t *object, const struct cn_variable *variable, bool *failed)
{
    *failed |= json_object_set_new(object, "model", cn_json_text(variable->model)) ||
               json_object_set_new(object, "variant", cn_json_text(variable->variant)) ||
               json_object_set_new(object, "grid", cn_json_text(variable->grid_label));
}

static json_t *input_object(const struct cn_job *job, bool *failed)
{
    const struct cn_catalog *catalog = job->catalog;
    json_t *object = json_pack(
        "{so so so so so so so}", "root", cn_json_text(job->config->input.root), "files",
        cn_json_count(catalog->file_count), "files_found", cn_json_count(catalog->nc_files_seen),
        "files_superseded", cn_json_count(catalog->superseded), "files_of_other_tables",
        cn_json_count(catalog->other_tables), "files_left_out", cn_json_count(catalog->filtered),
        "files_not_named_like_cmip", cn_json_count(catalog->name_mismatches));
    if (object && cn_config_has_several_models(job->config))
        *failed |= json_object_set_new(object, "models", models_of(catalog, failed)) != 0;
    else if (object)
        set_model(object, &catalog->variables[0], failed);
    return object;
}

static json_t *region_object(const struct cn_region_cells *region)
{
    const bool is_regular = region->kind == CN_REGULAR;
    return json_pack("{so so so}", "name", cn_json_text(region->region->name),
                     is_regular ? "lat" : "rows", cn_json_count(region->row_count),
                     is_regular ? "lon" : "columns", cn_json_count(region->column_count));
}

static json_t *period_object(const struct cn_variable_plan *variable,
                             const struct cn_period_share *share, bool *failed)
{
    const struct cn_target *targets = variable->targets;
    size_t to_make = 0, kept = 0;
    json_t *years = json_array(), *regions = json_array(), *products = json_array();
    const struct cn_sample *sample = targets[share->first].sample;
    for (size_t p = 0; p < sample->product_count; p++)
        append_item(products, cn_json_text(sample->products[p]->name), failed);
    for (size_t t = share->first; t < share->end; t++)
        append_item(years, json_integer(targets[t].year), failed);
    for (size_t r = 0; r < variable->layout.region_count; r++) {
        size_t there;
        const size_t wanted = cn_share_normals(variable, share, r, &there);
        to_make += wanted;
        kept += there;
        append_item(regions,
                    json_pack("{so so so}", "name",
                              cn_json_text(variable->layout.regions[r].region->name), "to_make",
                              cn_json_count(wanted), "kept", cn_json_count(there)),
                    failed);
    }
    const struct cn_timeline *timeline =
        &variable->variable->timelines[targets[share->first].timeline];
    return json_pack("{so so so si si so so so so so}", "name",
                     cn_json_text(targets[share->first].period), "scenario",
                     text_or_null(timeline->scenario), "products", products, "first",
                     targets[share->first].year, "last", targets[share->end - 1].year,
                     "target_years", years, "normals", cn_json_count(to_make + kept), "to_make",
                     cn_json_count(to_make), "kept", cn_json_count(kept), "regions", regions);
}

static json_t *timelines_of(const struct cn_variable *variable, bool *failed)
{
    json_t *timelines = json_array();
    for (size_t t = 0; t < variable->timeline_count; t++) {
        const struct cn_timeline *timeline = &variable->timelines[t];
        append_item(timelines,
                    json_pack("{so si si}", "scenario", text_or_null(timeline->scenario), "first",
                              timeline->first_year, "last", timeline->last_year),
                    failed);
    }
    return timelines;
}

/* What is read along dimensions besides time and those of the grid. */
static json_t *selected_of(const struct cn_variable *variable, bool *failed)
{
    json_t *selected = json_array();
    const struct cn_file *file = cn_usable_file(variable);
    for (size_t k = 0; k < file->other_dim_count; k++) {
        const struct cn_other_dim *dim = &file->other_dims[k];
        if (*dim->read)
            append_item(selected,
                        json_pack("{so so}", "dimension", cn_json_text(dim->name), "read",
                                  cn_json_text(dim->read)),
                        failed);
    }
    return selected;
}

static json_t *product_json(const struct cn_product *product)
{
    char over[CN_OVER_BYTES], threshold[CN_THRESHOLD_BYTES];
    const bool has_threshold = product->threshold.unit;
    return json_pack(
        "{so ss ss so ss si si si si so so so}", "name", cn_json_text(product->name), "time",
        cn_time_names[product->time], "within", cn_within_names[product->within], "threshold",
        has_threshold ? cn_json_text(cn_threshold_text(&product->threshold, threshold))
                      : json_null(),
        "over", cn_over_text(&product->over, over), "pool", product->pool, "window",
        product->window, "min_years", product->min_years, "min_values", product->min_values,
        "units", product->unit.name ? cn_json_text(product->unit.name) : json_null(), "baseline",
        product->change ? json_integer(product->baseline) : json_null(), "change",
        product->change ? json_string(cn_change_names[product->change - CN_DIFFERENCE])
                        : json_null());
}

static json_t *products_of(const struct cn_plan *plan, const struct cn_variable_plan *variable)
{
    json_t *products = json_array();
    bool failed = !products;
    for (size_t p = 0; p < plan->config->product_count; p++) {
        const struct cn_product *product = cn_product_of(variable, &plan->config->products[p]);
        if (product)
            failed |= json_array_append_new(products, product_json(product)) != 0;
    }
    if (!failed)
        return products;
    json_decref(products);
    return NULL;
}

static json_t *outputs_of(const struct cn_variable_plan *variable, bool *failed)
{
    json_t *outputs = json_array();
    for (size_t o = 0; o < variable->output_count; o++)
        append_item(outputs,
                    json_pack("{so so so}", "path", cn_json_text(variable->outputs[o].path), "make",
                              json_boolean(variable->outputs[o].wanted), "normals",
                              cn_json_count(variable->outputs[o].target_count)),
                    failed);
    return outputs;
}

/* Sets how the variable is cut into passes, and what that takes. */
static void set_passes(json_t *object, const struct cn_variable_plan *variable, bool *failed)
{
    const struct cn_cut cut = cn_cut_of(variable);
    const bool has_cut = variable->bytes_to_decode_else > 0;
    *failed |=
        json_object_set_new(object, "passes",
                            cn_json_count(variable->normals_wanted ? variable->pass_count : 0)) ||
        json_object_set_new(object, "passes_made", cn_json_count(variable->resume.passes_done)) ||
        json_object_set_new(object, "days_of_pass",
                            count_or_null(cut.days ? cut.days : UINT64_MAX)) ||
        json_object_set_new(object, "rows_of_pass",
                            count_or_null(cut.rows ? cut.rows : UINT64_MAX)) ||
        json_object_set_new(object, "memory_bytes", cn_json_count(variable->arena_bytes)) ||
        json_object_set_new(object, "memory_bytes_once",
                            cn_json_count(variable->arena_bytes_once)) ||
        json_object_set_new(object, "bytes_to_decode", cn_json_count(variable->bytes_to_decode)) ||
        json_object_set_new(object, "bytes_to_decode_once",
                            cn_json_count(variable->bytes_to_decode_once)) ||
        json_object_set_new(object, "bytes_to_decode_else",
                            count_or_null(has_cut ? variable->bytes_to_decode_else : UINT64_MAX));
}

/* What is known of a variable that can be made. */
static void add_details(json_t *object, const struct cn_plan *plan,
                        const struct cn_variable_plan *variable, bool *failed)
{
    const struct cn_variable *source = variable->variable;
    const bool is_regular = source->grid.kind == CN_REGULAR;
    json_t *regions = json_array(), *periods = json_array();
    struct cn_period_share share;
    for (size_t r = 0; r < variable->layout.region_count; r++)
        append_item(regions, region_object(&variable->layout.regions[r]), failed);
    for (size_t t = 0; t < variable->target_count; t = share.end) {
        share = cn_period_share_at(variable, t);
        append_item(periods, period_object(variable, &share, failed), failed);
    }
    *failed |=
        json_object_set_new(object, "calendar", json_string(cn_calendar_name(source->calendar))) ||
        json_object_set_new(object, "days", json_integer(variable->slots)) ||
        json_object_set_new(object, is_regular ? "lat" : "rows",
                            cn_json_count(source->grid.row_count)) ||
        json_object_set_new(object, is_regular ? "lon" : "columns",
                            cn_json_count(source->grid.column_count)) ||
        json_object_set_new(object, "selected", selected_of(source, failed)) ||
        json_object_set_new(object, "timelines", timelines_of(source, failed)) ||
        json_object_set_new(object, "products", products_of(plan, variable)) ||
        json_object_set_new(object, "regions", regions) ||
        json_object_set_new(object, "periods", periods);
    set_passes(object, variable, failed);
}

static json_t *variable_plan_object(const struct cn_plan *plan,
                                    const struct cn_variable_plan *variable, bool lists_outputs,
                                    bool *failed)
{
    const struct cn_problems *lists[] = {&variable->variable->problems, &variable->problems, NULL};
    json_t *object = json_pack(
        "{so so so so so so so so so so so}", "name", cn_json_text(variable->variable->name),
        "failure", text_or_null(variable->failure), "files",
        cn_json_count(variable->variable->file_count), "files_to_read",
        cn_json_count(cn_files_to_read(variable)), "bytes_to_read",
        cn_json_count(variable->bytes_to_read), "to_make", cn_json_count(variable->normals_wanted),
        "kept", cn_json_count(variable->normals_skipped), "not_made",
        cn_json_count(variable->normals_unmade), "failed", cn_json_count(variable->normals_failed),
        "problems", texts_of(lists, CN_PROBLEM, failed), "warnings",
        texts_of(lists, CN_WARNING, failed));
    if (object && cn_config_has_several_models(plan->config))
        set_model(object, variable->variable, failed);
    if (object && !variable->failure)
        add_details(object, plan, variable, failed);
    if (object && lists_outputs)
        *failed |= json_object_set_new(object, "outputs", outputs_of(variable, failed)) != 0;
    return object;
}

static json_t *output_object(const struct cn_job *job, const struct cn_estimate *estimate,
                             bool *failed)
{
    const struct cn_plan *plan = job->plan;
    const bool is_about_known =
        (estimate && estimate->is_known) || job->config->output.compression == 0;
    size_t kept;
    const size_t wanted = cn_count_outputs(plan, &kept);
    json_t *object = json_pack(
        "{so so so so so so so so so}", "root",
        job->in_memory ? json_null() : cn_json_text(job->config->output.root), "files_to_make",
        cn_json_count(wanted), "files_kept", cn_json_count(kept), "bytes_least",
        cn_json_count(plan->space.least), "bytes_about",
        is_about_known ? cn_json_count(plan->space.about) : json_null(), "bytes_most",
        cn_json_count(plan->space.most), "bytes_temporary", cn_json_count(plan->space.temporary),
        "bytes_replaced", cn_json_count(plan->space.replaced), "bytes_free",
        count_or_null(job->space.bytes));
    if (object && job->in_memory)
        *failed |=
            json_object_set_new(object, "bytes_in_memory", cn_json_count(plan->values_bytes)) != 0;
    return object;
}

static json_t *estimate_object(const struct cn_estimate *estimate)
{
    if (!estimate || !estimate->is_known)
        return json_null();
    return json_pack("{so so so so}", "seconds", cn_json_real(estimate->seconds), "cpu_s",
                     cn_json_real(estimate->cpu_s), "disk_s", cn_json_real(estimate->disk_s),
                     "measured_s", cn_json_real(estimate->measured_s));
}

static json_t *shard_object(const struct cn_division *division)
{
    if (!division->shard.count)
        return json_null();
    return json_pack("{so so so so so so so so}", "number", cn_json_count(division->shard.number),
                     "count", cn_json_count(division->shard.count), "bytes",
                     cn_json_count(division->bytes), "bytes_of_least",
                     cn_json_count(division->least), "bytes_of_most", cn_json_count(division->most),
                     "shards_with_work", cn_json_count(division->used), "bytes_of_all",
                     cn_json_count(division->bytes_of_all), "bytes_undivided",
                     cn_json_count(division->bytes_undivided));
}

char *cn_job_plan_json(const struct cn_job *job, const struct cn_estimate *estimate,
                       bool lists_outputs)
{
    const struct cn_problems *lists[] = {&job->catalog->problems, &job->problems, NULL};
    bool failed = false;
    json_t *variables = json_array();
    for (size_t v = 0; v < job->plan->variable_count; v++)
        append_item(
            variables,
            variable_plan_object(job->plan, &job->plan->variables[v], lists_outputs, &failed),
            &failed);
    json_t *plan = json_pack(
        "{ss so so so so so so so si so so so}", "version", CLIMNORM_VERSION, "config",
        cn_json_text(job->config->path), "shard", shard_object(&job->plan->division), "input",
        input_object(job, &failed), "variables", variables, "output",
        output_object(job, estimate, &failed), "memory_bytes",
        cn_json_count(job->plan->arena_bytes), "memory_limit_bytes",
        cn_json_count(job->resources.memory_limit), "threads", job->resources.threads, "estimate",
        estimate_object(estimate), "problems", texts_of(lists, CN_PROBLEM, &failed), "warnings",
        texts_of(lists, CN_WARNING, &failed));
    char *text = plan && !failed ? json_dumps(plan, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) : NULL;
    json_decref(plan);
    return text;
}
