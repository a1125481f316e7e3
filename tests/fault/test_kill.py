"""Runs that are killed with SIGKILL at any moment, started again and killed again. Whatever the moment:
what stands under a final name is whole, what was finished stays, no process and no temporary is left,
and the run that is left alone ends with the bytes of a run that nobody disturbed.

CLIMNORM_KILLS: how many kills, a larger job from 1000 on; CLIMNORM_SEED: repeats the moments.
"""
import collections
import ctypes
import json
import os
import random
import signal
import subprocess
import time

import netCDF4

import trees
from climnorm_case import BIN, Case, TestCase, main

KILLS = int(os.environ.get("CLIMNORM_KILLS") or 220)
SEED = int(os.environ.get("CLIMNORM_SEED") or random.SystemRandom().randrange(10 ** 6))
PATIENCE = 60
LARGE = KILLS >= 1000
PR_SET_CHILD_SUBREAPER = 36


def make_job(layout):
    """Two variables, three regions, counts, two periods, years in a later experiment."""
    case = Case(variables=["pr", "tas"], scenarios=["ssp245"], custom_regions=[
        {"name": "WEST", "lon": [100.0, 300.0], "lat": [-40.0, 70.0]},
        {"name": "SEAM", "lon": [-60.0, 60.0], "lat": [-70.0, 10.0]}],
        normals={"window": 4, "min_years": 4}, output={"counts": True, "layout": layout})
    last = 2018 if LARGE else 2008
    case.config["normals"]["periods"] = [{"name": "p", "first": 2003, "last": 2005},
                                         {"name": "q", "first": 2006, "last": last}]
    lat, lon = (24, 36) if LARGE else (6, 8)
    for variable in case.config["variables"]:
        for year in range(2000, last + 1):
            trees.year_file(case.data, variable, year, "pr" if variable == "pr" else "temp",
                            experiment="ssp245" if year > 2006 else "historical",
                            lat=[-80 + 160 / lat * (i + 0.5) for i in range(lat)],
                            lon=[360 / lon * (i + 0.5) for i in range(lon)])
    return case


def read(path):
    with open(path, "rb") as file:
        return file.read()


def identity(path):
    status = os.stat(path)
    return status.st_ino, status.st_mtime_ns


def normals_in(path):
    """How many normals a file holds."""
    with netCDF4.Dataset(path) as nc:
        return len(nc.dimensions["target_year"]) if "target_year" in nc.dimensions else 1


class Kills(TestCase):
    layout, kills_wanted = "single", KILLS - KILLS // 4

    @classmethod
    def setUpClass(cls):
        cls.case = make_job(cls.layout)
        cls.addClassCleanup(cls.case.close)
        cls.reports = os.path.join(cls.case.dir, "reports")
        os.mkdir(cls.reports)
        # Children of a killed run become children of this process, which thus sees their end.
        if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
        lives, config = [], cls.case.write_config()
        for n in range(3):
            cls.root(f"whole{n}")
            begun = time.monotonic()
            process = cls.start(config)
            assert cls.wait(process) == 0
            lives.append(time.monotonic() - begun)
        cls.life = sorted(lives)[1]
        cls.whole = {name: read(path) for name, path in cls.case.normals().items()}
        cls.held = {name: normals_in(path) for name, path in cls.case.normals().items()}

    @classmethod
    def root(cls, name):
        cls.case.out = os.path.join(cls.case.dir, name)

    @classmethod
    def start(cls, config):
        with open(os.path.join(cls.case.dir, "errors"), "wb") as errors:
            return subprocess.Popen(
                [BIN, "run", config, "-q", "--set", f"output.root={cls.case.out}", "--summary",
                 os.path.join(cls.reports, "summary.json")],
                stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True,
                env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"})

    @staticmethod
    def wait(process):
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise

    def gone(self, group):
        """Waits until no process of the run is left."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if os.waitpid(-group, os.WNOHANG)[0] == 0:
                    time.sleep(0.001)
            except ChildProcessError:
                return
        os.killpg(group, signal.SIGKILL)
        self.fail("a child outlived its run")

    def moment(self, process, dice, there):
        """Waits for the moment to kill: some time, some of its files, a temporary, or the end."""
        way = dice.choice(("time", "time", "early", "files", "temporary", "end"))
        if way in ("time", "early"):
            end = time.monotonic() + dice.random() * self.life * (1.1 if way == "time" else 0.3)
            while process.poll() is None and time.monotonic() < end:
                time.sleep(0.0003)
            return
        wanted = there + dice.randint(1, max(1, (len(self.whole) - there) // 2))
        if way == "end":
            wanted = len(self.whole)
        while process.poll() is None:
            files = self.case.files()
            if way == "temporary" and any(name.endswith(".tmp") for name in files):
                break
            if way != "temporary" and sum(name.endswith(".nc") for name in files) >= wanted:
                break
            time.sleep(0.0003)
        time.sleep(dice.random() * (0.01 if way == "end" else 0.002))

    def check_files(self, known):
        """What is there is whole; what was there before is still the same. Returns what is there."""
        found = {}
        for name, path in self.case.normals().items():
            found[name] = identity(path)
            if found[name] != known.get(name):
                self.assertNotIn(name, known, f"{name} was finished and was made again")
                self.assertTrue(read(path) == self.whole[name], f"{name} is not whole")
        self.assertEqual(set(known) - set(found), set(), "finished files are gone")
        return found

    def temporaries(self):
        return [name for folder, _, names in os.walk(self.case.dir) for name in names
                if name.endswith(".tmp")]

    def chain(self, dice, config, most, tally):
        """Kills a job up to `most` times, then lets it end. Returns how many kills met it alive."""
        known, kills = {}, 0
        for _ in range(most):
            process = self.start(config)
            self.moment(process, dice, len(known))
            whole_group, at_once = dice.random() < 0.5, dice.random() < 0.3
            if process.poll() is None:
                (os.killpg if whole_group else os.kill)(process.pid, signal.SIGKILL)
            code = self.wait(process)
            if not at_once:
                self.gone(process.pid)
            self.assertIn(code, (0, -signal.SIGKILL), self.errors())
            before, known = known, self.check_files(known)
            if code == 0:
                break
            kills += 1
            tally["of the group" if whole_group else "of the process alone"] += 1
            tally["started again at once"] += at_once
            tally["with temporaries"] += bool(self.temporaries())
            tally["with new files"] += len(known) > len(before)
            tally["with some files"] += 0 < len(known) < len(self.whole)
            tally["with all files"] += len(known) == len(self.whole)
        process = self.start(config)
        self.assertEqual(self.wait(process), 0, self.errors())
        self.gone(process.pid)
        self.assertEqual(set(self.check_files(known)), set(self.whole))
        self.assertEqual(self.temporaries(), [])
        with open(os.path.join(self.reports, "summary.json")) as file:
            rows = json.load(file)["variables"]
        kept = sum(self.held[name] for name in known)
        self.assertEqual(sum(row["normals_skipped"] for row in rows), kept)
        self.assertEqual(sum(row["normals_written"] for row in rows),
                         sum(self.held.values()) - kept)
        return kills

    def errors(self):
        return read(os.path.join(self.case.dir, "errors")).decode(errors="replace")[-2000:]

    def test_killed_and_started_again(self):
        print(f"CLIMNORM_SEED={SEED}: {self.kills_wanted} kills, {len(self.whole)} files, "
              f"{self.life * 1000:.0f} ms undisturbed", flush=True)
        config, tally, chains, kills = self.case.write_config(), collections.Counter(), 0, 0
        while kills < self.kills_wanted:
            dice = random.Random(SEED * 1000003 + chains)
            self.root(f"chain{chains}")
            kills += self.chain(dice, config, dice.randint(1, 12), tally)
            chains += 1
            if LARGE and chains % 20 == 0:
                print(f"{kills} kills in {chains} chains", flush=True)
            subprocess.run(["rm", "-rf", self.case.out], check=True)
            self.assertLess(chains, KILLS + 50, "too few kills met a run alive")
        print(f"{kills} kills in {chains} chains: {dict(tally)}")
        for state in ("with temporaries", "with new files", "with some files"):
            self.assertGreater(tally[state], 0, "the kills missed what they are for")


class KillsOfStackedFiles(Kills):
    """A file outlives a batch: what was written of it is lost, or it is finished."""
    layout, kills_wanted = "stacked", KILLS // 4


if __name__ == "__main__":
    main()
