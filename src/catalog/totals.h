/*
 * Whether values are totals of their days, as CF's cell_methods say.
 */
#ifndef CLIMNORM_CATALOG_TOTALS_H
#define CLIMNORM_CATALOG_TOTALS_H

#include <stdbool.h>

/* Returns: whether the last method about time is sum: "area: mean time: sum (interval: 1 hour)".
 * NULL: there are no cell_methods. */
bool cn_are_totals(const char *cell_methods);

#endif
