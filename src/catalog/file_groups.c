/*
 * Lists groups through netCDF-C, for messages.
 */
#include "catalog/file_groups.h"

#include "climnorm/limits.h"

#include <netcdf.h>

enum { MOST_GROUPS = 8 };

void cn_add_groups(int ncid, struct cn_strbuf *text)
{
    int count = 0, ids[CN_MAX_VARIABLES];
    if (nc_inq_grps(ncid, &count, NULL) != NC_NOERR || count < 1 || count > CN_MAX_VARIABLES ||
        nc_inq_grps(ncid, &count, ids) != NC_NOERR)
        return;
    cn_strbuf_add(text, " but the groups ");
    for (int i = 0; i < count && i < MOST_GROUPS; i++) {
        char name[NC_MAX_NAME + 1];
        if (nc_inq_grpname(ids[i], name) == NC_NOERR)
            cn_strbuf_add(text, "%s%s", i ? ", " : "", name);
    }
    if (count > MOST_GROUPS)
        cn_strbuf_add(text, " and %d more", count - MOST_GROUPS);
    cn_strbuf_add(text, ", of which ncks -G : -g GROUP takes one out");
}
