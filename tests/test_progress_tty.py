"""The progress display as a user sees it: progress_demo runs on a pseudo-terminal, pyte is the
terminal, and the screen is judged while the job runs and after it."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
import unittest

try:
    import pyte
except ImportError:
    print("python3-pyte is not there: no terminal to look at")
    sys.exit(77)

try:
    for end in pty.openpty():
        os.close(end)
except OSError as error:
    print(f"no pseudo-terminals here: {error}")
    sys.exit(77)

BUILD = os.environ.get("CLIMNORM_BUILD", "../build")
DEMO = os.path.join(BUILD, "tests", "progress_demo")
TEXT = "tas_day_1987.nc is shorter than its header says; year left out"


class Job:
    """A demo on a terminal of `columns` x `rows`."""

    def __init__(self, *arguments, columns=80, rows=24, **environment):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        env = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "NO_COLOR"))}
        env.update(LANG="C.UTF-8", TERM="xterm-256color")
        env.update(environment)
        self.process = subprocess.Popen([DEMO, *arguments], stdin=slave, stdout=slave,
                                        stderr=slave, env=env, start_new_session=True)
        os.close(slave)
        self.raw = b""
        self.writes = []

    def feed(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left)[0]:
                break
            try:
                data = os.read(self.master, 1 << 16)
            except OSError:  # the last of the terminal's users is gone
                return False
            if not data:
                return False
            self.raw += data
            self.stream.feed(data)
        return True

    def wait_for(self, pattern, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            alive = self.feed(0.02)
            if re.search(pattern, self.text()):
                return
            if not alive:
                break
        raise AssertionError(f"no {pattern!r} on the screen:\n{self.text()}")

    def finish(self):
        while self.feed(20):
            pass
        os.close(self.master)
        return self.process.wait(20)

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return "\n".join(self.lines())


def final_rows(lines):
    """The lines from the title on."""
    start = max(i for i, line in enumerate(lines) if line.startswith("climnorm"))
    return [line for line in lines[start:] if line]


class Terminal(unittest.TestCase):
    def check_final(self, job, failed_note):
        self.assertEqual(job.finish(), 0)
        rows = final_rows(job.lines())
        self.assertEqual(len(rows), 5, job.text())
        self.assertEqual(job.text().count("climnorm"), 1, job.text())  # nothing is left over
        self.assertNotIn("left", rows[0])
        self.assertRegex(rows[0], r"12 threads . \d\d:\d\d$")
        for row, want in zip(rows[1:], [r"pr .* 605/605  done +\d\d:\d\d",
                                        r"tas .* 600/605  done +\d\d:\d\d" + failed_note,
                                        r"tasmax .* 605/605  done +\d\d:\d\d",
                                        r"tasmin .* 151/605  failed +\d\d:\d\d"]):
            self.assertRegex(row, "^  " + want + "$")
        self.assertFalse(job.screen.cursor.hidden)
        self.assertEqual(job.screen.cursor.x, 0)
        self.assertEqual(job.lines()[job.screen.cursor.y], "")

    def test_widths(self):
        for columns, note in ((60, ""), (80, ""), (120, "  5 failed  40 kept"),
                              (200, "  5 failed  40 kept")):
            with self.subTest(columns=columns):
                job = Job("auto", "0.8", columns=columns)
                job.wait_for(r"computed \d+")
                rows = final_rows(job.lines())
                self.assertEqual(len(rows), 6, job.text())
                self.assertIn("━", rows[1])
                self.assertTrue(all(len(line) < columns for line in rows))
                self.check_final(job, note)

    def test_messages_scroll_above(self):
        job = Job("tty", "1", "4", "3", columns=100, rows=70)
        job.wait_for(r"! \d+ messages, the last: message 2")
        self.assertEqual(job.finish(), 0)
        lines = [line for line in job.lines() if line]
        messages = [line for line in lines if TEXT in line]
        self.assertEqual(len(messages), 3 * 5 * 3 + 3)  # three variables, and a part of the last
        self.assertEqual(len(lines), len(messages) + 5)
        self.assertEqual(lines[:len(messages)], messages)
        self.assertEqual([m for m in messages if "of pr at step 20:" in m],
                         [f"message {i} of pr at step 20: {TEXT}" for i in range(3)])

    def test_a_flood_of_messages_is_counted(self):
        job = Job("tty", "0.5", "1", "3000", columns=200)
        self.assertEqual(job.finish(), 0)
        shown = job.raw.count(TEXT.encode() + b"\r\n")
        dropped = sum(map(int, re.findall(rb"(\d+) more messages came faster", job.raw)))
        self.assertGreater(dropped, 0)
        self.assertEqual(shown + dropped, 5 * 3000)

    def test_no_color(self):
        job = Job("auto", "0.6", NO_COLOR="1")
        job.wait_for("computed")
        self.check_final(job, "")
        self.assertNotRegex(job.raw, rb"\x1b\[[0-9;]*m")
        colored = Job("auto", "0.6", NO_COLOR="")  # empty does not count: no-color.org
        self.check_final(colored, "")
        self.assertRegex(colored.raw, rb"\x1b\[36m")

    def test_dumb_terminal(self):
        for mode in ("auto", "tty"):
            job = Job(mode, "0.6", columns=200, TERM="dumb")
            self.assertEqual(job.finish(), 0)
            self.assertNotIn(b"\x1b", job.raw)
            self.assertRegex(job.text(), r"\[00:0\d\] pr: begins, 151 years to read, "
                                         r"605 normals to make\n")
            self.assertRegex(job.text(), r"\] tasmin: failed after .* written 151/605 normals")

    def test_ascii_locale(self):
        job = Job("auto", "0.6", LANG="C")
        job.wait_for(r"(pr|tas|tasmax) +=+>-+ ")
        self.check_final(job, "")
        self.assertTrue(job.raw.isascii())

    def test_more_variables_than_rows(self):
        job = Job("auto", "2", "30", rows=12)
        job.wait_for(r"  1\d done\n")
        rows = final_rows(job.lines())
        self.assertLessEqual(len(rows), 11)
        self.assertRegex(rows[-1], r"^  \d+ waiting$")
        job.screen.resize(lines=50)  # the final table needs room to be looked at
        self.assertEqual(job.finish(), 0)
        self.assertEqual(job.text().count("climnorm"), 1)
        self.assertEqual(len(final_rows(job.lines())), 31)

    def test_one_frame_is_one_write(self):
        log = os.path.join(BUILD, "tests", f"progress-{os.getpid()}.log")
        with open(log, "wb") as out:  # mode tty draws into a file, too
            subprocess.run([DEMO, "tty", "0.5", "2"], stderr=out, check=True,
                           env={**os.environ, "TERM": "xterm"})
        with open(log, "rb") as out:
            data = out.read()
        os.remove(log)
        frames = data.split(b"\x1b[?25l")[1:]
        self.assertGreater(len(frames), 3)
        for frame in frames:
            self.assertTrue(frame.endswith(b"\x1b[?25h"))

    def test_a_terminal_that_goes_away_ends_nothing(self):
        job = Job("tty", "0.8")
        job.wait_for("computed")
        os.close(job.master)
        self.assertEqual(job.process.wait(20), 0)


class Log(unittest.TestCase):
    def run_demo(self, *arguments):
        return subprocess.run([DEMO, *arguments], capture_output=True, text=True, check=True,
                              env={**os.environ, "LANG": "C.UTF-8"})

    def test_auto_is_plain_without_a_terminal(self):
        lines = self.run_demo("auto", "0.8", "2", "1").stderr.splitlines()
        self.assertEqual(lines[0], "climnorm: NorESM2-LM ssp245 · CONUS AK HI PRVI GU, 12 threads")
        self.assertEqual(sum("begins" in line for line in lines), 2)
        self.assertEqual(sum("done after" in line for line in lines), 1)
        self.assertEqual(sum(line.endswith(TEXT) for line in lines), 6)

    def test_json_lines(self):
        events = [json.loads(line) for line in
                  self.run_demo("json", "3", "2", "1").stderr.splitlines()]
        kinds = [event["event"] for event in events]
        self.assertEqual(kinds[-1], "end")
        self.assertEqual(kinds.count("message"), 6)
        self.assertGreaterEqual(kinds.count("state"), 2)
        self.assertGreaterEqual(kinds.count("progress"), 1)
        last = events[-1]["variables"]
        self.assertEqual([v["state"] for v in last], ["done", "failed"])
        self.assertEqual(last[0]["normals_written"], 605)
        self.assertEqual(last[0]["bytes_read"], 31200000000)
        states = [e for e in events if e["event"] != "message"]
        fractions = [e["variables"][0]["fraction"] for e in states]
        self.assertEqual(fractions, sorted(fractions))

    def test_none_says_only_messages(self):
        lines = self.run_demo("none", "0.2", "1", "2").stderr.splitlines()
        self.assertEqual(len(lines), 10)
        self.assertTrue(all(line.endswith(TEXT) for line in lines))

    def test_a_reader_that_does_not_read_holds_up_nobody(self):
        """A full pipe: the job itself still ends (it is only cn_progress_stop that waits)."""
        read, write = os.pipe()
        fcntl.fcntl(write, 1031, 4096)  # F_SETPIPE_SZ
        with subprocess.Popen([DEMO, "plain", "0.5", "1", "500"], stderr=write) as process:
            os.close(write)
            time.sleep(1.2)
            text = b""
            while chunk := os.read(read, 1 << 16):
                text += chunk
        os.close(read)
        self.assertEqual(process.returncode, 0)
        self.assertIn(b"pr: done after 00:0", text)
        seconds = int(re.search(rb"pr: done after 00:(\d\d)", text).group(1))
        self.assertLessEqual(seconds, 1)

    def test_a_reader_that_goes_away_ends_nothing(self):
        read, write = os.pipe()
        with subprocess.Popen([DEMO, "plain", "0.5", "2", "2"], stderr=write) as process:
            os.close(write)
            os.close(read)
        self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    unittest.main()
