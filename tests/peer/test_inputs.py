"""The recipes of docs/inputs.md, each with its config as it stands, on small files of that form.
Values are judged by the oracle, which knows of a file only what the recipe is for."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import netCDF4
import numpy as np
import xarray

import oracle
import trees
from build import BIN, ROOT, main
from climnorm_case import read

RECIPES = dict(re.findall(r"^### ([^\n]+)\n.*?^```libconfig\n(.*?)^```\n",
                          pathlib.Path(ROOT, "docs/inputs.md").read_text("utf-8"), re.M | re.S))
CONUS_LAT, CONUS_LON = np.arange(49.5, 24, -5.0), np.arange(-124.5, -66, 10.0)
LAT, LON = np.arange(70.0, 20, -10), np.arange(0.0, 40, 8)


def days(calendar, *years):
    return [d for y in years for d in trees.dates_of_year(calendar, y)]


class Recipe(unittest.TestCase):
    """A folder with the config of a recipe. The windows are of three years."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = self.folder.name
        self.files = {}  # (variable, experiment) -> [(path, name inside)]

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def add(self, variable, path, in_file, dates, experiment="historical", kind="temp",
            calendar="standard", **options):
        shape = (len(options.get("lat", LAT)), len(options.get("lon", LON)))
        options = {"lat": LAT, "lon": LON, **options}
        raw = trees.values_like(kind, path, len(dates), shape)
        convert = options.pop("convert", None)
        full = trees.write(self.path(path), in_file, dates, convert(raw) if convert else raw,
                           calendar=calendar, **options)
        self.files.setdefault((variable, experiment), []).append((full, in_file))

    def start_recipe(self, name, targets):
        """Runs it."""
        with open(self.path("recipe.cfg"), "w") as f:
            f.write(RECIPES[name])
        done = subprocess.run([BIN, "run", "recipe.cfg", "-p", "none", "-s", "normals.window=3",
                               "-s", "normals.targets=" + ",".join(map(str, targets)), "-s",
                               "normals.min_years=3", "-s", "output.pattern={variable}/{year}.nc"],
                              cwd=self.root, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def run_recipe(self, name, targets, region="GLOBAL", scenario=None):
        """Runs it, and compares each variable's target years."""
        self.start_recipe(name, targets)
        variables = {variable for variable, _ in self.files}
        made = {os.path.relpath(os.path.join(folder, name), self.path("normals"))
                for folder, _, names in os.walk(self.path("normals")) for name in names
                if name.endswith(".nc")}
        self.assertEqual(made, {f"{v}/{t}.nc" for v in variables for t in targets})
        for variable in variables:
            line = oracle.Timeline([({"experiment": e}, oracle.SourceFile(*file))
                                    for e in ("historical", scenario)
                                    for file in self.files.get((variable, e), ())])
            box = None if region == "GLOBAL" else oracle.BUILT_IN[region]
            rows, columns, _ = oracle.cells_of(box, line.lat, line.lon)
            for target in targets:
                got = read(self.path("normals", variable, f"{target}.nc"), variable)["values"]
                exact = line.normal(target, 3, rows=rows, columns=columns)[0]
                distance = oracle.ulp_distance(got, exact)
                self.assertFalse((distance > 1 + 1e-6).any(), f"{variable} {target}")
                self.assertFalse(np.isnan(got).all())

    def test_gridmet(self):
        packed = {"lat": CONUS_LAT, "lon": CONUS_LON, "time_units": "days since 1900-01-01 00:00:00",
                  "calendar": "gregorian", "fill": 32767,
                  "names": {"time": "day", "lat": "lat", "lon": "lon"}, "hours": (0.0,)}
        for year in (2018, 2019, 2020):
            self.add("pr", f"gridmet/pr_{year}.nc", "precipitation_amount", days("standard", year),
                     units="mm", convert=lambda raw: (raw * 3).astype(np.uint16),
                     attributes={"scale_factor": 0.1, "add_offset": 0.0}, **packed)
            self.add("tasmax", f"gridmet/tmmx_{year}.nc", "air_temperature", days("standard", year),
                     convert=lambda raw: (raw * 10 - 2200).astype(np.uint16),
                     attributes={"scale_factor": 0.1, "add_offset": 220.0}, **packed)
        self.run_recipe("gridMET", [2020], region="CONUS")

    def test_era5(self):
        for year, month, day in days("standard", 2018, 2019, 2020):
            self.add("tas", f"era5/{year}/{month:02}/era5_2t_{year}{month:02}{day:02}.nc", "t2m",
                     [(year, month, day)], time_units="hours since 1900-01-01", time_type="i4",
                     names={"time": "time", "lat": "latitude", "lon": "longitude"})
        self.run_recipe("ERA5, a file a day", [2020])

    def test_era5_daily_statistics(self):
        """As the Climate Data Store converts them from GRIB."""
        for year in (2018, 2019, 2020):
            path = f"era5/2m_temperature_0_daily-mean_{year}.nc"
            dates = days("proleptic_gregorian", year)
            self.add("tas", path, "t2m", dates, calendar="proleptic_gregorian", hours=(0.0,),
                     time_units=f"days since {year}-01-01", time_type="i8", fill=np.nan,
                     names={"time": "valid_time", "lat": "latitude", "lon": "longitude"},
                     chunks=(183, 3, 3), attributes={"coordinates": "number expver",
                                                     "GRIB_paramId": np.int64(167)})
            with netCDF4.Dataset(self.path(path), "a") as nc:
                nc.createVariable("number", "i8", ()).setncatts({"units": "1",
                                                                 "standard_name": "realization"})
                nc.createVariable("expver", str, ("valid_time",))[:] = np.array(["0001"] * len(dates),
                                                                                object)
        self.run_recipe("ERA5, daily statistics", [2020])

    def test_stations(self):
        """Packed, with flags; one lies outside the region."""
        os.makedirs(self.path("stations"))
        raw = np.random.default_rng(4).integers(-200, 300, (5, 3 * 365)).astype("i2")
        raw[2, 50:60] = -9999
        with netCDF4.Dataset(self.path("stations/ghcnd_2001.nc"), "w") as nc:
            nc.featureType = "timeSeries"
            for name, size in (("station", 5), ("time", 3 * 365), ("length", 11)):
                nc.createDimension(name, size)
            time = nc.createVariable("time", "i4", ("time",))
            time.setncatts({"units": "days since 2001-01-01", "calendar": "noleap"})
            time[:] = np.arange(3 * 365)
            for name, units, place in (("lat", "degrees_north", 30 + np.arange(5)),
                                       ("lon", "degrees_east", [-100, -101, -102, -103, 10])):
                var = nc.createVariable(name, "f4", ("station",))
                var.units, var[:] = units, place
            names = nc.createVariable("station_name", "S1", ("station", "length"))
            names.cf_role = "timeseries_id"
            names[:] = netCDF4.stringtochar(np.array([f"USW{k:08}" for k in range(5)], "S11"))
            nc.createVariable("mflag", "S1", ("station", "time"))
            var = nc.createVariable("tmax", "i2", ("station", "time"), fill_value=-9999)
            var.set_auto_maskandscale(False)
            var.setncatts({"units": "degC", "scale_factor": 0.1,
                           "coordinates": "time lat lon station_name"})
            var[:] = raw
        self.start_recipe("Stations", [2003])
        values = np.where(raw == -9999, np.nan, raw * 0.1)[:4].reshape(4, 3, 365).astype("f4")
        with netCDF4.Dataset(self.path("normals/tasmax/2003.nc")) as nc:
            np.testing.assert_allclose(nc["tasmax"][:], np.nanmean(values.astype("f8"), axis=1).T,
                                       rtol=2e-7)
            self.assertEqual(nc["station_name"][:].tolist(),
                             [f"USW{k:08}" for k in range(4)])

    def test_e_obs(self):
        self.add("tas", "e-obs/tg_ens_mean_0.25deg_reg_v27.0e.nc", "tg",
                 days("standard", *range(1978, 1991)), units="Celsius", fill=-9999,
                 names={"time": "time", "lat": "latitude", "lon": "longitude"},
                 convert=trees.pack16(0.01, 280, fill=-9999), chunks=(10, 3, 3),
                 attributes={"scale_factor": 0.01, "add_offset": 0.0})
        self.run_recipe("E-OBS", [1980, 1990])

    def test_daymet(self):
        for year in (2008, 2009, 2010):
            dates = [d for d in days("standard", year) if year % 4 or d[1:] != (12, 31)]
            for short, variable in (("prcp", "pr"), ("tmax", "tasmax")):
                self.add(variable, f"daymet/{year}/daymet_v4_daily_na_{short}_{year}.nc", short,
                         dates, fill=-9999, units="mm" if short == "prcp" else "degrees C")
        self.run_recipe("Daymet", [2010])

    def test_loca2(self):
        for experiment, span, years in (("historical", "1950-2014", range(2008, 2015)),
                                        ("ssp245", "2015-2044", range(2015, 2021))):
            self.add("tasmax", f"loca2/ACCESS-CM2/{experiment}/tasmax.ACCESS-CM2.{experiment}.r1i1p1f1."
                     f"{span}.LOCA_16thdeg_v20220413.nc", "tasmax", days("standard", *years),
                     experiment=experiment, lat=CONUS_LAT[::-1], lon=CONUS_LON + 360)
        self.run_recipe("LOCA2", [2010, 2016, 2020], region="CONUS", scenario="ssp245")

    def test_cesm(self):
        for experiment, case, years in (("historical", "BHISTcmip6", range(2010, 2015)),
                                        ("ssp370", "BSSP370cmip6", range(2015, 2018))):
            name = (f"b.e21.{case}.f09_g17.LE2-1231.001.cam.h1.TREFHT."
                    f"{years[0]}0101-{years[-1]}1231.nc")
            dates = days("noleap", *years)
            # The same values, with the day's middle for the oracle, and its end for the program.
            self.add("tas", f"judge/{name}", "TREFHT", dates, experiment=experiment,
                     calendar="noleap")
            raw = trees.values_like("temp", f"judge/{name}", len(dates), (len(LAT), len(LON)))
            ends = trees.numbers(dates, "days since 1950-01-01", "noleap", (24.0,))
            trees.write(self.path("cesm2-le", name), "TREFHT", dates, raw, calendar="noleap",
                        lat=LAT, lon=LON, time_values=ends,
                        time_bounds=np.stack([ends - 1, ends], axis=1))
        self.run_recipe("CESM", [2014, 2016], scenario="ssp370")

    def add_slices(self, variable, path, in_file, dates, dim, slices, **options):
        """A file with another dimension. slices: coordinate, and a function that makes the values
        of each from those that the recipe reads."""
        self.add(variable, f"judge/{path}", in_file, dates, **options)
        with xarray.open_dataset(self.path("judge", path), decode_cf=False) as ds:
            parts = [ds[in_file].copy(data=make(ds[in_file].values)) for _, make in slices]
            index = xarray.DataArray([value for value, _ in slices], dims=dim, name=dim)
            joined = xarray.concat(parts, index).transpose("time", dim, ...)
            joined.attrs = ds[in_file].attrs
            os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
            ds.drop_vars(in_file).merge(joined.to_dataset(name=in_file)).to_netcdf(self.path(path))

    def test_era5_expver(self):
        fill = np.float32(1e20)
        for year in (2018, 2019, 2020):
            dates = days("standard", year)
            final = np.arange(len(dates))[:, None, None] < 300
            self.add_slices("tas", f"era5/era5_2t_{year}.nc", "t2m", dates, "expver",
                            [(1, lambda raw, final=final: np.where(final, raw, fill)),
                             (5, lambda raw, final=final: np.where(final, fill, raw))])
        self.run_recipe("ERA5 with preliminary months", [2020])

    def test_era5_levels(self):
        for year in (2018, 2019, 2020):
            name, dates = f"era5/era5_t_{year}.nc", days("standard", year)
            self.add("ta500", f"judge/500/{name}", "t", dates, convert=lambda raw: raw - 20)
            with netCDF4.Dataset(self.path("judge/500", name)) as nc:
                upper = nc["t"][:]
            self.add_slices("ta850", name, "t", dates, "level",
                            [(500, lambda _, upper=upper: upper), (850, lambda raw: raw),
                             (1000, lambda raw: raw + 9)])
        self.run_recipe("ERA5 on pressure levels", [2020])

    def test_cesm_members(self):
        self.add_slices("tas", "cesm2-le/TREFHT_2012-2014.nc", "TREFHT",
                        days("noleap", 2012, 2013, 2014), "member_id",
                        [("r10i1171p1f1", lambda raw: raw - 2), ("r10i1181p1f1", lambda raw: raw)],
                        calendar="noleap")
        self.run_recipe("CESM, members in one file", [2014])

    def test_joined(self):
        self.add("tas", "joined/tas_day_X_historical+rcp85_r1i1p1_19500101-21001231.nc", "tas",
                 days("standard", *range(2001, 2009)))
        self.run_recipe("Historical years and a scenario in one file", [2005, 2008])
        with netCDF4.Dataset(self.path("normals/tas/2005.nc")) as nc:
            self.assertEqual((nc.scenario, nc.period), ("historical", "historical"))
        with netCDF4.Dataset(self.path("normals/tas/2008.nc")) as nc:
            self.assertEqual(nc.scenario, "rcp85")

    def test_cordex(self):
        """A rotated pole, names and coordinates as in the CORDEX archive design document."""
        rng, values = np.random.default_rng(3), {}
        for experiment, span in (("historical", (2003, 2004, 2005)), ("rcp85", (2006, 2007))):
            dates = days("standard", *span)
            path = self.path(f"cordex/EUR-11/{experiment}/tas_EUR-11_MPI-M-MPI-ESM-LR_{experiment}_r1i1p1_"
                             f"GERICS-REMO2015_v1_day_{span[0]}0101-{span[-1]}1231.nc")
            os.makedirs(os.path.dirname(path))
            with netCDF4.Dataset(path, "w", format="NETCDF4_CLASSIC") as nc:
                for name, size in (("time", None), ("rlat", 3), ("rlon", 4), ("bnds", 2)):
                    nc.createDimension(name, size)
                number = nc.createVariable("time", "f8", ("time",))
                number.setncatts({"units": "days since 1949-12-01T00:00:00Z", "calendar": "standard",
                                  "bounds": "time_bnds", "standard_name": "time", "axis": "T"})
                middle = trees.numbers(dates, "days since 1949-12-01", "standard", (12.0,))
                number[:] = middle
                nc.createVariable("time_bnds", "f8", ("time", "bnds"))[:] = \
                    middle[:, None] + [-0.5, 0.5]
                for name, axis in (("rlat", "Y"), ("rlon", "X")):
                    var = nc.createVariable(name, "f8", (name,))
                    var.setncatts({"units": "degrees", "axis": axis, "standard_name": "grid_" + {
                        "rlat": "latitude", "rlon": "longitude"}[name]})
                    var[:] = np.arange(len(var)) * 0.11
                rows, columns = np.mgrid[0:3, 0:4]
                for name, units, place in (("lat", "degrees_north", 48 + rows + 0.1 * columns),
                                           ("lon", "degrees_east", 5 + columns - 0.1 * rows)):
                    var = nc.createVariable(name, "f8", ("rlat", "rlon"))
                    var.units, var[:] = units, place
                nc.createVariable("rotated_pole", "S1", ()).setncatts({
                    "grid_mapping_name": "rotated_latitude_longitude",
                    "grid_north_pole_latitude": 39.25, "grid_north_pole_longitude": -162.0})
                nc.createVariable("height", "f8", ())[...] = 2.0
                tas = nc.createVariable("tas", "f4", ("time", "rlat", "rlon"), fill_value=1e20,
                                        zlib=True)
                tas.setncatts({"units": "K", "standard_name": "air_temperature",
                               "cell_methods": "time: mean", "coordinates": "lon lat height",
                               "grid_mapping": "rotated_pole"})
                data = rng.normal(280, 9, (len(dates), 3, 4)).astype("f4")
                tas[:] = data
                for (year, month, day), one in zip(dates, data):
                    values[year, month, day] = one
        self.start_recipe("CORDEX", [2005, 2007])
        for target in (2005, 2007):
            with netCDF4.Dataset(self.path(f"normals/tas/{target}.nc")) as nc:
                exact = np.mean([values[year, 1, 15].astype("f8")
                                 for year in range(target - 2, target + 1)], axis=0)
                np.testing.assert_allclose(nc["tas"][14], exact, rtol=1e-7)
                self.assertEqual(nc["tas"].dimensions[1:], ("rlat", "rlon"))
                self.assertEqual(nc["rotated_pole"].grid_north_pole_latitude, 39.25)

    def write_texts(self, nc, name, dates):
        """Time of WRF and MPAS."""
        texts = [f"{y:04}-{m:02}-{d:02}_00:00:00".ljust(32) for y, m, d in dates]
        nc.createDimension("DateStrLen", 32)
        nc.createVariable(name, "S1", ("Time", "DateStrLen"))[:] = \
            netCDF4.stringtochar(np.array(texts, "S32"))

    def same_means(self, variable, target, values, dims):
        """values: of the days of three years, [year][day]..."""
        with netCDF4.Dataset(self.path(f"normals/{variable}/{target}.nc")) as nc:
            self.assertEqual(nc[variable].dimensions[1:], dims)
            np.testing.assert_allclose(nc[variable][:365], np.mean(np.array(values, "f8"), axis=0),
                                       rtol=1e-7)
            return {name: nc[name][...] for name in nc[variable].coordinates.split()}

    def write_wrf(self, year, step=0.0):
        """Names as in the WRF User's Guide; step: by which the cells move every day."""
        os.makedirs(self.path("wrf"), exist_ok=True)
        with netCDF4.Dataset(self.path(f"wrf/wrfxtrm_d01_{year}-01-01_00:00:00"), "w",
                             format="NETCDF3_64BIT_OFFSET") as nc:
            for name, size in (("Time", None), ("south_north", 3), ("west_east", 4)):
                nc.createDimension(name, size)
            self.write_texts(nc, "Times", days("noleap", year))
            rows, columns = np.mgrid[0:3, 0:4]
            moved = step * np.arange(365)[:, None, None]
            for name, units, place in (("XLAT", "degree_north", 48 + rows + 0.1 * columns),
                                       ("XLONG", "degree_east", 5 + columns - 0.1 * rows)):
                var = nc.createVariable(name, "f4", ("Time", "south_north", "west_east"))
                var.units, var[:] = units, place + moved
            var = nc.createVariable("T2MEAN", "f4", ("Time", "south_north", "west_east"))
            var.setncatts({"units": "K", "coordinates": "XLONG XLAT"})
            data = np.random.default_rng(year).normal(280, 9, (365, 3, 4)).astype("f4")
            var[:] = data
        return data

    def test_wrf(self):
        values = [self.write_wrf(year) for year in (2001, 2002, 2003)]
        self.start_recipe("WRF", [2003])
        places = self.same_means("tas", 2003, values, ("south_north", "west_east"))
        np.testing.assert_allclose(places["XLAT"][1, 2], 49.2, rtol=1e-6)
        self.write_wrf(2002, step=0.001)
        with self.assertRaisesRegex(AssertionError, "cells that move are not read"):
            self.start_recipe("WRF", [2003])

    def test_mpas(self):
        values = []
        for year in (2001, 2002, 2003):
            os.makedirs(self.path("mpas"), exist_ok=True)
            with netCDF4.Dataset(self.path(f"mpas/diag.{year}-01-01_00.00.00.nc"), "w",
                                 format="NETCDF3_64BIT_DATA") as nc:
                nc.config_calendar_type = "gregorian_noleap"
                for name, size in (("Time", None), ("nCells", 30)):
                    nc.createDimension(name, size)
                self.write_texts(nc, "xtime", days("noleap", year))
                for name, most in (("latCell", 1.5), ("lonCell", 6.2)):
                    nc.createVariable(name, "f8", ("nCells",))[:] = np.linspace(0, most, 30)
                var = nc.createVariable("t2m", "f4", ("Time", "nCells"))
                var.units = "K"
                values.append(np.random.default_rng(year).normal(280, 9, (365, 30)).astype("f4"))
                var[:] = values[-1]
        self.start_recipe("MPAS", [2003])
        places = self.same_means("tas", 2003, values, ("nCells",))
        np.testing.assert_allclose(places["latCell"], np.degrees(np.linspace(0, 1.5, 30)))

    def test_every_recipe_is_here(self):
        tested = pathlib.Path(__file__).read_text("utf-8")
        for name in RECIPES:
            self.assertRegex(tested, rf'(run|start)_recipe\("{re.escape(name)}"')


if __name__ == "__main__":
    main()
