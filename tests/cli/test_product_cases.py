"""Products that go on after a change or a kill, and names that mean nothing, as a user meets them."""
import os
import re
import signal
import subprocess
import time

import netCDF4
import numpy as np

import trees
from climnorm_case import BIN, Case, TestCase, main

YEARS = range(2000, 2010)
MONTHS = {"name": "months", "time": "month"}


class Products(TestCase):
    def make(self, products, shape=(6, 8), **normals):
        case = Case(variables=None, normals={"window": 3, "min_years": 3, **normals},
                    products=products).periods(2002, 2009)
        self.addCleanup(case.close)
        rng = np.random.default_rng(3)
        for year in YEARS:
            raw = rng.random((360, *shape)).astype("f4")
            raw[rng.random(raw.shape) < 0.2] = np.nan
            trees.write(os.path.join(case.data, trees.name("tas", year)), "tas",
                        trees.dates_of_year("360_day", year), raw, calendar="360_day",
                        lat=np.linspace(-80, 80, shape[0]), lon=np.arange(shape[1]) * 4.0,
                        chunks=(360, 1, shape[1]))
        return case

    def written(self, case, *options):
        result = case.run(*options)
        self.exits(result, 0)
        return result.variable("tas")["normals_written"]

    def test_what_a_group_needs_makes_it_again(self):
        case = self.make([MONTHS, {"name": "normal"}])
        self.assertEqual(self.written(case), 16)
        self.assertEqual(self.written(case), 0)
        self.assertEqual(self.written(case, "--set", "normals.min_days=0.5"), 8)  # the months

    def test_a_killed_run_goes_on_between_its_passes(self):
        case = self.make([MONTHS, {"name": "yearly", "time": "year"}, {"name": "normal"}],
                         shape=(60, 90))
        config = case.write_config()
        refused = case.run("--set", "engine.memory=1KiB", command="plan").err
        least = max(int(n) for n in re.findall(r"\((\d+) bytes\)", refused))
        memory = ("--set", f"engine.memory={least // 1024 + 1}KiB")
        for _ in range(20):
            with subprocess.Popen([BIN, "run", config, "-q", *memory], stderr=subprocess.PIPE) as run:
                while run.poll() is None and not any(
                        name.endswith("-2.tmp") for name in case.files()):
                    time.sleep(0.001)
                time.sleep(0.3)
                run.send_signal(signal.SIGKILL)
            done = re.search(r"an earlier run has made (\d+) of them",
                             case.run(*memory, command="plan").out)
            if done:
                break
        self.assertIsNotNone(done, "no run was killed between two passes")
        result = case.run(*memory)
        self.exits(result, 0)
        tas = result.variable("tas")
        self.assertEqual(tas["passes"], 60)
        self.assertEqual(tas["chunks_decoded"], 10 * (60 - int(done[1])))  # a row of a year each

    def test_a_product_of_a_variable_that_is_not_there(self):
        case = self.make([{"name": "hot", "variables": ["tass"]}, {"name": "normal"}])
        result = case.run()
        self.exits(result, 2)
        self.assertIn('product "hot" is not made of tass: there is no such variable (did you mean '
                      '"tas"?)', result.err)
        self.assertEqual(result.variable("tas")["normals_written"], 8)

    def test_products_of_none_of_the_variables_leave_nothing_to_make(self):
        case = self.make([{"name": "hot", "variables": ["pr"]}])
        case.config["variables"] = ["tas"]
        result = case.run()
        self.exits(result, 2)
        self.assertIn('product "hot" is not made of pr: there is no such variable in `variables`', result.err)
        self.assertIn("Nothing to make: see the line above", result.said)
        self.assertNotIn("already", result.said)

    def test_what_cannot_be_made_is_named_by_its_products(self):
        """Others of the variable are made."""
        case = self.make([{"name": "normal"}, MONTHS, {"name": "long", "window": 30, "min_years": 20}])
        case.config["normals"].pop("periods")
        said = [text for text in case.run().variable("tas")["problems"] if "implausible" not in text]
        self.assertEqual(len(said), 2)
        self.assertTrue(said[0].startswith('warning: tas, products "normal", "months": target years'), said)
        self.assertTrue(said[1].startswith('tas, product "long": nothing can be made; '), said)

    def test_a_baseline_that_lacks_years_is_a_warning_and_in_the_file(self):
        case = self.make([{"name": "change", "baseline": 2001, "change": "difference"}], min_years=2)
        result = case.run()
        self.exits(result, 0)
        self.assertEqual(result.variable("tas")["problems"][0],
                         'warning: tas: changes against 2001 of "change": the window of this baseline has 2 '
                         'of 3 years (normals.min_years is 2)')
        with netCDF4.Dataset(next(iter(case.normals().values()))) as nc:
            self.assertEqual((nc.baseline_years, nc.number_of_baseline_years), ("1999-2001", 2))

    def test_a_file_says_by_which_rules_it_was_made(self):
        case = self.make([{"name": "p90", "over": "p90", "pool": 5, "min_values": 7},
                          {"name": "sd", "time": "year", "over": "std"}], quantiles="median_unbiased")
        self.exits(case.run(), 0)
        said = {}
        for path in case.normals().values():
            with netCDF4.Dataset(path) as nc:
                said[nc.product] = nc.__dict__
        rules = ("min_days", "min_values", "pool", "quantiles")
        self.assertEqual([said["p90"].get(r) for r in rules], [None, 7, 5, "median_unbiased"])
        self.assertEqual([said["sd"].get(r) for r in rules], [0.9, 1, None, None])
        self.assertIn("the days around it", said["p90"]["comment"])
        self.assertEqual(said["sd"]["processing_level"],
                         "climatological standard deviation of yearly values of daily data")

    def test_a_threshold_that_does_not_fit_counts_as_failed(self):
        case = self.make([{"name": "wet", "time": "year", "within": "count_gt",
                           "threshold": "1 mm d-1"}, {"name": "normal"}])
        result = case.run()
        self.exits(result, 2)
        self.assertEqual(result.variable("tas")["normals_failed"], 8)
        self.assertEqual(result.variable("tas")["normals_written"], 8)
        case.config["products"].pop()
        self.assertNotIn("\nperiod", case.run(command="plan").out)

    def test_a_short_window_names_the_product_that_has_it_once(self):
        case = self.make([{"name": "long", "window": 6, "min_years": 6},
                          {"name": "months", "time": "month", "window": 6, "min_years": 6}])
        result = case.run()
        self.exits(result, 2)
        said = [text for text in result.variable("tas")["problems"] if "min_years" in text]
        self.assertEqual(said, ["tas 2002-2004: not made, their windows have 3 to 5 of 6 years "
                                "(min_years of product long is 6); missing: 1997-1999"])

    def test_a_deviation_of_one_value_is_refused(self):
        case = self.make([{"name": "sd", "over": "std", "window": 1}])
        result = case.run()
        self.exits(result, 1)
        self.assertIn("std needs two", result.err)


class TooLarge(TestCase):
    """Values that float32 cannot hold are missing, and told with a count and an example."""

    def tree(self, case, values):
        """values: {(year, slot, row, column): value}; all others are 1."""
        for year in range(2000, 2005):
            raw = np.ones((360, 6, 8), "f4")
            for (y, *place), value in values.items():
                raw[tuple(place)] = value if y == year else raw[tuple(place)]
            trees.write(os.path.join(case.data, trees.name("xx", year)), "xx",
                        trees.dates_of_year("360_day", year), raw, calendar="360_day", units="m",
                        lat=np.linspace(-80, 80, 6), lon=np.arange(8) * 4.0, chunks=(360, 1, 8))

    def case(self, products, values, **sections):
        case = Case(variables=None, regions=["GLOBAL"], products=products, **sections).periods(2002, 2004)
        case.config["output"]["pattern"] = "{variable}_{period}_{year}_{product}.nc"
        self.addCleanup(case.close)
        self.tree(case, values)
        return case

    def said(self, case, *options):
        result = case.run("--set", "output.existing=overwrite", *options)
        self.exits(result, 0)
        return [p for p in result.variable("xx")["problems"] if "too large" in p]

    def results(self, case, product):
        found = {}
        for path in case.normals():
            if path.endswith(f"_{product}.nc"):
                with netCDF4.Dataset(os.path.join(case.out, path)) as nc:
                    name = next(n for n in (product, "xx") if n in nc.variables)
                    found[int(nc.target_year)] = (np.ma.filled(nc[name][:], np.nan), nc[f"{name}_count"][:])
        return found

    def test_sums_of_a_source_year(self):
        """Two products share them, and years that need them: each value is told once."""
        big = {(2002, day, 1, 3): 3e38 for day in (31, 32)} | {(2003, 100, 2, k): -3e38 for k in (1, 2)} | {
            (2003, 101, 2, k): -3e38 for k in (1, 2)}
        case = self.case([{"name": "total", "time": "month", "within": "sum"},
                          {"name": "most", "time": "month", "within": "sum", "over": "max"}], big,
                         output={"root": "output", "counts": True})
        expected = ['warning: xx, products "total", "most": 3 values of source years are too large for '
                    "float32 (3.4e38) and are not used, such as that of February of source year 2002 at "
                    "lat -48, lon 12 in region GLOBAL"]
        for options in ((), ("-t", "1"), ("-s", "engine.memory=1MB"), ("-s", "engine.batch_years=1")):
            self.assertEqual(self.said(case, *options), expected)
        values, counts = self.results(case, "most")[2004]
        self.assertEqual((values[1, 1, 3], counts[1, 1, 3]), (30, 2))
        self.assertEqual((values[3, 2, 1], counts[3, 2, 1], counts[3, 2, 3]), (30, 2, 3))

    def test_results(self):
        """A deviation, a change, and values in another unit; each alone."""
        big = {(2002, 10, 1, 3): 3e38, (2001, 10, 1, 3): -3e38, (2000, 10, 1, 3): -3e38,
               (2003, 20, 4, 5): 2e37, (2003, 20, 4, 6): -2e37}
        case = self.case([{"name": "sd", "over": "std"},
                          {"name": "change", "baseline": 2002, "change": "difference", "over": "max"},
                          {"name": "small", "over": "max", "units": "cm", "variables": ["xx"]}], big,
                         output={"root": "output", "counts": True})
        place = "of day slot 11 of target year 2002 at lat -48, lon 12 in region GLOBAL"
        expected = [
            f'warning: xx, product "sd": 1 result is too large for float32 (3.4e38) in m and is missing, '
            f"such as that {place}",
            'warning: xx, product "small": 5 results are too large for float32 (3.4e38) in cm and are '
            f"missing, such as that {place}"]
        for options in ((), ("-t", "1"), ("-s", "engine.memory=1MB"), ("-s", "output.compression=0")):
            self.assertEqual(self.said(case, *options), expected)
        values, counts = self.results(case, "sd")[2002]
        self.assertTrue(np.isnan(values[10, 1, 3]))
        self.assertEqual(counts[10, 1, 3], 3)
        for year, (values, _) in self.results(case, "small").items():
            self.assertEqual(int(np.isnan(values).sum()), {2002: 1, 2003: 2, 2004: 2}[year])

    def test_a_change(self):
        case = self.case([{"name": "change", "baseline": 2002, "change": "difference", "over": "max"}],
                         {(2001, 3, 0, 0): -3e38, (2000, 3, 0, 0): -3e38, (2002, 3, 0, 0): -3e38,
                          (2003, 3, 0, 0): 3e38})
        self.assertEqual(self.said(case), [
            "warning: xx: 2 results are too large for float32 (3.4e38) in m and are missing, such as that "
            "of day slot 4 of target year 2003 at lat -80, lon 0 in region GLOBAL"])


class Totals(TestCase):
    """Sums of precipitation that is a total of each day, or a rate in other units than CMIP's."""

    def made(self, source, cell_methods, standard_name, **output):
        """The sum over January, its unit, standard name and cell_methods."""
        with Case(variables=None, regions=["GLOBAL"], products=[
                {"name": "total", "time": "month", "within": "sum"}], output={"root": "output", **output}
                  ).periods(2002, 2002) as case:
            for year in range(2000, 2003):
                trees.year_file(case.data, "pr", year, calendar="360_day", convert=lambda v: v * 0 + 2,
                                attributes={"units": source, "cell_methods": cell_methods,
                                            "standard_name": standard_name})
            result = case.run()
            self.exits(result, 0)
            with netCDF4.Dataset(next(iter(case.normals().values()))) as nc:
                made = nc["total" if "total" in nc.variables else "pr"]
                self.assertEqual(float(made[0, 0, 0]), 60 if "units" not in output else 6)
                return made.units, made.__dict__.get("standard_name"), made.cell_methods

    def test_units_of_sums(self):
        over = " within days time: sum over days time: mean over years"
        rows = [("mm", "time: sum (interval: 24 hours)", "precipitation_amount", {},
                 "mm", "lwe_thickness_of_precipitation_amount", "time: sum" + over),
                ("kg m-2", "area: mean time: sum", "precipitation_amount", {},
                 "kg m-2", "precipitation_amount", None),
                ("mm", "time: sum", "precipitation_amount", {"units": {"pr": "cm"}},
                 "cm", "lwe_thickness_of_precipitation_amount", None),
                ("mm", "time: mean", "lwe_thickness_of_surface_snow_amount", {}, "mm d", None, None),
                ("mm", "time: sum time: mean", "precipitation_amount", {}, "mm d", None, None),
                ("mm/day", "time: sum", "lwe_precipitation_rate", {},
                 "mm", "lwe_thickness_of_precipitation_amount", None),
                ("mm d-1", "time: mean", "lwe_precipitation_rate", {"units": {"pr": "cm"}},
                 "cm", "lwe_thickness_of_precipitation_amount", None)]
        for units, cell_methods, standard_name, output, *expected in rows:
            with self.subTest(source=units, cell_methods=cell_methods, output=output):
                made = self.made(units, cell_methods, standard_name, **output)
                self.assertEqual(list(made[:2]), expected[:2])
                self.assertIn(expected[2] or "", made[2])


if __name__ == "__main__":
    main()
