"""Small trees of netCDF files for the tests of the catalog and of `climnorm inspect`."""
import json
import os
import subprocess

import netCDF4
import numpy as np

from build import BIN, driver

DUMP = driver("catalog_dump")

LAT = np.array([10.0, 20.0, 30.0])
LON = np.array([0.0, 90.0, 180.0, 270.0])


def write(path, *, variable="pr", first=0, count=365, step=1.0, times=None, calendar="noleap",
          time_units="days since 2000-01-01", lat=LAT, lon=LON, order=("time", "lat", "lon"),
          dtype="f4", fmt="NETCDF4", attributes=None, fill=None, bounds=None,
          names=("time", "lat", "lon"), clues=True, extra=(), units="mm", **storage):
    """Writes one file. `bounds`: pairs for time; `extra`: (name, length) of more dimensions."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if times is None:
        times = first + step * np.arange(count)
    file = netCDF4.Dataset(path, "w", format=fmt)
    values = dict(zip(("time", "lat", "lon"), (times, lat, lon)))
    called = dict(zip(("time", "lat", "lon"), names))
    for axis in ("time", "lat", "lon"):
        file.createDimension(called[axis], len(values[axis]))
        if values[axis] is None:
            continue
        coordinate = file.createVariable(called[axis], "f8", (called[axis],))
        coordinate[:] = values[axis]
        if clues and axis != "time":
            coordinate.units = "degrees_north" if axis == "lat" else "degrees_east"
    file[called["time"]].units = time_units
    if calendar is not None:
        file[called["time"]].calendar = calendar
    if bounds is not None:
        file.createDimension("bnds", 2)
        file.createVariable("time_bnds", "f8", (called["time"], "bnds"))[:] = bounds
        file[called["time"]].bounds = "time_bnds"
    for name, length in extra:
        file.createDimension(name, length)
    dimensions = [called.get(name, name) for name in order]
    shape = [len(file.dimensions[name]) for name in dimensions]
    data = file.createVariable(variable, dtype, dimensions, fill_value=fill,
                               endian="big" if dtype[0] == ">" else "native", **storage)
    data.set_auto_maskandscale(False)
    if units is not None:
        data.units = units
    for name, value in (attributes or {}).items():
        data.setncattr(name, value)
    data[:] = np.ones(shape, data.dtype)
    file.close()
    return path


def year_file(root, year, *, variable="pr", experiment="historical", model="M", variant="r1i1p1f1",
              grid="gn", version="", folder="", **options):
    """A whole noleap year, named after NEX-GDDP."""
    name = f"{variable}_day_{model}_{experiment}_{variant}_{grid}_{year}{version}.nc"
    options.setdefault("first", (year - 2000) * 365)
    return write(os.path.join(root, folder, name), variable=variable, **options)


def catalog(root, *, config="", normals="", **keys):
    """The lines that catalog_dump prints for a tree; keys go into `input`."""
    path = os.path.join(os.path.dirname(root), "climnorm.cfg")
    inputs = "".join(f" {key} = {json.dumps(value)};" for key, value in keys.items())
    with open(path, "w") as file:
        file.write(f'input: {{ root = "{root}";{inputs} }};\n{config}\n'
                   f'normals: {{ {normals} }};\noutput: {{ root = "out"; }};\n')
    done = subprocess.run([DUMP, path], capture_output=True, text=True, timeout=60)
    if done.returncode < 0 or done.returncode == 3:
        raise AssertionError(f"catalog_dump: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.splitlines()


def inspect(*paths, environment=None):
    return subprocess.run([BIN, "inspect", *paths], capture_output=True, text=True,
                          errors="replace", timeout=100, env={**os.environ, **(environment or {})})
