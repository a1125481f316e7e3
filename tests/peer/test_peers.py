"""The peers of climnorm-bench: every recipe that is installed makes climnorm's numbers; one whose
numbers are not climnorm's is noticed, as is one that fails, is missing, or leaves a process behind.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time

import build
import climnorm_case as cases

BENCH = os.path.join(build.ROOT, "bench")
sys.path.insert(0, BENCH)
from climnorm_bench import Failure, peers, processes, turns  # noqa: E402

# A recipe that hands out climnorm's own normals, after a line has changed their values.
COPY = """\
    #!{python}
    import glob, json, os, sys
    import netCDF4, numpy as np
    if "--version" in sys.argv:
        print("copy 1")
        sys.exit(0)
    out = sys.argv[sys.argv.index("--out") + 1]
    os.makedirs(out)
    for path in sorted(glob.glob("{normals}/*.nc")):
        with netCDF4.Dataset(path) as old, netCDF4.Dataset(
                os.path.join(out, os.path.basename(path)), "w") as new:
            values, lat, lon = np.ma.filled(old["tas"][:], np.nan), old["lat"][:], old["lon"][:]
            day, row, column = np.argwhere(np.isfinite(values))[-1]
            {change}
            for name, axis in (("day", range(len(values))), ("lat", lat), ("lon", lon)):
                new.createDimension(name, len(axis))
                new.createVariable(name, "f8", (name,))[:] = axis
            new.createVariable("tas", "f4", ("day", "lat", "lon"))[:] = values
    {end}
    print(json.dumps({{"reads": 5, "read_s": 0.1, "windows_s": 0.1}}))
"""


def pythons():
    """First that of the virtual environment of current releases, where it was made."""
    return peers.pythons_of(os.path.join(build.BUILD, "bench", "venv"))


class Peers(cases.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="climnorm-test-")
        cls.tree = os.path.join(cls.folder, "data")
        subprocess.run([cases.BIN, "synth", cls.tree, "--years", "2011-2016", "--variables", "tas",
                        "--grid", "30x48"], check=True, stdout=subprocess.DEVNULL)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def job(self, name, **changes):
        scratch = tempfile.mkdtemp(dir=self.folder)
        with_all = {"climnorm": cases.BIN, "pythons": pythons(), "tree": self.tree,
                    "recipes": os.path.join(BENCH, "peers"), "scratch": scratch, "variable": "tas",
                    "first": 2014, "last": 2016, "window": 3, "threads": 2, "repeats": 1,
                    "boxes": {"CONUS": (234.0, 294.0, 24.0, 50.0),
                              "SEAM": (-20.0, 31.0, -30.0, 40.0)}, "names": [name]}
        return peers.Job(**{**with_all, **changes})

    def measured(self, name, **changes):
        climnorm, peer = peers.measure(self.job(name, **changes), turns)
        self.assertEqual(climnorm["status"], "ok")
        return climnorm, peer

    def recipe(self, name, reads, values=365, **changes):
        climnorm, peer = self.measured(name, **changes)
        if peer["status"] == "missing":
            self.skipTest(f"{name}: {peer['why']}")
        self.assertEqual((peer["status"], peer.get("why")), ("ok", None))
        # of 3 years in boxes of 8 x 5 and 7 x 14 cells
        self.assertEqual(peer["compared_values"], values * 3 * (8 * 5 + 7 * 14))
        self.assertLessEqual(peer["largest_difference"], peer["bound"])
        self.assertEqual((peer["files_read"], climnorm["files_read"]), (reads, 5))
        self.assertTrue(peer["versions"])
        for key in ("wall_s", "cpu_s", "peak_rss_bytes", "times_climnorm"):
            self.assertGreater(peer[key]["median"], 0)

    def test_seed(self):
        self.recipe("seed", 2 * 3 * 3)

    def test_rolling(self):
        self.recipe("rolling", 5)

    def test_dask_flox(self):
        self.recipe("dask_flox", 5)

    def test_cdo(self):
        self.recipe("cdo", 5, pythons=[sys.executable])

    def test_nco(self):
        self.recipe("nco", 5, pythons=[sys.executable])

    def test_percentiles(self):
        """Three, without two days at each end of the year."""
        for name in ("cdo_percentiles", "xclim_percentiles"):
            with self.subTest(name):
                self.recipe(name, 5, values=3 * 361)
        with self.assertRaisesRegex(Failure, "make something else"):
            self.measured("cdo", names=["cdo", "cdo_percentiles"])

    def changed(self, change, end="pass", **changes):
        """The entry of a recipe whose values, or end, were changed by hand."""
        job = self.job("nco", pythons=[sys.executable], recipes=tempfile.mkdtemp(dir=self.folder),
                       **changes)
        for name in ("check.py", "common.py"):
            shutil.copy(os.path.join(BENCH, "peers", name), job.recipes)
        path = os.path.join(job.recipes, "nco.sh")
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(COPY).format(
                python=sys.executable, normals=os.path.join(job.scratch, "climnorm"),
                change=change, end=end))
        os.chmod(path, 0o755)
        return peers.measure(job, turns)[1]

    def test_wrong_numbers_are_noticed(self):
        right = ("pass", "values *= 1 + 2e-7", "values, lat = values[:, ::-1], lat[::-1]")
        for change in right:
            with self.subTest(change):
                peer = self.changed(change)
                self.assertEqual((peer["status"], peer.get("why")), ("ok", None))
        wrong = {"values[day, row, column] *= 1 + 1e-6": "1 of ",
                 "values[day, row, column] = np.nan": "missing in one only",
                 "values = np.nan_to_num(values)": "missing in one only",
                 "values = np.roll(values, 1, axis=0)": "differ",
                 "values = values[:, ::-1]": "",
                 "values, lon = values[:, :, 1:], lon[1:]": "shape",
                 "lon = lon + 1.25": "longitudes",
                 "values = values[:-1]": "shape"}
        for change, why in wrong.items():
            with self.subTest(change):
                peer = self.changed(change)
                self.assertEqual(peer["status"], "wrong")
                self.assertIn(why, peer["why"])
                self.assertIn("CONUS_2014.nc", peer["why"])
                self.assertNotIn("wall_s", peer)

    def test_a_file_that_is_not_written(self):
        peer = self.changed("pass", end="os.unlink(os.path.join(out, os.path.basename(path)))")
        self.assertEqual(peer["status"], "wrong")
        self.assertIn("SEAM_2016.nc", peer["why"])

    def test_a_recipe_that_fails(self):
        peer = self.changed("pass", end="sys.exit('no luck today')")
        self.assertEqual(peer["status"], "failed")
        self.assertIn("no luck today", peer["why"])

    def test_a_recipe_that_is_missing_says_how_to_install_it(self):
        nowhere = tempfile.mkdtemp(dir=self.folder)
        for name in ("bash", "dirname", "readlink"):
            os.symlink(shutil.which(name), os.path.join(nowhere, name))
        path = os.environ["PATH"]
        os.environ["PATH"] = nowhere
        try:
            found = [self.measured(name, pythons=[sys.executable])[1] for name in ("cdo", "nco")]
        finally:
            os.environ["PATH"] = path
        for peer in found:
            self.assertEqual(peer["status"], "missing")
            self.assertIn(f"apt-get install {peer['name']}", peer["why"])

    def bare_python(self):
        """A Python without a module of its own but the standard library's."""
        path = os.path.join(tempfile.mkdtemp(dir=self.folder), "python3")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec {sys.executable} -S -E "$@"\n')
        os.chmod(path, 0o755)
        return path

    def test_the_first_python_that_has_the_modules_is_used(self):
        self.recipe("seed", 2 * 3 * 3, pythons=[self.bare_python(), *pythons()])
        self.recipe("nco", 5, pythons=[self.bare_python(), *pythons()])

    def test_where_no_python_can_compare_the_peer_says_so(self):
        peer = self.measured("cdo", pythons=[self.bare_python()])[1]
        if "not installed" in peer["why"]:
            self.skipTest(peer["why"])
        self.assertEqual(peer["status"], "missing")
        self.assertIn("its numbers cannot be compared: No module named 'numpy'", peer["why"])

    def test_unknown_peers(self):
        with self.assertRaisesRegex(Failure, "excel: expected of seed,"):
            self.measured("excel")

    def test_a_slow_recipe_is_not_repeated(self):
        peer = self.changed("pass", repeats=3, budget_s=0.01)
        self.assertEqual(peer["wall_s"]["n"], 1)

    def test_the_full_job_is_extrapolated_as_the_document_says(self):
        job = self.job("cdo", first=2014, last=2017, window=30,
                       boxes={"CONUS": peers.BOXES["CONUS"]})
        again = peers.full_job(job, {"wall_s": 60.0, "reads": 120})
        self.assertAlmostEqual(again, 60 * 121 * 30 * 5 / 120)
        once = peers.full_job(job, {"wall_s": 21.0, "read_s": 10.0, "windows_s": 8.0, "reads": 33})
        cells = 1 + (65 * 22 + 23.57 * 9.53 + 3.46 * 0.95 + 1.54 * 7.43) / (60 * 26)
        self.assertAlmostEqual(once, 3 + 10 * 151 / 33 + 8 * 121 / 4 * cells)


class Processes(cases.TestCase):
    def timed(self, code, cores=1):
        with tempfile.TemporaryDirectory() as folder:
            return processes.timed([sys.executable, "-c", textwrap.dedent(code)], cores, folder)

    def test_time_and_memory_of_all_processes(self):
        done = self.timed("""
            import os, time
            child = os.fork()
            kept = bytearray(os.urandom(1 << 20)) * 100
            begin = time.process_time()
            while time.process_time() - begin < 0.5:
                pass
            time.sleep(1)
            if child:
                os.wait()
                print(len(os.sched_getaffinity(0)))
            """)
        self.assertEqual(done["said"].strip(), "1")
        self.assertGreaterEqual(done["cpu_s"], 0.9)
        self.assertGreaterEqual(done["wall_s"], 1.4)
        self.assertGreaterEqual(done["peak_rss_bytes"], 200 << 20)

    @staticmethod
    def has_ended(process):
        try:
            with open(f"/proc/{process}/stat", encoding="ascii") as file:
                return file.read().split()[2] in "ZX"
        except OSError:
            return True

    def test_nothing_is_left_behind(self):
        done = self.timed("""
            import subprocess, sys
            print(subprocess.Popen(["sleep", "1000"]).pid)
            """)
        for _ in range(600):  # it was killed, and may take a moment to die
            if self.has_ended(int(done["said"])):
                break
            time.sleep(0.1)
        else:
            self.fail("a child of the command lives on")

    def test_failures_say_why(self):
        with self.assertRaisesRegex(processes.Ended, "ended with 3: a reason"):
            self.timed("import sys; print('a reason', file=sys.stderr); sys.exit(3)")
        with self.assertRaisesRegex(processes.Ended, "No such file"):
            processes.timed(["/nowhere/at/all"], 1, "/tmp")


if __name__ == "__main__":
    cases.main()
