"""--log: a file that holds all that a command says, whatever the display shows."""
import os
import pathlib
import re
import subprocess

import climnorm_case
import terminal
import trees
from climnorm_case import BIN

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


class Log(climnorm_case.TestCase):
    def setUp(self):
        self.case = climnorm_case.Case(variables=["tas"], normals={"window": 3, "min_years": 2})
        self.addCleanup(self.case.close)
        paths = [trees.year_file(self.case.data, "tas", year) for year in range(2000, 2006)]
        os.truncate(paths[1], 5000)
        self.bad_year = os.path.basename(paths[1])
        self.case.periods(2002, 2005)
        self.path = os.path.join(self.case.dir, "all.log")

    def lines(self):
        """Without the time, which every line has."""
        with open(self.path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        self.assertEqual(lines.pop(), "")
        for line in lines:
            self.assertRegex(line, f"^{STAMP}( .+)?$")
        return [re.sub(f"^{STAMP} ?", "", line) for line in lines]

    @staticmethod
    def masked(lines):
        """Without what differs between two equal runs."""
        return [re.sub(" +", " ", re.sub(r"\d+(\.\d+)?|( +)-|[KMGT]iB", "0", line))
                for line in lines if not re.match(r"\[|Took|  \d\d:", line)]

    def test_it_holds_all_that_a_run_says(self):
        result = self.case.run("--log", self.path)
        self.exits(result, 2)
        lines = self.lines()
        text = "\n".join(lines)
        self.assertRegex(lines[0], r"^climnorm [\d.]+: run \S+\.cfg --log \S+ --summary \S+$")
        self.assertEqual(lines[-1], "exit code 2")
        for said in result.err.splitlines():
            if not re.match(r"\[\d", said):
                self.assertIn(said, lines)
        for said in result.out.splitlines():
            self.assertIn(said, lines)
        plan = self.case.run("-v", command="plan").out
        self.assertIn(plan.splitlines()[0], lines)
        self.assertEqual(sum(line.startswith("! ") and f"{self.bad_year}:" in line for line in lines), 1)
        self.assertRegex(text, r"\n\[00:\d\d\] tas: done after 00:\d\d, read 5/5 years, .*4/4 normals")

    def test_it_is_the_same_whatever_the_display_shows(self):
        self.exits(self.case.run(), 2)
        logs = []
        for options in (["-p", "plain"], ["-p", "json"], ["-p", "none"], ["-q"]):
            self.exits(self.case.run("--log", self.path, "-s", "output.existing=overwrite", *options),
                       2)
            logs.append(self.masked(self.lines()[1:]))
            os.unlink(self.path)
        job = terminal.Job([BIN, "run", self.case.write_config(), "--log", self.path, "-s",
                            "output.existing=overwrite"])
        self.assertEqual(job.finish(), 2)
        logs.append(self.masked(self.lines()[1:]))
        for log in logs[1:]:
            self.assertEqual(log, logs[0])

    def test_it_grows(self):
        for _ in range(2):
            self.case.run("--log", self.path)
        self.case.run("--log", self.path, command="plan")
        ends = [line for line in self.lines() if line.startswith("exit code")]
        self.assertEqual(ends, ["exit code 2"] * 3)
        heads = [line.split()[2] for line in self.lines() if re.match(r"climnorm [\d.]+: ", line)]
        self.assertEqual(heads, ["run", "run", "plan"])

    def test_it_holds_errors_and_what_verify_says(self):
        result = self.case.run("--log", self.path, "-s", "engine.threads=x")
        self.exits(result, 1)
        self.assertEqual(self.lines()[1:], [*result.err.splitlines(), "exit code 1"])
        os.unlink(self.path)
        self.exits(self.case.run(), 2)
        done = subprocess.run([BIN, "verify", self.case.out, "--log", self.path, "-q"],
                              capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "")
        self.assertEqual(self.lines()[1:],
                         ["4 files verified: all are as they were written", "exit code 0"])

    def test_a_full_disk_is_one_warning(self):
        result = self.case.run("--log", "/dev/full", "-q")
        self.exits(result, 2)
        self.assertEqual(result.err.count("warning: the log /dev/full is not complete: No space"), 1)
        self.assertEqual(result.summary["variables"][0]["normals_written"], 4)

    def test_a_file_that_is_no_log_and_no_summary_stays(self):
        source = next(path for path in map(str, pathlib.Path(self.case.data).rglob("*.nc")))
        with open(source, "rb") as file:
            before = file.read()
        for option in ("--log", "--summary"):
            with self.subTest(option):
                self.exits(self.case.run(option, source, command="plan"), 1)
        result = self.case.run("--log", self.path, "--summary", self.path, command="plan")
        self.exits(result, 1)
        self.assertIn("that is the log", result.err)
        with open(source, "rb") as file:
            self.assertEqual(file.read(), before)

    def test_nothing_is_started_without_it(self):
        pipe = os.path.join(self.case.dir, "pipe")
        os.mkfifo(pipe)  # and nobody reads it
        for path, reason in ((self.case.write_config(), "that is the config"),
                             (self.case.dir, "it is a folder"),
                             ("/nothere/log", "No such file"), ("-", "/dev/stdout"),
                             (pipe, "cannot be written")):
            with self.subTest(path):
                result = self.case.run("--log", path)
                self.exits(result, 1)
                self.assertIn(reason, result.err)
                self.assertFalse(os.path.exists(self.case.out))


if __name__ == "__main__":
    climnorm_case.main()
