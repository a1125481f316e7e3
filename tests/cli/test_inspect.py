"""`climnorm inspect`: what it says of each kind of file, and that no file makes it crash."""
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import unittest

import netCDF4
import numpy as np

from build import REAL, main
from catalog_trees import inspect, write


class Inspect(unittest.TestCase):
    def setUp(self):
        self.base = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.base)

    def path(self, name="pr_day_M_historical_r1i1p1f1_gn_2000.nc"):
        return os.path.join(self.base, name)

    def facts(self, *paths, code=0):
        """Label -> text of the last file shown."""
        done = inspect(*paths)
        self.assertEqual(done.returncode, code, done.stderr)
        lines = [line for line in done.stdout.splitlines() if line.startswith("  ")]
        return {line[2:20].strip(): line[20:] for line in lines}

    def written(self, **options):
        return self.facts(write(self.path(), **options))

    def test_nex_gddp_like(self):
        facts = self.written(zlib=True, complevel=5, chunksizes=(1, 3, 4), fill=1e20)
        self.assertEqual(facts["format"].split(",")[0], "netCDF-4")
        self.assertEqual(facts["variable"], "pr(time = 365, lat = 3, lon = 4), mm")
        self.assertEqual(facts["latitude"], "3 from 10 to 30 by 10, south to north")
        self.assertEqual(facts["longitude"], "4 from 0 to 270 by 90, west to east")
        self.assertEqual(facts["calendar"], "noleap, days since 2000-01-01")
        self.assertEqual(facts["days"], "365 from 2000-01-01 to 2000-12-31")
        self.assertEqual(facts["gaps"], "none")
        self.assertEqual(facts["storage"], "float32, little-endian, chunked")
        self.assertEqual(facts["chunk"], "1 x 3 x 4")
        self.assertEqual(facts["filters"], "shuffle + deflate 5")
        self.assertEqual(facts["missing"], "1e+20, NaN, Inf")
        self.assertEqual(facts["read by"], "parallel decoder: shuffle + deflate 5")

    def test_parallel_decoder(self):
        chunks = {"chunksizes": (1, 3, 4)}
        takes = [
            (dict(chunks), "no filters"), (dict(chunks, zlib=True, shuffle=False), "deflate 4"),
            (dict(chunks, zlib=True), "shuffle + deflate 4"),
            (dict(chunks, zlib=True, fletcher32=True), "fletcher32 + shuffle + deflate 4"),
            (dict(chunks, fletcher32=True), "fletcher32"),
            ({"chunksizes": (365, 2, 3), "zlib": True}, "shuffle + deflate 4"),
            ({"order": ("lat", "lon", "time"), "chunksizes": (3, 4, 10)}, "no filters"),
            ({"order": ("time", "z", "lat", "lon"), "extra": [("z", 1)],
              "chunksizes": (1, 1, 3, 4)}, "no filters"),
            (dict(chunks, dtype="i2"), "no filters"),
            (dict(chunks, dtype="f8", zlib=True), "shuffle + deflate 4"),
            (dict(chunks, dtype=">f4", zlib=True), "shuffle + deflate 4"),
            (dict(chunks, attributes={"scale_factor": 2.0}), "no filters"),
            ({"contiguous": True}, "contiguous"), ({"fmt": "NETCDF3_CLASSIC"}, "netCDF-3"),
            ({"fmt": "NETCDF3_64BIT_DATA"}, "netCDF-3")]
        if getattr(netCDF4, "__has_szip_support__", False):
            takes.append((dict(chunks, compression="szip"), "szip"))
        for options, words in takes:
            with self.subTest(options=options):
                self.assertEqual(self.written(**options)["read by"], "parallel decoder: " + words)
        refuses = [("several instants a day", dict(chunks, step=0.25)),
                   ("several instants a day", {"fmt": "NETCDF3_CLASSIC", "step": 0.25})]
        for reason, options in refuses:
            with self.subTest(options=options):
                self.assertEqual(self.written(**options)["read by"], "netCDF-C: " + reason)

    def test_formats(self):
        for fmt in ("NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA"):
            facts = self.written(fmt=fmt)
            self.assertTrue(facts["format"].startswith("netCDF-3"))
            self.assertEqual(facts["storage"], "float32, big-endian, netCDF-3")
        self.assertTrue(self.written(fmt="NETCDF4_CLASSIC")["format"].startswith("netCDF-4"))

    def test_user_block(self):
        path = write(self.path(), chunksizes=(1, 3, 4))
        pathlib.Path(path).write_bytes(bytes(512) + pathlib.Path(path).read_bytes())
        self.assertEqual(self.facts(path)["read by"], "netCDF-C: user block")

    def test_filters_that_are_not_installed(self):
        try:
            import h5py
        except ImportError:
            self.skipTest("no h5py")
        path = write(self.path())
        with h5py.File(path, "a") as file:
            properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            properties.set_chunk((1, 3, 4))
            properties.set_filter(40000, h5py.h5z.FLAG_OPTIONAL)
            h5py.h5d.create(file.id, b"tas", h5py.h5t.IEEE_F32LE,
                            h5py.h5s.create_simple((365, 3, 4)), properties)
            for i, name in enumerate(("time", "lat", "lon")):
                file["tas"].dims[i].attach_scale(file[name])
            del file["pr"]
        done = inspect(path)
        self.assertEqual(done.returncode, 2)
        self.assertIn("filter 40000", done.stderr)
        self.assertIn("HDF5_PLUGIN_PATH", done.stderr)

    def test_time(self):
        facts = self.written(times=np.array([0, 1, 2, 5, 6, 9.0]), calendar="360_day",
                             time_units="days since 2000-02-28")
        self.assertEqual(facts["days"], "6 from 2000-02-28 to 2000-03-07")
        self.assertEqual(facts["gaps"], "2, 4 days in all, the first after 2000-02-30")
        facts = self.written(count=24, step=6, time_units="hours since 2000-01-01 03:00")
        self.assertEqual(facts["days"], "6 from 2000-01-01 to 2000-01-06, 24 instants")
        self.assertTrue(self.written(calendar=None)["calendar"].startswith("standard,"))

    def test_axes_by_every_clue(self):
        for names in (("time", "lat", "lon"), ("time", "Latitude", "longitude"),
                      ("t", "nj", "ni")):
            facts = self.written(names=names, order=("lon", "time", "lat"))
            self.assertEqual(facts["variable"], "pr(lon = 4, time = 365, lat = 3), mm")
        path = write(self.path(), names=("t", "a", "b"), clues=False)
        with netCDF4.Dataset(path, "a") as file:
            file["a"].standard_name = "latitude"
            file["b"].axis = "X"
            file["b"].standard_name = "longitude"
        self.assertIn("south to north", self.facts(path)["latitude"])
        with netCDF4.Dataset(path, "a") as file:
            file["a"].standard_name = "grid_latitude"
            file["a"].axis = "Y"
        self.assertIn("no variable has the latitudes of its cells", inspect(path).stderr)

    def test_capitals_are_those_of_ascii_in_every_locale(self):
        """In Turkish, the small letter of I is another than i."""
        name = "tr_TR.ISO-8859-9"
        made = subprocess.run(["localedef", "-i", "tr_TR", "-f", "ISO-8859-9", self.path(name)],
                              capture_output=True, check=False)
        if made.returncode:
            self.skipTest("localedef cannot make a Turkish locale")
        path = write(self.path(), names=("TIME", "LATITUDE", "LONGITUDE"), clues=False)
        done = inspect(path, environment={"LOCPATH": self.base, "LC_ALL": name})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_descending_latitude(self):
        facts = self.written(lat=np.array([60.0, 30.0, -20.0]))
        self.assertEqual(facts["latitude"], "3 from -20 to 60, spacing 30 to 50 (irregular), north to south")

    def test_packing(self):
        facts = self.written(dtype="i2", fill=-5, attributes={
            "scale_factor": 0.5, "add_offset": np.float32(10),
            "missing_value": np.array([7, 8], "i2"), "valid_range": np.array([-100, 100], "i2")})
        self.assertEqual(facts["packed"], "scale_factor 0.5, add_offset 10")
        self.assertEqual(facts["missing"], "-5, 7, 8, outside -100 to 100, NaN, Inf")

    def test_text_attributes_may_be_netcdf4_strings(self):
        path = write(self.path(), units=None)
        with netCDF4.Dataset(path, "a") as file:
            file["pr"].setncattr_string("units", "mm")
            file["time"].setncattr_string("calendar", "noleap")
        self.assertIn("mm", self.facts(path)["variable"])

    def test_bad_files_do_not_stop_it(self):
        good = write(self.path())
        fifo = self.path("fifo.nc")
        os.mkfifo(fifo)
        text = self.path("text.nc")
        pathlib.Path(text).write_text("not a netCDF file")
        facts = self.facts(fifo, text, self.path("absent.nc"), self.base, good, code=2)
        self.assertEqual(facts["days"], "365 from 2000-01-01 to 2000-12-31")
        errors = inspect(fifo, text, self.path("absent.nc")).stderr.splitlines()
        self.assertEqual(len(errors), 3)
        self.assertIn("fifo.nc: not a regular file", errors[0])

    def test_each_variable_of_a_file_is_shown(self):
        path = write(self.path("x_2000.nc"))
        with netCDF4.Dataset(path, "a") as nc:
            nc.createVariable("tas", "f4", ("time", "lat", "lon")).units = "K"
            nc.createVariable("bad", "f4", ("time", "lat", "lon")).scale_factor = "x"
        done = inspect(path)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout.count(path + "\n"), 2)
        for variable in ("pr(time = 365, lat = 3, lon = 4), mm",
                         "tas(time = 365, lat = 3, lon = 4), K"):
            self.assertIn(f"  variable          {variable}\n", done.stdout)
        self.assertIn("scale_factor", done.stderr)
        named = self.path("tas_2000.nc")
        os.rename(path, named)
        self.assertEqual(self.facts(named)["variable"], "tas(time = 365, lat = 3, lon = 4), K")

    def test_control_characters_do_not_reach_the_terminal(self):
        bad = "\x1b\x7f\x80\x9b\x9f\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        path = write(self.path("pr%s.nc" % bad), units=bad + "red é")
        said = inspect(path).stdout
        self.assertTrue(said.startswith(self.path("pr%s.nc\n" % ("?" * len(bad)))), said)
        self.assertIn("), %sred é\n" % ("?" * len(bad)), said)
        os.rename(path, self.path("gone"))
        self.assertIn("pr%s.nc: " % ("?" * len(bad)), inspect(path).stderr)
        self.assertFalse(set(bad) & set(said + inspect(path).stderr))

    def test_usage(self):
        self.assertEqual(inspect().returncode, 1)
        self.assertEqual(inspect("--nonsense").returncode, 1)
        done = inspect("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("FILE...", done.stdout)

    def test_damaged_files_never_crash_it(self):
        seeds = [pathlib.Path(write(self.path(f"s{i}/pr_seed.nc"), count=20, **options)).read_bytes()
                 for i, options in enumerate([{"fmt": "NETCDF3_CLASSIC"},
                                              {"fmt": "NETCDF3_64BIT_DATA"},
                                              {"zlib": True, "chunksizes": (1, 3, 4)},
                                              {"contiguous": True}])]
        rng = random.Random(20)
        paths = []
        for i in range(150):
            data = bytearray(seeds[i % len(seeds)])
            for _ in range(rng.choice((1, 2, 8))):
                data[rng.randrange(len(data))] = rng.choice((0, 1, 0x7f, 0xff, rng.randrange(256)))
            if i % 10 == 9:
                del data[rng.randrange(len(data)):]
            paths.append(self.path(f"pr_{i}.nc"))
            pathlib.Path(paths[-1]).write_bytes(data)
        # netCDF-C leaks what it had read of a file when it gives up.
        done = inspect(*paths, environment={"ASAN_OPTIONS": "detect_leaks=0"})
        self.assertEqual(done.returncode, 2, done.stderr[-2000:])
        shown = done.stdout.count("  read by ") + len(done.stderr.splitlines())
        self.assertEqual(shown, len(paths))

    @unittest.skipUnless(REAL, "CLIMNORM_REAL_DATA is not set")
    def test_real_files(self):
        folder = os.path.join(REAL, "cmip6")
        facts = self.facts(os.path.join(
            folder, "prsn_day_CanESM5_historical_r1i1p1f1_gn_19910101-20101231.nc"))
        self.assertEqual(facts["days"], "7300 from 1991-01-01 to 2010-12-31")
        self.assertEqual(facts["filters"], "deflate 1")
        self.assertEqual(facts["read by"], "parallel decoder: deflate 1")
        facts = self.facts(os.path.join(
            folder, "ta_day_KACE-1-0-G_historical_r1i1p1f1_gr_20000101-20141230.nc"))
        self.assertEqual(facts["other dimension"], "plev: 100000, 85000 Pa")
        self.assertEqual(facts["choose with"], "input: { select = { plev = 100000; }; };")


if __name__ == "__main__":
    main()
