/*
 * The config: what a user asked for, checked and with defaults filled in (spec: docs/config.md).
 */
#ifndef CLIMNORM_CONFIG_H
#define CLIMNORM_CONFIG_H

#include "climnorm/api.h"
#include "climnorm/calendar.h"
#include "climnorm/error.h"
#include "climnorm/product.h"

struct cn_pool;

enum cn_existing { CN_SKIP, CN_OVERWRITE, CN_REFUSE };

/* How normals are laid out in files. */
enum cn_file_layout {
    CN_SINGLE, /* a file for each */
    CN_STACKED /* a file for those of all target years of a period, with a dimension target_year */
};

/* The dimension of the day slots. */
enum cn_day_axis { CN_DAYS_OF_YEAR, CN_DATES };

/* Which time an instant stands for that is the end of its interval. */
enum cn_stamps { CN_STAMPS_AUTO, CN_STAMPS_INSTANT };

/* Of days that files of the historical experiment and of a scenario hold. */
enum cn_overlap_rule { CN_OVERLAP_IS_ERROR, CN_HISTORICAL_WINS, CN_SCENARIO_WINS };

/* An entry of input.select, or of an entry of input.datasets: what is read along a dimension
 * besides time and those of the grid. */
struct cn_slice_choice {
    const char *dim;
    const char *origin; /* for errors: "input.select", or that of which entry of input.datasets */
    bool is_all;        /* the first slice with a value, of each cell and instant */
    bool is_text;       /* it was given in quotes */
    const char *text;   /* as given, without quotes */
    double number;      /* the same as a number; NAN: it is none */
};

/* An entry of input.datasets: what files are, whatever they are called. */
struct cn_dataset {
    const char *origin; /* for errors found later: "file:line" */
    const char *files;  /* a pattern of paths below the roots: base/glob.h */
    const char *variable;
    const char *in_file;    /* what the variable is called inside the files */
    const char *experiment; /* of the years up to `until`, where `then` is given; else of all */
    int until;
    const char *then;                   /* a scenario; NULL: one experiment */
    const char *model, *variant, *grid; /* NULL: those of the other files */
    bool has_version;                   /* else it is 1.0 */
    int version_major, version_minor;
    const struct cn_slice_choice *select; /* [select_count] goes before input.select */
    size_t select_count;
};

struct cn_region {
    const char *name;  /* [A-Za-z0-9_-] */
    const char *title; /* "Conterminous United States", … */
    bool global;       /* all cells: the bounds are ignored */
    double lon[2];     /* degrees east, lon[0] <= lon[1]: [350, 10] becomes [-10, 10] */
    double lat[2];     /* degrees north, lat[0] <= lat[1] */
};

struct cn_period {
    const char *name; /* may hold the field {scenario} */
    int first, last;  /* target years, inclusive */
    int step; /* years from one target year to the next, without normals.targets; 0 counts as 1 */
};

/* The unit that the results of a variable are to have. */
struct cn_variable_unit {
    const char *variable, *unit;
};

struct cn_config {
    struct cn_pool *pool; /* owns everything below */
    const char *path;     /* as given */
    struct { /* for errors found later: "file:line", "--set KEY=VALUE", "--threads 8" */
        const char *input_root, *engine_memory, *output_root, *output_pattern;
    } origin;
    struct {
        const char *const *roots; /* [root_count] absolute paths of folders and files */
        size_t root_count;
        const char *root;          /* the same for people: "/data", "/data and 2 other paths" */
        const char *const *models; /* [model_count]; NULL: the one that the tree holds, or all */
        size_t model_count;
        bool all_models;            /* model = "*" */
        const char *variant, *grid; /* NULL: the one that the tree holds of a model */
        const char *historical, *table;
        bool newest;                      /* version = "newest" */
        int version_major, version_minor; /* used when not newest */
        enum cn_stamps stamps;
        enum cn_overlap_rule overlap;
        const struct cn_slice_choice *select; /* [select_count] of dimensions that differ */
        size_t select_count;
        const struct cn_dataset *datasets; /* [dataset_count] */
        size_t dataset_count;
    } input;
    const char **variables; /* NULL: all in the tree */
    size_t variable_count;
    bool scenarios_given; /* false: all in the tree */
    const char **scenarios;
    size_t scenario_count;     /* given and 0: only the historical timeline */
    struct cn_region *regions; /* in the config's order; at least one */
    size_t region_count;
    struct {
        int window, min_years;
        double min_days; /* share of a year's days, 0 … 1 */
        enum cn_leap_day leap_day;
        struct cn_period *periods; /* NULL: default periods, which follow the files */
        size_t period_count;
        const int *targets; /* [target_count] target years, ascending; NULL: all of the periods */
        size_t target_count;
        int min_values;
        enum cn_quantile_method quantiles;
    } normals; /* window, min_years, min_values: what products have that do not say it */
    const struct cn_product *products; /* [product_count]; at least one */
    size_t product_count;
    struct {
        int threads;         /* 0: all cores this process may use */
        int batch_years;     /* 0: the program chooses */
        double memory_share; /* of the machine's memory; 0: use memory_bytes */
        uint64_t memory_bytes;
    } engine;
    struct {
        const char *root; /* absolute; NULL: only cn_config_read_text leaves it out */
        const char *pattern;
        int compression; /* deflate level 0 … 9 */
        enum cn_existing existing;
        bool counts;
        enum cn_file_layout layout;
        enum cn_day_axis axis;
        const struct cn_variable_unit *units; /* [unit_count]; other variables keep the source's */
        size_t unit_count;
    } output;
};

/* Returns: whether the config asks for several models, by a list or "*", whatever the tree holds.
 * Then paths and messages name the model. */
static inline bool cn_config_has_several_models(const struct cn_config *config)
{
    return config->input.all_models || config->input.model_count > 1;
}

/* A value that replaces one of the file. Errors cite what was typed: "--set KEY=VALUE", or, where
 * another option is short for a key, "--threads 8". */
struct cn_override {
    const char *text;   /* "KEY=VALUE" */
    const char *option; /* the long name of that option, without dashes; NULL: --set */
    const char *value;  /* of that option, as typed; NULL: what follows "=" */
};

/* Reads a libconfig file and applies overrides; of several for one key only the last counts.
 * Errors: CN_BAD_USAGE or CN_BAD_MACHINE; *problems lists every error with file, line (or option)
 * and key, and *config is NULL. Owns: the caller, with cn_config_free. */
CN_API enum cn_status cn_config_read(const char *path, const struct cn_override *overrides,
                                     size_t override_count, struct cn_config **config,
                                     struct cn_problems *problems);
/* The same for a text instead of a file. name: what errors cite, as the path of the file. Relative
 * paths begin at the current folder. Without output.root the config is good for jobs in memory. */
CN_API enum cn_status cn_config_read_text(const char *name, const char *text,
                                          const struct cn_override *overrides,
                                          size_t override_count, struct cn_config **config,
                                          struct cn_problems *problems);
CN_API void cn_config_free(struct cn_config *config);

#endif
