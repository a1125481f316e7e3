/*
 * Values of an output file: means over its region, and over its year.
 */
#ifndef CLIMNORM_REPORT_REGION_MEANS_H
#define CLIMNORM_REPORT_REGION_MEANS_H

#include "report/output_facts.h"

enum { CN_MAX_REPORT_CELLS = 1 << 24 };

/* Reads a target year a few slots at a time. Call it in a child process.
 * means: [slots]: of the cells that have a value, weighted by the cosine of their latitude.
 * map: NULL, or [rows * columns]: the mean over the slots that have a value. NaN: there is none.
 * Errors: CN_BAD_INPUT: the file is damaged. CN_BAD_MACHINE. */
enum cn_status cn_region_means_read(const struct cn_output_facts *facts, size_t target,
                                    double *means, double *map, struct cn_error *error);

/* The mean of map[rows * columns], weighted by the cosine of the latitudes of its file.
 * Returns: NaN: no cell has a value. */
double cn_region_map_mean(const double *map, const double *weights, size_t cells);

/* Reads the weights of the cells: the cosines of their latitudes.
 * weights: [rows * columns]. Errors: CN_BAD_INPUT, CN_BAD_MACHINE. */
enum cn_status cn_region_weights_read(const struct cn_output_facts *facts, double *weights,
                                      struct cn_error *error);

#endif
