"""Terminals and pipes that take nothing any more, for their reader has stalled: the work goes on to
its end, one signal ends the run within the bound, two end it at once.
"""
import fcntl
import os
import pty
import signal
import subprocess
import termios
import threading
import time

import climnorm_case
from live import catches, wait_until
from test_stop import BOUND_S, EPOCH, Phases, contents, temporaries


class Stream:
    """Takes all that is written, until it is stalled."""

    def __init__(self, kind):
        self.kind = kind
        self.reader, self.writer = pty.openpty() if kind == "pty" else os.pipe()
        self.seen = b""
        self._stalled = threading.Event()
        os.set_blocking(self.reader, False)
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self):
        while not self._stalled.wait(0.005):
            try:
                self.seen += os.read(self.reader, 1 << 16)
            except OSError:
                pass

    def stall(self):
        """From now on a write waits for ever."""
        self._stalled.set()
        self._thread.join()
        if self.kind == "pty":
            termios.tcflow(self.writer, termios.TCOOFF)  # as Ctrl-S does
            return
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(self.writer, False)
        try:
            while True:
                os.write(self.writer, b"." * 4096)
        except BlockingIOError:
            os.set_blocking(self.writer, True)

    def close(self):
        self._stalled.set()
        self._thread.join()
        os.close(self.reader)
        os.close(self.writer)


class Stalled(Phases):
    CASES = (("pty", "tty"), ("pty", "none"), ("pipe", "json"), ("pipe", "plain"), ("pipe", "none"))

    def setUp(self):
        try:
            Stream("pty").close()
        except OSError as error:
            self.skipTest(f"no pseudo-terminals here: {error}")

    def start_on(self, stream, case, mode):
        """Both outputs are the stream."""
        if os.path.exists(case.summary):
            os.unlink(case.summary)
        process = subprocess.Popen(
            [climnorm_case.BIN, "run", case.write_config(), "-t", "1", "-p", mode, "--summary",
             case.summary], stdin=subprocess.DEVNULL, stdout=stream.writer, stderr=stream.writer,
            env={**os.environ, **EPOCH, "TERM": "xterm"}, start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def amid(self, kind, mode):
        """A run that is suspended amid its work, on a stream that is stalled then."""
        case, stream = self.new_case(), Stream(kind)
        self.addCleanup(case.close)
        self.addCleanup(stream.close)
        process = self.start_on(stream, case, mode)
        wait_until(lambda: case.normals() or process.poll() is not None, "there is an output")
        process.send_signal(signal.SIGSTOP)
        self.assertLess(len(case.normals()), len(self.wanted), "too fast to be met halfway")
        stream.stall()
        return case, process

    def end_in_time(self, processes, *codes):
        """All are waited for together: each waits for seconds for what it cannot write."""
        began = time.monotonic()
        for process in processes:
            self.assertIn(process.wait(60), codes, process.args)
        self.assertLess(time.monotonic() - began, BOUND_S)

    def test_the_work_goes_on(self):
        """All is there though nothing can be told; then a signal ends the waiting."""
        runs = {case: self.amid(*case) for case in self.CASES}
        for what, (case, process) in runs.items():
            with self.subTest(what):
                process.send_signal(signal.SIGUSR1)
                process.send_signal(signal.SIGCONT)
                wait_until(lambda path=case.summary: os.path.exists(path), "the summary")
                self.assertEqual(contents(case), self.wanted)
                self.assertEqual(self.summary(case)["exit_code"], 0)
        time.sleep(0.2)
        for what, (_, process) in runs.items():
            with self.subTest(what):
                self.assertIsNone(process.poll(), "it has printed")
                process.send_signal(signal.SIGTERM)
        self.end_in_time([process for _, process in runs.values()], 143)

    def test_once(self):
        runs = {case: self.amid(*case) for case in self.CASES}
        for _, process in runs.values():
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGCONT)
        self.end_in_time([process for _, process in runs.values()], 143)
        for what, (case, _) in runs.items():
            with self.subTest(what):
                self.assertEqual(temporaries(case), [])
                self.assertEqual(self.summary(case)["exit_code"], 143)
                self.holds_only_whole_files(case)
        self.goes_on(case)

    def test_twice(self):
        for kind, mode in self.CASES:
            with self.subTest(kind=kind, mode=mode):
                case, process = self.amid(kind, mode)
                process.send_signal(signal.SIGCONT)
                time.sleep(0.3)  # for the display to meet it
                process.send_signal(signal.SIGSTOP)
                process.send_signal(signal.SIGINT)
                process.send_signal(signal.SIGTERM)
                process.send_signal(signal.SIGCONT)
                self.end_in_time([process], 130, 143)
                self.assertFalse(os.path.exists(case.summary))
                self.holds_only_whole_files(case)

    def test_before_the_work(self):
        """What is said first finds a terminal that takes nothing."""
        with self.new_case() as case:
            stream = Stream("pty")
            self.addCleanup(stream.close)
            stream.stall()
            process = self.start_on(stream, case, "tty")
            wait_until(lambda: catches(process.pid, signal.SIGALRM), "it catches signals")
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            self.end_in_time([process], 143)
            self.holds_only_whole_files(case)


if __name__ == "__main__":
    climnorm_case.main()
