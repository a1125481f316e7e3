"""Judges the judge: dates against cftime, slots against xarray and CDO, means against exact
fractions, unpacking against netCDF4's own masking. Needs no climnorm binary.
"""
import os
import shutil
import subprocess
import tempfile
import unittest
import warnings

import cftime
import netCDF4
import numpy as np
import xarray

import oracle
import trees


class Dates(unittest.TestCase):
    def test_day_numbers_against_cftime(self):
        rng = np.random.default_rng(1)
        for calendar in oracle.CALENDARS:
            for unit in ("days", "hours", "seconds"):
                units = f"{unit} since 1999-02-28 06:30:00"
                step = {"days": 1, "hours": 24, "seconds": 86400}[unit]
                values = rng.integers(-90000, 90000, 200) * step / 4
                want = cftime.num2date(values, units, calendar, only_use_cftime_datetimes=True)
                self.assertEqual(oracle.decode_times(values, units, calendar),
                                 [(d.year, d.month, d.day) for d in want], (calendar, units))

    def test_day_numbers_turn_around(self):
        for calendar in oracle.CALENDARS:
            for number in range(570000, 740000, 373):
                date = oracle.date_of(calendar, number)
                self.assertEqual(oracle.day_number(calendar, *date), number, calendar)

    def test_slots_against_cftime(self):
        for calendar in oracle.CALENDARS:
            for year in (1999, 2000):
                for date in trees.dates_of_year(calendar, year):
                    self.assertEqual(oracle.slot_of(calendar, "dayofyear", *date) + 1,
                                     cftime.datetime(*date, calendar=calendar).dayofyr)
                slots = [oracle.slot_of(calendar, "drop", *d)
                         for d in trees.dates_of_year(calendar, year)]
                slots = [s for s in slots if s is not None]
                self.assertEqual(slots, list(range(oracle.slot_count(calendar, "drop"))))


class Means(unittest.TestCase):
    def test_means_against_fractions(self):
        rng = np.random.default_rng(2)
        stack = (rng.standard_normal((30, 50)) * 10.0 ** rng.uniform(-40, 37, (30, 50)))
        stack = stack.astype(np.float32)
        stack[rng.random(stack.shape) < 0.3] = np.nan
        mean, count = oracle.mean_exact(stack)
        for i in range(50):
            exact = oracle.mean_fraction(stack[:, i])
            self.assertEqual(count[i], np.sum(~np.isnan(stack[:, i])))
            self.assertLess(abs(float(exact - oracle.Fraction(mean[i]))),
                            1e-8 * oracle.ulp32(mean[i]))

    def test_ulp_distance(self):
        for x in (1.0, 1.5, -3.7e-40, 1e30, 2.0 ** -149):
            above = np.nextafter(np.float32(x), np.float32(np.inf))
            self.assertAlmostEqual(float(oracle.ulp_distance(above, np.float64(np.float32(x)))), 1)
        self.assertTrue(np.isnan(oracle.ulp_distance(np.nan, np.nan)))
        self.assertTrue(np.isinf(oracle.ulp_distance(np.nan, 1.0)))


class Timelines(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="climnorm-oracle-")
        self.addCleanup(shutil.rmtree, self.dir)

    def test_against_xarray_and_cdo(self):
        for calendar in oracle.CALENDARS:
            variable = "v" + calendar.replace("_", "")
            paths = [trees.year_file(self.dir, variable, y, calendar=calendar,
                                     convert=self.holes) for y in range(1999, 2002)]
            timeline = oracle.Tree(self.dir).timeline(variable)
            got, _, _ = timeline.normal(2001, 3, "dayofyear")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with xarray.open_mfdataset(paths, use_cftime=True) as data:
                    want = data[variable].astype("f8").groupby("time.dayofyear").mean().values
            np.testing.assert_allclose(got, want, rtol=1e-12, err_msg=calendar)
            out = os.path.join(self.dir, "cdo.nc")
            subprocess.run(["cdo", "-s", "-O", "-b", "F64", "-ydaymean", "-mergetime", *paths,
                            out], check=True, capture_output=True)
            with netCDF4.Dataset(out) as nc:
                want = np.ma.filled(nc.variables[variable][:].astype("f8"), np.nan)
            got, _, _ = timeline.normal(2001, 3, "month_day")
            np.testing.assert_allclose(got, want, rtol=1e-9, err_msg=calendar)

    @staticmethod
    def holes(values):
        values = values.copy()
        values.reshape(-1)[::11] = 1e20
        return values

    def test_unpacking_against_netcdf4(self):
        path = trees.year_file(
            self.dir, "q", 2000, fill=-32768, convert=trees.pack16(0.01, 273.15),
            attributes={"scale_factor": 0.01, "add_offset": 273.15,
                        "valid_range": np.array([-3000, 3000], "i2")})
        with netCDF4.Dataset(path) as nc:
            want = np.ma.filled(nc.variables["q"][:].astype("f8"), np.nan).astype("f4")
        source = oracle.SourceFile(path, "q")
        got = np.stack([source.days[d] for d in sorted(source.days)])
        self.assertGreater(np.isnan(want).sum(), 100)
        np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
        np.testing.assert_allclose(got, want, rtol=1e-6)

    def test_unpacking_by_hand(self):
        def values(raw, dtype, **attributes):
            return oracle.unpack(np.array(raw, dtype), attributes)[0].tolist()
        nan = float("nan")
        for got, want in (
                (values([0, 200, 255], "u1"), [0, 200, 255]),
                (values([-1, 1], "i1", _Unsigned="true"), [255, 1]),
                (values([-32767, 5], "i2"), [nan, 5]),
                (values([-32767, 5], "i2", _FillValue=np.int16(5)), [-32767, nan]),
                (values([1, 2, 3], "i2", missing_value=np.array([1, 3], "i2")), [nan, 2, nan]),
                (values([1, 2, 3], "i2", scale_factor=2.0, valid_max=4.5), [2, 4, nan]),
                (values([1, 2, 3], "i2", scale_factor=2.0, valid_max=np.int16(2)), [2, 4, nan]),
                (values([np.inf, np.nan, 1], ">f4"), [nan, nan, 1]),
                (values([9.969209968386869e+36, 1], "f4"), [nan, 1])):
            np.testing.assert_array_equal(got, want)


class Regions(unittest.TestCase):
    def test_boxes(self):
        lat, lon = np.array([-10.0, 0, 10]), np.arange(0, 360, 90.0)
        for box, want in (((0, 90), [0, 90]), ((-90, 0), [-90, 0]), ((270, 0), [-90, 0]),
                          ((-180, 180), [-180, -90, 0, 90]), ((0, 360), [0, 90, 180, 270]),
                          ((90.00001, 180), [90, 180]), ((90.0001, 180), [180]),
                          ((450, 540), [450, 540])):
            rows, columns, shifted = oracle.cells_of((box, (-10, 0)), lat, lon)
            self.assertEqual((rows, shifted), ([0, 1], want))
            self.assertEqual([lon[c] % 360 for c in columns], [x % 360 for x in shifted])
        _, columns, _ = oracle.cells_of(None, lat, np.array([0, 90.0, 360, 450]))
        self.assertEqual(columns, [0, 1])

    def test_bounds(self):
        np.testing.assert_allclose(oracle.bounds_of(np.array([-90.0, 0, 90]), None, True),
                                   [[-90, -45], [-45, 45], [45, 90]])
        self.assertIsNone(oracle.bounds_of(np.array([1.0])))


if __name__ == "__main__":
    unittest.main()
