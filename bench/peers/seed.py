#!/usr/bin/env python3
"""The pipeline that climnorm replaces: a pool of processes over batches of two target years; every
target opens the files of its window anew, for every region, and xarray does the rest.

It is kept as it was, not improved: rolling.py shows what else xarray can do. Its files are not
compressed. Batches are of one year where batches of two would leave cores idle.
"""
import os
from concurrent.futures import ProcessPoolExecutor

from common import Stages, arguments, modules, source

xr, _, _ = modules("xarray", "netCDF4", "cftime")


def normal(options, name, box, target):
    lon0, lon1, lat0, lat1 = box
    years = []
    for year in range(target - options.window + 1, target + 1):
        with xr.open_dataset(source(options, year)) as ds:
            inside = (((ds.lon - lon0) % 360 <= lon1 - lon0) &
                      (ds.lat >= lat0) & (ds.lat <= lat1))
            years.append(ds[[options.variable]].where(inside, drop=True).load())
    daily = xr.concat(years, dim="time")
    mean = daily.groupby("time.dayofyear").mean("time")
    mean.to_netcdf(os.path.join(options.out, f"{name}_{target}.nc"))


def batch(options, targets):
    for name, box in options.regions.items():
        for target in targets:
            normal(options, name, box, target)


def main():
    options, stages = arguments(), Stages()
    size = 2 if len(options.targets) >= 2 * options.threads else 1
    batches = [options.targets[i:i + size] for i in range(0, len(options.targets), size)]
    with ProcessPoolExecutor(options.threads) as pool:
        for done in [pool.submit(batch, options, targets) for targets in batches]:
            done.result()
    stages.print(len(options.targets) * options.window * len(options.regions))


if __name__ == "__main__":
    main()
