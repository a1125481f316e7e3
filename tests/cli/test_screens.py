"""Screens: golden/screens/NAME-COLUMNS.txt show what stays on a terminal of 60, 80 and 120 columns when
the commands of SCREENS have ended one after another. No line may be wider than the terminal, but those
of WIDE. The tree and the masks are those of test_golden.

With --write, as `cmake --build build --target golden` does, the files are written again.
"""
import difflib
import re
import sys
import unittest

import pyte
import terminal
from build import main
from test_golden import GOLDEN, Folder, masked

WRITE = "--write" in sys.argv
COLUMNS = (60, 80, 120)
ROWS = 400
SCREENS = {
    "run": ["climnorm run --threads 2 run.cfg",
            "climnorm run --threads 2 run.cfg"],
    "run-gap": ["climnorm run --threads 2 --set input.root=gap run.cfg"],
    "plan": ["climnorm plan --threads 2 run.cfg"],
    "plan-gap": ["climnorm plan --threads 2 --set input.root=gap run.cfg"],
    "plan-passes": ["climnorm plan --threads 2 --set engine.memory=200KiB run.cfg"],
    "models": ["climnorm plan --threads 2 --set input.root=models --set 'input.model=*' run.cfg",
               "climnorm run --threads 2 --set input.root=models --set input.model=CanESM5,MIROC6,CanESM2 "
               "--set variables=pr,tas run.cfg"],
    "inspect": ["climnorm inspect data/NorESM2-LM/historical/r1i1p1f1/tas/tas_day_NorESM2-LM_historical"
                "_r1i1p1f1_gn_2001.nc"],
    "verify": ["climnorm run --threads 2 --quiet run.cfg", "climnorm verify output"],
    "synth": ["climnorm synth tree --years 2001-2003 --grid 12x18 --threads 2"],
    "help": ["climnorm --help", "climnorm help run", "climnorm help normals.window"],
    "errors": ["climnorm runs", "climnorm run", "climnorm run --thraeds 2 run.cfg", "climnorm run wrong.cfg",
               "climnorm run nothere.cfg", "climnorm inspect nothere.nc", "climnorm synth data"],
}
# Lines that the terminal may have to wrap: sentences about files, which a display leaves whole so that
# they can be copied, and what cannot be broken.
WIDE = [
    r"^! |^warning: ",        # problems
    r"^climnorm[ \w]*: ",     # errors and what is being done
    r"/\S+",                  # a path
    r"^(  |Next +)climnorm ", # a command line to copy
]
# What is made for 80 columns; the terminal wraps it where it has fewer.
FOR_80_COLUMNS = {"inspect"}
# What is there or not, or in more or fewer lines, as machine and moment have it: a phase is named where
# it took a second; sizes and times of a plan.
VARIES = r"^ +TIME (?:examining|looking|waiting) .*\n|^(?:Disk|Memory|Time) .*\n(?: {10}.*\n)*"


class Screens(Folder):
    def screen(self, name, columns):
        """What stays on a terminal, with each command in front. A line that would wrap is one line here:
        the terminal says that it is narrow, but is not."""
        self.clean()
        lines = []
        for command in SCREENS[name]:
            job = terminal.Job(["sh", "-c", command], columns=columns, rows=ROWS, cwd=self.folder,
                               **{**self.env, "NO_COLOR": "1"})
            job.screen = pyte.Screen(1000, ROWS)
            job.stream = pyte.ByteStream(job.screen)
            code = job.finish()
            shown = job.text().rstrip("\n")
            most = max(columns, 80) if name in FOR_80_COLUMNS else columns
            for line in shown.split("\n"):
                wide = len(line) > most and not any(re.search(p, line) for p in WIDE)
                self.assertFalse(wide, f"{command}: wider than {most} columns: {line}")
            shown = re.sub(VARIES, "", masked(shown, self.folder) + "\n", flags=re.M).rstrip("\n")
            lines += ["", f"$ {command}", *[line.rstrip() for line in shown.split("\n")],
                      f"--- exit code {code}"]
        return "\n".join(lines[1:]) + "\n"

    def test_what_stays_on_a_terminal(self):
        for name in SCREENS:
            for columns in COLUMNS:
                with self.subTest(name=name, columns=columns):
                    path = GOLDEN / "screens" / f"{name}-{columns}.txt"
                    new = self.screen(name, columns)
                    if WRITE:
                        path.parent.mkdir(exist_ok=True)
                        path.write_text(new, encoding="utf-8")
                        continue
                    old = path.read_text(encoding="utf-8") if path.exists() else ""
                    if new != old:
                        self.fail("\n" + "".join(difflib.unified_diff(
                            old.splitlines(True), new.splitlines(True), path.name, "now")))

    @unittest.skipIf(WRITE, "they are being written")
    def test_no_screen_is_left_over(self):
        wanted = {f"{name}-{columns}.txt" for name in SCREENS for columns in COLUMNS}
        self.assertEqual({path.name for path in (GOLDEN / "screens").iterdir()}, wanted)


if __name__ == "__main__":
    sys.argv = [word for word in sys.argv if word != "--write"]
    main()
