"""Asking a run to stop, in every phase, once and twice, alone and through its group; asking it how
far it is. Whatever happens, files under final names are whole, and the next run ends as one that
nobody disturbed.
"""
import json
import os
import shutil
import signal
import subprocess
import time

import numpy as np

import climnorm_case
import trees
from climnorm_case import Case
from live import Live, catches, is_alive, is_pending, wait_until

STOPS = ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129))
EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}
FIRST, LAST, BOUND_S = 1903, 1936, 5


def contents(case):
    found = {}
    for name, path in case.normals().items():
        with open(path, "rb") as file:
            found[name] = file.read()
    return found


def temporaries(case):
    return [name for name in case.files() if name.endswith(".tmp")]


class Phases(climnorm_case.TestCase):
    """A slow job, met in each phase."""

    @classmethod
    def setUpClass(cls):
        cls.store = Case()
        cls.addClassCleanup(cls.store.close)
        raw = trees.values_like("temp", "slow", 360, (30, 40))
        for year in range(FIRST - 2, LAST + 1):
            trees.year_file(cls.store.data, "tas", year, calendar="360_day",
                            raw=np.roll(raw, year), lat=np.linspace(-80, 80, 30),
                            lon=np.linspace(0, 351, 40), deflate=0, shuffle=False)
        cls.whole = cls.new_case()
        cls.addClassCleanup(cls.whole.close)
        result = cls.whole.run(env=EPOCH)
        assert result.code == 0, result.err
        cls.wanted = contents(cls.whole)
        assert len(cls.wanted) == LAST - FIRST + 1

    @classmethod
    def new_case(cls):
        return Case(variables=["tas"], input={"root": cls.store.data},
                    output={"compression": 9}).periods(FIRST, LAST)

    def start(self, case, *options, command="run", **more):
        if os.path.exists(case.summary):
            os.unlink(case.summary)
        return Live(command, case.write_config(), "-t", 1, "--summary", case.summary, *options,
                    env=EPOCH, **more)

    def examining(self, case, *options, command="run", **more):
        live = self.start(case, *options, command=command, **more)
        self.addCleanup(live.__exit__)
        return live, live.freeze_child()

    def surveying(self, case, *options, **more):
        """All outputs are there already. The lock is signed before the survey begins."""
        shutil.rmtree(case.out, ignore_errors=True)
        shutil.copytree(self.whole.out, case.out)
        lock = os.path.join(case.out, ".climnorm.lock")
        live = self.start(case, *options, **more)
        self.addCleanup(live.__exit__)
        live.until(lambda: os.path.getsize(lock), "it holds the lock")
        return live, live.freeze_child()

    def reading(self, case, *options, **more):
        live = self.start(case, "-p", "json", *options, **more)
        self.addCleanup(live.__exit__)
        live.says('"state":"active"')
        live.send(signal.SIGSTOP)
        return live, None

    def writing(self, case, *options, **more):
        live = self.start(case, *options, **more)
        self.addCleanup(live.__exit__)
        live.until(case.normals, "there is an output")
        live.send(signal.SIGSTOP)
        self.assertLess(len(case.normals()), len(self.wanted), "too fast to be met halfway")
        return live, None

    def ends(self, live, code):
        """Within the bound, with this code, or one of these."""
        began = time.monotonic()
        got = live.end()
        self.assertIn(got, code if isinstance(code, tuple) else (code,), live.err)
        self.assertLess(time.monotonic() - began, BOUND_S)

    def holds_only_whole_files(self, case):
        for name, content in contents(case).items():
            self.assertTrue(content == self.wanted[name], f"{name} differs")

    def goes_on(self, case):
        """The next run completes what the stopped one left, to the same bytes."""
        kept = len(case.normals())
        result = case.run(env=EPOCH)
        self.exits(result, 0)
        self.assertEqual(result.variable("tas")["normals_skipped"], kept)
        self.assertEqual(set(case.normals()), set(self.wanted))
        self.holds_only_whole_files(case)
        self.assertEqual(temporaries(case), [])

    def summary(self, case):
        with open(case.summary, encoding="utf-8") as file:
            return json.load(file)


class Stopping(Phases):
    def test_before_anything_is_read(self):
        for phase, words in ((self.examining, "examining files"),
                             (self.surveying, "looking at existing normals")):
            for number, code in STOPS:
                for whole_group in (False, True):
                    with self.subTest(words, number=number, group=whole_group), \
                            self.new_case() as case:
                        live, child = phase(case)
                        before = contents(case)
                        (live.send_group if whole_group else live.send)(number)
                        self.ends(live, code)
                        self.assertEqual(
                            live.err.splitlines()[-1], f"climnorm: stopped by "
                            f"{signal.Signals(number).name} while {words}; nothing was begun")
                        self.assertNotIn("damaged", live.err)
                        self.assertFalse(is_alive(child))
                        self.assertEqual(contents(case), before)
                        self.assertEqual(self.summary(case)["exit_code"], code)
                        self.assertEqual(self.summary(case)["variables"], [])

    def test_a_plan_is_stopped_too(self):
        for number, code in STOPS:
            with self.new_case() as case:
                live, _ = self.examining(case, command="plan")
                live.send(number)
                self.ends(live, code)
                self.assertEqual(live.out, "")

    def test_a_group_that_is_asked_goes_on_examining(self):
        """SIGUSR1 to all, and stops to the children alone, make no file look damaged."""
        with self.new_case() as case:
            live, child = self.examining(case)
            live.send_group(signal.SIGUSR1)
            for number, _ in STOPS:
                os.kill(child, number)
            os.kill(child, signal.SIGCONT)
            self.assertEqual(live.end(), 0, live.err)
            self.assertNotIn("damaged", live.err + live.out)
            self.assertEqual(contents(case), self.wanted)

    def test_amid_the_work(self):
        for phase in (self.reading, self.writing):
            for number, code in STOPS:
                for whole_group in (False, True)[:1 + (number == signal.SIGINT)]:
                    with self.subTest(phase.__name__, number=number, group=whole_group), \
                            self.new_case() as case:
                        live, _ = phase(case)
                        (live.send_group if whole_group else live.send)(number)
                        live.send(signal.SIGCONT)
                        self.ends(live, code)
                        self.assertEqual(live.err.count("stopping: files in progress"), 1)
                        self.assertIn("tas", live.out)
                        self.assertEqual(temporaries(case), [])
                        self.holds_only_whole_files(case)
                        summary = self.summary(case)
                        self.assertEqual(summary["exit_code"], code)
                        self.assertEqual(summary["variables"][0]["normals_written"],
                                         len(case.normals()))
                        self.goes_on(case)

    def test_twice_is_at_once(self):
        for phase in (self.examining, self.surveying, self.reading, self.writing):
            with self.subTest(phase.__name__), self.new_case() as case:
                live, _ = phase(case)
                live.send(signal.SIGSTOP)  # both arrive together
                live.send(signal.SIGINT)
                live.send(signal.SIGTERM)
                live.send(signal.SIGCONT)
                self.ends(live, (130, 143))
                self.assertNotIn("nothing was begun", live.err)
                self.assertEqual(live.out, "")
                self.assertFalse(os.path.exists(case.summary))
                self.holds_only_whole_files(case)
                self.goes_on(case)

    def test_the_same_signal_twice(self):
        for number, code in STOPS[:2]:
            with self.subTest(number):
                for _ in range(20):
                    if self.is_met_twice(number, code):
                        break
                else:
                    self.fail("it was always through with its files before the second signal")

    def is_met_twice(self, number, code):
        """Whether a run ended without its summary: it was not given the time."""
        with self.new_case() as case:
            live, _ = self.writing(case)
            live.send(number)
            live.send(signal.SIGCONT)
            wait_until(lambda: not is_pending(live.pid, number), "the first has arrived")
            live.send(number)
            self.ends(live, code)
            self.holds_only_whole_files(case)
            self.goes_on(case)
            at_once = live.out == ""
            self.assertEqual(at_once, "Took" not in live.out)
            return at_once

    def test_a_lost_connection_is_told_more_than_once(self):
        with self.new_case() as case:
            live, _ = self.writing(case)
            live.send(signal.SIGHUP)
            live.send(signal.SIGCONT)
            time.sleep(0.01)
            live.send(signal.SIGHUP)
            self.ends(live, 129)
            self.assertEqual(self.summary(case)["exit_code"], 129)
            self.assertEqual(temporaries(case), [])

    def test_what_was_inherited(self):
        """A background job of a script is born deaf to SIGINT, and hears it; nohup holds."""
        def deafen():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGUSR1])
        for number, code in STOPS[:2]:
            with self.new_case() as case:
                live, _ = self.writing(case, preexec_fn=deafen)
                live.send(signal.SIGHUP)
                live.send(signal.SIGCONT)
                live.send(number)
                self.ends(live, code)
        with self.new_case() as case:
            live, _ = self.writing(case, preexec_fn=deafen)
            live.send(signal.SIGHUP)
            live.send(signal.SIGUSR1)
            live.send(signal.SIGCONT)
            self.assertEqual(live.end(), 0)
            self.assertEqual(contents(case), self.wanted)

    def test_nobody_reads_along(self):
        """A reader that leaves costs no result."""
        with self.new_case() as case:
            reader, writer = os.pipe()
            os.close(reader)
            process = subprocess.Popen(
                [climnorm_case.BIN, "run", case.write_config(), "-p", "json"], stderr=writer,
                stdout=subprocess.DEVNULL, env={**os.environ, **EPOCH})
            os.close(writer)
            self.assertEqual(process.wait(60), 0)
            self.assertEqual(contents(case), self.wanted)

    def test_closed_streams(self):
        """No file of the run takes the number of a stream that is closed."""
        with self.new_case() as case:
            process = subprocess.Popen(
                ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", climnorm_case.BIN, "run",
                 case.write_config(), "-p", "plain"], env={**os.environ, **EPOCH})
            self.assertEqual(process.wait(60), 3)  # results could not be printed
            self.assertEqual(contents(case), self.wanted)


class Asking(Phases):
    """SIGUSR1, and what is said without being asked before the work begins."""

    def test_before_anything_is_read(self):
        for phase, words in ((self.examining, "examining files: "),
                             (self.surveying, "looking at existing normals: ")):
            for options in (["-q"], ["-p", "none"], ["-p", "plain"]):
                with self.subTest(words, options=options), self.new_case() as case:
                    live, child = phase(case, *options)
                    time.sleep(0.3)
                    self.assertNotIn(words, live.err)
                    live.send(signal.SIGUSR1)
                    live.says(words)
                    self.assertRegex(live.err, rf"(?m)^climnorm: {words}\d+/\d+ files\b")
                    os.kill(child, signal.SIGCONT)
                    self.assertEqual(live.end(), 0)
                    self.assertEqual(live.err.count(words), 1)

    def test_amid_the_work(self):
        for phase in (self.reading, self.writing):
            with self.subTest(phase.__name__), self.new_case() as case:
                live, _ = phase(case, "-p", "json")
                live.send(signal.SIGUSR1)
                live.send(signal.SIGCONT)
                self.assertEqual(live.end(), 0)
                events = [json.loads(line)["event"] for line in live.err.splitlines()]
                self.assertIn("asked", events)
                self.assertEqual(contents(case), self.wanted)

    def test_all_the_time(self):
        with self.new_case() as case:
            live = self.start(case, "-p", "none")
            self.addCleanup(live.__exit__)
            live.until(lambda: catches(live.pid, signal.SIGUSR1), "it catches signals")
            while live.process.poll() is None:
                live.send(signal.SIGUSR1)
                time.sleep(0.003)
            self.assertEqual(live.end(), 0)
            self.assertEqual(contents(case), self.wanted)

    def test_json_before_anything_is_read(self):
        with self.new_case() as case:
            live, child = self.examining(case, "-p", "json")
            live.says("preparing")
            os.kill(child, signal.SIGCONT)
            self.assertEqual(live.end(), 0)
            said = json.loads(live.err.splitlines()[0])
            self.assertEqual(set(said), {"event", "elapsed_s", "text", "done", "total", "bytes", "eta_s"})
            self.assertEqual((said["event"], said["text"]), ("preparing", "examining files"))
            self.assertGreaterEqual(said["elapsed_s"], 1)
            self.assertLess(said["done"], said["total"])

    def test_plain_before_anything_is_read(self):
        with self.new_case() as case:
            live, child = self.examining(case, "-p", "plain")
            began = time.monotonic()
            live.says("climnorm: examining files: ")
            self.assertGreater(time.monotonic() - began, 9)
            os.kill(child, signal.SIGCONT)
            self.assertEqual(live.end(), 0)
            self.assertEqual(live.err.count("examining files"), 1)


if __name__ == "__main__":
    climnorm_case.main()
