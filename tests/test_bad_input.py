"""Input that is bad in the middle of a run: cut at any length, with any byte changed, or changed by
somebody while it is read. The source year is a reported problem that names the file, windows with enough
years go on as without it, the exit code is 2; never a wrong number, a crash or an endless run.

CLIMNORM_MUTANTS, CLIMNORM_RACES: how many; CLIMNORM_SEED: repeats them.
"""
import collections
import concurrent.futures
import io
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import time
import zlib

import h5py
import numpy as np

import oracle
import trees
from climnorm_case import BIN, Case, TestCase, main, read

MUTANTS = int(os.environ.get("CLIMNORM_MUTANTS") or 240)
RACES = int(os.environ.get("CLIMNORM_RACES") or 32)
SEED = int(os.environ.get("CLIMNORM_SEED") or random.SystemRandom().randrange(10 ** 6))
ENV = {"SOURCE_DATE_EPOCH": "1700000000"}
FILE = trees.name("tas", 2001)
STAMP = 10 ** 18
CHUNKED = (73, 6, 8)
# Who reads them: the parallel decoder by chunks and by pieces; netCDF-C by chunks and by rows.
STORAGES = {
    "deflate": {"chunks": CHUNKED}, "days": {}, "fletcher": {"chunks": CHUNKED, "fletcher32": True},
    "sums": {"chunks": CHUNKED, "fletcher32": True, "deflate": 0, "shuffle": False},
    "contiguous": {"contiguous": True}, "classic": {"form": "NETCDF3_CLASSIC"},
    "hours": {"chunks": CHUNKED, "hours": (6.0, 18.0)},
    "hoursclassic": {"form": "NETCDF3_64BIT_OFFSET", "hours": (6.0, 18.0)},
}
CHECKED = ("deflate", "days", "fletcher", "sums", "hours")  # a checksum covers every value


class Bench:
    """One storage: three years, of which 2001 is spoilt again and again, by some workers at once."""

    def __init__(self, options, workers=2):
        self.cases, self.free = [], queue.Queue()
        for _ in range(workers):
            case = Case(variables=["tas"], normals={"min_years": 2},
                        output={"existing": "overwrite"}).periods(2002, 2002)
            for year in (2000, 2001, 2002):
                path = trees.year_file(case.data, "tas", year, **options)
                os.utime(path, ns=(STAMP, STAMP))
            self.cases.append(case)
            self.free.put(case)
        self.input = os.path.join("tas", FILE)
        with open(os.path.join(case.data, self.input), "rb") as file:
            self.bytes = file.read()
        result, self.sound, self.whole = self.outcome(case)
        assert result.code == 0, result.err
        os.unlink(os.path.join(case.data, self.input))
        result, self.without, _ = self.outcome(case)
        assert result.code == 0 and self.without["years"] == 2, result.err

    def close(self):
        for case in self.cases:
            case.close()

    @staticmethod
    def outcome(case):
        path = case.path("tas", 2002)
        if os.path.exists(path):
            os.unlink(path)
        result = case.run("-p", "none", env=ENV, timeout=90)
        if not os.path.exists(path):
            return result, None, b""
        with open(path, "rb") as file:
            whole = file.read()
        with h5py.File(io.BytesIO(whole), "r") as data:  # netCDF4 bears no threads
            missing = data.attrs.get("missing_source_years", b"")
            found = {"values": data["tas"][...], "years": int(data.attrs["number_of_years"][0]),
                     "missing": missing.decode() if isinstance(missing, bytes) else str(missing)}
        return result, found, whole

    @staticmethod
    def same(one, two):
        return one["years"] == two["years"] and np.array_equal(one["values"], two["values"])

    def spoil(self, content):
        """Runs with `content` for 2001: (what came of it, a complaint or None)."""
        case = self.free.get()
        try:
            path = os.path.join(case.data, self.input)
            with open(path, "wb") as file:
                file.write(content)
            os.utime(path, ns=(STAMP, STAMP))
            return self.verdict(case, *self.outcome(case))
        except (AssertionError, subprocess.TimeoutExpired) as error:
            return "crash or hang", str(error)[:2000]
        finally:
            self.free.put(case)

    def verdict(self, case, result, found, whole):
        if result.code not in (0, 2):
            return "wrong exit", f"exit {result.code}: {result.err[-500:]}"
        if result.code == 2 and FILE not in result.problems("tas"):
            return "not named", result.problems("tas")
        if found is None:
            return ("no output", None) if result.code == 2 else ("no output", "exit 0 without output")
        if result.code == 2 and self.same(found, self.without) and found["missing"] == "2001":
            return "left out", None
        if result.code == 0 and (whole == self.whole or self.same(found, self.sound)):
            return "the same", None
        return self.second_opinion(case, result)

    @staticmethod
    def second_opinion(case, result):
        """Another meaning is right if netCDF-C, in a process of its own, reads the same."""
        try:
            asked = subprocess.run([sys.executable, os.path.abspath(__file__), "--judge", case.data,
                                    case.path("tas", 2002)], capture_output=True, text=True,
                                   timeout=60)
        except subprocess.TimeoutExpired:
            return "another meaning, netCDF-C hangs", None
        if asked.returncode < 0:
            return "another meaning, netCDF-C crashes", None
        if asked.returncode:
            return "another meaning", f"{asked.stdout} {asked.stderr[-600:]} {result.err[-600:]}"
        return "another meaning, as netCDF-C reads it", None


def judge(data, output):
    """In a process of its own: exits 0 when the output holds the means of what netCDF-C reads."""
    got = read(output, "tas")
    timeline = oracle.Tree(data).timeline("tas")
    exact, count, years = timeline.normal(2002, 3)
    if got["values"].shape != exact.shape:
        sys.exit(f"shape {got['values'].shape}, not {exact.shape}")
    bad = oracle.ulp_distance(got["values"], exact) > 1 + 1e-6
    if bad.any():
        sys.exit(f"{bad.sum()} of {bad.size} cells differ, years {years}")


def chunks_of(content):
    """(begin, end) of each chunk of tas."""
    with h5py.File(io.BytesIO(content), "r") as file:
        ids = file["tas"].id
        found = [ids.get_chunk_info(i) for i in range(ids.get_num_chunks())]
    return [(c.byte_offset, c.byte_offset + c.size) for c in found]


class Bad(TestCase):
    def spoilt(self, kinds):
        """kinds: name -> (storage, content, allowed outcomes or None). Prints a tally, fails on any
        complaint."""
        tally, complaints, benches = collections.Counter(), [], {}
        for storage in {storage for storage, _, _ in kinds.values()}:
            benches[storage] = Bench(STORAGES[storage])
        try:
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                futures = {pool.submit(benches[storage].spoil, content(benches[storage].bytes)):
                           (name, allowed) for name, (storage, content, allowed) in kinds.items()}
                for future, (name, allowed) in futures.items():
                    outcome, complaint = future.result()
                    tally[outcome] += 1
                    if complaint or (allowed and outcome not in allowed):
                        complaints.append(f"{name}: {outcome}: {complaint}")
        finally:
            for bench in benches.values():
                bench.close()
        print(f"{self.id().split('.')[-1]} CLIMNORM_SEED={SEED}: {len(kinds)} spoilt files, "
              f"{dict(tally)}", flush=True)
        self.assertEqual(complaints, [], "\n".join(complaints[:20]))


class Cut(Bad):
    def test_at_many_lengths(self):
        dice, kinds = random.Random(SEED), {}
        for storage in STORAGES:
            for n, share in enumerate((0, 1e-9, 1e-4, 0.01, *(dice.random() for _ in range(8)),
                                       0.999, 1 - 1e-9)):
                kinds[f"{storage} {share}"] = (storage, lambda data, share=share: data[
                    :min(int(len(data) * share) + (n % 2), len(data) - 1)], ["left out"])
        self.spoilt(kinds)

    def test_longer(self):
        """What comes after the end that a file states is none of its business."""
        self.spoilt({storage: (storage, lambda data: data + bytes(5000), ["the same"])
                     for storage in STORAGES})


class Chunks(Bad):
    @staticmethod
    def replaced(act, which=2):
        def content(data):
            begin, end = chunks_of(data)[which]
            chunk = act(data[begin:end])
            assert len(chunk) <= end - begin
            return data[:begin] + chunk + data[begin + len(chunk):]
        return content

    def test_chunks_that_do_not_inflate_to_what_they_should(self):
        def again(length):
            """Another valid stream, of so many bytes, padded to the chunk's length."""
            return lambda chunk: zlib.compress(bytes(length))
        size = 73 * 48 * 4
        acts = {f"adler{k}": lambda c, k=k: c[:-k] + bytes([c[-k] ^ 1]) + (c[1 - k:] if k > 1 else b"")
                for k in (1, 2, 3, 4)}
        acts.update(shorter=again(size - 1), day=again(size - 192), half=again(size // 2),
                    nothing=again(0), longer=again(size + 1), double=again(2 * size),
                    zeros=lambda c: bytes(len(c)), header=lambda c: b"\x79" + c[1:])
        kinds = {f"{storage} {name}": (storage, self.replaced(act), ["left out"])
                 for storage in ("deflate", "hours") for name, act in acts.items()}
        kinds.update({f"{storage} sum{k}": (storage, self.replaced(
            lambda c, k=k: c[:-k] + bytes([c[-k] ^ 1]) + (c[1 - k:] if k > 1 else b"")), ["left out"])
            for storage in ("fletcher", "sums") for k in (1, 2, 3, 4, 77, 1000)})
        self.spoilt(kinds)


class Mutants(Bad):
    """Bytes flipped, zeroed, cut out or doubled."""

    @staticmethod
    def mutate(data, dice, first, end):
        at = dice.randrange(first, end)
        length = min(dice.choice((1, 1, 2, 4, 8, 100, 3000)), end - at)
        way = dice.choice(("flip", "bit", "zero", "noise", "cut", "double", "swap"))
        piece = data[at:at + length]
        if way == "flip":
            piece = bytes(b ^ 255 for b in piece)
        elif way == "bit":
            piece = bytes([piece[0] ^ 1 << dice.randrange(8)]) + piece[1:]
        elif way == "zero":
            piece = bytes(length)
        elif way == "noise":
            piece = dice.randbytes(length)
        elif way == "cut":
            piece = b""
        elif way == "double":
            piece += piece
        elif way == "swap":
            other = dice.randrange(first, end - length + 1)
            piece = data[other:other + length]
        return data[:at] + piece + data[at + length:]

    def mutants(self, storages, places):
        kinds = {}
        for n in range(MUTANTS // 2):
            def content(data, n=n):
                dice = random.Random(SEED * 1000003 + n)
                for _ in range(dice.choice((1, 1, 1, 2, 5))):
                    data = self.mutate(data, dice, *places(data, dice))
                return data
            storage = storages[n % len(storages)]
            kinds[f"{n} {storage}"] = (storage, content,
                                       ["left out", "the same"] if places is self.in_chunks else None)
        self.spoilt(kinds)

    def in_chunks(self, data, dice):
        try:
            chunks = chunks_of(data)
        except (OSError, KeyError, RuntimeError):  # an earlier mutation moved them
            return len(data) // 4, len(data)
        begin, end = dice.choice(chunks)
        return min(begin, len(data) - 1), min(end, len(data))

    def anywhere(self, data, dice):
        """Half of them in metadata, which mostly stand at the beginning."""
        return (0, len(data)) if dice.random() < 0.5 else (0, min(len(data), 8000))

    def test_in_checked_chunks(self):
        self.mutants(CHECKED, self.in_chunks)

    def test_anywhere(self):
        self.mutants(list(STORAGES), self.anywhere)


class Times(Bad):
    """Instants that cannot be: the file is bad, however its values are stored."""

    ODD = {"nan": lambda t: t.__setitem__(100, np.nan), "inf": lambda t: t.__setitem__(-1, np.inf),
           "minus": lambda t: t.__setitem__(0, -np.inf), "far": lambda t: t.__setitem__(-1, 1e300),
           "equal": lambda t: t.__setitem__(200, t[199]),
           "back": lambda t: t.__setitem__(200, t[199] - 3), "swapped": lambda t: t.__setitem__(
               slice(10, 12), t[10:12][::-1]), "reverse": lambda t: t.sort() or t.__setitem__(
                   slice(None), t[::-1].copy()), "filled": lambda t: t.__setitem__(7, 9.97e36)}

    def test_odd_times(self):
        cases = {f"{odd}{storage}": (act, STORAGES[storage]) for odd, act in self.ODD.items()
                 for storage in ("days", "contiguous", "classic", "hours")}
        with Case(variables=list(cases), normals={"min_years": 2}).periods(2002, 2002) as case:
            for variable, (act, options) in cases.items():
                for year in (2000, 2001, 2002):
                    times = trees.numbers(trees.dates_of_year("noleap", year),
                                          "days since 1950-01-01", "noleap",
                                          options.get("hours", (12.0,)))
                    if year == 2001:
                        act(times)
                    trees.year_file(case.data, variable, year, time_values=times, shape=(2, 3),
                                    lat=trees.LAT[:2], lon=trees.LON[:3],
                                    **{**options, **({"chunks": (73, 2, 3)} if "chunks" in options
                                                     else {})})
            result = case.run()
            self.exits(result, 2)
            for variable in cases:
                with self.subTest(variable=variable):
                    file = trees.name(variable, 2001)
                    self.assertIn(file, result.problems(variable))
                    self.judged(case, variable, [2002], timeline=oracle.Tree(case.data).timeline(
                        variable, skip=(file,)))

    def test_a_day_that_two_files_hold(self):
        """Which of them is right nobody can say: the variable fails and both are named."""
        for storage in ("days", "contiguous", "classic", "hours"):
            with self.subTest(storage=storage), Case(variables=["tas", "good"]) as case:
                case.periods(2002, 2002)
                for year in (2000, 2001, 2002):
                    for variable in ("tas", "good"):
                        trees.year_file(case.data, variable, year, **STORAGES[storage])
                twice = trees.many_years(lambda first, last: os.path.join(
                    case.data, trees.name("tas", trees.span(first, last))), "tas", [2001],
                    **STORAGES[storage])
                result = case.run()
                self.exits(result, 2)
                for file in (FILE, os.path.basename(twice)):
                    self.assertIn(file, result.problems("tas"))
                self.assertFalse(os.path.exists(case.path("tas", 2002)))
                self.judged(case, "good", [2002])


FIRST, LAST = 2000, 2019


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

    @classmethod
    def setUpClass(cls):
        cls.user = []
        if os.geteuid() == 0 and shutil.which("setpriv"):
            cls.user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
            if subprocess.run([*cls.user, BIN, "--version"], capture_output=True).returncode:
                cls.user = []
        cls.may_forbid = bool(cls.user) or os.geteuid() != 0
        if not cls.may_forbid:
            print("no other user can run the program: files without permission are not tried")

    def start(self, case):
        return subprocess.Popen(
            [*self.user, BIN, "run", case.write_config(), "-t", "1", "-p", "none", "--summary",
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
        time.sleep(dice.random() * life)
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
                [*self.user, BIN, "run", case.write_config(), "-q", "--set",
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
                "becomes a folder"] + ["is forbidden"] * self.may_forbid
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
        Races.setUpClass.__func__(Races)
        if not Races.may_forbid:
            self.skipTest("the program runs as root here, which may read everything")
        with Case(variables=["tas"], normals={"min_years": 2}).periods(2002, 2002) as case:
            for year in (2000, 2001, 2002):
                path = trees.year_file(case.data, "tas", year)
            os.chmod(os.path.join(case.data, "tas", FILE), 0)
            os.chmod(case.dir, 0o777)
            done = subprocess.run([*Races.user, BIN, "run", case.write_config()], text=True,
                                  capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertRegex(done.stderr, FILE + ".*ermission")
            os.chmod(os.path.join(case.data, "tas", FILE), 0o644)
            self.judged(case, "tas", [2002], timeline=oracle.Tree(case.data).timeline(
                "tas", skip=(FILE,)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--judge"]:
        judge(*sys.argv[2:])
    else:
        main()
