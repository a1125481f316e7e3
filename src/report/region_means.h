/*
 * Values of an output file: means over its region, and over its year.
 */
#ifndef CLIMNORM_REPORT_REGION_MEANS_H
#define CLIMNORM_REPORT_REGION_MEANS_H

#include "report/output_facts.h"

/* Reads a target year a few slots at a time. Call it in a child process.
 * weights: [rows * columns] of the cells. All values are times `factor`.
 * means: [slots]: of the cells that have a value, weighted.
 * map: NULL, or [rows * columns]: the mean over the slots that have a value. NaN: there is none.
 * Errors: CN_BAD_INPUT: the file is damaged. CN_BAD_MACHINE. */
enum cn_status cn_region_means_read(const struct cn_output_facts *facts, size_t target,
                                    const double *weights, double factor, double *means,
                                    double *map, struct cn_error *error);

/* The weighted mean of map[cells]. Returns: NaN: no cell has a value. */
double cn_region_map_mean(const double *map, const double *weights, size_t cells);

#endif
