"""The command line and the config, as a user meets them: exit codes, messages, what is written
and what is not.
"""
import json
import os
import signal
import subprocess
import time
import unittest

import netCDF4
import numpy as np

import oracle
import trees
from climnorm_case import BIN, Case, TestCase, main


def ask(*arguments):
    return subprocess.run([BIN, *arguments], capture_output=True, text=True, timeout=60)


class Base(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.case = Case(variables=["tas"]).periods(2002, 2003)
        cls.addClassCleanup(cls.case.close)
        for year in range(2000, 2004):
            trees.year_file(cls.case.data, "tas", year, calendar="360_day")

    def tearDown(self):
        subprocess.run(["rm", "-rf", self.case.out], check=True)

    def refuses(self, result, *words):
        self.exits(result, 1)
        for word in words:
            self.assertIn(word, result.err)
        self.assertEqual(self.case.files(), {})


class Usage(Base):
    def test_help_and_version(self):
        for command in ((), ("run",), ("plan",), ("inspect",), ("synth",)):
            done = ask(*command, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""), command)
            self.assertIn("climnorm", done.stdout)
        done = ask("--version")
        self.assertEqual(done.returncode, 0)
        for word in ("climnorm", "netCDF", "HDF5"):
            self.assertIn(word.lower(), done.stdout.lower())

    def test_misuse(self):
        config = self.case.write_config()
        for arguments in ((), ("walk",), ("run",), ("run", config, config), ("inspect",),
                          ("run", config, "--nonsense"), ("run", config, "--threads"),
                          ("run", config, "--threads", "x"), ("run", config, "--threads", "-1"),
                          ("run", config, "--progress", "loud"),
                          ("run", "/nonexistent/climnorm.cfg"), ("run", "/")):
            done = ask(*arguments)
            self.assertEqual(done.returncode, 1, f"{arguments}: {done.stderr}")
            self.assertTrue(done.stderr, arguments)
            self.assertEqual(done.stdout, "", arguments)
        self.assertEqual(self.case.files(), {})

    def test_bad_command_is_guessed(self):
        self.assertIn("plan", ask("plam", "x.cfg").stderr)


class Config(Base):
    def text(self, change, old=None):
        """The config as text, with one line replaced or added."""
        text = open(self.case.write_config()).read()
        return text.replace(old, change) if old else text + change

    def test_unknown_keys_and_wrong_values_all_at_once(self):
        normals = "normals = { windw = 3; min_years = \"three\"; min_days = 1.5; };\n"
        text = f'input = {{ root = "data"; }};\nvariables = ["tas"];\nscenarios = [];\n' \
               f'{normals}output = {{ root = "output"; compression = 11; }};\nregions = ["ALPZ"];\n'
        result = self.case.run(text=text)
        self.refuses(result, "windw", "window", "min_years", "min_days", "compression", "ALPZ",
                     "climnorm.cfg", "4")
        self.assertIn("did you mean", result.err)

    def test_syntax_error(self):
        result = self.case.run(text='input = { root = "data"\nvariables = [;\n')
        self.refuses(result, "climnorm.cfg", "2")

    def test_single_mistakes(self):
        for section, key, value, words in (
                ("normals", "leap_day", "leapday", ["leap_day", "month_day", "drop"]),
                ("normals", "window", 0, ["window"]),
                ("normals", "min_years", 9, ["min_years"]),
                ("normals", "window", 3.5, ["window"]),
                ("output", "existing", "maybe", ["existing", "overwrite"]),
                ("output", "pattern", "{region}/{variable}.nc", ["year"]),
                ("output", "pattern", "{region}/{varable}_{year}.nc", ["varable", "variable"]),
                ("output", "pattern", "../{region}_{variable}_{year}.nc", ["pattern"]),
                ("output", "pattern", "/tmp/{region}_{variable}_{year}.nc", ["pattern"]),
                ("input", "root", "~/data", ["root", "~"]),
                ("input", "root", "$HOME/data", ["root", "$"]),
                ("input", "root", "nowhere", ["nowhere"]),
                ("input", "version", "1", ["version"]),
                ("engine", "memory", "lots", ["memory"]),
                ("engine", "threads", -1, ["threads"]),
                ("engine", "batch_years", -2, ["batch_years"]),
                ("normals", "periods", [{"name": "a", "first": 2001, "last": 2003},
                                        {"name": "b", "first": 2003, "last": 2004}], ["period"]),
                ("normals", "periods", [{"name": "a", "first": 2003, "last": 2001}],
                 ["2003", "2001"]),
        ):
            with self.subTest(key=key, value=value):
                kept = self.case.config.get(section, {})
                self.case.config[section] = {**kept, key: value}
                try:
                    self.refuses(self.case.run(), *words)
                finally:
                    self.case.config[section] = kept

    def test_regions(self):
        good = {"name": "R1", "lon": [0, 10], "lat": [0, 10]}
        for change, word in (({"name": "CONUS"}, "CONUS"), ({"name": "a b"}, "name"),
                             ({"name": "x" * 33}, "name"), ({"name": "../up"}, "name"),
                             ({"lon": [0]}, "lon"), ({"lon": [-400, 0]}, "lon"),
                             ({"lon": [0, 721.0]}, "lon"), ({"lat": [20, 10]}, "lat"),
                             ({"lat": [0, 91]}, "lat"), ({"lat": ["a", "b"]}, "lat"),
                             ({"lan": [0, 1]}, "lan")):
            with self.subTest(change=change):
                self.case.config["custom_regions"] = [{**good, **change}]
                try:
                    self.refuses(self.case.run(), word)
                finally:
                    del self.case.config["custom_regions"]

    def test_include_is_refused(self):
        with open(os.path.join(self.case.dir, "other.cfg"), "w") as f:
            f.write("variables = [\"tas\"];\n")
        result = self.case.run(text=self.text('@include "other.cfg"\n'))
        self.refuses(result, "@include")

    def test_integers_where_floats_are_expected(self):
        custom = [{"name": "BOX", "lon": [0, 360], "lat": [-90, 90.0]}]
        self.case.config["custom_regions"] = custom
        self.case.config["normals"]["min_days"] = 1
        try:
            self.exits(self.case.run(), 0)
            self.judged(self.case, "tas", (2002, 2003), region="BOX")
        finally:
            del self.case.config["custom_regions"]
            del self.case.config["normals"]["min_days"]

    def test_hostile_names(self):
        for variable in ("../../etc", "a/b", "", "x" * 5000, "%n%s", "ta\ts"):
            result = self.case.run("--set", f"variables={variable}")
            self.assertIn(result.code, (1, 2))
            self.assertEqual([f for f in self.case.files() if f.endswith(".nc")], [])
        for text in ("", "\0\1\2", "a" * 100000, "x = (" * 5000, "input = 1;\n" * 3):
            self.assertEqual(self.case.run(text=text).code, 1)


class Set(Base):
    def test_values_by_type(self):
        result = self.case.run("--set", "normals.window=2", "-s", "normals.min_years=2",
                               "--set", "normals.leap_day=drop", "--set", "variables=tas",
                               "--set", "normals.min_days=0.5", "--set", "output.counts=true",
                               "--set", "regions=GLOBAL")
        self.exits(result, 0)
        self.assertEqual(sorted(map(os.path.basename, self.case.normals())),
                         [f"tas_GLOBAL_p_{y}_2yr_normal.nc" for y in (2002, 2003)])

    def test_errors_cite_set(self):
        for value, words in (("normals.windw=3", ["windw", "window"]), ("normals.window=abc", []),
                             ("normals.window", []), ("=3", []), ("engine=3", []),
                             ("normals.leap_day=never", ["leap_day"])):
            with self.subTest(value=value):
                self.refuses(self.case.run("--set", value), "--set", *words)


class Plan(Base):
    def test_plan_writes_nothing(self):
        result = self.case.run(command="plan")
        self.exits(result, 0)
        self.assertEqual(self.case.files(), {})
        self.assertFalse(os.path.exists(self.case.out))
        for word in ("tas", "M1", "GLOBAL", "4"):
            self.assertIn(word, result.out)
        self.exits(self.case.run(), 0)
        again = self.case.run(command="plan")
        self.exits(again, 0)
        self.assertNotEqual(again.out, result.out)
        self.assertEqual(self.case.run("--set", "variables=none", command="plan").code, 1)

    def test_plan_names_gaps_and_short_windows(self):
        result = self.case.run("--set", "normals.periods=", command="plan")
        self.assertIn(result.code, (0, 1))
        self.case.config["normals"]["periods"] = [{"name": "p", "first": 2001, "last": 2003}]
        try:
            result = self.case.run(command="plan")
            self.assertIn("2001", result.out)
            self.assertIn("1999", result.said)
        finally:
            self.case.periods(2002, 2003)


class Summary(Base):
    KEYS = {"version", "threads", "isa", "wall_s", "peak_rss_bytes", "exit_code", "variables"}
    VARIABLE = {"name", "status", "files_read", "bytes_read", "load_s", "compute_s", "write_s",
                "wall_s", "normals_written", "normals_skipped", "normals_failed", "problems"}

    def test_keys(self):
        result = self.case.run("-t", "2")
        self.exits(result, 0)
        self.assertEqual(self.KEYS - set(result.summary), set())
        self.assertEqual(result.summary["threads"], 2)
        self.assertEqual(result.summary["exit_code"], 0)
        self.assertGreater(result.summary["peak_rss_bytes"], 1 << 20)
        tas = result.variable("tas")
        self.assertEqual(self.VARIABLE - set(tas), set())
        self.assertEqual((tas["files_read"], tas["normals_written"], tas["problems"]), (4, 2, []))
        self.assertGreater(tas["bytes_read"], 4 * 360 * 10)

    def test_progress_kinds(self):
        for kind in ("auto", "plain", "json", "none", "tty"):
            result = self.case.run("--progress", kind, "--set", "output.existing=overwrite")
            self.exits(result, 0)
            if kind == "json":
                for line in filter(None, result.err.splitlines()):
                    json.loads(line)
        for flag in ("-q", "-v"):
            result = self.case.run(flag)
            self.exits(result, 0)
        self.assertEqual(self.case.run("-q").err, "")

    def test_summary_of_a_refused_run(self):
        self.exits(self.case.run("--set", "normals.window=abc"), 1)
        result = self.case.run("--set", "normals.window=2", "--set", "variables=tas,absent",
                               "--set", "normals.min_years=2")
        self.exits(result, 2)
        self.assertEqual(result.summary["exit_code"], 2)


class Inspect(Base):
    def test_inspect(self):
        path = os.path.join(self.case.data, "tas", trees.name("tas", 2000))
        done = ask("inspect", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("360_day", "2000", "6", "8"):
            self.assertIn(word, done.stdout)
        bad = os.path.join(self.case.dir, "bad_day_M1_historical_r1i1p1f1_gn_2000.nc")
        with open(bad, "w") as f:
            f.write("no")
        self.assertNotEqual(ask("inspect", bad).returncode, 0)
        self.assertNotEqual(ask("inspect", "/nonexistent.nc").returncode, 0)


class Synth(TestCase):
    def test_a_synthetic_tree_runs(self):
        with Case(variables=["pr"], scenarios=["ssp245"]).periods(2015, 2016) as case:
            done = ask("synth", case.data, "--years", "2013-2016", "--grid", "8x16",
                       "--variables", "pr,tasmax", "--calendar", "standard", "--seed", "3",
                       "--scenario", "ssp245")
            self.assertEqual(done.returncode, 0, done.stderr)
            case.config["variables"] = ["pr", "tasmax"]
            result = case.run()
            self.exits(result, 0)
            tree = oracle.Tree(case.data)
            for variable in ("pr", "tasmax"):
                timeline = tree.timeline(variable, "ssp245")
                self.assertEqual(len(timeline.files), 4)
                self.assertTrue(-60 <= timeline.lat.min() and timeline.lat.max() <= 90)
                self.assertTrue(0 <= timeline.lon.min() and timeline.lon.max() <= 360)
                self.judged(case, variable, (2015, 2016), timeline=timeline)


class Stopping(TestCase):
    """Runs that are long enough to meet another one, or a signal."""

    @classmethod
    def setUpClass(cls):
        cls.store = Case()
        cls.addClassCleanup(cls.store.close)
        raw = trees.values_like("temp", "slow", 360, (30, 40))
        for year in range(1901, 2021):
            trees.year_file(cls.store.data, "tas", year, calendar="360_day",
                            raw=np.roll(raw, year), lat=np.linspace(-80, 80, 30),
                            lon=np.linspace(0, 351, 40), deflate=0, shuffle=False)

    def slow_case(self):
        return Case(variables=["tas"], input={"root": self.store.data},
                    output={"compression": 9}).periods(1903, 2020)

    @staticmethod
    def start(case):
        return subprocess.Popen([BIN, "run", case.write_config(), "-t", "1"], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def freeze(self, case, process):
        """Stops the process for the moment once it has published something."""
        for _ in range(12000):
            if case.normals():
                process.send_signal(signal.SIGSTOP)
                break
            self.assertIsNone(process.poll(), "it ended without an output")
            time.sleep(0.005)
        self.assertLess(len(case.normals()), 118, "too fast to be met halfway")

    def test_one_run_per_output_root(self):
        """While a run holds its output root, a second one is refused and changes nothing."""
        with self.slow_case() as case:
            first = self.start(case)
            try:
                self.freeze(case, first)
                before = set(case.files())
                second = case.run()
                self.assertIn(second.code, (1, 3))
                self.assertRegex(second.err, "(?i)another|lock|running")
                self.assertEqual(set(case.files()), before)
            finally:
                first.send_signal(signal.SIGCONT)
                first.communicate(timeout=60)
            self.assertEqual((first.returncode, len(case.normals())), (0, 118))

    def test_a_killed_run_leaves_whole_files_only(self):
        with self.slow_case() as case:
            process = self.start(case)
            self.freeze(case, process)
            process.kill()
            process.communicate(timeout=60)
            done = len(case.normals())
            for path in case.normals().values():
                with netCDF4.Dataset(path) as nc:
                    self.assertEqual(len(nc.dimensions["dayofyear"]), 360)
            result = case.run()
            self.exits(result, 0)
            self.assertEqual(result.variable("tas")["normals_skipped"], done)
            self.assertEqual(len(case.normals()), 118)
            self.assertEqual([f for f in case.files() if f.endswith(".tmp")], [])

    def test_signals_keep_what_is_finished(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(signal=number), self.slow_case() as case:
                process = self.start(case)
                self.freeze(case, process)
                process.send_signal(number)
                process.send_signal(signal.SIGCONT)
                _, err = process.communicate(timeout=60)
                self.assertEqual(process.returncode, code, err)
                self.assertEqual([f for f in case.files() if f.endswith(".tmp")], [])
                done = len(case.normals())
                self.assertTrue(0 < done < 118, done)
                result = case.run()
                self.exits(result, 0)
                self.assertGreaterEqual(result.variable("tas")["normals_skipped"], done)
                self.assertEqual(len(case.normals()), 118)


if __name__ == "__main__":
    main()
