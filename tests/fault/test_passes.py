"""Runs in many passes that are killed, stopped or run out of disk, whose unfinished outputs are damaged
in between, or left by another job. In the end there are the bytes of a run that nobody disturbed, and
nothing else; and what was whole is not made again.

CLIMNORM_SEED repeats the moments.
"""
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import time

import trees
from climnorm_case import BIN, Case, TestCase, main

SEED = int(os.environ.get("CLIMNORM_SEED") or random.SystemRandom().randrange(10 ** 6))
KILLS = 4  # of each form of the job
WAITING = re.compile(r"\.climnorm-pass-[0-9a-f]{16}-[012]\.tmp$")
# Hundreds of passes are thousands of short tasks. Where other tests use the cores, a thread that
# spins while it waits for one keeps the thread that has it from running.
ENV = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "OMP_WAIT_POLICY": "passive"}


def read(path):
    with open(path, "rb") as file:
        return file.read()


def make_job(layout, chunks):
    """Two regions, counts; days or, where a chunk has many of them, rows are cut."""
    case = Case(variables=["tas"], custom_regions=[
        {"name": "WEST", "lon": [100.0, 300.0], "lat": [-40.0, 70.0]}],
        normals={"window": 3, "min_years": 3}, output={"counts": True, "layout": layout})
    case.periods(2002, 2005)
    for year in range(2000, 2006):
        trees.year_file(case.data, "tas", year, lat=[-75 + 10 * i for i in range(16)],
                        lon=[7.5 + 15 * i for i in range(24)], chunks=chunks)
    return case


class Passes(TestCase):
    layout, chunks = "single", (1, 16, 24)

    @classmethod
    def setUpClass(cls):
        print(f"CLIMNORM_SEED={SEED}", flush=True)
        cls.case = make_job(cls.layout, cls.chunks)
        cls.addClassCleanup(cls.case.close)
        cls.config = cls.case.write_config()
        assert cls.start("whole").wait() == 0
        cls.whole = {name: read(path) for name, path in cls.case.normals().items()}
        refused = subprocess.run([BIN, "plan", cls.config, "--set", "engine.memory=1KiB"],
                                 capture_output=True, text=True, check=False)
        cls.least = max(int(n) for n in re.findall(r"\((\d+) bytes\)", refused.stderr))
        cls.run_alone("passes")
        cls.all_chunks = cls.row()["chunks_decoded"]
        assert cls.row()["passes"] > 4, cls.row()

    @classmethod
    def memory(cls):
        return f"engine.memory={2 * cls.least // 1024 + 1}KiB"

    @classmethod
    def start(cls, root, *settings, limit=None):
        """Starts a run into a folder of that name, with at most so many bytes in a file."""
        cls.case.out = os.path.join(cls.case.dir, root)
        options = [word for setting in settings for word in ("--set", setting)]

        def restrict():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        with open(os.path.join(cls.case.dir, "errors"), "wb") as errors:
            return subprocess.Popen(
                [BIN, "run", cls.config, "-q", "--set", f"output.root={cls.case.out}",
                 "--summary", cls.case.summary, *options],
                stdout=subprocess.DEVNULL, stderr=errors, env=ENV,
                preexec_fn=restrict if limit else None)

    @classmethod
    def run_alone(cls, root):
        """A run in passes that nobody disturbs; says how long a run lives now."""
        begun = time.monotonic()
        process = cls.start(root, cls.memory())
        assert process.wait() == 0, read(os.path.join(cls.case.dir, "errors"))
        cls.life = time.monotonic() - begun

    @staticmethod
    def end_within(process, seconds, number):
        """Sends a signal after so long. Returns whether the process was alive."""
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        return process.wait() != 0

    @classmethod
    def row(cls):
        with open(cls.case.summary, encoding="utf-8") as file:
            return json.load(file)["variables"][0]

    def waiting(self):
        return sorted(path for name, path in self.case.files().items() if WAITING.search(name))

    def disturb(self, root, dice, number=signal.SIGKILL):
        """Ends a run at some moment. Returns whether it was alive."""
        process = self.start(root, self.memory())
        return self.end_within(process, dice.random() * self.life, number)

    def complete(self, root):
        """The run that is left alone. Returns its row of the summary."""
        self.run_alone(root)
        found = {name: read(path) for name, path in self.case.normals().items()}
        self.assertEqual(set(found), set(self.whole))
        for name, content in found.items():
            self.assertTrue(content == self.whole[name], f"{name} differs")
        self.assertEqual(set(self.case.files()) - set(found), {".climnorm.lock"})
        return self.row()

    def some_passes(self, root, dice, number=signal.SIGKILL):
        """Ends a run while something waits."""
        for attempt in range(50):
            process = self.start(root, self.memory())
            while process.poll() is None and not self.waiting():
                time.sleep(0.001)
            moment = dice.random() * self.life * 0.9 ** attempt
            if self.end_within(process, moment, number) and self.waiting():
                return
            shutil.rmtree(self.case.out)
        self.fail("no run left anything")

    def test_passes_do_not_show(self):
        self.complete("passes")
        self.complete("fresh")
        self.assertEqual(self.row()["normals_written"], 8)

    def test_a_run_with_problems_leaves_nothing_unfinished(self):
        """A region without cells is a problem, but no pass is left to make."""
        process = self.start("problems", self.memory(), "regions=GLOBAL,GU")
        self.assertEqual(process.wait(), 2)
        self.assertGreater(self.row()["passes"], 4)
        others = set(self.case.files()) - set(self.case.normals())
        self.assertEqual(others, {".climnorm.lock"})

    def test_killed_again_and_again(self):
        dice, kills = random.Random(SEED), 0
        for chain in range(100):
            root = f"killed{chain}"
            for _ in range(dice.randint(1, 6)):
                kills += self.disturb(root, dice)
            self.complete(root)
            if kills >= KILLS:
                return
        self.fail("the runs were not killed")

    def test_what_is_whole_is_not_made_again(self):
        """All runs together decode hardly more than one: each stop costs the pass that it meets."""
        dice = random.Random(SEED + 1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            best = self.all_chunks
            for attempt in range(20):
                root = f"stopped{number}-{attempt}"
                self.some_passes(root, dice, number)
                row = self.complete(root)
                self.assertLessEqual(row["chunks_decoded"], self.all_chunks)
                best = min(best, row["chunks_decoded"])
                if best < 0.7 * self.all_chunks:
                    break
            self.assertLess(best, 0.7 * self.all_chunks)

    def test_a_full_disk(self):
        """Each write beyond some size fails; the next run has room."""
        dice = random.Random(SEED + 2)
        refused = 0
        for n in range(4):
            process = self.start(f"full{n}", self.memory(), limit=dice.randint(5000, 100000))
            refused += process.wait() == 3
            self.complete(f"full{n}")
        self.assertGreater(refused, 1)

    def test_damage_between_runs(self):
        dice = random.Random(SEED + 3)
        for n in range(4):
            root = f"damaged{n}"
            self.some_passes(root, dice)
            for path in self.waiting():
                content = bytearray(read(path))
                for _ in range(dice.randint(0, 3) if content else 0):
                    content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
                with open(path, "wb") as file:
                    file.write(content[:dice.choice((len(content), dice.randint(0, len(content))))])
            self.complete(root)

    def test_what_another_job_left_is_removed(self):
        """By a run without a shard, when the lock file says that a run did not end well."""
        dice = random.Random(SEED + 4)
        self.some_passes("other", dice)
        before = self.waiting()
        others = [name for name in self.case.files() if WAITING.search(name)]
        process = self.start("other", self.memory(), "variables=tas", "output.compression=3",
                             "output.pattern={region}/{variable}/new/{region}_{year}.nc"
                             if self.layout == "single" else
                             "output.pattern={region}/{variable}/new/{region}_{period}.nc")
        self.assertEqual(process.wait(), 0)
        self.assertTrue(before and others)
        self.assertEqual(self.waiting(), [])

    def test_a_stop_is_remembered(self):
        """Runs that are refused before they begin do not forget what an earlier one left."""
        dice = random.Random(SEED + 5)
        self.some_passes("kept", dice, signal.SIGINT)
        lock = read(os.path.join(self.case.out, ".climnorm.lock"))
        self.assertIn(b"run ", lock)
        before = self.waiting()
        process = self.start("kept", "engine.memory=1KiB")
        self.assertEqual(process.wait(), 1)
        self.assertIn(b"run ", read(os.path.join(self.case.out, ".climnorm.lock")))
        self.assertEqual(self.waiting(), before)
        self.complete("kept")


class StackedPasses(Passes):
    layout = "stacked"


class RowPasses(Passes):
    chunks = (365, 2, 24)


class StackedRowPasses(RowPasses):
    layout = "stacked"


if __name__ == "__main__":
    main()
