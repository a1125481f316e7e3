"""The time left, as true runs say it: one of a variable and one of several, held up by a slow source
(`pace`, preloaded, lets chunks go on at a steady rate, on a machine of any speed).

What was said is compared with what was left, as a ratio within the run. The machine may be busy with
other work for a part of a run, which nobody can foresee. So the bounds are wide here, for the median and
for most of what was said, and one good run of three is enough. test_progress_estimate has the narrow
ones, in virtual time.
"""
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
import unittest

from build import BIN, driver, main

PACE = driver("libpace.so")
YEARS, DAYS = 40, 365
CONFIG = """
input = {{ root = "data"; }};
regions = [ "GLOBAL" ];
normals = {{ window = 10; min_years = 10; periods = ( {{ name = "p"; first = 1985; last = 2014; }} ); }};
output = {{ root = "{}"; }};
"""


class TimeLeft(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="climnorm-time-left-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        subprocess.run([BIN, "synth", os.path.join(cls.folder, "data"), "--years", "1975-2014",
                        "--variables", "pr,tas,tasmax", "--grid", "30x72", "-p", "none"],
                       check=True, stdout=subprocess.DEVNULL)

    def path(self, name):
        return os.path.join(self.folder, name)

    def said(self, variables, pace_s):
        """What was said from a tenth of a run on, as a share of what was left. pace_s: how long the
        chunks of all variables take."""
        with open(self.path("run.cfg"), "w", encoding="utf-8") as file:
            file.write(CONFIG.format(f"out-{self.id()}"))
        pace = self.path("pace")
        open(pace, "wb").close()
        env = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0",
               "LD_PRELOAD": PACE, "CLIMNORM_INFLATE": "libdeflate", "CLIMNORM_TEST_PACE": pace}
        with subprocess.Popen([BIN, "run", self.path("run.cfg"), "-t", "2", "-p", "json",
                               "-s", f"variables={','.join(variables)}",
                               "-s", "output.existing=overwrite"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              env=env) as process:
            listener = threading.Thread(target=lambda: lines.extend(process.stderr))
            lines = []
            listener.start()
            chunks = YEARS * DAYS * len(variables)
            began = time.monotonic()
            while process.poll() is None:
                os.truncate(pace, int((time.monotonic() - began) / pace_s * chunks))
                time.sleep(0.01)
            listener.join()
        self.assertEqual(process.returncode, 0)
        events = [json.loads(line) for line in lines]
        all_s = events[-1]["elapsed_s"]
        ratios = [event["eta_s"] / (all_s - event["elapsed_s"]) for event in events
                  if event["event"] == "progress" and event["eta_s"] is not None
                  and 0.1 < event["elapsed_s"] / all_s < 0.9]
        self.assertGreater(len(ratios), 5, f"it took {all_s} s")
        return ratios

    def is_good(self, ratios):
        near = sum(1 / 4 < ratio < 4 for ratio in ratios)
        return 1 / 2 < statistics.median(ratios) < 2 and near >= 0.8 * len(ratios)

    def check(self, variables, pace_s):
        tried = []
        for _ in range(3):
            ratios = self.said(variables, pace_s)
            if self.is_good(ratios):
                return
            tried.append(" ".join(f"{ratio:.2f}" for ratio in ratios))
        self.fail("\n".join(tried))

    def test_of_a_run_that_reads_slowly(self):
        self.check(["tas"], pace_s=9)

    def test_of_several_variables(self):
        self.check(["pr", "tas", "tasmax"], pace_s=12)


if __name__ == "__main__":
    main()
