"""Dimensions besides time and those of the grid: what input.select reads along them, against numpy
and xarray, in every storage; what it refuses; and the scalar coordinates that outputs have of them.
"""
import itertools
import json
import os
import re
import shutil

import netCDF4
import numpy as np
import xarray

import trees
from climnorm_case import Case, TestCase, main

YEARS, DAYS = range(2001, 2004), 365
LAT, LON = np.array([-45.0, 0.0, 45.0]), np.array([30.0, 120.0, 210.0, 300.0])
PLEV = np.array([100000.0, 85000.0, 50000.0, 1000.0])
CMIP = ("time", "plev", "lat", "lon")


def values_of(year, shape, seed=0, hours=1):
    """[time][other dimensions…][lat][lon], a hundredth missing."""
    rng = np.random.default_rng([seed, year])
    data = rng.normal(280, 9, (DAYS * hours, *shape, len(LAT), len(LON))).astype("f4")
    data[rng.random(data.shape) < 0.01] = np.nan
    return data


def add_coordinate(nc, name, values, kind):
    """The coordinate of a dimension: numbers of a type, "char", "string", or None: it has none."""
    if kind == "char":
        nc.createDimension(f"{name}_length", 12)
        var = nc.createVariable(name, "S1", (name, f"{name}_length"))
        var[:] = netCDF4.stringtochar(np.array(values, "S12"))
    elif kind:
        var = nc.createVariable(name, str if kind == "string" else kind, (name,))
        var[:] = np.array(values, object if kind == "string" else kind)
    if kind and name == "plev":
        var.setncatts({"units": "Pa", "standard_name": "air_pressure", "positive": "down",
                       "axis": "Z", "bounds": "plev_bnds"})


def write_year(root, year, data, others, *, dims=CMIP, chunks=None, form="NETCDF4", zlib=True,
               contiguous=False, unlimited=False, hours=1, pack=None, before=(), variable="ta"):
    """data: [time][others…][lat][lon]. others: {name: (values, kind)}. dims: of the file. before:
    variables along time that stand in front of this one."""
    os.makedirs(root, exist_ok=True)
    path = os.path.join(root, trees.name(variable, f"{year}0101-{year}1231"))
    with netCDF4.Dataset(path, "w", format=form) as nc:
        own = ["time", *others, "lat", "lon"]
        for name, size in zip(own, data.shape):
            nc.createDimension(name, None if unlimited and name == "time" else size)
        time = nc.createVariable("time", "f8", ("time",))
        time.setncatts({"units": "days since 2000-01-01", "calendar": "noleap",
                        "standard_name": "time"})
        for name in before:
            nc.createVariable(name, "i2", ("time",))
        for name, axis, units in (("lat", LAT, "degrees_north"), ("lon", LON, "degrees_east")):
            nc.createVariable(name, "f8", (name,))[:] = axis
            nc[name].units = units
        for name, (values, kind) in others.items():
            add_coordinate(nc, name, values, kind)
        storage = {}
        if form == "NETCDF4":
            storage = {"zlib": zlib and not contiguous, "contiguous": contiguous}
            if chunks and not contiguous:
                storage["chunksizes"] = [chunks[d] for d in dims]
        var = nc.createVariable(variable, "i2" if pack else "f4", dims,
                                fill_value=-32768 if pack else np.float32(1e20), **storage)
        var.setncatts({"units": "K", "standard_name": "air_temperature"})
        if pack:
            var.setncatts({"scale_factor": pack[0], "add_offset": pack[1]})
            raw = np.where(np.isnan(data), -32768, np.rint((data - pack[1]) / pack[0])).astype("i2")
        else:
            raw = np.where(np.isnan(data), np.float32(1e20), data).astype("f4")
        time[:] = (np.arange(DAYS * hours) // hours + (np.arange(DAYS * hours) % hours + 0.5) / hours
                   + DAYS * (year - 2000))
        var.set_auto_maskandscale(False)
        var[:] = raw.transpose([own.index(d) for d in dims])
    return path


def mean_of(years):
    """Of [year][day][lat][lon]."""
    years = np.stack(years).astype("f8")
    count = np.isfinite(years).sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (np.nansum(years, 0) / np.where(count, count, np.nan)).astype("f4")


class SelectCase(TestCase):
    def case(self, select=None, **config):
        config = {"input": {"root": "data", **({"select": select} if select else {})}, **config}
        case = Case(**config).periods(2003, 2003)
        self.addCleanup(case.close)
        return case

    def made(self, case, years, variable="ta", options=()):
        """Runs, and compares the normals with numpy."""
        self.exits(case.run(*options), 0)
        self.equal(case, years, variable)

    def equal(self, case, years, variable="ta"):
        with netCDF4.Dataset(case.path(variable, 2003)) as nc:
            got = np.ma.filled(nc[variable][:].astype("f4"), np.nan)
        np.testing.assert_allclose(got, mean_of(years), rtol=2e-7, equal_nan=True)

    def attributes(self, case, variable="ta"):
        with netCDF4.Dataset(case.path(variable, 2003)) as nc:
            return nc[variable].coordinates.split()


STORAGES = {
    "a level a chunk": dict(chunks={"time": 1, "plev": 1, "lat": 3, "lon": 4}),
    "levels in a chunk": dict(chunks={"time": 20, "plev": 3, "lat": 2, "lon": 3}),
    "all in a chunk": dict(chunks={"time": 365, "plev": 4, "lat": 3, "lon": 4}),
    "without filters": dict(chunks={"time": 7, "plev": 2, "lat": 3, "lon": 4}, zlib=False),
    "contiguous": dict(contiguous=True),
    "netCDF-3": dict(form="NETCDF3_CLASSIC"),
    "netCDF-3, records": dict(form="NETCDF3_64BIT_OFFSET", unlimited=True, before=("a", "b")),
    "packed": dict(chunks={"time": 30, "plev": 2, "lat": 3, "lon": 4}, pack=(0.01, 273.15)),
    "netCDF-C": dict(chunks={"time": 8, "plev": 3, "lat": 3, "lon": 4}, hours=2),
    "netCDF-C, contiguous": dict(contiguous=True, hours=2),
}
ORDERS = [CMIP, ("plev", "time", "lat", "lon"), ("time", "lat", "lon", "plev"),
          ("lon", "plev", "lat", "time"), ("time", "lat", "plev", "lon")]


def days_of(data, storage):
    """Values of days as they are read: unpacked, the mean of the instants that are there."""
    if "pack" in storage:
        scale, offset = storage["pack"]
        data = (np.rint((data - offset) / scale).astype("f8") * scale + offset).astype("f4")
    hours = storage.get("hours", 1)
    with np.errstate(invalid="ignore"):
        data = data.reshape(DAYS, hours, *data.shape[1:])
        count = np.isfinite(data).sum(1)
        return (np.nansum(data.astype("f8"), 1) / np.where(count, count, np.nan)).astype("f4")


class Values(SelectCase):
    def test_a_level_in_every_storage_and_order(self):
        rows = [(name, dims) for name, storage in STORAGES.items() for dims in ORDERS
                if not ("unlimited" in storage and dims[0] != "time")]
        for at, (name, dims) in enumerate(rows):
            with self.subTest(storage=name, dims=dims):
                storage, level = STORAGES[name], at % len(PLEV)
                case = self.case({"plev": float(PLEV[level])})
                years = []
                for year in YEARS:
                    data = values_of(year, (len(PLEV),), hours=storage.get("hours", 1))
                    write_year(case.data, year, data, {"plev": (PLEV, "f8")}, dims=dims, **storage)
                    years.append(days_of(data[:, level], storage))
                self.made(case, years)
                with netCDF4.Dataset(case.path("ta", 2003)) as nc:
                    self.assertEqual(nc["plev"][...], PLEV[level])

    def test_kinds_of_coordinates(self):
        names = ["r1i1p1f1", "r2i1p1f1", "r10i1p1f1"]
        rows = [(np.array([0, 1, 2]), "i4", 1, 1), (np.array([1001, 1011, 1021]), "i8", 1011, 1),
                (np.array([0.1, 0.2, 0.3]), "f4", 0.2, 1),
                (np.array([5, 2 ** 40, 7]), "u8", 2 ** 40, 1), (names, "char", "r10i1p1f1", 2),
                (names, "string", "r2i1p1f1", 1), (names, "string", "r1i1p1f1", 0),
                (names, None, 2, 2), (np.array([1, 2, 3]), "f4", "3", 2)]
        for values, kind, select, index in rows:
            with self.subTest(kind=kind, select=select):
                case = self.case({"member": select})
                years = []
                for year in YEARS:
                    data = values_of(year, (3,))
                    write_year(case.data, year, data, {"member": (values, kind)},
                               dims=("member", "time", "lat", "lon"))
                    years.append(data[:, index])
                self.made(case, years)
                with xarray.open_dataset(case.path("ta", 2003)) as ds:
                    self.assertNotEqual(kind and ds["member"].dtype, "int64")  # CF 1.8 has none
                    self.assertEqual("member" in ds["ta"].coords, bool(kind))
                    if kind:
                        got = ds["member"].item()
                        got = got.decode() if isinstance(got, bytes) else got
                        self.assertEqual(str(got) if isinstance(values, list) else round(got, 6),
                                         values[index])

    def test_texts_that_blanks_fill_and_numbers_that_zeros_fill(self):
        rows = [(["r1    ", "r10   "], "char", "r10"), (["r1 ", "r10 "], "string", "r10"),
                (["r1", "r10"], "string", "r10 "), (["0001", "0005"], "string", 5),
                (["0001", "0005"], "char", "0005"), (["all", "5"], "string", 5),
                (list("ab"), "letter", "b")]
        for values, kind, select in rows:
            with self.subTest(values=values, kind=kind, select=select):
                case, years = self.case({"m": select}), []
                for year in YEARS:
                    data = values_of(year, (2,))
                    path = write_year(case.data, year, data,
                                      {"m": (values, None if kind == "letter" else kind)},
                                      dims=("time", "m", "lat", "lon"))
                    if kind == "letter":
                        with netCDF4.Dataset(path, "a") as nc:
                            nc.createVariable("m", "S1", ("m",))[:] = np.array(values, "S1")
                    years.append(data[:, 1])
                self.made(case, years)
                with xarray.open_dataset(case.path("ta", 2003)) as ds:
                    self.assertEqual(np.array(ds["m"].item(), "S").item().decode().rstrip(),
                                     values[1].rstrip())

    def test_several_dimensions_as_xarray_selects_them(self):
        case = self.case({"plev": 50000, "number": 3})
        paths = [write_year(case.data, year, values_of(year, (4, 2)),
                            {"plev": (PLEV, "f8"), "number": ([1, 3], "i4")},
                            dims=("number", "time", "plev", "lat", "lon")) for year in YEARS]
        years = []
        for path in paths:
            with xarray.open_dataset(path) as ds:
                years.append(ds["ta"].sel(plev=5e4, method="nearest").sel(number=3)
                             .transpose("time", "lat", "lon").values)
        self.made(case, years)
        self.assertEqual(self.attributes(case)[-2:], ["plev", "number"])

    def test_one_value_needs_no_choice_but_may_have_one(self):
        for select in (None, {"plev": 85000.02}):
            case = self.case(select)
            years = [values_of(year, (1,)) for year in YEARS]
            for year, data in zip(YEARS, years):
                write_year(case.data, year, data, {"plev": ([85000.0], "f8")})
            self.made(case, [data[:, 0] for data in years])
            self.assertIn("plev", self.attributes(case))


class All(SelectCase):
    """Slices that complete each other."""

    def write(self, case, storage, dims=("time", "expver", "lat", "lon"), slices=3):
        years = []
        for year in YEARS:
            data = values_of(year, (slices,), hours=storage.get("hours", 1))
            rng = np.random.default_rng(year)
            data[rng.random(data.shape) < 0.4] = np.nan
            write_year(case.data, year, data, {"expver": (np.arange(slices) + 1, "i4")}, dims=dims,
                       **storage)
            best = data[:, -1]
            for k in range(slices - 1)[::-1]:
                best = np.where(np.isnan(data[:, k]), best, data[:, k])
            years.append(days_of(best, storage))
        return years

    def test_first_value_that_is_there(self):
        orders = [("time", "expver", "lat", "lon"), ("expver", "time", "lat", "lon"),
                  ("time", "lat", "lon", "expver"), ("lon", "expver", "lat", "time")]
        for name, dims in itertools.product(STORAGES, orders):
            storage = dict(STORAGES[name])
            if "unlimited" in storage and dims[0] != "time":
                continue
            if "chunks" in storage:
                storage["chunks"] = {"expver" if k == "plev" else k: min(n, 3) if k == "plev" else n
                                     for k, n in storage["chunks"].items()}
            with self.subTest(storage=name, dims=dims):
                case = self.case({"expver": "all"})
                self.made(case, self.write(case, storage, dims))
                self.assertNotIn("expver", self.attributes(case))

    def test_passes_and_threads_make_the_same_values(self):
        for name in ("a level a chunk", "levels in a chunk", "contiguous", "netCDF-C"):
            storage = dict(STORAGES[name])
            storage["chunks"] = {"time": 5, "expver": 2, "lat": 1, "lon": 4}
            case, results = self.case({"expver": "all"}, output={"root": "output", "counts": True}), []
            self.write(case, storage)
            for options in (("-t", "1"), ("-t", "2"), ("-s", "engine.memory=60kB", "-t", "2")):
                shutil.rmtree(case.out, ignore_errors=True)
                result = case.run(*options, env={"SOURCE_DATE_EPOCH": "1700000000"})
                self.exits(result, 0)
                with open(case.path("ta", 2003), "rb") as f:
                    results.append((f.read(), result.variable("ta")["passes"]))
            self.assertEqual(results[0][0], results[1][0])
            self.assertEqual(results[0][0], results[2][0])
            self.assertGreater(results[2][1], 1, name)

    def test_chunks_that_were_never_written(self):
        case, years = self.case({"expver": "all"}), []
        for year in YEARS:
            data = values_of(year, (2,))
            path = write_year(case.data, year, data, {"expver": ([1, 5], "i4")}, variable="old",
                              dims=("expver", "time", "lat", "lon"))
            with netCDF4.Dataset(path, "a") as nc:
                new = nc.createVariable("ta", "f4", ("expver", "time", "lat", "lon"),
                                        fill_value=np.nan, chunksizes=(1, 50, 3, 4))
                new.units = "K"
                new[0, :100] = data[:100, 0]
                new[1, 150:] = data[150:, 1]
            os.rename(path, path.replace("old_day", "ta_day"))
            data[100:, 0] = data[:150, 1] = np.nan
            years.append(np.where(np.isnan(data[:, 0]), data[:, 1], data[:, 0]))
        self.made(case, years)


class Refusals(SelectCase):
    def write(self, case, others=None, **storage):
        others = others or {"plev": (PLEV, "f8")}
        shape = [len(values) for values, _ in others.values()]
        for year in YEARS:
            write_year(case.data, year, values_of(year, shape), others,
                       dims=("time", *others, "lat", "lon"), **storage)

    def test_what_there_is_and_how_to_select_it(self):
        levels = np.arange(1, 13) * 1000.0
        rows = [({"plev": (PLEV, "f8")}, None, ["than time and those of the grid: plev of length 4",
                                                "input.select = { plev = 100000; }",
                                                "100000, 85000, 50000, 1000 Pa"]),
                ({"plev": (levels, "f4")}, None, ["9000, 10000 and 2 more Pa"]),
                ({"plev": (PLEV, "f8")}, {"plev": 80000},
                 ["plev = 80000, which the file does not have; the nearest of its 4 values are "
                  "85000 and 100000 Pa"]),
                ({"plev": (PLEV, "f8")}, {"plev": "high"}, ["no number", "85000, 50000"]),
                ({"m": (["r1", "r2"], "char")}, {"m": "r3"},
                 ['m = "r3", which the file does not have (did you mean "r1"?); its values are "r1", "r2"']),
                ({"m": (["r1", "r2"], "string")}, None, ['{ m = "r1"; }']),
                ({"m": (["r1", "r2"], "char"), "plev": (PLEV, "f8")}, None,
                 ["m of length 2, plev of length 4", '{ m = "r1"; plev = 100000; }',
                  'm has "r1", "r2"; plev has 100000, 85000, 50000, 1000 Pa']),
                ({"expver": ([1, 5], "i4")}, None, ['{ expver = "all"; }']),
                ({"m": ([0, 0], None)}, {"m": 2}, ["no index from 0 to 1"]),
                ({"m": ([0, 0], None)}, {"m": 0.5}, ["no index from 0 to 1"]),
                ({"m": ([0, 0], None)}, None, ["{ m = 0; }", "indices 0 to 1"]),
                ({"plev": (PLEV, "f8")}, {"time": 5, "plev": 1000}, ["the dimension of time"]),
                ({"plev": (PLEV, "f8")}, {"lat": 0, "plev": 1000}, ["a dimension of the grid"])]
        for others, select, words in rows:
            with self.subTest(select=select, words=words):
                case = self.case(select)
                self.write(case, others)
                result = case.run()
                self.exits(result, 2)
                for word in words:
                    self.assertIn(word, result.err)
                self.assertFalse(case.normals())

    def test_values_that_cannot_be_told_apart(self):
        for values, kind, select in (([1.0, 2, 2], "f8", 2), (["a", "b", "b "], "string", "b")):
            case = self.case({"m": select})
            self.write(case, {"m": (values, kind)})
            result = case.run()
            self.exits(result, 2)
            self.assertIn(f"has m = {select}, which its coordinate has twice, at index 1 and 2", result.err)
            self.assertIn("make the values of m different", result.err)

    def test_what_a_folder_needs_is_a_config_that_reads_it(self):
        text = 'x"; }; overlap = "scenario"; #\\'
        rows = [([text, "b"], "string", 0), (["", "b"], "string", 1), (["y" * 256, "b"], "string", 1),
                (["a\nb", "b"], "string", 1), (["all", "b"], "string", 1), (["c", "c", "b"], "string", 2),
                ([np.nan, 5], "f8", 1), ([np.inf, 5], "f8", 1), (["", ""], "string", 0)]
        for values, kind, index in rows:
            with self.subTest(values=values):
                case, years = self.case(), []
                for year in YEARS:
                    data = values_of(year, (len(values),))
                    path = write_year(case.data, year, data, {"m": (values, kind)},
                                      dims=("time", "m", "lat", "lon"))
                    os.rename(path, os.path.join(case.data, f"t_{year}.nc"))
                    years.append(data[:, index])
                config = case.run(command="inspect", config=case.data).out
                said = case.run(command="inspect", config=os.path.join(case.data, "t_2001.nc")).out
                entry = said.split("select = { ")[1].split("; }; };")[0]
                self.assertIn(f"; select = {{ {entry}; }}; }}", config)
                self.assertNotIn("\noverlap", config)
                self.exits(case.run("-s", f"output.root={case.out}", text=config), 0)
                made, = [path for path in case.normals().values() if "_2003_" in path]
                with netCDF4.Dataset(made) as nc:
                    np.testing.assert_allclose(np.ma.filled(nc["ta"][:], np.nan), mean_of(years),
                                               rtol=2e-7, equal_nan=True)

    def test_names_that_a_config_cannot_have(self):
        for name in ("my lev", "2lev", "lev+1", "true"):
            case = self.case()
            self.write(case, {name: ([0, 0], None)})
            result = case.run()
            self.exits(result, 2)
            self.assertIn(f"dimension '{name}' of 'ta' has length 2, and input.select cannot have "
                          "this name; rename", result.err)
            for year in YEARS:
                os.rename(os.path.join(case.data, trees.name("ta", f"{year}0101-{year}1231")),
                          os.path.join(case.data, f"t_{year}.nc"))
            said = case.run(command="inspect", config=case.data).out
            self.assertIn(f"dimension '{name}'", said)
            self.assertNotIn("select =", said)

    def test_a_dimension_that_no_file_has_is_a_warning(self):
        case = self.case({"plev": 85000.0, "memebr": 1})
        self.write(case)
        result = case.run()
        self.exits(result, 0)
        self.assertEqual(result.err.count("no file that can be used has a dimension memebr"), 1)
        case = self.case({"plev": 85000.0, "pleev": 1, **{f"member{k}": 1 for k in range(99)}})
        self.write(case)
        result = case.run()
        self.exits(result, 0)
        said = [line for line in " ".join(result.err.split()).split("! ") if "input.select" in line]
        self.assertEqual(len(said), 1, result.err)
        self.assertIn("input.select: 100 names are no dimensions of files that can be used, such as pleev "
                      '(did you mean "plev"?)', said[0])

    def test_texts_that_change_a_terminal_are_not_shown(self):
        case = self.case({"m": "r\x1b[31m\u202e3"})
        self.write(case, {"m": (["r1", "r2"], "string")})
        for command in ("run", "plan"):
            said = case.run(command=command).said
            self.assertNotIn("\x1b", said)
            self.assertNotIn("\u202e", said)

    def test_files_of_one_level_each(self):
        case = self.case()
        for year in YEARS:
            write_year(case.data, year, values_of(year, (1,)),
                       {"plev": ([85000.0 if year > 2001 else 50000.0], "f8")})
        result = case.run()
        self.exits(result, 0)
        self.assertIn("plev is not the same in all files", result.err)
        self.assertNotIn("plev", self.attributes(case))
        result = case.run("-s", "input.select.plev=85000")
        self.exits(result, 2)
        self.assertIn("plev = 85000, which the file does not have; its only value is 50000 Pa", result.err)

    def write_units(self, case, rows):
        """rows: for each year, the levels and their unit."""
        years = []
        for year, (levels, units) in zip(YEARS, rows):
            data = values_of(year, (len(levels),))
            path = write_year(case.data, year, data, {"plev": (levels, "f8")})
            with netCDF4.Dataset(path, "a") as nc:
                nc["plev"].units = units
            years.append(data[:, 0])
        return years

    def test_levels_in_different_units(self):
        case = self.case({"plev": 1000})
        self.write_units(case, [([1000.0, 5.0], "hPa"), ([1000.0, 2e4], "Pa"), ([1000.0, 3.0], "Pa")])
        result = case.run()
        self.exits(result, 2)
        self.assertIn("its plev is in 'hPa', that of most files (", result.err)
        self.assertIn(") in 'Pa'", result.err)

    def test_one_level_in_two_units(self):
        for other in ("hPa", "mbar"):
            case = self.case()
            self.made(case, self.write_units(case, [([1e5], "Pa"), ([1000.0], other), ([1e5], "Pa")]))
            with netCDF4.Dataset(case.path("ta", 2003)) as nc:
                self.assertEqual((nc["plev"][...], nc["plev"].units), (1e5, "Pa"))

    def test_files_without_a_dimension_or_its_coordinate(self):
        for odd in YEARS:
            for shape, others, words in (
                    ((), {}, "has no dimension m and is read as it is"),
                    ((3,), {"m": ([0] * 3, None)}, "has no coordinate m and is read by index")):
                case, years = self.case({"m": 1}), []
                for year in YEARS:
                    data = values_of(year, shape if year == odd else (3,))
                    own = others if year == odd else {"m": ([5, 1, 2], "i4")}
                    write_year(case.data, year, data, own, dims=("time", *own, "lat", "lon"))
                    years.append(data if data.ndim == 3 else data[:, 1])
                result = case.run()
                self.exits(result, 0)
                self.equal(case, years)
                self.assertEqual(result.err.count(words), 1, result.err)
                self.assertIn(f"{odd}0101-{odd}1231.nc {words}", result.err)

    def test_outputs_say_what_no_coordinate_says(self):
        for layout in ("single", "stacked"):
            for select, selected in (({"number": 1, "expver": "all", "plev": 85000},
                                      "number = index 1; expver = all"),
                                     ({"number": "all", "expver": 5, "plev": 85000}, "number = all"),
                                     ({"plev": 85000}, None)):
                case = self.case(select, output={"root": "output", "layout": layout})
                others = {"number": ([0, 0], None), "expver": ([1, 5], "i4"), "plev": (PLEV, "f8")}
                self.write(case, {name: others[name] for name in select})
                self.exits(case.run(), 0)
                made, = case.normals().values()
                with netCDF4.Dataset(made) as nc:
                    self.assertEqual(getattr(nc, "selected", None), selected)
                    self.assertEqual(nc["plev"][...], 85000)
                self.exits(case.run(command="verify", config=made), 0)

    def test_a_misspelt_name_where_no_file_can_be_used(self):
        case = self.case({"plve": 85000.0, "number": 1})
        self.write(case)
        result = case.run()
        self.exits(result, 2)
        self.assertIn("; input.select has plve, which the file does not have (did you mean", result.err)
        self.assertNotIn("input.select has number", result.err)

    def test_inspect_lists_all_values(self):
        case, levels = self.case(), np.arange(1, 41) * 1000.0
        path = write_year(case.data, 2001, values_of(2001, (40,)), {"plev": (levels, "f4")})
        said = case.run(command="inspect", config=path).out
        self.assertIn("plev: " + ", ".join(f"{level:g}" for level in levels) + " Pa", said)

    def test_config_errors(self):
        rows = [({"a": "all", "b": "all"}, "both a and b are \"all\""),
                ({"a": True}, "expected a number, a text or \"all\", not true"),
                ({"a": [1, 2]}, "not a list of 2"), ({"a": ""}, "expected text, not \"\"")]
        for select, words in rows:
            result = self.case(select).run()
            self.exits(result, 1)
            self.assertIn("input.select", result.err)
            self.assertIn(words, result.err)
        result = self.case().run(text='input = { root = "data"; select = { a = 1e400; }; };')
        self.exits(result, 1)
        self.assertIn(".cfg:1: input.select.a: the number is too large", result.err)
        for number in ("1e400", "-1e999"):
            result = self.case().run("--set", f"input.select.a={number}")
            self.exits(result, 1)
            self.assertIn(f"--set input.select.a={number}: the number is too large", result.err)

    def test_set_selects_for_one_run(self):
        case = self.case()
        self.write(case)
        self.exits(case.run("-s", "input.select.plev=1000"), 0)
        with netCDF4.Dataset(case.path("ta", 2003)) as nc:
            self.assertEqual(nc["plev"][...], 1000)

    def test_another_selection_is_made_again(self):
        case = self.case({"m": 1})
        self.write(case, {"m": ([0, 0, 0], None)})
        self.exits(case.run(), 0)
        self.assertEqual(case.run().variable("ta")["normals_skipped"], 1)
        result = case.run("-s", "input.select.m=2")
        self.assertEqual(result.variable("ta")["normals_written"], 1)
        self.equal(case, [values_of(year, (3,))[:, 2] for year in YEARS])
        self.assertEqual(case.run("-s", "input.select.m=all").variable("ta")["normals_written"], 1)

    def test_plan_and_inspect_say_what_is_read(self):
        case = self.case({"plev": 85000.0})
        self.write(case)
        self.assertIn("selected: plev = 85000 Pa", case.run(command="plan").out)
        plan, = json.loads(case.run("--json", command="plan").out)["variables"]
        self.assertEqual(plan["selected"], [{"dimension": "plev", "read": "85000 Pa"}])
        path = os.path.join(case.data, os.listdir(case.data)[0])
        said = case.run(command="inspect", config=path).out
        self.assertIn("ta(time = 365, plev = 4, lat = 3, lon = 4)", said)
        self.assertIn("plev: 100000, 85000, 50000, 1000 Pa", said)
        self.assertIn("input: { select = { plev = 100000; }; };", said)


    def test_config_proposes_a_choice(self):
        rows = [({"plev": (PLEV, "f8")}, "{ plev = 100000; }",
                 "plev has 100000, 85000, 50000, 1000 Pa."),
                ({"m": (["r1", "r2"], "char"), "expver": ([1, 5], "i4")},
                 '{ m = "r1"; expver = "all"; }', 'm has "r1", "r2". expver has 1, 5.')]
        for others, select, words in rows:
            for beside in (False, True):
                with self.subTest(select=select, beside=beside):
                    case = self.case()
                    self.write(case, others)
                    if beside:
                        for year in YEARS:
                            write_year(case.data, year, values_of(year, ()), {},
                                       dims=("time", "lat", "lon"), variable="tas")
                    text = case.run(command="config", config=case.data).out
                    self.assertIn(f"\n  select = {select};\n", text)
                    self.assertIn(words, " ".join(text.split()))
                    self.assertIn('[ "ta", "tas" ]' if beside else '[ "ta" ]', text)
                    self.assertNotIn("# Left out: ta", text)
                    text = text.replace("# window = 30", "window = 3")
                    text = text.replace('root = "/normals"', f'root = "{case.out}"')
                    self.exits(case.run(text=text), 0)

    def test_config_proposes_no_choice_that_it_cannot_write(self):
        case = self.case()
        self.write(case, {"p+q": (PLEV, "f8")})
        result = case.run(command="config", config=case.data)
        self.exits(result, 1)
        self.assertIn("input.select cannot have this name", " ".join(result.err.split()))


class Entries(SelectCase):
    """Choices of one entry of input.datasets."""

    def entries(self, *rows, **config):
        """A case with an entry for each (files, variable, select)."""
        case = self.case(**config)
        case.config["input"]["datasets"] = [
            {"files": files, "variable": variable, "in_file": "ta",
             **({"select": select} if select else {})} for files, variable, select in rows]
        return case

    def write(self, case, name, levels, others=None):
        """One file of ta_YEAR.nc for each year, on levels."""
        others = others or {"plev": (levels, "f8")}
        years = []
        for year in YEARS:
            data = values_of(year, [len(values) for values, _ in others.values()])
            path = write_year(case.data, year, data, others, dims=("time", *others, "lat", "lon"))
            os.rename(path, os.path.join(case.data, f"{name}_{year}.nc"))
            years.append(data)
        return years

    def test_several_levels_of_one_file_in_one_run(self):
        case = self.entries(("t_*.nc", "ta850", {"plev": 85000.0}), ("t_*.nc", "ta500", {"plev": 5e4}),
                            ("t_*.nc", "ta10", None), select={"plev": 1000})
        years = self.write(case, "t", PLEV)
        self.exits(case.run(), 0)
        for variable, level in (("ta850", 1), ("ta500", 2), ("ta10", 3)):
            self.equal(case, [data[:, level] for data in years], variable)
            with netCDF4.Dataset(case.path(variable, 2003)) as nc:
                self.assertEqual(nc["plev"][...], PLEV[level])
        said = case.run(command="plan").out
        for level in (85000, 50000, 1000):
            self.assertIn(f"selected: plev = {level} Pa", said)
        for entry, level in zip(case.config["input"]["datasets"], (5e4, 5e4, 1000)):
            entry["select"] = {"plev": level}
        result = case.run()
        self.assertEqual([result.variable(v)["normals_written"] for v in ("ta850", "ta500", "ta10")],
                         [1, 0, 0])
        self.equal(case, [data[:, 2] for data in years], "ta850")

    def test_one_value_that_is_another_one(self):
        """What is chosen for all files holds for dimensions of one value, too."""
        case = self.entries(("t_*.nc", "ta", None), ("z_*.nc", "zg", None), select={"plev": 85000.0})
        first, second = self.write(case, "t", PLEV), self.write(case, "z", [50000.0])
        result = case.run()
        self.exits(result, 2)
        self.assertIn("z_2001.nc: input.select has plev = 85000, which the file does not have; its only "
                      "value is 50000 Pa", result.err)
        case.config["input"]["datasets"][1]["select"] = {"plev": 50000}
        self.exits(case.run(), 0)
        self.equal(case, [data[:, 1] for data in first], "ta")
        self.equal(case, [data[:, 0] for data in second], "zg")

    def test_dimensions_that_each_says(self):
        case = self.entries(("t_*.nc", "ta", {"plev": 50000, "expver": 5}), select={"number": 1})
        years = self.write(case, "t", None, {"number": ([0, 0], None), "expver": ([1, 5], "i4"),
                                             "plev": (PLEV, "f8")})
        self.made(case, [data[:, 1, 1, 2] for data in years])

    def test_what_is_wrong(self):
        rows = [({"plev": 80000}, None, r"input\.datasets\.select in \S+\.cfg:\d+ has plev = 80000, "
                 "which the file does not have; the nearest of its 4 values are 85000 and 100000 Pa"),
                ({"time": 1}, None, r"input\.datasets\.select in \S+ has time, which is the dimension"),
                (None, None, r"for example with select = \{ plev = 100000; \} in the entry of input"
                             r"\.datasets; plev has 100000, "),
                ({"plve": 1000}, None, r"; input\.datasets\.select in \S+ has plve, which the file does not "
                                       r"have \(did you mean"),
                ({"a": "all", "b": "all"}, 1, 'input.datasets.select: both a and b are "all"'),
                ({"a": True}, 1, r"input\.datasets\.select\.a: expected a number")]
        for select, code, words in rows:
            with self.subTest(select=select):
                case = self.entries(("t_*.nc", "ta", select))
                self.write(case, "t", PLEV)
                result = case.run()
                self.exits(result, code or 2)
                self.assertRegex(" ".join(result.err.split()), words)

    def test_two_dimensions_are_not_all_together(self):
        case = self.entries(("t_*.nc", "ta", {"plev": "all"}), select={"number": "all"})
        self.write(case, "t", None, {"number": ([0, 0], None), "plev": (PLEV, "f8")})
        result = case.run()
        self.exits(result, 2)
        self.assertRegex(result.err, r'has "all" for plev, the second dimension of .ta. with it')

    def test_a_dimension_that_its_files_lack_is_a_warning(self):
        case = self.entries(("t_*.nc", "ta", {"plev": 85000.0}), ("z_*.nc", "zg", {"plve": 85000.0}))
        self.write(case, "t", PLEV)
        self.write(case, "z", [85000.0])
        result = case.run()
        self.exits(result, 0)
        self.assertRegex(" ".join(result.err.split()),
                         r"input.datasets.select in \S+: no file that can be used has a dimension "
                         r"plve \(did you mean")

    def test_one_file_is_not_two_levels_of_one_variable(self):
        case = self.entries(("t_*.nc", "ta", {"plev": 85000.0}), ("*_2001.nc", "ta", {"plev": 5e4}))
        self.write(case, "t", PLEV)
        result = case.run()
        self.exits(result, 1)
        self.assertIn("is taken for ta in ", result.err)

    def test_one_choice_in_two_forms_is_one(self):
        for one, other, code in ((85000, "85000.0", 0), ("8.5e4", "85000", 0), ("85000", 85001, 1),
                                 ("all", 85000, 1)):
            with self.subTest(one=one, other=other):
                case = self.entries(("t_*.nc", "ta", {"plev": one}), ("*_2001.nc", "ta", {"plev": other}))
                self.write(case, "t", PLEV)
                self.exits(case.run(command="plan"), code)


class Scalars(SelectCase):
    """Coordinates of one value on a regular grid."""

    def write(self, case, height=lambda year: 2.0, kind="f8", **attributes):
        for year in YEARS:
            path = write_year(case.data, year, values_of(year, ()), {},
                              dims=("time", "lat", "lon"), variable="tas")
            with netCDF4.Dataset(path, "a") as nc:
                var = nc.createVariable("height", kind)
                var[...] = height(year)
                var.setncatts({"units": "m", "standard_name": "height", "axis": "Z",
                               "positive": "up", **attributes})
                nc.createVariable("spatial_ref", "i4").grid_mapping_name = "latitude_longitude"
                nc["tas"].coordinates = "height spatial_ref"

    def test_height_of_cmip_in_both_layouts(self):
        for layout in ("single", "stacked"):
            case = self.case(output={"root": "output", "layout": layout})
            self.write(case)
            self.exits(case.run(), 0)
            (path,) = case.normals().values()
            with netCDF4.Dataset(path) as nc:
                self.assertEqual(nc["height"].dimensions, ())
                self.assertEqual(nc["height"][...], 2.0)
                self.assertEqual(nc["height"].standard_name, "height")
                self.assertEqual(nc["height"].units, "m")
                self.assertEqual(nc["height"].positive, "up")
                self.assertIn("height", nc["tas"].coordinates.split())
                self.assertNotIn("spatial_ref", nc.variables)
            self.exits(case.run(path, command="verify", config=path), 0)

    def test_one_that_differs_among_files_is_left_out(self):
        case = self.case()
        self.write(case, height=lambda year: 2.0 + (year == 2002))
        result = case.run()
        self.exits(result, 0)
        self.assertRegex(" ".join(result.err.split()), r"tas: height is not the same in all files, such "
                         r"as \S+2001\S+ and \S+2002\S+; outputs are without it")
        with netCDF4.Dataset(case.path("tas", 2003)) as nc:
            self.assertNotIn("height", nc.variables)
            self.assertNotIn("height", nc["tas"].coordinates)

    def test_one_that_a_file_lacks_is_left_out(self):
        case = self.case()
        self.write(case)
        os.remove(os.path.join(case.data, trees.name("tas", "20020101-20021231")))
        write_year(case.data, 2002, values_of(2002, ()), {}, dims=("time", "lat", "lon"),
                   variable="tas")
        result = case.run()
        self.exits(result, 0)
        self.assertRegex(result.err, r"20020101-20021231\.nc has no height, unlike \S+; outputs are "
                         "without it")

    def test_one_that_only_later_files_have_is_told(self):
        """Once, whatever many files have it."""
        case = self.case()
        self.write(case)
        write_year(case.data, 2001, values_of(2001, ()), {}, dims=("time", "lat", "lon"),
                   variable="tas")
        with netCDF4.Dataset(os.path.join(case.data, trees.name("tas", "20030101-20031231")), "a") as nc:
            nc.createVariable("realization", "i4")[...] = 3
            nc["tas"].coordinates += " realization"
        result = case.run()
        self.exits(result, 0)
        said = " ".join(result.err.split())
        for name, year in (("height", 2002), ("realization", 2003)):
            self.assertEqual(len(re.findall(rf"20010101-20011231\.nc has no {name}, unlike \S+_{year}0101"
                                            r"\S+; outputs are without it", said)), 1, said)
        with netCDF4.Dataset(case.path("tas", 2003)) as nc:
            self.assertNotIn("height", nc.variables)

    def test_packed_numbers_are_what_they_stand_for(self):
        case = self.case()
        self.write(case, height=lambda year: 40, kind="i2")
        for name in os.listdir(case.data):
            with netCDF4.Dataset(os.path.join(case.data, name), "a") as nc:
                nc["height"].set_auto_maskandscale(False)
                nc["height"].setncatts({"scale_factor": 0.05, "add_offset": 0.5})
        self.exits(case.run(), 0)
        with netCDF4.Dataset(case.path("tas", 2003)) as nc:
            self.assertAlmostEqual(float(nc["height"][...]), 2.5)


if __name__ == "__main__":
    main()
