"""One output file, looked at from all sides: its names and attributes, its storage, who can
read it; and what a second run does to it.
"""
import os
import re
import socket
import subprocess
import time
import warnings

import cftime
import netCDF4
import numpy as np
import xarray

import oracle
import trees
from climnorm_case import ALL, Case, TestCase, main

VARIABLE = {"standard_name": "air_temperature", "long_name": "Daily Mean Temperature",
            "cell_methods": "area: mean time: mean", "comment": "a comment",
            "cell_measures": "area: areacella", "history": "rewritten", "original_name": "ST",
            "grid_mapping": "crs", "ancillary_variables": "flag", "coordinates": "height",
            "valid_min": np.float32(-1e9), "actual_range": np.array([1, 2], "f4"),
            "missing_value": np.float32(1e20)}
GLOBALS = {"institution": "An Institute", "source": "A model (2020)", "Conventions": "CF-1.7",
           "history": "yesterday: made", "tracking_id": "hdl:1", "title": "old title"}


class Contents(TestCase):
    @classmethod
    def setUpClass(cls):
        custom = [{**ALL, "title": "The Whole World"}]
        cls.case = Case(variables=["tas", "tasmax", "tasmin", "packed"], custom_regions=custom,
                        regions=[], output={"counts": True, "compression": 3})
        cls.case.config["normals"].update(min_years=2)
        cls.case.periods(2002, 2003)
        cls.addClassCleanup(cls.case.close)
        for year in (2000, 2001, 2003):
            gl = {**GLOBALS, "history": f"made {year}", "institution": f"Institute {year}"}
            trees.year_file(cls.case.data, "tas", year, calendar="standard", attributes={
                **VARIABLE, "comment": f"of {year}"}, globals_=gl,
                lat_bounds=oracle.bounds_of(trees.LAT))
            trees.year_file(cls.case.data, "tasmax", year, calendar="standard",
                            attributes={"cell_methods": "time: maximum (interval: 15 minutes)"})
            trees.year_file(cls.case.data, "tasmin", year, calendar="standard")
            trees.year_file(cls.case.data, "packed", year, calendar="standard", fill=-32768,
                            convert=trees.pack16(0.01, 280), attributes={
                                "scale_factor": 0.01, "add_offset": 280.0, "_Unsigned": "false",
                                "valid_range": np.array([-32000, 32000], "i2")})
        cls.result = cls.case.run(env={"SOURCE_DATE_EPOCH": "1600000000"})

    def open(self, variable, year):
        return netCDF4.Dataset(self.case.path(variable, year, "ALL"))

    def test_values(self):
        self.exits(self.result, 0)
        for variable in ("tas", "tasmax", "tasmin", "packed"):
            self.judged(self.case, variable, (2002, 2003), region="ALL")

    def test_storage(self):
        with self.open("packed", 2003) as nc:
            nc.set_auto_maskandscale(False)
            self.assertIn(nc.data_model, ("NETCDF4", "NETCDF4_CLASSIC"))
            var = nc.variables["packed"]
            self.assertEqual((var.dimensions, var.dtype), (("dayofyear", "lat", "lon"), "f4"))
            self.assertEqual(var.chunking(), [65536 // (6 * 8 * 4), 6, 8])
            filters = var.filters()
            self.assertTrue(filters["shuffle"] and filters["zlib"])
            self.assertEqual(filters["complevel"], 3)
            for key in ("_FillValue", "missing_value"):
                self.assertEqual(var.getncattr(key), np.float32(1e20))
                self.assertEqual(var.getncattr(key).dtype, np.float32)
            count = nc.variables["packed_count"]
            self.assertEqual((count.dimensions, count.dtype), (var.dimensions, "i2"))
            self.assertEqual(nc.variables["dayofyear"].dtype, "i4")
            self.assertEqual(nc.variables["dayofyear"][:].tolist(), list(range(1, 367)))
            time_ = nc.variables["climatology_time"]
            self.assertEqual((time_.dtype, time_.dimensions), ("f8", ("dayofyear",)))
            self.assertEqual((nc.variables["target_year"].shape, nc["target_year"][...]),
                             ((), 2003))
            for key in ("scale_factor", "add_offset", "_Unsigned", "valid_range"):
                self.assertNotIn(key, var.ncattrs())

    def test_attributes(self):
        with self.open("tas", 2003) as nc:
            var = nc.variables["tas"]
            for key, value in (("standard_name", "air_temperature"), ("units", "K"),
                               ("long_name", "Daily Mean Temperature"), ("comment", "of 2003"),
                               ("original_name", "ST")):
                self.assertEqual(var.getncattr(key), value)
            for key in ("cell_measures", "history", "valid_min", "actual_range", "tracking_id",
                        "bounds", "target_year", "source_files", "region"):
                self.assertNotIn(key, var.ncattrs())
            self.assertEqual(var.grid_mapping, "crs")
            self.assertEqual(nc["crs"].grid_mapping_name, "latitude_longitude")
            self.assertEqual(var.coordinates.split(), ["target_year", "climatology_time"])
            self.assertNotIn("height", var.coordinates.split())
            self.assertNotIn("flag", getattr(var, "ancillary_variables", "").split())
            self.assertEqual(var.cell_methods,
                             "area: mean time: mean within days time: mean over years")
            wants = {"target_year": "2003", "source_years": "2001-2003", "number_of_years": "2",
                     "leap_day": "dayofyear", "region": "ALL", "region_name": "The Whole World",
                     "period": "p", "scenario": "historical", "model": "M1",
                     "variant": "r1i1p1f1", "product": "normal"}
            for key, value in wants.items():
                self.assertEqual(str(nc.getncattr(key)), value, key)
            self.assertIn("2002", nc.missing_source_years)
            files = nc.source_files
            for year in (2001, 2003):
                self.assertIn(trees.name("tas", year), files)
            self.assertNotIn(trees.name("tas", 2000), files)
            self.assertIn("1.0", nc.source_versions)
            self.assertEqual(nc.Conventions, "CF-1.8, ACDD-1.3")
            self.assertIn("Institute 2003", nc.institution)
            self.assertIn("A model (2020)", nc.source)
            self.assertTrue(nc.title and nc.title != "old title")
            self.assertEqual(nc.climnorm_version, self.result.summary["version"])
            lines = nc.history.split("\n")
            self.assertEqual(lines[1:], ["made 2003"])
            self.assertIn("2020-09-13", lines[0])
            self.assertIn("climnorm " + nc.climnorm_version, lines[0])
            self.assertNotIn("tracking_id", nc.ncattrs())
            for key in ("config", "inputs", "content"):
                self.assertRegex(nc.getncattr(f"climnorm_{key}_digest"), r"^[0-9a-f]{32}$")

    def test_cell_methods(self):
        wants = {"tasmax": "time: maximum within days time: mean over years",
                 "tasmin": "time: minimum within days time: mean over years",
                 "packed": "time: mean within days time: mean over years"}
        for variable, methods in wants.items():
            with self.open(variable, 2003) as nc:
                self.assertEqual(nc.variables[variable].cell_methods, methods)

    def test_nothing_private_is_stored(self):
        words = [self.case.dir, socket.gethostname(), "--summary", "threads"]
        for path in self.case.normals().values():
            with netCDF4.Dataset(path) as nc:
                texts = [str(h.getncattr(k)) for h in (nc, *nc.variables.values())
                         for k in h.ncattrs()]
            for word in words:
                self.assertFalse([t for t in texts if word in t], word)

    def test_times_and_climatology(self):
        for variable, year in (("tas", 2003), ("packed", 2002)):
            with self.open(variable, year) as nc:
                time_ = nc.variables["climatology_time"]
                self.assertEqual(time_.climatology, "climatology_bnds")
                self.assertNotIn("bounds", time_.ncattrs())
                self.assertRegex(time_.units, r"^days since \d{4}-0?1-0?1( 0?0:0?0(:0?0)?)?$")
                dates = cftime.num2date(time_[:], time_.units, time_.calendar)
                bnds = nc.variables["climatology_bnds"]
                self.assertEqual((bnds.units, bnds.calendar), (time_.units, time_.calendar))
                bounds = cftime.num2date(bnds[:], time_.units, time_.calendar)
            want = oracle.climatology("standard", "dayofyear", year, 3)
            origin = oracle.day_number("standard", 2000, 1, 1)
            for slot, (middle, start, end) in enumerate(want):
                base = cftime.datetime(2000, 1, 1, calendar="standard")
                for got, number in ((dates[slot], middle), (bounds[slot][0], start),
                                    (bounds[slot][1], end)):
                    delta = (got - base).total_seconds() / 86400
                    self.assertAlmostEqual(delta, number - origin, places=6, msg=f"slot {slot}")

    def test_other_tools_read_it(self):
        for year in (2002, 2003):
            path = self.case.path("tas", year, "ALL")
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                with xarray.open_dataset(path, decode_cf=True) as data:
                    self.assertEqual(data["tas"].dims, ("dayofyear", "lat", "lon"))
                    self.assertNotIn("time", data.variables)
                    self.assertEqual(data["climatology_time"].dt.year.values[0], year)
                    self.assertEqual(data["target_year"], year)
                    self.assertTrue(np.isfinite(data["tas"].values).any())
            for command in (["cdo", "-s", "infon", path], ["cdo", "-s", "sinfo", path],
                            ["ncks", "-m", path], ["ncdump", "-h", path],
                            ["ncwa", "-O", "-a", "dayofyear", path, self.case.dir + "/nco.nc"],
                            ["cdo", "-s", "-O", "fldmean", "-selname,tas", path,
                             self.case.dir + "/cdo.nc"]):
                done = subprocess.run(command, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, f"{command}: {done.stderr}")
            with netCDF4.Dataset(self.case.dir + "/cdo.nc") as nc:
                self.assertTrue(np.isfinite(np.ma.filled(nc.variables["tas"][:], np.nan)).any())

    def test_no_temporaries(self):
        self.assertEqual([f for f in self.case.files() if ".tmp" in f or not f.endswith(".nc")
                          and "lock" not in f.lower()], [])


class Existing(TestCase):
    def setUp(self):
        self.case = Case(variables=["tas"]).periods(2002, 2006)
        self.addCleanup(self.case.close)
        for year in range(2000, 2007):
            self.year(year)

    def year(self, year, **options):
        return trees.year_file(self.case.data, "tas", year, calendar="360_day", **options)

    def state(self):
        return {n: (os.stat(p).st_ino, os.stat(p).st_mtime_ns)
                for n, p in self.case.normals().items()}

    def counts(self, result):
        tas = result.variable("tas")
        return tas["normals_written"], tas["normals_skipped"], tas["normals_failed"]

    def changed(self, before):
        after = self.state()
        return sorted(int(re.search(r"_(\d{4})_\d+yr", n)[1]) for n in after
                      if after[n] != before.get(n))

    def test_skip_writes_nothing(self):
        self.exits(self.case.run(), 0)
        before = self.state()
        self.assertEqual(len(before), 5)
        result = self.case.run()
        self.exits(result, 0)
        self.assertEqual(self.counts(result), (0, 5, 0))
        self.assertEqual(result.variable("tas")["files_read"], 0)
        self.assertEqual(self.state(), before)

    def test_a_changed_input_is_computed_again(self):
        self.exits(self.case.run(), 0)
        before = self.state()
        path = self.year(2001, seed="new")
        stamp = time.time_ns() + 10 ** 9
        os.utime(path, ns=(stamp, stamp))
        result = self.case.run()
        self.exits(result, 0)
        self.assertEqual(self.counts(result), (2, 3, 0))
        self.assertEqual(self.changed(before), [2002, 2003])
        self.judged(self.case, "tas", range(2002, 2007))

    def test_a_touched_input_is_computed_again(self):
        self.exits(self.case.run(), 0)
        path = os.path.join(self.case.data, "tas", trees.name("tas", 2006))
        os.utime(path, ns=(1, 1))
        self.assertEqual(self.counts(self.case.run()), (1, 4, 0))

    def test_a_moved_tree_is_not(self):
        """Base names count, folders do not."""
        self.exits(self.case.run(), 0)
        os.rename(os.path.join(self.case.data, "tas"), os.path.join(self.case.data, "moved"))
        self.assertEqual(self.counts(self.case.run()), (0, 5, 0))

    def test_a_changed_config_is_computed_again(self):
        self.exits(self.case.run(), 0)
        for change in ("output.compression=2", "output.counts=true", "normals.leap_day=drop"):
            with self.subTest(change=change):
                result = self.case.run("--set", change)
                self.exits(result, 0)
                self.assertEqual(self.counts(result), (5, 0, 0))
                self.exits(self.case.run("--set", "output.existing=overwrite"), 0)

    def test_damaged_outputs_are_computed_again(self):
        self.exits(self.case.run(), 0)
        good = self.case.path("tas", 2004)
        size = os.path.getsize(good)
        for change in ("cut", "empty", "text", "folder"):
            with self.subTest(change=change):
                if change == "cut":
                    os.truncate(good, size * 2 // 3)
                elif change == "empty":
                    os.truncate(good, 0)
                elif change == "text":
                    with open(good, "w") as f:
                        f.write("not netCDF" * 100)
                else:
                    os.unlink(good)
                result = self.case.run()
                self.exits(result, 0)
                self.assertEqual(self.counts(result), (1, 4, 0))
                self.judged(self.case, "tas", [2004])

    def test_a_year_that_comes_back_is_used(self):
        """A file made without an unreadable year is tried again once the year can be read."""
        path = os.path.join(self.case.data, "tas", trees.name("tas", 2004))
        kept = path + ".kept"
        os.rename(path, kept)
        with open(path, "w") as f:
            f.write("broken")
        self.case.config["normals"]["min_years"] = 2
        result = self.case.run()
        self.exits(result, 2)
        self.assertEqual(self.counts(result)[0], 5)
        again = self.case.run()
        self.exits(again, 2)
        os.replace(kept, path)
        result = self.case.run()
        self.exits(result, 0)
        self.assertEqual(self.counts(result), (3, 2, 0))
        self.judged(self.case, "tas", range(2002, 2007))

    def test_overwrite_and_fail(self):
        self.exits(self.case.run(), 0)
        before = self.state()
        result = self.case.run("--set", "output.existing=overwrite")
        self.exits(result, 0)
        self.assertEqual(self.counts(result), (5, 0, 0))
        self.assertEqual(self.changed(before), [2002, 2003, 2004, 2005, 2006])
        before = self.state()
        os.unlink(self.case.path("tas", 2006))
        result = self.case.run("--set", "output.existing=fail")
        self.assertNotEqual(result.code, 0)
        self.assertEqual([y for y in self.changed(before) if y != 2006], [])
        self.assertIn("2002_3yr_normal.nc", result.err)

    def test_dead_temporaries_are_removed(self):
        self.exits(self.case.run(), 0)
        folder = os.path.dirname(self.case.path("tas", 2002))
        dead = os.path.join(folder, ".climnorm-12345-0.tmp")
        other = os.path.join(folder, "mine.tmp")
        for path in (dead, other):
            with open(path, "w") as f:
                f.write("left over")
        with open(os.path.join(self.case.out, ".climnorm.lock"), "w") as f:
            f.write("process 1 on here since then\nrun 12345\n")
        self.exits(self.case.run("--set", "output.existing=overwrite"), 0)
        self.assertFalse(os.path.exists(dead))
        self.assertTrue(os.path.exists(other))


if __name__ == "__main__":
    main()
