"""The judge: what a normal must be, worked out again from the file format and the rules alone.

It shares no line with the program: raw values are read with netCDF4 (no masking, no scaling),
dates are computed here with whole numbers, means are exact sums (math.fsum or integers). It
must not know how the program works, only what it promises.
"""
import math
import os
import re
from fractions import Fraction

import netCDF4
import numpy as np

RULES = ("dayofyear", "month_day", "drop")
CALENDARS = ("standard", "proleptic_gregorian", "julian", "noleap", "all_leap", "360_day")
_ALIAS = {None: "standard", "gregorian": "standard", "365_day": "noleap", "366_day": "all_leap"}
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_UNIT_SECONDS = {"d": 86400, "day": 86400, "days": 86400, "h": 3600, "hr": 3600, "hour": 3600,
                 "hours": 3600, "min": 60, "minute": 60, "minutes": 60, "s": 1, "sec": 1,
                 "second": 1, "seconds": 1, "week": 604800, "weeks": 604800}


# --- calendars -----------------------------------------------------------------------------

def calendar_kind(name):
    name = name.strip().lower() if name else None
    return _ALIAS.get(name, name)


def is_leap(calendar, year):
    kind = calendar_kind(calendar)
    if kind == "all_leap":
        return True
    if kind in ("noleap", "360_day"):
        return False
    if kind == "julian" or (kind == "standard" and year < 1582):
        return year % 4 == 0
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_length(calendar, year, month):
    if calendar_kind(calendar) == "360_day":
        return 30
    return _MONTHS[month - 1] + (month == 2 and is_leap(calendar, year))


def year_length(calendar, year):
    if calendar_kind(calendar) == "standard" and year == 1582:
        return 355
    return sum(month_length(calendar, year, m) for m in range(1, 13))


def is_date(calendar, year, month, day):
    """False for the ten days that the standard calendar left out."""
    return calendar_kind(calendar) != "standard" or not (1582, 10, 5) <= (year, month, day) < (1582, 10, 15)


def _years_before(calendar, year):
    """Days from 1 January of year 0 to 1 January of `year`, in one uniform calendar."""
    kind = calendar_kind(calendar)
    if kind == "360_day":
        return 360 * year
    if kind == "noleap":
        return 365 * year
    if kind == "all_leap":
        return 366 * year
    leaps = (year + 3) // 4
    if kind == "julian":
        return 365 * year + leaps - 2  # so that Julian and Gregorian day numbers agree
    return 365 * year + leaps - (year + 99) // 100 + (year + 399) // 400


def day_number(calendar, year, month, day):
    kind = calendar_kind(calendar)
    if kind == "standard":
        old = (year, month, day) < (1582, 10, 15)
        return day_number("julian" if old else "proleptic_gregorian", year, month, day)
    before = sum(month_length(kind, year, m) for m in range(1, month))
    return _years_before(kind, year) + before + day - 1


def date_of(calendar, number):
    kind = calendar_kind(calendar)
    if kind == "standard":
        first_new = day_number("proleptic_gregorian", 1582, 10, 15)
        return date_of("julian" if number < first_new else "proleptic_gregorian", number)
    year = number // 366
    while _years_before(kind, year + 1) <= number:
        year += 1
    rest, month = number - _years_before(kind, year), 1
    while rest >= month_length(kind, year, month):
        rest -= month_length(kind, year, month)
        month += 1
    return year, month, rest + 1


_SINCE = re.compile(r"^\s*(\w+)\s+since\s+(-?\d+)-(\d+)-(\d+)"
                    r"(?:[T\s]+(\d+):(\d+)(?::(\d+(?:\.\d*)?))?)?\s*(?:Z|UTC)?\s*$", re.I)


def decode_times(values, units, calendar):
    """Numbers of a time coordinate -> one (year, month, day) an instant."""
    match = _SINCE.match(units)
    if not match:
        raise ValueError(f"time units {units!r}")
    length = _UNIT_SECONDS[match[1].lower()]
    year, month, day = int(match[2]), int(match[3]), int(match[4])
    if day > month_length(calendar, year, month):
        raise ValueError(f"reference date of {units!r} is not in calendar {calendar}")
    origin = Fraction(86400 * day_number(calendar, year, month, day)
                      + 3600 * int(match[5] or 0) + 60 * int(match[6] or 0))
    origin += Fraction(match[7] or 0)
    out = []
    for value in values:
        seconds = math.floor(origin + Fraction(float(value)) * length + Fraction(1, 2))
        out.append(date_of(calendar, seconds // 86400))
    return out


# --- day slots -----------------------------------------------------------------------------

def slot_count(calendar, rule):
    kind = calendar_kind(calendar)
    if kind == "360_day":
        return 360
    return 365 if kind == "noleap" or rule == "drop" else 366


def slot_of(calendar, rule, year, month, day):
    """The day slot (0-based) of a date, or None where the rule leaves the day out."""
    kind = calendar_kind(calendar)
    if kind == "360_day":
        return (month - 1) * 30 + day - 1
    if kind == "noleap":
        return sum(_MONTHS[:month - 1]) + day - 1
    if rule == "dayofyear":
        return sum(month_length(kind, year, m) for m in range(1, month)) + day - 1
    if rule == "drop":
        return None if (month, day) == (2, 29) else sum(_MONTHS[:month - 1]) + day - 1
    return sum(_MONTHS[:month - 1]) + (month > 2) + day - 1


def date_of_slot(calendar, rule, year, slot):
    """(month, day) of a slot in one year, or None where that year lacks the day."""
    for month in range(1, 13):
        for day in range(1, month_length(calendar, year, month) + 1):
            if slot_of(calendar, rule, year, month, day) == slot:
                return month, day
    return None


# --- exact means ---------------------------------------------------------------------------

def mean_exact(stack):
    """[years][...] float32 with NaN -> (mean as double, count), right to 2^-29 float32 ulp.

    Double-double sums where their error bound (Ogita, Rump, Oishi 2005: n^2 u^2 sum|x|) is far
    below that; math.fsum, which is exact, in every other cell."""
    stack = np.asarray(stack, np.float32)
    flat = stack.reshape(len(stack), -1).astype(np.float64)
    there = ~np.isnan(flat)
    count = there.sum(axis=0)
    flat = np.where(there, flat, 0.0)
    total, error = np.zeros(flat.shape[1]), np.zeros(flat.shape[1])
    for row in flat:
        new = total + row
        part = new - total
        error += (total - (new - part)) + (row - part)
        total = new
    total += error
    unsure = np.abs(flat).sum(axis=0) * (len(flat) ** 2 * 2.0 ** -106) > np.abs(total) * 2.0 ** -60
    for i in np.flatnonzero(unsure):
        total[i] = math.fsum(flat[:, i].tolist())
    with np.errstate(invalid="ignore"):
        mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean.reshape(stack.shape[1:]), count.reshape(stack.shape[1:])


def mean_fraction(values):
    """The mean of a few float32 values as an exact fraction; None where there are none."""
    there = [Fraction(float(v)) for v in values if not np.isnan(v)]
    return sum(there) / len(there) if there else None


def ulp32(x):
    """Size of one float32 ulp at the real numbers x (subnormals included)."""
    exponent = np.frexp(np.abs(x))[1] - 1
    return np.ldexp(1.0, np.maximum(exponent, -126) - 23)


def ulp_distance(got, exact):
    """|got - exact| in float32 ulps; NaN where both are missing, inf where only one is."""
    got = np.asarray(got, np.float64)
    exact = np.asarray(exact, np.float64)
    both, either = np.isnan(got) & np.isnan(exact), np.isnan(got) | np.isnan(exact)
    with np.errstate(invalid="ignore"):
        out = np.abs(got - exact) / ulp32(np.where(np.isnan(exact), 1.0, exact))
    return np.where(both, np.nan, np.where(either, np.inf, out))


# --- values of one file --------------------------------------------------------------------

def _axis_of(var, name):
    """'T', 'Y', 'X' or None, by axis, standard_name, units, name, in this order."""
    axis = getattr(var, "axis", "")
    if axis in ("T", "Y", "X"):
        return axis
    standard = {"time": "T", "latitude": "Y", "longitude": "X"}.get(
        getattr(var, "standard_name", ""))
    if standard:
        return standard
    units = str(getattr(var, "units", ""))
    if re.match(r"^degrees?_?(north|N)$", units):
        return "Y"
    if re.match(r"^degrees?_?(east|E)$", units):
        return "X"
    if " since " in units:
        return "T"
    return {"time": "T", "lat": "Y", "latitude": "Y", "lon": "X", "longitude": "X"}.get(
        name.lower())


def unpack(raw, attributes, default_fill=True):
    """Raw storage values -> slab values (float32, NaN where missing)."""
    raw = np.asarray(raw)
    raw = raw.astype(raw.dtype.newbyteorder("="))
    storage = raw.dtype
    flag = str(attributes.get("_Unsigned", "")).lower()
    view = storage
    if storage.kind == "i" and flag == "true":
        view = np.dtype(f"u{storage.itemsize}")
    elif storage.kind == "u" and flag == "false":
        view = np.dtype(f"i{storage.itemsize}")

    def cast(value):
        return np.asarray(value).astype(storage).reshape(-1).view(view)

    data = raw.view(view)
    missing = np.zeros(raw.shape, bool)
    if "_FillValue" in attributes:
        fills = list(cast(attributes["_FillValue"]))
    elif storage.itemsize > 1 and default_fill:
        fills = list(cast(netCDF4.default_fillvals[storage.str[1:]]))
    else:
        fills = []
    fills += list(cast(attributes.get("missing_value", [])))
    for fill in fills:
        missing |= data == fill
    if storage.kind == "f":
        missing |= ~np.isfinite(data)
    scale = float(np.asarray(attributes.get("scale_factor", 1.0)).reshape(-1)[0])
    offset = float(np.asarray(attributes.get("add_offset", 0.0)).reshape(-1)[0])
    with np.errstate(all="ignore"):
        value = data.astype(np.float64) * scale + offset
    wide = max((np.asarray(attributes[key]).dtype for key in ("scale_factor", "add_offset")
                if key in attributes), key=lambda kind: kind.itemsize, default=None)
    low, high = attributes.get("valid_min"), attributes.get("valid_max")
    if "valid_range" in attributes:
        low, high = np.asarray(attributes["valid_range"])[:2]
    for limit, sign in ((low, 1), (high, -1)):
        if limit is None:
            continue
        limit = np.asarray(limit)
        unpacked = limit.dtype == wide and limit.dtype != storage
        against = value if unpacked else data.astype(np.float64)
        alike = (not unpacked and storage.kind != "f" and limit.dtype.kind in "iu" and
                 limit.dtype.itemsize == storage.itemsize)
        bound = float(cast(limit)[0] if alike else limit)
        narrow = unpacked or storage == np.float32 or limit.dtype == np.float32
        with np.errstate(invalid="ignore", over="ignore"):
            outside = (against - bound) * sign < 0
            if narrow:
                outside &= against.astype(np.float32) != np.float32(bound)
            missing |= outside
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(missing, np.float32(np.nan), value.astype(np.float32)), missing, value


class SourceFile:
    """One input file as the rules see it: days -> [lat][lon] float32."""

    def __init__(self, path, variable):
        self.path, self.name = path, os.path.basename(path)
        with netCDF4.Dataset(path) as nc:
            nc.set_auto_maskandscale(False)
            var = nc.variables[variable]
            self.attributes = {k: var.getncattr(k) for k in var.ncattrs()}
            self.globals = {k: nc.getncattr(k) for k in nc.ncattrs()}
            where = {}
            for position, name in enumerate(var.dimensions):
                coordinate = nc.variables.get(name)
                axis = _axis_of(coordinate, name) if coordinate is not None else None
                if axis:
                    where[axis] = position
                elif var.shape[position] != 1:
                    raise ValueError(f"{path}: dimension {name} has length {var.shape[position]}")
            names = {a: var.dimensions[p] for a, p in where.items()}
            time = nc.variables[names["T"]]
            self.calendar = getattr(time, "calendar", None)
            self.lat = np.array(nc.variables[names["Y"]][:], np.float64)
            self.lon = np.array(nc.variables[names["X"]][:], np.float64)
            self.lat_bounds = self._bounds(nc, names["Y"])
            self.lon_bounds = self._bounds(nc, names["X"])
            dates = decode_times(time[:], time.units, self.calendar)
            raw = np.asarray(var[...])
        rest = [i for i in range(raw.ndim) if i not in where.values()]
        raw = raw.transpose([where["T"], where["Y"], where["X"]] + rest)
        raw = raw.reshape(raw.shape[:3])
        slab, missing, value = unpack(raw, self.attributes)
        self.days = {}
        for i, date in enumerate(dates):
            self.days.setdefault(date, []).append(i)
        for date, instants in self.days.items():
            if len(instants) == 1:
                self.days[date] = slab[instants[0]]
                continue
            out = np.full(slab.shape[1:], np.nan, np.float32)
            for cell in np.ndindex(out.shape):
                there = [value[i][cell] for i in instants if not missing[i][cell]]
                if there:
                    out[cell] = np.float32(math.fsum(there) / len(there))
            self.days[date] = out

    @staticmethod
    def _bounds(nc, name):
        bounds = nc.variables.get(getattr(nc.variables[name], "bounds", ""))
        return None if bounds is None else np.array(bounds[:], np.float64)


# --- trees and timelines -------------------------------------------------------------------

_TIME = re.compile(r"^(\d{4}|\d{8}-\d{8}|\d{12}-\d{12})$")


def parse_name(base):
    """Fields of a file name, or None where the name is none of ours."""
    if not base.endswith(".nc"):
        return None
    fields, version = base[:-3].split("_"), (1, 0)
    tail = re.match(r"^v(\d+)\.(\d+)$", fields[-1])
    if tail:
        version, fields = (int(tail[1]), int(tail[2])), fields[:-1]
    if len(fields) == 6:
        fields.insert(5, "")
    if len(fields) != 7 or not _TIME.match(fields[6]):
        return None
    keys = ("variable", "table", "model", "experiment", "variant", "grid", "time")
    return dict(zip(keys, fields), version=version)


class Tree:
    """All files below a root; makes timelines."""

    def __init__(self, root, table="day", version="newest"):
        self.files, seen = [], set()
        for folder, _, names in os.walk(root, followlinks=True):
            for name in sorted(names):
                fields, path = parse_name(name), os.path.join(folder, name)
                inode = os.stat(path).st_ino if fields else None
                if fields and fields["table"] == table and inode not in seen:
                    seen.add(inode)
                    self.files.append((fields, path))
        newest = {}
        for fields, path in self.files:
            key = tuple(v for k, v in fields.items() if k != "version")
            if version != "newest":
                if ".".join(map(str, fields["version"])) == version:
                    newest[key] = (fields, path)
            elif key not in newest or newest[key][0]["version"] < fields["version"]:
                newest[key] = (fields, path)
        self.files = sorted(newest.values(), key=lambda f: f[1])
        self._cache = {}

    def timeline(self, variable, scenario=None, historical="historical", skip=()):
        """skip: base names of files to leave out."""
        wanted = []
        for fields, path in self.files:
            if fields["variable"] == variable and os.path.basename(path) not in skip \
                    and fields["experiment"] in (historical, scenario):
                if path not in self._cache:
                    self._cache[path] = SourceFile(path, variable)
                wanted.append((fields, self._cache[path]))
        return Timeline(wanted)


class Timeline:
    def __init__(self, files):
        if not files:
            raise ValueError("no files")
        self.files = [source for _, source in files]
        self.calendar = self.files[0].calendar
        self.lat, self.lon = self.files[0].lat, self.files[0].lon
        self.lat_bounds, self.lon_bounds = self.files[0].lat_bounds, self.files[0].lon_bounds
        self.days, self.experiments = {}, {}
        for fields, source in files:
            for date, values in source.days.items():
                if date in self.days:
                    raise ValueError(f"{source.name}: {date} is held twice")
                self.days[date] = values
                self.experiments.setdefault(date[0], set()).add(fields["experiment"])
        self._slabs = {}

    def years(self, min_days=0.9):
        held = {}
        for year, _, _ in self.days:
            held[year] = held.get(year, 0) + 1
        share = Fraction(repr(min_days))  # 0.55 of 360 days is 198, whatever doubles make of it
        return sorted(y for y, n in held.items() if n >= share * year_length(self.calendar, y))

    def slab(self, year, rule):
        if (year, rule) not in self._slabs:
            slab = np.full((slot_count(self.calendar, rule), len(self.lat), len(self.lon)),
                           np.nan, np.float32)
            for (y, month, day), values in self.days.items():
                if y == year:
                    slot = slot_of(self.calendar, rule, y, month, day)
                    if slot is not None:
                        slab[slot] = values
            self._slabs[(year, rule)] = slab
        return self._slabs[(year, rule)]

    def window_years(self, target, window, min_days=0.9):
        return [y for y in self.years(min_days) if target - window < y <= target]

    def normal(self, target, window, rule="dayofyear", min_days=0.9, rows=None, columns=None):
        """(exact mean as double, count, source years) of one target year."""
        years = self.window_years(target, window, min_days)
        stack = np.stack([self.slab(y, rule) for y in years])
        if rows is not None:
            stack = stack[:, :, rows][:, :, :, columns]
        return (*mean_exact(stack), years)


# --- regions -------------------------------------------------------------------------------

NEAR = 1e-5  # degrees: a centre this close to a bound is inside
BUILT_IN = {"CONUS": ((234, 294), (24, 50)), "AK": ((170, 235), (50, 72)),
            "HI": ((181.63, 205.20), (18.92, 28.45)), "PRVI": ((292.03, 295.49), (17.62, 18.57)),
            "GU": ((144.58, 146.12), (13.18, 20.61))}


def cells_of(box, lat, lon):
    """Rows, columns and output longitudes of a box; box None is GLOBAL."""
    keep = []
    for j, x in enumerate(lon):
        if not any(abs((x - lon[i] + 180) % 360 - 180) < 1e-9 for i in keep):
            keep.append(j)
    if box is None:
        return list(range(len(lat))), keep, [float(lon[j]) for j in keep]
    (a, b), (south, north) = box
    if a > b:
        a -= 360
    rows = [i for i, y in enumerate(lat) if south - NEAR <= y <= north + NEAR]
    found = []
    for j in keep:
        turns = math.ceil((a - NEAR - lon[j]) / 360)
        shifted = float(lon[j]) + 360 * turns
        if b - a >= 360 or shifted <= b + NEAR:
            found.append((shifted, j))
    found.sort()
    return rows, [j for _, j in found], [x for x, _ in found]


def bounds_of(axis, bounds=None, is_lat=False):
    """Cell bounds of a full source axis: its own, else midpoints; None for a lone centre. A
    longitude axis that jumps back by a turn (350, 10) is unrolled first."""
    if bounds is not None:
        return bounds
    if len(axis) < 2:
        return None
    turns = 0.0
    if not is_lat and len(set(np.sign(np.diff(axis)))) > 1:
        turns = np.unwrap(axis, period=360) - axis
    axis = axis + turns
    middle = (axis[1:] + axis[:-1]) / 2
    edges = np.concatenate([[axis[0] - (axis[1] - axis[0]) / 2], middle,
                            [axis[-1] + (axis[-1] - axis[-2]) / 2]])
    if is_lat:
        edges = np.clip(edges, -90, 90)
    return np.stack([edges[:-1], edges[1:]], axis=1) - np.reshape(turns, (-1, 1))


# --- times of an output --------------------------------------------------------------------

def climatology(calendar, rule, target, window):
    """Per slot: (middle, start, end) as day numbers of the calendar (middle ends in .5)."""
    out = []
    for slot in range(slot_count(calendar, rule)):
        year = target
        while (date := date_of_slot(calendar, rule, year, slot)) is None:
            year -= 1
        having = [y for y in range(target - window + 1, target + 1)
                  if date_of_slot(calendar, rule, y, slot)]
        first, last = (having[0], having[-1]) if having else (year, year)
        out.append((day_number(calendar, year, *date) + 0.5,
                    day_number(calendar, first, *date_of_slot(calendar, rule, first, slot)),
                    day_number(calendar, last, *date_of_slot(calendar, rule, last, slot)) + 1))
    return out
