"""The same bytes: whatever the threads, the batches, the memory bound, the passes, the shards and the
kernels.
"""
import itertools
import json
import os
import re
import shutil
import subprocess
import time

import numpy as np

import oracle
import trees
from climnorm_case import BIN, Case, TestCase, inflate_forms_here, kernels_here, main

# passive: see fault/test_passes.py
EPOCH = {"SOURCE_DATE_EPOCH": "1600000000", "OMP_WAIT_POLICY": "passive"}
FIRST, LAST, WINDOW = 1990, 2009, 5


class Identity(TestCase):
    @classmethod
    def setUpClass(cls):
        boxes = [{"name": "BOX", "lon": [-70, 70], "lat": [-40, 40]},
                 {"name": "DOT", "lon": [112, 113], "lat": [12, 13]}]
        cls.case = Case(variables=["pr", "tas", "span"], custom_regions=boxes,
                        scenarios=["ssp126"],
                        normals={"window": WINDOW, "min_years": WINDOW - 1},
                        output={"counts": True}).periods(FIRST + WINDOW - 1, LAST)
        cls.addClassCleanup(cls.case.close)
        rng = np.random.default_rng(5)
        for year in range(FIRST, LAST + 1):
            experiment = "historical" if year < 2000 else "ssp126"
            for variable in ("pr", "tas"):
                dates = trees.dates_of_year("360_day", year)
                raw = rng.standard_normal((360, 6, 8)) * 10.0 ** rng.uniform(-12, 9, (360, 6, 8))
                raw[rng.random(raw.shape) < 0.05] = np.nan
                trees.write(os.path.join(cls.case.data, trees.name(
                    variable, year, experiment=experiment)), variable, dates, raw.astype("f4"),
                    calendar="360_day", chunks="day" if variable == "pr" else (100, 3, 8))
        for first in (1990, 2000):
            trees.many_years(lambda a, b: os.path.join(cls.case.data, trees.name(
                "span", trees.span(a, b),
                experiment="historical" if a[0] < 2000 else "ssp126")), "span",
                range(first, first + 10), calendar="360_day", chunks=(1000, 6, 8))
        cls.wanted = None

    def bytes_of(self, *options, code=0, **env):
        result = self.case.run("--set", "output.existing=overwrite", *options,
                               env={**EPOCH, **env})
        self.exits(result, code)
        out = {}
        for name, path in self.case.files().items():
            with open(path, "rb") as f:
                if name.endswith(".nc"):
                    out[name] = f.read()
        return out

    def same(self, label, got):
        self.assertEqual(set(got), set(self.reference()), label)
        different = [n for n, data in got.items() if data != self.reference()[n]]
        self.assertEqual(different, [], f"{label}: {len(different)} files differ")

    def reference(self):
        cls = type(self)
        if cls.wanted is None:
            cls.wanted = self.bytes_of()
            self.assertEqual(len(cls.wanted), 3 * 3 * (LAST - FIRST + 2 - WINDOW))
        return cls.wanted

    def test_values(self):
        self.bytes_of()
        tree = oracle.Tree(self.case.data)
        for variable in ("pr", "tas", "span"):
            for region in ("GLOBAL", "BOX", "DOT"):
                self.judged(self.case, variable, range(FIRST + WINDOW - 1, LAST + 1, 3),
                            region=region, timeline=tree.timeline(variable, "ssp126"))

    def test_again_and_elsewhere(self):
        self.same("a second run", self.bytes_of())
        old = self.case.out
        self.case.config["output"]["root"] = "another/place"
        self.case.out = os.path.join(self.case.dir, "another/place")
        try:
            self.same("another output root", self.bytes_of())
        finally:
            self.case.config["output"]["root"], self.case.out = "output", old

    def test_threads(self):
        for threads in (1, 2, 7):
            self.same(f"{threads} threads", self.bytes_of("--threads", str(threads)))

    def test_batches(self):
        for batch in (1, 2, 5, 121):
            self.same(f"batch_years {batch}",
                      self.bytes_of("--set", f"engine.batch_years={batch}"))

    def test_kernels(self):
        for isa in kernels_here():
            self.same(isa, self.bytes_of(CLIMNORM_ISA=isa))
            result = self.case.run(env={**EPOCH, "CLIMNORM_ISA": isa})
            self.assertEqual(result.summary["isa"], isa)

    def test_forms_of_inflating(self):
        for form in inflate_forms_here():
            for threads in ("1", "3"):
                self.same(form, self.bytes_of("-t", threads, CLIMNORM_INFLATE=form))
            result = self.case.run(env={**EPOCH, "CLIMNORM_INFLATE": form})
            self.assertEqual(result.summary["inflate"], form)

    def test_memory(self):
        """The least memory comes from the error message; at and above it all runs are equal."""
        least = 1024
        for _ in range(4):  # each variable may ask for more than the one before
            result = self.case.run("--set", f"engine.memory={least // 1024}KiB",
                                   "--set", "output.existing=overwrite", env=EPOCH)
            if result.code == 0:
                break
            self.exits(result, 1)
            self.assertIn("engine.memory", result.err)
            sizes = [int(n) for n in re.findall(r"\((\d+) bytes\)", result.err)]
            self.assertTrue(sizes, f"no size in: {result.err}")
            least = (max(sizes) // 1024 + 1) * 1024
        passes = set()
        for memory in (least, least * 3, 2 ** 20, 2 ** 30):
            self.same(f"memory {memory}", self.bytes_of(
                "--set", f"engine.memory={memory // 1024}KiB"))
            with open(os.path.join(self.case.dir, "summary.json")) as f:
                passes |= {v["passes"] for v in json.load(f)["variables"]}
        self.assertIn(1, passes)
        self.assertGreater(max(passes), 20)

    def test_digests_ignore_the_engine(self):
        """With another thread count and batch, nothing is made again."""
        self.bytes_of()
        result = self.case.run("-t", "1", "--set", "engine.batch_years=3",
                               "--set", "engine.memory=1GiB")
        self.exits(result, 0)
        for variable in result.summary["variables"]:
            self.assertEqual(variable["normals_written"], 0)


PRODUCTS = [
    {"name": "normal"}, {"name": "sd", "over": "std"}, {"name": "p90", "over": "p90", "pool": 5},
    {"name": "days", "within": "count_gt", "threshold": "0 K", "over": "max"},
    {"name": "month", "time": "month"}, {"name": "month_sd", "time": "month", "over": "std"},
    {"name": "season", "time": "season", "within": "sum", "window": 4},
    {"name": "year", "time": "year", "within": "excess", "threshold": "1 K", "over": "median"},
    {"name": "change", "time": "season", "within": "max", "change": "difference", "baseline": 1998},
    {"name": "ratio", "change": "ratio", "baseline": 1997, "over": "min"}]


class Products(TestCase):
    """The same bytes of all kinds of products, and the same from a product alone."""

    @classmethod
    def setUpClass(cls):
        boxes = [{"name": "BOX", "lon": [-70, 70], "lat": [-40, 40]}]
        cls.case = Case(variables=["tas"], custom_regions=boxes,
                        normals={"window": 5, "min_years": 4}, output={"counts": True},
                        products=PRODUCTS).periods(1996, 2000)
        cls.addClassCleanup(cls.case.close)
        rng = np.random.default_rng(7)
        for year in range(1991, 2001):
            dates = trees.dates_of_year("standard", year)
            raw = rng.standard_normal((len(dates), 6, 8)) * 10.0 ** rng.uniform(-3, 3, (1, 6, 8))
            raw[rng.random(raw.shape) < 0.05] = np.nan
            trees.write(os.path.join(cls.case.data, trees.name("tas", year)), "tas", dates,
                        raw.astype("f4"), calendar="standard", chunks=(61, 3, 8))

    def made(self, *options, **env):
        result = self.case.run("--set", "output.existing=overwrite", *options,
                               env={**EPOCH, **env})
        self.exits(result, 0)
        found = {}
        for name, path in self.case.files().items():
            with open(path, "rb") as file:
                found[name] = file.read()
        return found, max(v["passes"] for v in result.summary["variables"])

    def same(self, found, wanted):
        self.assertEqual(set(found), set(wanted))
        self.assertEqual([n for n, data in found.items() if data != wanted[n]], [])

    def test_every_way_to_make_them(self):
        wanted, passes = self.made("-t", "1")
        self.assertEqual((len(wanted), passes), (1 + 2 * 5 * len(PRODUCTS), 1))
        ways = [("-t", "2"), ("-t", "5", "--set", "engine.batch_years=1"),
                ("-t", "2", "--set", "engine.batch_years=3")]
        for way in ways:
            with self.subTest(way):
                self.same(self.made(*way)[0], wanted)
        for isa in kernels_here():
            with self.subTest(isa):
                self.same(self.made(CLIMNORM_ISA=isa)[0], wanted)
        refused = self.case.run("--set", "engine.memory=1KiB", "--set", "output.existing=overwrite",
                                command="plan").err
        least = max(int(n) for n in re.findall(r"\((\d+) bytes\)", refused))
        for share in (1, 2):
            with self.subTest(share=share):
                found, passes = self.made("--set", f"engine.memory={share * least // 1024 + 1}KiB")
                self.assertGreater(passes, 1)
                self.same(found, wanted)

    def test_one_product_of_many(self):
        wanted, _ = self.made()
        for product in (PRODUCTS[4], PRODUCTS[8]):
            self.case.config["products"] = [product]
            self.case.out = os.path.join(self.case.dir, f"alone-{product['name']}")
            found, _ = self.made("--set", f"output.root={self.case.out}")
            self.case.config["products"] = PRODUCTS
            self.case.out = os.path.join(self.case.dir, "output")
            name = f"yr_{product['name']}.nc"
            self.same({n: d for n, d in found.items() if n.endswith(name)},
                      {n: d for n, d in wanted.items() if n.endswith(name)})


class PassesAndShards(TestCase):
    """The same bytes for every number of threads, of passes and of shards, in both layouts."""

    def make_case(self, layout):
        case = Case(variables=["pr", "tas"], normals={"window": 3, "min_years": 3},
                    output={"counts": True, "layout": layout},
                    custom_regions=[{"name": "BOX", "lon": [-70, 70], "lat": [-40, 40]}])
        case.periods(2002, 2005)
        self.addCleanup(case.close)
        for year in range(2000, 2006):
            trees.year_file(case.data, "tas", year, calendar="360_day")
            trees.year_file(case.data, "pr", year, calendar="360_day", chunks=(360, 2, 8))
        return case

    def run_all(self, case, count, *options):
        """Makes all outputs anew, by so many shards. Returns them, and the passes."""
        case.out = os.path.join(case.dir, f"made{time.monotonic_ns()}")
        shards = [("--shard", f"{k}/{count}") for k in range(1, count + 1)] if count > 1 else [()]
        running = []
        for k, shard in enumerate(shards):
            summary = os.path.join(case.dir, f"summary{k}.json")
            running.append((summary, subprocess.Popen(
                [BIN, "run", self.config, "-q", "--set", f"output.root={case.out}", "--summary",
                 summary, *shard, *options], stderr=subprocess.PIPE,
                env={**os.environ, **EPOCH, "OMP_WAIT_POLICY": "passive"})))
        passes = []
        for summary, process in running:
            said = process.communicate(timeout=120)[1]
            self.assertEqual(process.returncode, 0, said)
            with open(summary, encoding="utf-8") as file:
                passes += [v["passes"] for v in json.load(file)["variables"]]
        found = {}
        for name, path in case.files().items():
            with open(path, "rb") as file:
                found[name] = file.read()
        shutil.rmtree(case.out)
        return found, passes

    def check(self, layout):
        case = self.make_case(layout)
        self.config = case.write_config()
        refused = case.run("--set", "engine.memory=1KiB", command="plan").err
        least = max(int(n) for n in re.findall(r"\((\d+) bytes\)", refused))
        wanted, passes = self.run_all(case, 1, "-t", "1")
        self.assertEqual(set(passes), {1})
        self.assertEqual(len(wanted), 1 + 2 * 2 * (4 if layout == "single" else 1))
        least_passes = {2 ** 30: 1, 12 * least: 2, 3 * least: 3}
        for (memory, bound), threads, count in itertools.product(least_passes.items(), (1, 2, 5),
                                                                 (1, 3)):
            with self.subTest(layout=layout, memory=memory, threads=threads, count=count):
                found, passes = self.run_all(case, count, "-t", str(threads), "--set",
                                             f"engine.memory={memory // 1024}KiB")
                self.assertEqual(set(found), set(wanted))
                self.assertEqual([n for n, data in found.items() if data != wanted[n]], [])
                self.assertGreaterEqual(min(passes), bound, passes)

    def test_one_target_year_a_file(self):
        self.check("single")

    def test_all_target_years_in_a_file(self):
        self.check("stacked")


if __name__ == "__main__":
    main()
