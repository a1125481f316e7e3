"""Numbers: within one float32 ulp of the exact mean whatever the values are, standard deviations that are
rounded once, exact order statistics; no residue of a value that has left the window; the same bits whatever
the batches.
"""
import math
from fractions import Fraction

import netCDF4
import numpy as np

import oracle
import trees
from climnorm_case import Case, TestCase, main

FIRST, LAST, WINDOW = 1960, 1999, 10
SHAPE = (3, 4)
STEP = 37
PRODUCTS = ({"name": "sd", "over": "std"}, {"name": "sd3", "over": "std", "pool": 3},
            {"name": "p30", "over": "p30"}, {"name": "median3", "over": "median", "pool": 3})


def drizzle(rng, year, shape):
    """1e-12 beside 1e-3."""
    return np.where(rng.random(shape) < 0.5, 1e-12, 1e-3) * rng.uniform(0.5, 1.5, shape)


def stray(size):
    def values(rng, year, shape):
        out = rng.uniform(0.5e-3, 1.5e-3, shape)
        return np.where(rng.random(shape) < 0.01, size, out)
    return values


def cancelling(rng, year, shape):
    """+1000 and -1000 in turn among 1e-9."""
    tiny = 1e-9 * rng.uniform(-1, 1, shape)
    return np.where(rng.random(shape) < 0.9, 1000.0 if year % 2 else -1000.0, tiny)


def leaving(rng, year, shape):
    """One year near the largest float32, long gone in most windows."""
    if year == 1965:
        return rng.uniform(2.9e38, 3.3e38, shape) * np.sign(rng.uniform(-0.2, 1, shape))
    return 1e-3 * rng.standard_normal(shape)


def extremes(rng, year, shape):
    """Every magnitude that float32 knows, subnormals included, both signs."""
    return rng.standard_normal(shape) * 10.0 ** rng.uniform(-44, 37, shape)


def near_ties(rng, year, shape):
    """Integers around 2^24: sums need more bits than float32 has, means fall near ties."""
    return rng.integers(2 ** 24 - 300, 2 ** 24 + 1, shape)


def pairs(rng, year, shape):
    """Huge pairs that cancel exactly within every window, with something tiny left over."""
    sign = 1 if year % 2 else -1
    scale = 10.0 ** (6 + 6 * (np.arange(shape[0]) % 5))[:, None, None]
    out = np.broadcast_to(sign * scale, shape).copy()
    return out if year % 10 < 8 else 1e-9 * rng.standard_normal(shape)


def all_largest(rng, year, shape):
    """The sum overflows float32, the mean does not."""
    return np.full(shape, np.finfo("f4").max)


CASES = {"drizzle": drizzle, "tenbillion": stray(1e10), "e30": stray(1e30),
         "cancelling": cancelling, "leaving": leaving, "extremes": extremes,
         "ties": near_ties, "pairs": pairs, "largest": all_largest}


def make_case(first=FIRST):
    """A variable for each case, from this year on."""
    case = Case(variables=list(CASES), output={"counts": True},
                normals={"window": WINDOW, "min_years": WINDOW})
    case.periods(first + WINDOW - 1, LAST)
    for k, (variable, values) in enumerate(CASES.items()):
        rng = np.random.default_rng(k)
        dates = [d for y in range(first, LAST + 1) for d in trees.dates_of_year("360_day", y)]
        raw = np.concatenate([values(rng, y, (360, *SHAPE)) for y in range(first, LAST + 1)])
        raw = np.clip(raw, -np.finfo("f4").max, np.finfo("f4").max).astype("f4")
        raw[rng.random(raw.shape) < 0.02] = np.nan
        path = f"{case.data}/" + trees.name(variable, trees.span(dates[0], dates[-1]))
        trees.write(path, variable, dates, raw, calendar="360_day", lat=trees.LAT[:3],
                    lon=trees.LON[:4], chunks=(360, *SHAPE), deflate=1)
    return case


class Exactness(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.case = make_case()
        cls.addClassCleanup(cls.case.close)
        cls.result = cls.case.run("--set", "engine.batch_years=5")

    def test_within_one_ulp(self):
        self.exits(self.result, 0)
        for variable in CASES:
            with self.subTest(variable=variable):
                self.judged(self.case, variable, range(FIRST + WINDOW - 1, LAST + 1))

    def test_the_judge_notices_two_ulps(self):
        path = self.case.path("drizzle", LAST)
        with open(path, "rb") as f:
            kept = f.read()
        try:
            with netCDF4.Dataset(path, "a") as nc:
                var = nc.variables["drizzle"]
                var.set_auto_maskandscale(False)
                day = var[200]
                up = np.nextafter(day[1, 1], np.float32(1))
                day[1, 1] = np.nextafter(np.nextafter(up, np.float32(1)), np.float32(1))
                var[200] = day
            complaints = self.case.judge("drizzle", [LAST])
            self.assertEqual(len(complaints), 1)
            self.assertIn("1 of 4320 cells differ", complaints[0])
        finally:
            with open(path, "wb") as f:
                f.write(kept)

    def test_batches_give_the_same_bits(self):
        self.exits(self.result, 0)
        wanted = {k: self.values(v) for k, v in self.case.normals().items()}
        self.assertEqual(len(wanted), len(CASES) * (LAST - FIRST + 2 - WINDOW))
        for batch in (1, 2, 121):
            result = self.case.run("--set", f"engine.batch_years={batch}",
                                   "--set", "output.existing=overwrite")
            self.exits(result, 0)
            for name, path in self.case.normals().items():
                self.assertEqual(self.values(path), wanted[name], f"batch {batch}: {name}")

    @staticmethod
    def values(path):
        variable = path.split("/")[-3]
        with netCDF4.Dataset(path) as nc:
            nc.set_auto_maskandscale(False)
            return np.array(nc.variables[variable][:]).tobytes()


class Statistics(TestCase):
    """One window, in which a huge value stands beside tiny ones too."""

    @classmethod
    def setUpClass(cls):
        cls.case = make_case(LAST - WINDOW + 1)
        cls.case.config["products"] = PRODUCTS
        cls.addClassCleanup(cls.case.close)
        cls.result = cls.case.run()

    def samples(self, variable, pool):
        """Of the last window, [values][slots][cells], NaN where missing; of every STEP-th slot."""
        timeline = oracle.Tree(self.case.data).timeline(variable)
        years = np.array([timeline.slab(y, "dayofyear") for y in range(LAST - WINDOW + 1, LAST + 1)])
        sample = np.concatenate([np.roll(years, shift, axis=1)[:, ::STEP]
                                 for shift in range(-(pool // 2), pool // 2 + 1)])
        return sample.reshape(*sample.shape[:2], -1)

    def made(self, variable, product):
        with netCDF4.Dataset(self.case.path(variable, LAST).replace("normal", product)) as nc:
            nc.set_auto_maskandscale(False)
            values = nc[variable][::STEP]
        return np.where(values == np.float32(1e20), np.nan, values).reshape(len(values), -1)

    def test_all_were_made(self):
        self.exits(self.result, 0)
        self.assertEqual(len(self.case.normals()), len(CASES) * len(PRODUCTS))

    def test_standard_deviations_are_rounded_once(self):
        """The exact one lies between the points halfway to the neighbours of the made float."""
        for variable in CASES:
            for product, pool in (("sd", 1), ("sd3", 3)):
                with self.subTest(variable=variable, product=product):
                    sample, made = self.samples(variable, pool), self.made(variable, product)
                    for at in np.ndindex(made.shape):
                        values = [Fraction(float(v)) for v in sample[(slice(None), *at)] if np.isfinite(v)]
                        if len(values) < 2:
                            self.assertTrue(np.isnan(made[at]), at)
                            continue
                        squares = sum(v * v for v in values) - sum(values) ** 2 / len(values)
                        below, above = (
                            (Fraction(float(made[at])) + Fraction(float(np.nextafter(made[at], end)))) / 2
                            for end in (np.float32(0), np.float32(np.inf)))
                        self.assertLessEqual(below ** 2, squares / (len(values) - 1), at)
                        self.assertGreaterEqual(above ** 2, squares / (len(values) - 1), at)

    def test_percentiles_lie_between_their_neighbours(self):
        """What is interpolated in double may be off by its last bits, however small the difference is."""
        for variable in CASES:
            for product, pool, share in (("p30", 1, Fraction(3, 10)), ("median3", 3, Fraction(1, 2))):
                with self.subTest(variable=variable, product=product):
                    sample, made = self.samples(variable, pool), self.made(variable, product)
                    for at in np.ndindex(made.shape):
                        values = np.sort(sample[(slice(None), *at)])
                        place = share * int(np.isfinite(values).sum() - 1)
                        low, high = values[math.floor(place)], values[math.ceil(place)]
                        exact = Fraction(float(low)) + (place - math.floor(place)) * (
                            Fraction(float(high)) - Fraction(float(low)))
                        off = abs(Fraction(float(made[at])) - exact)
                        bits = Fraction(max(abs(float(low)), abs(float(high)))) / 2 ** 51
                        half = Fraction(float(oracle.ulp32(float(exact)))) / 2
                        self.assertLessEqual(off, half + bits, at)


class LongWindows(TestCase):
    """A window of 30 and more years, across several blocks, on hostile values."""

    def test_thirty_years(self):
        with Case(variables=["wild"], normals={"window": 30, "min_years": 25}) as case:
            case.periods(1979, 2049)
            rng = np.random.default_rng(77)
            for first in range(1950, 2050, 25):
                dates = [d for y in range(first, first + 25)
                         for d in trees.dates_of_year("360_day", y) if d[0] != 1990]
                raw = rng.standard_normal((len(dates), 1, 2))
                raw = (raw * 10.0 ** rng.uniform(-14, 14, raw.shape)).astype("f4")
                raw[rng.random(raw.shape) < 0.3] = 1e20
                path = f"{case.data}/" + trees.name("wild", trees.span(dates[0], dates[-1]))
                trees.write(path, "wild", dates, raw, calendar="360_day", lat=[10.0],
                            lon=[5.0, 6.0], chunks=(100, 1, 2))
            result = case.run()
            self.exits(result, 0)
            self.judged(case, "wild", range(1979, 2050))


if __name__ == "__main__":
    main()
