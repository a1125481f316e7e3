/*
 * The fields of output.pattern, one row each: X(NAME, MEANING, FORMAT, VALUE). The config knows
 * their names, docs/config.md is made from the meanings, and plan/paths.c prints the value, which
 * is an expression over its struct cn_field_source `of`.
 */
#ifndef CLIMNORM_CONFIG_FIELDS_H
#define CLIMNORM_CONFIG_FIELDS_H

#define CN_PATTERN_FIELDS(X)                                                                   \
    X(region, "Name of the region.", "%s", of->region->name)                                   \
    X(variable, "Name of the variable.", "%s", of->variable->name)                             \
    X(period, "Name of the period that the target year is in.", "%s", of->target->period)      \
    X(year, "Target year.", "%d", of->target->year)                                            \
    X(window, "Years of a window.", "%d", of->product->window)                                 \
    X(product, "Name of the product.", "%s", of->product->name)                                \
    X(scenario, "Experiment of the normal; `input.historical` for a historical window.", "%s", \
      of->target->scenario)                                                                    \
    X(model, "Climate model.", "%s", of->variable->model)                                      \
    X(variant, "Ensemble member.", "%s", of->variable->variant)                                \
    X(grid, "Grid label.", "%s", of->variable->grid_label)

#endif
