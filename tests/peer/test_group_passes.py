"""Products of groups and of neighbouring days in passes of some days: the same files as in one pass, and
chunks of a day each are decoded as often as arithmetic says.
"""
import json
import os
import shutil
import signal
import subprocess
import time

import h5py

import trees
from climnorm_case import BIN, Case, TestCase, main

YEARS = range(2000, 2007)
LAT, LON = [-75 + 10 * i for i in range(16)], [7.5 + 15 * i for i in range(24)]
ENV = {"SOURCE_DATE_EPOCH": "1700000000"}
NORMAL = {"name": "normal"}
POOL = {"name": "p90", "over": "p90", "pool": 5}
POOLED_DAYS = {"name": "hot", "time": "day", "within": "count_gt", "threshold": "280 K", "pool": 15}
MONTH = {"name": "month", "time": "month"}
SEASON = {"name": "season", "time": "season", "within": "max", "over": "p90"}
CHANGE = {"name": "change", "time": "season", "baseline": 2003, "change": "difference"}
WINTER_DAYS = 31  # of December, which the winter has beside the days of its own year


def contents(case):
    found = {}
    for name, path in case.normals().items():
        with open(path, "rb") as file:
            found[name] = file.read()
    return found


class GroupPasses(TestCase):
    def make(self, products, calendar, rule="dayofyear", chunks=(1, 16, 24), **output):
        case = Case(variables=["tas"], products=products,
                    normals={"window": 4, "min_years": 3, "leap_day": rule},
                    output={"counts": True, "pattern": "{region}/{variable}_{year}_{product}.nc", **output})
        self.addCleanup(case.close)
        case.periods(2003, 2006)
        self.paths = {}
        for year in YEARS:
            self.paths[year] = trees.year_file(case.data, "tas", year, calendar=calendar, chunks=chunks,
                                               lat=LAT, lon=LON)
        return case

    def run_in_passes(self, case):
        """Once, with the least memory, and with the least in which days alone are cut. Returns the summary
        of that."""
        once = case.run(env=ENV)
        self.exits(once, 0)
        wanted, once = contents(case), once.variable("tas")
        self.assertEqual((once["passes"], once["chunks_decoded"]), (1, once["chunks_read"]))
        self.compare(case, self.options(self.least_memory(case)), wanted)
        row = self.compare(case, self.days_cut(case), wanted)
        self.assertEqual(row["chunks_read"], once["chunks_read"])
        return row

    @staticmethod
    def options(memory):
        return ["--set", "output.existing=overwrite", "--set", f"engine.memory={memory}B"]

    def least_memory(self, case):
        return int(case.run(*self.options(1)).err.split("(")[-1].split(" bytes")[0])

    def days_cut(self, case):
        """Options with which days alone are cut."""
        memory = self.least_memory(case)
        while self.cut_of(case, self.options(memory))[1] is not None:
            memory += memory // 2
        self.assertIsNotNone(self.cut_of(case, self.options(memory))[0])
        return self.options(memory)

    def cut_of(self, case, options):
        variable = json.loads(case.run("--json", *options, command="plan").out)["variables"][0]
        return variable["days_of_pass"], variable["rows_of_pass"]

    def compare(self, case, options, wanted):
        result = case.run(*options, env=ENV)
        self.exits(result, 0)
        found = contents(case)
        self.assertEqual(set(found), set(wanted))
        self.assertEqual([name for name in found if found[name] != wanted[name]], [])
        row = result.variable("tas")
        self.assertGreater(row["passes"], 1)
        return row

    def expect_more(self, products, more, **options):
        """In a calendar without leap years. more: chunks that are decoded twice, of a year and pass; or,
        where it is a function of the passes, of a year."""
        row = self.run_in_passes(self.make(products, "noleap", **options))
        again = row["chunks_decoded"] - row["chunks_read"]
        self.assertEqual(again, more(row["passes"]) * row["chunks_read"] // 365)

    def test_days(self):
        self.expect_more([NORMAL], lambda passes: 0)

    def test_pools_read_days_at_each_cut_twice(self):
        self.expect_more([NORMAL, POOL], lambda passes: 4 * passes)
        self.expect_more([POOLED_DAYS], lambda passes: 14 * passes)

    def test_months_are_not_divided(self):
        self.expect_more([MONTH], lambda passes: 0)
        self.expect_more([NORMAL, MONTH], lambda passes: 0)
        self.expect_more([POOL, MONTH], lambda passes: 4 * passes)

    def test_seasons_are_not_divided(self):
        self.expect_more([SEASON, CHANGE], lambda passes: 0)
        self.expect_more([SEASON, MONTH], lambda passes: WINTER_DAYS)

    def test_outputs_of_several_targets(self):
        self.expect_more([NORMAL, MONTH, SEASON], lambda passes: WINTER_DAYS, layout="stacked",
                         pattern="{region}/{variable}_{product}.nc")

    def test_calendars_and_rules(self):
        """A month has other day slots in leap years."""
        products = [NORMAL, POOL, MONTH, SEASON, POOLED_DAYS]
        for calendar, rule in (("standard", "dayofyear"), ("standard", "month_day"), ("standard", "drop"),
                               ("360_day", "dayofyear"), ("all_leap", "dayofyear")):
            with self.subTest(calendar=calendar, rule=rule):
                row = self.run_in_passes(self.make(products, calendar, rule))
                self.assertLess(row["chunks_decoded"], 1.35 * row["chunks_read"])

    def test_warnings_count_each_day_once(self):
        """Days in two slabs: values that are not plausible, and those of days that float32 cannot hold."""
        large = {"name": "large", "time": "day", "within": "excess", "threshold": "-3e38 K", "pool": 3}
        case = self.make([large, MONTH, SEASON], "noleap")
        raw = trees.values_like("temp", 0, 365, (16, 24))
        raw[:, 3, 4] = 3e38
        trees.write(self.paths[2001], "tas", trees.dates_of_year("noleap", 2001), raw, lat=LAT, lon=LON,
                    chunks=(1, 16, 24))

        def warnings(*options):
            result = case.run(*options)
            self.exits(result, 0)
            return result, [line for line in result.err.splitlines() if line.startswith("warning: ")]
        wanted = warnings()[1]
        self.assertEqual(len(wanted), 3)  # the first says that the December before 2000 is not there
        result, found = warnings(*self.days_cut(case))
        self.assertGreater(result.variable("tas")["passes"], 1)
        self.assertEqual(found, wanted)

    def test_a_damaged_day_that_two_passes_load(self):
        case = self.make([POOL, MONTH, SEASON], "noleap")
        path = self.paths[2002]
        options = self.days_cut(case)
        with h5py.File(path, "r") as file:
            places = [file["tas"].id.get_chunk_info_by_coord((day, 0, 0)) for day in (0, 59, 243, 364)]
        for place in places:
            with open(path, "r+b") as file:
                file.seek(place.byte_offset)
                sound = file.read(place.size)
                file.seek(place.byte_offset)
                file.write(b"\xa5" * place.size)
            once = case.run("--set", "output.existing=overwrite", env=ENV)
            self.exits(once, 2)
            wanted = contents(case)
            passes = case.run(*options, env=ENV)
            self.exits(passes, 2)
            self.assertGreater(passes.variable("tas")["passes"], 1)
            self.assertTrue(contents(case) == wanted)
            self.assertEqual(passes.variable("tas")["problems"], once.variable("tas")["problems"])
            with open(path, "r+b") as file:
                file.seek(place.byte_offset)
                file.write(sound)

    def test_a_damaged_december_before_the_only_year_of_a_window(self):
        """A pass that has it in winters when another one finds the damage has no year that is right."""
        products = [CHANGE] + [{"name": name, "time": "season", "within": name} for name in ("max", "min")]
        case = Case(variables=["tas"], products=products, normals={"window": 4, "min_years": 1},
                    output={"counts": True, "pattern": "{product}_{year}.nc"}).periods(2001, 2006)
        self.addCleanup(case.close)
        paths = {year: trees.year_file(case.data, "tas", year, chunks=(365, 3, 7), lat=LAT[::3], lon=LON[:7])
                 for year in YEARS}
        with h5py.File(paths[2000], "r") as file:
            place = file["tas"].id.get_chunk_info_by_coord((0, 3, 0))
        with open(paths[2000], "r+b") as file:
            file.seek(place.byte_offset)
            file.write(b"\xa5" * place.size)
        memory = self.options(self.least_memory(case))
        once = case.run(env=ENV)
        self.exits(once, 2)
        wanted = contents(case)
        for threads in ("1", "2"):
            passes = case.run(*memory, "-t", threads, env=ENV)
            self.exits(passes, 2)
            self.assertGreater(passes.variable("tas")["passes"], 1)
            self.assertEqual(passes.variable("tas")["problems"], once.variable("tas")["problems"])
            self.assertTrue(contents(case) == wanted)

    def test_what_earlier_passes_found_is_forgotten_with_them(self):
        """Files that a damaged day makes anew: results without values, and those that float32 cannot hold."""
        micro = {"name": "micro", "time": "month", "units": "uK"}
        case = self.make([MONTH, micro], "noleap")
        raw = trees.values_like("temp", 0, 365, (16, 24))
        raw[:, 3, 4] = 3e36
        trees.write(self.paths[2003], "tas", trees.dates_of_year("noleap", 2003), raw, lat=LAT, lon=LON,
                    chunks=(1, 16, 24))
        with h5py.File(self.paths[2002], "r") as file:
            place = file["tas"].id.get_chunk_info_by_coord((364, 0, 0))
        with open(self.paths[2002], "r+b") as file:
            file.seek(place.byte_offset)
            file.write(b"\xa5" * place.size)
        for rest in (["normals.min_years=3"], ["normals.min_years=4"],
                     ["normals.min_years=4", "normals.targets=2003"]):
            settings = [word for setting in rest for word in ("--set", setting)]
            results = [case.run("--set", "output.existing=overwrite", *settings, *options)
                       for options in ((), self.days_cut(case))]
            self.assertEqual(*[result.variable("tas")["problems"] for result in results])

    def test_a_killed_run_goes_on(self):
        case = self.make([POOL, MONTH, SEASON], "noleap")
        raw = trees.values_like("temp", 0, 365, (16, 24))
        raw[:, 3, 4] = 1e30  # is not plausible
        trees.write(self.paths[2003], "tas", trees.dates_of_year("noleap", 2003), raw, lat=LAT, lon=LON,
                    chunks=(1, 16, 24))
        self.exits(case.run(env=ENV), 0)
        wanted, options = contents(case), self.days_cut(case)[2:]
        again = case.run("--set", "output.existing=overwrite", *options)
        all_chunks = again.variable("tas")["chunks_decoded"]
        for delay in range(40):
            shutil.rmtree(case.out, ignore_errors=True)
            with subprocess.Popen([BIN, "run", case.write_config(), "-q", *options],
                                  env={**os.environ, **ENV}) as run:
                time.sleep(0.01 * delay)
                run.send_signal(signal.SIGKILL)
            result = case.run(*options, env=ENV)
            self.exits(result, 0)
            self.assertTrue(contents(case) == wanted)
            row = result.variable("tas")
            is_resumed = 0 < row["chunks_decoded"] < 0.8 * all_chunks
            said = [" values are implausible" in p for p in row["problems"]]
            told = ["an earlier run has made some of the passes" in p for p in row["problems"]]
            self.assertEqual(any(told), is_resumed and any(said))
            if is_resumed:
                return
        self.fail("no run was killed between two passes")

    def test_chunks_of_some_days(self):
        """A chunk that two passes share is decoded in both."""
        row = self.run_in_passes(self.make([MONTH, POOL], "noleap", chunks=(5, 16, 24)))
        self.assertLess(row["chunks_decoded"], 1.5 * row["chunks_read"])


if __name__ == "__main__":
    main()
