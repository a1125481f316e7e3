"""Shards: N processes that share an output folder make what one run makes, byte by byte, whatever the
order, the number, and who is killed; who keeps whom out; what --shard auto takes from Slurm.
"""
import fcntl
import json
import os
import random
import re
import signal
import subprocess
import time

import trees
from climnorm_case import BIN, Case, TestCase, main
from live import Live

ENV = {"SOURCE_DATE_EPOCH": "1700000000", "OMP_WAIT_POLICY": "passive"}
WEST = {"name": "WEST", "title": "West", "lon": [190.0, 350.0], "lat": [-45.0, 45.0]}
EAST = {"name": "EAST", "title": "East", "lon": [10.0, 190.0], "lat": [-45.0, 45.0]}


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Base(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.store = Case()
        cls.addClassCleanup(cls.store.close)
        for variable, last in (("tas", 2012), ("pr", 2012), ("hurs", 2009)):
            for year in range(2000, last + 1):
                trees.year_file(cls.store.data, variable, year, calendar="360_day",
                                experiment="ssp245" if year > 2006 else "historical")

    def new_case(self, **config):
        case = Case(input={"root": self.store.data}, scenarios=["ssp245"], regions=[],
                    custom_regions=[EAST, WEST], **{"variables": ["tas", "pr"], **config})
        self.addCleanup(case.close)
        case.config["normals"]["periods"] = [{"name": "p", "first": 2002, "last": 2005},
                                             {"name": "q", "first": 2006, "last": 2012}]
        case.write_config()
        return case

    def root(self, case, name):
        case.out = os.path.join(case.dir, name)

    def command(self, case, *options, command="run"):
        """With the config that a run of the case wrote last: others may be reading it."""
        return [BIN, command, os.path.join(case.dir, "climnorm.cfg"), "-t", "1", "--set",
                f"output.root={case.out}", *options]

    def start(self, case, shard, *options):
        """A shard that runs beside others; its summary has a name of its own."""
        summary = os.path.join(case.dir, f"summary-{shard.replace('/', '-of-')}.json")
        process = subprocess.Popen(
            self.command(case, "--shard", shard, "-q", "--summary", summary, *options),
            env={**os.environ, **ENV}, stderr=subprocess.PIPE, text=True, errors="replace")
        process.summary = summary
        return process

    def end(self, process):
        """The exit code, what it said, and its summary."""
        said = process.communicate(timeout=120)[1]
        summary = json.loads(read(process.summary)) if os.path.exists(process.summary) else None
        return process.returncode, said, summary

    def all_shards(self, case, count, *options):
        """Runs all shards at once. Returns the exit codes and the summaries."""
        ends = [self.end(p) for p in
                [self.start(case, f"{k}/{count}", *options) for k in range(1, count + 1)]]
        for code, said, _ in ends:
            self.assertIn(code, (0, 2), said)
        return [code for code, _, _ in ends], [summary for _, _, summary in ends]

    def contents(self, case):
        """All files below the output folder, hidden ones too."""
        return {name: read(path) for name, path in case.files().items()}

    def one_run(self, case, code=0):
        """What one run makes."""
        self.root(case, "one-run")
        result = case.run("--set", f"output.root={case.out}", env=ENV)
        self.exits(result, code)
        made = self.contents(case)
        self.assertGreater(len(made), 3)
        self.summary = result.summary
        return made

    def is_as_one_run(self, case, made):
        found = self.contents(case)
        self.assertEqual(set(found), set(made))
        for name, content in found.items():
            self.assertTrue(content == made[name], f"{name} differs from that of one run")

    def total(self, summaries, key):
        return sum(v[key] for s in summaries for v in s["variables"])


class SameBytes(Base):
    def check(self, case, counts):
        made = self.one_run(case)
        for count in counts:
            with self.subTest(count=count):
                self.root(case, f"shards-{count}")
                codes, summaries = self.all_shards(case, count)
                self.assertEqual(set(codes), {0})
                self.is_as_one_run(case, made)
                self.assertEqual(self.total(summaries, "normals_written"),
                                 self.total([self.summary], "normals_written"))
                self.assertEqual(self.total(summaries, "normals_skipped"), 0)
                self.assertEqual([s["shard"] for s in summaries],
                                 [f"{k}/{count}" for k in range(1, count + 1)])

    def test_shards_make_the_bytes_of_one_run(self):
        self.check(self.new_case(), (1, 2, 3, 5, 30))

    def test_stacked_files_are_made_by_one_shard_each(self):
        self.check(self.new_case(output={"layout": "stacked", "counts": True}), (2, 3, 6))

    def test_each_variable_of_each_model_is_a_unit(self):
        case = self.new_case()
        for model in ("M1", "M2", "M3"):
            for variable in ("tas", "pr"):
                for year in range(2000, 2006):
                    trees.year_file(case.data, variable, year, calendar="360_day", model=model,
                                    folder=os.path.join(case.data, model))
        case.config.update(input={"root": "data", "model": "*"}, scenarios=[])
        case.periods(2002, 2005)
        case.write_config()
        self.check(case, (4, 6, 13))
        units = []
        for k in range(1, 5):
            plan = json.loads(subprocess.run(
                self.command(case, "--json", "--shard", f"{k}/4", command="plan"),
                capture_output=True, check=True).stdout)
            units += [(v["model"], v["name"]) for v in plan["variables"]]
        self.assertEqual(sorted(units), [(m, v) for m in ("M1", "M2", "M3") for v in ("pr", "tas")])

    def test_shards_of_different_counts_at_once(self):
        case = self.new_case()
        made = self.one_run(case)
        self.root(case, "mixed")
        shards = [f"{k}/{n}" for n in (1, 2, 3, 4) for k in range(1, n + 1)]
        for process in [self.start(case, shard) for shard in shards]:
            code, said, _ = self.end(process)
            self.assertEqual(code, 0, said)
        self.is_as_one_run(case, made)

    def test_one_after_another_and_the_plan_between(self):
        case = self.new_case()
        made = self.one_run(case)
        self.root(case, "in turn")
        for k in (3, 1, 4, 2):
            self.assertEqual(self.end(self.start(case, f"{k}/4"))[0], 0)
            plan = json.loads(subprocess.run(self.command(case, "--json", command="plan"),
                                             capture_output=True, check=True).stdout)
            there = sum(name.endswith(".nc") for name in case.files())
            self.assertEqual(plan["output"]["files_kept"], there)
            self.assertEqual(plan["output"]["files_to_make"], len(made) - 1 - there)
        self.is_as_one_run(case, made)
        for k in range(1, 5):
            _, said, summary = self.end(self.start(case, f"{k}/4"))
            self.assertEqual(self.total([summary], "normals_written"), 0, said)
            self.assertGreater(self.total([summary], "normals_skipped"), 0)

    def test_the_plan_of_a_shard_is_what_it_makes(self):
        case = self.new_case()
        self.root(case, "planned")
        for k in range(1, 4):
            before = set(case.files())
            plan = json.loads(subprocess.run(
                self.command(case, "--json", "-v", "--shard", f"{k}/3", command="plan"),
                capture_output=True, check=True).stdout)
            self.assertEqual((plan["shard"]["number"], plan["shard"]["count"]), (k, 3))
            _, said, summary = self.end(self.start(case, f"{k}/3"))
            made = {n for n in set(case.files()) - before if n.endswith(".nc")}
            self.assertEqual({o["path"] for v in plan["variables"] for o in v["outputs"]}, made, said)
            read_bytes = sum(v["bytes_to_read"] for v in plan["variables"])
            self.assertEqual(plan["shard"]["bytes"], read_bytes)
            self.assertEqual([v["name"] for v in plan["variables"]],
                             [v["name"] for v in summary["variables"]])

    def test_numbers_may_begin_with_zeros(self):
        """As `seq -w` has them; they are decimal. Signs and blanks are no part of a number."""
        case = self.new_case()
        self.root(case, "zeros")
        for text, shard in (("02/03", [2, 3]), ("08/010", [8, 10]), ("+1/3", None), ("1/ 3", None),
                            ("00/3", None), ("4/03", None)):
            plan = subprocess.run(self.command(case, "--json", "--shard", text, command="plan"),
                                  capture_output=True, check=False)
            self.assertEqual(plan.returncode, 0 if shard else 1, plan.stderr)
            if shard:
                said = json.loads(plan.stdout)["shard"]
                self.assertEqual([said["number"], said["count"]], shard)


class Killed(Base):
    def test_killed_shards_go_on(self):
        dice = random.Random(8)
        case = self.new_case(output={"compression": 9})
        made = self.one_run(case)
        self.root(case, "killed")
        for _ in range(12):
            running = [self.start(case, f"{k}/3") for k in (1, 2, 3)]
            time.sleep(dice.random() * 0.4)
            victim = dice.choice(running)
            victim.kill()
            for process in running:
                code, said, _ = self.end(process)
                self.assertIn(code, (0, -signal.SIGKILL), said)
            there = sorted(case.normals())
            for name in dice.sample(there, min(4, len(there))):
                os.unlink(os.path.join(case.out, name))
        self.assertEqual(set(self.all_shards(case, 3)[0]), {0})
        self.is_as_one_run(case, made)

    def test_one_run_ends_what_killed_shards_began(self):
        case = self.new_case(output={"compression": 9})
        made = self.one_run(case)
        self.root(case, "handed over")
        running = [self.start(case, f"{k}/3") for k in (1, 2, 3)]
        time.sleep(0.1)
        for process in running:
            process.kill()
            self.end(process)
        self.exits(case.run("--set", f"output.root={case.out}", env=ENV), 0)
        self.is_as_one_run(case, made)


class InPasses(Base):
    """Jobs that do not fit into memory; the run that they are compared with has one pass."""

    def prepare(self, layout):
        case = self.new_case(output={"layout": layout, "counts": True})
        made = self.one_run(case)
        self.assertEqual({v["passes"] for v in self.summary["variables"]}, {1})
        said = case.run("--set", "engine.memory=1KiB", command="plan").err
        least = max(int(n) for n in re.findall(r"\((\d+) bytes\)", said))
        return case, made, ("--set", f"engine.memory={3 * least // 1024}KiB")

    def take_passes(self, summaries):
        passes = [v["passes"] for s in summaries for v in s["variables"]]
        self.assertGreater(min(passes), 3, passes)

    def waiting(self, case):
        return [name for name in case.files() if name.endswith("-2.tmp")]

    def test_shards_make_the_bytes_of_one_run(self):
        """Four shards of two variables: two of them begin with the same files at once."""
        for layout in ("single", "stacked"):
            case, made, memory = self.prepare(layout)
            for count in (1, 4):
                with self.subTest(layout=layout, count=count):
                    self.root(case, f"shards-{count}")
                    codes, summaries = self.all_shards(case, count, *memory)
                    self.assertEqual(set(codes), {0})
                    self.take_passes(summaries)
                    self.is_as_one_run(case, made)

    def test_shards_of_different_counts_make_the_same_files_at_once(self):
        for layout in ("single", "stacked"):
            with self.subTest(layout):
                case, made, memory = self.prepare(layout)
                self.root(case, "mixed")
                ends = [self.end(p) for p in [self.start(case, shard, *memory)
                                              for shard in ("1/1", "1/2", "2/2", "2/3")]]
                for code, said, _ in ends:
                    self.assertEqual(code, 0, said)
                self.is_as_one_run(case, made)

    def kill_between_passes(self, case, shard, *options):
        """Kills a shard while some of its outputs wait. Returns whether it did."""
        process = self.start(case, shard, *options)
        while process.poll() is None and not self.waiting(case):
            time.sleep(0.001)
        time.sleep(0.05)
        process.kill()
        self.end(process)
        return bool(self.waiting(case))

    def test_a_shard_that_is_killed_between_passes_goes_on(self):
        for layout in ("single", "stacked"):
            with self.subTest(layout):
                case, made, memory = self.prepare(layout)
                for attempt in range(50):
                    self.root(case, f"killed{attempt}")
                    if self.kill_between_passes(case, "1/2", *memory):
                        break
                other, again = self.start(case, "2/2", *memory), self.start(case, "1/2", *memory)
                for process in (other, again):
                    code, said, summary = self.end(process)
                    self.assertEqual(code, 0, said)
                    self.take_passes([summary])
                self.is_as_one_run(case, made)

    def test_another_division_ends_what_a_killed_shard_began(self):
        case, made, memory = self.prepare("single")
        for attempt in range(50):
            self.root(case, f"divided{attempt}")
            if self.kill_between_passes(case, "1/2", *memory):
                break
        self.assertEqual(set(self.all_shards(case, 3, *memory)[0]), {0})
        self.exits(case.run("--set", f"output.root={case.out}", *memory, env=ENV), 0)
        self.is_as_one_run(case, made)


class KeptOut(Base):
    def hold(self, case, name, text):
        """A lock file of the output folder, locked by this process."""
        os.makedirs(case.out, exist_ok=True)
        lock = open(os.path.join(case.out, name), "w", encoding="utf-8")
        self.addCleanup(lock.close)
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(text)
        lock.flush()
        return lock

    def check(self, lock_name, text, refused, allowed):
        case = self.new_case()
        lock = self.hold(case, lock_name, text + "\nrun a1\n")
        for options in refused:
            result = case.run(*options, env=ENV)
            self.exits(result, 1)
            self.assertIn(f"another climnorm run writes here ({text})", result.err)
            live = Live("run", case.write_config(), "-t", 1, "--wait", "-p", "plain", *options,
                        env=ENV)
            self.addCleanup(live.__exit__)
            live.says(f"waiting for {text}, which writes to ")
            lock.close()
            self.assertEqual(live.end(), 0, live.err)
            lock = self.hold(case, lock_name, text + "\nrun a1\n")
        for options in allowed:
            self.exits(case.run(*options, env=ENV), 0)

    def test_a_run_without_a_shard_waits_for_shards(self):
        self.check(".climnorm-2-of-3.lock", "process 1 on here since now, shard 2/3",
                   refused=[(), ("--shard", "2/3")],
                   allowed=[("--shard", "1/3"), ("--shard", "2/2"), ("--shard", "1/1")])

    def test_shards_wait_for_a_run_without_a_shard(self):
        self.check(".climnorm.lock", "process 1 on here since now",
                   refused=[("--shard", "2/3"), ()], allowed=[])

    def test_many_shards_that_begin_do_not_wait_for_each_other(self):
        """They share the common lock for that moment."""
        case = self.new_case()
        lock = self.hold(case, ".climnorm.lock", "")
        fcntl.flock(lock, fcntl.LOCK_SH)  # as a shard that begins
        self.assertEqual(set(self.all_shards(case, 4)[0]), {0})

    def test_only_files_of_the_shard_exist_for_it(self):
        case = self.new_case()
        refuse = ("--set", "output.existing=fail")
        self.exits(case.run("--shard", "1/2", *refuse, env=ENV), 0)
        self.exits(case.run("--shard", "2/2", *refuse, env=ENV), 0)
        for k in (1, 2):
            result = case.run("--shard", f"{k}/2", *refuse, env=ENV)
            self.exits(result, 1)
            self.assertIn('output.existing is "fail"', result.err)


class Problems(Base):
    def test_one_shard_tells_what_cannot_be_made(self):
        case = self.new_case(variables=["tas", "pr", "hurs", "huss"])
        made = self.one_run(case, 2)
        for count in (2, 3, 7):
            self.root(case, f"shards-{count}")
            codes, summaries = self.all_shards(case, count)
            self.is_as_one_run(case, made)
            whole = [(v["name"], p) for v in self.summary["variables"] for p in v["problems"]]
            told = [(v["name"], p) for s in summaries for v in s["variables"] for p in v["problems"]]
            self.assertEqual(sorted(told), sorted(whole))
            self.assertEqual(codes, [s["exit_code"] for s in summaries])
            self.assertEqual(
                [code == 2 for code in codes],
                [any(not p.startswith("warning") for v in s["variables"] for p in v["problems"])
                 for s in summaries])
            for key in ("normals_written", "normals_unmade", "normals_failed"):
                self.assertEqual(self.total(summaries, key), self.total([self.summary], key), key)

    def test_each_shard_that_reads_a_bad_file_tells_it(self):
        """Another machine may read it well."""
        case = self.new_case(variables=["tas"], normals={"min_years": 2})
        trees_copy = os.path.join(case.dir, "data")
        subprocess.run(["cp", "-r", f"{self.store.data}/.", trees_copy], check=True)
        case.config["input"]["root"] = trees_copy
        path = next(os.path.join(folder, name) for folder, _, names in os.walk(trees_copy)
                    for name in names if name.startswith("tas_") and "2008" in name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("no netCDF")
        made = self.one_run(case, 2)
        self.root(case, "shards")
        codes, summaries = self.all_shards(case, 2)
        self.is_as_one_run(case, made)
        self.assertEqual(codes, [2, 2])
        for summary in summaries:
            self.assertIn("2008", json.dumps(summary["variables"][0]["problems"]))

    def test_a_shard_without_work_says_so(self):
        case = self.new_case()
        result = case.run("--shard", "90/90", env=ENV)
        self.exits(result, 0)
        self.assertIn("Nothing to do for shard 90/90", result.out)
        self.assertEqual(result.summary["variables"], [])
        plan = case.run("--shard", "90/90", command="plan")
        self.exits(plan, 0)
        self.assertIn("90 of 90; 22 of them have something to make", " ".join(plan.out.split()))


class Words(Base):
    def plan(self, shard, **variables):
        case = self.new_case()
        return case.run("--json", "--shard", shard, command="plan",
                        env={k: v for k, v in {**os.environ, **variables}.items()
                             if not k.startswith("SLURM_") or k in variables})

    def test_words_that_are_no_shard(self):
        for word in ("", "0/3", "4/3", "1/0", "1", "1/", "/3", "1/3/3", " 1/3", "1/3 ", "-1/3", "+1/3",
                     "a/b", "1/100001", "99999999999999999999/99999999999999999999", "Auto"):
            result = self.plan(word)
            self.exits(result, 1)
            self.assertIn("--shard: expected auto, or K/N", result.err)

    def test_auto_outside_of_slurm(self):
        for variables in ({}, {"SLURM_JOB_ID": "7", "SLURM_PROCID": "0", "SLURM_NTASKS": "4"}):
            result = self.plan("auto", **variables)
            self.exits(result, 1)
            self.assertIn("no task of a Slurm job array", result.err)

    def array(self, task, first, last, count, **more):
        return {"SLURM_ARRAY_TASK_ID": task, "SLURM_ARRAY_TASK_MIN": first,
                "SLURM_ARRAY_TASK_MAX": last, "SLURM_ARRAY_TASK_COUNT": count, **more}

    def test_auto_in_slurm(self):
        step = {"SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "2"}
        for variables, shard in (
                (self.array("1", "1", "8", "8"), (1, 8)),
                (self.array("8", "1", "8", "8"), (8, 8)),
                (self.array("0", "0", "7", "8"), (1, 8)),
                (self.array("17", "10", "24", "3"), (2, 3)),
                (self.array("7", "3", "7", "2"), (2, 2)),
                (self.array("5", "5", "5", "1"), (1, 1)),
                (step, (3, 4)),
                ({"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"}, (1, 1)),
                (self.array("2", "1", "3", "3", **step), (7, 12)),
                (self.array("2", "1", "3", "3", SLURM_STEP_NUM_TASKS="1", SLURM_PROCID="0"), (2, 3))):
            with self.subTest(**variables):
                result = self.plan("auto", **variables)
                self.exits(result, 0)
                found = json.loads(result.out)["shard"]
                self.assertEqual((found["number"], found["count"]), shard)

    def test_arrays_that_do_not_say_which_part_a_task_is(self):
        for variables in (self.array("3", "1", "7", "3"), self.array("2", "1", "7", "4"),
                          self.array("9", "1", "8", "8"), self.array("1", "2", "8", "7"),
                          self.array("1", "8", "1", "8"), self.array("1", "1", "8", "0"),
                          self.array("1", "1", "8", "x"), {"SLURM_ARRAY_TASK_ID": "3"}):
            with self.subTest(**variables):
                result = self.plan("auto", **variables)
                self.exits(result, 1)
                self.assertIn("do not have one distance", " ".join(result.err.split()))


if __name__ == "__main__":
    main()
