"""What a power cut leaves, at every moment of a run. preload/record.c records each write, sync, rename and
new folder of a run; every prefix of the record is then a moment at which the machine may stop.

Bytes that were not synced are lost, there, there by half, or zeros of the right size. Names that were not
synced (made, renamed, removed) are all undone, all there, or one of them is there alone. Whatever is left:
under a final name stands a complete file, new or old; what the program called written is there; and after
the end all is there. Each kind of sync is left out of the record once, which must show.
"""
import collections
import itertools
import json
import os
import re
import shutil
import signal
import struct
import subprocess

import trees
from climnorm_case import BIN, Case, TestCase, main

SHIM = os.environ.get("CLIMNORM_RECORD_SHIM", "")
HEAD = struct.Struct("=IIQQ")  # as struct record in record.c
Record = collections.namedtuple("Record", "kind path number data")
ROOT, LOCK, SUMMARY = "new/deep/output", ".climnorm.lock", "reports/summary.json"
OTHERS = (LOCK, ".climnorm-summary.json.tmp")
BLOCK = 4096  # is written whole or not at all
OUTPUTS = 12  # two regions, six years


def read_log(path, root):
    """The records, with paths relative to the recorded folder."""
    with open(path, "rb") as file:
        log = file.read()
    records, at = [], 0
    while at < len(log):
        kind, path_length, number, data_length = HEAD.unpack_from(log, at)
        at += HEAD.size
        name, data = log[at:at + path_length], log[at + path_length:at + path_length + data_length]
        at += path_length + data_length
        if chr(kind) == "R":
            data = os.path.relpath(data.decode(), root)
        records.append(Record(chr(kind), name and os.path.relpath(name.decode(), root), number, data))
    return records


def read_tree(folder):
    """Path -> bytes of every file below."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(place, name), "rb") as file:
                found[os.path.relpath(os.path.join(place, name), folder)] = file.read()
    return found


class File:
    """A file whatever its name: its bytes in memory and those that a sync has put on disk."""

    def __init__(self, content=b""):
        self.live = self.durable = content

    def write(self, at, data):
        self.live = self.live[:at].ljust(at, b"\0") + data + self.live[at + len(data):]

    def after_cut(self, how):
        if how == "kept" or self.live == self.durable:
            return self.live
        if how == "lost":
            return self.durable
        blocks = len(self.live) // BLOCK // 2 * BLOCK if how == "half" else 0
        sized = self.durable[:len(self.live)].ljust(len(self.live), b"\0")
        return self.live[:blocks] + sized[blocks:]


class Disk:
    """A folder tree in memory and on disk. Names in memory map paths to files (folders: None). What was
    done to names is pending until a sync of their folder."""

    def __init__(self, folders, files):
        self.live = {**dict.fromkeys(folders), **{path: File(bytes_) for path, bytes_ in files.items()}}
        self.durable = dict(self.live)
        self.pending = []  # (folder, [(path, file or MISSING)])
        self.syncs = {}  # what those that have begun will cover

    MISSING = object()

    @staticmethod
    def change(names, changes):
        for path, file in changes:
            if file is Disk.MISSING:
                names.pop(path, None)
            else:
                names[path] = file

    def note(self, *changes):
        folder, = {os.path.dirname(path) for path, _ in changes}
        self.change(self.live, changes)
        self.pending.append((folder, changes))

    def apply(self, record):
        """Whether what a power cut would leave has changed."""
        kind, path = record.kind, record.path
        if kind == "C":
            self.note((path, File()))
        elif kind == "D":
            self.note((path, None))
        elif kind == "U":
            self.note((path, self.MISSING))
        elif kind == "R":
            self.note((path, self.MISSING), (record.data, self.live[path]))
        elif kind == "W":
            self.live[path].write(record.number, record.data)
        elif kind == "T":
            file = self.live[path]
            file.live = file.live[:record.number].ljust(record.number, b"\0")
        elif kind == "s":
            file = None if path == "." else self.live[path]
            self.syncs[record.number] = ("" if path == "." else path, file,
                                         file.live if file else list(self.pending))
        elif kind == "S":
            self.finish_sync(*self.syncs.pop(record.number))
        return kind != "s"

    def finish_sync(self, path, file, covered):
        if file:
            file.durable = covered
            return
        left = []
        for entry in self.pending:
            if entry[0] == path and any(entry is other for other in covered):
                self.change(self.durable, entry[1])
            else:
                left.append(entry)
        self.pending = left

    def cuts(self):
        """Every set of names that a power cut may leave now: (what it is, path -> file)."""
        yield "no name kept", self.reachable(self.durable)
        if self.pending:
            yield "all names kept", self.reachable(self.live)
        for _, changes in self.pending[:-1] if len(self.pending) == 1 else self.pending:
            names = dict(self.durable)
            self.change(names, changes)
            yield f"{changes[-1][0]} kept", self.reachable(names)

    @staticmethod
    def reachable(names):
        """Only files whose folders are there."""
        there = {""}
        for path in sorted(p for p, file in names.items() if file is None):  # parents come first
            if os.path.dirname(path) in there:
                there.add(path)
        return {path: file for path, file in names.items()
                if file is not None and os.path.dirname(path) in there}


class Judge:
    """The files before and after a run, what it says, and what a cut leaves of them."""

    def __init__(self, before, final, normals_in_file=1):
        self.before, self.final, self.normals_in_file = before, final, normals_in_file
        self.normals = {path for path in final if path.endswith(".nc")}
        self.said, self.written, self.claims = b"", 0, set()

    def hear(self, data):
        """Lines of `--progress json`: how many normals are written."""
        *lines, self.said = (self.said + data).split(b"\n")
        for line in lines:
            if not line.startswith(b"{"):
                continue
            counts = [row["normals_written"] for row in json.loads(line).get("variables", ())]
            self.written = max(self.written, sum(counts))
            self.claims.add(self.written)

    def complaints(self, names, how):
        """What is wrong with a tree."""
        content = {path: file.after_cut(how) for path, file in names.items()}
        for path, found in content.items():
            base = os.path.basename(path)
            temporary = re.fullmatch(r"\.climnorm-([0-9a-f]+)-[0-9a-f]+\.tmp", base)
            if temporary and f"{ROOT}/{LOCK}" in self.final:
                lock = content.get(f"{ROOT}/{LOCK}", b"")
                if b"run " + temporary[1].encode() + b"\n" not in lock:
                    yield "a temporary stays for ever"
            elif not (temporary or base in OTHERS) and found not in (
                    self.final.get(path), self.before.get(path)):
                yield "a final name without a whole file"
        if not all(path in content for path in self.before if os.path.basename(path) != LOCK):
            yield "an old file is gone"
        made = sum(content.get(path) == self.final[path] for path in self.normals)
        if made * self.normals_in_file < self.written:
            yield "a written normal is gone"
        if SUMMARY in content and content[SUMMARY] == self.final[SUMMARY] and made < len(self.normals):
            yield "a normal of the summary is gone"

    def complaints_at_end(self, disk):
        """After exit code 0, of the worst that can be left."""
        left = {path: file.after_cut("lost") for path, file in disk.reachable(disk.durable).items()}
        if any(left.get(path) != content for path, content in self.final.items()
               if os.path.basename(path) != LOCK):
            yield "a file is gone after the end"


class Run:
    """A recorded run, or several, one after the other, in one log."""

    numbers = itertools.count()
    normals_in_file = 1

    def __init__(self, case):
        self.case, self.disk = case, os.path.join(case.dir, "disk")
        self.log = os.path.join(case.dir, f"log{next(self.numbers)}")
        self.before = read_tree(self.disk)
        self.folders = [os.path.relpath(os.path.join(place, name), self.disk)
                        for place, names, _ in os.walk(self.disk) for name in names]

    def record(self, code=0, **settings):
        self.record_command("run", self.case.write_config(), "-p", "json", "--summary", self.case.summary,
                            code=code, **settings)

    def record_command(self, *arguments, code=0, **settings):
        environment = {**os.environ, "LD_PRELOAD": SHIM, "CLIMNORM_RECORD": self.log,
                       "CLIMNORM_RECORD_ROOT": self.disk, "SOURCE_DATE_EPOCH": "1700000000",
                       **{f"CLIMNORM_RECORD_{key.upper()}": value for key, value in settings.items()}}
        result = subprocess.run([BIN, *arguments], env=environment, capture_output=True, text=True,
                                timeout=60)
        assert result.returncode == code, (result.returncode, result.stdout, result.stderr)
        self.records = read_log(self.log, self.disk)
        self.final = read_tree(self.disk)

    def judge(self, records=None):
        """Complaints -> the first moment of each."""
        disk = Disk(self.folders, self.before)
        judge = Judge(self.before, self.final, self.normals_in_file)
        self.states, found = 0, {}
        for number, record in enumerate(self.records if records is None else records):
            if record.kind == "O":
                judge.hear(record.data)
            elif not disk.apply(record):
                continue
            for names, left in disk.cuts():
                for how in ("lost", "sized", "half", "kept"):
                    self.states += 1
                    for wrong in judge.complaints(left, how):
                        found.setdefault(wrong, f"record {number}, {record[:3]}: {names}, bytes {how}")
        for wrong in judge.complaints_at_end(disk):
            found[wrong] = "the end"
        self.claims = judge.claims
        self.replayed = {path: file.live for path, file in disk.live.items() if file}
        return found

    def without_syncs(self, is_left_out, begin=0):
        """The record of a program that lacks some syncs from some moment on."""
        return [record for number, record in enumerate(self.records)
                if number < begin or record.kind not in "sS" or not is_left_out(record.path)]


class PowerCut(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.case = Case(variables=["tas"], regions=[], custom_regions=[
            {"name": "EAST", "lon": [0.0, 180.0], "lat": [-90.0, 90.0]},
            {"name": "WEST", "lon": [180.0, 360.0], "lat": [-90.0, 90.0]}],
            engine={"threads": 2})
        cls.addClassCleanup(cls.case.close)
        cls.case.dir = os.path.realpath(cls.case.dir)
        cls.case.periods(2003, 2008)
        for year in range(2000, 2009):
            trees.year_file(cls.case.data, "tas", year, keep=lambda date: date[2] < 4,
                            calendar="360_day", lat=[-30.0, 30.0], lon=[45.0, 135.0, 225.0, 315.0])
        cls.case.config["normals"]["min_days"] = 0.01

    def setUp(self):
        """An empty disk, with a folder for the summary."""
        disk = os.path.join(self.case.dir, "disk")
        shutil.rmtree(disk, ignore_errors=True)
        os.makedirs(os.path.join(disk, "reports"))
        self.case.summary = os.path.join(disk, SUMMARY)
        self.case.config["output"] = {"root": os.path.join(disk, ROOT)}

    def check(self, run):
        complaints = run.judge()
        self.assertEqual(complaints, {})
        self.assertEqual(run.replayed, run.final, "the record lacks something")
        self.assertGreater(run.states, 100)

    def bites(self, run, what, is_left_out, *expected, begin=0):
        """Leaving syncs out must be noticed."""
        records = run.without_syncs(is_left_out, begin)
        self.assertLess(len(records), len(run.records), what)
        complaints = run.judge(records)
        for one in expected:
            self.assertIn(one, complaints, f"without syncs of {what}")

    def test_a_first_run(self):
        run = Run(self.case)
        run.record(ask="1")
        self.check(run)
        self.assertEqual(sum(path.endswith(".nc") for path in run.final), OUTPUTS)
        self.assertIn(OUTPUTS, run.claims)
        gone = "a file is gone after the end"
        written = "a written normal is gone"
        listed = "a normal of the summary is gone"
        damaged = "a final name without a whole file"
        folders = [os.path.dirname(path) for path in run.final if path.endswith(".nc")]
        self.assertEqual(len(set(folders)), 2)
        self.bites(run, "all folders", lambda path: path not in run.final and ".tmp" not in path,
                   gone, written, listed)
        self.bites(run, "all files", lambda path: path in run.final or ".tmp" in path, gone, damaged,
                   written)
        for folder in set(folders):
            self.bites(run, "a folder of outputs", lambda path: path == folder, gone, written, listed)
            self.bites(run, "a new folder's parent", lambda path: path == os.path.dirname(folder),
                       gone, written, listed)
        for folder in (".", "new", "new/deep", ROOT):
            self.bites(run, f"'{folder}', in which a folder was made", lambda path: path == folder,
                       gone, written, listed)
        self.bites(run, "the summary's folder", lambda path: path == "reports", gone)
        self.bites(run, "the summary", lambda path: "summary" in path, gone, damaged)
        self.bites(run, "the lock", lambda path: path.endswith(LOCK), "a temporary stays for ever")

    def test_a_run_that_stacks(self):
        """A file is written for as long as the run takes, in the layout of several target years."""
        self.case.config["output"].update(layout="stacked", counts=True)
        run = Run(self.case)
        run.normals_in_file = OUTPUTS // 2
        run.record(ask="1")
        self.check(run)
        self.assertEqual(sum(path.endswith(".nc") for path in run.final), 2)
        self.assertIn(OUTPUTS, run.claims)
        self.bites(run, "all files", lambda path: path in run.final or ".tmp" in path,
                   "a final name without a whole file", "a written normal is gone")

    def test_a_run_that_replaces_files(self):
        Run(self.case).record()
        self.case.config["output"].update(existing="overwrite", compression=2)
        run = Run(self.case)
        self.assertEqual(len(run.before), OUTPUTS + 2)
        run.record(ask="1")
        for path, content in run.before.items():
            if path.endswith(".nc"):
                self.assertNotEqual(content, run.final[path])
        self.check(run)
        self.bites(run, "all folders", lambda path: path not in run.final and ".tmp" not in path,
                   "a file is gone after the end", "a written normal is gone")
        self.bites(run, "all files", lambda path: path in run.final or ".tmp" in path,
                   "a final name without a whole file")

    def test_a_run_after_one_that_was_killed(self):
        """What the first one has renamed and not synced is kept by the second, and so must last."""
        for number in (OUTPUTS // 2, OUTPUTS):
            with self.subTest(renames=number):
                self.setUp()
                run = Run(self.case)
                run.record(code=-signal.SIGKILL, kill=str(number))
                killed, left = len(run.records), run.final
                self.assertGreaterEqual(sum(path.endswith(".nc") for path in left), number)
                run.record()
                self.check(run)
                self.assertEqual({path: run.final[path] for path in left if path.endswith(".nc")},
                                 {path: left[path] for path in left if path.endswith(".nc")})
                self.bites(run, "folders in the second run", lambda path: path not in run.final and
                           ".tmp" not in path, "a file is gone after the end", begin=killed)

    def test_a_tree_of_synth(self):
        run = Run(self.case)
        run.record_command("synth", os.path.join(run.disk, "made/tree"), "--years", "2014-2015",
                           "--days", "2", "--variables", "tas,pr")
        self.check(run)
        self.assertEqual(len(run.final), 4)
        for part in {os.path.dirname(path) for path in run.final} | {".", "made"}:
            self.bites(run, f"'{part}'", lambda path: path == part, "a file is gone after the end")
        self.bites(run, "files", lambda path: ".tmp" in path, "a final name without a whole file")


if __name__ == "__main__":
    main(BIN, SHIM)
