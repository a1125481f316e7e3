#!/usr/bin/env python3
"""The best that xarray can do without dask: every file is read once, for all regions.

- Files are read, and normals written, by processes: the HDF5 library lets one thread in at a time.
  They share one array a region, in memory that they inherit, so no year is sent through a pipe.
- A file is cropped before it is loaded (xarray reads lazily), to what holds all regions: its
  chunks, a day of the globe each, are inflated once.
- The years lie along a dimension of their own, so the mean over a window is xarray's `rolling`,
  which numbagg computes on all cores by adding one year, in double, and taking one away; ten days
  at a time, to need little memory. (bottleneck took thirty times as long along this dimension.)
"""
import mmap
import os
from multiprocessing import get_context

from common import Stages, arguments, cells, encoding, modules, source, union

np, xr, _, _ = modules("numpy", "xarray", "numbagg", "netCDF4")


def shared(shape):
    return np.frombuffer(mmap.mmap(-1, 4 * int(np.prod(shape))), np.float32).reshape(shape)


def read(index):
    with xr.open_dataset(source(options, options.years[index]), decode_times=False) as ds:
        whole = ds[options.variable].isel(lat=rows, lon=columns).load()
        for name, box in options.regions.items():
            lat, lon = cells(whole, box)
            years[name][index] = whole.isel(lat=lat, lon=lon)


def roll(name):
    for day in range(0, len(first.time), 10):
        block = xr.DataArray(years[name][:, day:day + 10], dims=("year", "day", "lat", "lon"))
        means = block.rolling(year=options.window, min_periods=1).mean()
        normals[name][:, day:day + 10] = means[options.window - 1:]


def write(name, index):
    lat, lon = cells(first, options.regions[name])
    normal = xr.DataArray(normals[name][index], name=options.variable,
                          dims=("dayofyear", "lat", "lon"),
                          coords={"dayofyear": np.arange(len(first.time)) + 1,
                                  "lat": first.lat[lat].values, "lon": first.lon[lon].values})
    normal.to_netcdf(os.path.join(options.out, f"{name}_{options.targets[index]}.nc"),
                     encoding=encoding(normal))


if __name__ == "__main__":
    options, stages = arguments(), Stages()
    with xr.open_dataset(source(options, options.first), decode_times=False) as first:
        rows, columns = union(first, options.regions.values())
        shapes = {name: (len(first.time), *map(len, cells(first, box)))
                  for name, box in options.regions.items()}
    years = {name: shared((len(options.years), *shape)) for name, shape in shapes.items()}
    normals = {name: shared((len(options.targets), *shape)) for name, shape in shapes.items()}
    with get_context("fork").Pool(options.threads) as pool:
        xr.DataArray(np.zeros((options.window, 10, *shapes[next(iter(shapes))][1:]), np.float32),
                     dims=("year", "day", "lat", "lon")).rolling(year=options.window).mean()
        stages.end("start_s")  # which compiles what numbagg needs
        pool.map(read, range(len(options.years)), chunksize=1)
        stages.end("read_s")
        for name in shapes:
            roll(name)
        pool.starmap(write, [(name, i) for name in shapes for i in range(len(options.targets))],
                     chunksize=1)
        stages.end("windows_s")
    stages.print(len(options.years))
