"""climnorm-bench from outside: a tiny tree measured from end to end; what compare marks, sweep
recommends and plots say. No speed is judged here: what is slow is slowed by hand.
"""
import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

from build import BUILD, ROOT, main

HOME = os.path.join(ROOT, "bench")
PROGRAM = os.path.join(BUILD, "bench", "climnorm-bench")
sys.path.insert(0, HOME)

# What a run on 1 and 2 threads of one variable and two regions must hold.
LIMITS = {"copy_gb_per_s", "touch_gb_per_s", "page_cache_gb_per_s", "inflate_gb_per_s", "inflate_s",
          "inflate_cpu_s", "inflate_form_gb_per_s", "inflate_form_s", "inflate_form_cpu_s",
          "deflate_gb_per_s", "deflate_s", "deflate_cpu_s"}
RUN = {"wall_s", "cpu_s", "load_s", "compute_thread_s", "write_thread_s", "peak_rss_bytes"}
WARM = RUN | {"times_limit", "times_limit_cpu", "times_form_limit", "times_form_limit_cpu",
              "times_model", "times_model_cpu", "share_of_limit",
              "compute_times_limit", "write_times_deflate", "peak_times_arena"}
SPEEDUP = {"speedup", "efficiency", "inflate_speedup", "speedup_times_inflate",
           "speedup_times_inflate_cpu"}
RATIOS = ("load / inflate, memory touched before", "load / inflate, fresh memory",
          "load of all regions / of one", "compute / (inflate + deflate)", "write / deflate",
          "whole run / (inflate + deflate)",
          "whole run / (inflate by the form that ran + deflate)",
          "speed-up of the run / of inflate",
          "run of all regions / of one", "peak memory / arena", "whole run / model",
          "whole run / model, fewest threads")


def call(*words, program=PROGRAM):
    return subprocess.run([sys.executable, program, *words], capture_output=True, text=True,
                          timeout=300, check=False)


def is_figure(value):
    return (isinstance(value, dict) and set(value) == {"median", "least", "most", "n"}
            and 0 <= value["least"] <= value["median"] <= value["most"])


def figures(entry):
    return {key for key, value in entry.items() if is_figure(value)}


class Bench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="climnorm-test-")
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.options = ["--grid", "40x96", "--years", "1985-2015", "--days", "3", "--regions",
                       "CONUS,AK", "--threads", "1,2", "--repeats", "2", "--data",
                       os.path.join(cls.dir, "data"), "--output", os.path.join(cls.dir, "out")]
        cls.done = call(*cls.options, "--kernels", "mask", "--what",
                        "limits,kernels,inflate,pipeline")
        assert cls.done.returncode == 0, cls.done.stderr
        cls.path = os.path.join(cls.dir, "out", "results.json")
        with open(cls.path, encoding="utf-8") as file:
            cls.results = json.load(file)

    def write(self, name, results):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(results, file)
        return path

    def test_results_have_every_key(self):
        results = self.results
        self.assertEqual(results["schema"], 1)
        self.assertEqual(set(results), {"schema", "command", "machine", "settings", "job", "limits",
                                        "kernels", "inflate", "stages", "runs", "passes", "peers",
                                        "notes"})
        for key in ("date", "climnorm", "cpu", "cores", "memory_bytes", "system", "compiler",
                    "flags", "isa", "inflate", "libraries", "file_system"):
            self.assertTrue(results["machine"][key], key)
        self.assertEqual(results["job"]["source_years"], 31)
        self.assertEqual(results["job"]["normals"], 2 * 2)
        self.assertEqual([entry["threads"] for entry in results["limits"]], [1, 2])
        for entry in results["limits"]:
            self.assertLessEqual(LIMITS, figures(entry))
            self.assertLessEqual(set(entry["form"].split("/")),
                                 set(results["machine"]["inflate_forms"]))
        isas = results["machine"]["isas"]
        self.assertEqual({(row["kernel"], row["isa"], row["where"]) for row in results["kernels"]},
                         {("mask_f32", isa, where) for isa in isas
                          for where in ("in cache", "out of cache")})
        for row in results["kernels"]:
            self.assertEqual(figures(row), {"gb_per_s", "copy_gb_per_s", "share_of_copy"})
        loads = {(row["stage"], row["threads"], len(row["regions"])): figures(row)
                 for row in results["stages"]}
        for threads in (1, 2):
            for stage in ("load", "reload"):
                self.assertEqual(loads[stage, threads, 2],
                                 {"wall_s", "cpu_s", "times_inflate", "times_inflate_cpu"})
        self.assertIn("all_regions_times_this", loads["reload", 2, 1])
        runs = {(row["run"], row["threads"], len(row["regions"])): figures(row)
                for row in results["runs"]}
        self.assertEqual(runs["warm", 1, 2], WARM)
        self.assertEqual(runs["warm", 2, 2], WARM | SPEEDUP)
        self.assertEqual(runs["warm", 2, 1], RUN | {"all_regions_times_this"})
        cold = ("cold", 2, 2) in runs
        self.assertEqual(cold, ("cold load", 2, 2) in loads)
        self.assertEqual(cold, "disk_gb_per_s" in results["limits"][-1])
        self.assertEqual(cold, not results["notes"], "what is missing is said")

    def test_each_form_inflates_chunks_and_planes(self):
        forms = self.results["machine"]["inflate_forms"]
        self.assertEqual(forms[:2], ["libdeflate", "portable"])
        ways = {("libdeflate", 1)} | {(form, n) for form in forms[1:] for n in (1, 2)}
        rows = self.results["inflate"]
        self.assertEqual({(row["variable"], row["threads"], row.get("plane"), row["form"],
                           row["streams"]) for row in rows},
                         {("tas", threads, plane, *way) for threads in (1, 2)
                          for plane in (None, 0, 1, 2, 3) for way in ways})
        for row in rows:
            self.assertEqual(figures(row), {"libdeflate_ms" if row["form"] == "libdeflate" else
                                            "times_as_fast"})
        for threads in (1, 2):
            self.assertRegex(self.done.stdout, rf"portable +2 +{threads} +\d")

    def test_results_from_before_there_were_forms(self):
        old = copy.deepcopy(self.results)
        del old["inflate"], old["machine"]["inflate"]
        for entry in old["limits"]:
            del entry["form"]
        path = self.write("before.json", old)
        said = call("report", path).stdout
        self.assertIn("inflated by libdeflate", said)
        self.assertNotIn("own decoder", said)
        done = call("compare", path, self.path)
        self.assertEqual(done.returncode, 0, done.stderr)
        now = self.results["machine"]["inflate"]
        self.assertEqual(f"machine, inflate: libdeflate before, {now} now" in done.stdout,
                         now != "libdeflate")

    def test_ratios_below_1_are_explained(self):
        results = copy.deepcopy(self.results)
        for entry in results["limits"]:
            entry["form"] = "vector"
        self.assertIn("below 1 come from climnorm's own decoder (vector)",
                      call("report", self.write("forms.json", results)).stdout)

    def test_every_figure_has_its_turns(self):
        for group in ("limits", "kernels", "inflate", "stages", "runs"):
            for entry in self.results[group]:
                for key in figures(entry):
                    self.assertEqual(entry[key]["n"], 2, (group, key))

    def test_the_readme_explains_every_key(self):
        with open(os.path.join(HOME, "README.md"), encoding="utf-8") as file:
            readme = file.read()
        keys = set(self.results) | set(self.results["machine"]) | set(self.results["job"])
        for group in ("limits", "kernels", "inflate", "stages", "runs"):
            keys |= {key for entry in self.results[group] for key in entry}
        self.assertFalse({key for key in keys if f"`{key}`" not in readme})

    def test_tables_hold_the_ratios(self):
        for title in (*RATIOS, "Limits of this machine", "Kernels, in cache", "Inflating",
                      "Whole runs"):
            self.assertIn(title, self.done.stdout)

    def test_ten_products(self):
        out = os.path.join(self.dir, "products")
        done = call("--products", "--grid", "40x96", "--years", "1985-2015", "--threads", "2",
                    "--repeats", "2", "--data", os.path.join(self.dir, "years"), "--output", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
            results = json.load(file)
        self.assertEqual(results["job"]["normals"], 2 * 10)
        self.assertEqual(results["settings"]["regions"], ["CONUS"])
        warm = next(row for row in results["runs"] if row["run"] == "warm")
        self.assertEqual(warm["normals"], 2 * 10)
        self.assertLessEqual({"times_limit", "times_limit_cpu", "compute_times_limit"},
                             figures(warm))
        self.assertRegex(done.stdout, r"compute / \(inflate \+ deflate\) .*≤ 0.25")
        self.refused(call("--products", "--what", "peers"), "no peer")

    def test_the_globe_in_passes(self):
        out = os.path.join(self.dir, "globe")
        done = call("--global", "--grid", "40x96", "--days", "3", "--memory", "512MiB,64MiB",
                    "--threads", "2", "--repeats", "2", "--data", os.path.join(self.dir, "globes"),
                    "--output", out, "--style", "nex-gddp")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("tas, nex-gddp data", done.stdout)
        self.assertIn("-tas-nex-gddp", done.stderr)  # the folder of the data
        with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
            results = json.load(file)
        self.assertEqual(results["job"]["normals"], 4)
        self.assertEqual(results["settings"]["regions"], ["GLOBAL"])
        self.assertLessEqual(LIMITS, figures(results["limits"][0]))
        rows = results["passes"]
        self.assertEqual([row["memory"] for row in rows], ["512MiB", "64MiB"])
        for row in rows:
            self.assertEqual(figures(row), RUN | {"times_limit", "times_limit_cpu",
                                                  "peak_times_arena"})
            self.assertEqual((row["chunks_read"], row["chunks_decoded"]), (33 * 3, 33 * 3))
            self.assertLessEqual(row["arena_bytes"], int(row["memory"][:-3]) << 20)
            self.assertRegex(done.stdout, rf"{row['memory']} +{row['passes']} +99 +1\.00 ")
        self.assertEqual(rows[0]["passes"], 1)
        self.assertGreater(rows[1]["passes"], 1)
        self.refused(call("--global", "--what", "kernels"), "without --what")
        self.assertIn("The globe in passes", call("report", os.path.join(
            out, "results.json"), "--markdown").stdout)
        path = os.path.join(HOME, "README.md")
        with open(path, encoding="utf-8") as file:
            readme = file.read()
        self.assertFalse({key for row in rows for key in row if f"`{key}`" not in readme})

    def test_data_are_kept_and_scratch_is_not(self):
        folder = os.path.join(self.dir, "data")
        names = os.listdir(folder)
        self.assertEqual(names, ["40x96-1985-2015-3-tas"])
        stamp = os.path.join(folder, names[0], "made.json")
        before = os.stat(stamp).st_mtime_ns
        done = call(*self.options, "--what", "limits", "--repeats", "1", "--output",
                    os.path.join(self.dir, "again"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(os.stat(stamp).st_mtime_ns, before)
        self.assertEqual(os.listdir(folder), names)

    def test_compare_marks_what_was_slowed(self):
        old, new = copy.deepcopy(self.results), copy.deepcopy(self.results)
        for results in (old, new):
            for group in ("limits", "kernels", "stages", "runs"):
                for entry in results[group]:
                    for key in figures(entry):  # a spread of 4 %
                        median = entry[key]["median"] or 1.0
                        entry[key] = {"median": median, "least": 0.98 * median,
                                      "most": 1.02 * median, "n": 3}
        noisy = copy.deepcopy(new)
        for entry in noisy["runs"]:  # within both spreads
            for bound in ("median", "least", "most"):
                entry["wall_s"][bound] *= 1.07
        done = call("compare", self.write("old.json", old), self.write("noisy.json", noisy))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("SLOWER", done.stdout)
        self.assertIn("0 got slower", done.stdout)
        for bound in ("median", "least", "most"):
            new["runs"][0]["wall_s"][bound] *= 1.2
            new["kernels"][0]["gb_per_s"][bound] /= 1.2
            new["kernels"][1]["gb_per_s"][bound] *= 1.2
        done = call("compare", self.write("old.json", old), self.write("new.json", new))
        marked = [line for line in done.stdout.splitlines() if "SLOWER" in line]
        self.assertEqual(len(marked), 2, done.stdout)
        self.assertTrue(any("runs: " in line and "wall_s" in line for line in marked))
        self.assertTrue(any("mask_f32" in line and "gb_per_s" in line for line in marked))
        self.assertIn("2 got slower beyond the noise, 1 faster", done.stdout)

    def test_compare_says_when_the_machine_is_to_blame(self):
        old, new = copy.deepcopy(self.results), copy.deepcopy(self.results)
        old["limits"][0]["inflate_s"] = {"median": 1.0, "least": 1.0, "most": 1.01, "n": 3}
        new["limits"][0]["inflate_s"] = {"median": 1.5, "least": 1.5, "most": 1.51, "n": 3}
        done = call("compare", self.write("old.json", old), self.write("new.json", new))
        self.assertIn("The machine itself gave less", done.stdout)
        self.assertIn("SLOWER (machine)", done.stdout)

    def test_data_were_smooth_before_there_were_styles(self):
        old, new = copy.deepcopy(self.results), copy.deepcopy(self.results)
        del old["settings"]["style"]
        paths = self.write("old.json", old), self.write("new.json", new)
        self.assertNotIn("The settings differ", call("compare", *paths).stdout)
        self.assertIn(" smooth data;", call("report", paths[0]).stdout)
        new["settings"]["style"] = "nex-gddp"
        done = call("compare", paths[0], self.write("new.json", new))
        self.assertIn("settings, style: smooth before, nex-gddp now", done.stdout)

    def test_seconds_of_different_jobs_are_not_judged(self):
        old, new = copy.deepcopy(self.results), copy.deepcopy(self.results)
        for results, times in ((old, 1.0), (new, 2.0)):
            row = results["runs"][0]
            row["wall_s"] = {"median": times, "least": times, "most": times, "n": 3}
            row["times_limit"] = dict(row["wall_s"])
        new["settings"]["grid"] = [9, 9]
        done = call("compare", self.write("old.json", old), self.write("new.json", new))
        self.assertIn("The settings differ", done.stdout)
        marked = [line for line in done.stdout.splitlines() if "SLOWER" in line]
        self.assertEqual([line.split()[-4:] for line in marked if "wall_s" in line], [])
        self.assertTrue(any("times_limit" in line for line in marked), done.stdout)

    def test_one_turn_is_never_judged(self):
        old = copy.deepcopy(self.results)
        for group in ("limits", "kernels", "stages", "runs"):
            for entry in old[group]:
                for key in figures(entry):
                    entry[key]["n"] = 1
        new = copy.deepcopy(old)
        for entry in new["runs"]:
            entry["wall_s"]["median"] *= 10
        done = call("compare", self.write("old.json", old), self.write("new.json", new))
        self.assertNotIn("SLOWER", done.stdout)
        self.assertIn("cannot be judged", done.stdout)

    def test_baseline_is_compared_with(self):
        done = call(*self.options, "--what", "kernels", "--kernels", "mask", "--baseline",
                    self.path, "--output", os.path.join(self.dir, "new"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("figures were compared", done.stdout)

    def test_plots_are_xml_and_name_their_series(self):
        try:
            import matplotlib  # noqa: F401
        except ImportError:
            self.assertIn("No plots: ", self.done.stdout)
            return
        results = copy.deepcopy(self.results)
        figure = {"median": 2.0, "least": 1.0, "most": 3.0, "n": 2}
        results["peers"] = [
            {"name": name, "title": f"{name} <&>", "status": status, "threads": 2, "first": 2014,
             "last": 2015, "regions": ["CONUS"], "wall_s": figure, "cpu_s": figure,
             "peak_rss_bytes": figure, "times_climnorm": figure, "files_read": 31,
             "why": "it differs"}
            for name, status in (("climnorm", "ok"), ("quick", "ok"), ("liar", "wrong"))]
        folder = os.path.join(self.dir, "plots")
        done = call("report", self.write("peers.json", results), "--plots", folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        said = {name: "".join(xml.parse(os.path.join(folder, f"{name}.svg")).getroot().itertext())
                for name in ("scaling", "roofline", "peers")}
        for name, series in (("scaling", ("whole run", "inflate alone", "ideal", "limit")),
                             ("roofline", ("portable", "copy, the roof", "mask_f32",
                                           "Out of cache")),
                             ("peers", ("climnorm <&>", "quick <&>", "times climnorm"))):
            for text in series:
                self.assertIn(text, said[name], name)
        self.assertNotIn("liar", said["peers"], "its time does not count")
        self.assertRegex(done.stdout, r"liar <&> +wrong")

    def test_report_updates_a_document(self):
        from climnorm_bench import report
        path = os.path.join(self.dir, "document.md")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"before\n{report.BEGIN}\nwhat stood there\n{report.END}\nafter\n")
        for _ in range(2):
            done = call("report", self.path, "--update", path)
            self.assertEqual(done.returncode, 0, done.stderr)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertTrue(text.startswith(f"before\n{report.BEGIN}\n"))
        self.assertTrue(text.endswith(f"{report.END}\nafter\n"))
        self.assertNotIn("what stood there", text)
        self.assertEqual(text.count("| load / inflate, fresh memory |"), 1)
        self.assertIn(call("report", self.path, "--markdown").stdout, text)
        own = os.path.join(ROOT, "docs", "performance.md")
        with open(own, encoding="utf-8") as file:
            text = file.read()
        self.assertLess(text.find(report.BEGIN), text.find(report.END))
        self.assertIn(report.BEGIN, text)
        with open(path, "w", encoding="utf-8") as file:
            file.write("no marks")
        self.refused(call("report", self.path, "--update", path), "document.md: expected the lines")

    def test_arguments_say_what_they_expect(self):
        for words, text in ((("--grid", "big"), "rows and columns such as 120x240"),
                            (("--threads", "0"), "numbers such as 1,2,4"),
                            (("--repeats", "0"), "1 to 25 repeats"),
                            (("--years", "all"), "years such as 1985-2024"),
                            (("peers", "--region", "MARS"), "NAME=W,E,S,N or one of CONUS")):
            done = call(*words)
            self.assertEqual(done.returncode, 2)
            self.assertIn(text, done.stderr)

    def test_what_was_measured_is_kept(self):
        """The peers find no room for what they write: kernels and limits stay."""
        folder, out = os.path.join(self.dir, "kept"), os.path.join(self.dir, "kept-out")
        climnorm = self.write("climnorm", "")
        with open(climnorm, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\ncase "$*" in *peers.cfg*) echo "no room" >&2; exit 3;; esac\n'
                       f'exec "{os.path.join(BUILD, "climnorm")}" "$@"\n')
        os.chmod(climnorm, 0o755)
        done = call(*self.options, "--what", "limits,peers", "--repeats", "1", "--climnorm",
                    climnorm, "--data", folder, "--output", out)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("climnorm, beside its peers, ended with 3: no room", done.stderr)
        with open(os.path.join(out, "results-partial.json"), encoding="utf-8") as file:
            found = json.load(file)
        self.assertEqual([entry["threads"] for entry in found["limits"]], [1, 2])
        self.assertRegex(found["notes"][0], "not all was measured: .*no room")

    def refused(self, done, text):
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(text, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_errors_are_one_line(self):
        self.refused(call("report", __file__), "test_bench.py: cannot be read as results")
        peers_only = {"schema": 1, "peers": []}
        for content in ([1], peers_only, {**self.results, "limits": None}):
            self.refused(call("report", self.write("other.json", content)),
                         'expected a results.json')
        self.refused(call(*self.options, "--peers", "excel"), "--peers excel: expected of seed")
        self.refused(call("--what", "magic"), "--what magic: expected of limits,kernels")
        self.refused(call("--regions", "MARS"), "--regions MARS: expected of CONUS")
        self.refused(call("--years", "2000-2010"), "30 years or more")
        self.refused(call("--grid", "2x2", "--regions", "GU"), "use a finer one")
        self.refused(call("--climnorm", "/nowhere/climnorm"), "/nowhere/climnorm: no such program")
        self.refused(call("sweep", "/nowhere.cfg", "--threads", "1"), "/nowhere.cfg")
        self.refused(call("sweep", "/nowhere.cfg"), "nothing to try")
        self.refused(call("sweep", "/nowhere.cfg", "--set", "x"), "expected KEY=VALUE,VALUE")

    def sweep_config(self):
        tree = os.path.join(self.dir, "data", "40x96-1985-2015-3-tas")
        root = os.path.join(self.dir, "mine")
        os.makedirs(root, exist_ok=True)
        path = os.path.join(self.dir, "mine.cfg")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'input: {{ root = "{tree}"; }}; regions = ["CONUS"];\n'
                       f'normals: {{ min_days = 0.0; periods = ({{ name = "all"; first = 2014; '
                       f'last = 2015; }}); }};\n# output: {{ root = "/nowhere"; }}\n'
                       f'output = {{ pattern = "{{region}}_{{year}}.nc"; root: "{root}"; }};\n')
        return path, root

    def test_grids_are_held_against_the_regular_one(self):
        path, data = os.path.join(self.dir, "grids.json"), os.path.join(self.dir, "grid-data")
        done = call("grids", "--grid", "40x96", "--years", "1985-1986", "--days", "3", "--repeats", "2",
                    "--data", data, "--json", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(path, encoding="utf-8") as file:
            entries = json.load(file)["grids"]
        self.assertEqual([entry["grid"] for entry in entries],
                         ["regular", "curvilinear", "unstructured"])
        for entry in entries:
            self.assertEqual(figures(entry), {
                "load_s", "cpu_s", "wall_s", "peak_rss_bytes", "times_regular_load",
                "times_regular_cpu", "times_regular_wall"})
            self.assertIn(entry["grid"], done.stdout)
        self.assertEqual(entries[0]["times_regular_load"]["median"], 1)
        self.assertEqual(len(os.listdir(data)), 1)

    def test_sweep_recommends_and_leaves_nothing(self):
        path, root = self.sweep_config()
        figures_path = os.path.join(self.dir, "sweep.json")
        done = call("sweep", path, "--threads", "1,2", "--set", "engine.batch_years=1,2",
                    "--repeats", "2", "--json", figures_path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(os.listdir(root), [])
        with open(figures_path, encoding="utf-8") as file:
            found = json.load(file)
        tried = [entry["settings"] for entry in found["sweep"]]
        self.assertEqual(tried, [{"threads": t, "engine.batch_years": b}
                                 for t in "12" for b in "12"])
        self.assertIn(found["recommended"], tried)
        self.assertIn(f"Recommended: --threads {found['recommended']['threads']} "
                      f"--set engine.batch_years={found['recommended']['engine.batch_years']}",
                      done.stdout)
        for entry in found["sweep"]:
            self.assertEqual(figures(entry), {"wall_s", "cpu_s", "peak_rss_bytes", "times_best"})
            self.assertEqual(entry["threads"], int(entry["settings"]["threads"]))

    def test_a_sweep_that_fails_says_why(self):
        path, root = self.sweep_config()
        self.refused(call("sweep", path, "--set", "engine.batch=1"), "ended with 1")
        self.assertEqual(os.listdir(root), [])

    def test_what_is_recommended(self):
        from climnorm_bench import sweep

        def entry(threads, least, median, most, gigabytes=1.0):
            return {"settings": {"threads": str(threads)}, "threads": threads,
                    "times_best": {"least": least, "median": median, "most": most, "n": 3},
                    "peak_rss_bytes": {"median": gigabytes * 1e9}}

        slow, quick = entry(1, 3.0, 3.3, 3.5), entry(4, 1, 1, 1)
        self.assertIs(sweep.recommend([slow, quick, entry(2, 1.5, 1.8, 1.9)])[0], quick)
        self.assertIs(sweep.recommend([slow, quick, entry(8, 0.9, 1.01, 1.1)])[0], quick)
        for less in (entry(4, 1.01, 1.02, 1.04, 0.5), entry(4, 0.9, 1.08, 1.2, 0.5)):
            self.assertIs(sweep.recommend([slow, quick, less])[0], less)
        for noisy in (entry(1, 0.8, 1.5, 4.0), entry(1, 1.01, 1.08, 1.2)):
            self.assertIs(sweep.recommend([noisy, quick])[0], quick)

    def test_peers_are_found_where_the_first_python_lacks_their_modules(self):
        bare, tree, found = (os.path.join(self.dir, name) for name in ("python3", "tree", "found"))
        with open(bare, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nexec {sys.executable} -S -E "$@"\n')
        os.chmod(bare, 0o755)
        self.assertNotEqual(subprocess.run([bare, "-c", "import numpy"], capture_output=True,
                                           check=False).returncode, 0)
        subprocess.run([os.path.join(BUILD, "climnorm"), "synth", tree, "--years", "2012-2014",
                        "--variables", "tas"], check=True, capture_output=True)
        done = subprocess.run([bare, PROGRAM, "peers", "--tree", tree, "--targets", "2014-2014",
                               "--window", "3", "--peers", "seed,nco", "--repeats", "1",
                               "--json", found], capture_output=True, text=True, check=False,
                              env={**os.environ, "PATH": f"{self.dir}:{os.environ['PATH']}"})
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(found, encoding="utf-8") as file:
            peers = json.load(file)["peers"]
        self.assertEqual([peer["name"] for peer in peers], ["climnorm", "seed", "nco"])
        for peer in peers[1:]:
            self.assertEqual(peer["status"], "ok", peer)
            self.assertGreater(peer["compared_values"], 0)

    def test_it_works_where_it_is_installed(self):
        prefix = os.path.join(self.dir, "prefix")
        subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True,
                       capture_output=True,
                       env={**os.environ, "CLIMNORM_RECORD": os.path.join(self.dir, "record")})
        program = os.path.join(prefix, "bin", "climnorm-bench")
        self.assertTrue(os.access(program, os.X_OK))
        path, _ = self.sweep_config()
        done = call("sweep", path, "--threads", "1", "--repeats", "1", program=program)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Recommended: --threads 1", done.stdout)
        done = call(*self.options, "--what", "limits,inflate", "--repeats", "1", "--output",
                    os.path.join(self.dir, "installed"), program=program)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    main(PROGRAM)
