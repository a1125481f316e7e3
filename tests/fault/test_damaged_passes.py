"""Damaged chunks that a run in many passes meets late: it makes the bytes of a run in one pass, tells
the same problems, and ends with the same code. It costs the years that have days in the chunk, however
the years are stored, cut, loaded and read.
"""
import json
import os
import random
import re
import signal
import subprocess
import time

import h5py
import netCDF4
import numpy as np

import trees
from climnorm_case import BIN, Case, TestCase, attribute, main

ENV = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "OMP_WAIT_POLICY": "passive"}
FIRST, LAST, WINDOW, DAYS = 2000, 2005, 3, 365
LAT, LON = [-70 + 20 * i for i in range(8)], [30 * i + 15 for i in range(12)]
SHAPE = (len(LAT), len(LON))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


class Job:
    """A tree of files of so many years each, and the runs over it."""

    def __init__(self, layout="single", years=1, products=None, **storage):
        self.case = Case(variables=["tas"], normals={"window": WINDOW, "min_years": 2},
                         output={"counts": True, "layout": layout},
                         **({"products": products} if products else {}))
        self.case.periods(FIRST + WINDOW - 1, LAST)
        self.paths = {}
        instants = DAYS * len(storage.get("hours", (12.0,)))
        for first in range(FIRST, LAST + 1, years):
            dates = [d for y in range(first, first + years)
                     for d in trees.dates_of_year("noleap", y)]
            path = os.path.join(self.case.data, trees.name("tas", trees.span(dates[0], dates[-1])))
            raw = trees.values_like("temp", first, years * instants, SHAPE)
            trees.write(path, "tas", dates, raw, lat=LAT, lon=LON, **storage)
            self.paths.update((y, (path, first)) for y in range(first, first + years))
        self.per_day = instants // DAYS
        self.config = self.case.write_config()
        self.sound = {path: read(path) for path, _ in self.paths.values()}
        refused = subprocess.run([BIN, "plan", self.config, "--set", "engine.memory=1KiB"],
                                 capture_output=True, text=True, check=False)
        share = 2 if products else 16  # groups of days take less memory than days
        self.memory = share * max(int(n) for n in re.findall(r"\((\d+) bytes\)", refused.stderr))

    def damage(self, *places):
        """Spoils the chunks of (year, day of the year, row). Returns the years that have days in
        each, in the order of the places."""
        costs = []
        for path, content in self.sound.items():
            write(path, content)
        for year, day, row in places:
            path, first = self.paths[year]
            at = ((year - first) * DAYS + day) * self.per_day
            with h5py.File(path, "r") as file:
                data = file["tas"]
                where = [i // n * n for i, n in zip((at, row, 0), data.chunks)]
                chunk = data.id.get_chunk_info_by_coord(tuple(where))
                end = min(where[0] + data.chunks[0], data.shape[0]) - 1
            content = bytearray(read(path))
            content[chunk.byte_offset:chunk.byte_offset + chunk.size] = b"\xa5" * chunk.size
            write(path, content)
            year_days = DAYS * self.per_day
            costs.append(range(first + where[0] // year_days, first + end // year_days + 1))
        return costs

    def start(self, root, memory, threads):
        self.case.out = os.path.join(self.case.dir, root)
        if os.path.exists(self.case.summary):
            os.unlink(self.case.summary)
        return subprocess.Popen(
            [BIN, "run", self.config, "-q", "-t", str(threads), "--summary", self.case.summary,
             "--set", f"output.root={self.case.out}", "--set", f"engine.memory={memory // 1024}KiB"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ENV)

    def end(self, process):
        """What a run has come to, but for how it went; and its passes."""
        said = process.communicate(timeout=120)[1]
        assert process.returncode in (0, 2), said
        with open(self.case.summary, encoding="utf-8") as file:
            row = json.load(file)["variables"][0]
        keys = "problems details normals_written normals_skipped normals_failed normals_unmade".split()
        outcome = {"code": process.returncode, **{key: row[key] for key in keys},
                   "files": {name: read(path) for name, path in self.case.files().items()}}
        outcome["files"].pop(".climnorm.lock")
        return outcome, row["passes"]

    def some_passes(self, root, dice):
        """A run that is killed while something waits."""
        for attempt in range(50):
            process = self.start(root, self.memory, 2)
            while process.poll() is None and not any(
                    name.endswith("-2.tmp") for name in self.case.files()):
                time.sleep(0.001)
            time.sleep(dice.random() * 0.2)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            waiting = [n for n in self.case.files() if os.path.basename(n).startswith(".climnorm-pass")]
            if process.returncode and waiting:
                return
            self.case.out = os.path.join(self.case.dir, f"{root}-{attempt}")
            root = f"{root}-{attempt}"
        raise AssertionError("no run was killed between passes")


class Damage(TestCase):
    """Chunks of one day: days are cut."""
    job = {"chunks": (1, *SHAPE)}
    places = [(2003, 0, 0), (2003, 180, 0), (2003, 364, 0)]
    several = [(2005, 1, 0), (2001, 363, 0), (2003, 200, 0)]

    @classmethod
    def setUpClass(cls):
        cls.job = Job(**cls.job)
        cls.addClassCleanup(cls.job.case.close)
        cls.folders = 0

    def run_it(self, memory, threads):
        type(self).folders += 1
        return self.job.end(self.job.start(f"run{self.folders}", memory, threads))

    def missing(self, outcome):
        """The source years that each target year lacks, as its file says."""
        found = {}
        for name, content in outcome["files"].items():
            with netCDF4.Dataset(name, memory=content) as file:
                targets = np.atleast_1d(file["target_year"][...])
                if "missing_source_years" in file.variables:
                    lists = [str(text) for text in file["missing_source_years"][...]]
                elif "missing_source_years" in (*file.ncattrs(), *file["tas"].ncattrs()):
                    lists = [str(attribute(file, "tas", "missing_source_years"))]
                else:
                    lists = [""] * len(targets)
            for target, text in zip(targets, lists):
                years = set()
                for item in filter(None, text.split(", ")):
                    ends = [int(year) for year in item.split("-")]
                    years.update(range(ends[0], ends[-1] + 1))
                found[int(target)] = years
        return found

    def check_one(self, *places):
        """A run in one pass: what it lacks are the years of the damaged chunks."""
        costs = self.job.damage(*places)
        lost = {year for years in costs for year in years}
        outcome, passes = self.run_it(2 ** 30, 1)
        self.assertEqual((outcome["code"], passes), (2, 1))
        expected = {target: lost & set(range(target - WINDOW + 1, target + 1))
                    for target in range(FIRST + WINDOW - 1, LAST + 1)}
        self.assertEqual(self.missing(outcome),
                         {target: years for target, years in expected.items() if len(years) < 2})
        return outcome

    def is_same(self, outcome, wanted):
        for key in wanted:
            if key == "files":
                self.assertEqual(set(outcome[key]), set(wanted[key]))
                for name, content in wanted[key].items():
                    self.assertTrue(outcome[key][name] == content, f"{name} differs")
            else:
                self.assertEqual(outcome[key], wanted[key], key)

    def check(self, *places):
        wanted = self.check_one(*places)
        for memory, threads in ((2 ** 30, 2), (2 * self.job.memory, 1), (self.job.memory, 2)):
            outcome, passes = self.run_it(memory, threads)
            self.assertEqual(passes > 1, memory < 2 ** 30)
            self.is_same(outcome, wanted)

    def test_one_chunk_in_the_first_a_middle_or_the_last_pass(self):
        for place in self.places:
            with self.subTest(place):
                self.check(place)

    def test_chunks_of_several_years_in_different_passes(self):
        """The later pass meets the earlier year."""
        self.check(*self.several)

    def test_killed_between_passes_and_resumed_over_the_damage(self):
        dice = random.Random(5)
        for n, place in enumerate((self.places[-1], self.places[0])):
            with self.subTest(place):
                wanted = self.check_one(place)
                self.job.some_passes(f"killed{n}", dice)
                process = self.job.start(os.path.basename(self.job.case.out), self.job.memory, 2)
                outcome, passes = self.job.end(process)
                self.assertGreater(passes, 1)
                self.assertEqual(outcome["normals_written"] + outcome["normals_skipped"],
                                 wanted["normals_written"])
                for key in ("normals_written", "normals_skipped"):
                    outcome[key] = wanted[key]
                self.is_same(outcome, wanted)


class RowDamage(Damage):
    """Chunks of many days: rows are cut, and a chunk is met where its rows are."""
    job = {"chunks": (DAYS, 1, 12), "layout": "stacked"}
    places = [(2003, 0, 7), (2002, 200, 0)]
    several = [(2005, 1, 0), (2001, 3, 7), (2003, 2, 4)]


class SpanDamage(Damage):
    """Files of three years with chunks of one day: the other years of the file stay."""
    job = {"chunks": (1, *SHAPE), "years": 3, "layout": "stacked"}
    places = [(2004, 364, 0), (2001, 0, 0)]
    several = [(2005, 1, 0), (2003, 363, 0), (2000, 200, 0)]


class SharedDamage(Damage):
    """Chunks with days of two years: both are lost, also in a pass that has days of one alone."""
    job = {"chunks": (50, 2, 12), "years": 3}
    places = [(2001, 364, 7), (2004, 364, 0), (2002, 1, 4)]
    several = [(2005, 100, 4), (2000, 364, 7), (2002, 300, 0)]


class HourlyDamage(Damage):
    """Several instants a day, which netCDF-C reads in blocks."""
    job = {"chunks": (90, 8, 12), "years": 2, "hours": (6.0, 18.0)}
    places = [(2003, 364, 0), (2002, 364, 4)]
    several = [(2005, 364, 0), (2000, 300, 0)]


class WinterDamage(Damage):
    """Winters, which have the December of the year before their window. Rows are cut."""
    job = {"chunks": (DAYS, 1, 12), "products": [{"name": "winter", "time": "season"}]}
    places = [(2000, 340, 7), (2003, 0, 7), (2002, 340, 0)]
    several = [(2005, 1, 0), (2000, 3, 7), (2003, 2, 4)]


class ChangeDamage(Damage):
    """Changes against a baseline, whose years are lost for each target year."""
    job = {"chunks": (DAYS, 1, 12),
           "products": [{"name": "change", "time": "season", "baseline": 2003,
                         "change": "difference"}]}
    places = [(2000, 340, 7), (2001, 0, 0), (2005, 0, 7)]
    several = [(2005, 1, 0), (2000, 3, 7)]


if __name__ == "__main__":
    main()
