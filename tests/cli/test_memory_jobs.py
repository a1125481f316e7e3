"""Peak memory of jobs of many kinds, each within a bound that was drawn by lot: day by day in single and
in stacked files, with counts, and from chunks that hold a whole year, which are cut by rows. What a job
may hold beside its arena is stated in docs/performance.md. CLIMNORM_SEED draws other jobs.
"""
import json
import os
import random
import subprocess

from climnorm_case import BIN, Case, TestCase, main
from memory_bound import most

GRID = (60, 160)
SLAB = 365 * GRID[0] * GRID[1] * 4  # 14 MB
YEARS = "2000-2013"
WHOLE = 12 * SLAB  # about what one pass takes: a window of 8, 4 targets
JOBS = 8


class Jobs(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.case = Case(normals={"window": 8, "min_years": 8},
                        output={"existing": "overwrite"}).periods(2010, 2013)
        cls.addClassCleanup(cls.case.close)
        days, years = (os.path.join(cls.case.dir, name) for name in ("days", "years"))
        subprocess.run([BIN, "synth", days, "--years", YEARS, "--grid", "60x160", "--variables",
                        "tas"], check=True, capture_output=True)
        for folder, _, names in os.walk(days):
            for name in names:
                os.makedirs(years, exist_ok=True)
                subprocess.run(["nccopy", "-c", "time/365,lat/6,lon/160",
                                os.path.join(folder, name), os.path.join(years, name)], check=True)
        cls.trees = {"days": days, "years": years}

    def run_job(self, tree, layout, counts, threads, memory):
        """Returns its arena's bytes, the variable's summary and its files."""
        options = ["-t", str(threads), "--set", f"engine.memory={memory}B",
                   "--set", f"output.layout={layout}", "--set", f"output.counts={counts}",
                   "--set", f"input.root={self.trees[tree]}"]
        if layout == "stacked":
            options += ["--set", "output.pattern={region}_{variable}_{period}.nc"]
        plan = self.case.run(*options, "--json", command="plan")
        self.exits(plan, 0)
        arena = json.loads(plan.out)["memory_bytes"]
        self.assertLessEqual(arena, memory)
        run = self.case.run(*options)
        self.exits(run, 0)
        peak = run.summary["peak_rss_bytes"]
        self.assertLessEqual(peak, most(arena, threads))
        self.assertGreater(peak, 0.8 * arena)  # the figure is of this run
        return run.variable("tas")

    def test_the_peak_of_a_job_stays_below_its_bound(self):
        seed = int(os.environ.get("CLIMNORM_SEED", "1"))
        lot, cut = random.Random(seed), {}
        for number in range(JOBS):
            tree = ("days", "years")[number % 2]
            job = (tree, lot.choice(("single", "stacked")), lot.choice(("true", "false")),
                   lot.randint(1, 3), lot.randint(4 * SLAB, WHOLE))
            with self.subTest(seed=seed, job=job):
                row = self.run_job(*job)
                self.assertEqual(row["normals_written"], 4)
                self.assertEqual(row["chunks_decoded"], row["chunks_read"])
                cut[tree] = max(cut.get(tree, 0), row["passes"])
        self.assertGreater(min(cut.values()), 1, "both ways to cut are tried")

    def test_years_and_passes_take_little(self):
        """151 years and 121 target years, cut into passes of a few days: many tasks, few bytes."""
        tree = os.path.join(self.case.dir, "long")
        subprocess.run([BIN, "synth", tree, "--years", "1950-2100", "--grid", "12x18",
                        "--variables", "tas"], check=True, capture_output=True)
        case = Case(normals={"window": 30, "min_years": 25}, scenarios=["ssp245"])
        self.addCleanup(case.close)
        options = ["-t", "2", "--set", f"input.root={tree}", "--set", "engine.memory=160KiB"]
        run = case.run(*options)
        self.exits(run, 0)
        row = run.variable("tas")
        self.assertEqual(row["normals_written"], 121)
        self.assertGreater(row["passes"], 50)
        self.assertLessEqual(run.summary["peak_rss_bytes"],
                             most(160 << 10, 2, years_of_passes=row["passes"] * (151 + 121)))


if __name__ == "__main__":
    main()
