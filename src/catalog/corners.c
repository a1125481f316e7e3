/*
 * Distances are those in space between points of a sphere of radius 1: neither a pole nor the
 * longitude where numbers start again needs a rule of its own.
 */
#include "catalog/corners.h"

#include <math.h>

/* How far outside a centre may lie: models put it at the middle of degrees, or of the mass. */
static const double SLACK = 1.5;
static const double ROUNDING = 1e-4; /* 600 m: a cell that is a point, numbers in float32 */

struct point {
    double x, y, z;
};

static struct point point_at(double lat_deg, double lon_deg)
{
    const double lat = lat_deg * M_PI / 180, lon = lon_deg * M_PI / 180;
    return (struct point){cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat)};
}

static double distance(struct point a, struct point b)
{
    return sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y) + (a.z - b.z) * (a.z - b.z));
}

/* Whether a cell's centre is no farther from the middle of its corners than they are. */
static bool is_around(struct point centre, const double *lat, const double *lon, size_t count)
{
    struct point middle = {0, 0, 0};
    double radius = 0;
    for (size_t k = 0; k < count; k++) {
        if (!(fabs(lat[k]) <= 91) || !isfinite(lon[k]))
            return false;
        const struct point corner = point_at(lat[k], lon[k]);
        middle.x += corner.x / (double)count;
        middle.y += corner.y / (double)count;
        middle.z += corner.z / (double)count;
    }
    for (size_t k = 0; k < count; k++)
        radius = fmax(radius, distance(middle, point_at(lat[k], lon[k])));
    return distance(middle, centre) <= SLACK * radius + ROUNDING;
}

bool cn_corners_fit(const struct cn_grid *grid)
{
    const size_t cells = grid->row_count * grid->column_count, count = grid->corner_count;
    if (grid->kind == CN_REGULAR || !grid->lat_bounds || !grid->lon_bounds)
        return true;
    for (size_t i = 0; i < cells; i++)
        if (isfinite(grid->lat[i]) && isfinite(grid->lon[i]) &&
            !is_around(point_at(grid->lat[i], grid->lon[i]), grid->lat_bounds + i * count,
                       grid->lon_bounds + i * count, count))
            return false;
    return true;
}
