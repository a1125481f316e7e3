"""The output folder: one run at a time, whether it can be written, and whether its disk is large
enough. A second run is refused or waits; a dead one blocks nobody.
"""
import fcntl
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import climnorm_case
import trees
from climnorm_case import BIN, Case
from live import Live, catches

EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}
YEARS = 12


class Base(climnorm_case.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.store = Case()
        cls.addClassCleanup(cls.store.close)
        for year in range(1901, 1901 + YEARS):
            trees.year_file(cls.store.data, "tas", year, calendar="360_day")

    def new_case(self, **config):
        case = Case(variables=["tas"], input={"root": self.store.data}, **config)
        self.addCleanup(case.close)
        return case.periods(1903, 1900 + YEARS)

    def start(self, case, *options, **more):
        live = Live("run", case.write_config(), "-t", 1, "--summary", case.summary, *options,
                    env=EPOCH, **more)
        self.addCleanup(live.__exit__)
        return live

    def hold(self, case, text, folder="."):
        """The lock, held by this process and signed with `text`. Close it to let go."""
        os.makedirs(os.path.join(case.out, folder), exist_ok=True)
        lock = open(os.path.join(case.out, folder, ".climnorm.lock"), "w", encoding="utf-8")
        self.addCleanup(lock.close)
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(text)
        lock.flush()
        return lock

    def signed(self, case):
        """The process that says it holds the lock; 0: none does."""
        try:
            with open(os.path.join(case.out, ".climnorm.lock"), encoding="utf-8") as file:
                words = file.read().split()
                return int(words[1]) if len(words) > 1 else 0
        except FileNotFoundError:
            return 0

    def sign(self, pid):
        return f"process {pid} on {socket.gethostname()} since 2026-01-31T12:00:00Z\n"


class TwoRuns(Base):
    def test_refused(self):
        case = self.new_case()
        mine = self.sign(os.getpid())
        self.hold(case, mine)
        result = case.run()
        self.exits(result, 1)
        self.assertIn(f"another climnorm run writes here ({mine.strip()})", result.err)
        self.assertIn("--wait", result.err)
        self.assertEqual(case.normals(), {})

    def test_waits(self):
        for mode in ("plain", "json"):
            case = self.new_case()
            mine = self.sign(os.getpid())
            lock = self.hold(case, mine)
            live = self.start(case, "--wait", "-p", mode)
            live.says(f"waiting for {mine.strip()}, which writes to ")
            time.sleep(1.2)
            self.assertEqual(live.err.count("waiting"), 1)
            live.send(signal.SIGUSR1)
            live.until(lambda: live.err.count("waiting") == 2, "it says so again")
            self.assertEqual(case.normals(), {})
            lock.close()
            self.assertEqual(live.end(), 0, live.err)
            self.assertEqual(len(case.normals()), YEARS - 2)

    def test_waits_quietly(self):
        case = self.new_case()
        lock = self.hold(case, self.sign(os.getpid()))
        live = self.start(case, "--wait", "-q")
        live.until(lambda: catches(live.pid, signal.SIGUSR1), "it catches signals")
        asked = 0
        while "waiting for " not in live.err:  # it says so when it is asked alone
            live.send(signal.SIGUSR1)
            asked += 1
            time.sleep(1.2)
        time.sleep(2.5)
        self.assertEqual(case.normals(), {})
        lock.close()
        self.assertEqual(live.end(), 0, live.err)
        self.assertLessEqual(live.err.count("\n"), asked, live.err)

    def test_a_stop_ends_the_waiting(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            case = self.new_case()
            self.hold(case, self.sign(os.getpid()))
            live = self.start(case, "--wait")
            live.says("waiting for ")
            live.send_group(number)
            began = time.monotonic()
            self.assertEqual(live.end(), code)
            self.assertLess(time.monotonic() - began, 5)
            self.assertIn(f"stopped by {signal.Signals(number).name} while waiting", live.err)

    def test_what_is_made_meanwhile_counts(self):
        for _ in range(50):
            case = self.new_case()
            first = self.start(case)
            first.until(lambda: self.signed(case) or first.process.poll() is not None, "its lock")
            first.send(signal.SIGSTOP)
            if self.signed(case):
                break
            first.send(signal.SIGCONT)
        second = self.start(case, "--wait", "-p", "plain")
        second.says("waiting for process")
        first.send(signal.SIGCONT)
        self.assertEqual((first.end(), second.end()), (0, 0))
        self.assertIn(f"\nAll {YEARS - 2} normals are there already, in ", second.out)

    def test_a_hostile_signature(self):
        case = self.new_case()
        for text in ("process 99999999999999999999 on x since\n", "\x1b[31m%s%n" * 50, "process",
                     "process 0 on " + "h" * 300, "process -1 on " + socket.gethostname()):
            lock = self.hold(case, text)
            result = case.run()
            self.exits(result, 1)
            self.assertNotIn("\x1b", result.err)
            lock.close()


class DeadRuns(Base):
    def test_killed_at_any_moment(self):
        """The next run, at once, is never refused; the last one completes all."""
        dice = random.Random(5)
        case = self.new_case(output={"compression": 9})
        for _ in range(25):
            live = self.start(case)
            live.until(lambda: self.signed(case) == live.pid or live.process.poll() is not None,
                       "it holds the lock")
            time.sleep(dice.random() * 0.05)
            live.send(signal.SIGKILL)
            live.end()
            follower = self.start(case)
            follower.until(lambda: self.signed(case) == follower.pid
                           or follower.process.poll() is not None, "the next one holds it")
            self.assertIn(follower.process.poll(), (None, 0), follower.err)
            follower.send(signal.SIGKILL)
            follower.end()
        self.exits(case.run(), 0)
        self.assertEqual(len(case.normals()), YEARS - 2)
        self.assertEqual([name for name in case.files() if name.endswith(".tmp")], [])

    def test_living_runs_keep_their_temporaries(self):
        """Those whose output folder lies below that of a dead one, or above."""
        for above in (False, True):
            case = self.new_case()
            self.exits(case.run(), 0)
            case.out = os.path.join(case.out, "CONUS") if above else case.out
            other = ".." if above else "held"
            lock = self.hold(case, self.sign(os.getpid()) + "run a1\n", other)
            kept = os.path.join(case.out, "held", "deep", ".climnorm-a1-0.tmp")
            left = os.path.join(case.out, "held", "deep", ".climnorm-b2-0.tmp")
            os.makedirs(os.path.dirname(kept))
            for path in (kept, left):
                with open(path, "w", encoding="utf-8"):
                    pass
            with open(os.path.join(case.out, ".climnorm.lock"), "w", encoding="utf-8") as file:
                file.write(self.sign(1) + "run b2\n")
            root = f"output.root={case.out}"
            self.exits(case.run("--set", root), 0)
            self.assertEqual((os.path.exists(kept), os.path.exists(left)), (True, False))
            lock.close()
            self.exits(case.run("--set", root), 0)
            self.assertTrue(os.path.exists(kept))
            self.exits(case.run("--set", f"output.root={os.path.join(case.out, other)}"), 0)
            self.assertFalse(os.path.exists(kept))

    def test_children_do_not_keep_the_lock(self):
        case = self.new_case()
        self.exits(case.run(), 0)
        lock = os.path.join(case.out, ".climnorm.lock")
        for _ in range(50):
            live = self.start(case)
            try:
                live.until(lambda: os.path.getsize(lock), "it holds the lock")
                child = live.freeze_child()
                break
            except AssertionError:  # its children were too fast
                self.assertEqual(live.end(), 0, live.err)
        held = [os.readlink(f"/proc/{child}/fd/{fd}") for fd in os.listdir(f"/proc/{child}/fd")]
        self.assertNotIn(os.path.realpath(lock), held)
        live.send(signal.SIGKILL)
        self.exits(case.run(), 0)

    def tries(self, live, case):
        """Waits until a run has the lock file open."""
        path = os.path.realpath(os.path.join(case.out, ".climnorm.lock"))

        def has_it():
            folder = f"/proc/{live.pid}/fd"
            try:
                return path in [os.readlink(f"{folder}/{fd}") for fd in os.listdir(folder)]
            except FileNotFoundError:
                return False
        live.until(has_it, "it tries")

    def test_a_dying_holder_is_given_a_moment(self):
        """Whoever it says it is: it lets go soon."""
        case = self.new_case()
        for text in (self.sign(1), self.sign(os.getpid()), ""):
            lock = self.hold(case, text)
            live = self.start(case)
            self.tries(live, case)
            lock.close()
            self.assertEqual(live.end(), 0, live.err)

    def test_a_stop_ends_that_moment(self):
        case = self.new_case()
        self.hold(case, self.sign(os.getpid()))
        live = self.start(case, "--wait")
        self.tries(live, case)
        live.send(signal.SIGTERM)
        self.assertEqual(live.end(), 143, live.err)
        self.assertIn("stopped by SIGTERM while waiting for another run", live.err)


class Folders(Base):
    def test_what_the_config_should_not_say(self):
        case = self.new_case()
        plain, loop = os.path.join(case.dir, "plain"), os.path.join(case.dir, "loop")
        with open(plain, "w", encoding="utf-8"):
            pass
        os.symlink(loop, loop)
        os.makedirs(os.path.join(case.dir, "odd", ".climnorm.lock"))
        for root in (plain, plain + "/out", loop + "/out", os.path.join(case.dir, "n" * 300),
                     os.path.join(case.dir, "odd")):
            with self.subTest(root):
                result = case.run("--set", f"output.root={root}")
                self.exits(result, 1)
                self.assertIn(root, result.err)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "not root, or no setpriv")
    def test_a_lock_file_of_another_user(self):
        with tempfile.TemporaryDirectory() as folder:
            case = self.new_case(output={"root": folder})
            data = os.path.join(case.dir, "data-of-all")
            shutil.copytree(self.store.data, data)
            case.config["input"]["root"] = data
            for path in folder, case.dir:
                os.chmod(path, 0o777)
            user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
            command = [*user, BIN, "run", case.write_config()]
            if subprocess.run([*user, BIN, "--version"], capture_output=True, check=False).returncode:
                self.skipTest("another user cannot start the program here")
            lock = os.path.join(folder, ".climnorm.lock")
            with open(lock, "w", encoding="utf-8"):
                os.chmod(lock, 0o644)
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(f"{lock} belongs to another user and cannot be written; let its owner "
                          "`chmod a+w` it, or use umask 002", " ".join(done.stderr.split()))
            os.chmod(lock, 0o666)
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            os.chmod(folder, 0o755)
            os.chmod(lock, 0o644)
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            self.assertIn("output.root cannot be written", " ".join(done.stderr.split()))

    def test_what_the_machine_does_not_allow(self):
        case = self.new_case()
        locked = os.path.join(case.dir, "locked")
        os.mkdir(locked, 0o555)
        roots = ["/sys/climnorm"] + ([locked, locked + "/out"] if os.geteuid() else [])
        for root in roots:
            with self.subTest(root):
                result = case.run("--set", f"output.root={root}")
                self.exits(result, 3)
                self.assertIn(root, result.err)
                self.assertEqual(result.summary["exit_code"], 3)


class Disk(Base):
    def planned(self, case, *arguments):
        return json.loads(case.run("--json", *arguments, command="plan").out)["output"]

    def test_estimates_enclose_what_is_written(self):
        for compression in (0, 1, 9):
            for counts in ("false", "true"):
                with self.subTest(compression=compression, counts=counts):
                    case = self.new_case(output={"compression": compression,
                                                 "counts": counts == "true"})
                    planned = self.planned(case)
                    self.exits(case.run(), 0)
                    size = sum(os.path.getsize(path) for path in case.normals().values())
                    self.assertLessEqual(planned["bytes_least"], size)
                    self.assertLessEqual(size, planned["bytes_most"])
                    self.assertLessEqual(planned["bytes_least"], planned["bytes_about"])
                    self.assertLessEqual(planned["bytes_about"], planned["bytes_most"])
                    if not compression:
                        self.assertLess(abs(planned["bytes_about"] / size - 1), 0.05)
                        self.assertLess(planned["bytes_most"], size * 1.2)

    def test_files_that_are_there_tell_more(self):
        case = self.new_case()
        self.exits(case.run(), 0)
        paths = sorted(case.normals().values())
        size = sum(os.stat(path).st_blocks * 512 for path in paths[1:])
        for path in paths[1:]:
            os.unlink(path)
        planned = self.planned(case)
        self.assertLess(abs(planned["bytes_least"] / size - 0.95), 0.02)
        self.assertLess(abs(planned["bytes_about"] / size - 1), 0.02)
        planned = self.planned(case, "--set", "output.existing=overwrite")
        self.assertEqual(planned["bytes_replaced"], os.stat(paths[0]).st_blocks * 512)

    def small(self, options, *arguments):
        case = self.new_case(output={"compression": 0})
        os.makedirs(case.out)
        script = ('mount -t tmpfs -o "$1" tmpfs "$2" || exit 99; bin=$3; config=$4; root=$2; '
                  'summary=$5; shift 5; "$bin" plan "$config"; echo "plan $?"; '
                  '"$bin" run "$config" --summary "$summary" "$@"; code=$?; '
                  'find "$root" -name "*.nc" -o -name "*.tmp"; exit $code')
        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", script, "sh", options, case.out, BIN,
             case.write_config(), case.summary, *arguments],
            capture_output=True, text=True, timeout=120, check=False)
        if done.returncode == 99 or "unshare" in done.stderr:
            self.skipTest(f"no file system can be mounted here: {done.stderr.strip()}")
        return done

    def test_too_small(self):
        done = self.small("size=400k")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("plan 3", done.stdout)
        self.assertRegex(done.stderr, r"need at least [\d.]+ [KM]iB, but its file system has [\d.]+ KiB "
                         "free; free some space")
        self.assertNotIn(".nc", done.stdout.partition("plan 3")[2])

    def test_too_few_files(self):
        done = self.small("size=100m,nr_inodes=8")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertRegex(done.stderr, r"10 files are to be made, but its file system has room for \d")

    def test_large_enough(self):
        done = self.small("size=20m")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("plan 0", done.stdout)
        self.assertEqual(done.stdout.count("_normal.nc\n"), YEARS - 2)

    def test_one_that_says_nothing(self):
        """A tmpfs without a bound says zero."""
        done = self.small("size=0,nr_inodes=0")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("does not say what is free", " ".join(done.stdout.split()))


if __name__ == "__main__":
    climnorm_case.main()
