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


DAYS = "time: maximum within days time: "
RAIN = "time: mean within days time: "
BASE = "difference from 1941-1970"
HEAT = "Daily Maximum Near-Surface Air Temperature"

# Product: variable, unit, standard name, cell methods, title, steps, and other attributes.
PRODUCTS = {
    "months": ("tasmax", "K", "air_temperature",
               DAYS + "mean over days time: mean over years (area mean)", "monthly mean of tasmax", 12, {}),
    "seasons": ("seasons", "degF", "air_temperature",
                DAYS + "mean over days time: mean over years (area mean)", "seasonal mean of tasmax", 4, {}),
    "year": ("tasmax", "K", "air_temperature",
             DAYS + "mean over days time: standard_deviation over years (area mean)",
             "standard deviation of yearly means of tasmax", 1, {}),
    "month_p90": ("tasmax", "K", "air_temperature",
                  DAYS + "mean over days (90th percentile over years, area mean)",
                  "90th percentile of monthly means of tasmax", 12, {}),
    "rx1day": ("rx1day", "mm d-1", "lwe_precipitation_rate",
               RAIN + "maximum over days time: mean over years (area mean)",
               "mean of yearly maxima of pr", 1, {"long_name": "Precipitation"}),
    "hot-days": ("hot_days", "1", "number_of_days_with_air_temperature_above_threshold",
                 DAYS + "sum over days time: mean over years (area mean)",
                 "mean number of days per year with tasmax > 90 degF", 1,
                 {"long_name": f"number of days with {HEAT} > 90 degF"}),
    "cold_sd": ("cold_sd", "1", "number_of_days_with_air_temperature_below_threshold",
                DAYS + "sum over days time: standard_deviation over years (area mean)",
                "standard deviation of the number of days per month with tasmax <= 0 degC", 12, {}),
    "wet": ("wet", "1", None, RAIN + "sum over days time: mean over years (area mean)",
            "mean number of days per season with pr >= 1 mm d-1", 4, {}),
    "30_hot": ("tasmax_30_hot", "1", "number_of_days_with_air_temperature_above_threshold",
               "area: mean " + DAYS + "sum over days time: mean over years",
               "mean number of days with tasmax > 90 degF", 366, {}),
    "time": ("tasmax_time", "1", "number_of_days_with_air_temperature_above_threshold",
             DAYS + "sum over days time: mean over years (area mean)",
             "mean number of days with tasmax > 90 degF", 366, {}),
    "growing": ("growing", "K d", "integral_wrt_time_of_air_temperature_excess",
                DAYS + "sum over days time: mean over years (area mean)",
                "mean of yearly sums of the excess of tasmax over 50 degF", 1,
                {"units_metadata": "temperature: difference"}),
    "heating": ("heating", "degF d", "integral_wrt_time_of_air_temperature_deficit",
                DAYS + "sum over days time: mean over years (area mean)",
                "mean of monthly sums of the deficit of tasmax under 291.5 K", 12,
                {"units_metadata": "temperature: difference"}),
    "rain": ("rain", "mm", "lwe_thickness_of_precipitation_amount",
             RAIN + "sum over days time: mean over years (area mean)", "mean of seasonal sums of pr", 4,
             {"long_name": "sum of Precipitation"}),
    "water": ("water", "kg m-2 s-1 d", "precipitation_amount",
              RAIN + "sum over days time: mean over years (area mean)", "mean of monthly sums of pr", 12, {}),
    "warming": ("tasmax", "K", "air_temperature_anomaly",
                DAYS + f"mean over days time: mean over years ({BASE}, area mean)",
                "seasonal mean of tasmax", 4, {"long_name": f"{HEAT}, {BASE}"}),
    "warming_F": ("warming_F", "degF", None,
                  f"area: mean time: maximum within days time: median over years ({BASE})",
                  "daily median of tasmax", 366, {"units_metadata": "temperature: difference"}),
    "wetter": ("wetter", "1", None,
               RAIN + "sum over days time: mean over years (ratio to 1941-1970, area mean)",
               "mean of yearly sums of pr", 1, {"long_name": "sum of Precipitation, ratio to 1941-1970"}),
    "celsius": ("celsius", "degC", "air_temperature",
                "area: mean time: maximum within days time: mean over years",
                "daily normal of tasmax", 366, {}),
    "stacked": ("tasmax", "K", "air_temperature",
                DAYS + "mean over days time: mean over years (area mean)", "monthly mean of tasmax", 12, {}),
    "stacked_days": ("stacked_days", "1", "number_of_days_with_air_temperature_below_threshold",
                     DAYS + "sum over days time: mean over years (area mean)",
                     "mean number of days per year with tasmax < 0 degC", 1, {}),
}
THRESHOLDS = {"hot-days": (90, "degF", "air_temperature"), "cold_sd": (0, "degC", "air_temperature"),
              "wet": (1, "mm d-1", "lwe_precipitation_rate"), "30_hot": (90, "degF", "air_temperature"),
              "time": (90, "degF", "air_temperature"), "growing": (50, "degF", "air_temperature_threshold"),
              "heating": (291.5, "K", "air_temperature_threshold"),
              "stacked_days": (0, "degC", "air_temperature")}
RESOLUTIONS = {366: "P1D", 12: "P1M", 4: "P3M", 1: "P1Y"}
FIRST_MONTH = {12: 1, 4: 0, 1: 1}  # 0: December before


def first_of(year, month):
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return cftime.date2num(cftime.datetime(year, month, 1), "days since 1951-01-01", "standard")


def check_group_times(data, steps):
    """Middle of the group in 1980; from its start in 1951 to its end in 1980."""
    shift = first_of(1850, 1) if "1850" in data.time.attrs["units"] else 0
    months = 12 // steps
    for step in range(steps):
        begin = FIRST_MONTH[steps] + step * months
        middle = (first_of(1980, begin) + first_of(1980, begin + months)) / 2
        assert data.time.values[step] == middle - shift, (steps, step)
        assert tuple(data.climatology_bnds.values[step]) == (
            first_of(1951, begin) - shift, first_of(1980, begin + months) - shift), (steps, step)
    assert data.time.attrs["climatology"] == "climatology_bnds" and "dayofyear" not in data
    starts = "1950-12-01" if steps == 4 else "1951-01-01"
    assert data.attrs["time_coverage_start"].startswith(starts)


def check_product(path, name):
    variable, unit, standard_name, methods, title, steps, others = PRODUCTS[name]
    with xr.open_dataset(path, decode_times=False) as data:
        field = data[variable]
        assert field.attrs["units"] == unit, name
        assert field.attrs.get("standard_name") == standard_name, name
        assert field.attrs["cell_methods"] == methods, (name, field.attrs["cell_methods"])
        for key, value in others.items():
            assert field.attrs[key] == value, (name, key, field.attrs[key])
        change = ", " + methods.split("(")[-1].split(",")[0].rstrip(")") if "1941" in methods else ""
        assert data.attrs["title"] == f"30-year {title}, 1951-1980{change}, A box", data.attrs["title"]
        assert data.attrs.get("baseline_years") == ("1941-1970" if change else None)
        assert ("number_of_baseline_years" in data.attrs) == bool(change)
        assert data.attrs["time_coverage_resolution"] == RESOLUTIONS[steps]
        assert field.shape[-3:] == (steps, 3, 4) and f"{variable}_count" in data
        assert ("threshold" in data) == (name in THRESHOLDS)
        if name in THRESHOLDS:
            threshold = field.coords["threshold"]
            assert (threshold.item(), threshold.attrs["units"],
                    threshold.attrs["standard_name"]) == THRESHOLDS[name]
        if steps < 366:
            check_group_times(data, steps)
    check_product_tools(path, variable, steps)


def check_product_tools(path, variable, steps):
    for decode_timedelta in (False, True):
        with xr.open_dataset(path, decode_timedelta=decode_timedelta) as data:
            assert data[variable].dtype == np.float32
            expected = expected_means()[:steps]
            np.testing.assert_array_equal(data[variable].values.reshape(expected.shape), expected)
            if steps < 366:
                assert (data.time.dt.year == 1980).all()
    if steps < 366 and "stacked" not in path:  # of those CDO goes along the target years
        lines = run("cdo", "-s", "outputtab,date,value", f"-selname,{variable}", path).splitlines()
        dates = {line.split()[0] for line in lines if not line.startswith("#")}
        assert len(dates) == steps and all(date.startswith("1980-") for date in dates), lines[:3]


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
    run(DUMP, top, "--products")
    assert {f[:-3] for f in os.listdir(top) if f.endswith(".nc")} == set(PRODUCTS)
    for product in PRODUCTS:
        check_product(os.path.join(top, product + ".nc"), product)
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
