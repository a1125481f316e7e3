"""One bad file among good ones: cut at any length, with any byte changed, with impossible times. Its
source year is a reported problem that names the file, windows with enough years go on as without it, the
exit code is 2; never a wrong number, a crash or an endless run.

CLIMNORM_MUTANTS: how many; CLIMNORM_SEED: others.
"""
import collections
import concurrent.futures
import io
import os
import queue
import random
import subprocess
import sys
import zlib

import h5py
import numpy as np

import oracle
import trees
from climnorm_case import Case, TestCase, main, read

MUTANTS = int(os.environ.get("CLIMNORM_MUTANTS") or 240)
SEED = int(os.environ.get("CLIMNORM_SEED") or 1)
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
        if "Sanitizer" in result.err or "runtime error" in result.err:
            return "sanitizer", result.err[-3000:]
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


if __name__ == "__main__":
    if sys.argv[1:2] == ["--judge"]:
        judge(*sys.argv[2:])
    else:
        main()
