"""Disks that are full, fill up, or turn read-only in the middle of a run, and control groups with little
memory: exit code 3, an error that names the file, whole files or none, no temporaries; and with room
again, a second run ends with the bytes of a run that nobody disturbed.

Mounts are made in a mount namespace of this process, as root or in a user namespace.
"""
import ctypes
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

import numpy as np

import trees
from climnorm_case import BIN, Case, TestCase, main
from control_group import Group
from live import Live, wait_until

ENV = {"SOURCE_DATE_EPOCH": "1700000000"}
FIRST, LAST = 2002, 2021
PATIENCE = 90
READ_ONLY, REMOUNT, BIND = 1, 32, 4096  # flags of mount(2)
MOUNTS = os.environ.get("CLIMNORM_MOUNTS") == "own"


def enter_namespace():
    """Starts this program again where it may mount, if there is such a place."""
    if MOUNTS:
        return
    enter = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    probe = [*enter, "mount", "-t", "tmpfs", "-o", "size=1M", "none", "/mnt"]
    if shutil.which("unshare") and subprocess.run(probe, capture_output=True).returncode == 0:
        os.environ["CLIMNORM_MOUNTS"] = "own"
        os.execvp(enter[0], [*enter, sys.executable, os.path.abspath(__file__), *sys.argv[1:]])
    print("nothing can be mounted here: only limits of the file size are tried")


def mount(path, flags, options, kind=b"tmpfs", what=b"none"):
    """The system call: mount(8) repeats options that a user namespace refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(what, path.encode(), kind, ctypes.c_ulong(flags), options.encode()):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), path)


class Disk(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.store = Case()
        cls.addClassCleanup(cls.store.close)
        raw = trees.values_like("temp", "disk", 365, (16, 20))
        for year in range(2000, LAST + 1):
            trees.year_file(cls.store.data, "tas", year, raw=np.roll(raw, year), shuffle=False,
                            lat=np.linspace(-75, 75, 16), lon=np.arange(20) * 18.0, deflate=0)
        with cls.make_case() as case:
            assert case.run(env=ENV).code == 0
            cls.whole = {name: cls.read(path) for name, path in case.normals().items()}
        cls.need = sum(len(content) for content in cls.whole.values())
        cls.one = max(len(content) for content in cls.whole.values())

    @classmethod
    def make_case(cls):
        case = Case(variables=["tas"], input={"root": cls.store.data}, output={
            "counts": True, "pattern": "{region}/{year}.nc"})
        case.periods(FIRST, LAST)
        os.mkdir(case.out)
        return case

    @staticmethod
    def read(path):
        with open(path, "rb") as file:
            return file.read()

    def disk(self, path, options):
        """A small disk at `path`, for as long as the test runs."""
        if not MOUNTS:
            self.skipTest("nothing can be mounted here")
        os.makedirs(path, exist_ok=True)
        mount(path, 0, options)
        self.addCleanup(subprocess.run, ["umount", "-l", path], capture_output=True)

    def new_case(self):
        case = self.make_case()
        self.addCleanup(case.close)
        return case

    def start(self, case, *options):
        live = Live("run", case.write_config(), "-t", 1, "-p", "none", "--summary", case.summary,
                    *options, env=ENV)
        self.addCleanup(live.__exit__)
        return live

    def finish(self, live):
        """The exit code, and what was said."""
        live.send(signal.SIGCONT)
        code = live.end(PATIENCE)
        return code, live.out + live.err

    @staticmethod
    def stop(live):
        """All its threads stand still, or it has ended."""
        live.send(signal.SIGSTOP)
        os.waitid(os.P_PID, live.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def midway(self, case, live):
        """Stops the run for the moment while a file is there and the next is made. False: it was too
        fast."""
        wait_until(lambda: case.normals() or live.process.poll() is not None, "a file")
        self.stop(live)
        while not self.temporaries(case) and len(case.normals()) < len(self.whole) - 8:
            live.send(signal.SIGCONT)
            time.sleep(0.0005)
            self.stop(live)
        return 0 < len(case.normals()) < len(self.whole) - 8

    def check(self, case, temporaries=()):
        """Whole files or none. Returns their states."""
        states = {}
        for name, path in case.normals().items():
            self.assertTrue(self.read(path) == self.whole[name], f"{name} is not whole")
            states[name] = (os.stat(path).st_ino, os.stat(path).st_mtime_ns)
        if temporaries is not None:
            self.assertEqual(self.temporaries(case), [])
        return states

    @staticmethod
    def temporaries(case):
        return [name for name in case.files() if name.endswith(".tmp")]

    def is_told(self, case, said, reason):
        self.assertRegex(said, reason)
        self.assertIn(case.out, said)

    def complete(self, case, before):
        result = case.run(env=ENV)
        self.exits(result, 0)
        after = self.check(case)
        self.assertEqual(set(after), set(self.whole))
        self.assertEqual({name: after[name] for name in before}, before)
        self.assertEqual(result.variable("tas")["normals_skipped"], len(before))

    def test_disks_of_several_sizes(self):
        """Refused at once, or stopped in the middle: by then what is there is whole."""
        for share in (0.001, 0.04, 0.07, 0.3, 0.6, 0.97):
            with self.subTest(share=share):
                case = self.new_case()
                self.disk(case.out, f"size={max(int(share * self.need), 1)}")
                live = self.start(case)
                code, said = self.finish(live)
                before = self.check(case)
                self.assertEqual(code, 3, said)
                self.is_told(case, said, "(?i)space|free|full")
                mount(case.out, REMOUNT, f"size={2 * self.need + (64 << 20)}")
                self.complete(case, before)

    def interrupted(self, spoil, reason, options="size=1G", temporaries=()):
        """A run whose disk is spoilt once it has made a file: (case, its finished files)."""
        for _ in range(10):
            case = self.new_case()
            if options:
                self.disk(case.out, options)
            live = self.start(case)
            met = self.midway(case, live)
            if met:
                spoil(case)
            code, said = self.finish(live)
            if met:
                break
        else:
            self.fail("too fast to be met halfway")
        self.assertEqual(code, 3, said)
        self.is_told(case, said, reason)
        self.assertNotIn("too fast", said)
        return case, self.check(case, temporaries), said

    def test_a_disk_that_somebody_fills(self):
        for left in (0, 1, 3 << 10, 50 << 10, 3 * self.one // 2, 3 * self.one):
            def fill(case):
                with open(os.path.join(case.out, "filler"), "wb", 0) as file:
                    os.posix_fallocate(file.fileno(), 0, max(4096, self.free(case.out) - left))
            with self.subTest(left=left):
                case, before, said = self.interrupted(fill, "No space left")
                with open(case.summary) as file:
                    summary = file.read()
                self.assertIn("No space left", summary)
                self.assertRegex(summary, '"exit_code": 3')
                os.unlink(os.path.join(case.out, "filler"))
                self.complete(case, before)

    @staticmethod
    def free(path):
        status = os.statvfs(path)
        return status.f_bavail * status.f_bsize

    def test_a_disk_without_room_for_names(self):
        def fill(case):
            n = 0
            while True:
                try:
                    os.mkdir(os.path.join(case.out, f"d{n}"))
                except OSError:
                    return
                n += 1
        case, before, _ = self.interrupted(fill, "No space left", "size=1G,nr_inodes=60")
        for name in os.listdir(case.out):
            if re.fullmatch(r"d\d+", name):
                os.rmdir(os.path.join(case.out, name))
        self.complete(case, before)

    def test_a_disk_that_turns_read_only(self):
        """What was in the making stays there until the disk can be written again."""
        def protect(case):
            if not MOUNTS:
                self.skipTest("nothing can be mounted here")
            mount(case.out, BIND, "", None, case.out.encode())
            mount(case.out, REMOUNT | BIND | READ_ONLY, "", None)
        case, before, _ = self.interrupted(protect, "Read-only file system", None, None)
        subprocess.run(["umount", case.out], check=True)
        self.complete(case, before)

    def test_a_limit_of_the_file_size(self):
        for share in (0.0, 0.2, 0.9):
            with self.subTest(share=share):
                case, limit = self.new_case(), int(share * self.one)
                process = subprocess.run(
                    [BIN, "run", case.write_config(), "-p", "none"], text=True, timeout=PATIENCE,
                    capture_output=True, env={**os.environ, **ENV},
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
                self.assertEqual(process.returncode, 3, process.stderr)
                self.is_told(case, process.stdout + process.stderr, "File too large")
                self.complete(case, self.check(case))

    def test_a_summary_without_room(self):
        """All normals are there; the summary before it stays, or none is."""
        for old in (None, "{}\n"):
            with self.subTest(old=old):
                case = self.new_case()
                reports = os.path.join(case.dir, "reports")
                self.disk(reports, "size=64k")
                summary = os.path.join(reports, "summary.json")
                if old:
                    with open(summary, "w") as file:
                        file.write(old)
                live = self.start(case, "--summary", summary)
                with open(os.path.join(reports, "filler"), "wb", 0) as file:
                    os.posix_fallocate(file.fileno(), 0, self.free(reports))
                code, said = self.finish(live)
                self.assertEqual(code, 3, said)
                self.assertIn(summary, said)
                self.assertIn("No space left", said)
                self.assertEqual(set(self.check(case)), set(self.whole))
                self.assertEqual(os.path.exists(summary), bool(old))
                if old:
                    self.assertEqual(self.read(summary).decode(), old)
                self.assertEqual([n for n in os.listdir(reports) if n.endswith(".tmp")], [])
        case = self.new_case()
        live = self.start(case, "--summary", "/dev/full")
        code, said = self.finish(live)
        self.assertEqual(code, 3, said)
        self.assertIn("/dev/full", said)

    def test_inputs_need_no_room(self):
        case = self.new_case()
        data = os.path.join(case.dir, "inputs")
        self.disk(data, f"size={8 << 20}")
        for year in range(2000, 2004):
            shutil.copy(os.path.join(self.store.data, "tas", trees.name("tas", year)), data)
        with open(os.path.join(data, "filler"), "wb", 0) as file:
            os.posix_fallocate(file.fileno(), 0, self.free(data))
        mount(data, REMOUNT | READ_ONLY, "")
        case.config["input"] = {"root": data}
        case.periods(2002, 2003)
        self.exits(case.run(env=ENV), 0)
        self.assertEqual(len(case.normals()), 2)


class Memory(TestCase):
    def test_a_share_is_one_of_the_groups_limit(self):
        group = Group()
        if not group.path:
            print("skipped: no control group of memory can be made here")
            self.skipTest("no control group")
        self.addCleanup(group.close)
        with Case(variables=["tas"]).periods(2002, 2012) as case:
            subprocess.run([BIN, "synth", case.data, "--years", "2000-2012", "--grid", "120x240",
                            "--variables", "tas"], check=True, capture_output=True)
            self.exits(case.run("--set", "output.root=" + case.out + "-plain", "-q", env=ENV), 0)
            for limit, share in ((1 << 30, 0.8), (600 << 20, 0.8), (600 << 20, 0.5)):
                group.set(limit)
                case.config["engine"] = {"memory": f"{share * 100:g}%"}
                plan = self.within(group, case, "plan")
                bound = re.search(r"of at most ([\d.]+) (MiB|GiB)", plan.stdout)
                self.assertTrue(bound, plan.stdout)
                stated = float(bound[1]) * (1 << {"MiB": 20, "GiB": 30}[bound[2]])
                self.assertLess(abs(stated / (share * limit) - 1), 0.05)
            run = self.within(group, case, "run")
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
            for name, path in case.normals().items():
                self.assertTrue(Disk.read(path) == Disk.read(os.path.join(case.out + "-plain", name)))

    @staticmethod
    def within(group, case, command):
        return subprocess.run([BIN, command, case.write_config()], text=True, capture_output=True,
                              timeout=PATIENCE, preexec_fn=group.enter,
                              env={**os.environ, **ENV})


if __name__ == "__main__":
    if os.path.exists(BIN):
        enter_namespace()
    main()
