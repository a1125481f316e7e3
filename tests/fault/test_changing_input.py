"""Files that somebody changes while a run reads them: each normal has all of the old values of that year,
all of the new ones, or none of them and says so; and a second run ends as a fresh one does.

CLIMNORM_RACES: how many; CLIMNORM_SEED: repeats the moments.
"""
import collections
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time

import h5py
import numpy as np

import oracle
import trees
from climnorm_case import BIN, Case, TestCase, main, read
from test_bad_input import ENV, FILE, SEED, STAMP, STORAGES

RACES = int(os.environ.get("CLIMNORM_RACES") or 32)
FIRST, LAST = 2000, 2019


def find_user():
    """How to start the program so that permissions count: words before it; None: not at all."""
    if os.geteuid() != 0:
        return []
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    with tempfile.TemporaryDirectory() as folder:  # which may be of root alone
        os.chmod(folder, 0o755)
        asked = ([BIN, "--version"], ["ls", folder]) if shutil.which("setpriv") and BIN else ()
        if asked and not any(subprocess.run([*user, *words], capture_output=True).returncode
                             for words in asked):
            return user
    print("root cannot run the program as another user: files without permission are not tried")
    return None


USER = find_user()


class Races(TestCase):
    """Runs that are stopped at a random moment while somebody changes a file, and then go on."""

    GRID = dict(lat=np.linspace(-78, 78, 14), lon=np.arange(20) * 18.0)

    def write(self, case, year, seed, storage):
        raw = trees.values_like("temp", f"{seed}-{year}", 365 * (2 if storage == "hours" else 1),
                                (14, 20))
        options = {**STORAGES[storage], **self.GRID}
        if options.get("chunks"):
            options["chunks"] = (73, 14, 20)
        path = trees.year_file(case.data, "tas", year, raw=raw, **options)
        if storage == "hours":
            raw = raw.reshape(365, 2, 14, 20).astype("f8").mean(axis=1).astype("f4")
        return path, raw

    def start(self, case):
        return subprocess.Popen(
            [*(USER or []), BIN, "run", case.write_config(), "-t", "1", "-p", "none", "--summary",
             os.path.join(case.out, "summary.json")], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**os.environ, **ENV})

    def finish(self, process):
        try:
            out, err = process.communicate(timeout=90)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.fail("it hangs")
        self.assertIn(process.returncode, (0, 2), err[-2000:])
        return out + err

    def bench(self, storage):
        case = Case(variables=["tas"], normals={"window": 4, "min_years": 3}, output={
            "pattern": "{variable}_{year}.nc"}).periods(FIRST + 4, LAST - 4)
        self.addCleanup(case.close)
        os.chmod(case.dir, 0o777)
        os.mkdir(case.out)
        os.chmod(case.out, 0o777)
        raws = {}
        for year in range(FIRST, LAST + 1):
            path, raws[year] = self.write(case, year, "old", storage)
        return case, raws

    def change(self, way, path, new):
        if way == "vanishes":
            os.unlink(path)
        elif way == "is cut":
            os.truncate(path, os.path.getsize(path) * 2 // 3)
        elif way == "grows":
            with open(path, "ab") as file:
                file.write(bytes(5000))
        elif way == "is written again":
            with open(new, "rb") as source, open(path, "r+b") as file:
                file.write(source.read())
                file.truncate()
        elif way == "is replaced":
            os.rename(new, path)
        elif way == "is forbidden":
            os.chmod(path, 0)
        elif way == "becomes a FIFO":
            os.unlink(path)
            os.mkfifo(path)
        elif way == "becomes a folder":
            os.unlink(path)
            os.mkdir(path)

    def kinds(self, case, raws, year, fresh):
        """What each normal that needs `year` was made with: the old values, the new, or none."""
        found = set()
        for target in range(FIRST + 4, LAST - 3):
            path = os.path.join(case.out, f"tas_{target}.nc")
            values = read(path, "tas")["values"]
            means = {}
            for kind in ("old", "new", "none"):
                stack = [raws[y].astype("f8") if y != year or kind == "old" else fresh.astype("f8")
                         for y in range(target - 3, target + 1) if y != year or kind != "none"]
                means[kind] = (np.sum(stack, axis=0) / len(stack)).astype("f4")
            fits = {kind for kind, mean in means.items()
                    if np.allclose(values, mean, rtol=3e-7, atol=0)}
            self.assertTrue(fits, f"{target} is wrong after {year} changed: years "
                            f"{self.years(path)}")
            if target - 3 <= year <= target:
                self.assertEqual(len(fits), 1)
                found |= fits
        return found

    @staticmethod
    def years(path):
        with h5py.File(path, "r") as data:
            return {k: data.attrs[k] for k in ("number_of_years", "missing_source_years",
                                               "source_files") if k in data.attrs}

    def race(self, case, raws, storage, way, dice, life):
        year = dice.randrange(FIRST + 6, LAST - 6)
        hidden = case.data
        case.data = os.path.join(case.dir, "new")
        new, fresh = self.write(case, year, "new", storage)
        case.data = hidden
        path = os.path.join(case.data, "tas", trees.name("tas", year))
        process = self.start(case)
        time.sleep(dice.random() * 0.7 * life)
        process.send_signal(signal.SIGSTOP)
        self.change(way, path, new)
        process.send_signal(signal.SIGCONT)
        said = self.finish(process)
        with self.subTest(storage=storage, way=way, year=year, said=said):
            kinds = self.kinds(case, raws, year, fresh)
            self.assertEqual(len(kinds), 1, f"{way}: some normals with {kinds}")
            kind = kinds.pop()
            if kind == "none":
                self.assertIn(str(year), said)
                if process.returncode == 2:
                    self.assertIn(os.path.basename(path), said)
            else:
                self.assertEqual(process.returncode, 0, said)
            self.settle(case)
            return f"{way}: {kind}, exit {process.returncode}"
        return "wrong"

    def settle(self, case):
        """Started again, the run ends as if the folder had been empty."""
        whole = []
        for root in (case.out, case.out + "-fresh"):
            process = subprocess.run(
                [*(USER or []), BIN, "run", case.write_config(), "-q", "--set",
                 f"output.root={root}"], capture_output=True, text=True, timeout=90,
                env={**os.environ, **ENV})
            self.assertIn(process.returncode, (0, 2), process.stderr)
            found = {}
            for name in os.listdir(root):
                if name.endswith(".nc"):
                    with open(os.path.join(root, name), "rb") as file:
                        found[name] = file.read()
            whole.append(found)
            self.assertEqual([n for n in os.listdir(root) if n.endswith(".tmp")], [])
        shutil.rmtree(case.out + "-fresh")
        self.assertTrue(whole[0] == whole[1], "started again it differs from a fresh run")

    def restore(self, case, raws, storage, path_of):
        for name in case.files():
            os.unlink(os.path.join(case.out, name))
        for year in range(FIRST, LAST + 1):
            path = path_of(year)
            if not os.path.isfile(path) or os.stat(path).st_mtime_ns != STAMP:
                if os.path.lexists(path):
                    (os.rmdir if os.path.isdir(path) else os.unlink)(path)
                self.write(case, year, "old", storage)
                os.utime(path, ns=(STAMP, STAMP))
            os.chmod(path, 0o644)

    def test_files_that_change_while_they_are_read(self):
        ways = ["vanishes", "is cut", "grows", "is written again", "is replaced", "becomes a FIFO",
                "becomes a folder"] + ["is forbidden"] * (USER is not None)
        storages = ["deflate", "contiguous", "classic", "hours"]
        tally = collections.Counter()
        for s, storage in enumerate(storages):
            case, raws = self.bench(storage)

            def path_of(year):
                return os.path.join(case.data, "tas", trees.name("tas", year))
            begun = time.monotonic()
            self.finish(self.start(case))
            life = time.monotonic() - begun
            for n in range(s, RACES, len(storages)):
                self.restore(case, raws, storage, path_of)
                dice = random.Random(SEED * 1000003 + n)
                tally[self.race(case, raws, storage, ways[n // len(storages) % len(ways)], dice,
                                life)] += 1
        print(f"CLIMNORM_SEED={SEED}: {RACES} races: {dict(sorted(tally.items()))}", flush=True)


class Forbidden(TestCase):
    def test_a_file_that_may_not_be_read(self):
        if USER is None:
            self.skipTest("root may read everything")
        with Case(variables=["tas"], normals={"min_years": 2}).periods(2002, 2002) as case:
            for year in (2000, 2001, 2002):
                trees.year_file(case.data, "tas", year)
            os.chmod(os.path.join(case.data, "tas", FILE), 0)
            os.chmod(case.dir, 0o777)
            done = subprocess.run([*USER, BIN, "run", case.write_config()], text=True,
                                  capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertRegex(done.stderr, FILE + ".*ermission")
            os.chmod(os.path.join(case.data, "tas", FILE), 0o644)
            self.judged(case, "tas", [2002], timeline=oracle.Tree(case.data).timeline(
                "tas", skip=(FILE,)))


if __name__ == "__main__":
    main()
