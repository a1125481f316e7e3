"""The progress display as a user sees it: progress_demo runs on a pseudo-terminal, pyte is the
terminal, and the screen is judged while the job runs and after it."""

import fcntl
import json
import os
import re
import signal
import subprocess
import time
import unittest

import build
import terminal

DEMO = build.driver("progress_demo")
TEXT = "tas_day_1987.nc is shorter than its header says; year left out"


def Job(*arguments, **options):
    """A demo on a terminal."""
    return terminal.Job([DEMO, *arguments], **options)


class Terminal(unittest.TestCase):
    def check_final(self, job):
        self.assertEqual(job.finish(), 0)
        rows = job.frame()
        self.assertEqual(job.text().count("climnorm"), 1, job.text())  # nothing is left over
        self.assertNotIn("left", job.text())
        self.assertRegex(job.text(), r"12 threads . \d\d:\d\d\n")
        wanted = [r"pr .* 605/605  done +\S+/(s|min) +\d\d:\d\d",
                  r"tas .* 600/605  done +\S+/(s|min) +\d\d:\d\d",
                  r"  2 years unread . 5 normals failed . 40 kept",
                  r"tasmax .* 605/605  done +\S+/(s|min) +\d\d:\d\d",
                  r"tasmin .* 151/605  failed +\S+/(s|min) +\d\d:\d\d",
                  r"  tasmin: .*tasmin_day_1987.nc: unit .*"]
        self.assertEqual(len(rows) - len(wanted), 1 if job.screen.columns > 70 else 2, job.text())
        for row, want in zip(rows[-len(wanted):], wanted):
            self.assertRegex(row, "^  " + want + "$")
        self.assertFalse(job.screen.cursor.hidden)
        self.assertEqual(job.screen.cursor.x, 0)
        self.assertEqual(job.lines()[job.screen.cursor.y], "")

    def test_widths(self):
        for columns in (60, 80, 120, 200):
            with self.subTest(columns=columns):
                job = Job("auto", "0.8", columns=columns)
                job.wait_for(r"  tasmax .*active[^~]*~")
                text = job.text()
                self.assertRegex(text, r"CONUS AK HI PRVI GU\b")
                for part in (r"12 threads . \d\d:\d\d, ~\d\d:\d\d left", r"read \d+/151 years",
                             r"iB/s", r"memory [\d.]+( [MG]iB)?/12.0 GiB", r"normals computed",
                             r"\d+/\d+ made"):
                    self.assertRegex(text, part)
                self.assertRegex(text, r"\n  pr +━+  605/605  done")
                self.assertTrue(all(len(line) < columns for line in job.frame()))
                self.check_final(job)

    def test_it_tells_its_state_when_asked(self):
        job = Job("tty", "6", columns=140)
        job.wait_for(r"  tas .*active[^~]*~")
        job.process.send_signal(signal.SIGUSR1)
        job.wait_for(r"(?s)\[00:\d\d\] pr: done.*tas: read \d+/151 years, .* left.*"
                     r"\] tasmax: waiting\n.*tasmin: waiting\nclimnorm")
        self.assertEqual(job.finish(), 0)
        self.assertEqual(job.text().count("climnorm: NorESM2-LM"), 1)
        self.assertEqual(job.text().count("climnorm · NorESM2-LM"), 1)

    def test_messages_scroll_above(self):
        job = Job("tty", "1", "4", "3", columns=100, rows=70)
        job.wait_for(r"  \d+ messages, the last: message 2")
        self.assertEqual(job.finish(), 0)
        lines = [line for line in job.lines() if line]
        messages = [line for line in lines if TEXT in line]
        self.assertEqual(len(messages), 3 * 5 * 3 + 3)  # three variables, and a part of the last
        self.assertEqual(len(lines), len(messages) + 7)
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
        job.wait_for("normals computed")
        self.check_final(job)
        self.assertNotRegex(job.raw, rb"\x1b\[[0-9;]*m")
        colored = Job("auto", "0.6", NO_COLOR="")  # empty does not count: no-color.org
        self.check_final(colored)
        self.assertRegex(colored.raw, rb"\x1b\[36m")

    def test_dumb_terminal(self):
        for mode in ("auto", "tty"):
            job = Job(mode, "0.6", columns=200, TERM="dumb")
            self.assertEqual(job.finish(), 0)
            self.assertNotIn(b"\x1b", job.raw)
            self.assertRegex(job.text(), r"\[00:0\d\] pr: begins, 151 years to read, "
                                         r"605 normals to make\n")
            self.assertRegex(job.text(), r"\] tasmin: failed after .* 151/605 normals made")

    def test_ascii_locale(self):
        job = Job("auto", "0.6", LANG="C")
        job.wait_for(r"(pr|tas|tasmax) +=+>-+ ")
        self.check_final(job)
        self.assertTrue(job.raw.isascii())

    def test_more_variables_than_rows(self):
        job = Job("auto", "2", "30", rows=12)
        job.wait_for(r"  1\d done: \d+ normals made\n")
        rows = job.frame()
        self.assertLessEqual(len(rows), 11)
        self.assertRegex(rows[-1], r"^  \d+ waiting: \d+ normals to make$")
        self.assertEqual(job.finish(), 0)
        self.assertEqual(job.text().count("climnorm"), 1)
        done = int(re.search(r"(?m)^  (\d+) done: \d+ normals made$", job.text())[1])
        rows = re.findall(r"(?m)^  \w+ +[━╸─]+ .* (done|failed) ", job.text())
        self.assertIn("failed", rows)
        self.assertEqual(done + len(rows), 30)

    def test_one_frame_is_one_write(self):
        log = build.driver(f"progress-{os.getpid()}.log")
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
        job.wait_for("normals computed")
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

    def ask(self, mode, last):
        """All lines of a job that is asked three times, to the last line of the last answer."""
        lines = []
        with subprocess.Popen([DEMO, mode, "60", "3"], stderr=subprocess.PIPE,
                              env={**os.environ, "LANG": "C.UTF-8"}) as process:
            mask = 1 << (signal.SIGUSR1 - 1)
            while not self.caught(process.pid) & mask:
                time.sleep(0.01)
            for _ in range(3):
                process.send_signal(signal.SIGUSR1)
                while not lines or not re.search(last, lines[-1]):
                    line = process.stderr.readline().decode()
                    self.assertTrue(line, lines)
                    lines.append(line.rstrip("\n"))
                lines.append("")
            process.kill()
        return lines

    @staticmethod
    def caught(pid):
        with open(f"/proc/{pid}/status") as status:
            return int(re.search(r"SigCgt:\s*(\w+)", status.read()).group(1), 16)

    def test_none_tells_its_state_when_asked(self):
        lines = self.ask("none", "tasmax: ")
        self.assertEqual(len(lines), 3 * 5, lines)
        for i in range(0, 15, 5):
            self.assertRegex(lines[i], "^climnorm: NorESM2-LM ssp245 .*, 12 threads")
            self.assertRegex(lines[i + 1], r"^\[00:\d\d\] pr: read \d+/151 years, .*normals")
            self.assertRegex(lines[i + 2], r"^\[00:\d\d\] tas: waiting$")
            self.assertRegex(lines[i + 3], r"^\[00:\d\d\] tasmax: waiting$")

    def test_plain_and_json_tell_their_state_when_asked(self):
        lines = self.ask("plain", "tasmax: ")
        self.assertGreaterEqual(sum(line.startswith("climnorm: ") for line in lines), 3, lines)
        events = [json.loads(line) for line in self.ask("json", '"asked"') if line]
        asked = [event for event in events if event["event"] == "asked"]
        self.assertEqual(len(asked), 3, events)
        for event in asked:
            self.assertEqual(event.keys(), {"event", "title", "elapsed_s", "eta_s", "threads",
                                            "arena_bytes", "variables"})
            self.assertEqual([v["state"] for v in event["variables"]],
                             ["active", "waiting", "waiting"])

    def test_a_reader_that_does_not_read_holds_up_nobody(self):
        """A full pipe: the job itself still ends (it is only cn_progress_stop that waits)."""
        read, write = os.pipe()
        fcntl.fcntl(write, 1031, 4096)  # F_SETPIPE_SZ
        with subprocess.Popen([DEMO, "plain", "0.5", "1", "500"], stderr=write) as process:
            os.close(write)
            time.sleep(4)  # many times what the job takes
            text = b""
            while chunk := os.read(read, 1 << 16):
                text += chunk
        os.close(read)
        self.assertEqual(process.returncode, 0)
        self.assertIn(b"pr: done after 00:0", text)
        seconds = int(re.search(rb"pr: done after 00:(\d\d)", text).group(1))
        self.assertLess(seconds, 4)

    def test_a_reader_that_goes_away_ends_nothing(self):
        read, write = os.pipe()
        with subprocess.Popen([DEMO, "plain", "0.5", "2", "2"], stderr=write) as process:
            os.close(write)
            os.close(read)
        self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    build.main(DEMO)
