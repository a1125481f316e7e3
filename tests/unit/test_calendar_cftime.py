"""Days, slots and time units, judged by cftime, numpy, xarray and CDO.

calendar_dump prints what the library says; nothing here shares code with it.
"""
import datetime
import shutil
import subprocess
import sys
import tempfile
import warnings

from build import driver

try:
    import cftime
    import numpy as np
    import xarray as xr
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

warnings.simplefilter("ignore")  # cftime's remarks on year 0
DUMP = driver("calendar_dump")
CALENDARS = ["standard", "proleptic_gregorian", "julian", "noleap", "all_leap", "360_day"]


def dump_days(calendar, first, last):
    out = subprocess.run([DUMP, "days", calendar, str(first), str(last)], check=True,
                         capture_output=True, text=True).stdout
    return np.array(out.split(), dtype=np.int64).reshape(-1, 8)


def decode(lines):
    """[(calendar, units, values)] -> for each [((year, month, day), second)] or an error text."""
    text = "".join(f"{c}|{u}|{' '.join(float(v).hex() for v in values)}\n"
                   for c, u, values in lines)
    out = subprocess.run([DUMP, "decode"], input=text, check=True, capture_output=True,
                         text=True).stdout.splitlines()
    assert len(out) == len(lines), (len(out), len(lines))
    answers = []
    for line in out:
        if line.startswith("!"):
            answers.append(line)
            continue
        pairs = [word.rsplit(":", 1) for word in line.split()]
        answers.append([(date, int(second)) for date, second in pairs])
    return answers


def expected_slots(calendar, month, day, dayofyear):
    """By hand from section 6 of the specification: day-of-year, month_day, drop (-1: left out)."""
    if calendar in ("360_day", "noleap"):
        return dayofyear - 1, dayofyear - 1, dayofyear - 1
    leap = datetime.date(2000, month, day).timetuple().tm_yday - 1
    if (month, day) == (2, 29):
        return dayofyear - 1, leap, -1
    return dayofyear - 1, leap, datetime.date(2001, month, day).timetuple().tm_yday - 1


def check_every_day(calendar, first, last):
    got = dump_days(calendar, first, last)
    begin = cftime.datetime(first, 1, 1, calendar=calendar)
    stop = cftime.datetime(last + 1, 1, 1, calendar=calendar)
    units = f"days since {first:04d}-01-01"
    count = int(cftime.date2num(stop, units, calendar))
    want = cftime.num2date(np.arange(count), units, calendar)
    assert want[0] == begin
    assert len(got) == count, (calendar, len(got), count)
    assert (np.diff(got[:, 0]) == 1).all(), calendar
    # Slots depend on month and day and, in leap years, on the day of the year: few cases.
    slots = {}
    for row, date in zip(got.tolist(), want):
        key = (date.month, date.day, date.dayofyr)
        if key not in slots:
            slots[key] = expected_slots(calendar, *key)
        assert row[1:] == [date.year, *key, *slots[key]], (calendar, row, date)
    return count


def check_numpy():
    """The proleptic Gregorian calendar from the year -9999 to 20000, every 97th day."""
    days = np.arange(np.datetime64("-9999-01-01"), np.datetime64("20000-12-31"), 97)
    numbers = (days - np.datetime64("0000-01-01")).astype(int)
    lines = [("proleptic_gregorian", "days since 0000-01-01", chunk)
             for chunk in np.array_split(numbers, len(numbers) // 1000 + 1)]
    got = [date for answer in decode(lines) for date, _ in answer]
    for date, day in zip(got, days):
        year, month, dom = str(day).rsplit("-", 2)
        assert date == f"{int(year)}-{int(month)}-{int(dom)}", (date, day)
    assert len(got) == len(days)


# Forms that cftime 1.6 reads as UDUNITS-2 does, which CF names as the authority; test_units.c
# compares more of them with UDUNITS itself.
REFERENCES = [
    "1850-01-01", "1850-1-1", "+1850-1-1", "1850-01-01 00:00:00", "1850-1-1 6:00",
    "1850-1-1 12:30:15", "1850-01-01T12:00:00Z", "1850-01-01T23:59:59Z",
    "1850-01-01 00:00:00 UTC", "1850-01-01 00:00 GMT", "1850-1-1 00:00:00.0",
    "1850-01-01 00:00 +01", "1850-01-01 00:00:00 -0530", "1850-01-01 00:00:00+01:30",
    "1850-1-1 00:00:00 -00:30", "1850-1-1 00:00:00 +0030", "1850-01-01 12:00:00 -11:00",
    "0001-01-01", "1-1-1", "1582-10-04", "1582-10-15", "1600-02-28", "1700-03-01 18:00",
    "2000-12-30", "0850-06-15 12:00", "-4712-01-01 12:00", "-5-3-1",
]
UNITS = [("days", 86400), ("d", 86400), ("Days", 86400), ("hours", 3600), ("h", 3600),
         ("hr", 3600), ("minutes", 60), ("min", 60), ("seconds", 1), ("s", 1),
         ("milliseconds", 0.001)]


def check_units():
    """Time units against cftime: many references, units and fractional instants."""
    random = np.random.default_rng(1850)
    cases = []
    for calendar in CALENDARS:
        references = list(REFERENCES)
        if calendar == "360_day":
            references += ["1850-02-30", "2000-02-29 06:00"]
        if calendar == "all_leap":
            references += ["1850-02-29", "1900-02-29T12:00:00"]
        if calendar not in ("standard", "julian"):
            references += ["0000-01-01", "0-1-1 12:00"]
        for reference in references:
            for unit, seconds in UNITS:
                # Whole days, noons, and any instants, before and after the reference.
                days = np.concatenate([np.arange(-3, 40), 5e4 + np.arange(30) + 0.5,
                                       np.sort(random.uniform(6e4, 2e5, 40))])
                values = days * 86400 / seconds
                cases.append((calendar, f"{unit} since {reference}", values))
    answers = decode(cases)
    compared = 0
    for (calendar, units, values), answer in zip(cases, answers):
        assert isinstance(answer, list), (calendar, units, answer)
        want = cftime.num2date(values, units, calendar)
        for value, date, (day, second) in zip(values, want, answer):
            # cftime is exact to the microsecond; stay clear of its last digit at a half second.
            if abs(date.microsecond - 500000) < 20:
                continue
            date += datetime.timedelta(microseconds=500000)
            assert day == f"{date.year}-{date.month}-{date.day}", (calendar, units, value, day)
            assert second == 3600 * date.hour + 60 * date.minute + date.second, (
                calendar, units, value, day, second, date)
            compared += 1
    assert compared > 0.99 * len(cases) * len(cases[0][2])
    return compared


def check_refused():
    """What cftime refuses, or UDUNITS-2 and cftime read differently, is refused here."""
    bad = ["1850-02-30", "1850-13-01", "1850-00-01", "1850-01-00", "1850-01-01 24:00",
           "1850-01-01 00:60", "1850-01-01 00:00:60", "18500101", "1850/01/01", "", "garbage",
           "1850-01-01 garbage", "1850-01-01 00:00:00 +1:00 x", "1850-01-01 -6",
           "1850-01-01 00:00 530", "1850-1-1 00:00 EST", "1850-01-01T", "1850-01-01 00:",
           "1850-1-1 00:00 +25:00", "99999999-1-1", "1850-1-1 00:00:00,5"]
    per_calendar = {"standard": ["0000-01-01", "1582-10-10", "1900-02-29"],
                    "julian": ["0000-01-01"], "noleap": ["2000-02-29"],
                    "proleptic_gregorian": ["1900-02-29"], "all_leap": [],
                    "360_day": ["1850-01-31"]}
    cases = []
    for calendar in CALENDARS:
        for reference in bad + per_calendar[calendar]:
            if not (calendar == "360_day" and reference == "1850-02-30"):
                cases.append((calendar, f"days since {reference}", [0]))
    cases += [("standard", units, [0]) for units in
              ("months since 1850-01-01", "years since 1850-01-01", "K since 1850-01-01",
               "day as %Y%m%d.%f", "days", "days after 1850-01-01", "since 1850-01-01")]
    for case, answer in zip(cases, decode(cases)):
        assert isinstance(answer, str) and len(answer) > 20, (case, answer)


def cdo_ydaymean(data, *before):
    with tempfile.TemporaryDirectory() as folder:
        source, result = folder + "/a.nc", folder + "/b.nc"
        data.expand_dims(lat=[0.0], lon=[0.0]).transpose("time", "lat", "lon").to_netcdf(source)
        subprocess.run(["cdo", "-s", "ydaymean", *before, source, result], check=True)
        with xr.open_dataset(result, decode_times=False) as opened:
            return opened["v"].values.ravel()


def check_xarray_and_cdo():
    """The slots of eight years against a real groupby("time.dayofyear") and a real ydaymean.

    Each day's value is the slot we give it, so a mean over their group is the slot's index only
    when they put the same days together.
    """
    for calendar, slots in (("standard", 366), ("noleap", 365), ("360_day", 360)):
        rows = dump_days(calendar, 2001, 2008)
        times = [cftime.datetime(*row[1:4], calendar=calendar) for row in rows.tolist()]
        dayofyear, month_day, drop = (
            xr.DataArray(rows[:, column].astype(float), {"time": times}, ["time"], "v")
            for column in (5, 6, 7))
        means = {"dayofyear": dayofyear.groupby("time.dayofyear").mean().values}
        if calendar == "standard":
            means["drop"] = drop.convert_calendar("noleap").groupby("time.dayofyear").mean().values
        if shutil.which("cdo"):
            means["month_day"] = cdo_ydaymean(month_day)
            if calendar == "standard":  # in a 360-day year CDO also takes an ordinary day out
                means["drop, cdo"] = cdo_ydaymean(drop, "-del29feb")
        for name, mean in means.items():
            count = min(slots, 365) if name.startswith("drop") else slots
            assert np.array_equal(mean, np.arange(count)), (calendar, name, mean)


for name in CALENDARS:
    print(name, check_every_day(name, 1850, 2100), "days")
check_every_day("standard", 1570, 1600)  # over the seam of 1582
check_every_day("standard", -40, 20)
check_every_day("julian", -40, 20)  # through the missing year 0 ...
check_every_day("proleptic_gregorian", -440, 20)  # ... and through the year 0
check_every_day("noleap", -4, 4)
check_numpy()
print(check_units(), "instants")
check_refused()
check_xarray_and_cdo()
