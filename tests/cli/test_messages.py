"""What users are told about inputs that are not as they should be: the cause, by name, and a cure
that helps.
"""
import bz2
import gzip
import io
import lzma
import os
import shutil
import subprocess
import tarfile
import unittest
import zipfile

import netCDF4
import numpy as np
import xarray

import trees
from climnorm_case import Case, TestCase, main

try:
    import h5py
except ImportError:
    h5py = None


def small(case, year, **options):
    return trees.year_file(case.data, "tas", year, calendar="360_day", **options)


def words(result):
    """What was said, without the folds of lines."""
    return " ".join(result.said.split())


def zipped(name):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(name, b"CDF\1")
    return data.getvalue()


def tarred(mode, member=b"", old=False):
    """A tar archive; old: without the word `ustar`, as before POSIX."""
    data, info = io.BytesIO(), tarfile.TarInfo("tas.nc")
    info.size = len(member)
    with tarfile.open(fileobj=data, mode=mode, format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(member))
    if not old:
        return data.getvalue()
    header = bytearray(data.getvalue()[:512])
    header[257:] = bytes(255)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + data.getvalue()[512:]


def netcdf4():
    return netCDF4.Dataset("tas.nc", "w", memory=1000).close().tobytes()


def piped(*command):
    return subprocess.run(command, input=b"CDF\1" * 99, capture_output=True, check=True).stdout


def numpy_array():
    data = io.BytesIO()
    np.save(data, np.arange(3))
    return data.getvalue()


# What a file holds: words of its message, one for what it is and one for what to do.
KINDS = [
    (zipped("tas.nc"), "a zip archive", "unzip"),
    (zipped(".zgroup"), "a zip archive", "unzip"),
    (gzip.compress(b"CDF"), "gzip", "zcat"),
    (tarred("w:gz"), "gzip", "zcat"),
    (bz2.compress(b"CDF"), "bzip2", "bzcat"),
    (lzma.compress(b"CDF"), "xz", "xzcat"),
    (piped("zstd", "-qc"), "zstd", "zstdcat"),
    (piped("lz4", "-qc"), "lz4", "lz4cat"),
    (tarred("w"), "a tar archive", "tar -xf"),
    (tarred("w", netcdf4()), "a tar archive", "tar -xf"),
    (tarred("w", netcdf4(), old=True), "a tar archive", "tar -xf"),
    (b"GRIB" + bytes(3) + b"\2" + bytes(99), "GRIB", "cdo -f nc copy"),
    (b"GRIB\0\0\x54\1" + bytes(99), "GRIB", "cdo -f nc copy"),
    (b"II*\0\x08\0\0\0" + bytes(99), "GeoTIFF", "gdal_translate"),
    (b"MM\0*\0\0\0\x08" + bytes(99), "GeoTIFF", "gdal_translate"),
    (b"II+\0\x08\0\0\0" + bytes(99), "BigTIFF", "gdal_translate"),
    (b"\x0e\x03\x13\x01" + bytes(99), "HDF4", "HDF4"),
    (b"\xcd\xf3\x00\x01\x00\x00\xff\xff", "NASA CDF", "choose"),
    (b"%PDF-1.7\n", "PDF", "download the data"),
    (b"\x89PNG\r\n\x1a\n" + bytes(9), "PNG", "download the data"),
    (numpy_array(), "NumPy", "xarray"),
    (b"\x89HDF\n\x1a\n" + bytes(99), "transferred as text", "binary mode"),
    (b"\x89HDF\r\n", "cut off", "download it again"),
    (b"CDF\x03" + bytes(99), "unknown version", "download it again"),
    (b"<!DOCTYPE html><title>Earthdata Login</title>", "a web page", "log in"),
    (b"\n\n <HTML><body>403</body>", "a web page", "log in"),
    (b"\xef\xbb\xbf<html lang='de'>", "a web page", "log in"),
    (b"<!-- proxy --><html>", "a web page", "log in"),
    (b"<head><title>403</title>", "a web page", "log in"),
    ("<html>".encode("utf-16"), "a web page", "log in"),
    (b"../../.git/annex/objects/xx/yy/MD5E-s1--z.nc", "a git-annex pointer", "git annex get"),
    (b"Error {\n    code = 404;\n", "an OPeNDAP error", "read it"),
    (b"Dataset {\n Float32 t;\n} x;\n\nData:\n\0\0\0\5", "an OPeNDAP answer", "netCDF"),
    (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML", "read it"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS", "git lfs pull"),
    (b"/annex/objects/SHA256E-s9--0.nc\n", "git-annex", "git annex get"),
    (b'{"zarr_format": 2}', "Zarr", "open_zarr"),
    (b'{\n "attributes": {},\n "zarr_format": 3,\n "node_type": "group"\n}', "Zarr", "open_zarr"),
    (b'{"message": "quota exceeded"}', "JSON", "read it"),
    (b"netcdf tas {\ndimensions:\n", "CDL", "ncgen"),
    (b"Dataset {\n Float32 tas[time = 365];\n} tas;\n", "OPeNDAP", "download the data"),
    (b"date,tas\n2000-01-01,271.3\n", "CSV", "gridded"),
    ("Messwerte in °C\n".encode("latin-1"), "a text", "read it"),
    (b"404: Not Found", "a text", "read it"),
    (b"", "empty", "download it again"),
    (bytes(1), "zeros", "download it again"),
    (bytes(70000), "zeros", "download it again"),
    (b"\1\2\3" * 99, "neither netCDF-3 nor netCDF-4/HDF5", "damaged"),
    (b"G", "a text", "read it"),
]


class Kinds(TestCase):
    def test_each_kind_is_named_with_its_cure(self):
        """plan tells each file's line, and inspect the same."""
        with Case(variables=["tas"]).periods(2002, 2002) as case:
            for year in (2000, 2001, 2002):
                small(case, year)
            paths = [os.path.join(case.data, trees.name("tas", year))
                     for year in range(2100, 2100 + len(KINDS))]
            for path, (data, _, _) in zip(paths, KINDS):
                with open(path, "wb") as file:
                    file.write(data)
            told = words(case.run("-v", command="plan"))
            for path, (data, kind, cure) in zip(paths, KINDS):
                with self.subTest(kind=kind, data=data[:40]):
                    line = told.partition(path + ": ")[2].partition("left out")[0]
                    self.assertIn(kind, line)
                    self.assertIn(cure, line)
                    if cure not in ("download it again", "binary mode"):
                        self.assertNotIn("download it again", line)

    def test_links_of_git_annex(self):
        targets = {".git/annex/objects/a/b/SHA256E-s9--0.nc": "git annex get",
                   "../../.git/annex/objects/x.nc": "git annex get",
                   "/nowhere/tas.nc": "check links"}
        for target, cure in targets.items():
            with self.subTest(target), Case(variables=["tas"]).periods(2002, 2002) as case:
                for year in (2000, 2001, 2002):
                    small(case, year)
                os.symlink(target, case.data + "/tas_day_M_historical_r1i1p1f1_gn_2003.nc")
                self.assertIn(cure, words(case.run(command="plan")))


class TimeOrder(TestCase):
    """Time axes that do not increase: both dates, and a command that mends the file."""

    def test_the_cure_mends_the_file(self):
        days = np.arange(360.0)
        cases = {
            "steps back": (np.r_[days, days[350:]], "2001-12-21, not after 2001-12-30", "ncks"),
            "one day twice": (np.r_[days[:100], days[99:]], "instant 100 ", "ncks"),
            "a stretch twice": (np.r_[days[:200], days[90:]], "2001-04-01, not after 2001-07-20",
                                "ncks"),
            "backwards": (days[::-1], "2001-12-29, not after 2001-12-30", "ncpdq"),
            "two swapped": (np.r_[days[:7], 8, 7, days[9:]], "2001-01-08, not after 2001-01-09",
                            "sortby of xarray"),
            "shuffled": (np.r_[days[60:], days[:30], days[40:60], days[30:40]],
                         "2001-01-01, not after 2001-12-30", "sortby of xarray"),
            "mixed": (np.r_[days[60:120], days[:60], days[120:140], days[141:200], 140,
                            days[200:]], "2001-01-01, not after 2001-04-30", "sortby of xarray"),
            "a day in pieces": (np.r_[days[:5], 4.25, 4.125, days[5:]],
                                "2001-01-05 15:00:00, not after 2001-01-05 18:00:00", "sortby of xarray"),
        }
        for name, (times, dates, tool) in cases.items():
            with self.subTest(name), Case(variables=["tas"]).periods(2002, 2002) as case:
                for year in (2000, 2001, 2002):
                    small(case, year)
                path = os.path.join(case.data, "tas", trees.name("tas", 2001))
                self.rewrite(path, times)
                said = words(case.run(command="plan"))
                self.assertIn(dates, said)
                command = said.partition("for example with ")[2].partition("; left out")[0]
                self.assertTrue(tool in command, command)
                mended = path + ".mended"
                if tool == "sortby of xarray":
                    with xarray.open_dataset(path) as data:
                        data.sortby("time").to_netcdf(mended)
                else:
                    subprocess.run([*command.split(), path, mended], check=True,
                                   capture_output=True)
                os.replace(mended, path)
                self.exits(case.run(command="plan"), 0)

    def rewrite(self, path, times):
        """Puts the days of a file in this order."""
        with netCDF4.Dataset(path) as nc:
            units, calendar = nc["time"].units, nc["time"].calendar
            lat, lon, first = nc["lat"][:], nc["lon"][:], nc["time"][0]
        with netCDF4.Dataset(path + ".new", "w") as nc:
            for axis, values in (("time", times + first), ("lat", lat), ("lon", lon)):
                nc.createDimension(axis, None if axis == "time" else len(values))
                nc.createVariable(axis, "f8", (axis,))[:] = values
            nc["time"].units, nc["time"].calendar = units, calendar
            nc["lat"].units, nc["lon"].units = "degrees_north", "degrees_east"
            tas = nc.createVariable("tas", "f4", ("time", "lat", "lon"))
            tas.units = "K"
            tas[:] = 273.15
        os.replace(path + ".new", path)


class Overlaps(TestCase):
    def failure(self, case, years=(2000, 2001, 2002), options=()):
        """What is said of the variable after its files of these years were made, and others."""
        for year in years:
            small(case, year)
        for year, experiment, folder, seed in options:
            os.makedirs(os.path.join(case.data, folder), exist_ok=True)
            small(case, year, experiment=experiment, folder=folder, seed=seed)
        result = case.run(command="plan")
        self.exits(result, 2)
        return words(result)

    def test_all_pairs_are_told_at_once(self):
        """Copies in one folder and in two, files of one name with other values, two experiments."""
        cases = [
            ([(y, "historical", "backup", "") for y in (2000, 2001, 2002)],
             "3 pairs of files hold the same days (2000-2002) and have one name and the same bytes"),
            ([(y, "historical", f, "") for y in (2000, 2002) for f in ("b", "c")],
             "4 pairs of files hold the same days (2000, 2002) and have one name and the same bytes"),
            ([(y, "historical", "new", "other") for y in (2001, 2002)],
             "2 pairs of files hold the same days (2001-2002), such as 2001-01-01"),
            ([(y, "ssp245", "", "other") for y in (2001, 2002)],
             "2 pairs of files hold the same days (2001-2002), such as 2001-01-01"),
            ([(2001, "historical", "new", "")],
             "2001-01-01 and 359 more days are held by two files"),
        ]
        for extra, expected in cases:
            with self.subTest(expected), Case(variables=["tas"]).periods(2002, 2002) as case:
                if any(experiment == "ssp245" for _, experiment, _, _ in extra):
                    case.config["scenarios"] = ["ssp245"]
                said = self.failure(case, options=extra)
                self.assertIn(expected, said)
                self.assertEqual(said.count("overlap:"), 1)
                self.assertEqual(words(case.run("-p", "plain")).count("overlap:"), 1)
                self.assertEqual("copies of one another" in said, "other" not in extra[0])

    def test_only_files_of_the_same_bytes_are_copies(self):
        for change in (0, 1):
            with self.subTest(change), Case(variables=["tas"]).periods(2002, 2002) as case:
                path = small(case, 2000, form="NETCDF3_CLASSIC")
                with open(path, "rb") as f:
                    data = bytearray(f.read())
                data[-1] ^= change
                os.makedirs(os.path.join(case.data, "b"))
                with open(os.path.join(case.data, "b", os.path.basename(path)), "wb") as f:
                    f.write(data)
                said = self.failure(case, years=(2001, 2002))
                self.assertIn("2000-01-01 and 359 more days are held by two files", said)
                self.assertIn("; keep one of them", said)
                self.assertEqual("copies of one another" in said, not change)
                self.assertEqual("one name and" in said, not change)

    def test_no_file_goes_for_a_few_days(self):
        """Files that go on into the next year."""
        for days, expected in ((1, "2001-01-01 is held by two files"),
                               (2, "2001-01-01 and 1 more day are held by two files")):
            with self.subTest(days), Case(variables=["tas"]).periods(2002, 2002) as case:
                dates = trees.dates_of_year("360_day", 2000) + \
                    trees.dates_of_year("360_day", 2001)[:days]
                trees.write(os.path.join(case.data, trees.name("tas", "20000101-20010102")), "tas",
                            dates, trees.values_like("temp", "x", len(dates)), calendar="360_day")
                said = self.failure(case, years=(2001, 2002))
                self.assertIn(expected, said)
                self.assertIn("off one of them, as with cdo delete", said)
                self.assertNotIn("keep one", said)

    def test_scenarios_share_the_pairs_of_the_past(self):
        with Case(variables=["tas"], scenarios=["ssp245", "ssp585"]).periods(2002, 2002) as case:
            for scenario in ("ssp245", "ssp585"):
                small(case, 2003, experiment=scenario)
            said = self.failure(case, options=[(2000, "historical", "b", ""),
                                               (2001, "historical", "b", "")])
            self.assertIn("2 pairs of files hold the same days (2000-2001)", said)


class Days(TestCase):
    """Days that no year has are one warning, and no advice asks for files that cannot be had."""

    def warnings(self, calendar, keep, normals=None, years=range(2000, 2005)):
        with Case(variables=["tas"], normals={"min_years": 1, **(normals or {})}) as case:
            case.periods(2002, 2004)
            for year in years:
                trees.year_file(case.data, "tas", year, calendar=calendar, keep=keep)
            result = case.run("-p", "plain")
            self.exits(result, 0)
            warnings = [w for w in result.variable("tas")["problems"] if "target years" not in w]
            self.assertEqual(words(case.run(command="plan")).count("warning:"), len(warnings))
            return warnings

    def test_slots_without_a_day(self):
        cases = [  # calendar, rule, days that are there, slots
            ("standard", "dayofyear", lambda d: d[1:] != (12, 31) or d[0] % 4, "slot 366: "),
            ("julian", "dayofyear", lambda d: d[1:] != (12, 31) or d[0] % 4, "slot 366: "),
            ("standard", "month_day", lambda d: d[1:] != (2, 29), "slot 60: "),
            ("noleap", "dayofyear", lambda d: d[1:] != (12, 31), "slot 365: "),
            ("360_day", "dayofyear", lambda d: d[1] not in (2, 12), "slots 31-60, 331-360: "),
        ]
        for calendar, rule, keep, slots in cases:
            with self.subTest(slots, calendar=calendar):
                found = self.warnings(calendar, keep, {"min_days": 0.5, "leap_day": rule})
                said = " ".join(found)
                self.assertIn("no value in day " + slots, said)
                self.assertNotIn("download", said)
                self.assertEqual(len([w for w in found if "begin before" not in w]), 1, found)

    def test_years_that_lack_other_days_are_told_beside_them(self):
        said = " ".join(self.warnings(
            "noleap", lambda d: d[1:] != (12, 31) and (d[0] != 2003 or d[1] != 7)))
        self.assertIn("no value in day slot 365", said)
        self.assertIn("years with missing days: 2003 (historical, 333 of 365); download", said)

    def test_days_that_leap_years_lack_count_where_others_have_them(self):
        """29 February has the slot that 1 March has in other years: it is not empty."""
        said = " ".join(self.warnings("standard", lambda d: d[1:] != (2, 29)))
        self.assertNotIn("no value", said)

    def test_years_of_as_many_days_are_a_range(self):
        cases = [(lambda d: d[0] == 2002 or d[1:] != (7, 5),
                  "2000-2001 (historical, 359 of 360), 2003-2004 (historical, 359 of 360);"),
                 (lambda d: d[0] == 2004 or d[1] != 7,
                  "2000-2003 (historical, 330 of 360);"),
                 (lambda d: d[0] == 2001 or d[1] != 7 or d[2] > d[0] - 1990,
                  "2000 (historical, 350 of 360), 2002 (historical, 348 of 360), "
                  "2003 (historical, 347 of 360), 2004 (historical, 346 of 360);")]
        for keep, expected in cases:
            with self.subTest(expected):
                self.assertIn(expected, " ".join(self.warnings("360_day", keep)))

    def test_min_days_that_no_year_reaches(self):
        with Case(variables=["tas"], normals={"min_years": 1, "min_days": 1.0}) as case:
            case.periods(2001, 2004)
            for year in range(2000, 2005):
                trees.year_file(case.data, "tas", year, calendar="standard",
                                keep=lambda d: d[1:] != (12, 31) or d[0] % 4)
            said = words(case.run(command="plan"))
            self.assertIn("2000 (historical, 365 of 366), 2004 (historical, 365 of 366); no year "
                          "of the files has the others; lower normals.min_days", said)
            self.assertNotIn("download", said)

    def test_files_of_few_days(self):
        with Case(variables=["tas"]).periods(2000, 2000) as case:
            small(case, 2000, keep=lambda d: d[1] == 1)
            said = words(case.run(command="plan"))
            self.assertIn("2000 (historical, 30 of 360); the files begin or end there", said)
            self.assertNotIn("lower normals.min_days", said)


class Empty(TestCase):
    """Results that hold no value are one warning, which names the products and the regions."""

    def said(self, case, *options):
        result = case.run(*options)
        self.exits(result, 0)
        return [p for p in result.variable("tas")["problems"] if "no value" in p and "DJF of" not in p]

    def sea(self, values):
        """Values of land alone: the northern half."""
        values[:, :3] = np.nan
        return values

    def test_each_region_and_product(self):
        regions = [{"name": "SOUTH", "lon": [0.0, 360.0], "lat": [-90.0, float(trees.LAT[2])]},
                   {"name": "NORTH", "lon": [0.0, 360.0], "lat": [float(trees.LAT[3]), 90.0]}]
        products = [{"name": "normal"}, {"name": "sd", "over": "std"},
                    {"name": "july", "time": "month", "within": "max"}]
        pattern = "{region}/{variable}_{period}_{year}_{product}.nc"
        with Case(variables=["tas"], regions=[], custom_regions=regions, products=products,
                  output={"root": "output", "pattern": pattern}) as case:
            case.periods(2002, 2003)
            for year in range(2000, 2004):
                small(case, year, convert=self.sea)
            said = self.said(case)
            self.assertEqual(said, ['warning: tas, products "normal", "sd", "july": region SOUTH has no '
                                    "value in all target years: 2002-2003"])
            for options in (("-t", "1"), ("-s", "engine.batch_years=1"),
                            ("-s", "output.counts=true"), ("-s", "output.compression=0"),
                            ("-s", "engine.memory=1MB")):
                shutil.rmtree(case.out)
                self.assertEqual(self.said(case, *options), said)

    def test_equal_lines_of_regions_are_one(self):
        regions = [{"name": f"R{k}", "lon": [0.0, 360.0],
                    "lat": [float(trees.LAT[k % 6]), float(trees.LAT[k % 6])]} for k in range(18)]
        products = [{"name": "normal"}, {"name": "year", "time": "year"}]
        with Case(variables=["tas"], regions=[], custom_regions=regions, products=products).periods(
                2002, 2002) as case:
            case.config["output"]["pattern"] = "{region}_{variable}_{period}_{year}_{product}.nc"
            for year in range(2000, 2003):
                small(case, year, convert=self.sea)
            self.assertEqual(
                self.said(case),
                ['warning: tas, products "normal", "year": regions R0, R1, R2, R6, R7, R8, R12, R13 and 1 '
                 "more have no value in all target years: 2002"])

    def test_day_slots_with_few_values(self):
        """Leap years are few: no sample of 29 February, or of day 366, has so many values."""
        cases = [("dayofyear", {"min_values": 3}, "366", "3"), ("month_day", {"min_values": 3}, "60", "3"),
                 ("dayofyear", {"min_values": 2}, None, None)]
        for rule, normals, slot, least in cases:
            with self.subTest(rule, **normals), Case(
                    variables=["tas"], normals={"window": 8, "leap_day": rule, **normals}).periods(
                        2007, 2008) as case:
                for year in range(2000, 2009):
                    trees.year_file(case.data, "tas", year, calendar="standard")
                said = self.said(case)
                self.assertEqual(said, [f"warning: tas: region GLOBAL has no value in day slot {slot} of any "
                                        f"target year (min_values is {least})"] if slot else [])

    def test_day_slots_that_no_file_has_are_told_once(self):
        with Case(variables=["tas"]).periods(2002, 2002) as case:
            for year in range(2000, 2003):
                trees.year_file(case.data, "tas", year, calendar="standard",
                                keep=lambda d: d[1:] != (12, 31) or d[0] % 4)
            said = self.said(case)
            self.assertEqual(len(said), 1, said)
            self.assertIn("no value in day slot 366: no year of the files has such a day", said[0])

    def test_some_target_years(self):
        with Case(variables=["tas"]) as case:
            case.periods(2002, 2006)
            for year in range(2000, 2007):
                small(case, year, convert=lambda v, y=year: v * (np.nan if y < 2004 else 1))
            said = self.said(case)
            self.assertEqual(len(said), 1, said)
            self.assertEqual(said[0], "warning: tas: region GLOBAL has no value in target years 2002-2003")
            self.assertEqual(self.said(case), [])  # nothing was made

    def test_months_and_seasons(self):
        def dry(values):
            values[151:243] = np.nan  # June to August of 365 days
            return values
        products = [{"name": "normal"}, {"name": "year", "time": "year"},
                    {"name": "month", "time": "month"},
                    {"name": "month_sd", "time": "month", "over": "std"},
                    {"name": "season", "time": "season"}]
        with Case(variables=["tas"], products=products,
                  normals={"min_days": 0.7}).periods(2002, 2003) as case:
            case.config["output"]["pattern"] = "{variable}_{period}_{year}_{product}.nc"
            for year in range(2000, 2004):
                small(case, year, convert=dry)
            expected = ['warning: tas, product "normal": region GLOBAL has no value in day slots 152-243 '
                        "of any target year",
                        'warning: tas, products "month", "month_sd": region GLOBAL has no value in '
                        "June, July, August of any target year",
                        'warning: tas, product "season": region GLOBAL has no value in JJA of any '
                        "target year"]
            for options in ((), ("-s", "engine.memory=1MB"), ("-s", "engine.batch_years=1")):
                self.assertEqual(self.said(case, *options), expected)
                shutil.rmtree(case.out)

    def test_groups_of_some_target_years(self):
        """But for the day slot of leap years, in windows that have none."""
        def dry(values, year):
            values[59:151 if year > 2001 else 59] = np.nan  # March to May of 365 days
            values[181:212 if year == 2000 else 181] = np.nan  # July
            return values
        products = [{"name": "normal"}, {"name": "smooth", "pool": 3}, {"name": "month", "time": "month"}]
        with Case(variables=["tas"], products=products,
                  normals={"window": 2, "min_years": 1, "min_values": 2}).periods(2001, 2003) as case:
            case.config["output"]["pattern"] = "{variable}_{period}_{year}_{product}.nc"
            for year in range(2000, 2004):
                small(case, year, convert=lambda v, y=year: dry(v, y))
            expected = ['warning: tas, product "normal": region GLOBAL has no value in day slots '
                        "60-151, 182-212 of some of the target years 2001-2003 (min_values is 2)",
                        'warning: tas, product "smooth": region GLOBAL has no value in day slots 61-150 '
                        "of target years 2003 (min_values is 2)",
                        'warning: tas, product "month": region GLOBAL has no value in March, April, May, '
                        "July of some of the target years 2001-2003 (min_values is 2)"]
            for options in ((), ("-t", "1"), ("-s", "engine.memory=1MB"), ("-s", "engine.batch_years=1")):
                self.assertEqual(self.said(case, *options), expected)
                shutil.rmtree(case.out)
        with Case(variables=["tas"], normals={"window": 2, "min_years": 1}).periods(2001, 2004) as case:
            for year in range(2000, 2005):
                trees.year_file(case.data, "tas", year, calendar="standard")
            self.assertEqual(self.said(case), [])

    def test_limits_that_hold_nothing(self):
        """valid_range, and valid_min above valid_max."""
        cases = [({"valid_range": np.array([0, -1], "f4")}, "valid_range of 3 files"),
                 ({"valid_min": np.float32(400), "valid_max": np.float32(100)},
                  "valid_min and valid_max of 3 files"),
                 ({"valid_range": np.array([300, 200], "f8")}, "from 300 to 200")]
        for attributes, expected in cases:
            with self.subTest(expected), Case(variables=["tas"]).periods(2002, 2002) as case:
                for year in (2000, 2001, 2002):
                    small(case, year, attributes=attributes)
                result = case.run()
                self.assertIn(expected, result.said)
                self.assertIn("tas: region GLOBAL has no value", result.said)
                self.assertIn(expected, words(case.run(command="plan")))


class PassedOver(TestCase):
    """What is not used is told by run as by plan, with a count and an example."""

    def said(self, *names):
        """What plan and run say of files and folders that lie beside those of a variable."""
        with Case(variables=["tas"]).periods(2002, 2002) as case:
            for year in (2000, 2001, 2002):
                small(case, year)
            for name in names:
                if name.endswith("/"):
                    os.makedirs(os.path.join(case.data, name))
                else:
                    with open(os.path.join(case.data, name), "wb") as file:
                        file.write(b"CDF\1")
            plan, run = case.run(command="plan"), case.run("-p", "plain")
            self.exits(run, 0)
            said = [" ".join(line.split()) for line in run.err.splitlines() if "passed" in line]
            for line in said:
                self.assertEqual(words(plan).count(line), 1)
            return said

    def test_names_and_tables(self):
        rule, table = "tas_day_M1_historical_r1i1p1f1_gn_%s.nc", "tas_%s_M1_historical_r1_gn_%s.nc"
        cases = [
            (["era5.nc"], ["1 file not named like CMIP files (such as era5.nc)"]),
            (["b.nc", rule % "200301-200312", "a.nc"],
             ["3 files not named like CMIP files (such as a.nc)"]),
            ([table % ("Amon", "200301-200312")], ['1 file of other tables than "day" (such as '
                                                   "tas_Amon_M1"]),
            ([table % ("Amon", "200301-200312"), table % ("6hr", "2003"), "x.nc"],
             ['2 files of other tables than "day"', "1 file not named like CMIP files"]),
        ]
        for names, expected in cases:
            with self.subTest(names):
                said = self.said(*names)
                self.assertEqual(len(said), 1, said)
                for part in expected:
                    self.assertIn(part, said[0])

    def test_other_endings(self):
        cases = [(["tas_2003.nc4"], "1 file whose name does not end in .nc, such as tas_2003.nc4"),
                 (["c.NC", "b.nc.gz", "a.grib"], "3 files whose names do not end in .nc, such as "
                                                 "a.grib"),
                 (["store.zarr/", "z.h5"], "2 files whose names do not end in .nc, such as "
                                           "store.zarr"),
                 (["tas_2003.nc.part"], "1 file whose name does not end in .nc")]
        for names, expected in cases:
            with self.subTest(names):
                said = self.said(*names)
                self.assertEqual(len(said), 1, said)
                self.assertIn(expected, said[0])
        self.assertEqual(self.said("README.txt", "wget.sh", "tas.nc.md5", ".nc4", "plot.png"), [])


class Files(TestCase):
    def said_of(self, change):
        """What is said of a file that `change` makes anew, given its path."""
        with Case(variables=["tas"]).periods(2002, 2002) as case:
            for year in (2000, 2001, 2002):
                small(case, year)
            path = os.path.join(case.data, "tas", trees.name("tas", 2001))
            change(path)
            return words(case.run(command="plan"))

    def test_times_that_are_text(self):
        def strings(nc):
            dates = nc.createVariable("time", str, ("time",))
            dates[:] = np.array(["2001-01-%02d" % d for d in range(1, 6)], object)

        def characters(nc):
            nc.createDimension("length", 10)
            dates = nc.createVariable("time", "S1", ("time", "length"))
            dates[:] = np.array([list("2001-01-%02d" % d) for d in range(1, 6)], "S1")

        def write(path, fill, form):
            os.remove(path)
            with netCDF4.Dataset(path, "w", format=form) as nc:
                for axis, size in (("time", 5), ("lat", 3), ("lon", 4)):
                    nc.createDimension(axis, size)
                for axis, units in (("lat", "degrees_north"), ("lon", "degrees_east")):
                    nc.createVariable(axis, "f8", (axis,))[:] = np.arange(len(nc.dimensions[axis]))
                    nc[axis].units = units
                nc.createVariable("tas", "f4", ("time", "lat", "lon")).units = "K"
                fill(nc)

        for fill, form in ((strings, "NETCDF4"), (characters, "NETCDF4"),
                           (characters, "NETCDF3_CLASSIC")):
            with self.subTest(fill=fill.__name__, form=form):
                said = self.said_of(lambda path, f=fill, m=form: write(path, f, m))
                self.assertIn("'time' is text, expected numbers and units such as",
                              said)

    @unittest.skipUnless(h5py, "no h5py")
    def test_filters_that_are_missing(self):
        def write(path, number):
            with h5py.File(path, "a") as file:
                properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                properties.set_chunk((1, 3, 4))
                properties.set_filter(number, h5py.h5z.FLAG_OPTIONAL)
                shape = file["tas"].shape
                del file["tas"]
                h5py.h5d.create(file.id, b"tas", h5py.h5t.IEEE_F32LE,
                                h5py.h5s.create_simple(shape), properties)
                for i, name in enumerate(("time", "lat", "lon")):
                    file["tas"].dims[i].attach_scale(file[name])

        for number, name, cure in ((32013, "ZFP", "pip install hdf5plugin"),
                                   (32008, "bitshuffle", "pip install hdf5plugin"),
                                   (32022, "BitGroom", "nccopy -F none"),
                                   (40000, "a filter without a name", "nccopy -F none")):
            with self.subTest(number):
                said = self.said_of(lambda path, n=number: write(path, n))
                self.assertIn(f"compressed with {name} (HDF5 filter {number}), which is not "
                              "installed here", said)
                self.assertIn(cure, said)


class Products(TestCase):
    def plan(self, **product):
        with Case(variables=["tas", "pr"], products=[{"name": "normal"}, product]) as case:
            case.periods(2002, 2002)
            for year in (2000, 2001, 2002):
                small(case, year)
                trees.year_file(case.data, "pr", year, calendar="360_day")
            return case.run(command="plan")

    def test_units_of_thresholds(self):
        """One that counts from an origin is no unit of a threshold; others are told once."""
        for unit in ("K since 1990", "K @ 273.15", "degC from 20"):
            with self.subTest(unit):
                result = self.plan(name="hot", time="year", within="count_gt",
                                   threshold="5 " + unit)
                self.exits(result, 1)
                self.assertIn("products.threshold: expected a number and its unit", result.said)
        result = self.plan(name="hot", time="year", within="count_gt", threshold="5 bananas")
        self.exits(result, 2)
        self.assertEqual(words(result).count("no unit that UDUNITS-2 knows"), 1)

    def test_changes_name_their_product(self):
        said = words(self.plan(name="warming", baseline=1990, change="difference"))
        self.assertIn('tas, pr: changes against 1990 of "warming" cannot be made', said)


main()
