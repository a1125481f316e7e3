/*
 * cell_methods of a normal: CF 1.8, sections 7.3 and 7.4 (climatological statistics).
 */
#ifndef CLIMNORM_SINK_CELL_METHODS_H
#define CLIMNORM_SINK_CELL_METHODS_H

#include "base/pool.h"

#include <stdbool.h>

/* The statistic over years, in words of CF, appendix E. */
struct cn_over_words {
    const char *method; /* NULL: CF has no word, and the remark says all */
    const char *remark; /* for the comment; NULL: nothing is to be said */
    const char *within; /* the statistic over the days of a group; NULL: values are of one day */
};

/* The cell_methods of a statistic over years of daily values, or of those of groups. `source`:
 * theirs; NULL, "" or text that is not CF counts as none. Without a part about time, the method
 * within days is maximum for the variable tasmax, minimum for tasmin, else mean. is_coordinate: the
 * climatological time is a coordinate variable; then the text has one of the three forms of CF 7.4,
 * to which other parts are a comment. Returns: NULL: out of memory. Owns: the text lives in the
 * pool. */
char *cn_cell_methods(struct cn_pool *pool, const char *source, const char *variable,
                      const struct cn_over_words *over, bool is_coordinate);

#endif
