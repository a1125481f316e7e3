"""Every call that can fail is made to fail once, at each place where a small job makes it: memory, files,
threads, processes. Whatever fails, the program ends by itself with a code and a line that are true,
nothing but whole files stands under a final name, and the next run ends as if nothing had been.

The job passes through every stage: chunks to inflate, netCDF-3, a file that netCDF-C reads, shared
counts, two regions, an output that is kept and one that is stale. preload/faults.c makes the calls fail.

The suite has time for a sample: each call with half of the ways in which it can fail; of allocations one
for each chain of the nearest calls that leads to one, and each STEP-th of those for which only farther
calls differ. CLIMNORM_SEED repeats a sample. With CLIMNORM_FAULTS_ALL nothing is left out.

  test_faults.py [KIND ...]           these kinds of calls, or limits; without: all but malloc, mmap
  test_faults.py --at KIND N REASON   one fault and where it was: open 12 EIO; 12+: all later ones
"""
import concurrent.futures
import errno
import hashlib
import io
import mmap
import os
import queue
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading

import h5py
import numpy as np

import climnorm_case
import trees

BIN, SHIM = climnorm_case.BIN, os.environ.get("CLIMNORM_FAULTS_SHIM", "")
KINDS = ["open", "read", "pread", "write", "fsync", "rename", "mmap", "malloc", "close", "truncate",
         "mkdir", "random", "thread", "fork", "lock", "stat", "readdir"]
EVERYTHING = bool(os.environ.get("CLIMNORM_FAULTS_ALL"))
SEED = int(os.environ.get("CLIMNORM_SEED") or random.SystemRandom().randrange(10 ** 6))
STEP = 12
SHORT, ALL = -1, 2 ** 64 - 1
TELL, NOTE, MOST_NOTES = 1, 2, 1 << 18
LAYOUT = struct.Struct("QQQqQQQ")  # as struct control in faults.c, then the counts, then places
PLACES = LAYOUT.size + 8 * len(KINDS)

# Errnos that occur in life. Those of the first list are the machine's: no input is blamed for them.
MACHINE = {"open": "EMFILE EIO", "read": "EIO SHORT", "pread": "EIO SHORT",
           "write": "ENOSPC EDQUOT EIO SHORT", "fsync": "EIO ENOSPC", "rename": "EIO ENOSPC EROFS",
           "mmap": "ENOMEM", "malloc": "ENOMEM", "close": "EIO", "truncate": "ENOSPC",
           "mkdir": "ENOSPC EROFS", "random": "ENOSYS", "thread": "EAGAIN", "fork": "EAGAIN ENOMEM",
           "lock": "ENOLCK", "stat": "EIO", "readdir": "EIO"}
INPUT = {"open": "EACCES ENOENT", "stat": "ESTALE EACCES"}

YEARS = range(2000, 2003)
LAT, LON = np.array([-30.0, 30.0]), np.array([45.0, 135.0, 225.0, 315.0])
DAYS = 5  # of each year; the other slots are missing
BOXES = {"EAST": slice(0, 2), "WEST": slice(2, 4)}
PLAIN_ENV = {"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": "1700000000", "LC_ALL": "C"}


def number(reason):
    return SHORT if reason == "SHORT" else getattr(errno, reason)


def days_of(year, per_day):
    dates = trees.dates_of_year("360_day", year)[:DAYS]
    return dates, trees.values_like("temp", f"faults-{year}", len(dates) * per_day,
                                    (len(LAT), len(LON)))


class Job:
    """The input, what outputs there are before, and what each may be afterwards."""

    def __init__(self, folder):
        self.dir = folder
        self.data = os.path.join(self.dir, "data")
        self.values = {}
        for year, more in zip(YEARS, ({}, {"form": "NETCDF3_64BIT_OFFSET"},
                                      {"hours": (6.0, 18.0), "units": "kelvin"})):
            dates, raw = days_of(year, len(more.get("hours", (12.0,))))
            trees.write(os.path.join(self.data, trees.name("tas", year)), "tas", dates, raw,
                        calendar="360_day", lat=LAT, lon=LON, **more)
            by_day = raw.reshape(DAYS, -1, len(LAT), len(LON)).astype(np.float64)
            self.values[year] = by_day.mean(axis=1).astype(np.float32)
        self.before = os.path.join(self.dir, "before")
        self.make_before()
        self.whole = read_tree(self.run_undisturbed("whole"))
        self.judged = {}  # digest of an output -> (years it lacks, complaint)
        self.lock = threading.Lock()

    def config(self, folder):
        path = os.path.join(self.dir, f"{folder}.cfg")
        box = ('{{ name = "{0}"; lon = [{1}, {2}]; lat = [-90.0, 90.0]; }}').format
        with open(path, "w", encoding="ascii") as file:
            file.write(f"""
input: {{ root = "data"; }};
scenarios = [ ];
regions = [ "EAST", "WEST" ];
custom_regions = ( {box("EAST", "0.0", "180.0")}, {box("WEST", "180.0", "360.0")} );
normals: {{ window = 2; min_years = 1; min_days = 0.01;
           periods = ( {{ name = "p"; first = 2001; last = 2002; }} ); }};
engine: {{ threads = 1; memory = "64MiB"; }};
output: {{ root = "{folder}"; counts = true; pattern = "{{region}}_{{year}}.nc"; }};
""")
        return path

    def make_before(self):
        """An output that is current and one of a job with other settings."""
        made = self.run_undisturbed("made")
        stale = self.run_undisturbed("stale", "--set", "output.compression=2")
        os.mkdir(self.before)
        shutil.copy2(os.path.join(made, "EAST_2001.nc"), self.before)
        shutil.copy2(os.path.join(stale, "WEST_2002.nc"), self.before)

    def run_undisturbed(self, folder, *options):
        result = subprocess.run([BIN, "run", self.config(folder), "-q", *options], env=PLAIN_ENV,
                                capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        return os.path.join(self.dir, folder)

    def judge_output(self, name, content):
        """The years that an output lacks, and what is wrong with it (or None)."""
        key = (name, hashlib.sha256(content).digest())
        with self.lock:
            if key not in self.judged:
                self.judged[key] = self.judge_fresh(name, content)
            return self.judged[key]

    def judge_fresh(self, name, content):
        region, year = name[:-3].split("_")
        try:
            with h5py.File(io.BytesIO(content), "r") as nc:
                got, counts = nc["tas"][:], nc["tas_count"][:]
                lacks = nc["tas"].attrs.get("missing_source_years", b"")
                lacks = nc.attrs.get("missing_source_years", lacks)
        except (OSError, KeyError) as error:
            return (), f"cannot be read: {error}"
        missing = {int(word) for word in re.findall(r"\d+", str(lacks))}
        used = [y for y in (int(year) - 1, int(year)) if y not in missing]
        if not used:
            return tuple(missing), "holds no year"
        wanted = np.full((360, len(LAT), 2), 1e20, np.float32)
        wanted[:DAYS] = np.mean([self.values[y][:, :, BOXES[region]].astype(np.float64)
                                 for y in used], axis=0)
        if not np.array_equal(got, wanted) or not (counts[:DAYS] == len(used)).all():
            return tuple(missing), f"wrong numbers (without {missing or 'no year'})"
        return tuple(missing), None


def read_tree(folder):
    """Name -> content, of all but the lock."""
    found = {}
    for entry in os.scandir(folder):
        if entry.name != ".climnorm.lock":
            with open(entry.path, "rb") as file:
                found[entry.name] = file.read()
    return found


def reported_crash(said):
    """HDF5 and netCDF-C use the NULL of an allocation that failed: told, and then died of."""
    return re.search(r"^climnorm: crashed \(SIG(SEGV|ABRT|BUS), in a library\)", said, re.M)


class Slot:
    """A place where one run after another takes place."""

    def __init__(self, job, index):
        self.job, self.out = job, os.path.join(job.dir, f"slot{index}")
        self.config = job.config(f"slot{index}")
        self.summary = os.path.join(job.dir, f"slot{index}.json")
        path = os.path.join(job.dir, f"slot{index}.control")
        with open(path, "wb") as file:
            file.truncate(PLACES + 8 * MOST_NOTES)
        with open(path, "r+b") as file:
            self.control = mmap.mmap(file.fileno(), 0)
        self.env = {**PLAIN_ENV, "LD_PRELOAD": SHIM, "CLIMNORM_FAULTS": path}

    def clear(self):
        for path in (self.out, self.summary):
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.unlink(path)
        shutil.copytree(self.job.before, self.out)

    def run(self, kind, first, last, reason, trace=0):
        """Exit code, what it said on stdout and stderr; None: it hung."""
        LAYOUT.pack_into(self.control, 0, KINDS.index(kind), first, last, reason, trace, 0, 0)
        self.control[LAYOUT.size:PLACES] = bytes(PLACES - LAYOUT.size)
        command = [BIN, "run", self.config, "-p", "plain", "--summary", self.summary,
                   "-t", "3" if kind == "thread" else "1"]
        with subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, errors="replace") as process:
            try:
                out, err = process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                return None, "", ""
        return process.returncode, out, err

    def counts(self):
        return dict(zip(KINDS, struct.unpack_from(f"{len(KINDS)}Q", self.control, LAYOUT.size)))

    def places(self):
        """Hashes of the calls that led to each allocation: of the nearest ones, and of all."""
        flat = struct.unpack_from(f"{2 * self.counts()['malloc']}I", self.control, PLACES + 8)
        return list(zip(flat[::2], flat[1::2]))

    def run_again(self):
        return subprocess.run([BIN, "run", self.config, "-q"], env=PLAIN_ENV, capture_output=True,
                              text=True, timeout=60, check=False)


class Sweep:
    """All faults of some kinds, judged."""

    def __init__(self, job, slots):
        self.job, self.wrong, self.seen = job, 0, set()
        self.slots = queue.Queue()
        for slot in slots:
            self.slots.put(slot)
        self.tried, self.codes, self.again = 0, {}, 0
        self.lock = threading.Lock()

    def one(self, fault):
        kind, first, last, reason = fault
        slot = self.slots.get()
        try:
            slot.clear()
            code, out, err = slot.run(kind, first, last, number(reason))
            label = f"{kind} {first}{'' if last == first else ' and later'} {reason}"
            self.note(label, slot, (kind, reason), code, out, err)
        finally:
            self.slots.put(slot)

    def note(self, label, slot, fault, code, out, err):
        wrong = self.judge(slot, fault, code, out, err)
        with self.lock:
            self.tried += 1
            self.codes[code] = self.codes.get(code, 0) + 1
            self.wrong += bool(wrong)
            if wrong and self.wrong <= 20:
                print(f"  {label}: exit {code}: {wrong}\n    {err[-700:]!r}", flush=True)

    def tell(self, title):
        codes = ", ".join(f"{n} x {code}" for code, n in sorted(
            self.codes.items(), key=lambda item: str(item[0])))
        print(f"{title}: {self.tried} faults; exit codes {codes}; {self.again} runs after; "
              f"{self.wrong} wrong", flush=True)
        return bool(self.wrong) or not self.tried

    def judge(self, slot, fault, code, out, err):
        kind, reason = fault
        files = read_tree(slot.out) if os.path.isdir(slot.out) else {}
        wrong = self.judge_code(kind, reason, code, out, err)
        return wrong or self.judge_files(code, out + err, files) or self.try_again(slot, files)

    @staticmethod
    def judge_code(kind, reason, code, out, err):
        if code is None:
            return "it hung"
        if code < 0 and not (kind in ("malloc", "mmap") and reported_crash(err)):
            return "it died of a signal"
        if code not in (0, 1, 2, 3) and code >= 0:
            return "no such code"
        if code and not err.strip():
            return "it says nothing"
        is_input = reason in INPUT.get(kind, "").split()
        if code in (1, 2) and not is_input:
            return "the machine's fault, but another is blamed"
        if code == 3 and not re.search(r"^(! |climnorm: )", err, re.M):
            return "no line says why"
        if code == 3 and kind in ("open", "read", "pread", "stat") and re.search(
                r"download it|download the file|Success", err):
            return "the machine's fault, but the file is to be mended"
        if code == 1 and "Took" in out:
            return "something was started"
        return None

    def judge_files(self, code, said, files):
        whole, before = self.job.whole, read_tree(self.job.before)
        lost = set()
        for name, content in files.items():
            if name.startswith("."):
                continue
            if name not in whole:
                return f"{name} is no output"
            if content == whole[name]:
                continue
            if content == before.get(name) and (
                    code in (1, 3) or code < 0 or "not made" in said):
                continue
            lacks, wrong = self.job.judge_output(name, content)
            if wrong or not lacks:
                return f"{name} {wrong or 'differs, in what is not its numbers'}"
            lost.update(lacks)
        if any(n.startswith(".climnorm-") for n in files) and not (
                "climnorm: a library" in said or reported_crash(said)):
            return "a temporary is left"
        for year in lost:
            if code != 2 or not re.search(f"{year}.*left out|left out.*{year}", said):
                return f"{year} is left out, which is not said"
        if not set(whole) <= set(files) and (
                code == 0 or code == 2 and "not made" not in said):
            return "an output is missing"
        return None

    def try_again(self, slot, files):
        """What the next run makes of a folder depends on what is in it alone."""
        state = hashlib.sha256()
        for name in sorted(files):
            state.update((name if not name.startswith(".climnorm-") else ".tmp").encode())
            state.update(hashlib.sha256(files[name]).digest())
        with self.lock:
            if state.digest() in self.seen and self.tried % 100:
                return None
            self.seen.add(state.digest())
            self.again += 1
        result = slot.run_again()
        if result.returncode:
            return f"the next run ends with {result.returncode}: {result.stderr[-300:]}"
        if read_tree(slot.out) != self.job.whole:
            return "the next run makes other files"
        return None

    def all(self, faults, one=None):
        with concurrent.futures.ThreadPoolExecutor(self.slots.qsize()) as pool:
            for _ in pool.map(one or self.one, faults):
                pass


def faults_of(kind, count, chosen):
    """Each call once, with every errno; then that one and all later ones, on a coarse grid."""
    reasons = (MACHINE[kind] + " " + INPUT.get(kind, "")).split()
    ways = 1 if EVERYTHING or len(reasons) == 1 else 2
    for n in chosen:
        for reason in reasons[(n + SEED) % ways::ways]:
            yield kind, n, n, reason
    for k, n in enumerate(range(1, count + 1, max(1, count // 40))):
        for reason in reasons[(k + SEED) % ways::ways]:
            yield kind, n, ALL, reason


def first_of_each(hashes):
    seen = set()
    return [n for n, value in enumerate(hashes, 1) if not (value in seen or seen.add(value))]


def sample(places):
    """Of allocations. Libraries make most of them, and every process sets these up anew."""
    near = first_of_each(a for a, _ in places)
    others = sorted(set(first_of_each(b for _, b in places)) - set(near))
    return near + others[SEED % STEP::STEP]


def small_limits(sweep):
    """Few descriptors and little address space, as `ulimit -n` and `ulimit -v` give them."""
    trials = [("nofile", n, t) for n in range(4, 42) for t in (1, 4)]
    trials += [("as", n << 20, t) for n in range(60, 420, 12) for t in (1, 4)]

    def one(trial):
        what, value, threads = trial
        slot = sweep.slots.get()
        try:
            slot.clear()
            result = subprocess.run(
                ["prlimit", f"--{what}={value}:{value}", BIN, "run", slot.config, "-p", "plain",
                 "-t", str(threads)], env=PLAIN_ENV, capture_output=True, text=True, timeout=60,
                check=False)
            if "while loading shared libraries" not in result.stderr:
                sweep.note(f"{what} {value}, {threads} threads", slot, ("mmap", "ENOMEM"),
                           result.returncode, result.stdout, result.stderr)
        finally:
            sweep.slots.put(slot)

    sweep.all(trials, one)


def show(job, kind, n, reason):
    slot = Slot(job, 0)
    slot.clear()
    code, out, err = slot.run(kind, int(n.rstrip("+")), ALL if n.endswith("+") else int(n),
                              number(reason), trace=TELL)
    print(f"{out}\n{err}\nexit {code}")


def sweep_all(job, asked):
    """True: something was wrong."""
    slots = [Slot(job, k) for k in range(max(2, len(os.sched_getaffinity(0))))]
    slots[0].clear()
    code, out, err = slots[0].run("open", 0, 0, 0, trace=NOTE)
    assert code == 0 and read_tree(slots[0].out) == job.whole, (code, out, err)
    counts, places = slots[0].counts(), slots[0].places()
    failed = False
    for kind in asked:
        sweep = Sweep(job, slots)
        if kind == "limits":
            small_limits(sweep)
            failed |= sweep.tell(kind)
            continue
        chosen = range(1, counts[kind] + 3)
        if kind == "malloc" and not EVERYTHING:
            chosen = sample(places)
        sweep.all(faults_of(kind, counts[kind], chosen))
        failed |= sweep.tell(f"{kind}: {counts[kind]} calls")
    return failed


def main(arguments):
    if not SHIM:
        print("skipped: CLIMNORM_FAULTS_SHIM is not set")
        return 77
    with tempfile.TemporaryDirectory(prefix="climnorm-faults-") as folder:
        job = Job(folder)
        if arguments[:1] == ["--at"]:
            show(job, *arguments[1:])
            return 0
        print("everything" if EVERYTHING else f"CLIMNORM_SEED={SEED}", flush=True)
        others = [k for k in KINDS if k not in ("malloc", "mmap")] + ["limits"]
        return sweep_all(job, arguments or others)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
