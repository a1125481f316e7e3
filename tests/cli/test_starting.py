"""Before the first value is read: many files are examined by child processes. What they say does not
depend on how many there are; a terminal shows a count when it takes long; a signal ends it all.
"""
import os
import pty
import random
import select
import shutil
import signal
import subprocess
import time

import climnorm_case
import trees
from live import children_of, is_alive

FILES = 400


class Examining(climnorm_case.TestCase):
    def setUp(self):
        self.case = climnorm_case.Case(variables=["tas"])
        self.addCleanup(self.case.close)
        path = trees.year_file(self.case.data, "tas", 2000, shape=(2, 3), lat=trees.LAT[:2],
                               lon=trees.LON[:3])
        for i in range(1, FILES):
            shutil.copy(path, os.path.join(self.case.data, trees.name("tas", f"{3000 + i}")))
        self.config = self.case.write_config()

    def start(self, *options):
        """`climnorm plan` on a pseudo-terminal, and its child, which is stopped amid its work."""
        for _ in range(20):
            terminal, end = pty.openpty()
            process = subprocess.Popen(
                [climnorm_case.BIN, "plan", "-t", "1", *options, self.config],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=end,
                env={**os.environ, "TERM": "xterm"})
            os.close(end)
            self.addCleanup(os.close, terminal)
            while process.poll() is None:
                for child in children_of(process.pid):
                    time.sleep(0.05)  # it is at work then
                    if is_alive(child):
                        os.kill(child, signal.SIGSTOP)
                        return process, child, terminal
            process.wait()
        return self.fail("no child process was seen")

    def told(self, *options):
        process, child, terminal = self.start(*options)
        time.sleep(1.2)
        os.kill(child, signal.SIGCONT)
        said = b""
        while True:
            if not select.select([terminal], [], [], 60)[0]:
                self.fail("it does not end")
            try:
                said += os.read(terminal, 1 << 16)
            except OSError:  # the end
                break
        self.assertEqual(process.wait(60), 2)  # all hold the same days
        return said.decode()

    def test_a_terminal_shows_a_count(self):
        behind = self.told().partition("examining files ")[2]
        self.assertRegex(behind, rf"^[^\r]*\d+/{FILES} files\b")
        # The last frame is empty: it goes up over the count and clears it.
        self.assertRegex(behind.rpartition(f"/{FILES} files")[2],
                         r"^[^\r]*\x1b\[K\r\n\S+\r\x1b\[1A\x1b\[\?7l\x1b\[J\S+$")

    def test_nobody_is_told_who_does_not_want_it(self):
        for options in (["-q"], ["--progress", "none"]):
            with self.subTest(options):
                self.assertNotIn("files", self.told(*options))

    def test_a_signal_ends_it(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129),
                             (signal.SIGKILL, -signal.SIGKILL)):
            with self.subTest(number):
                process, child, _ = self.start()
                process.send_signal(number)
                self.assertEqual(process.wait(10), code)
                end = time.monotonic() + 10
                while is_alive(child) and time.monotonic() < end:
                    time.sleep(0.01)
                self.assertFalse(is_alive(child))


class ManyChildren(climnorm_case.TestCase):
    def test_what_is_said_depends_on_the_files_alone(self):
        """Every fourth file is spoilt somewhere in its metadata, and some are none at all."""
        dice = random.Random(7)
        with climnorm_case.Case(variables=["tas"], normals={"min_years": 1}) as case:
            case.periods(2010, 2010)
            for year in range(1900, 2020):
                path = trees.year_file(case.data, "tas", year)
                if year % 4 == 0:
                    with open(path, "r+b") as file:
                        for _ in range(20):
                            file.seek(dice.randrange(min(os.path.getsize(path), 8000)))
                            file.write(bytes([dice.randrange(256)]))
                if year % 10 == 5:
                    os.truncate(path, dice.choice((0, 100, 5000)))
            said = {}
            for threads in (1, 2, 5, 64):
                result = case.run("-vv", "-t", str(threads), command="plan")
                said[threads] = result.err + "".join(
                    line for line in result.out.splitlines(True)
                    if not line.startswith(("Threads", "Time", "Next", "Memory", "Disk"))
                    and " slots" not in line)
                self.assertGreaterEqual(said[threads].count("left out"), 12)
                self.assertEqual(said[threads], said[1], threads)


if __name__ == "__main__":
    climnorm_case.main()
