"""`climnorm plan`: its text and its JSON say the same, and what comes true. Its estimates are compared
with a run of the same tree."""
import json
import os
import re
import resource
import shutil
import subprocess
import tempfile
import threading
import time

import climnorm_case
from catalog_trees import write
from climnorm_case import BIN, Case
from terminal import Job

YEARS = (2000, 2011)
WINDOW = 3


def watch_folder(folder, peaks, is_over):
    """Adds what all files in it take on the disk, again and again."""
    while not is_over.wait(0.01):
        total = 0
        for path, _, names in os.walk(folder):
            for name in names:
                try:
                    total += os.stat(os.path.join(path, name)).st_blocks * 512
                except FileNotFoundError:
                    pass
        peaks.append(total)


class Base(climnorm_case.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tree = tempfile.mkdtemp(prefix="climnorm-plan-")
        cls.addClassCleanup(shutil.rmtree, cls.tree)
        subprocess.run([BIN, "synth", os.path.join(cls.tree, "data"), "--years", "%d-%d" % YEARS,
                        "--grid", "60x120", "--variables", "pr,tas", "--threads", "2"],
                       check=True, capture_output=True)

    def case(self, **config):
        case = Case(input={"root": os.path.join(self.tree, "data")}, variables=["pr", "tas"],
                    **config).periods(YEARS[0] + WINDOW, YEARS[1])
        self.addCleanup(case.close)
        return case

    def plan(self, case, *options):
        result = case.run("--json", *options, command="plan")
        return json.loads(result.out)

    def compare_size(self, planned, case):
        """The files that were made have about the size that was planned."""
        size = sum(os.path.getsize(path) for path in case.normals().values())
        self.assertLess(max(planned["bytes_about"] / size, size / planned["bytes_about"]), 1.3)
        self.assertLessEqual(planned["bytes_least"], size)
        self.assertLessEqual(size, planned["bytes_most"])


class Says(Base):
    def test_products_are_told_as_the_config_has_them(self):
        given = [{"name": "normal"}, {"name": "p90", "over": "p90", "pool": 5, "min_values": 10},
                 {"name": "sd", "over": "std", "variables": ["tas"], "window": 2, "min_years": 1}]
        plan = self.plan(self.case(regions=["CONUS"], products=given))
        usual = {"time": "day", "within": "mean", "threshold": None, "over": "mean", "pool": 1,
                 "window": WINDOW, "min_years": WINDOW, "min_values": 1, "baseline": None,
                 "change": None}
        for variable in plan["variables"]:
            told = [{k: v for k, v in p.items() if k != "units"} for p in variable["products"]]
            self.assertEqual(told, [{**usual, **{k: v for k, v in p.items() if k != "variables"}}
                                    for p in given if variable["name"] in p.get("variables", ["pr", "tas"])])

    def test_the_json_is_what_a_run_then_makes(self):
        case = self.case(regions=["CONUS", "AK"])
        plan = self.plan(case, "-v")
        self.assertEqual([v["name"] for v in plan["variables"]], ["pr", "tas"])
        self.exits(case.run(), 0)
        made = case.normals()
        listed = [o["path"] for v in plan["variables"] for o in v["outputs"] if o["make"]]
        self.assertEqual(sorted(listed), sorted(made))
        self.assertEqual(plan["output"]["files_to_make"], len(made))
        for variable in plan["variables"]:
            result = case.run(command="run").variable(variable["name"])
            self.assertEqual(variable["to_make"], result["normals_skipped"])
            self.assertEqual([r["name"] for r in variable["regions"]], ["CONUS", "AK"])
            self.assertEqual(sum(p["to_make"] for p in variable["periods"]), variable["to_make"])
            self.assertEqual(variable["files"], YEARS[1] - YEARS[0] + 1)
            self.assertEqual(variable["files_to_read"], variable["files"] - 1)  # 2000: no window
            self.assertEqual(variable["periods"][0]["target_years"],
                             list(range(YEARS[0] + WINDOW, YEARS[1] + 1)))
        again = self.plan(case)
        self.assertEqual(again["output"]["files_to_make"], 0)
        self.assertEqual(again["output"]["files_kept"], len(made))
        self.assertIsNone(again["estimate"])
        self.assertNotIn("outputs", again["variables"][0])

    def test_regions_that_differ_have_rows_of_their_own(self):
        case = self.case(regions=["CONUS", "AK"])
        self.exits(case.run("--set", "regions=CONUS"), 0)
        normals = YEARS[1] - YEARS[0] - WINDOW + 1
        text = case.run(command="plan").out
        rows = [line.split() for line in text.splitlines() if line.startswith("p ")]
        years = f"{YEARS[0] + WINDOW}-{YEARS[1]}"
        self.assertEqual(rows, [["p", years, "0", str(2 * normals), "CONUS"],
                                ["p", years, str(2 * normals), "AK"]])
        regions = self.plan(case)["variables"][0]["periods"][0]["regions"]
        self.assertEqual(regions, [{"name": "CONUS", "to_make": 0, "kept": normals},
                                   {"name": "AK", "to_make": normals, "kept": 0}])

    def test_text_and_json_agree(self):
        case = self.case(regions=["CONUS", "GU"])
        plan, text = self.plan(case), case.run("-t", "2", command="plan").out
        self.assertIn(f"{plan['output']['files_to_make']} files to make", text)
        for variable in plan["variables"]:
            self.assertRegex(text, rf"(?m)^{variable['name']} +{variable['files']} .* "
                                   rf"{variable['to_make']}$")
        self.assertRegex(text, r"(?m)^Regions +" + ", ".join(
            f"{r['name']} {r['lat']} x {r['lon']}" for r in plan["variables"][0]["regions"]))
        self.assertRegex(text, r"(?m)^Time +about \d+ s with 2 threads \(measured for [\d.]+ s\)$")
        self.assertIn(f"Next      climnorm run {case.dir}/climnorm.cfg --threads 2\n", text)
        self.assertNotRegex(text, r"kept|slots|batches|passed over")

    def test_the_next_command_can_be_typed(self):
        case = self.case()
        text = case.run("--set", "output.root=it's here", "--set", "regions=GLOBAL", "--set",
                        "output.existing=overwrite", command="plan").out
        command = re.search(r"(?m)^Next +climnorm (.*)$", text)[1]
        done = subprocess.run(f"'{BIN}' {command} -q -p none", shell=True, cwd=case.dir, timeout=120)
        self.assertEqual(done.returncode, 0)
        self.assertTrue(os.path.isdir(os.path.join(case.dir, "it's here", "GLOBAL")))

    def test_what_cannot_be_written_is_said_before_a_run(self):
        case = self.case()
        path = os.path.join(case.dir, "file")
        with open(path, "w", encoding="utf-8") as file:
            file.write("no folder")
        result = case.run("--set", f"output.root={path}/below", command="plan")
        self.exits(result, 3)
        self.assertIn(f"{path}/below: cannot be made: {path} is not a folder", result.err)
        self.assertNotIn("Next", result.out)

    def test_a_problem_of_all_variables_is_one_line(self):
        case = self.case()
        case.periods(YEARS[0] + WINDOW, YEARS[1] + 5)
        result = case.run(command="plan")
        self.exits(result, 2)
        problems = [line for line in result.out.splitlines() if line.startswith("! ")]
        self.assertEqual(len(problems), 1)
        self.assertTrue(problems[0].startswith("! pr, tas "), problems)
        self.assertEqual([len(v["problems"]) for v in self.plan(case)["variables"]], [1, 1])

    def test_lines_wrap_at_the_width_of_the_terminal(self):
        """Words that are longer than a line are paths, and stay whole."""
        case = self.case(regions=["CONUS", "AK", "HI", "PRVI", "GU"])
        piped = case.run("-p", "none", command="plan").out
        for columns in (60, 80, 120):
            job = Job([BIN, "plan", case.write_config(), "-p", "none"], columns=columns)
            while job.feed(60):
                pass
            job.process.wait()
            lines = job.raw.decode().replace("\r", "").splitlines()
            for line in lines:
                if len(line) > columns and not line.startswith("Next "):  # a command is not wrapped
                    self.assertLessEqual(len(line.split()), 2, line)
            said, there = (re.sub(r"[\d.]+ (s|KiB|MiB|GiB)\b", "N", " ".join(text.split()))
                           for text in ("\n".join(lines), piped))
            self.assertEqual(said, there)

    def test_lines_fit_into_80_columns(self):
        case = self.case(regions=["CONUS", "AK", "HI", "PRVI", "GU", "GLOBAL"])
        for line in case.run(command="plan").out.splitlines():
            if line.count(" ") and not line.startswith(("Input", "Output", "Next")):
                self.assertLessEqual(len(line), 80, line)


class Passes(Base):
    """What is said of variables that do not fit into the memory, and comes true."""
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        days, cls.years = os.path.join(cls.tree, "data"), os.path.join(cls.tree, "years")
        os.mkdir(cls.years)
        for folder, _, names in os.walk(days):
            for name in names:  # a chunk holds all days of 12 rows
                subprocess.run(["nccopy", "-c", "time/365,lat/12,lon/120",
                                os.path.join(folder, name), os.path.join(cls.years, name)], check=True)

    def planned(self, root, memory):
        """The plan of tas, its lines below Passes, and its row in the summary of the run."""
        case = self.case(regions=["GLOBAL"], output={"compression": 0})
        options = ["--set", f"input.root={root}", "--set", f"engine.memory={memory}", "-t", "2"]
        plan = self.plan(case, *options)
        text = case.run(*options, command="plan").out
        said = re.search(r"(?m)^Passes +(.*\n(?: {10}.*\n)*)", text)
        run = case.run(*options)
        self.exits(run, 0)
        return plan, " ".join(said[1].split()) if said else None, run.variable("tas")

    def compare(self, plan, row, most):
        """What each pass takes, and how often the run decodes each chunk."""
        tas = plan["variables"][1]
        self.assertEqual(row["passes"], tas["passes"])
        self.assertEqual(row["chunks_decoded"] * tas["bytes_to_decode_once"],
                         row["chunks_read"] * tas["bytes_to_decode"])
        self.assertLessEqual(tas["memory_bytes"], most)
        self.assertLess(most, tas["memory_bytes_once"])
        self.assertEqual(plan["memory_bytes"], tas["memory_bytes"])
        return tas

    def test_one_pass_is_not_worth_a_word(self):
        plan, said, row = self.planned(os.path.join(self.tree, "data"), "1GiB")
        tas = plan["variables"][1]
        self.assertIsNone(said)
        self.assertEqual((tas["passes"], row["passes"]), (1, 1))
        self.assertEqual([tas[key] for key in ("days_of_pass", "rows_of_pass", "bytes_to_decode_else")],
                         [None] * 3)
        self.assertEqual(tas["bytes_to_decode"], tas["bytes_to_decode_once"])

    def test_days_are_cut_where_a_chunk_holds_one(self):
        plan, said, row = self.planned(os.path.join(self.tree, "data"), "24MiB")
        tas = self.compare(plan, row, 24 << 20)
        passes, days = tas["passes"], tas["days_of_pass"]
        self.assertEqual(passes, -(-365 // days))
        self.assertIsNone(tas["rows_of_pass"])
        self.assertEqual(tas["bytes_to_decode_once"], row["chunks_read"] * 60 * 120 * 4)
        self.assertEqual(tas["bytes_to_decode_else"], passes * tas["bytes_to_decode_once"])
        self.assertRegex(said, rf"^{passes}, of up to {days} days each: one pass needs [\d.]+ MiB "
                               rf"the input is decoded once; if rows were cut, {passes} times$")

    def test_rows_are_cut_where_a_chunk_holds_many_days(self):
        plan, said, row = self.planned(self.years, "24MiB")
        tas = self.compare(plan, row, 24 << 20)
        self.assertIsNone(tas["days_of_pass"])
        self.assertEqual(tas["rows_of_pass"], 12)  # of a chunk
        self.assertEqual(tas["bytes_to_decode"], tas["bytes_to_decode_once"])
        self.assertRegex(said, r"^5, of 12 rows of the grid each: one pass needs [\d.]+ MiB "
                               r"the input is decoded once; if days were cut, 5 times$")

    def test_both_are_cut_where_a_chunk_is_too_large(self):
        plan, said, row = self.planned(self.years, "6MiB")
        tas = self.compare(plan, row, 6 << 20)
        self.assertIsNone(tas["bytes_to_decode_else"])
        self.assertGreater(row["chunks_decoded"], row["chunks_read"])
        times = f"{row['chunks_decoded'] / row['chunks_read']:.3g}"
        self.assertRegex(said, rf"^{tas['passes']}, of (up to )?{tas['days_of_pass']} days and "
                               rf"{tas['rows_of_pass']} rows of the grid each: one pass needs "
                               rf"[\d.]+ MiB the input is decoded {times} times$")

    def test_the_estimates_hold_for_passes(self):
        """The disk space within the bounds of one pass, also of what waits for the next one; the time by
        its order, and not once for each pass."""
        for root in os.path.join(self.tree, "data"), self.years:
            with self.subTest(root=root):
                case = self.case(regions=["GLOBAL"])
                options = ["--set", f"input.root={root}", "--set", "engine.memory=16MiB", "-t", "2"]
                plan = self.plan(case, *options)
                output, cpu_s = plan["output"], plan["estimate"]["cpu_s"]
                self.assertGreater(plan["variables"][0]["passes"], 4)
                self.assertEqual([v["files_to_read"] for v in plan["variables"]],
                                 [YEARS[1] - YEARS[0]] * 2)
                peaks, is_over = [0], threading.Event()
                watcher = threading.Thread(target=watch_folder, args=(case.out, peaks, is_over))
                watcher.start()
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                self.exits(case.run(*options), 0)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                is_over.set()
                watcher.join()
                self.compare_size(output, case)
                size = sum(os.path.getsize(path) for path in case.normals().values())
                self.assertEqual(output["bytes_temporary"] > size, root == self.years)
                self.assertGreater(max(peaks), 0.3 * output["bytes_temporary"] + size / 2)
                self.assertLess(max(peaks), 1.3 * (output["bytes_temporary"] + output["bytes_about"]))
                used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                self.assertLess(cpu_s, 4 * used)
                self.assertLess(used, 4 * cpu_s)

    def test_the_least_memory_that_is_named_is_enough_for_all_variables(self):
        case = self.case(regions=["GLOBAL"])
        root = os.path.join(case.dir, "grids")
        for grid, variable in ("12x18", "pr"), ("48x96", "tas"):
            subprocess.run([BIN, "synth", root, "--years", "2000-2006", "--grid", grid, "--variables",
                            variable], check=True, capture_output=True)
        case.periods(2003, 2006)

        def refusal(memory):
            result = case.run("--set", f"input.root={root}", "--set", f"engine.memory={memory}",
                              command="plan")
            return result.code and int(re.search(r"tas needs at least .* \((\d+) bytes\)", result.err)[1])
        least = refusal("1KiB")
        self.assertEqual(refusal(f"{least - 1}B"), least)
        self.assertEqual(refusal(f"{least}B"), 0)


class Estimates(Base):
    def test_the_disk_space_is_near_that_of_the_files(self):
        for level in (0, 1, 6):
            for region in ("CONUS", "GLOBAL") if level == 1 else ("CONUS",):
                with self.subTest(level=level, region=region):
                    case = self.case(regions=[region], output={"compression": level})
                    planned = self.plan(case)["output"]
                    self.exits(case.run(), 0)
                    self.compare_size(planned, case)

    def test_the_cpu_time_is_of_the_order_of_the_run(self):
        """Both are measured here and now, so that only the ratio counts. The second job computes for
        longer than it does all else."""
        for over in [], ["p50", "p90"]:
            with self.subTest(over=over):
                case = self.case()
                if over:
                    case.config["variables"] = ["tas"]
                    case.config["products"] = [{"name": name, "over": name, "pool": 31}
                                               for name in over]
                estimate = self.plan(case, "-t", "2")["estimate"]
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                self.exits(case.run("-t", "2"), 0)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                self.assertLess(estimate["cpu_s"], 4 * used)
                self.assertLess(used, 4 * estimate["cpu_s"])

    def test_a_plan_stays_whole_where_nothing_can_be_measured(self):
        """A chunk of each file is damaged, which only decoding notices."""
        case = self.case()
        root = os.path.join(case.dir, "damaged")
        shutil.copytree(os.path.join(self.tree, "data"), root)
        for folder, _, names in os.walk(root):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "r+b") as file:
                    file.seek(os.path.getsize(path) // 4)
                    file.write(b"\xff" * (os.path.getsize(path) // 2))
        result = case.run("--set", f"input.root={root}", command="plan")
        self.exits(result, 0)
        self.assertIn("the time is not known", " ".join(result.out.split()))
        self.assertIn("at least", result.out)
        plan = self.plan(case, "--set", f"input.root={root}")
        self.assertIsNone(plan["estimate"])
        self.assertIsNone(plan["output"]["bytes_about"])

    def test_files_that_netcdf_c_reads_are_measured_too(self):
        """It reads them in a process that the measuring process starts."""
        with Case(variables=["pr"], regions=["GLOBAL"]).periods(2002, 2003) as case:
            for year in range(2000, 2004):
                write(os.path.join(case.data, f"pr_day_M_historical_r1i1p1f1_gn_{year}.nc"),
                      first=365 * (year - 2000), step=0.5, count=730)
            self.assertGreater(self.plan(case)["estimate"]["cpu_s"], 0)

    def test_nothing_is_written_and_times_of_files_stay(self):
        case = self.case()
        start = time.time()
        self.plan(case)
        self.assertFalse(os.path.exists(case.out))
        for folder, _, names in os.walk(self.tree):
            for name in names:
                self.assertLess(os.stat(os.path.join(folder, name)).st_mtime, start)


if __name__ == "__main__":
    climnorm_case.main()
