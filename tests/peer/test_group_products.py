"""Products of days, months, seasons and years: every value of a group and every statistic over the years
against exact fractions, in every calendar and leap-day rule, with days missing and years absent; the same
bits however they are made. Units, thresholds and changes; several regions and scenarios.
"""
import os

import netCDF4
import numpy as np

import group_oracle
import oracle
import trees
from climnorm_case import Case, TestCase, kernels_here, main

LAT, LON = np.array([-40.0, 40]), np.array([60.0, 180, 300])
FIRST, LAST, GAP = 2000, 2010, 2004
WINDOW, MIN_YEARS = 7, 5
TARGETS = (2006, 2010)  # the first window begins with the first year, which has no December before
PATTERN = "{region}/{variable}_{region}_{year}_{product}.nc"


def product(name, time, within="mean", over="mean", **more):
    return {"name": name, "time": time, "within": within, "over": over, **more}


# Temperatures of exactly these are among the values.
HOT, COOL = ({"threshold": "10.35 degC", "source_threshold": 283.5},
             {"threshold": "32.63 degF", "source_threshold": 273.5})
WET = {"threshold": "1 mm d-1", "source_threshold": 1 / 86400, "variables": ["pr"]}
TAS = {"variables": ["tas"]}
PRODUCTS = (
    product("monthly", "month"),
    product("month_sum", "month", "sum"),
    product("month_low", "month", "min", "min"),
    product("month_sd", "month", over="std"),
    product("month_p90", "month", "max", "p90"),
    product("seasonal", "season"),
    product("season_sum", "season", "sum", "median"),
    product("season_high", "season", "max", "max"),
    product("season_few", "season", min_values=6),
    product("yearly", "year"),
    product("year_sd", "year", "max", "std"),
    product("year_sum", "year", "sum", window=4, min_years=2),
    product("hot_days", "year", "count_gt", **HOT, **TAS),
    product("hot_p75", "month", "count_ge", "p75", **HOT, **TAS),
    product("cool_days", "season", "count_lt", "max", **COOL, **TAS),
    product("cool_sd", "month", "count_le", "std", **COOL, **TAS),
    product("warmth", "year", "excess", **COOL, **TAS),
    product("heating", "month", "deficit", "median", **HOT, **TAS),
    product("wet_days", "season", "count_ge", **WET),
    product("rain_above", "month", "excess", "p90", **WET),
    product("share_hot", "day", "count_gt", **HOT, **TAS),
    product("daily_excess", "day", "excess", "p90", pool=3, **HOT, **TAS),
)


def values_of(variable, year, days):
    """Cell 0 has no value, cell 1 few, cell 2 none in the February of 2003, others some less; cell 3 holds
    the threshold itself on many days; cell 4 is whole."""
    shape = (days, len(LAT), len(LON))
    values = trees.values_like("temp" if variable == "tas" else "pr", f"{variable}{year}", days, shape[1:])
    flat = values.reshape(days, -1)
    rng = np.random.default_rng(year)
    absent = rng.random(flat.shape) < 0.07
    absent[:, 0] = True
    absent[:, 1] |= rng.random(days) < 0.8
    absent[31:59, 2] |= year == 2003
    absent[:, 4] = False
    for k, border in enumerate((283.5, 273.5) if variable == "tas" else (1 / 86400,)):
        border = np.float32(border)
        flat[k::5, 3] = border
        flat[k + 2::7, 3] = np.nextafter(border, np.float32(0))
    values[absent.reshape(shape)] = 1e20
    return values


def written(products):
    """As a config has them."""
    return [{k: v for k, v in p.items() if k != "source_threshold"} for p in products]


def make_case(calendar, rule, products=PRODUCTS, **output):
    case = Case(variables=["tas", "pr"], output={"counts": True, "pattern": PATTERN, **output},
                products=written(products))
    case.config["normals"] = {"window": WINDOW, "min_years": MIN_YEARS, "leap_day": rule,
                              "targets": list(TARGETS)}
    case.periods(FIRST, LAST)
    for variable, units in (("tas", "K"), ("pr", "kg m-2 s-1")):
        for year in set(range(FIRST, LAST + 1)) - {GAP}:
            trees.year_file(case.data, variable, year, calendar=calendar, lat=LAT, lon=LON, units=units,
                            raw=values_of(variable, year, oracle.year_length(calendar, year)))
    return case


def path_of(case, variable, year, name, region="GLOBAL"):
    return os.path.join(case.out, PATTERN.format(region=region, variable=variable, year=year, product=name))


def read(path):
    """(values as [group][cell] with NaN, counts, attributes) of the one variable of a file."""
    with netCDF4.Dataset(path) as nc:
        nc.set_auto_maskandscale(False)
        (name,) = [n for n, v in nc.variables.items() if v.dimensions[-2:] == ("lat", "lon")
                   and not n.endswith("_count")]
        values, counts = nc[name][:], nc[name + "_count"][:]
        said = {"name": name, "dimensions": nc[name].dimensions, **nc[name].__dict__}
    values = np.where(values == np.float32(1e20), np.nan, values)
    return values.reshape(len(values), -1), counts.reshape(len(counts), -1), said


class Judge(TestCase):
    def judge(self, case, timelines, rule, method="linear", region="GLOBAL", columns=slice(None),
              targets=TARGETS, products=PRODUCTS):
        compared, known = 0, {variable: {} for variable in timelines}
        for each in products:
            for variable in timelines.keys() & set(each.get("variables", timelines)):
                for year in targets:
                    with self.subTest(product=each["name"], variable=variable, year=year):
                        exact, counts = group_oracle.product_of(
                            timelines[variable], rule, each, year, window=each.get("window", WINDOW),
                            method=method, known=known[variable])
                        values, made, said = read(path_of(case, variable, year, each["name"], region))
                        axis = "dayofyear" if each["time"] == "day" else "time"
                        self.assertEqual(said["dimensions"][0], axis)
                        np.testing.assert_array_equal(made, counts[:, columns])
                        distance = oracle.ulp_distance(values, exact[:, columns])
                        self.assertLessEqual(np.nanmax(distance), 1 + 1e-6)
                        self.assertTrue(np.isfinite(values).any())
                        compared += 1
        return compared


class Groups(Judge):
    def check(self, calendar, rule, method="linear", products=PRODUCTS):
        with make_case(calendar, rule, products) as case:
            case.config["normals"]["quantiles"] = method
            self.exits(case.run(), 0)
            tree = oracle.Tree(case.data)
            timelines = {v: tree.timeline(v) for v in ("tas", "pr")}
            wanted = sum(len(p.get("variables", timelines)) for p in products)
            self.assertEqual(self.judge(case, timelines, rule, method, products=products), 2 * wanted)

    def test_leap_years(self):
        self.check("standard", "dayofyear", "median_unbiased")

    def test_months_and_days(self):
        self.check("standard", "month_day", products=PRODUCTS[::2])

    def test_without_29_february(self):
        self.check("standard", "drop", products=PRODUCTS[1::2])

    def test_years_of_365_days(self):
        self.check("noleap", "dayofyear", products=PRODUCTS[::2])

    def test_years_of_360_days(self):
        self.check("360_day", "dayofyear", "median_unbiased", PRODUCTS[1::2])


def contents(case):
    found = {}
    for name, path in case.normals().items():
        with open(path, "rb") as file:
            found[name] = file.read()
    return found


class Making(TestCase):
    ENV = {"SOURCE_DATE_EPOCH": "1700000000"}

    def test_files_do_not_depend_on_how_they_are_made(self):
        """The least memory is that of the error for less: rows are cut."""
        with make_case("standard", "dayofyear") as case:
            self.exits(case.run(env=self.ENV), 0)
            wanted = contents(case)
            self.assertEqual(len(wanted), 4 * 12 + 2 * 10)
            least = case.run("--set", "engine.memory=1B", "--set", "output.existing=overwrite")
            self.exits(least, 1)
            memory = least.err.split("(")[-1].split(" bytes")[0] + "B"
            ways = [({"engine.threads": 1}, {}), ({"engine.threads": 3, "engine.batch_years": 1}, {}),
                    ({"engine.memory": memory}, {}),
                    *(({"engine.memory": memory}, {"CLIMNORM_ISA": isa}) for isa in kernels_here())]
            for settings, env in ways:
                with self.subTest(settings=settings, env=env):
                    options = [o for k, v in settings.items() for o in ("--set", f"{k}={v}")]
                    result = case.run(*options, "--set", "output.existing=overwrite", env={**self.ENV, **env})
                    self.exits(result, 0)
                    self.assertEqual(result.variable("tas")["passes"] > 1, "engine.memory" in settings)
                    found = contents(case)
                    self.assertEqual(set(found), set(wanted))
                    self.assertEqual([name for name in found if found[name] != wanted[name]], [])

    def test_every_chunk_is_read_once(self):
        with make_case("noleap", "dayofyear") as case:
            for variable in case.run().summary["variables"]:
                self.assertEqual(variable["chunks_read"], variable["chunks_decoded"])

    def test_stacked_files_hold_the_same(self):
        with make_case("noleap", "dayofyear") as case:
            self.exits(case.run(), 0)
            single = {(p["name"], year): read(path_of(case, "pr", year, p["name"]))
                      for p in PRODUCTS if "variables" not in p for year in TARGETS}
            self.exits(case.run("--set", "output.layout=stacked", "--set",
                                "output.pattern={region}/{variable}_{product}.nc"), 0)
            for (name, year), (values, counts, said) in single.items():
                with self.subTest(product=name, year=year), \
                        netCDF4.Dataset(os.path.join(case.out, f"GLOBAL/pr_{name}.nc")) as nc:
                    nc.set_auto_maskandscale(False)
                    at = nc["target_year"][:].tolist().index(year)
                    stacked = nc[said["name"]][at]
                    stacked = np.where(stacked == np.float32(1e20), np.nan, stacked)
                    np.testing.assert_array_equal(stacked.reshape(values.shape), values)
                    stacked = nc[said["name"] + "_count"][at]
                    np.testing.assert_array_equal(stacked.reshape(values.shape), counts)


class Timelines(Judge):
    """Two scenarios share the historical years; a winter has its December in the historical experiment."""

    def test_scenarios_and_regions(self):
        boxes = [{"name": "EAST", "lon": [0.0, 200.0], "lat": [-90.0, 90.0]},
                 {"name": "WEST", "lon": [200.0, 360.0], "lat": [-90.0, 90.0]}]
        columns = {"EAST": [0, 1, 3, 4], "WEST": [2, 5]}
        targets, products = (2008, 2010), PRODUCTS[::3]
        with Case(scenarios=["ssp126", "ssp585"], variables=["tas"], regions=[], custom_regions=boxes,
                  products=written(products),
                  output={"counts": True, "pattern": "{scenario}/" + PATTERN}) as case:
            case.config["normals"] = {
                "window": WINDOW, "min_years": MIN_YEARS, "targets": list(targets),
                "periods": [{"name": "{scenario}", "first": FIRST, "last": LAST}]}
            for year in range(FIRST, LAST + 1):
                for experiment in ["historical"] if year < 2007 else ["ssp126", "ssp585"]:
                    trees.year_file(case.data, "tas", year, lat=LAT, lon=LON, experiment=experiment,
                                    raw=values_of("tas", year + 100 * (experiment == "ssp585"), 365))
            self.exits(case.run(), 0)
            tree = oracle.Tree(case.data)
            out = case.out
            for scenario in case.config["scenarios"]:
                timelines = {"tas": tree.timeline("tas", scenario)}
                for region, cells in columns.items():
                    case.out = os.path.join(out, scenario)
                    self.judge(case, timelines, "dayofyear", region=region, columns=cells, targets=targets,
                               products=products)


    def test_a_winter_has_what_is_there_of_december(self):
        """Also of a year that is too short to be used: the files name it, the number of years does not."""
        for months in (range(1, 13), (12,), (11,)):
            with self.subTest(months=months), make_case("noleap", "dayofyear", PRODUCTS[5:9]) as case:
                def keep(date, months=months):
                    return date[1] in months and date[1:] not in ((12, 3), (12, 4))
                case.config["variables"] = ["tas"]
                days = sum(map(keep, trees.dates_of_year("noleap", GAP)))
                trees.year_file(case.data, "tas", GAP, lat=LAT, lon=LON, keep=keep,
                                raw=values_of("tas", GAP, 365)[:days])
                result = case.run()
                self.exits(result, 0)
                timelines = {"tas": oracle.Tree(case.data).timeline("tas")}
                self.judge(case, timelines, "dayofyear", products=PRODUCTS[5:9])
                lost = [p for p in result.variable("tas")["problems"] if "tas: DJF" in p]
                winters = f"{FIRST}, {GAP + 1} have" if months == (11,) else f"{FIRST} has"
                self.assertEqual(len(lost), 1, lost)
                lends = "years not used but for December before a winter, with less" in result.said
                self.assertEqual(lends, months == (12,))
                self.assertTrue(lost[0].startswith(f"warning: tas: DJF of {winters} no value, "), lost)
                self.assertIn(lost[0].removeprefix("warning: "), case.run("--json", command="plan").out)
                with netCDF4.Dataset(path_of(case, "tas", 2010, "seasonal")) as nc:
                    is_whole = months == range(1, 13)
                    self.assertEqual(nc.number_of_years, WINDOW - (not is_whole))
                    self.assertEqual(f"_{GAP}.nc" in nc.source_files, months != (11,))
                self.assertEqual(case.run().variable("tas")["normals_written"], 0)

    def test_a_first_year_that_is_december_alone(self):
        """As the files of some models begin: in pieces, in passes of rows, and for a baseline."""
        with Case(variables=["tas"], products=[product("s", "season"), product(
                "c", "season", baseline=2003, change="difference")]) as case:
            case.config["normals"] = {"window": 3, "min_years": 2, "targets": ["2003-2006"]}
            case.config["output"]["pattern"] = "{product}_{year}.nc"
            raw = {y: trees.values_like("temp", f"{y}", 365, (4, 6)) for y in range(2000, 2007)}
            for year in raw:
                first = 334 if year == 2000 else 0
                trees.year_file(case.data, "tas", year, lat=np.linspace(-60, 60, 4), lon=np.arange(6) * 60.0,
                                keep=lambda d, y=year: y > 2000 or d[1] == 12, raw=raw[year][first:])
            winters = {y: np.concatenate([raw[y - 1][334:], raw[y][:59]]).astype("f8").mean(0).astype("f4")
                       for y in range(2001, 2007)}
            for options in ((), ("-t", "1"), ("-s", "engine.memory=200KiB")):
                result = case.run("-s", "output.existing=overwrite", *options)
                self.exits(result, 0)
                self.assertNotIn("DJF", str(result.variable("tas")["problems"]))
                mean = {y: np.mean([winters[k] for k in range(y - 2, y + 1)], 0) for y in range(2003, 2007)}
                for year in mean:
                    with netCDF4.Dataset(os.path.join(case.out, f"s_{year}.nc")) as nc:
                        np.testing.assert_allclose(nc["tas"][0], mean[year], rtol=2e-7)
                        self.assertEqual("_2000.nc" in nc.source_files, year == 2003)
                        self.assertEqual(nc.number_of_years, 3)
                    with netCDF4.Dataset(os.path.join(case.out, f"c_{year}.nc")) as nc:
                        np.testing.assert_allclose(nc["tas"][0], mean[year] - mean[2003], atol=1e-4)
                        self.assertIn("_2000.nc", nc.source_files)


    def test_a_december_is_that_of_its_own_timeline(self):
        """One scenario replaces the historical 2007 and shares 2008 with the other, so their winters of 2008
        differ, whether they are made together or alone. The one with a December of a scenario is no
        historical one."""
        def run(scenarios):
            with Case(input={"overlap": "scenario"}, scenarios=scenarios, variables=["tas"],
                      products=[product("s", "season"), product("y", "year")],
                      output={"pattern": "{product}_{scenario}_{year}.nc"}) as case:
                case.config["normals"] = {
                    "window": 1, "min_years": 1, "targets": ["2008-2010"],
                    "periods": [{"name": "{scenario}", "first": 2000, "last": 2010}]}
                years = {"historical": range(2006, 2009), "ssp126": (2007, 2009, 2010),
                         "ssp585": (2009, 2010)}
                for k, (experiment, each) in enumerate(years.items()):
                    for year in each:
                        trees.year_file(case.data, "tas", year, lat=LAT, lon=LON, experiment=experiment,
                                        raw=trees.values_like("temp", f"{k}{year}", 365, (2, 3)))
                self.exits(case.run(), 0)
                made = {}
                for name, path in case.normals().items():
                    with netCDF4.Dataset(path) as nc:
                        made[name] = np.ma.filled(nc["tas"][:], np.nan)
                return made
        together, alone = run(["ssp126", "ssp585"]), {**run(["ssp126"]), **run(["ssp585"])}
        self.assertEqual(set(together), set(alone))
        self.assertLessEqual({"s_ssp126_2008.nc", "s_historical_2008.nc", "y_historical_2008.nc"}, set(alone))
        for name, values in together.items():
            np.testing.assert_array_equal(values, alone[name], name)
        self.assertTrue((together["s_ssp126_2008.nc"][0] != together["s_historical_2008.nc"][0]).all())


class Results(TestCase):
    """What is done to the statistic: units, and the change against another window."""

    def made(self, variable, products, **output):
        """Name -> (values, attributes) of 2010, and the same of 2006."""
        with make_case("noleap", "dayofyear", products, **output) as case:
            case.config["variables"] = [variable]
            self.exits(case.run(), 0)
            return [{p["name"]: read(path_of(case, variable, year, p["name"]))[::2] for p in products}
                    for year in (2010, 2006)]

    def near(self, got, exact, *sources):
        """Within the rounding of the result and of what it was made of."""
        bound = sum(oracle.ulp32(np.nan_to_num(v)) for v in (exact, *sources))
        np.testing.assert_array_equal(np.isnan(got), np.isnan(exact))
        self.assertTrue((np.abs(got - exact) <= bound)[np.isfinite(exact)].all())
        self.assertTrue(np.isfinite(exact).any())

    def test_units_of_results(self):
        """Scale and zero are those that any table has."""
        tas = [dict(p) for p in written(PRODUCTS) if "pr" not in p.get("variables", ["tas"])]
        rain = [dict(p) for p in written(PRODUCTS) if "tas" not in p.get("variables", ["pr"])]
        degrees = {"monthly": ("degC", 1, -273.15), "month_low": ("degC", 1, -273.15),
                   "month_sd": ("degC", 1, 0), "month_p90": ("degC", 1, -273.15), "month_sum": ("K d", 1, 0),
                   "hot_days": ("1", 1, 0), "cool_sd": ("1", 1, 0), "share_hot": ("1", 1, 0),
                   "warmth": ("degC d", 1, 0), "heating": ("degC d", 1, 0)}
        amounts = {"monthly": ("mm d-1", 86400, 0), "month_sd": ("mm d-1", 86400, 0),
                   "month_sum": ("mm", 86400, 0), "year_sum": ("mm", 86400, 0),
                   "season_high": ("mm d-1", 86400, 0), "wet_days": ("1", 1, 0),
                   "rain_above": ("mm", 86400, 0)}
        for variable, products, unit, wanted in (("tas", tas, "degC", degrees),
                                                 ("pr", rain, "mm d-1", amounts)):
            plain = self.made(variable, products)[0]
            made = self.made(variable, products, units={variable: unit})[0]
            for name, (units, scale, offset) in wanted.items():
                with self.subTest(variable=variable, product=name):
                    self.assertEqual(made[name][1]["units"], units)
                    source = plain[name][0].astype(np.float64)
                    self.near(made[name][0], scale * source + offset, scale * source)

    def test_a_unit_of_one_product(self):
        products = [product("sd", "month", over="std"), product("mean", "month"),
                    product("sum", "year", "excess", threshold="50 degF")]
        plain = self.made("tas", products)[0]
        asked = [{**p, "units": "degF" if p["name"] != "sum" else "degF d"} for p in products]
        made = self.made("tas", asked)[0]
        for name, offset in (("sd", 0), ("mean", -459.67), ("sum", 0)):
            with self.subTest(product=name):
                source = plain[name][0].astype(np.float64)
                self.near(made[name][0], 1.8 * source + offset, 1.8 * source)

    def test_changes(self):
        products = [product("month", "month"), product("sd", "season", over="std"),
                    product("hot", "year", "count_gt", "max", threshold="50 degF"),
                    product("share", "day", "count_gt", threshold="50 degF")]
        now, before = self.made("tas", products)
        ways = {"difference": np.subtract,
                "ratio": lambda a, b: np.where(b == 0, np.nan, a / np.where(b == 0, 1, b))}
        for change, way in ways.items():
            asked = [{**p, "change": change, "baseline": 2006} for p in products]
            with make_case("noleap", "dayofyear", asked, units={"tas": "degC"}) as case:
                case.config["variables"], case.config["normals"]["targets"] = ["tas"], ["2010"]
                self.exits(case.run(), 0)
                for each in products:
                    with self.subTest(change=change, product=each["name"]):
                        values, _, said = read(path_of(case, "tas", 2010, each["name"]))
                        a, b = (part[each["name"]][0].astype(np.float64) for part in (now, before))
                        exact = way(a, b)
                        self.near(values, exact, *((a, b) if change == "difference" else (exact, exact)))
                        is_plain = change == "ratio" or "threshold" in each
                        self.assertEqual(said["units"], "1" if is_plain else "degC")


if __name__ == "__main__":
    main()
