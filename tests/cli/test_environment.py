"""OpenMP's environment: what it says about threads and cores changes no byte, and is told truly."""
import contextlib
import os
import resource
import socket
import subprocess

import numpy as np

import trees
from climnorm_case import BIN, Case, TestCase, main
from live import Live, children_of

FIRST, LAST, WINDOW = 1990, 2001, 4


class Environment(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.case = Case(normals={"window": WINDOW, "min_years": WINDOW}).periods(
            FIRST + WINDOW - 1, LAST)
        cls.addClassCleanup(cls.case.close)
        rng = np.random.default_rng(7)
        for variable in ("pr", "tas"):
            for year in range(FIRST, LAST + 1):
                dates = trees.dates_of_year("noleap", year)
                trees.write(os.path.join(cls.case.data, trees.name(variable, year)), variable,
                            dates, rng.standard_normal((365, 6, 8)).astype("f4"),
                            calendar="noleap", chunks="day")
        cls.wanted = cls.bytes_of()[0]

    @classmethod
    def bytes_of(cls, *options, **env):
        """Bytes of every output, and what the run said."""
        result = cls.case.run("--set", "output.existing=overwrite", *options,
                              env={"SOURCE_DATE_EPOCH": "1600000000", **env})
        assert result.code == 0, result.said
        out = {}
        for name, path in cls.case.normals().items():
            with open(path, "rb") as f:
                out[name] = f.read()
        assert len(out) == 2 * (LAST - FIRST + 2 - WINDOW), result.said
        return out, result

    def same(self, threads, *options, granted=None, **env):
        got, result = self.bytes_of("-t", str(threads), *options, **env)
        self.assertEqual({n for n in got if got[n] != self.wanted[n]}, set(), f"{env}")
        self.assertEqual(result.summary["threads"], granted or threads, f"{env}")
        return result

    def test_places(self):
        cores = sorted(os.sched_getaffinity(0))
        for bind in ("close", "spread", "primary"):
            for places in ("cores", f"{{{cores[-1]}}}"):
                for threads in (1, 5):
                    self.same(threads, OMP_PROC_BIND=bind, OMP_PLACES=places)
        self.same(5, OMP_PROC_BIND="true")

    def test_default_threads_follow_the_places(self):
        core = min(os.sched_getaffinity(0))
        result = self.bytes_of(OMP_PLACES=f"{{{core}}}")[1]
        self.assertEqual(result.summary["threads"], 1)

    def test_a_home_folder_that_cannot_be_read(self):
        """netCDF-C looks there for settings; no file is to blame, nor the machine."""
        home = os.path.join(self.case.dir, "home")
        os.makedirs(os.path.join(home, ".aws"))
        for name in (".ncrc", ".daprc", ".dodsrc", ".aws/config", ".aws/credentials"):
            with socket.socket(socket.AF_UNIX) as end, contextlib.chdir(home):
                end.bind(name)  # opening one is ENXIO
        self.same(1, HOME=home)
        result = self.case.run(command="plan", env={"HOME": home})
        self.assertEqual(result.code, 0, result.said)
        spoilt = os.path.join(self.case.data, trees.name("tas", FIRST))
        stamp = os.stat(spoilt).st_mtime_ns
        with open(spoilt, "rb") as f:
            whole = f.read()
        with open(spoilt, "wb") as f:
            f.write(whole[:len(whole) // 2])
        try:
            result = self.case.run(env={"HOME": home})
            self.assertEqual(result.code, 2, result.said)
            self.assertIn(os.path.basename(spoilt), result.problems("tas"))
        finally:
            with open(spoilt, "wb") as f:
                f.write(whole)
            os.utime(spoilt, ns=(stamp, stamp))

    def test_numbers_that_are_not_asked(self):
        self.same(5, OMP_NUM_THREADS="1")
        self.same(5, OMP_DYNAMIC="true")
        self.same(5, OMP_MAX_ACTIVE_LEVELS="0")

    def test_thread_limit(self):
        for limit in (1, 3):
            result = self.same(5, granted=limit, OMP_THREAD_LIMIT=str(limit))
            self.assertIn(f"OMP_THREAD_LIMIT allows {limit} of 5", result.err)
        self.assertNotIn("OMP_THREAD_LIMIT", self.same(3, OMP_THREAD_LIMIT="3").err)

    def test_thread_limit_while_files_are_examined(self):
        with Live("plan", self.case.write_config(), "-t", 4,
                  env={"OMP_THREAD_LIMIT": "1"}) as live:
            live.freeze_child()
            self.assertEqual(len(children_of(live.pid)), 1)

    def limited(self, soft, hard, **env):
        """A run under a limit of the stack, in KiB."""
        config = self.case.write_config()
        return subprocess.run(
            [BIN, "run", config, "-t", "4", "-q", "--set", "output.existing=overwrite"],
            env={"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": "1600000000", **env},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, (soft << 10, hard << 10)),
            capture_output=True, text=True, timeout=120, check=False)

    def test_small_stacks(self):
        hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
        hard = 8192 if hard == resource.RLIM_INFINITY else hard >> 10
        for soft in (64, 100, 1024):
            result = self.limited(soft, hard)
            self.assertEqual(result.returncode, 0, result.stderr)
            for name, path in self.case.normals().items():
                with open(path, "rb") as f:
                    self.assertEqual(f.read(), self.wanted[name], name)
        for most in (100, 1000):
            result = self.limited(most, most)
            self.assertEqual(result.returncode, 3, result.stderr)
            self.assertRegex(result.stderr, rf"^climnorm: the stack is limited to {most} KiB")

    def test_small_stacks_that_are_asked_for(self):
        for variable, size in (("OMP_STACKSIZE", "64k"), ("OMP_STACKSIZE", " 1023"),
                               ("OMP_STACKSIZE", "64 k "), ("GOMP_STACKSIZE", "65536B")):
            result = self.limited(8192, 8192, **{variable: size})
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertIn(f"{variable}={size} makes the stacks of threads too small; unset it",
                          result.stderr)
        for size in ("1024", "2M", "1g", "nonsense", "64kx", "15"):
            self.assertEqual(self.limited(8192, 8192, OMP_STACKSIZE=size).returncode, 0, size)

    def test_waiting(self):
        self.same(3, OMP_WAIT_POLICY="passive")
        self.same(3, GOMP_SPINCOUNT="0")

    def test_more_threads_than_tasks(self):
        self.same(300)


if __name__ == "__main__":
    main()
