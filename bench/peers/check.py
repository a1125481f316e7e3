#!/usr/bin/env python3
"""Compares every value of a recipe's files with climnorm's: check.py FILE, which lists
[variable, years of the window, days to leave out at each end of the year, recipe's file, climnorm's
file] of each normal as JSON. Prints
{"values", "largest", "bound", "wrong"}: values compared, largest relative difference, wrong the
first thing that is not right.

The bound: a sum of n values in float32, in any order, is within (n - 1) u of the exact sum (u =
2^-24, values of one sign, to first order), the division adds u, and climnorm's own rounding a bit
more than u: (n + 3) u, 2e-6 for 30 years. Beside it stands 2^-45 of the largest mean, for sums in
double from which a year is taken away: they keep about 2^-53 of what passed, where climnorm says 0.
A year too many or too few, a day or a cell that is shifted, is off by far more. A missing value
must be missing in both. Percentiles of a pool differ at the ends of a year: docs/science.md.
"""
import json
import sys

from common import modules

np, netCDF4 = modules("numpy", "netCDF4")


def read(path, name, west):
    """Values as [day, row, column] from south to north and from west to east, and the axes."""
    with netCDF4.Dataset(path) as nc:
        variable = nc[name]
        lat, lon = (np.array(nc[axis][:], float) for axis in ("lat", "lon"))
        if variable.ndim != 3 or variable.dimensions[1:] != ("lat", "lon"):
            raise ValueError(f"dimensions {variable.dimensions}, not (day, lat, lon)")
        values = np.ma.filled(np.ma.asarray(variable[:], dtype=np.float64), np.nan)
    west = lon.min() if west is None else west
    east = (lon - west + 1e-4) % 360
    south, order = lat.argsort(), east.argsort()
    return values[:, south][:, :, order], lat[south], east[order], west


def complain(got, want, axes, bound):
    """(largest relative difference, what is wrong or "")."""
    days = got.shape[0]
    if np.isfinite(want[days:]).any() or got.shape[1:] != want.shape[1:] or days > len(want):
        return 0.0, f"shape {got.shape}, not {want.shape}"
    want = want[:days]  # climnorm has slots for days that no file holds
    if not all(np.allclose(a, b, rtol=0, atol=1e-3) for a, b in axes):
        return 0.0, "other latitudes or longitudes"
    missing = np.isnan(got) != np.isnan(want)
    if missing.any():
        return 0.0, f"{missing.sum()} values missing in one only"
    there = ~np.isnan(want)
    size = np.abs(want[there])
    residue = 2.0**-45 * size.max(initial=0.0)
    difference = np.maximum(np.abs(got[there] - want[there]) - residue, 0.0)
    relative = np.divide(difference, size, out=np.where(difference > 0, np.inf, 0.0),
                         where=size > 0)
    largest = float(relative.max(initial=0.0))
    if largest > bound:
        return largest, (f"{(relative > bound).sum()} of {relative.size} values differ, by up to "
                         f"{largest:.2g} of themselves")
    return largest, ""


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        pairs = json.load(file)
    values, largest, wrong, bound = 0, 0.0, "", 0.0
    for name, window, ends, path, reference in pairs:
        bound = (window + 3) * 2.0**-24
        try:
            want, want_lat, want_east, west = read(reference, name, None)
            got, lat, east, _ = read(path, name, west)
            got, want = (v[ends:len(v) - ends] for v in (got, want))
            off, complaint = complain(got, want, ((lat, want_lat), (east, want_east))
                                      if got.shape[1:] == want.shape[1:] else (), bound)
            values += got.size
        except (OSError, LookupError, ValueError) as error:
            off, complaint = 0.0, str(error)
        largest = max(largest, off)
        if complaint:
            wrong = wrong or f"{path.rpartition('/')[2]}: {complaint}"
    print(json.dumps({"values": values, "largest": min(largest, 1e300), "bound": bound,
                      "wrong": wrong}))


if __name__ == "__main__":
    main()
