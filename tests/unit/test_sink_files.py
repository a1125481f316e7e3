"""Output files as other tools see them: xarray, cftime, CDO, NCO and ncdump judge what sink_dump
writes. The file's two halves of truth (values, and when they are) are computed here anew."""
import filecmp
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from build import driver

try:
    import cftime
    import netCDF4
    import numpy as np
    import xarray as xr
except ImportError as missing:
    print(missing)
    sys.exit(77)
if not all(shutil.which(tool) for tool in ("cdo", "ncks", "ncdump")):
    print("cdo, ncks or ncdump is missing")
    sys.exit(77)

DUMP = driver("sink_dump")
FILES = ("deflated.nc", "plain/means/only.nc")
MISSING_CELL = 7


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, (command, result.stderr)
    return result.stdout


def dump(folder):
    os.environ["SOURCE_DATE_EPOCH"] = "1700000000"
    run(DUMP, folder)
    return [os.path.join(folder, name) for name in FILES]


def expected_means():
    slot, cell = np.meshgrid(np.arange(366), np.arange(12), indexing="ij")
    means = (250 + slot / 8 + cell).astype("f4")
    means[:, MISSING_CELL] = np.nan
    return means.reshape(366, 3, 4)


def check_xarray(path, counts):
    with xr.open_dataset(path) as data:
        assert data.tasmax.dims == ("dayofyear", "lat", "lon")
        assert data.tasmax.dtype == np.float32
        np.testing.assert_array_equal(data.tasmax.values, expected_means())
        np.testing.assert_array_equal(data.dayofyear.values, np.arange(1, 367))
        assert data.dayofyear.dtype == np.int32
        assert set(data.tasmax.coords) >= {"climatology_time", "target_year"}
        assert data.target_year == 1980
        assert ("tasmax_count" in data) == counts
        if counts:
            assert data.tasmax_count.dtype == np.int16
            assert set(np.unique(data.tasmax_count)) == {0, 28}
        np.testing.assert_array_equal(data.lat_bnds.values.mean(axis=1), data.lat.values)
        np.testing.assert_array_equal(data.lon_bnds.values.mean(axis=1), data.lon.values)
        assert data.lat.attrs["units"] == "degrees_north"
        assert data.lat.attrs["long_name"] == "Latitude of the cell"
        assert data.attrs["Conventions"].startswith("CF-1.")
        first, second = data.attrs["history"].split("\n")
        assert first.startswith("2023-11-14T22:13:20Z climnorm "), first
        assert second == "2020-01-01T00:00:00Z made by the model"


def check_time(path):
    with xr.open_dataset(path, decode_times=False) as data:
        time = data.climatology_time
        units, calendar = time.attrs["units"], time.attrs["calendar"]
        assert units == "days since 1951-01-01"
        bounds = data[time.attrs["climatology"]]
        assert (bounds.attrs["units"], bounds.attrs["calendar"]) == (units, calendar)
        for slot in range(366):
            years = [y for y in range(1951, 1981) if slot < 365 or cftime.is_leap_year(y, calendar)]
            start = [cftime.date2num(cftime.datetime(y, 1, 1, calendar=calendar), units, calendar)
                     + slot for y in (years[0], years[-1])]
            assert time.values[slot] == start[1] + 0.5, slot
            assert tuple(bounds.values[slot]) == (start[0], start[1] + 1), slot


def check_grammar(path):
    """CF 1.8, sections 7.3 and 7.4."""
    with xr.open_dataset(path) as data:
        methods = data.tasmax.attrs["cell_methods"]
    entry = (r"(\w+: )+[a-z_]+( where \w+( over \w+)?)?( (over|within) (days|years))?"
             r"( \([^()]*\))?")
    assert re.fullmatch(rf"{entry}( {entry})*", methods), methods
    assert re.search(r"time: maximum within days.* time: mean over years$", methods)


def check_storage(path, deflated):
    header = run("ncdump", "-hs", path)
    assert "tasmax:_ChunkSizes = 100, 3, 4" in header
    assert ("tasmax:_DeflateLevel = 1" in header) == deflated
    assert ('tasmax:_Shuffle = "true"' in header) == deflated
    assert 'tasmax:_Endianness = "little"' in header
    names = re.findall(r"^\t(?:int|double|float|short) (\w+)", header, re.M)
    assert names[0] == "dayofyear" and names.index("climatology_time") < names.index("tasmax"), names
    with netCDF4.Dataset(path, "a"):  # a file that users can edit
        pass
    assert "scale_factor" not in header and "tracking_id" not in header


def check_cdo_and_nco(path):
    assert "tasmax" in run("cdo", "-s", "sinfon", path)
    assert "lonlat" in run("cdo", "-s", "griddes", path)
    lines = run("cdo", "-s", "outputf,%.9g,1", "-selname,tasmax", path).splitlines()
    values = np.array([v for v in lines if "TIMEUNIT" not in v], "f4")  # CDO knows no day of year
    means = expected_means()
    means[np.isnan(means)] = 1e20
    np.testing.assert_array_equal(values, means.ravel())
    assert "tasmax" in run("ncks", "-m", path)


def check_privacy(path):
    with open(path, "rb") as file:
        content = file.read()
    for secret in (socket.gethostname(), os.path.dirname(path), "/data/somewhere"):
        assert secret.encode() not in content, secret


def check_full_disk(folder):
    """A limit on file size stops writes as a full disk does: at metadata, chunks or their index.
    The reason must reach the message, nothing may be left, and the process must end in order."""
    size = os.path.getsize(dump(folder)[0])
    os.remove(os.path.join(folder, FILES[0]))
    for limit in range(0, size, 7000):
        result = subprocess.run(
            [DUMP, folder], capture_output=True, text=True, restore_signals=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})  # HDF5's, after such a failure
        assert result.returncode == 1, (limit, result)
        assert "File too large" in result.stderr, (limit, result.stderr)
        assert sorted(os.listdir(folder)) == [".climnorm.lock", "plain"]


with tempfile.TemporaryDirectory() as top:
    check_full_disk(os.path.join(top, "full"))
    one = dump(os.path.join(top, "one"))
    time.sleep(1.1)  # neither the clock nor what memory held before may show
    os.environ["MALLOC_PERTURB_"] = "165"
    two = dump(os.path.join(top, "two"))
    del os.environ["MALLOC_PERTURB_"]
    umask = os.umask(0)
    os.umask(umask)
    for path, again in zip(one, two):
        assert filecmp.cmp(path, again, shallow=False), path
        assert os.stat(path).st_mode & 0o777 == 0o666 & ~umask
        check_xarray(path, counts=path == one[0])
        check_time(path)
        check_grammar(path)
        check_storage(path, deflated=path == one[0])
        check_cdo_and_nco(path)
        check_privacy(path)
print("ok")
