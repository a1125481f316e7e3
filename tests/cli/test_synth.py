"""climnorm synth, judged from outside with netCDF4, xarray and cftime."""
import filecmp
import itertools
import os
import signal
import subprocess
import tempfile
import time
import unittest
import zlib
from pathlib import Path

import h5py
import netCDF4
import numpy as np
import xarray as xr

from build import BIN, main

REGIONS = {  # lon, lat
    "CONUS": (234, 294, 24, 50),
    "AK": (170, 235, 50, 72),
    "HI": (181.63, 205.20, 18.92, 28.45),
    "PRVI": (292.03, 295.49, 17.62, 18.57),
    "GU": (144.58, 146.12, 13.18, 20.61),
}


def synth(*arguments, code=0, **environment):
    done = subprocess.run([BIN, "synth", *map(str, arguments)], capture_output=True, text=True,
                          env={**os.environ, **environment}, timeout=120)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done


def path(root, variable, year, model="NorESM2-LM", scenario="ssp245", variant="r1i1p1f1",
         grid="_gn"):
    experiment = "historical" if year <= 2014 else scenario
    return Path(root, model, experiment, variant, variable,
                f"{variable}_day_{model}_{experiment}_{variant}{grid}_{year}.nc")


def values(file, variable):
    with netCDF4.Dataset(file) as data:
        return data[variable][:]


class Synth(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name, "tree")

    def test_names_and_defaults(self):
        done = synth(self.root, "--years", "2013-2016", "--scenario", "ssp245,ssp585", "--days", 3)
        expected = {path(self.root, variable, year, scenario=scenario)
                    for variable in ("pr", "tas") for year in range(2013, 2017)
                    for scenario in ("ssp245", "ssp585")}
        self.assertEqual(set(filter(Path.is_file, self.root.rglob("*"))), expected)
        self.assertIn("12 files", done.stdout)
        self.assertEqual(done.stderr, "")

    def test_quiet(self):
        done = synth(self.root, "--years", "2013", "--days", 1, "--grid", "3x5", "-q")
        self.assertEqual((done.stdout, done.stderr), ("", ""))
        self.assertEqual(len(list(self.root.rglob("*.nc"))), 2)

    def test_other_names(self):
        synth(f"{self.root}/", "--years", "2015", "--model", "CanESM2", "--variant", "r1i1p1",
              "--scenario", "rcp85", "--grid-label", "", "--variables", "rsds,bogus", "--days", 2,
              "--grid", "3x5")
        for variable in "rsds", "bogus":
            file = path(self.root, variable, 2015, "CanESM2", "rcp85", "r1i1p1", "")
            self.assertEqual(values(file, variable).shape, (2, 3, 5))

    def test_metadata_and_storage(self):
        synth(self.root, "--years", "2015", "--variables", "pr,tas,tasmax,tasmin", "--grid", "6x8",
              SOURCE_DATE_EPOCH="86400")
        names = {"pr": ("precipitation_flux", "kg m-2 s-1", "mean"),
                 "tas": ("air_temperature", "K", "mean"),
                 "tasmax": ("air_temperature", "K", "maximum"),
                 "tasmin": ("air_temperature", "K", "minimum")}
        for variable, (standard_name, units, method) in names.items():
            with netCDF4.Dataset(path(self.root, variable, 2015)) as data:
                v = data[variable]
                self.assertEqual(v.dimensions, ("time", "lat", "lon"))
                self.assertTrue(data.dimensions["time"].isunlimited())
                self.assertEqual(v.dtype, np.float32)
                self.assertEqual(v.endian(), "little")
                self.assertEqual(v.chunking(), [1, 6, 8])
                filters = v.filters()
                self.assertTrue(filters["zlib"] and filters["shuffle"])
                self.assertEqual(filters["complevel"], 5)
                self.assertEqual((v.standard_name, v.units), (standard_name, units))
                self.assertTrue(v.cell_methods.endswith(f"time: {method}"))
                self.assertEqual(v._FillValue, np.float32(1e20))
                self.assertEqual(v.missing_value, np.float32(1e20))
                self.assertEqual(data["time"].units, "days since 1850-01-01")
                np.testing.assert_array_equal(data["lat"][:], [-47.5, -22.5, 2.5, 27.5, 52.5, 77.5])
                np.testing.assert_array_equal(data["lon"][:], 22.5 + 45 * np.arange(8))
                for name in "Conventions", "title", "institution", "source":
                    self.assertTrue(getattr(data, name))
                self.assertEqual(data.cmip6_source_id, "NorESM2-LM")
                self.assertEqual(data.variant_label, "r1i1p1f1")
                self.assertTrue(data.history.startswith("1970-01-02T00:00:00Z climnorm "))

    def test_compression(self):
        options = ["--years", "2015", "--variables", "tas", "--days", 4]
        for level in 0, 1, 9:
            synth(self.root / str(level), *options, "--compression", level)
        plain = path(self.root / "0", "tas", 2015)
        with netCDF4.Dataset(plain) as data:
            self.assertFalse(data["tas"].filters()["zlib"] or data["tas"].filters()["shuffle"])
        for level in 1, 9:
            file = path(self.root / str(level), "tas", 2015)
            with netCDF4.Dataset(file) as data:
                self.assertEqual(data["tas"].filters()["complevel"], level)
            np.testing.assert_array_equal(values(file, "tas").filled(),
                                          values(plain, "tas").filled())

    def test_calendars(self):
        lengths = {"standard": (365, 366, 365), "proleptic_gregorian": (365, 366, 365),
                   "julian": (365, 366, 366), "noleap": (365, 365, 365),
                   "all_leap": (366, 366, 366), "360_day": (360, 360, 360)}
        for calendar, days in lengths.items():
            root = self.root / calendar
            for year, length in zip((1999, 2000, 1900), days):
                synth(root, "--years", year, "--calendar", calendar, "--variables", "tas",
                      "--grid", "4x4")
                with netCDF4.Dataset(path(root, "tas", year)) as data:
                    time = data["time"]
                    self.assertEqual(len(time), length, (calendar, year))
                    self.assertEqual(time.calendar, calendar)
                    dates = netCDF4.num2date(time[:], time.units, calendar)
                    self.assertTrue(all(d.year == year and d.hour == 12 for d in dates))
                    self.assertEqual([d.dayofyr for d in dates], list(range(1, length + 1)))

    def test_land_in_every_region(self):
        for grid, style in itertools.product(("22x36", "150x360", "600x1440"),
                                             ("smooth", "nex-gddp")):
            root = self.root / grid / style
            synth(root, "--grid", grid, "--years", "2020", "--days", 1, "--variables", "tas",
                  "--style", style)
            with xr.open_dataset(path(root, "tas", 2020)) as data:
                land = data.tas[0].notnull()
                self.assertTrue(.2 < land.mean() < .45, float(land.mean()))
                for region, (west, east, south, north) in REGIONS.items():
                    box = land.sel(lon=slice(west, east), lat=slice(south, north))
                    self.assertGreater(box.size, 0, (grid, region))
                    self.assertTrue(box.any(), (grid, style, region))
        np.testing.assert_array_equal(data.lat[[0, -1]], [-59.875, 89.875])
        np.testing.assert_array_equal(data.lon[[0, -1]], [.125, 359.875])

    def test_values_are_plausible(self):
        synth(self.root, "--years", "2015", "--variables", "pr,tas,tasmax,tasmin")
        pr, tas, high, low = (values(path(self.root, v, 2015), v)
                              for v in ("pr", "tas", "tasmax", "tasmin"))
        for variable in pr, high, low:
            np.testing.assert_array_equal(variable.mask, tas.mask)
        self.assertTrue((tas.mask == tas.mask[0]).all())
        self.assertTrue((low <= tas).all() and (tas <= high).all())
        self.assertTrue(200 < low.min() and high.max() < 330)
        north, south = tas[:, 15:].mean((1, 2)), tas[:, :6].mean((1, 2))
        self.assertGreater(north[180:210].mean(), north[:30].mean() + 10)
        self.assertLess(south[180:210].mean(), south[:30].mean())
        self.assertTrue((pr >= 0).all() and pr.max() < 300 / 86400)
        self.assertTrue(.2 < (pr == 0).mean() < .8, (pr == 0).mean())
        self.assertTrue(((pr > 0) & (pr < 1e-10)).any())
        steps, spread = np.abs(np.diff(tas, axis=0)).mean(), tas.std(0).mean()
        self.assertTrue(0 < steps < spread)  # tomorrow is more like today than like any day

    def test_scenarios_warm(self):
        synth(self.root, "--years", "2100", "--scenario", "ssp126,ssp585", "--variables", "tas")
        synth(self.root, "--years", "1950", "--variables", "tas")
        past = values(path(self.root, "tas", 1950), "tas").mean()
        cool, hot = (values(path(self.root, "tas", 2100, scenario=s), "tas").mean()
                     for s in ("ssp126", "ssp585"))
        self.assertTrue(past + 1 < cool < hot - 2 < past + 8, (past, cool, hot))

    def test_same_bytes_on_any_number_of_threads(self):
        options = ["--years", "2013-2016", "--variables", "pr,tasmax", "--grid", "200x300",
                   "--days", 40, "--calendar", "standard"]
        for threads in 1, 2, 7, 0:
            synth(self.root / str(threads), *options, "-t", threads, SOURCE_DATE_EPOCH="1700000000")
        for file in sorted((self.root / "1").rglob("*.nc")):
            for threads in "2", "7", "0":
                other = self.root / threads / file.relative_to(self.root / "1")
                self.assertTrue(filecmp.cmp(file, other, shallow=False), other)

    def test_the_style_of_nex_gddp(self):
        """Land, sizes and planes are those of real files, in bands: planes 0 and 1 of the cells on
        land cannot be deflated, plane 2 hardly where its steps are small beside the terrain."""
        synth(self.root, "--years", "2015", "--variables", "pr,tas,hurs", "--grid", "600x1440",
              "--days", 2, "--style", "nex-gddp")
        # Of a chunk: KB; of each plane: bytes for each cell on land.
        expected = {"tas": (665, (1.07, 1.07, .45, .07)), "pr": (608, (.75, .75, .75, .22)),
                    "hurs": (771, (1.07, 1.07, .9, .07))}
        for variable, (kilobytes, shares) in expected.items():
            with self.subTest(variable):
                file = path(self.root, variable, 2015)
                data = values(file, variable)[1]
                cells = data.count()
                self.assertAlmostEqual(cells / data.size, .286, delta=.005)
                if variable == "pr":
                    self.assertAlmostEqual((data == 0).sum() / cells, .36, delta=.06)
                planes = data.filled().view(np.uint8).reshape(-1, 4).T.copy()
                with h5py.File(file) as hdf5:
                    stored = hdf5[variable].id.read_direct_chunk((1, 0, 0))[1]
                self.assertEqual(stored, zlib.compress(planes.tobytes(), 5), "as HDF5 makes them")
                self.assertAlmostEqual(len(stored) / 1e3 / kilobytes, 1, delta=.06)
                for plane, share in zip(planes, shares):
                    found = len(zlib.compress(plane.tobytes(), 5)) / cells
                    self.assertAlmostEqual(found, share, delta=.01 + .1 * share)

    def test_values_in_the_style_of_nex_gddp(self):
        style = "--style", "nex-gddp"
        synth(self.root, "--years", "2100", "--variables", "pr,tas,tasmax,tasmin", "--scenario",
              "ssp585", "--grid", "75x180", *style)
        pr, tas, high, low = (values(path(self.root, v, 2100, scenario="ssp585"), v)
                              for v in ("pr", "tas", "tasmax", "tasmin"))
        self.assertTrue((pr.mask == tas.mask).all() and (tas.mask == tas.mask[0]).all())
        self.assertTrue((low <= tas).all() and (tas <= high).all())
        self.assertTrue(190 < low.min() and high.max() < 345)
        self.assertTrue((pr >= 0).all() and pr.max() < 300 / 86400)
        options = ["--years", "2015", "--variables", "pr,hurs", "--grid", "200x300", "--days", 9]
        for threads in 1, 2, 7:
            synth(self.root / str(threads), *options, *style, "-t", threads,
                  SOURCE_DATE_EPOCH="1700000000")
        for variable in "pr", "hurs":
            first, *others = (path(self.root / t, variable, 2015) for t in "127")
            for other in others:
                self.assertTrue(filecmp.cmp(first, other, shallow=False), other)
        synth(self.root / "plain", *options, *style, "--compression", 0)
        np.testing.assert_array_equal(values(path(self.root / "plain", "pr", 2015), "pr"),
                                      values(path(self.root / "1", "pr", 2015), "pr"))

    def test_what_changes_the_weather(self):
        base = ["--years", "2014-2015", "--variables", "pr", "--days", 5]
        synth(self.root / "base", *base)
        first = values(path(self.root / "base", "pr", 2014), "pr")
        synth(self.root / "seed", *base, "--seed", 2)
        self.assertFalse(np.array_equal(first, values(path(self.root / "seed", "pr", 2014), "pr")))
        synth(self.root / "model", *base, "--model", "X")
        other = values(path(self.root / "model", "pr", 2014, model="X"), "pr")
        self.assertFalse(np.array_equal(first, other))
        # Fewer days, other years and other variables beside it change nothing.
        synth(self.root / "part", "--years", 2014, "--variables", "tas,pr", "--days", 2)
        np.testing.assert_array_equal(values(path(self.root / "part", "pr", 2014), "pr"), first[:2])

    def test_existing_files(self):
        options = [self.root, "--years", "2015", "--variables", "tas", "--days", 2]
        synth(*options)
        file = path(self.root, "tas", 2015)
        before = file.stat().st_mtime_ns
        error = synth(*options, "--seed", 9, code=1).stderr
        self.assertIn("--force", error)
        self.assertIn(file.name, error)
        self.assertEqual(file.stat().st_mtime_ns, before)
        old = values(file, "tas")
        synth(*options, "--seed", 9, "--force")
        self.assertFalse(np.array_equal(old, values(file, "tas")))
        self.assertEqual([f.name for f in file.parent.iterdir()], [file.name])

    def test_errors_start_nothing(self):
        wrong = [
            (["--years", "2100-1950"], "2100-1950"), (["--years", "abc"], "--years: expected"),
            (["--years", "1-2-3"], "1950-2100"), (["--years", "0"], "1600"),
            (["--grid", "600"], "600x1440"), (["--grid", "0x5"], "0x5"),
            (["--grid", "9999999x1"], "--grid"), (["--grid", "5000x5"], "4000x8000"),
            (["--variables", ""], "--variables"), (["--variables", "pr,"], "variable ''"),
            (["--variables", "pr,pr"], "twice"), (["--variables", "a/b"], "a/b"),
            (["--variables", "../x"], "../x"), (["--variables", "my_var"], "underscores"),
            (["--variables", "lat"], "axis"), (["--model", "a_b"], "a_b"),
            (["--model", ""], "model"),
            (["--variant", "."], "variant"), (["--scenario", "historical"], "2014"),
            (["--scenario", ""], "scenario"), (["--scenario", "ssp245,ssp245"], "twice"),
            (["--style", "rough"], "smooth"), (["--calendar", "lunar"], "360_day"),
            (["--seed", "-1"], 'not "-1"'), (["--seed", "1e3"], "1e3"), (["--days", "367"], "366"),
            (["--days", "0"], "--days: "), (["--compression", "10"], "from 0 to 9"),
            (["--threads", "-2"], "--threads"),
            (["--threads", "4097"], "--threads: expected a whole number from 0 to 4096"),
            (["--bogus"], "--bogus"), (["-x"], "-x"),
            (["--years"], "--years needs a value"), (["more"], "one DIR"),
            (["--model", "m" * 64, "--variant", "v" * 64, "--scenario", "s" * 64, "--grid-label",
              "g" * 64, "--variables", "x" * 64], "too long"),
        ]
        for arguments, said in wrong:
            error = synth(self.root, *arguments, code=1).stderr
            self.assertIn(said, error, arguments)
            self.assertLessEqual(error.count("\n"), 2, error)
            self.assertFalse(self.root.exists(), arguments)
        self.assertIn("climnorm synth DIR", synth(code=1).stderr)
        self.assertIn("--calendar", synth("--help").stdout)

    def test_io_errors(self):
        self.root.write_text("a file where a folder should be")
        error = synth(self.root, "--years", "2015", "--days", 1, code=3).stderr
        self.assertIn(str(self.root), error)
        full = subprocess.run(["sh", "-c", 'ulimit -f 200; trap "" XFSZ; exec "$0" "$@"', BIN,
                               "synth", f"{self.root}.d", "--years", "2015", "--grid", "200x300",
                               "--days", "30"], capture_output=True, text=True, timeout=60)
        self.assertEqual(full.returncode, 3, full.stderr)
        self.assertEqual([f for f in Path(f"{self.root}.d").rglob("*") if f.is_file()], [])

    def stop(self, number):
        process = subprocess.Popen([BIN, "synth", self.root, "--grid", "300x720"],
                                   stderr=subprocess.PIPE, text=True)
        while process.poll() is None and not any(self.root.rglob(".climnorm-*.tmp")):
            pass
        process.send_signal(number)
        self.assertIn("stopped", process.communicate(timeout=60)[1])
        self.assertEqual(process.returncode, 128 + number)
        self.assertEqual(list(self.root.rglob(".climnorm-*")), [])
        for file in self.root.rglob("*.nc"):
            self.assertEqual(values(file, "pr").shape, (365, 300, 720))

    def test_stopped(self):
        self.stop(signal.SIGTERM)

    def test_connection_lost(self):
        self.stop(signal.SIGHUP)

    def test_date(self):
        """SOURCE_DATE_EPOCH counts only where it is a number of seconds in the years 1970 to 9999."""
        for k, (epoch, date) in enumerate([("0", "1970-01-01T00:00:00Z"),
                                           ("253402300799", "9999-12-31T23:59:59Z"),
                                           ("-1", None), ("253402300800", None), ("", None),
                                           ("1e3", None), ("99999999999999999999", None)]):
            root = self.root / str(k)
            synth(root, "--years", "2015", "--days", 1, "--variables", "pr",
                  SOURCE_DATE_EPOCH=epoch)
            with netCDF4.Dataset(path(root, "pr", 2015)) as file:
                self.assertTrue(file.history.startswith(date or time.strftime("%Y-")), file.history)


if __name__ == "__main__":
    main()
