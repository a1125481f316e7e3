#!/usr/bin/env python3
"""dask and flox, as their manuals advise: a local cluster of one process a core (the HDF5 library
lets one thread in at a time); files opened lazily and cropped before they become chunks; chunks
that hold all years of some rows, kept in the cluster's memory because every window needs them
again; each reduced at once ("blockwise", which flox's manual names the fastest where every group
lies in one chunk; "map-reduce", with a chunk a year, took as long for every single window).
"""
import os

from common import Stages, arguments, cells, encoding, modules, source, union

np, xr, dask, distributed, flox, _, _ = modules("numpy", "xarray", "dask", "distributed",
                                                "flox.xarray", "netCDF4", "cftime")


def regions(options):
    """{name: all its days, of all years} as dask arrays; every file is read once, for all."""
    years = []
    for year in options.years:
        ds = xr.open_dataset(source(options, year))
        rows, columns = union(ds, options.regions.values())
        years.append(ds[options.variable].isel(lat=rows, lon=columns).chunk())
    daily = xr.concat(years, dim="time")
    found = {}
    for name, box in options.regions.items():
        lat, lon = cells(daily, box)
        found[name] = daily.isel(lat=lat, lon=lon).chunk(time=-1, lat="auto")
    return found


def write(normal, path):
    normal.to_netcdf(path, encoding=encoding(normal))


def normals(options, daily):
    """The tasks that compute and write all normals."""
    for name, array in daily.items():
        for target in options.targets:
            of_window = ((array.time.dt.year > target - options.window) &
                         (array.time.dt.year <= target)).values.nonzero()[0]
            window = array.isel(time=slice(of_window[0], of_window[-1] + 1))
            days = np.unique(window.time.dt.dayofyear)
            normal = flox.xarray_reduce(window, window.time.dt.dayofyear, func="nanmean",
                                   expected_groups=days, method="blockwise")
            path = os.path.join(options.out, f"{name}_{target}.nc")
            yield dask.delayed(write)(normal, path)


def main():
    options, stages = arguments(), Stages()
    dask.config.set({"array.rechunk.method": "tasks"})
    with distributed.LocalCluster(n_workers=options.threads, threads_per_worker=1,
                                  dashboard_address=None) as cluster, \
            distributed.Client(cluster):
        stages.end("start_s")
        daily = dask.persist(regions(options))[0]
        distributed.wait(daily)
        stages.end("read_s")
        dask.compute(*normals(options, daily))
        stages.end("windows_s")
    stages.print(len(options.years))


if __name__ == "__main__":
    main()
