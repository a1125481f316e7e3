"""Products: every statistic, pool, window and rule of them against exact sums and numpy, in both quantile
methods and two calendars; the same bits however they are made; what is kept and made again; what a config
may not say; what the files say of themselves. The configs of docs/products.md run as they stand there.
"""
import math
import os
import re

import netCDF4
import numpy as np

import oracle
import trees
from build import ROOT
from climnorm_case import PATTERN, Case, TestCase, kernels_here, main, text_of

GUIDE = os.path.join(ROOT, "docs", "products.md")
LAT, LON = np.array([-40.0, 0, 40]), np.array([60.0, 180, 300])
FIRST, LAST, GAP = 2000, 2010, 2003
TARGETS = (2008, 2010)
WINDOW, MIN_YEARS = 8, 6
SLOTS = {"standard": 366, "noleap": 365}
PRODUCTS = (
    {"name": "normal"},
    {"name": "smooth", "pool": 5},
    {"name": "sd", "over": "std"},
    {"name": "sd3", "over": "std", "pool": 3},
    {"name": "low", "over": "min"},
    {"name": "high", "over": "max", "pool": 3},
    {"name": "median", "over": "median"},
    {"name": "p90", "over": "p90", "pool": 5},
    {"name": "p2", "over": "p2.5", "pool": 5, "min_values": 30},
    {"name": "few", "min_values": 7},
    {"name": "few_p50", "over": "p50", "min_values": 7},
    {"name": "short", "over": "max", "window": 4, "min_years": 2},
    {"name": "whole", "over": "std", "window": 6, "min_years": 6},
    {"name": "rain", "over": "p99", "variables": ["pr"]},
)


def values_of(variable, year, days):
    """Temperatures or rain. Missing: cell 0 always, cell 1 but one year, single values, slot 100."""
    shape = (days, len(LAT), len(LON))
    values = trees.values_like("temp" if variable == "tas" else "pr", f"{variable}{year}", days, shape[1:])
    absent = np.random.default_rng(year).random(shape) < 0.08
    absent.reshape(days, -1)[:, 0] = True
    absent.reshape(days, -1)[:, 1] = year != 2007
    absent[99] = True
    values.reshape(days, -1)[:, 2] = 5.0  # equal values
    return np.where(absent, np.float32(1e20), values)


def make_case(calendar, **normals):
    case = Case(variables=["tas", "pr"], products=PRODUCTS, output={"counts": True},
                normals={"window": WINDOW, "min_years": MIN_YEARS, "targets": list(TARGETS), **normals})
    case.periods(FIRST, LAST)
    for variable in case.config["variables"]:
        for year in set(range(FIRST, LAST + 1)) - {GAP}:
            days = SLOTS["noleap"] + oracle.is_leap(calendar, year)
            trees.year_file(case.data, variable, year, calendar=calendar, lat=LAT, lon=LON,
                            raw=values_of(variable, year, days))
    return case


def path_of(case, variable, year, product):
    window = product.get("window", WINDOW)
    return os.path.join(case.out, PATTERN.replace("normal", product["name"]).format(
        region="GLOBAL", variable=variable, period="p", year=year, window=window))


def read(path, variable):
    with netCDF4.Dataset(path) as nc:
        nc.set_auto_maskandscale(False)
        values = nc[variable][:]
        return np.where(values == np.float32(1e20), np.nan, values), nc[variable + "_count"][:]


def is_made(product, year):
    window = product.get("window", WINDOW)
    return window - (year - window < GAP <= year) >= product.get("min_years", MIN_YEARS)


def sample_of(variable, year, product, calendar):
    """[values of a sample][slots][cells], NaN where missing: a year without 29 February lacks slot 366."""
    window, half = product.get("window", WINDOW), product.get("pool", 1) // 2
    years = np.full((window, SLOTS[calendar], len(LAT) * len(LON)), np.nan)
    for k, y in enumerate(range(year - window + 1, year + 1)):
        days = SLOTS["noleap"] + oracle.is_leap(calendar, y)
        if y != GAP:
            years[k, :days] = values_of(variable, y, days).reshape(days, -1)
    years[years == np.float32(1e20)] = np.nan
    return np.concatenate([np.roll(years, shift, axis=1) for shift in range(-half, half + 1)])


def deviation(values):
    mean = math.fsum(values) / len(values)
    squares = math.fsum((v - mean) ** 2 for v in values)
    return math.sqrt(squares / (len(values) - 1)) if len(values) > 1 else np.nan


def statistic(product, sample, method):
    """The exact statistic of each sample, and how many values it has."""
    over = product.get("over", "mean")
    flat = np.sort(sample.reshape(len(sample), -1), axis=0)  # NaN comes last
    counts = np.isfinite(flat).sum(0)
    exact = np.full(counts.shape, np.nan)
    if over in ("mean", "std"):
        one = deviation if over == "std" else lambda values: math.fsum(values) / len(values)
        for k in np.flatnonzero(counts):
            exact[k] = one(flat[:counts[k], k])
    else:
        share = {"min": 0, "max": 1, "median": 0.5}.get(over) if over[0] != "p" else float(over[1:]) / 100
        for n in set(counts) - {0}:
            exact[counts == n] = np.quantile(flat[:n, counts == n], share, axis=0,
                                             method="linear" if over in ("min", "max") else method)
    exact[counts < product.get("min_values", 1)] = np.nan
    return exact.reshape(sample.shape[1:]), counts.reshape(sample.shape[1:])


def bits_of(case, stacked=False):
    """Values and counts of every product, variable and target year."""
    found = {}
    for product in PRODUCTS:
        for variable in product.get("variables", case.config["variables"]):
            for year in TARGETS:
                path = path_of(case, variable, year, product)
                path = path.replace(f"_{year}", "") if stacked else path
                if is_made(product, year):
                    values, counts = read(path, variable)
                    if stacked:
                        with netCDF4.Dataset(path) as nc:
                            at = nc["target_year"][:].tolist().index(year)
                        values, counts = values[at], counts[at]
                    found[product["name"], variable, year] = values.tobytes() + counts.astype("i4").tobytes()
    return found


class Statistics(TestCase):
    def judge(self, case, calendar, method):
        compared = 0
        for product in PRODUCTS:
            for variable in case.config["variables"]:
                for year in TARGETS:
                    path = path_of(case, variable, year, product)
                    wanted = variable in product.get("variables", [variable]) and is_made(product, year)
                    with self.subTest(product=product["name"], variable=variable, year=year, method=method):
                        self.assertEqual(os.path.exists(path), wanted)
                        if wanted:
                            compared += 1
                            self.judge_file(path, variable, product, method,
                                            sample_of(variable, year, product, calendar))
        self.assertEqual(compared, 12 * 4 + 2 + 2)  # "whole" of one target year, "rain" of one variable

    def judge_file(self, path, variable, product, method, sample):
        values, counts = read(path, variable)
        exact, expected_counts = statistic(product, sample, method)
        values = values.reshape(exact.shape)
        np.testing.assert_array_equal(counts.reshape(exact.shape), expected_counts)
        if product.get("over") in ("min", "max"):
            np.testing.assert_array_equal(values, exact)
        distance = oracle.ulp_distance(values, exact)
        self.assertLessEqual(np.nanmax(distance), (0.5 if product.get("over") == "std" else 1) * (1 + 1e-6))
        self.assertTrue(np.isfinite(values).any() and np.isnan(values).any())

    def test_every_statistic_is_that_of_exact_arithmetic(self):
        for calendar, method in (("standard", "median_unbiased"), ("noleap", "linear")):
            with make_case(calendar, quantiles=method) as case:
                self.exits(case.run(), 2)  # the windows of "whole" that lack a year
                self.judge(case, calendar, method)


class Making(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.case = make_case("standard", quantiles="median_unbiased")
        cls.addClassCleanup(cls.case.close)
        cls.result = cls.case.run()
        cls.bits = bits_of(cls.case)

    def test_bits_do_not_depend_on_how_they_are_made(self):
        """The least memory is that of the error for less."""
        least = self.case.run("--set", "engine.memory=1B", "--set", "output.existing=overwrite")
        self.exits(least, 1)
        memory = least.err.split("(")[-1].split(" bytes")[0]
        self.assertEqual(self.result.variable("tas")["passes"], 1)
        ways = [({"engine.threads": 1}, {}), ({"engine.threads": 3}, {}), ({"engine.batch_years": 1}, {}),
                ({"engine.memory": memory + "B"}, {}),
                *(({}, {"CLIMNORM_ISA": isa}) for isa in kernels_here())]
        for settings, env in ways:
            with self.subTest(settings=settings, env=env):
                options = [o for k, v in settings.items() for o in ("--set", f"{k}={v}")]
                result = self.case.run(*options, "--set", "output.existing=overwrite", env=env)
                self.exits(result, 2)
                if "engine.memory" in settings:
                    self.assertGreater(result.variable("tas")["passes"], 1)
                if env:
                    self.assertEqual(result.summary["isa"], env["CLIMNORM_ISA"])
                self.assertEqual(bits_of(self.case), self.bits)

    def test_stacked_files_have_the_same_bits(self):
        self.exits(self.case.run("--set", "output.layout=stacked"), 2)
        self.assertEqual(bits_of(self.case, stacked=True), self.bits)

    def test_each_product_is_what_it_is_alone(self):
        """Also with other products beside it that need other years."""
        with make_case("standard", quantiles="median_unbiased") as case:
            for product in PRODUCTS[7:9]:
                case.config["products"] = [product]
                self.exits(case.run(), 0)
                for year in TARGETS:
                    values, counts = read(path_of(case, "tas", year, product), "tas")
                    self.assertEqual(values.tobytes() + counts.astype("i4").tobytes(),
                                     self.bits[product["name"], "tas", year])

    def test_counts_of_samples_beyond_int16_are_int32(self):
        """A window of 600 years of which 10 have files: the same values as a window of 11 has."""
        narrow = {"name": "narrow", "window": 11, "pool": 61}
        wide = {"name": "wide", "window": 600, "min_years": 6, "pool": 61}
        with make_case("standard") as case:
            case.config.update(variables=["tas"], products=[wide, narrow])
            case.config["normals"]["targets"] = [LAST]
            least = case.run("--set", "engine.memory=1B").err.split("(")[-1].split(" bytes")[0]
            for options in ((), ("--set", "output.compression=0"), ("--set", f"engine.memory={least}B")):
                with self.subTest(options=options):
                    result = case.run("--set", "output.existing=overwrite", *options)
                    self.exits(result, 0)
                    self.assertEqual(result.variable("tas")["passes"] > 1, "memory" in str(options))
                    values, counts = read(path_of(case, "tas", LAST, wide), "tas")
                    same, expected = read(path_of(case, "tas", LAST, narrow), "tas")
                    self.assertEqual((counts.dtype, expected.dtype), ("i4", "i2"))
                    np.testing.assert_array_equal(counts, expected)
                    np.testing.assert_array_equal(values, same)
                    self.assertGreater(counts.max(), 500)

    def test_every_file_is_read_once(self):
        for variable in self.result.summary["variables"]:
            self.assertEqual(variable["chunks_read"], variable["chunks_decoded"])
            self.assertEqual(variable["files_read"], LAST - FIRST - 1)  # a gap, and a year of no window
            self.assertEqual(variable["normals_unmade"], 1)


def content_of(path):
    with open(path, "rb") as file:
        return file.read()


class Again(TestCase):
    def counts(self, result):
        tas = result.variable("tas")
        return tas["normals_written"], tas["normals_skipped"]

    def test_a_product_that_changed_is_made_again_alone(self):
        with make_case("noleap") as case:
            case.config["variables"] = ["tas"]
            case.config["products"] = products = [dict(p) for p in PRODUCTS[:5]]

            def made():
                return self.counts(case.run())

            self.assertEqual(made(), (10, 0))
            self.exits(case.run(), 0)
            self.assertEqual(made(), (0, 10))
            for change in ({"over": "max"}, {"over": "p90"}, {"over": "p91"}, {"pool": 3}, {"min_values": 2}):
                with self.subTest(change=change):
                    products[4].update(change)
                    self.assertEqual(made(), (2, 8))
                    self.assertEqual(made(), (0, 10))
            case.config["normals"]["quantiles"] = "median_unbiased"  # that of the one percentile
            self.assertEqual(made(), (2, 8))
            products[0]["name"] = "mean"
            self.assertEqual(made(), (2, 8))

    def test_percentiles_do_not_depend_on_those_that_are_there_already(self):
        """Percentiles of one sample are sorted once; here all but one are kept."""
        env = {"SOURCE_DATE_EPOCH": "1600000000"}
        with make_case("noleap") as case:
            case.config["variables"] = ["tas"]
            case.config["products"] = [{"name": name, "over": name, "pool": 3}
                                       for name in ("p10", "p50", "p90")]
            self.exits(case.run(env=env), 0)
            files = {path: content_of(path) for path in case.normals().values()}
            for name in ("p10", "p50", "p90"):
                with self.subTest(made_again=name):
                    for path in files:
                        if path.endswith(f"_{name}.nc"):
                            os.remove(path)
                    self.assertEqual(self.counts(case.run(env=env)), (2, 4))
                    self.assertEqual({path: content_of(path) for path in files}, files)


class Configs(TestCase):
    """Errors of products, each with its line."""

    def said(self, *products, command="plan"):
        with Case(output={"counts": True}) as case:
            head = {k: v for k, v in case.config.items() if k != "products"}
            text = "".join(f"{k} = {text_of(v)};\n" for k, v in head.items()) + "products = (\n"
            self.line = text.count("\n") + len(products)  # the last one's
            text += ",\n".join(p if isinstance(p, str) else text_of(p) for p in products) + "\n);\n"
            result = case.run(text=text, command=command)
        self.exits(result, 1)
        return result.err

    def test_what_is_wrong_is_said_with_its_line(self):
        normal = {"name": "normal"}
        for wrong, key, *words in (
                ({"name": "p", "pool": 4}, "products.pool", "even", "3 or 5"),
                ({"name": "p", "pool": 63}, "products.pool", "61"),
                ({"name": "normal", "over": "std"}, "products.name", "already defined"),
                ({"name": "p", "window": 5, "min_years": 6}, "products.min_years", "window of 5"),
                ({"name": "p", "min_years": 4}, "products.min_years", "window of 3"),
                ({"name": "p", "min_values": 4}, "products.min_values", "at most 3"),
                ({"name": "p", "pool": 3, "min_values": 10}, "products.min_values", "at most 9"),
                ({"name": "p", "over": "average"}, "products.over", '"median"', "p90"),
                ({"name": "p", "statistic": "mean"}, "products.statistic", "is not a key"),
                ({"name": "p", "ower": "mean"}, "products.ower", 'did you mean'),
                ({"over": "std"}, "products.name", "is missing"),
                ({"name": "a b"}, "products.name", "letters"),
                ({"name": "p", "variables": []}, "products.variables", "at least one"),
                *(({"name": "p", "over": over}, "products.over", "percentile")
                  for over in ("p0", "p100", "p2.12345", "p", "p-1", "p5.", "p.5", "P90", "p1e1"))):
            with self.subTest(product=wrong):
                said = self.said(normal, wrong)
                self.assertIn(f"climnorm.cfg:{self.line}:", said)
                for word in (key, *words):
                    self.assertIn(word, said)

    def test_products_need_paths_of_their_own(self):
        with make_case("noleap") as case:
            case.config["output"]["pattern"] = "{region}/{variable}_{period}_{year}_{window}.nc"
            result = case.run()
            self.exits(result, 1)
            self.assertIn("{product}", result.err)
            case.config["products"] = [{"name": "a"}, {"name": "b", "window": 7}]  # {window} tells them apart
            self.exits(case.run(), 0)


class Words(TestCase):
    def test_files_say_which_statistic_they_hold(self):
        says = {"normal": "time: mean over years", "sd": "time: standard_deviation over years",
                "low": "time: minimum over years", "high": "time: maximum over years",
                "median": "time: median over years", "p90": "(90th percentile over years)",
                "p2": "(2.5th percentile over years)"}
        for axis in ("dayofyear", "time"):
            with make_case("noleap") as case:
                case.config["output"]["axis"] = axis
                case.config["variables"] = ["tas"]
                self.exits(case.run(), 2)
                for product in PRODUCTS:
                    if product["name"] in says:
                        with netCDF4.Dataset(path_of(case, "tas", 2010, product)) as nc:
                            self.assertEqual(nc.product, product["name"])
                            self.assertIn("time: mean within days", nc["tas"].cell_methods)
                            self.assertIn(says[product["name"]], nc["tas"].cell_methods)
                            self.assertEqual(nc.source_years, "2003-2010")


def recipes():
    """Name -> products, and what normals they need, as docs/products.md has them."""
    with open(GUIDE, encoding="utf-8") as file:
        return dict(re.findall(r"<!-- config: (\S+) -->\n```libconfig\n(.*?)```\n", file.read(), re.S))


class Recipes(TestCase):
    NAMES = {"wmo": ["normal"], "spread": ["normal", "sd"], "heat": ["p90"], "smooth": ["smooth"],
             "records": ["low", "high"], "hot": ["hot_days", "hot_days_p90"],
             "frost": ["frost_days", "frost_days_month"], "degree-days": ["growing", "heating"],
             "rx1day": ["rx1day", "rx1day_month", "rx1day_record"], "wet": ["wet_days", "total"],
             "monthly": ["monthly", "monthly_sd"], "seasonal": ["total", "dry", "wet"],
             "change": ["warming", "rain_ratio"]}

    def test_each_makes_what_it_says(self):
        self.assertEqual(set(recipes()), set(self.NAMES))
        with Case() as case:
            for variable, first in (("tasmax", 1991), ("tasmin", 1991), ("tas", 1961), ("pr", 1961)):
                kind, units = ("pr", "kg m-2 s-1") if variable == "pr" else ("temp", "K")
                for year in range(first, 2021):
                    trees.year_file(case.data, variable, year, kind, lat=LAT[:1], lon=LON[:2], units=units,
                                    chunks=None)
            for name, text in recipes().items():
                with self.subTest(recipe=name):
                    root = f"output-{name}"
                    result = case.run(text=f'input: {{ root = "data"; }};\nscenarios = [];\n'
                                           f'regions = ["GLOBAL"];\noutput: {{ root = "{root}"; }};\n' + text)
                    self.exits(result, 0)
                    case.out = os.path.join(case.dir, root)
                    self.assertEqual({re.search(r"30yr_(\w+)\.nc", path)[1] for path in case.normals()},
                                     set(self.NAMES[name]))
                    for path in case.normals().values():
                        with netCDF4.Dataset(path) as nc:
                            values = [v for v in nc.variables.values() if v.dimensions[-2:] == ("lat", "lon")]
                            self.assertTrue(np.ma.count(values[0][:]) == values[0].size, path)


if __name__ == "__main__":
    main()
