"""Small netCDF trees for the tests: few cells, few years, one oddity each.

Dates come from cftime here, and from whole-number arithmetic in oracle.py, so that the two
check each other. It must not know how the program reads a file.
"""
import os
import subprocess
import zlib

import cftime
import netCDF4
import numpy as np

LAT = np.array([-62.5, -37.5, -12.5, 12.5, 37.5, 62.5])
LON = np.arange(22.5, 360, 45)


def dates_of_year(calendar, year):
    """All days of one year as (year, month, day)."""
    calendar = calendar or "standard"
    first = cftime.datetime(year, 1, 1, calendar=calendar)
    last = cftime.datetime(year + 1, 1, 1, calendar=calendar)
    n = (last - first).days
    steps = cftime.num2date(np.arange(n), f"days since {year:04d}-01-01", calendar,
                            only_use_cftime_datetimes=True)
    return [(d.year, d.month, d.day) for d in steps]


def numbers(dates, units, calendar, hours=(12.0,)):
    """Time values of each date at each hour of day."""
    calendar = calendar or "standard"
    if not dates:
        return np.zeros(0)
    stamps = [cftime.datetime(*d, calendar=calendar) for d in dates]
    base = np.asarray(cftime.date2num(stamps, units, calendar), np.float64)
    step = {"d": 24.0, "h": 1.0, "m": 1 / 60, "s": 1 / 3600}[units[0]]
    return np.add.outer(base, np.asarray(hours) / step).ravel()


def values_like(kind, seed, n, shape=(len(LAT), len(LON))):
    """Plausible float32 data: 'temp' around 280 K, 'pr' drizzle and downpours in kg m-2 s-1."""
    rng = np.random.default_rng(zlib.crc32(f"{kind}-{seed}".encode()))
    if kind == "temp":
        return (280 + 15 * rng.standard_normal((n, *shape))).astype(np.float32)
    wet = rng.random((n, *shape)) < 0.5
    return np.where(wet, 10.0 ** rng.uniform(-12, -3, (n, *shape)), 0).astype(np.float32)


def write(path, variable, dates, raw, *, calendar="noleap", hours=(12.0,), time_units=None,
          time_values=None, time_type="f8", lat=LAT, lon=LON, lat_bounds=None, lon_bounds=None,
          dims=("time", "lat", "lon"), extra=(), names=None, axis_by="all", fill=1e20, units="K",
          attributes=None, globals_=None, form="NETCDF4", chunks="day", deflate=5, shuffle=True,
          fletcher32=False, contiguous=False, szip=False, endian="native", unlimited=False,
          time_bounds=None, written=None, time_attributes=None, twod=False, records=()):
    """Writes one file. raw: [time][lat][lon] in storage values; fill None: no _FillValue.
    chunks: "day", None (library default) or a shape in the order of dims + extra dims.
    written: how many of the first instants are written at all (the rest keep the fill).
    records: number types of more variables along time, before and after this one."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    raw = np.asarray(raw)
    names = names or {"time": "time", "lat": "lat", "lon": "lon"}
    time_units = time_units or "days since 1950-01-01"
    if time_values is None:
        time_values = numbers(dates, time_units, calendar, hours)
    with netCDF4.Dataset(path, "w", format=form) as nc:
        nc.set_auto_maskandscale(False)
        sizes = {"time": None if unlimited else len(time_values), "lat": len(lat),
                 "lon": len(lon)}
        for key in ("time", "lat", "lon"):
            nc.createDimension(names[key], sizes[key])
        for key in extra:
            nc.createDimension(key, 1)
        if lat_bounds is not None or lon_bounds is not None or time_bounds is not None:
            nc.createDimension("bnds", 2)
        time = nc.createVariable(names["time"], time_type, (names["time"],))
        time.units = time_units
        if calendar:
            time.calendar = calendar
        time[:] = np.asarray(time_values).astype(time_type)
        for key, value in (time_attributes or {}).items():
            time.setncattr(key, value)
        axes = [time]
        for key, axis_values, bounds in (("lat", lat, lat_bounds), ("lon", lon, lon_bounds)):
            if twod:
                var = nc.createVariable(names[key], "f8", (names["lat"], names["lon"]))
                grid = np.meshgrid(lat, lon, indexing="ij")[key == "lon"]
                var[:] = grid
            else:
                var = nc.createVariable(names[key], "f8", (names[key],))
                var[:] = axis_values
            if bounds is not None:
                var.bounds = f"{names[key]}_bnds"
                nc.createVariable(f"{names[key]}_bnds", "f8", (names[key], "bnds"))[:] = bounds
            axes.append(var)
        for var, letter, standard, unit in zip(
                axes, "TYX", ("time", "latitude", "longitude"),
                (time_units, "degrees_north", "degrees_east")):
            if axis_by in ("all", "axis"):
                var.axis = letter
            if axis_by in ("all", "standard_name"):
                var.standard_name = standard
            if axis_by in ("all", "units"):
                var.units = unit
        if time_bounds is not None:
            time.bounds = "time_bnds"
            nc.createVariable("time_bnds", "f8", (names["time"], "bnds"))[:] = time_bounds
        for i, kind in enumerate(records[::2]):
            nc.createVariable(f"before{i}", kind, (names["time"],))[:] = 1
        order = [{"time": 0, "lat": 1, "lon": 2}[d] for d in dims]
        var_dims = tuple(extra) + tuple(names[d] for d in dims)
        shape = (1,) * len(extra) + tuple(raw.shape[i] for i in order)
        storage = {}
        if form.startswith("NETCDF4"):
            if chunks == "day":
                chunks = (1,) * len(extra) + tuple(1 if d == "time" else raw.shape[i]
                                                   for d, i in zip(dims, order))
            storage = dict(zlib=deflate > 0 and not contiguous, complevel=deflate,
                           shuffle=shuffle and not contiguous, fletcher32=fletcher32,
                           contiguous=contiguous, endian=endian)
            if szip:
                storage.update(zlib=False, shuffle=False, compression="szip")
            if not contiguous:
                storage["chunksizes"] = chunks
        var = nc.createVariable(variable, raw.dtype, var_dims,
                                fill_value=None if fill is None else raw.dtype.type(fill),
                                **storage)
        var.set_auto_maskandscale(False)
        var.units = units
        for key, value in (attributes or {}).items():
            var.setncattr(key, value)
        for key, value in (globals_ or {}).items():
            nc.setncattr(key, value)
        for i, kind in enumerate(records[1::2]):
            nc.createVariable(f"after{i}", kind, (names["time"],))[:] = 1
        data = raw.transpose(order).reshape(shape)
        if written is None:
            var[...] = data
        else:
            where = [slice(None)] * len(shape)
            where[len(extra) + dims.index("time")] = slice(0, written)
            var[tuple(where)] = data[tuple(where)]
    return path


def name(variable, time, *, table="day", model="M1", experiment="historical",
         variant="r1i1p1f1", grid="gn", version=None):
    parts = [variable, table, model, experiment, variant] + ([grid] if grid else []) + [str(time)]
    return "_".join(parts) + (f"_v{version}" if version else "") + ".nc"


def year_file(root, variable, year, kind="temp", calendar="noleap", seed="", keep=None, raw=None,
              experiment="historical", version=None, folder=None, shape=None, convert=None,
              **options):
    """One file holding one year, NEX-GDDP style. keep: a predicate of dates; convert: float32
    values -> storage values. Returns the path."""
    naming = {k: options.pop(k) for k in ("table", "model", "variant", "grid") if k in options}
    dates = dates_of_year(calendar, year)
    if keep:
        dates = [d for d in dates if keep(d)]
    per_day = len(options.get("hours", (12.0,)))
    grid_shape = shape or (len(options.get("lat", LAT)), len(options.get("lon", LON)))
    if raw is None:
        raw = values_like(kind, f"{variable}-{year}-{seed}", len(dates) * per_day, grid_shape)
    if convert:
        raw = convert(raw)
    path = os.path.join(root, folder or variable,
                        name(variable, year, experiment=experiment, version=version, **naming))
    return write(path, variable, dates, raw, calendar=calendar, **options)


def many_years(path_of, variable, years, kind="temp", calendar="noleap", convert=None, **options):
    """One file holding several years; path_of: (first date, last date) -> path."""
    dates = [d for y in years for d in dates_of_year(calendar, y)]
    raw = values_like(kind, f"{variable}-{years[0]}", len(dates) * len(options.get("hours", (12,))))
    if convert:
        raw = convert(raw)
    return write(path_of(dates[0], dates[-1]), variable, dates, raw, calendar=calendar, **options)


def span(first, last):
    return "%04d%02d%02d-%04d%02d%02d" % (*first, *last)


def pack16(scale, offset, fill=-32768):
    """float32 -> int16 in packed units; every 17th value is missing."""
    def convert(values):
        out = np.clip(np.rint((values.astype(np.float64) - offset) / scale), -32700, 32700)
        out = out.astype(np.int16)
        out.reshape(-1)[::17] = fill
        return out
    return convert


def repack(path, *options):
    """Rewrites an HDF5 file with h5repack (compact layout, newest format)."""
    subprocess.run(["h5repack", *options, path, path + ".tmp"], check=True, capture_output=True,
                   timeout=60)
    os.replace(path + ".tmp", path)


def add_user_block(path):
    """Puts 512 bytes of something else before the HDF5 file."""
    block = path + ".block"
    with open(block, "wb") as f:
        f.write(b"not the file you look for\n" * 10)
    subprocess.run(["h5jam", "-u", block, "-i", path, "-o", path + ".tmp"], check=True,
                   capture_output=True, timeout=60)
    os.unlink(block)
    os.replace(path + ".tmp", path)
