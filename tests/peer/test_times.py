"""Time axes as they are written: in float32, at the ends of intervals, as text, in calendars and
units of many spellings. cftime says which day an exact instant is of; each value is the number of
its day.
"""
import os

import cftime
import netCDF4
import numpy as np

import trees
from climnorm_case import Case, TestCase, main, read

LAT, LON = np.array([10.0, 20]), np.array([0.0, 120, 240])


class Times(TestCase):
    def case(self, first, last, *, window=1, **config):
        normals = {"window": window, "min_years": 1, "min_days": 1.0, **config.pop("normals", {})}
        case = Case(normals=normals, **config).periods(first, last)
        self.addCleanup(case.close)
        return case

    def write(self, case, year, instants, values, *, table="day", change=None, **options):
        """instants: numbers of time; values: one of each."""
        raw = np.broadcast_to(np.asarray(values, "f4")[:, None, None],
                              (len(instants), len(LAT), len(LON)))
        path = os.path.join(case.data, trees.name("tas", year, table=table))
        trees.write(path, "tas", [], raw, lat=LAT, lon=LON, time_values=instants, units="1",
                    deflate=1, chunks=(len(instants), len(LAT), len(LON)), **options)
        if change:
            with netCDF4.Dataset(path, "a") as nc:
                change(nc)
        return path

    def slots(self, case, year):
        """The values of the normal, one a day."""
        values = read(case.path("tas", year), "tas")["values"]
        np.testing.assert_array_equal(values, values[:, :1, :1] + 0 * values)
        return values[:, 0, 0]

    def runs(self, case, said=()):
        result = case.run()
        self.exits(result, 0)
        warnings = [line for line in result.said.splitlines() if line.startswith("warning:")]
        self.assertEqual(len(warnings), len(said), result.said)
        for part, line in zip(said, warnings):
            self.assertIn(part, line)
        return result

    def test_float32(self):
        for units, calendar, hour, years in (
                ("seconds since 1850-01-01", "noleap", 0, (1950, 1952)),
                ("seconds since 1850-01-01", "standard", 12, (2098, 2100)),
                ("seconds since 1850-01-01", "360_day", 0, (2049, 2050)),
                ("seconds since 1970-01-01", "proleptic_gregorian", 0, (2016, 2017)),
                ("minutes since 1850-01-01 12:00", "noleap", 0, (2099, 2100)),
                ("hours since 0001-01-01", "noleap", 0, (2050, 2051)),
                ("days since 0001-01-01", "standard", 12, (2099, 2100)),
                ("seconds since 0001-01-01", "noleap", 0, (2050, 2051))):
            with self.subTest(units=units, calendar=calendar, hour=hour):
                case = self.case(*years)
                for year in range(years[0], years[1] + 1):
                    dates = trees.dates_of_year(calendar, year)
                    exact = trees.numbers(dates, units, calendar, (hour,))
                    self.write(case, year, exact, np.arange(len(dates)), time_type="f4",
                               time_units=units, calendar=calendar)
                has_366 = any(len(trees.dates_of_year(calendar, year)) == 366
                              for year in range(years[0], years[1] + 1))
                self.runs(case, () if has_366 or calendar in ("noleap", "360_day")
                          else ("no value in day slot 366 of any target year",))
                for year in range(years[0], years[1] + 1):
                    days = len(trees.dates_of_year(calendar, year))
                    np.testing.assert_array_equal(self.slots(case, year)[:days], np.arange(days))

    def test_several_instants_a_day_in_float32(self):
        for hours, units in ((range(0, 24, 3), "seconds since 1850-01-01"),
                             (range(24), "seconds since 1950-01-01"),
                             (range(0, 24, 6), "days since 0001-01-01"),
                             ((0, 12), "seconds since 0001-01-01")):
            with self.subTest(units=units, per_day=len(hours)):
                case = self.case(2001, 2001)
                dates = trees.dates_of_year("noleap", 2001)
                exact = trees.numbers(dates, units, "noleap", hours)
                self.write(case, 2001, exact, np.repeat(np.arange(365), len(hours)),
                           time_type="f4", time_units=units)
                self.runs(case)
                np.testing.assert_array_equal(self.slots(case, 2001), np.arange(365))

    def test_steps_a_little_off_a_day(self):
        units = "seconds since 1850-01-01"
        noon = trees.numbers(trees.dates_of_year("noleap", 2050), units, "noleap")
        for what, numbers in (("through float32", noon.astype("f4").astype("f8")),
                              ("a second more", noon + np.arange(365)),
                              ("two minutes more", noon + 120 * (np.arange(365) - 182))):
            with self.subTest(what):
                case = self.case(2050, 2050)
                self.write(case, 2050, numbers, np.arange(365), time_units=units)
                self.runs(case)
                np.testing.assert_array_equal(self.slots(case, 2050), np.arange(365))

    def stamped(self, case, year, hours, *, bounds="f8", time_type="f8", units=None):
        """Values of intervals, in a file whose instants are their ends."""
        units = units or "hours since 1850-01-01"
        dates = trees.dates_of_year("noleap", year)
        per_unit = {"h": 1, "d": 24, "s": 1 / 3600}[units[0]]
        ends = trees.numbers(dates, units, "noleap", hours)
        pairs = np.stack([ends - (24 / len(hours)) / per_unit, ends], 1).astype(bounds)
        return self.write(case, year, ends, np.repeat(np.arange(365), len(hours)),
                          time_bounds=pairs, time_units=units, time_type=time_type)

    def test_end_stamps_count_for_the_middle_of_their_bounds(self):
        for hours, options in (([24], {}), (range(3, 25, 3), {}), (range(1, 25), {}),
                               ([12, 24], {"units": "days since 2000-01-01"}),
                               ([24], {"bounds": "f4", "time_type": "f4",
                                       "units": "seconds since 1850-01-01"}),
                               (range(6, 25, 6), {"time_type": "f4",
                                                  "units": "seconds since 1850-01-01"})):
            with self.subTest(per_day=len(hours), **options):
                case = self.case(2001, 2002)
                for year in (2001, 2002):
                    self.stamped(case, year, list(hours), **options)
                self.runs(case, ["2 of 2 files are end-stamped"])
                for year in (2001, 2002):
                    np.testing.assert_array_equal(self.slots(case, year), np.arange(365))

    def test_input_stamps_instant_takes_the_instant(self):
        case = self.case(2002, 2002, input={"stamps": "instant"}, normals={"min_days": 0.9})
        for year in (2001, 2002):
            self.stamped(case, year, [24])
        self.runs(case, ["2003 (historical, 1 of 365)", "2001 (historical, 364 of 365)",
                         "end-stamped: each instant is the end of its interval, but counts"])
        np.testing.assert_array_equal(self.slots(case, 2002), [364, *range(364)])
        case.config["input"]["stamps"] = "auto"
        result = case.run()  # the same files mean other days: the normal is made again
        self.assertEqual(result.variable("tas")["normals_written"], 1)
        np.testing.assert_array_equal(self.slots(case, 2002), np.arange(365))

    def test_bounds_of_more_than_a_day_are_no_end_stamps(self):
        case = self.case(2001, 2001)
        ends = trees.numbers(trees.dates_of_year("noleap", 2001), "days since 1850-01-01",
                             "noleap", (0,))
        self.write(case, 2001, ends, np.arange(365), time_units="days since 1850-01-01",
                   time_bounds=np.stack([ends - 5, ends], 1))
        self.runs(case)
        np.testing.assert_array_equal(self.slots(case, 2001), np.arange(365))

    def test_a_last_instant_that_is_24_00(self):
        for hours in (range(3, 25, 3), range(1, 25), range(6, 25, 6), (12, 24)):
            with self.subTest(per_day=len(hours)):
                case = self.case(2001, 2003)
                for year in (2001, 2002, 2003):
                    dates = trees.dates_of_year("noleap", year)
                    instants = trees.numbers(dates, "hours since 1850-01-01", "noleap", hours)
                    self.write(case, year, instants, np.repeat(np.arange(365), len(hours)),
                               time_units="hours since 1850-01-01")
                self.runs(case, ["3 of 3 files are end-stamped"])
                for year in (2001, 2002, 2003):
                    np.testing.assert_array_equal(self.slots(case, year), np.arange(365))
                case.config["input"]["stamps"] = "instant"
                result = case.run()
                self.exits(result, 2)
                self.assertIn("overlap", result.said)

    def test_instants_of_one_file_belong_to_the_day_they_begin(self):
        case = self.case(2001, 2001, normals={"min_days": 0.9})
        dates = trees.dates_of_year("noleap", 2001)
        instants = trees.numbers(dates, "hours since 2001-01-01", "noleap", range(3, 25, 3))
        days = cftime.num2date(instants, "hours since 2001-01-01", "noleap")
        self.write(case, 2001, instants, [d.dayofyr + 365 * (d.year - 2001) for d in days],
                   time_units="hours since 2001-01-01")
        case.run()
        np.testing.assert_array_equal(self.slots(case, 2001), np.arange(1, 366))

    def test_calendars_and_units_as_people_write_them(self):
        for calendar, units in (("noleap ", "hrs since 2000-01-01"),
                                ("NoLeap", "mins since 2000-01-01"),
                                ("365_Day", "Hours since 2000-01-01"),
                                ("365 day", "secs since 2000-01-01"),
                                ("no_leap", "DAYS since 2000-01-01"),
                                ("NOLEAP\n", "hr since 2000-01-01")):
            with self.subTest(calendar=calendar, units=units):
                case = self.case(2002, 2002)
                exact = cftime.date2num(
                    [cftime.datetime(*d, 12, calendar="noleap")
                     for d in trees.dates_of_year("noleap", 2002)], units, "noleap")
                self.write(case, 2002, exact, np.arange(365), time_units=units, calendar=calendar)
                self.runs(case)
                np.testing.assert_array_equal(self.slots(case, 2002), np.arange(365))

    def test_time_that_is_text(self):
        def as_strings(nc):
            nc.renameVariable("time", "unused")
            nc["unused"].delncattr("units")
            nc.createVariable("time", str, ("time",))[:] = np.array(["2001-01-01"] * 365, object)

        def as_characters(nc):
            nc.renameVariable("time", "unused")
            nc["unused"].delncattr("units")
            nc.createDimension("length", 10)
            nc.createVariable("time", "S1", ("time", "length"))[:] = "2"

        def under_another_name(nc):
            nc.renameVariable("time", "unused")
            nc["unused"].delncattr("units")
            text = nc.createVariable("dates", str, ("time",))
            text.standard_name = "time"
            text[:] = np.array(["1 January"] * 365, object)

        def latitude(nc):
            nc.renameVariable("lat", "unused")
            nc.createVariable("lat", str, ("lat",))[:] = np.array(["10N", "20N"], object)
        for name, change in (("time", as_strings), ("time", as_characters),
                             ("dates", under_another_name), ("lat", latitude)):
            with self.subTest(name=name, change=change.__name__):
                case = self.case(2001, 2001)
                self.write(case, 2001, np.arange(365.0), np.arange(365), change=change,
                           axis_by="names")
                result = case.run()
                self.exits(result, 2)
                self.assertIn(f"'{name}' is text, expected numbers", result.said)

    def with_texts(self, name, texts, **attributes):
        """A change of a file, to time as WRF and MPAS write it."""
        def change(nc):
            nc.renameVariable("time", "unused")
            nc["unused"].delncattr("units")
            nc.createDimension("length", 24)
            nc.createVariable(name, "S1", ("time", "length"))[:] = \
                netCDF4.stringtochar(np.array([text.ljust(24) for text in texts], "S24"))
            nc.setncatts(attributes)
        return change

    def test_dates_of_models_that_are_text(self):
        day = np.arange(365)
        for name, calendar, hours, attributes in (
                ("Times", "standard", (0,), {}), ("Times", "standard", (0, 6, 12, 18), {}),
                ("xtime", "noleap", (12,), {"config_calendar_type": "gregorian_noleap"}),
                ("xtime", "noleap", (12,), {"config_calendar_type": "noleap"}),
                ("xtime", "360_day", (23,), {"config_calendar_type": "360_day"})):
            with self.subTest(name=name, calendar=calendar, hours=hours):
                case = self.case(2001, 2001)
                dates = trees.dates_of_year(calendar, 2001)
                texts = [f"{y}-{m:02}-{d:02}_{h:02}:00:00" for y, m, d in dates for h in hours]
                self.write(case, 2001, np.arange(float(len(texts))), np.repeat(day[:len(dates)], len(hours)),
                           change=self.with_texts(name, texts, **attributes), axis_by="names")
                self.runs(case, ["day slot 366"] if calendar == "standard" else [])
                np.testing.assert_array_equal(self.slots(case, 2001)[:len(dates)], day[:len(dates)])

    def test_texts_that_are_no_dates(self):
        for text, said in (("2001-02-30_00:00:00", "the calendar standard"), ("2001-03-01", "dates and"),
                           ("", "not ''"), ("2000-01-01_00:00:00", "not after")):
            with self.subTest(text):
                case = self.case(2001, 2001)
                texts = [f"2001-01-{d:02}_00:00:00" for d in range(1, 31)]
                texts[7] = text
                self.write(case, 2001, np.arange(30.0), np.arange(30),
                           change=self.with_texts("Times", texts), axis_by="names")
                result = case.run()
                self.exits(result, 2)
                self.assertIn(said, result.said)
                self.assertRegex(result.said, "(text|instant) 7 of 'Times'")

    def test_a_last_year_of_a_few_days_is_no_target_year(self):
        for spill in (1, 10, 150):
            with self.subTest(spill=spill):
                case = Case(normals={"window": 3, "min_years": 2})
                self.addCleanup(case.close)
                for year in range(2001, 2006):
                    days = np.arange(365 if year < 2005 else spill) + 365 * (year - 1950.0) + 0.5
                    self.write(case, year, days, days)
                result = case.run()
                self.exits(result, 0)
                years = {name.split("_")[-3] for name in case.normals()}
                self.assertEqual(years, {"2002", "2003", "2004"})
                self.assertIn(f"2005 (historical, {spill} of 365); the files begin or end there",
                              result.err)
                self.assertNotIn("download", result.err)

    def test_drop_needs_no_29_february(self):
        for calendar, year in (("standard", 2000), ("julian", 1900), ("all_leap", 2001)):
            for keeps in (False, True):
                with self.subTest(calendar=calendar, keeps=keeps):
                    case = self.case(year, year, normals={"leap_day": "drop"})
                    case.config["products"] = [
                        {"name": "normal"}, {"name": "monthly", "time": "month"}]
                    dates = [d for d in trees.dates_of_year(calendar, year)
                             if keeps or d[1:] != (2, 29)]
                    values = [-99 if d[1:] == (2, 29) else d[1] for d in dates]
                    units = f"days since {year}-01-01"
                    self.write(case, year, trees.numbers(dates, units, calendar), values,
                               calendar=calendar, time_units=units)
                    self.runs(case)
                    months = np.repeat(np.arange(1, 13),
                                       [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
                    np.testing.assert_array_equal(self.slots(case, year), months)
                    monthly = case.path("tas", year).replace("_normal.nc", "_monthly.nc")
                    with netCDF4.Dataset(monthly) as nc:
                        np.testing.assert_array_equal(nc["tas"][:, 0, 0], np.arange(1, 13))

    def test_drop_misses_other_days(self):
        case = self.case(2000, 2000, normals={"leap_day": "drop"})
        dates = [d for d in trees.dates_of_year("standard", 2000) if d[1:] != (3, 1)]
        self.write(case, 2000, trees.numbers(dates, "days since 2000-01-01", "standard"),
                   np.arange(365), calendar="standard", time_units="days since 2000-01-01")
        self.assertIn("364 of 365", case.run().said)


if __name__ == "__main__":
    main()
