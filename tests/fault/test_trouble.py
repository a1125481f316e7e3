"""Trouble that once gave wrong numbers, crashes or false blame: days that scenarios share, chunks that
inflate short, a bad month, few file descriptors, damaged outputs."""
import os
import random
import resource
import subprocess
import zlib

import h5py
import netCDF4
import numpy as np

import climnorm_case
import trees

CELLS = (len(trees.LAT), len(trees.LON))


def write_days(case, experiment, first, last, value, days_per_chunk, calendar="360_day"):
    """A file from date `first` to `last` whose values are `value` + the year."""
    dates = [date for year in range(first[0], last[0] + 1)
             for date in trees.dates_of_year(calendar, year) if first <= date <= last]
    raw = np.empty((len(dates),) + CELLS, np.float32)
    raw[:] = np.array([value + date[0] for date in dates])[:, None, None]
    path = os.path.join(case.data, trees.name("tas", trees.span(dates[0], dates[-1]),
                                              experiment=experiment))
    trees.write(path, "tas", dates, raw, calendar=calendar,
                chunks=(min(days_per_chunk, len(dates)),) + CELLS)
    return path


class SharedDays(climnorm_case.TestCase):
    """Two scenarios begin in December 2005, in one file of historical days."""

    def test_both_scenarios_have_the_historical_days(self):
        for days_per_chunk in (1, 30, 400, 10000):
            with self.subTest(days_per_chunk), climnorm_case.Case(
                    scenarios=["rcp45", "rcp85"]) as case:
                write_days(case, "historical", (2000, 1, 1), (2005, 11, 30), 0, days_per_chunk)
                write_days(case, "rcp45", (2005, 12, 1), (2008, 12, 30), 1000, days_per_chunk)
                write_days(case, "rcp85", (2005, 12, 1), (2008, 12, 30), 2000, days_per_chunk)
                case.periods(2003, 2008, "p-{scenario}")
                self.exits(case.run(), 0)
                for scenario, more in (("rcp45", 1000), ("rcp85", 2000)):
                    for year in range(2005, 2009):
                        self.check(case, scenario, more, year)

    def check(self, case, scenario, more, year):
        days = np.arange(360)
        expected = np.mean([y + more * ((y > 2005) | ((y == 2005) & (days >= 330)))
                            for y in range(year - 2, year + 1)], axis=0)
        with netCDF4.Dataset(case.path("tas", year, period=f"p-{scenario}")) as data:
            got = data["tas"][:]
        np.testing.assert_allclose(got, np.broadcast_to(expected[:, None, None], got.shape),
                                   rtol=1e-6, err_msg=f"{scenario} {year}")


class ShortChunks(climnorm_case.TestCase):
    def shorten(self, path, bytes_of_chunk):
        """Replaces a chunk by a valid zlib stream of 200 of its bytes."""
        with open(path, "rb") as file:
            data = bytearray(file.read())
        for at in range(len(data) - 2):
            if data[at] != 0x78:
                continue
            try:
                inflater = zlib.decompressobj()
                raw = inflater.decompress(bytes(data[at:]))
            except zlib.error:
                continue
            if inflater.eof and len(raw) == bytes_of_chunk:
                short = zlib.compress(raw[:200], 4)
                data[at:at + len(short)] = short
                with open(path, "wb") as file:
                    file.write(data)
                return
        self.fail("no chunk found")

    def test_every_type_notices(self):
        for kind in ("i2", ">i2", "i4", "f4", ">f4", "f8", "u1"):
            for shuffle in (False, True):
                with self.subTest(kind=kind, shuffle=shuffle), climnorm_case.Case(
                        normals={"window": 1, "min_years": 1}) as case:
                    path = os.path.join(case.data, trees.name("tas", "2000"))
                    values = np.random.default_rng(1).integers(0, 100, (365,) + CELLS)
                    trees.write(path, "tas", trees.dates_of_year("noleap", 2000),
                                values.astype(kind), fill=None,
                                chunks=(73,) + CELLS, shuffle=shuffle,
                                endian="big" if kind.startswith(">") else "native")
                    case.periods(2000, 2000)
                    self.exits(case.run(), 0)
                    self.shorten(path, 73 * CELLS[0] * CELLS[1] * np.dtype(kind).itemsize)
                    result = case.run()
                    self.exits(result, 2)
                    self.assertIn("does not inflate to its size", result.err)


class UnknownFilters(climnorm_case.TestCase):
    def test_what_is_around_them_is_looked_at(self):
        """Scale-offset is left to HDF5; that what it gets is what was stored is not, nor how much."""
        chunk = (73,) + CELLS
        with climnorm_case.Case(normals={"window": 1, "min_years": 1}) as case:
            path = os.path.join(case.data, trees.name("tas", "2000"))
            values = np.random.default_rng(1).integers(0, 100, (365,) + CELLS).astype("i4")
            trees.write(path, "tas", trees.dates_of_year("noleap", 2000), values, fill=None)
            with h5py.File(path, "r+") as file:
                scales, units = [d[0].name for d in file["tas"].dims], file["tas"].attrs["units"]
                del file["tas"]
                tas = file.create_dataset("tas", data=values, chunks=chunk, scaleoffset=0,
                                          compression="gzip")
                tas.attrs["units"] = units
                for i, name in enumerate(scales):
                    tas.dims[i].attach_scale(file[name])
            case.periods(2000, 2000)
            self.exits(case.run(), 0)
            with netCDF4.Dataset(case.path("tas", 2000)) as data:
                np.testing.assert_array_equal(data["tas"][:], values.astype("f4"))
            with h5py.File(path, "r+") as file:
                file["tas"].id.write_direct_chunk((73, 0, 0), zlib.compress(bytes(1 << 20)))
            result = case.run()
            self.exits(result, 2)
            self.assertIn("does not inflate to its size", result.err)


class BadMonth(climnorm_case.TestCase):
    def test_it_costs_its_year(self):
        with climnorm_case.Case(normals={"window": 3, "min_years": 2, "min_days": 0.5}) as case:
            for year in (2000, 2001, 2002):
                for month in range(1, 13):
                    path = write_days(case, "historical", (year, month, 1), (year, month, 30), 0, 30)
                    if (year, month) == (2001, 7):
                        os.truncate(path, os.path.getsize(path) // 2)
            case.periods(2002, 2002)
            result = case.run()
            self.exits(result, 2)
            self.assertIn("20010701-20010730", result.err)
            with netCDF4.Dataset(case.path("tas", 2002)) as data:
                self.assertEqual(data.number_of_years, 2)
                self.assertEqual(data.missing_source_years, "2001")


class FewDescriptors(climnorm_case.TestCase):
    def test_many_files(self):
        with climnorm_case.Case() as case:
            for year in range(2000, 2006):
                for month in range(1, 13):
                    write_days(case, "historical", (year, month, 1), (year, month, 30), 0, 30)
            case.periods(2002, 2005)
            process = subprocess.run(
                [climnorm_case.BIN, "run", case.write_config(), "-t", "4", "-p", "none"],
                capture_output=True, text=True,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32)))
            self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
            self.assertEqual(len(case.normals()), 4)


class DamagedOutputs(climnorm_case.TestCase):
    def test_they_are_made_again(self):
        with climnorm_case.Case() as case:
            write_days(case, "historical", (2000, 1, 1), (2002, 12, 30), 0, 30)
            case.periods(2002, 2002)
            env = {"SOURCE_DATE_EPOCH": "1700000000"}
            self.exits(case.run(env=env), 0)
            path = case.path("tas", 2002)
            with open(path, "rb") as file:
                good = file.read()
            dice = random.Random(1)
            for trial in range(40):
                bad = bytearray(good)
                for _ in range(dice.randint(1, 5)):
                    bad[dice.randrange(min(len(bad), 20000))] = dice.randrange(256)
                with open(path, "wb") as file:
                    file.write(bad)
                result = case.run(env=env)
                self.exits(result, 0)
                if result.variable("tas")["normals_written"]:
                    with open(path, "rb") as file:
                        self.assertEqual(file.read(), good, f"trial {trial}")

    def test_a_file_without_its_chunks_is_not_kept(self):
        with climnorm_case.Case() as case:
            write_days(case, "historical", (2000, 1, 1), (2002, 12, 30), 0, 30)
            case.periods(2002, 2002)
            self.exits(case.run(), 0)
            path = case.path("tas", 2002)
            whole = path + ".whole"
            os.rename(path, whole)
            with netCDF4.Dataset(whole) as data, netCDF4.Dataset(path, "w") as hollow:
                hollow.setncatts({key: data.getncattr(key) for key in data.ncattrs()})
                for key, dimension in data.dimensions.items():
                    hollow.createDimension(key, len(dimension))
                for key, variable in data.variables.items():
                    hollow.createVariable(key, variable.dtype, variable.dimensions,
                                          chunksizes=(1,) + CELLS if key == "tas" else None)
            os.unlink(whole)
            result = case.run()
            self.exits(result, 0)
            self.assertEqual(result.variable("tas")["normals_written"], 1)


if __name__ == "__main__":
    climnorm_case.main()
