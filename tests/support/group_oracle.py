"""The judge of products of days, months, seasons and years, worked out from the dates and values of a
timeline (oracle.py) alone: which days a group has, its value in one year as an exact fraction that is
rounded once, the statistic over the years. It must not know how the program works.
"""
import math
from fractions import Fraction

import numpy as np

import oracle

# Of each group its months, as (years after the source year, month).
MONTHS = {"month": [[(0, m)] for m in range(1, 13)],
          "season": [[(-1, 12), (0, 1), (0, 2)]] + [[(0, m), (0, m + 1), (0, m + 2)] for m in (3, 6, 9)],
          "year": [[(0, m) for m in range(1, 13)]]}
COMPARE = {"count_gt": np.greater, "count_ge": np.greater_equal,
           "count_lt": np.less, "count_le": np.less_equal}


def dates_of(calendar, rule, time, year):
    """[group] -> its dates. A day slot that the year lacks has none."""
    def days(k, month):
        return [(year + k, month, day)
                for day in range(1, oracle.month_length(calendar, year + k, month) + 1)
                if oracle.is_date(calendar, year + k, month, day)
                and oracle.slot_of(calendar, rule, year + k, month, day) is not None]
    if time != "day":
        return [[date for month in group for date in days(*month)] for group in MONTHS[time]]
    slots = [[] for _ in range(oracle.slot_count(calendar, rule))]
    for month in range(1, 13):
        for date in days(0, month):
            slots[oracle.slot_of(calendar, rule, *date)].append(date)
    return slots


def rounded_mean(terms, n):
    """The float32 nearest to the exact sum of doubles over n, ties to even. A correctly rounded sum in
    double decides all but what is near a tie."""
    double = math.fsum(terms) / n
    near = np.float32(double)
    half, off = abs(float(np.spacing(near))) / 2, abs(double - float(near))
    if not np.isfinite(near) or min(abs(off - half), abs(off - half / 2)) > 1e-14 * abs(double):
        return near
    exact = sum(map(Fraction, terms)) / n
    candidates = [np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf))]
    return min(candidates, key=lambda c: (abs(Fraction(float(c)) - exact), int(c.view(np.int32)) & 1))


def value_of(values, within, threshold):
    """Of the float32 values that are there."""
    if within in ("min", "max"):
        return getattr(values, within)()
    values = values.astype(np.float64)
    if within in COMPARE:
        return COMPARE[within](values, threshold).sum()
    if within in ("mean", "sum"):
        return rounded_mean(values.tolist(), len(values) if within == "mean" else 1)
    sign = 1 if within == "excess" else -1
    beyond = sign * values[sign * values > sign * threshold]
    return rounded_mean([*beyond.tolist(), *[-sign * threshold] * len(beyond)], 1)


def group_values(timeline, rule, product, year, min_days):
    """[group][cell] float32 of one source year that is used, NaN where missing. Its winter has the December
    that is there, also of a year that is too short to be used."""
    time, within = product.get("time", "day"), product.get("within", "mean")
    groups = dates_of(timeline.calendar, rule, time, year)
    cells = len(timeline.lat) * len(timeline.lon)
    nothing = np.full(cells, np.nan, np.float32)
    found = np.full((len(groups), cells), np.nan, np.float32)
    share = Fraction(repr(min_days))
    for g, dates in enumerate(groups):
        days = np.array([timeline.days.get(date, nothing).reshape(-1) for date in dates],
                        np.float32).reshape(len(dates), cells)
        for cell in range(cells):
            there = days[np.isfinite(days[:, cell]), cell]
            needed = 1 if time == "day" else share * len(dates)
            if len(there) and len(there) >= needed:
                found[g, cell] = value_of(there, within, product.get("source_threshold"))
    return found


def deviation(values):
    """With n - 1; from fractions, as values may cancel."""
    exact = [Fraction(v) for v in values]
    squares = sum(v * v for v in exact) - sum(exact) ** 2 / len(exact)
    return math.sqrt(squares / (len(exact) - 1)) if len(exact) > 1 else np.nan


def statistic(over, sample, method):
    """[value][...] -> the exact statistic as doubles, NaN without values; how many values there are."""
    exact, counts = oracle.mean_exact(sample)
    if over == "mean":
        return exact, counts
    share = {"min": 0.0, "max": 1.0, "median": 0.5}.get(over)
    if share is None and over != "std":
        share = float(over[1:]) / 100
    flat = np.sort(sample.astype(np.float64).reshape(len(sample), -1), axis=0)  # NaN comes last
    exact = exact.reshape(-1)
    for n in set(counts.flat) - {0}:
        there = np.flatnonzero(counts.reshape(-1) == n)
        exact[there] = (np.quantile(flat[:n, there], share, axis=0, method=method) if over != "std" else
                        [deviation(column) for column in flat[:n, there].T.tolist()])
    return exact.reshape(sample.shape[1:]), counts


def product_of(timeline, rule, product, target, *, window, min_days=0.9, method="linear", known):
    """([group][cell] exact statistic in the source's unit, how many values each sample has). known: the
    values of groups that were worked out already."""
    years = timeline.window_years(target, window, min_days)
    keys = [(product.get("time"), product.get("within"), product.get("source_threshold"), y) for y in years]
    for key in keys:
        if key not in known:
            known[key] = group_values(timeline, rule, product, key[-1], min_days)
    values = np.array([known[key] for key in keys])
    half = product.get("pool", 1) // 2
    sample = np.concatenate([np.roll(values, shift, axis=1) for shift in range(-half, half + 1)])
    exact, counts = statistic(product.get("over", "mean"), sample, method)
    return np.where(counts < product.get("min_values", 1), np.nan, exact), counts
