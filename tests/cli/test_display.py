"""The display of a true run as its user sees it, at any moment: four variables, one with a year that
cannot be read, one that fails. `pace`, preloaded, lets the run go on chunk by chunk.
"""
import glob
import json
import os
import re
import signal
import subprocess
import tempfile

import climnorm_case
import terminal
from build import driver

YEARS, DAYS, WINDOW = 12, 365, 3
NORMALS = YEARS - WINDOW + 1
PACE = driver("libpace.so")
BAD_YEAR = "tas_day_NorESM2-LM_historical_r1i1p1f1_gn_2003.nc"
BAD_FILE = "tasmin_day_NorESM2-LM_historical_r1i1p1f1_gn_2000.nc"


class Display(climnorm_case.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.case = climnorm_case.Case(variables=["pr", "tas", "tasmax", "tasmin"],
                                      regions=["CONUS", "AK", "HI"],
                                      normals={"window": WINDOW, "min_years": 2})
        cls.addClassCleanup(cls.case.close)
        subprocess.run([climnorm_case.BIN, "synth", cls.case.data, "--years", f"2000-{1999 + YEARS}",
                        "--variables", "pr,tas,tasmax,tasmin", "--grid", "60x144"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(cls.file(BAD_YEAR), "r+b") as file:
            file.seek(os.path.getsize(file.name) // 2)
            file.write(b"\x55" * 20000)
        for path in glob.glob(os.path.join(cls.case.data, "**", "tasmin_*.nc"), recursive=True):
            if os.path.basename(path) != BAD_FILE:
                os.unlink(path)
        os.truncate(cls.file(BAD_FILE), 5000)
        cls.case.periods(2000 + WINDOW - 1, 1999 + YEARS)
        cls.config = cls.case.write_config()

    @classmethod
    def file(cls, name):
        return glob.glob(os.path.join(cls.case.data, "**", name), recursive=True)[0]

    def start(self, chunks, *options, **terminal_options):
        """A run that stops when it has inflated so many chunks, until `let_go`."""
        self.pace = os.path.join(self.case.dir, "pace")
        with open(self.pace, "wb") as file:
            file.truncate(chunks)
        job = terminal.Job([climnorm_case.BIN, "run", self.config, "-t", "1", "--summary",
                            self.case.summary, "-s", "output.existing=overwrite", *options],
                           LD_PRELOAD=PACE, CLIMNORM_TEST_PACE=self.pace,
                           CLIMNORM_INFLATE="libdeflate",
                           ASAN_OPTIONS="detect_leaks=0:verify_asan_link_order=0",
                           **terminal_options)
        self.addCleanup(self.clean_up, job)
        return job

    def clean_up(self, job):
        if job.process.poll() is None:
            job.process.kill()
            job.process.wait()

    def let_go(self, job):
        os.unlink(self.pace)
        return job.finish()

    def check_running(self, job, columns):
        """The second variable is being read, beyond its bad year."""
        frame = job.frame()
        text = "\n".join(frame)
        self.assertTrue(all(len(line) < columns for line in frame), text)
        for pattern in (r"^climnorm . NorESM2-LM historical . CONUS AK HI\b",
                        r"\b1 thread . \d\d:\d\d, ~\d\d:\d\d left\n",
                        rf"\n  pr +━+ +{3 * NORMALS}/{3 * NORMALS}  done +\S+/(s|min) +\d\d:\d\d\n",
                        r"\n  tas +━+[╸─]+ +\d+ %  active +(\S+/(s|min))? +~\d\d:\d\d\n",
                        rf"\n    read \d+/{YEARS} years . \S+ [kM]?i?B/s . "
                        r"memory \S+( [KM]iB)?/\S+ MiB\n",
                        r"\n    \d+ normals? computed . \d+/\d+ made\b",
                        r"\b1 year unread\n",
                        rf"\n  tasmax ─+ +0/{3 * NORMALS}  waiting\n",
                        r"\n  tasmin ─+ +waiting\n",
                        r"\n  3 messages, the last: ! tas historical 2003: "):
            self.assertRegex(text, pattern)
        cut = frame[-1].endswith("…")
        self.assertEqual(cut, not frame[-1].endswith("; left out"), text)
        self.assertEqual(job.text().count("climnorm · "), 1, job.text())
        self.assertEqual(job.lines()[len(job.lines()) - 1], "")

    def check_end(self, job, columns, resized=False):
        text = job.text()
        table = text[text.index("climnorm · "):]
        frame, _, rest = table.partition("\n\n")
        self.assertEqual(text.count("climnorm · "), 1, text)
        self.assertTrue(all(len(line) < columns for line in frame.split("\n")), text)
        self.assertNotIn("left", frame.replace("left out", ""))
        made = f"{3 * NORMALS}/{3 * NORMALS}"
        for pattern in (rf"\n  pr +━+ +{made}  done +\S+ +\d\d:\d\d\n  tas ",
                        rf"\n  tas +━+ +{made}  done +\S+ +\d\d:\d\d\n    1 year unread\n"
                        rf"    tas historical 2003: .*\n  tasmax",
                        rf"\n  tasmax +━+ +{made}  done +\S+ +\d\d:\d\d\n  tasmin ",
                        r"\n  tasmin +─+ +failed +\d\d:\d\d\n    tasmin: none of its files .*$"):
            self.assertRegex(frame, pattern)
        self.assertNotIn("! ", rest)  # problems were shown above the frame, once
        flat = text.replace("\n", "")
        if not resized:  # then lines above the frame may be lost
            self.assertRegex(flat, f"! tas historical 2003: .*/{BAD_YEAR}: chunk .*; left out")
            self.assertRegex(flat, f"/{BAD_FILE}: .*; left out")
        self.assertFalse(job.screen.cursor.hidden)
        self.assertRegex(rest, r"\ntasmin +failed +0 +0 +0 +\d+\n")
        self.assertRegex(rest, r"\nTook .* with 1 thread\n(?:  \d\d:\d\d .*\n)*"
                               r"\d problems: see the lines above\n"
                               "Incomplete: 1 of 4 variables failed; the others are in")

    def test_widths(self):
        for columns in (60, 80, 200):
            with self.subTest(columns=columns):
                job = self.start((YEARS + 7) * DAYS, columns=columns, rows=60)
                job.wait_for("1 year unread(?s:.*)\n  3 messages, the last: ! tas historical")
                self.check_running(job, columns)
                self.assertEqual(self.let_go(job), 2)
                self.check_end(job, columns)

    def test_the_terminal_changes_its_size(self):
        job = self.start((YEARS + 7) * DAYS, columns=120, rows=60)
        job.wait_for("1 year unread(?s:.*)\n  3 messages, the last: ! tas historical")
        for columns in (60, 200, 80, 100, 61, 120):
            job.resize(columns, 60)
            job.next_frame()
            self.check_running(job, columns)
            job.next_frame()
            self.check_running(job, columns)
        self.assertEqual(self.let_go(job), 2)
        self.check_end(job, 120, resized=True)

    def test_a_low_screen(self):
        job = self.start((YEARS + 7) * DAYS, columns=80, rows=8)
        job.wait_for(r"  3 messages, the last: ! tas historical")
        frame = job.frame()
        self.assertLessEqual(len(frame), 7)
        self.assertRegex("\n".join(frame), r"\n  tas +━.* active .*\n    read \d+/12 years")
        self.assertEqual(self.let_go(job), 2)

    def test_no_color(self):
        job = self.start((YEARS + 7) * DAYS, NO_COLOR="1", rows=60)
        job.wait_for("1 year unread")
        self.assertEqual(self.let_go(job), 2)
        self.assertNotRegex(job.raw, rb"\x1b\[[0-9;]*m")
        self.check_end(job, 80)

    def test_a_dumb_terminal_gets_lines(self):
        job = self.start((YEARS + 7) * DAYS, TERM="dumb", columns=200, rows=60)
        job.wait_for(rf"! .*/{BAD_YEAR}: chunk")
        self.assertEqual(self.let_go(job), 2)
        self.assertNotIn(b"\x1b", job.raw)
        text = job.text()
        self.assertRegex(text, rf"\[00:\d\d\] pr: begins, {YEARS} years to read, {3 * NORMALS} "
                               "normals to make\n")
        self.assertRegex(text, rf"\] tas: done after \d\d:\d\d, read {YEARS - 1}/{YEARS} years, .*"
                               "1 year unread\n")
        self.assertRegex(text, r"\n! tasmin: none of its files")
        self.assertRegex(text, r"\] tasmin: failed\n")

    def test_a_variable_that_is_stopped_says_so(self):
        job = self.start((YEARS + 7) * DAYS, rows=60)
        job.wait_for("1 year unread")
        job.process.send_signal(signal.SIGINT)
        self.assertEqual(self.let_go(job), 130)
        text = job.text()
        self.assertRegex(text, r"\n  pr +━+ .*  done ")
        self.assertRegex(text, r"\n  tas +━+.*  stopped ")
        self.assertRegex(text, rf"\n  tasmax ─+ +0/{3 * NORMALS}  waiting\n")
        self.assertRegex(text, r"\ntas +stopped ")
        self.assertIn("\nStopped: ", text)
        with open(self.case.summary) as file:
            states = [v["status"] for v in json.load(file)["variables"]]
        self.assertEqual(states, ["done", "stopped", "waiting", "waiting"])

    def start_synth(self, *options, **terminal_options):
        """A synth that takes minutes."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        job = terminal.Job([climnorm_case.BIN, "synth", os.path.join(folder.name, "tree"), "-t", "1",
                            "--grid", "60x1440", *options], **terminal_options)
        self.addCleanup(self.clean_up, job)
        return job

    def test_synth_fits_every_width(self):
        for columns in (20, 60, 80, 120):
            with self.subTest(columns=columns):
                job = self.start_synth(columns=columns)
                job.wait_for(r"/302 files(?s:.*)~[\d:]+ left")
                job.next_frame()
                lines = [line for line in job.lines() if line]
                self.assertRegex(lines[0], "^making files [━╸─]{6,}")
                self.assertTrue(all(len(line) < columns for line in lines), lines)
                self.assertEqual(len(lines), {20: 5, 60: 2, 80: 1, 120: 1}[columns], lines)
                job.process.send_signal(signal.SIGTERM)
                self.assertEqual(job.finish(), 143)
                self.assertRegex(job.text().replace("\n", ""), "^climnorm synth: stopped")

    def test_synth_tells_programs(self):
        job = self.start_synth("-p", "json", columns=400)
        job.wait_for(r'"done":[1-9].*\n.*"done":[1-9]')
        events = [json.loads(line) for line in job.lines() if line.endswith("}")]
        job.process.send_signal(signal.SIGTERM)
        self.assertEqual(job.finish(), 143)
        for event in events:
            self.assertEqual((event["event"], event["text"], event["total"]),
                             ("preparing", "making files", 302))
        self.assertGreater(events[-1]["bytes"], 0)
        self.assertGreater(events[-1]["eta_s"], 0)

    def test_json(self):
        """Every line is an object, and says no other thing than the summary."""
        result = self.case.run("-p", "json", "-s", "output.existing=overwrite")
        self.exits(result, 2)
        events = [json.loads(line) for line in result.err.splitlines()]
        last = events[-1]
        self.assertEqual(last["event"], "end")
        self.assertEqual([v["state"] for v in last["variables"]],
                         [v["status"] for v in result.summary["variables"]])
        for seen, told in zip(last["variables"], result.summary["variables"]):
            self.assertEqual(seen["normals_written"], told["normals_written"])
            self.assertEqual(seen["bytes_read"], told["bytes_read"])
            first = next((p for p in told["problems"] if not p.startswith("warning: ")), None)
            self.assertEqual(seen["problem"], first)
        messages = [event["text"] for event in events if event["event"] == "message"]
        self.assertTrue(any(re.search(f"^! .*/{BAD_YEAR}: chunk", text) for text in messages))


if __name__ == "__main__":
    climnorm_case.main()
