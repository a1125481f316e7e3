"""The command line and the config, as a user meets them: exit codes, messages, what is written
and what is not.
"""
import json
import os
import resource
import subprocess
import unittest

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


class Config(Base):
    def text(self, change, old=None):
        """The config as text, with one line replaced or added."""
        text = open(self.case.write_config()).read()
        return text.replace(old, change) if old else text + change

    def test_what_fits_no_tree_is_refused_before_anything_is_made(self):
        for section, key, value, words in (
                ("output", "pattern", "{region}/{variable}.nc", ["year"]),
                ("input", "root", "nowhere", ["nowhere"])):
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


class Plan(Base):
    def test_plan_writes_nothing(self):
        result = self.case.run(command="plan")
        self.exits(result, 0)
        self.assertEqual(self.case.files(), {})
        self.assertFalse(os.path.exists(self.case.out))
        self.exits(self.case.run(), 0)
        again = self.case.run(command="plan")
        self.exits(again, 0)
        self.assertNotEqual(again.out, result.out)
        self.assertEqual(self.case.run("--set", "variables=none", command="plan").code, 1)


class Summary(Base):
    KEYS = {"version", "threads", "isa", "inflate", "wall_s", "peak_rss_bytes", "exit_code", "variables"}
    VARIABLE = {"name", "status", "files_read", "bytes_read", "load_s", "compute_s", "write_s",
                "wall_s", "normals_written", "normals_skipped", "normals_failed",
                "normals_unmade", "passes", "chunks_read", "chunks_decoded", "problems"}

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

    def test_it_overwrites_no_config(self):
        config = self.case.write_config()
        with open(config, encoding="utf-8") as file:
            text = file.read()
        os.symlink(config, os.path.join(self.case.dir, "link.json"))
        for path in (config, os.path.join(self.case.dir, "link.json"), "-"):
            done = ask("run", config, "--summary", path)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(f"--summary {path}", done.stderr)
        with open(config, encoding="utf-8") as file:
            self.assertEqual(file.read(), text)

    def test_a_pipe_that_nobody_reads_is_not_waited_for(self):
        pipe = os.path.join(self.case.dir, "pipe")
        os.mkfifo(pipe)
        try:
            done = ask("run", self.case.write_config(), "-p", "none", "--summary", pipe)
            self.assertEqual(done.returncode, 3)
            self.assertIn("nobody reads the pipe", done.stderr)
            with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
                done = ask("run", self.case.write_config(), "-p", "none", "--summary", pipe)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(json.loads(reader.stdout.read())["exit_code"], 0)
        finally:
            os.unlink(pipe)

    def test_what_a_stopped_run_did_not_make_is_missing_in_every_variable(self):
        with Case(variables=["pr", "tas"]).periods(2002, 2003) as case:
            for year in range(2000, 2004):
                for variable in ("pr", "tas"):
                    trees.year_file(case.data, variable, year, calendar="360_day")
            done = subprocess.run(
                [BIN, "run", case.write_config(), "-p", "none", "--summary", "/dev/stdout", "-q"],
                capture_output=True, text=True, timeout=60,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)))
            self.assertEqual(done.returncode, 3, done.stderr)
            for variable in json.loads(done.stdout)["variables"]:
                self.assertEqual((variable["normals_written"],
                                  variable["normals_failed"] + variable["normals_unmade"]), (0, 2))
            self.assertEqual((variable["name"], variable["normals_unmade"]), ("tas", 2))

    @unittest.skipIf(os.geteuid() == 0 and not os.path.exists("/usr/bin/setpriv"), "no setpriv")
    def test_a_folder_that_cannot_be_read_is_in_the_summary(self):
        """A warning: it may be anybody's, such as lost+found."""
        locked = os.path.join(self.case.data, "locked")
        os.mkdir(locked, 0)
        os.chmod(self.case.dir, 0o755)
        os.makedirs(self.case.out)
        os.chmod(self.case.out, 0o777)
        other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        try:
            done = subprocess.run(
                (other if os.geteuid() == 0 else []) +
                [BIN, "run", self.case.write_config(), "-p", "json"],
                capture_output=True, text=True, timeout=60)
        finally:
            os.chmod(locked, 0o700)
            os.rmdir(locked)
        if done.returncode == 126 or "setpriv" in done.stderr:
            self.skipTest("the program is where another user cannot run it")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"warning: {locked}: ", done.stderr)
        for line in done.stderr.splitlines():
            json.loads(line)


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


if __name__ == "__main__":
    main()
