"""Layouts and axes of output files: the values of a stacked file are those of single files, bit by bit,
which the oracle judges; its bytes do not depend on threads, batches or memory; a year that cannot be
read, a later year and a damaged file make it anew; paths that cannot be are refused.
"""
import os
import subprocess

import netCDF4
import numpy as np

import trees
from climnorm_case import ALL, Case, TestCase, main, read

ENV = {"SOURCE_DATE_EPOCH": "1700000000"}
EAST = {"name": "EAST", "lon": [0.0, 200.0], "lat": [-90.0, 10.0]}
STACKED = ("--set", "output.layout=stacked")
DATES = ("--set", "output.axis=time")
FIRST, LAST = 2000, 2012


def make_case(calendar="standard", last=LAST):
    case = Case(variables=["tas"], custom_regions=[ALL, EAST], regions=[],
                output={"counts": True})
    case.config["normals"]["periods"] = [{"name": "early", "first": 2002, "last": 2006},
                                         {"name": "late", "first": 2007, "last": last}]
    for year in range(FIRST, last + 1):
        trees.year_file(case.data, "tas", year, calendar=calendar)
    return case


def bytes_of(case):
    found = {}
    for name, path in case.normals().items():
        with open(path, "rb") as file:
            found[name] = file.read()
    return found


def stacked(path, variable="tas"):
    """The target years of a file, and the values and counts of each."""
    with netCDF4.Dataset(path) as nc:
        nc.set_auto_maskandscale(False)
        values = np.array(nc.variables[variable][:])
        values[values == np.float32(1e20)] = np.nan
        return nc["target_year"][:].tolist(), values, np.array(nc.variables[variable + "_count"][:])


class Layouts(TestCase):
    def setUp(self):
        self.case = make_case()
        self.addCleanup(self.case.close)

    def made(self, *options, code=0, **more):
        result = self.case.run(*options, env=ENV, **more)
        self.exits(result, code)
        return result

    def counts(self, result):
        tas = result.variable("tas")
        return tas["normals_written"], tas["normals_skipped"], tas["normals_unmade"]

    def stack(self, region, period):
        return os.path.join(self.case.out, region, "tas", period,
                            f"tas_{region}_{period}_3yr_normal.nc")

    def expect_stack(self, years, region="ALL", period="early"):
        """A stacked file holds these years, as single files of the same run would."""
        self.assertEqual(stacked(self.stack(region, period))[0], list(years))

    def test_every_layout_has_the_same_values(self):
        for calendar in ("standard", "noleap", "360_day"):
            with self.subTest(calendar=calendar):
                self.case = make_case(calendar)
                self.addCleanup(self.case.close)
                self.made()
                for period, years in (("early", range(2002, 2007)), ("late", range(2007, 2013))):
                    for region in ("ALL", "EAST"):
                        self.judged(self.case, "tas", years, region=region, period=period)
                single = {(r, p, y): read(self.case.path("tas", y, r, p), "tas")
                          for r in ("ALL", "EAST")
                          for p, years in (("early", range(2002, 2007)), ("late", range(2007, 2013)))
                          for y in years}
                for options in (STACKED, DATES, STACKED + DATES):
                    self.assertEqual(self.counts(self.made(*options)), (22, 0, 0))
                    self.expect_values(single, "stacked" in str(options))
                    self.assertEqual(self.counts(self.made(*options)), (0, 22, 0))

    def expect_values(self, single, is_stacked):
        for (region, period, year), want in single.items():
            if is_stacked:
                years, values, counts = stacked(self.stack(region, period))
                values, counts = values[years.index(year)], counts[years.index(year)]
            else:
                got = read(self.case.path("tas", year, region, period), "tas")
                values, counts = got["values"], got["count"]
            np.testing.assert_array_equal(values, want["values"])
            np.testing.assert_array_equal(counts, want["count"])

    def test_bytes_do_not_depend_on_how_they_were_made(self):
        self.made(*STACKED)
        want = bytes_of(self.case)
        self.assertEqual(len(want), 4)
        least = self.case.run(*STACKED, "--set", "engine.memory=1B", "--set",
                              "output.existing=overwrite")
        self.exits(least, 1)
        memory = least.err.split("(")[-1].split(" bytes")[0] + "B"
        for setting in ("engine.threads=1", "engine.threads=5", "engine.batch_years=1",
                        "engine.batch_years=2", f"engine.memory={memory}"):
            with self.subTest(setting=setting):
                self.made(*STACKED, "--set", setting, "--set", "output.existing=overwrite")
                self.assertEqual(bytes_of(self.case), want)

    def test_a_year_that_cannot_be_read_costs_its_targets(self):
        path = os.path.join(self.case.data, "tas", trees.name("tas", 2004))
        with open(path, "rb") as file:
            whole = file.read()
        self.damage_last_chunk(path)
        status = os.stat(path)
        result = self.made(*STACKED, code=2)
        self.assertEqual(self.counts(result), (16, 0, 6))
        self.expect_stack([2002, 2003])
        self.expect_stack(range(2007, 2013), period="late")
        again = self.made(*STACKED, code=2)  # it may be readable now: the file is tried again
        self.assertEqual(self.counts(again)[1], 12)
        with open(path, "wb") as file:
            file.write(whole)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        self.assertEqual(self.counts(self.made(*STACKED)), (10, 12, 0))
        self.expect_stack(range(2002, 2007))

    def damage_last_chunk(self, path):
        """Its metadata stay whole, so the plan counts on it."""
        import h5py
        with h5py.File(path, "r") as file:
            chunk = file["tas"].id.get_chunk_info(file["tas"].id.get_num_chunks() - 1)
        with open(path, "r+b") as file:
            file.seek(chunk.byte_offset)
            file.write(b"\0" * chunk.size)

    def test_a_file_grows_by_being_made_again(self):
        self.made(*STACKED)
        early = bytes_of(self.case)
        trees.year_file(self.case.data, "tas", LAST + 1, calendar="standard")
        self.case.config["normals"]["periods"][1]["last"] = LAST + 1
        self.assertEqual(self.counts(self.made(*STACKED)), (14, 10, 0))
        self.expect_stack(range(2007, 2014), period="late")
        now = bytes_of(self.case)
        self.assertEqual([n for n in early if "early" in n and now[n] != early[n]], [])

    def test_texts_and_numbers_stand_along_the_target_years(self):
        os.unlink(os.path.join(self.case.data, "tas", trees.name("tas", 2003)))
        self.case.config["normals"]["min_years"] = 2
        self.made(*STACKED)
        with netCDF4.Dataset(self.stack("ALL", "early")) as nc:
            self.assertTrue(nc.dimensions["target_year"].isunlimited())
            self.assertEqual(nc["tas"].dimensions, ("target_year", "dayofyear", "lat", "lon"))
            self.assertEqual(nc["tas"].chunking()[0], 1)
            self.assertEqual(nc["number_of_years"][:].tolist(), [3 - (y in (2003, 2004, 2005))
                                                                 for y in range(2002, 2007)])
            texts = {name: nc[name][:].tolist() for name in (
                "source_years", "missing_source_years", "scenario", "source_files")}
            self.assertEqual(texts["source_years"][0], "2000-2002")
            self.assertEqual(texts["missing_source_years"], ["", "2003", "2003", "2003", ""])
            self.assertEqual(set(texts["scenario"]), {"historical"})
            self.assertIn(trees.name("tas", 2004), texts["source_files"][2])
            self.assertNotIn(trees.name("tas", 2003), texts["source_files"][2])
            self.assertEqual(nc["climatology_time"].dimensions, ("target_year", "dayofyear"))
            for key in ("target_year", "number_of_years", "source_files"):
                self.assertNotIn(key, nc.ncattrs())

    def test_files_of_periods_can_be_joined(self):
        """NCO takes units and text lengths of the first file for all."""
        self.made(*STACKED)
        parts = [self.stack("ALL", period) for period in ("early", "late")]
        joined = os.path.join(self.case.dir, "joined.nc")
        subprocess.run(["ncrcat", "-O", *parts, joined], check=True)
        with netCDF4.Dataset(joined) as whole:
            self.assertEqual(whole["target_year"][:].tolist(), list(range(2002, 2013)))
            at = 0
            for part in parts:
                with netCDF4.Dataset(part) as nc:
                    size = len(nc.dimensions["target_year"])
                    for name in ("climatology_time", "climatology_bnds", "source_files", "tas"):
                        np.testing.assert_array_equal(whole[name][at:at + size], nc[name][:])
                    for name in ("climatology_time", "climatology_bnds"):
                        self.assertEqual(whole[name].units, nc[name].units)
                    years = [d.year for d in netCDF4.num2date(
                        nc["climatology_time"][:, 0], nc["climatology_time"].units,
                        nc["climatology_time"].calendar)]
                    self.assertEqual(years, nc["target_year"][:].tolist())
                at += size

    def test_dates_ascend_whatever_the_target_year(self):
        self.made(*DATES)
        for year in (2003, 2004):
            with netCDF4.Dataset(self.case.path("tas", year, "ALL", "early")) as nc:
                time = nc["time"]
                self.assertEqual((time.dimensions, time.climatology), (("time",),
                                                                       "climatology_bnds"))
                self.assertTrue(nc.dimensions["time"].isunlimited())
                self.assertTrue((np.diff(time[:]) == 1).all())
                dates = netCDF4.num2date(time[:], time.units, time.calendar)
                self.assertEqual({d.year for d in dates}, {year if year == 2004 else 2000})
                self.assertEqual(nc["dayofyear"][:].tolist(), list(range(1, 367)))

    def test_paths_fit_the_layout(self):
        refused = {"x_{region}_{year}.nc": "remove the field {year}",
                   "x_{region}.nc": "add the field {period}",
                   "x_{period}.nc": "add the field {region}"}
        for pattern, advice in refused.items():
            result = self.case.run(*STACKED, "--set", f"output.pattern={pattern}")
            self.exits(result, 1)
            self.assertIn(advice, result.err)
        self.made(*STACKED, "--set", "output.pattern={period}/x_{region}.nc")
        self.assertEqual(sorted(self.case.normals()), [f"{p}/x_{r}.nc" for p in ("early", "late")
                                                       for r in ("ALL", "EAST")])

    def test_scenarios_have_files_of_their_own(self):
        for scenario in ("ssp245", "ssp585"):
            trees.year_file(self.case.data, "tas", LAST + 1, calendar="standard",
                            experiment=scenario)
        self.case.config["scenarios"] = ["ssp245", "ssp585"]
        self.case.config["normals"]["periods"][1]["last"] = LAST + 1
        result = self.case.run(*STACKED)
        self.exits(result, 1)
        self.assertIn("add the field {scenario}", result.err)
        self.made(*STACKED, "--set", "output.pattern={region}/{period}/x_{scenario}.nc")
        late = os.path.join(self.case.out, "ALL", "late", "x_")
        self.assertEqual(stacked(late + "historical.nc")[0], list(range(2007, 2013)))
        for scenario in ("ssp245", "ssp585"):
            self.assertEqual(stacked(late + scenario + ".nc")[0], [2013])


if __name__ == "__main__":
    main()
