"""`engine.memory` is a bound: on the slots of the arena by arithmetic, on the process by its peak and by
a limit of the address space under which it must still run. docs/performance.md states the constants.
"""
import re
import resource
import subprocess

from climnorm_case import BIN, Case, TestCase, main
from memory_bound import MIB, most

GRID = (80, 240)
SLAB = 365 * GRID[0] * GRID[1] * 4
FEW = 12 * SLAB  # a window, two results of two targets, and little more: enough for one pass
THREADS = 2


def bounded():
    """In the child: an address space of 640 MiB above engine.memory, for code, stacks and malloc."""
    resource.setrlimit(resource.RLIMIT_AS, (bounded.limit, bounded.limit))


class Memory(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.case = Case(normals={"window": 4, "min_years": 4},
                        output={"existing": "overwrite"}).periods(2003, 2009)
        subprocess.run([BIN, "synth", cls.case.data, "--years", "2000-2009", "--grid", "80x240",
                        "--variables", "tas"], check=True, capture_output=True)

    @classmethod
    def tearDownClass(cls):
        cls.case.close()

    def test_peak_stays_below_the_bound(self):
        for memory in (FEW, 16 * SLAB, 30 * SLAB):
            with self.subTest(slabs=memory / SLAB):
                run = self.case.run("-t", str(THREADS), "--set", f"engine.memory={memory}B")
                self.exits(run, 0)
                self.assertEqual(run.variable("tas")["normals_written"], 7)
                plan = self.case.run("--set", f"engine.memory={memory}B", "-v", command="plan").out
                years, results = re.search(r"year slots: (\d+) .* result slots: (\d+)", plan).groups()
                targets = int(re.search(r"batches: \d+, of up to (\d+) target", plan).group(1))
                slots = (int(years) + int(results) * targets) * SLAB
                self.assertLessEqual(slots, memory)
                peak = run.summary["peak_rss_bytes"]
                self.assertLessEqual(peak, most(slots, THREADS))
                self.assertGreater(peak, 0.9 * slots)  # the figure is of this run

    def test_a_limited_address_space_is_enough(self):
        bounded.limit = FEW + 640 * MIB
        config = self.case.write_config()
        run = subprocess.run([BIN, "run", config, "-t", str(THREADS), "--set",
                              f"engine.memory={FEW}B"],
                             preexec_fn=bounded, capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr[-2000:])
        self.judged(self.case, "tas", [2009])

    def test_an_address_space_too_small_is_an_error_of_the_machine(self):
        bounded.limit = FEW
        run = subprocess.run([BIN, "run", self.case.write_config(), "-t", str(THREADS), "--set",
                              f"engine.memory={2 * FEW}B"],
                             preexec_fn=bounded, capture_output=True, text=True)
        self.assertEqual(run.returncode, 3, run.stdout + run.stderr)
        self.assertRegex(run.stderr, r"(?m)^! the machine refuses .* memory.*lower engine\.memory")


if __name__ == "__main__":
    main()
