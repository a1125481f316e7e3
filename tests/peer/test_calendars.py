"""Days: every leap-day rule and calendar, the time coordinate in all its spellings, and CDO's
ydaymean as a second judge of month_day.
"""
import os
import subprocess
import tempfile

import netCDF4
import numpy as np

import oracle
import trees
from climnorm_case import Case, TestCase, main, read

NAMED = {"vnone": None, "vstandard": "standard", "vgregorian": "gregorian",
         "vproleptic": "proleptic_gregorian", "vjulian": "julian", "vnoleap": "noleap",
         "v365": "365_day", "valleap": "all_leap", "v366": "366_day", "v360": "360_day"}
YEARS = range(1998, 2005)


def holes(values):
    values = values.copy()
    values.reshape(-1)[::13] = 1e20
    return values


class Rules(TestCase):
    """One tree with a variable for each calendar; one run for each rule."""

    @classmethod
    def setUpClass(cls):
        cls.case = Case(variables=list(NAMED)).periods(2000, 2004)
        cls.addClassCleanup(cls.case.close)
        for variable, calendar in NAMED.items():
            for year in YEARS:
                trees.year_file(cls.case.data, variable, year, calendar=calendar, convert=holes)
        cls.tree = oracle.Tree(cls.case.data)

    def rule(self, rule):
        self.case.config["normals"]["leap_day"] = rule
        self.case.config["output"]["root"] = "output-" + rule
        self.case.out = os.path.join(self.case.dir, "output-" + rule)
        self.exits(self.case.run(), 0)
        for variable in NAMED:
            with self.subTest(variable=variable, rule=rule):
                timeline = self.tree.timeline(variable)
                self.judged(self.case, variable, range(2000, 2005), timeline=timeline)
                with netCDF4.Dataset(self.case.path(variable, 2001)) as nc:
                    slots = oracle.slot_count(NAMED[variable], rule)
                    self.assertEqual(nc.variables["dayofyear"][:].tolist(),
                                     list(range(1, slots + 1)))
                    wanted = oracle.calendar_kind(NAMED[variable])
                    self.assertEqual(oracle.calendar_kind(nc.variables["climatology_time"].calendar), wanted)
                    self.times(nc, NAMED[variable], rule)

    def times(self, nc, calendar, rule):
        time, kind = nc.variables["climatology_time"], oracle.calendar_kind(calendar)
        self.assertRegex(time.units, r"^days since \d{4}-0?1-0?1")
        origin = oracle.day_number(kind, int(time.units.split()[2][:4]), 1, 1)
        bounds = nc.variables[time.climatology]
        want = np.array(oracle.climatology(kind, rule, 2001, 3)) - origin
        np.testing.assert_allclose(time[:], want[:, 0], atol=1e-9)
        np.testing.assert_allclose(bounds[:], want[:, 1:], atol=1e-9)

    def test_dayofyear(self):
        self.rule("dayofyear")

    def test_drop(self):
        self.rule("drop")

    def test_month_day_and_cdo(self):
        self.rule("month_day")
        for variable in NAMED:
            with tempfile.TemporaryDirectory() as folder, self.subTest(variable=variable):
                out = os.path.join(folder, "cdo.nc")
                paths = [os.path.join(self.case.data, variable, trees.name(variable, y))
                         for y in range(1999, 2002)]
                subprocess.run(["cdo", "-s", "-b", "F64", "-ydaymean", "-mergetime", *paths, out],
                               check=True, capture_output=True)
                with netCDF4.Dataset(out) as nc:
                    want = np.ma.filled(nc.variables[variable][:].astype("f8"), np.nan)
                got = read(self.case.path(variable, 2001), variable)["values"]
                self.assertEqual(got.shape, want.shape)
                self.assertLessEqual(np.nanmax(oracle.ulp_distance(got, want)), 1 + 1e-6)


class Times(TestCase):
    """The time coordinate decides which days a file holds."""

    def test_spellings(self):
        spellings = {
            "hours": dict(time_units="hours since 1990-01-01 06:00:00", calendar="standard"),
            "minutes": dict(time_units="minutes since 1990-01-01", calendar="360_day"),
            "seconds": dict(time_units="seconds since 1990-01-01T12:00:00", calendar="noleap"),
            "midnight": dict(hours=(0.0,)),
            "late": dict(hours=(23.99,)),
            "noonref": dict(time_units="days since 1949-12-31 12:00:00", calendar="julian"),
            "febref": dict(time_units="days since 1990-02-30", calendar="360_day"),
            "ints": dict(hours=(0.0,), time_type="i4"),
            "shorts": dict(hours=(0.0,), time_type="i2", time_units="days since 1990-01-01"),
            "floats": dict(time_type="f4"),
            "longs": dict(hours=(0.0,), time_type="i8", form="NETCDF4"),
            "capital": dict(time_units="Days Since 1990-01-01", calendar="Standard"),
            "oldref": dict(time_units="days since 1850-1-1 0:0:0.0", calendar="gregorian"),
            "zeroref": dict(time_units="days since 0001-01-01", calendar="standard"),
        }
        with Case(variables=list(spellings)).periods(2001, 2002) as case:
            for variable, options in spellings.items():
                for year in range(1999, 2003):
                    units = options.get("time_units", "days since 1950-01-01")
                    calendar = options.get("calendar", "noleap")
                    values = trees.numbers(trees.dates_of_year(calendar, year), units.lower(),
                                           calendar.lower(), options.get("hours", (12.0,)))
                    trees.year_file(case.data, variable, year, time_values=values,
                                    **{k: v for k, v in options.items() if k != "hours"})
            self.exits(case.run(), 0)
            for variable in spellings:
                with self.subTest(variable=variable):
                    self.judged(case, variable, (2001, 2002))

    def test_instants_just_before_midnight_round_to_the_next_day(self):
        """0.3 seconds before midnight is midnight, by rounding to the nearest second."""
        with Case(variables=["tas"]).periods(2001, 2001) as case:
            for year in range(1999, 2002):
                dates = trees.dates_of_year("noleap", year)
                values = trees.numbers(dates, "days since 1950-01-01", "noleap", (0,))
                trees.year_file(case.data, "tas", year, time_values=values - 0.3 / 86400)
            self.exits(case.run(), 0)
            self.judged(case, "tas", [2001])
            self.assertIn((2000, 1, 1), oracle.Tree(case.data).timeline("tas").days)

    def test_several_instants_a_day(self):
        for calendar, hours in (("standard", (0.0, 6.0, 12.0, 18.0)), ("360_day", (3.0, 15.0))):
            with Case(variables=["tas", "pr"]).periods(2001, 2001) as case:
                for year in range(1999, 2002):
                    trees.year_file(case.data, "tas", year, calendar=calendar, hours=hours,
                                    convert=holes)
                    trees.year_file(case.data, "pr", year, calendar=calendar, hours=hours,
                                    fill=-32768, convert=trees.pack16(0.25, 280), chunks=None,
                                    attributes={"scale_factor": 0.25, "add_offset": 280.0})
                self.exits(case.run(), 0)
                self.judged(case, "tas", [2001])
                self.judged(case, "pr", [2001])

    def test_bad_times_are_reported_and_left_out(self):
        """Each bad file takes its source year along; the other years stay."""
        def broken(change, **options):
            values = trees.numbers(trees.dates_of_year("noleap", 2001), "days since 1950-01-01",
                                   "noleap")
            return dict(time_values=change(values), **options)

        def setter(i, value):
            def change(values):
                values[i] = value if not callable(value) else value(values)
                return values
            return change
        bad = {
            "equal": broken(setter(100, lambda v: v[99])),
            "decreasing": broken(setter(100, lambda v: v[97])),
            "nan": broken(setter(100, np.nan)),
            "inf": broken(setter(364, np.inf)),
            "huge": broken(setter(364, 1e300)),
            "months": broken(lambda v: v, time_units="months since 1950-01-01"),
            "years": broken(lambda v: v, time_units="years since 1950-01-01"),
            "absolute": broken(lambda v: v, time_units="day as %Y%m%d.%f"),
            "nounits": broken(lambda v: v, time_units="days"),
            "nodate": broken(lambda v: v, time_units="days since 1950-02-30"),
            "oddcalendar": broken(lambda v: v, time_attributes={"calendar": "martian"}),
            "step": dict(keep=lambda d: d[2] % 5 == 1),
        }
        with Case(variables=list(bad), normals={"min_years": 2}).periods(2001, 2002) as case:
            for variable, options in bad.items():
                for year in (1999, 2000, 2002):
                    trees.year_file(case.data, variable, year)
                trees.year_file(case.data, variable, 2001, **options)
            result = case.run()
            self.exits(result, 2)
            tree = oracle.Tree(case.data)
            for variable in bad:
                with self.subTest(variable=variable):
                    file = trees.name(variable, 2001)
                    self.assertIn(file, result.problems(variable))
                    self.assertIn(file, result.said)
                    timeline = tree.timeline(variable, skip=(file,))
                    self.judged(case, variable, (2001, 2002), timeline=timeline)
                    self.assertEqual(result.variable(variable)["normals_written"], 2)

    def test_end_stamped(self):
        with Case(variables=["tas"], input={"stamps": "instant"}).periods(2001, 2001) as case:
            for year in range(1999, 2002):
                start = trees.numbers(trees.dates_of_year("noleap", year),
                                      "days since 1950-01-01", "noleap", (0,))
                trees.year_file(case.data, "tas", year, time_values=start + 1,
                                time_bounds=np.stack([start, start + 1], 1))
            result = case.run()
            self.exits(result, 0)
            self.assertIn("end-stamped", result.said)
            self.judged(case, "tas", [2001])

    def test_families(self):
        with Case(variables=["mixed", "kin", "names"],
                  normals={"min_years": 3}).periods(2001, 2001) as case:
            for year, mixed, kin, spelled in ((1999, "standard", "standard", "noleap"),
                                              (2000, "noleap", "proleptic_gregorian", "365_day"),
                                              (2001, "standard", "gregorian", "noleap")):
                trees.year_file(case.data, "mixed", year, calendar=mixed)
                trees.year_file(case.data, "kin", year, calendar=kin)
                trees.year_file(case.data, "names", year, calendar=spelled)
            result = case.run()
            self.exits(result, 2)
            self.judged(case, "kin", [2001])
            self.judged(case, "names", [2001])
            self.assertFalse(os.path.exists(case.path("mixed", 2001)))
            self.assertRegex(result.problems("mixed"), "calendar")
            self.assertRegex(result.variable("mixed")["status"], "(?i)fail")

    def test_a_window_without_a_leap_year(self):
        with Case(variables=["tas"]).periods(2003, 2003) as case:
            for year in range(2001, 2004):
                trees.year_file(case.data, "tas", year, calendar="standard")
            self.exits(case.run(), 0)
            self.judged(case, "tas", [2003])
            got = read(case.path("tas", 2003), "tas")["values"]
            self.assertEqual(len(got), 366)
            self.assertTrue(np.isnan(got[365]).all())
            with netCDF4.Dataset(case.path("tas", 2003)) as nc:
                time = nc.variables["climatology_time"]
                origin = oracle.day_number("standard", int(time.units.split()[2][:4]), 1, 1)
                self.assertEqual(float(time[365]) + origin,
                                 oracle.day_number("standard", 2000, 12, 31) + 0.5)


if __name__ == "__main__":
    main()
