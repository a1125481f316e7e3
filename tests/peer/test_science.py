"""docs/science.md: where definitions meet, CDO and xclim make the same numbers; where they differ, by what
the page says. xclim is large: its part runs with a Python that has it, such as that of `climnorm-bench
peers --install`, and is skipped where there is none.
"""
import os
import subprocess
import sys

import netCDF4
import numpy as np

import build
import oracle
import trees
from climnorm_case import Case, TestCase, main

sys.path.insert(0, os.path.join(build.ROOT, "bench"))
from climnorm_bench import peers  # noqa: E402

LAT, LON = np.array([-40.0, 40]), np.array([60.0, 180, 300])
YEARS = range(2000, 2008)
FIRST, LAST = 2001, 2006  # the window
PATTERN = "{variable}_{product}.nc"
NEAR = 2.0 ** -23  # as near as float32 is, of the value
NEAR_SPREAD = 1e-4  # of a standard deviation: values of groups are rounded to float32 before
PERCENTILES = [{"name": f"p{p}w{w}", "over": f"p{p}", "pool": w, "variables": ["tas"]}
               for w in (1, 5) for p in (10, 50, 90)]


def make_case(products, calendar="noleap", holes=False, **normals):
    case = Case(variables=["tas", "pr"], products=products, output={"pattern": PATTERN},
                normals={"window": LAST - FIRST + 1, "min_years": 1, "targets": [str(LAST)], **normals})
    case.periods(LAST, LAST)
    for variable, kind, units in (("tas", "temp", "K"), ("pr", "pr", "kg m-2 s-1")):
        for year in YEARS:
            raw = trees.values_like(kind, f"{variable}{year}", oracle.year_length(calendar, year), (2, 3))
            if holes:
                raw[np.random.default_rng(year).random(raw.shape) < 0.08] = 1e20
            trees.year_file(case.data, variable, year, calendar=calendar, lat=LAT, lon=LON, units=units,
                            raw=raw, attributes={"standard_name": "air_temperature" if kind == "temp"
                                                 else "precipitation_flux", "cell_methods": "time: mean"})
    return case


def made(case, variable, name):
    with netCDF4.Dataset(os.path.join(case.out, PATTERN.format(variable=variable, product=name))) as nc:
        (found,) = [v for v in nc.variables.values() if v.dimensions[-2:] == ("lat", "lon")]
        return np.ma.filled(found[:].astype(np.float64), np.nan)


class Judged(TestCase):
    def groups_that_differ(self, got, wanted, near=NEAR):
        """Of the first dimension."""
        self.assertEqual(got.shape, wanted.shape)
        same = (np.abs(got - wanted) <= near * np.abs(wanted)) | (np.isnan(got) & np.isnan(wanted))
        return np.flatnonzero(~same.reshape(len(same), -1).all(1)).tolist()


class Cdo(Judged):
    def cdo(self, case, variable, chain, method="linear", first=f"{FIRST}-01-01"):
        """[group][row][column] of a chain; ALL stands for the days of the window."""
        days, out = (os.path.join(case.dir, name) for name in (f"{variable}-{first}.nc", "cdo.nc"))
        files = [os.path.join(case.data, variable, trees.name(variable, year)) for year in YEARS]
        quiet = ["cdo", "-s", "-b", "F64"]
        if not os.path.exists(days):
            subprocess.run([*quiet, f"-seldate,{first},{LAST}-12-31", "-mergetime", *files, days], check=True,
                           capture_output=True)
        subprocess.run([*quiet, "--percentile", method, *chain.replace("ALL", days).split(), out], check=True,
                       capture_output=True)
        with netCDF4.Dataset(out) as nc:
            return np.ma.filled(nc[variable][:].astype(np.float64), np.nan)

    DAYS = (
        ("normal", {}, "ydaymean ALL"),
        ("sd", {"over": "std"}, "ydaystd1 ALL"),
        ("low", {"over": "min"}, "ydaymin ALL"),
        ("high", {"over": "max"}, "ydaymax ALL"),
        ("p30", {"over": "p30"}, "ydaypctl,30 ALL -ydaymin ALL -ydaymax ALL"),
        ("smooth", {"pool": 5}, "ydrunmean,5 ALL"),
        ("sd3", {"over": "std", "pool": 3}, "ydrunstd1,3 ALL"),
        ("high3", {"over": "max", "pool": 3}, "ydrunmax,3 ALL"),
        ("p90", {"over": "p90", "pool": 5}, "ydrunpctl,90,5 ALL -ydrunmin,5 ALL -ydrunmax,5 ALL"),
    )

    def test_days(self):
        """CDO's pools take days as they follow each other; those of climnorm are a circle of day slots."""
        products = [{"name": name, **more} for name, more, _ in self.DAYS]
        ends = {1: [], 3: [0, 364], 5: [0, 1, 363, 364]}
        with make_case(products) as case:
            self.exits(case.run(), 0)
            for name, more, chain in self.DAYS:
                with self.subTest(chain):
                    differ = self.groups_that_differ(made(case, "tas", name), self.cdo(case, "tas", chain))
                    self.assertEqual(differ, ends[more.get("pool", 1)])

    def test_unbiased_percentiles(self):
        with make_case([{"name": "p30", "over": "p30"}], quantiles="median_unbiased") as case:
            self.exits(case.run(), 0)
            theirs = self.cdo(case, "tas", "ydaypctl,30 ALL -ydaymin ALL -ydaymax ALL", method="rtype8")
            self.assertEqual(self.groups_that_differ(made(case, "tas", "p30"), theirs), [])

    def test_days_that_are_missing(self):
        """Of running means, CDO divides by the days that are there and by those that are not."""
        products = [{"name": name, **more} for name, more, _ in self.DAYS]
        with make_case(products, holes=True) as case:
            self.exits(case.run(), 0)
            for name, _, chain in self.DAYS[:4]:
                with self.subTest(chain):
                    self.assertEqual(
                        self.groups_that_differ(made(case, "tas", name), self.cdo(case, "tas", chain)), [])
            ours, theirs = made(case, "tas", "smooth"), self.cdo(case, "tas", "ydrunmean,5 ALL")
            self.assertGreater(len(self.groups_that_differ(ours, theirs)), 300)

    def test_days_with_29_february(self):
        """`month_day` is CDO's rule. Its pools hold no 29 February where a year has none."""
        products = [{"name": name, **more} for name, more, _ in self.DAYS]
        near = {1: [], 3: [58, 59, 60], 5: [57, 58, 59, 60, 61]}
        ends = {1: [], 3: [0, 365], 5: [0, 1, 364, 365]}
        with make_case(products, "standard", leap_day="month_day") as case:
            self.exits(case.run(), 0)
            for name, more, chain in self.DAYS:
                with self.subTest(chain):
                    pool = more.get("pool", 1)
                    differ = self.groups_that_differ(made(case, "tas", name), self.cdo(case, "tas", chain))
                    one = [59] if name == "p30" else []  # of a single value, CDO has no percentile
                    self.assertEqual(differ, sorted(near[pool] + ends[pool] + one))

    GROUPS = (
        ("tas", {"time": "month"}, "ymonmean -monmean ALL", []),
        ("tas", {"time": "month"}, "ymonmean ALL", [1]),
        ("tas", {"time": "month", "over": "std"}, "ymonstd1 -monmean ALL", []),
        ("tas", {"time": "month", "over": "p90"},
         "ymonpctl,90 -monmean ALL -ymonmin -monmean ALL -ymonmax -monmean ALL", []),
        ("pr", {"time": "month", "within": "sum"}, "ymonmean -monsum ALL", []),
        ("pr", {"time": "month", "within": "max", "over": "max"}, "ymonmax ALL", []),
        ("tas", {"time": "year"}, "timmean -yearmean ALL", []),
        ("tas", {"time": "year"}, "timmean ALL", [0]),
        ("tas", {"time": "year", "within": "min", "over": "std"}, "timstd1 -yearmin ALL", []),
        ("tas", {"time": "year", "within": "count_gt", "threshold": "283.5 K"},
         "timmean -yearsum -gtc,283.5 ALL", []),
        ("tas", {"time": "month", "within": "count_le", "threshold": "283.5 K"},
         "ymonmean -monsum -lec,283.5 ALL", []),
        ("tas", {"time": "year", "within": "excess", "threshold": "283.5 K"},
         "timmean -yearsum -mul -gtc,283.5 ALL -subc,283.5 ALL", []),
    )

    def test_months_and_years(self):
        """In the standard calendar: Februaries and years of other lengths weigh alike."""
        products = [{"name": f"g{k}", "variables": [variable], **more}
                    for k, (variable, more, _, _) in enumerate(self.GROUPS)]
        with make_case(products, "standard") as case:
            self.exits(case.run(), 0)
            for k, (variable, more, chain, differ) in enumerate(self.GROUPS):
                with self.subTest(chain):
                    got = made(case, variable, f"g{k}")
                    near = NEAR_SPREAD if more.get("over") == "std" else NEAR
                    theirs = self.cdo(case, variable, chain)
                    self.assertEqual(self.groups_that_differ(got, theirs, near), differ)

    def test_seasons(self):
        """From December on, CDO's seasons are the same. From January on, its first winter lacks December, and
        December of the last year is a winter of its own; climnorm takes the December before the window."""
        products = [{"name": "mean", "time": "season"}, {"name": "sum", "time": "season", "within": "sum"},
                    {"name": "sd", "time": "season", "over": "std"}]
        with make_case(products) as case:
            self.exits(case.run(), 0)
            for name, chain in (("mean", "yseasmean -seasmean"), ("sum", "yseasmean -seassum"),
                                ("sd", "yseasstd1 -seasmean")):
                with self.subTest(chain):
                    got = made(case, "tas", name)
                    until = f"-seldate,{FIRST - 1}-12-01,{LAST}-11-30"
                    whole = self.cdo(case, "tas", f"{chain} {until} ALL", first=f"{FIRST - 1}-12-01")
                    near = NEAR_SPREAD if name == "sd" else NEAR
                    self.assertEqual(self.groups_that_differ(got, whole, near), [])
                    self.assertEqual(
                        self.groups_that_differ(got, self.cdo(case, "tas", f"{chain} ALL"), near), [0])


class Xclim(Judged):
    NEAR_SUM = 2e-6  # its sums are made in float32

    def xclim(self, case):
        """Name -> values of the window."""
        out = os.path.join(case.dir, "xclim.npz")
        judge = os.path.join(build.ROOT, "tests", "support", "xclim_judge.py")
        said = "no Python has xclim"
        for python in peers.pythons_of(os.path.join(build.BUILD, "bench", "venv")):
            done = subprocess.run([python, judge, case.data, str(FIRST), str(LAST), out], text=True,
                                  capture_output=True, check=False, env={**os.environ, "PYTHONPATH": ""})
            if done.returncode == 0:
                return np.load(out)
            if done.returncode != peers.MISSING:
                self.fail(done.stderr)
            said = done.stdout.strip()
        self.skipTest(f"{said}: climnorm-bench peers --install")

    def percentiles(self, calendar, expected, ends, **case):
        """expected: what xclim's values are, made of climnorm's."""
        with make_case(PERCENTILES, calendar, **case) as case:
            theirs = self.xclim(case)
            for method in ("linear", "median_unbiased"):
                case.config["normals"]["quantiles"] = method
                self.exits(case.run(), 0)
                for window in (1, 5):
                    for k, p in enumerate((10, 50, 90)):
                        with self.subTest(method=method, window=window, p=p):
                            ours = expected(made(case, "tas", f"p{p}w{window}"))
                            self.assertEqual(
                                self.groups_that_differ(ours, theirs[f"{method}-{window}"][k]),
                                ends if window == 5 else [])

    def test_percentile_doy(self):
        self.percentiles("noleap", lambda values: values, [0, 1, 363, 364], holes=True)

    def test_percentile_doy_with_29_february(self):
        """xclim drops day 366 and stretches the other 365 over 366 days, between which it interpolates."""
        def stretched(values):
            at = np.arange(366) * 364 / 365
            low = np.minimum(at.astype(int), 363)
            share = (at - low)[:, None, None]
            return values[low] * (1 - share) + values[low + 1] * share
        self.percentiles("standard", stretched, [0, 1, 2, 363, 364, 365])

    INDICES = (
        ("hot_days", "tas", {"time": "year", "within": "count_gt", "threshold": "10.35 degC"}),
        ("frost_days", "tas", {"time": "year", "within": "count_lt", "threshold": "0 degC"}),
        ("growing_degree_days", "tas", {"time": "year", "within": "excess", "threshold": "4 degC"}),
        ("heating_degree_days", "tas", {"time": "year", "within": "deficit", "threshold": "17 degC"}),
        ("rx1day", "pr", {"time": "year", "within": "max"}),
        ("wet_days", "pr", {"time": "year", "within": "count_ge", "threshold": "1 mm d-1"}),
        ("total", "pr", {"time": "year", "within": "sum", "units": "mm"}),
        ("rx1day_month", "pr", {"time": "month", "within": "max"}),
    )

    def test_indices(self):
        """The mean of xclim's yearly or monthly indices over the window."""
        products = [{"name": name, "variables": [variable], **more} for name, variable, more in self.INDICES]
        with make_case(products, "standard") as case:
            theirs = self.xclim(case)
            self.exits(case.run(), 0)
            for name, variable, _ in self.INDICES:
                with self.subTest(name):
                    got = made(case, variable, name)
                    self.assertEqual(self.groups_that_differ(got, theirs[name], self.NEAR_SUM), [])


if __name__ == "__main__":
    main()
