"""What users do with the files, in the tools that they do it with: the checkers of CF and ACDD,
xarray, CDO, NCO, ncdump, GDAL and R's terra, in every layout and axis. The commands of users are those
of docs/use.md. The numbers are compared with numpy's, from values read without any decoding.
"""
import contextlib
import glob
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import cftime
import netCDF4
import numpy as np
import xarray

import trees
from build import BIN, REAL, ROOT, driver
from climnorm_case import Case, TestCase, main, read
from test_grids import GRIDS

TOOLS = os.path.join(ROOT, ".tools")
USE = os.path.join(ROOT, "docs", "use.md")
TO_INSTALL = "; .ci/install --tests installs it"
YEARS = (2014, 2015, 2016)
CALENDARS = ("noleap", "standard")
KINDS = tuple(itertools.product(("single", "stacked"), ("dayofyear", "time")))
DESKS = tuple(itertools.product(CALENDARS, ("dayofyear", "time")))

STATISTICS = [{"name": "sd", "over": "std"}, {"name": "middle", "over": "median"},
              {"name": "high", "over": "max"}, {"name": "p90", "over": "p90", "pool": 3},
              {"name": "seasons", "time": "season", "units": "degF"},
              {"name": "warm_days", "time": "month", "within": "count_gt", "threshold": "10 degC"},
              {"name": "growing", "time": "year", "within": "excess", "threshold": "5 degC"}]

# What ACDD recommends and only who publishes files knows, or what does not apply to them.
UNKNOWN = {f"{who}_{what}" for who in ("creator", "publisher") for what in ("name", "email", "url")}
UNKNOWN |= {"naming_authority", "acknowledgment/acknowledgement", "geospatial_vertical_min",
            "geospatial_vertical_max", "geospatial_vertical_positive", "geospatial_bounds_crs",
            "geospatial_bounds_vertical_crs"}

cases = {}


def kind_of(layout, axis, counts=True):
    return f"{layout}-{axis}" + ("" if counts else "-without")


def run_kinds(case, first, last, *options, counts=(True,), front=""):
    """Makes the normals of a case in every layout and axis: output/KIND/VARIABLE[_YEAR].nc.
    front: what stands before VARIABLE."""
    case.periods(first, last)
    for (layout, axis), has_counts in itertools.product(KINDS, counts):
        name = front + ("{variable}_{year}" if layout == "single" else "{variable}")
        result = case.run(
            "--set", f"output.layout={layout}", "--set", f"output.axis={axis}", "--set",
            f"output.pattern={kind_of(layout, axis, has_counts)}/{name}.nc", "--set",
            f"output.counts={str(has_counts).lower()}", "--set",
            f"normals.leap_day={'month_day' if axis == 'time' else 'dayofyear'}", *options)
        assert result.code == 0, result.said


def setUpModule():
    for tool in ("cdo", "ncks", "ncdump"):
        if not shutil.which(tool):
            raise unittest.SkipTest(tool + " is missing" + TO_INSTALL)
    for calendar in CALENDARS:
        case = cases[calendar] = Case(input={"model": "M"}, scenarios=["ssp245"], variables=["tas"])
        unittest.addModuleCleanup(case.close)
        subprocess.run([BIN, "synth", case.data, "--years", "2012-2016", "--grid", "4x5", "--model", "M",
                        "--variables", "tas", "--calendar", calendar], check=True, stdout=subprocess.PIPE)
        run_kinds(case, YEARS[0], YEARS[-1], counts=(True, False))
        inputs = glob.glob(os.path.join(case.data, "**", "tas_*.nc"), recursive=True)
        inputs = [path for path in inputs if int(re.search(r"(\d{4})\D*$", path)[1]) in YEARS]
        run("cdo", "-s", "mergetime", *sorted(inputs, key=os.path.basename), case.dir + "/daily.nc")


def run(*command, folder=None):
    """What a command prints. The modules of these tests are not those of the tool."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment,
                          timeout=120)
    assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stderr + done.stdout


def mean(values, axis):
    """Of what is not missing."""
    return np.ma.masked_invalid(values).mean(axis, dtype="f8").filled(np.nan)


def recipe(name):
    """The commands of docs/use.md that a comment names."""
    with open(USE, encoding="utf-8") as file:
        found = re.search(rf"<!-- command: {name} -->\n```\w+\n(.*?)```\n", file.read(), re.S)
    assert found, f"docs/use.md has no command {name}"
    return found[1]


class Desk:
    """A folder with the files that docs/use.md speaks of, of one calendar and axis."""

    def __init__(self, test, calendar, axis):
        self.case, self.axis, self.calendar = cases[calendar], axis, calendar
        self.folder = tempfile.mkdtemp(dir=self.case.dir)
        os.mkdir(self.path("normals"))
        self.link(self.case.dir + "/daily.nc", "daily.nc")
        self.link(self.output("stacked"), "stacked.nc")
        self.link(self.output("single", YEARS[-1]), "normal.nc")
        for year in YEARS:
            self.link(self.output("single", year), f"normals/tas_{year}.nc")
        test.addCleanup(shutil.rmtree, self.folder)

    def output(self, layout, year=None):
        name = "tas.nc" if year is None else f"tas_{year}.nc"
        return os.path.join(self.case.out, kind_of(layout, self.axis), name)

    def path(self, name):
        return os.path.join(self.folder, name)

    def link(self, target, name):
        os.symlink(target, self.path(name))

    def sh(self, name):
        return run("bash", "-euc", recipe(name), folder=self.folder)

    def python(self, name):
        """The names that a recipe leaves, and what it prints."""
        names, said, here = {}, io.StringIO(), os.getcwd()
        os.chdir(self.folder)
        try:
            with contextlib.redirect_stdout(said):
                exec(compile(recipe(name), USE, "exec"), names)
        finally:
            os.chdir(here)
        return names, said.getvalue()

    def values(self, name):
        return read(self.path(name), "tas")["values"]

    def slots(self, dates):
        """The place of each date in the normal: the slots of the axis' leap-day rule."""
        by_date = self.axis == "time" and self.calendar != "noleap"
        year = [d.replace(year=2016) if by_date else d for d in dates]
        return np.array([d.dayofyr - 1 for d in year])

    def anomaly(self, normal):
        """numpy's anomalies of the daily data."""
        with netCDF4.Dataset(self.path("daily.nc")) as nc:
            time = nc.variables["time"]
            dates = cftime.num2date(time[:], time.units, time.calendar)
        return self.values("daily.nc") - normal[self.slots(dates)]

    def months(self):
        """The month of each step of an axis with dates."""
        with netCDF4.Dataset(self.path("normal.nc")) as nc:
            time = nc.variables["time"]
            return np.array([d.month for d in cftime.num2date(time[:], time.units, time.calendar)])


class ToolTest(TestCase):
    def same(self, got, want, tolerance=1e-4):
        self.assertTrue(np.isfinite(want).any())
        np.testing.assert_allclose(got, want, rtol=0, atol=tolerance)

    @contextlib.contextmanager
    def desk(self, calendar, axis):
        with self.subTest(calendar=calendar, axis=axis):
            yield Desk(self, calendar, axis)


class Documents(unittest.TestCase):
    def test_the_page_of_the_files_names_what_they_have(self):
        with open(os.path.join(ROOT, "docs", "output.md"), encoding="utf-8") as file:
            page = file.read()
        missing = set()
        for path in cases["standard"].normals().values():
            with netCDF4.Dataset(path) as nc:
                names = [name.replace("tas", "VAR") for name in nc.variables]
                names += [name for name in nc.ncattrs() if not name.startswith("geospatial_")]
                missing |= {name for name in names if not re.search(rf"`{name}[`(]", page)}
        self.assertEqual(missing, set())

    def test_every_command_of_the_page_is_run(self):
        with open(USE, encoding="utf-8") as file:
            page = file.read()
        names = re.findall(r"<!-- command: (\S+) -->", page)
        self.assertEqual(page.count("\n```") / 2, len(names))
        with open(__file__, encoding="utf-8") as file:
            own = file.read()
        self.assertEqual([n for n in names if f'sh("{n}")' not in own and f'python("{n}")' not in own
                          and f'recipe("{n}")' not in own], [])


ODD = {
    "cell_methods": "model: mean area: time: maximum (interval: 15 minutes) height: point",
    "standard_name": "air_temperature", "long_name": " ", "comment": 5, "references": "",
    "axis": "T", "calendar": "noleap", "leap_month": 2, "compress": "lat lon", "positive": "up",
    "flag_values": np.array([0, 1], "i4"), "flag_meanings": "a b", "cf_role": "timeseries_id",
    "sample_dimension": "obs", "geometry": "shapes", "computed_standard_name": "altitude",
    "formula_terms": "a: b", "cell_measures": "area: areacella", "grid_mapping": "elsewhere"}


def odd_tree(case):
    """Files with what no output may repeat, or only in other words: the checkers refuse it."""
    for year in (2012, 2013, 2014):
        trees.year_file(case.data, "tasmax", year, attributes=ODD, globals_={
            "institution": "I", "external_variables": "areacella", "references": " "})


def station_tree(case):
    """Stations, with what the checkers want of any source."""
    GRIDS["OBS"].write(case.data)
    for path in glob.glob(case.data + "/OBS/*.nc"):
        with netCDF4.Dataset(path, "a") as nc:
            nc.institution = "I"
            for variable in nc.variables.values():
                variable.long_name = variable.name


def real_cases():
    """The files of CLIMNORM_REAL_DATA whose variables have no levels."""
    if not REAL:
        return
    for folder, first, last, config in (
            ("canesm2", 2006, 2007, {"input": {"model": "CanESM2"}, "scenarios": ["rcp85"],
                                     "variables": ["pr", "tasmax"]}),
            ("cmip6", 2002, 2002, {"variables": ["prsn"]})):
        root = {"root": os.path.join(REAL, folder)}
        yield Case(**{**config, "input": {**config.get("input", {}), **root}}), first, last


@unittest.skipUnless(os.path.exists(TOOLS + "/bin/cfchecks"), "cfchecks is missing" + TO_INSTALL)
class Conventions(unittest.TestCase):
    """One call of each checker for all files: starting takes it longer than a file."""

    @classmethod
    def setUpClass(cls):
        cls.files = [path for case in cases.values() for path in case.normals().values()
                     if f"_{YEARS[0]}" not in path and f"_{YEARS[2]}" not in path]
        odd = Case(variables=["tasmax"])
        odd_tree(odd)
        stations = Case(variables=["tas"])
        station_tree(stations)
        real = list(real_cases())
        statistics = Case(variables=["tas"], products=STATISTICS)
        cls.addClassCleanup(statistics.close)
        os.rmdir(statistics.data)
        os.symlink(cases["noleap"].data, statistics.data)
        run_kinds(statistics, 2014, 2014, front="{product}_")
        cls.files += statistics.normals().values()
        products = os.path.join(statistics.dir, "products")  # made without the engine
        os.mkdir(products)
        run(driver("sink_dump"), products, "--products")
        cls.files += glob.glob(products + "/*.nc")
        cls.real = tuple(case.dir for case, _, _ in real)
        for case, first, last in ((odd, 2014, 2014), (stations, 2004, 2004), *real):
            cls.addClassCleanup(case.close)
            run_kinds(case, first, last)
            cls.files += [path for kind, path in case.normals().items()
                          # IOOS wants other dimensions than T, Z, Y, X to the left of them
                          if case is not stations or not kind.startswith("stacked-time")]

    def table(self, name, element, *entries):
        """A table of CF that comes in no package; only its names are looked up."""
        path = os.path.join(cases["noleap"].dir, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"<{element}><version_number>0</version_number><date>2000-01-01T00:00:00Z</date>")
            file.writelines(f'<entry id="{entry}"/>' for entry in entries)
            file.write(f"</{element}>")
        return path

    def test_cfchecker_has_nothing_to_say(self):
        names = glob.glob(TOOLS + "/lib/*/site-packages/compliance_checker/data/cf-standard-name-table.xml")
        said = run(TOOLS + "/bin/cfchecks", "-s", names[0],
                   "-a", self.table("area-types.xml", "area_type_table", "land", "sea"),
                   "-r", self.table("regions.xml", "standardized_region_list", "global"), *self.files)
        self.assertEqual(re.findall(r"^(?:ERROR|WARN)\b.*", said, re.M), [])
        self.assertEqual(said.count("ERRORS detected: 0"), len(self.files), said)

    def test_ioos_misses_only_what_the_program_cannot_know(self):
        out = os.path.join(cases["noleap"].dir, "ioos.json")
        done = subprocess.run([TOOLS + "/bin/compliance-checker", "--test=cf:1.8", "--test=acdd:1.3",
                               "-c", "strict", "-f", "json_new", "-o", out, *self.files],
                              capture_output=True, text=True,
                              env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"})
        self.assertNotIn("Error", done.stderr)
        self.assertNotIn("UserWarning", done.stderr)
        with open(out, encoding="utf-8") as file:
            found = json.load(file)
        self.assertEqual(len(found), len(self.files))
        for path, checks in found.items():
            with self.subTest(file=path):
                self.assertEqual(list(messages(checks["cf:1.8"], "high", "medium", "low")), [])
                allowed = set(UNKNOWN)
                with netCDF4.Dataset(path) as nc:
                    unnamed = [v for v in nc.variables.values() if "cell_methods" in v.ncattrs()
                               and "standard_name" not in v.ncattrs()]
                    self.assertEqual(list(messages(checks["acdd:1.3"], "high")),
                                     ["standard_name"] * len(unnamed))  # CF has none for them
                    if "climatology_time" in nc.variables and "target_year" in nc.dimensions:
                        allowed |= {"time_coverage_start", "time_coverage_end"}  # as the docs say
                    if "station" in nc.dimensions:
                        allowed.add("geospatial_bounds")  # their box says less than lat and lon
                    if not path.startswith(self.real):
                        allowed.add("project")  # no source says it
                # It wants the first and the last time, which are those of the target year.
                self.assertEqual(
                    {m for m in messages(checks["acdd:1.3"], "medium")
                     if not m.startswith("Date time mismatch between time_coverage_")}
                    - {f"{name} not present" for name in allowed}, set())


def messages(check, *levels):
    """What made a checker give less than all points."""
    def walk(results):
        for result in results:
            if result["children"]:
                yield from walk(result["children"])
            elif result["value"][0] < result["value"][1]:
                yield from result["msgs"] or [result["name"]]

    for level in levels:
        yield from walk(check[f"{level}_priorities"])


class Months(ToolTest):
    def test_anomalies(self):
        for calendar in CALENDARS:
            with self.desk(calendar, "dayofyear") as desk, \
                    Case(input={"model": "M"}, scenarios=["ssp245"], variables=["tas"],
                         products=[{"name": "months", "time": "month"}]) as months:
                os.rmdir(months.data)
                os.symlink(cases[calendar].data, months.data)
                months.periods(YEARS[-1], YEARS[-1])
                self.exits(months.run("--set", "output.pattern=monthly.nc"), 0)
                desk.link(months.out + "/monthly.nc", "monthly.nc")
                with xarray.open_dataset(desk.path("daily.nc")) as daily:
                    month = np.array([(t.dt.year - YEARS[0]) * 12 + t.dt.month - 1 for t in daily.time])
                want = np.array([mean(desk.values("daily.nc")[month == k], 0) for k in range(36)])
                want -= np.tile(desk.values("monthly.nc"), (3, 1, 1))
                self.same(desk.python("xarray-monthly")[0]["anomaly"].values, want)
                desk.sh("cdo-monthly")
                self.same(desk.values("anomaly.nc"), want)


class Xarray(ToolTest):
    def test_anomalies(self):
        for calendar, axis in DESKS:
            with self.desk(calendar, axis) as desk:
                names, _ = desk.python("xarray") if desk.axis == "dayofyear" else desk.python("xarray-time")
                want = desk.anomaly(desk.values("normal.nc"))
                if desk.axis == "time" and desk.calendar == "standard":
                    # xarray counts days of the year, these slots are dates: right in leap years alone
                    leap = names["daily"].time.dt.year.values == 2016
                    names["anomaly"], want = names["anomaly"][leap], want[leap]
                self.same(names["anomaly"].values, want)

    def test_longitudes_are_brought_into_the_range_of_a_box(self):
        with self.desk("noleap", "dayofyear") as desk:
            daily = desk.python("xarray-longitudes")[0]["daily"]
            with xarray.open_dataset(desk.path("daily.nc")) as source:
                np.testing.assert_array_equal(daily.lon, sorted((source.lon.values + 180) % 360 - 180))
                for lon in source.lon.values:
                    np.testing.assert_array_equal(daily.sel(lon=(lon + 180) % 360 - 180),
                                                  source.tas.sel(lon=lon))

    def test_a_stacked_file_is_its_single_files(self):
        for calendar, axis in DESKS:
            with self.desk(calendar, axis) as desk:
                with xarray.open_dataset(desk.path("stacked.nc")) as stacked:
                    for at, year in enumerate(YEARS):
                        with xarray.open_dataset(desk.path(f"normals/tas_{year}.nc")) as single:
                            one = stacked.sel(target_year=year)
                            for got in (one, stacked.isel(target_year=at)):
                                np.testing.assert_array_equal(got.tas.values, single.tas.values)
                                np.testing.assert_array_equal(got.tas_count.values, single.tas_count.values)
                            for name in ("source_years", "source_files", "source_versions", "scenario"):
                                self.assertEqual(one[name].item(), single.attrs[name])
                            self.assertEqual(one.missing_source_years.item(), "")
                            self.assertEqual(one.number_of_years, single.attrs["number_of_years"])
                            if desk.axis == "dayofyear":
                                for name in ("climatology_time", "climatology_bnds"):
                                    np.testing.assert_array_equal(one[name].values, single[name].values)
                if desk.axis == "dayofyear":
                    names, said = desk.python("xarray-stacked")
                    self.same(names["anomaly"].values, desk.anomaly(desk.values("normal.nc")))
                    self.assertEqual(said, "2014-2016\n")

    def test_many_files_as_one(self):
        for calendar in CALENDARS:
            with self.desk(calendar, "dayofyear") as desk:
                names, _ = desk.python("xarray-many")
                many = [names["normals"]]
                if calendar == "standard":
                    many.append(xarray.open_mfdataset(desk.path("normals/*.nc"), combine="nested",
                                                      concat_dim="target_year"))
                for normals in many:
                    self.assertEqual(normals.target_year.values.tolist(), list(YEARS))
                    np.testing.assert_array_equal(normals.tas.values, desk.values("stacked.nc"))
                    normals.close()


class CdoAndNco(ToolTest):
    def test_dates(self):
        for calendar in CALENDARS:
            with self.desk(calendar, "time") as desk:
                normal, months = desk.values("normal.nc"), desk.months()
                desk.sh("cdo")
                self.same(desk.values("anomaly.nc"), desk.anomaly(normal))
                os.unlink(desk.path("anomaly.nc"))
                desk.sh("cdo-one-year")
                self.same(desk.values("anomaly.nc"), desk.anomaly(normal))
                said = desk.sh("cdo-months")
                self.assertEqual(len(set(re.findall(r"2016-\d\d-\d\d", said))), len(normal))
                np.testing.assert_array_equal(desk.values("february.nc"), normal[months == 2])
                self.same(desk.values("months.nc"),
                          [normal[months == m].mean(axis=0, dtype="f8") for m in range(1, 13)])

    def test_common_years_have_dates_too(self):
        """2015 has 366 slots in the standard calendar: the dates are those of a leap year."""
        desk = Desk(self, "standard", "time")
        said = run("cdo", "-s", "-w", "showdate", desk.path("normals/tas_2015.nc"))
        self.assertEqual(len(set(re.findall(r"2012-\d\d-\d\d", said))), 366)

    def test_days_without_dates(self):
        for calendar in CALENDARS:
            with self.desk(calendar, "dayofyear") as desk:
                normal = desk.values("normal.nc")
                self.has_maxima(desk.sh("cdo-dayofyear"), normal)
                self.same(desk.values("box.nc").ravel(), self.weighted(desk, normal), 1e-3)

    def has_maxima(self, said, values):
        """infon has a row for each field of cells: … : minimum mean maximum : tas."""
        rows = re.findall(r"^ *\d+ : .* : +(\S+.*) : tas *$", said, re.M)
        want = np.ma.masked_invalid(values).max(axis=(-2, -1)).ravel()
        got = np.ma.masked_invalid([float(row.split()[-1]) for row in rows])
        self.assertEqual(got.shape, want.shape)
        np.testing.assert_array_equal(np.ma.getmaskarray(got), np.ma.getmaskarray(want))
        np.testing.assert_allclose(got.filled(0), want.filled(0), rtol=1e-3)

    def weighted(self, desk, normal):
        """Means of all cells by the areas that CDO gives them."""
        run("cdo", "-s", "gridarea", desk.path("normal.nc"), desk.path("area.nc"))
        with netCDF4.Dataset(desk.path("area.nc")) as nc:
            weights = np.where(np.isnan(normal), 0, nc.variables["cell_area"][:])
        return (np.nan_to_num(normal) * weights).sum(axis=(1, 2)) / weights.sum(axis=(1, 2))

    def test_stacked_files(self):
        for calendar, axis in DESKS:
            with self.desk(calendar, axis) as desk:
                self.has_maxima(desk.sh("cdo-stacked"), desk.values("stacked.nc"))
                desk.sh("nco-stacked")
                self.same(desk.values("mean.nc")[0], mean(desk.values("stacked.nc"), 0))

    def test_means_of_nco(self):
        for calendar, axis in DESKS:
            with self.desk(calendar, axis) as desk:
                desk.sh("nco-time") if desk.axis == "time" else desk.sh("nco-dayofyear")
                normal = desk.values("normal.nc")
                self.same(desk.values("year.nc").reshape(normal.shape[1:]), mean(normal, 0), 1e-3)
                self.same(desk.values("box.nc").ravel(), mean(normal, (1, 2)), 1e-3)

    def test_joined_and_classic_files(self):
        for calendar, axis in DESKS:
            with self.desk(calendar, axis) as desk:
                desk.sh("nco-classic")
                self.same(desk.values("classic.nc"), desk.values("normal.nc"))
                if desk.axis == "dayofyear":
                    desk.link(desk.output("stacked"), "later.nc")
                    desk.sh("nco-join")
                    stacked = desk.values("stacked.nc")
                    self.same(desk.values("joined.nc"), np.concatenate([stacked, stacked]))

    def test_bounds_as_dates(self):
        for calendar, axis in DESKS:
            with self.desk(calendar, axis) as desk:
                said = desk.sh("ncdump")
                self.assertRegex(said, r'climatology_bnds =\n +"2014-01-01", "2016-01-02"')


@unittest.skipUnless(shutil.which("gdalinfo"), "gdalinfo is missing" + TO_INSTALL)
class Gdal(ToolTest):
    def test_coordinate_system_and_bands(self):
        for calendar, axis in DESKS:
            with self.desk(calendar, axis) as desk:
                said = desk.sh("gdal")
                slots = len(desk.values("normal.nc"))
                self.check(desk, json.loads(said[said.index("{"):said.rindex("}") + 1]), slots)
                stacked = run("gdalinfo", "-json", f"NETCDF:{desk.path('stacked.nc')}:tas")
                self.check(desk, json.loads(stacked[stacked.index("{"):stacked.rindex("}") + 1]), 3 * slots)
                self.assertTrue(os.path.getsize(desk.path("first.tif")))

    def check(self, desk, info, bands):
        self.assertRegex(info["coordinateSystem"]["wkt"], r'^GEOGCRS\["WGS 84"')
        self.assertEqual(len(info["bands"]), bands)
        with netCDF4.Dataset(desk.path("normal.nc")) as nc:
            lat, lon = nc.variables["lat_bnds"][:], nc.variables["lon_bnds"][:]
        west, north = info["geoTransform"][0], info["geoTransform"][3]
        np.testing.assert_allclose((west % 360, north), (lon.min() % 360, lat.max()))
        np.testing.assert_allclose((info["geoTransform"][1], info["geoTransform"][5]),
                                   (lon[0, 1] - lon[0, 0], -abs(lat[0, 1] - lat[0, 0])))


def has_terra():
    return shutil.which("Rscript") and subprocess.run(
        ["Rscript", "-e", "library(terra)"], capture_output=True).returncode == 0


@unittest.skipUnless(has_terra(), "R's package terra is missing" + TO_INSTALL)
class Terra(ToolTest):
    def test_place_and_dates(self):
        """One call for all, because R takes seconds to load terra."""
        desks, script = [Desk(self, *row) for row in DESKS], ""
        for desk in desks:
            script += f'setwd("{desk.folder}")\n{recipe("terra")}'
            script += ('cat("\\n@", crs(normal, describe=TRUE)$name, as.vector(ext(normal)), nlyr(normal),'
                       ' as.character(time(normal)[60]), global(normal[[1]], "max", na.rm=TRUE)[1, 1],'
                       ' "\\n", sep="|")\n')
        found = re.findall(r"^@\|(.*)", run("Rscript", "-e", script), re.M)
        self.assertEqual(len(found), len(desks))
        for desk, row in zip(desks, found):
            with self.subTest(calendar=desk.calendar, axis=desk.axis):
                self.check(desk, row.split("|"))

    def check(self, desk, said):
        normal = desk.values("normal.nc")
        with netCDF4.Dataset(desk.path("normal.nc")) as nc:
            edges = (*range_of(nc.variables["lon_bnds"]), *range_of(nc.variables["lat_bnds"]))
        self.assertEqual(said[0], "WGS 84")
        np.testing.assert_allclose([float(v) for v in said[1:5]], edges)
        self.assertEqual(int(said[5]), len(normal))
        if desk.axis == "time":
            self.assertEqual(said[6][:10], "2016-02-29" if desk.calendar == "standard" else "2016-03-01")
        self.same(float(said[7]), np.nanmax(normal[0]), 1e-3)


def range_of(variable):
    return float(variable[:].min()), float(variable[:].max())


if __name__ == "__main__":
    main(is_whole=True)
