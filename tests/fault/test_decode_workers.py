"""Files that netCDF-C reads, each block in a process of its own: right numbers, and plugins of HDF5
that crash, hang or want too much cost their file alone. Nothing is left of a run that is stopped or
killed.
"""
import os
import shutil
import signal
import subprocess
import unittest

import oracle
import trees
from climnorm_case import BIN, main
from live import Live, is_alive, wait_until
from stored_years import FIRST, TYPES, OneYear, filters, has_filter, narrow

BOUND_S = 5
EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}
PLUGIN = """
#include <H5PLextern.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static size_t same(unsigned flags, size_t count, const unsigned *parameters, size_t bytes,
                   size_t *room, void **buffer)
{
    switch (count ? parameters[0] : 0) {
    case 1: *(volatile int *)1 = 0;
    case 2: abort();
    case 3: exit(0);
    case 4: return malloc((size_t)1 << 46) ? bytes : 0;
    case 5: for (volatile int k = 0;; k++);
    case 6: for (;;) pause();
    case 7: free(*buffer); return bytes;
    }
    return bytes;
}

const H5Z_class2_t filter[1] = {{H5Z_CLASS_T_VERS, 300, 1, 1, "same", NULL, NULL, same}};
H5PL_type_t H5PLget_plugin_type(void) { return H5PL_TYPE_FILTER; }
const void *H5PLget_plugin_info(void) { return filter; }
"""
SAME, CRASH, ABORT, EXIT, GREED, SPIN, WAIT = range(7)


def all_children(pid):
    """Of all threads of a process."""
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                found += map(int, file.read().split())
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def is_asleep(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] == "S"
    except (FileNotFoundError, ProcessLookupError):
        return False


@unittest.skipUnless(filters, "h5py or zstandard is not installed")
class Workers(OneYear):
    MIXED = (  # steps, type, chunk, whether there are several instants a day
        ("scaleoffset:0,2", "f4", (50, 4, 5), False), ("shuffle deflate", "f4", (73, 6, 8), False),
        ("shuffle scaleoffset:0,1", "big f8", (1, 6, 8), False),
        ("scaleoffset:2,0 deflate fletcher32", "i2", (100, 6, 8), False),
        ("nbit", "narrow 2", (50, 4, 5), False), ("szip", "narrow 0", (50, 4, 5), False),
        ("nbit shuffle deflate", "big i4", (7, 6, 8), False),
        ("shuffle deflate", "f4", (50, 4, 5), True), ("scaleoffset:0,3", "f8", (365, 6, 8), True),
        ("szip", "f4", (50, 6, 8), True), ("lz4", "big i2", (60, 6, 8), True),
        ("lz4", "i2", (60, 6, 8), False), ("deflate", "i1", (1460, 6, 8), True))

    def mixed(self, case):
        """Files for netCDF-C, and two for the parallel decoder; how many."""
        year = FIRST
        for steps, kind, chunks, is_subdaily in self.MIXED:
            if not all(map(has_filter, steps.split())):
                continue
            stored = narrow(int(kind[-1])) if kind.startswith("narrow") else None
            options = dict(TYPES["i2" if stored else kind], contiguous=True)
            if is_subdaily:
                options["hours"] = (3.0, 9.0, 15.0, 21.0)
            path = trees.year_file(case.data, "tas", year, **options)
            filters.rewrite(path, "tas", steps.split(), chunks, stored)
            year += 1
        return year - FIRST

    def test_right_numbers(self):
        case = self.start(output={"counts": True})
        years = self.mixed(case)
        case.periods(FIRST, FIRST + years - 1)
        timeline = oracle.Tree(case.data).timeline("tas")
        for threads in (1, 4):
            result = case.run("-t", str(threads), "--set", "output.existing=overwrite")
            self.exits(result, 0)
            self.judged(case, "tas", range(FIRST, FIRST + years), timeline=timeline)

    def test_forks_among_threads(self):
        """CLIMNORM_FORKS: how many runs."""
        case = self.start()
        years, wanted = self.mixed(case), None
        case.periods(FIRST, FIRST + years - 1)
        for _ in range(int(os.environ.get("CLIMNORM_FORKS") or 8)):
            shutil.rmtree(case.out, ignore_errors=True)
            self.exits(case.run("-t", "4", env=EPOCH), 0)
            found = {}
            for name, path in case.normals().items():
                with open(path, "rb") as file:
                    found[name] = file.read()
            wanted = wanted or found
            self.assertEqual(len(found), years)
            self.assertTrue(found == wanted, "other bytes")


@unittest.skipUnless(filters and shutil.which("cc"), "h5py or a compiler is not installed")
class BadPlugins(OneYear):
    """Filter 300 does as its parameter says."""

    def setUp(self):
        self.case = self.start()
        self.plugins = os.path.join(self.case.dir, "plugins")
        os.mkdir(self.plugins)
        with open(os.path.join(self.plugins, "same.c"), "w", encoding="ascii") as file:
            file.write(PLUGIN)
        built = subprocess.run("cc -w -shared -fPIC $(pkg-config --cflags hdf5) -o libsame.so same.c",
                               shell=True, cwd=self.plugins, capture_output=True, check=False)
        if built.returncode:
            self.skipTest("HDF5's headers are not installed")
        self.env = {"HDF5_PLUGIN_PATH": self.plugins}

    def add(self, *acts):
        """One file a year."""
        for i, act in enumerate(acts):
            path = trees.year_file(self.case.data, "tas", FIRST + i, **TYPES["f4"], contiguous=True)
            self.plain = os.path.join(self.case.dir, "plain")
            os.makedirs(os.path.join(self.plain, "tas"), exist_ok=True)
            shutil.copy(path, os.path.join(self.plain, "tas"))
            filters.refilter(path, "tas", [f"same:{act}"], (50, 6, 8))
        self.case.periods(FIRST, FIRST + len(acts) - 1)

    def live(self, *options):
        live = Live("run", self.case.write_config(), "-p", "json", "--summary", self.case.summary,
                    *options, env=self.env)
        self.addCleanup(live.__exit__)
        return live

    def decoding(self, threads):
        """A run whose workers wait in the plugin, and these."""
        live = self.live("-t", threads)
        live.says('"state":"active"')

        def waiting():
            found = all_children(live.pid)
            return len(found) == threads and all(map(is_asleep, found)) and found
        return live, live.until(waiting, "workers wait")

    def test_bad_plugins_cost_their_file(self):
        acts = SAME, CRASH, SAME, ABORT, EXIT, GREED, SPIN, SAME
        self.add(*acts)
        # A worker may spin for minutes; here its CPU time is bounded from outside.
        command = ["sh", "-c", 'ulimit -S -t 5 && exec "$@"', "sh", BIN, "run",
                   self.case.write_config(), "--log", self.case.summary + ".log", "-t", "4"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120,
                              env={**os.environ, **self.env}, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        timeline = oracle.Tree(self.plain).timeline("tas")
        with open(self.case.summary + ".log", encoding="utf-8") as file:
            log = file.read()
        for i, act in enumerate(acts):
            with self.subTest(act):
                if act == SAME:
                    self.judged(self.case, "tas", [FIRST + i], timeline=timeline)
                else:
                    self.assertFalse(os.path.exists(self.case.path("tas", FIRST + i)))
                    self.assertIn(trees.name("tas", FIRST + i), log)

    def test_a_stop_ends_the_workers(self):
        self.add(WAIT, WAIT, WAIT, WAIT)
        for threads in (1, 3):
            for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
                for group in (False, True):
                    with self.subTest(threads=threads, number=number, group=group):
                        live, workers = self.decoding(threads)
                        (live.send_group if group else live.send)(number)
                        self.assertEqual(live.end(BOUND_S), code, live.err)
                        self.assertFalse([w for w in workers if is_alive(w)])
                        self.assertNotIn("damaged", live.err)

    def test_workers_end_with_the_program(self):
        self.add(WAIT, WAIT, WAIT, WAIT)
        live, workers = self.decoding(3)
        live.send(signal.SIGKILL)
        live.end()
        second, _ = self.decoding(1)  # no worker holds the lock of the output folder
        self.assertIsNone(second.process.poll())
        wait_until(lambda: not [w for w in workers if is_alive(w)], "the workers end")

    def test_shared_memory_is_given_back(self):
        self.add(*[SAME] * 6, WAIT)
        live, _ = self.decoding(1)
        with open(f"/proc/{live.pid}/maps", encoding="utf-8") as file:
            self.assertEqual(file.read().count("/dev/zero"), 1)

    def test_a_filter_without_plugin(self):
        self.add(SAME, SAME)
        self.env["HDF5_PLUGIN_PATH"] = "/nonexistent"
        result = self.case.run(env=self.env)
        self.exits(result, 2)
        self.assertIn(trees.name("tas", FIRST), result.problems("tas"))
        self.assertIn("HDF5 filter 300", result.problems("tas"))


if __name__ == "__main__":
    main()
