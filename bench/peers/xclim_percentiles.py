#!/usr/bin/env python3
"""xclim's `percentile_doy`: the 10th, 50th and 90th percentile of the five days around each day, its
default method. Files are read once, for all regions, by processes; then each process makes the
percentiles of one window at a time. xclim sorts on one core.
"""
import mmap
import os
from multiprocessing import get_context

from common import Stages, arguments, cells, encoding, modules, source, union

np, xr, cftime, _, calendar = modules("numpy", "xarray", "cftime", "netCDF4", "xclim.core.calendar")
PERCENT = (10, 50, 90)


def shared(shape):
    return np.frombuffer(mmap.mmap(-1, 4 * int(np.prod(shape))), np.float32).reshape(shape)


def read(index):
    with xr.open_dataset(source(options, options.years[index]), decode_times=False) as ds:
        whole = ds[options.variable].isel(lat=rows, lon=columns).load()
        for name, box in options.regions.items():
            lat, lon = cells(whole, box)
            years[name][index] = whole.isel(lat=lat, lon=lon)


def window(name, index):
    days = len(first.time)
    time = xr.date_range(f"{options.years[index]:04d}-01-01", periods=days * options.window,
                         calendar="noleap", use_cftime=True)
    lat, lon = cells(first, options.regions[name])
    values = years[name][index:index + options.window]
    daily = xr.DataArray(values.reshape(-1, *values.shape[2:]), dims=("time", "lat", "lon"),
                         coords={"time": time, "lat": first.lat[lat].values,
                                 "lon": first.lon[lon].values}, name=options.variable)
    found = calendar.percentile_doy(daily, window=5, per=list(PERCENT))
    for percent in PERCENT:
        one = found.sel(percentiles=percent, drop=True).transpose("dayofyear", "lat", "lon")
        one = one.astype(np.float32).rename(options.variable)
        one.attrs.clear()
        one.to_netcdf(os.path.join(options.out, f"{name}_{options.targets[index]}_p{percent}.nc"),
                      encoding=encoding(one))


if __name__ == "__main__":
    options, stages = arguments(), Stages()
    with xr.open_dataset(source(options, options.first), decode_times=False) as first:
        rows, columns = union(first, options.regions.values())
        shapes = {name: (len(first.time), *map(len, cells(first, box)))
                  for name, box in options.regions.items()}
    years = {name: shared((len(options.years), *shape)) for name, shape in shapes.items()}
    with get_context("fork").Pool(options.threads) as pool:
        stages.end("start_s")
        pool.map(read, range(len(options.years)), chunksize=1)
        stages.end("read_s")
        pool.starmap(window, [(name, i) for name in shapes for i in range(len(options.targets))],
                     chunksize=1)
        stages.end("windows_s")
    stages.print(len(options.years))
