"""Files and trees that mean harm, or were written by something broken: no crash, no endless
run, no wrong number; what can be used is used.
"""
import os
import subprocess

import h5py
import netCDF4
import numpy as np

import oracle
import trees
from climnorm_case import BIN, Case, TestCase, main


class Attributes(TestCase):
    """Odd attributes: each takes its own file along at worst."""

    ODD = {
        "scaletext": ("data", "scale_factor", "one"), "scalenan": ("data", "scale_factor", np.nan),
        "scalezero": ("data", "scale_factor", 0.0),
        "scalevector": ("data", "scale_factor", np.array([1.0, 2.0])),
        "rangeshort": ("data", "valid_range", np.float32(3)),
        "rangetext": ("data", "valid_range", "low high"),
        "missingtext": ("data", "missing_value", "NaN"),
        "missingmany": ("data", "missing_value", np.arange(5000, dtype="f4")),
        "unitsnumber": ("data", "units", np.float64(3)),
        "unitslong": ("data", "units", "m" * 100000),
        "unitsodd": ("data", "units", "K\n%s\x1b[31m"),
        "calendarnumber": ("time", "calendar", 365),
        "calendarlong": ("time", "calendar", "x" * 70000),
        "sinceodd": ("time", "units", "days since 99999999999999999999-01-01"),
        "sincefar": ("time", "units", "days since 2147483647-12-31"),
        "sinceminus": ("time", "units", "days since -5000000-01-01"),
        "sincetext": ("time", "units", "days since yesterday"),
        "timescale": ("time", "scale_factor", 1e300), "lataxis": ("lat", "axis", "X"),
        "methodsodd": ("data", "cell_methods", "time: " * 2000),
        "named": ("data", "long_name", "%n%s" * 9),
        "boundsself": ("lat", "bounds", "lat"), "boundsgone": ("lon", "bounds", "nowhere"),
        "historylong": ("file", "history", "h" * 300000),
    }

    def test_odd_attributes(self):
        with Case(variables=[*self.ODD, "good"], normals={"min_years": 2}) as case:
            case.periods(2002, 2003)
            for variable in [*self.ODD, "good"]:
                for year in range(2000, 2004):
                    path = trees.year_file(case.data, variable, year, shape=(2, 3),
                                           lat=trees.LAT[:2], lon=trees.LON[:3])
                    if year == 2001 and variable in self.ODD:
                        holder, key, value = self.ODD[variable]
                        with netCDF4.Dataset(path, "a") as nc:
                            target = {"data": variable}.get(holder, holder)
                            target = nc if holder == "file" else nc.variables[target]
                            target.setncattr(key, value)
            result = case.run()
            self.assertIn(result.code, (0, 2))
            self.judged(case, "good", (2002, 2003))
            tree = oracle.Tree(case.data)
            for variable in self.ODD:
                file = trees.name(variable, 2001)
                with self.subTest(variable=variable):
                    if file in result.problems(variable):
                        self.judged(case, variable, (2002, 2003),
                                    timeline=tree.timeline(variable, skip=(file,)))
                    elif variable != "scalevector":
                        self.judged(case, variable, (2002, 2003))


class Places(TestCase):
    """Odd variables beside two-dimensional latitudes and longitudes."""

    def one_year(self, **options):
        case = Case(normals={"window": 1, "min_years": 1}).periods(2001, 2001)
        self.addCleanup(case.close)
        return case, trees.year_file(case.data, "tas", 2001, calendar="360_day", twod=True,
                                     **options)

    def test_odd_attributes_of_corners(self):
        for kind in ("texts", "compound", "scale"):
            with self.subTest(kind):
                case, path = self.one_year()
                with netCDF4.Dataset(path, "a") as nc:
                    nc.createDimension("corner", 4)
                    nc["lat"].bounds = "lat_vertices"
                    corners = nc.createVariable("lat_vertices", "f8", ("lat", "lon", "corner"))
                    corners[:] = nc["lat"][:][:, :, None]
                    if kind == "texts":
                        corners.setncattr_string("missing_value", ["a", "b"])
                    elif kind == "scale":
                        corners.setncattr("scale_factor", "0.1")
                if kind == "compound":
                    with h5py.File(path, "a") as file:
                        file["pair"] = np.dtype("f4,i2")
                        file["lat_vertices"].attrs.create("missing_value", np.zeros(2, "f4,i2"),
                                                          dtype=file["pair"])
                result = case.run()
                self.exits(result, 2)
                self.assertIn("of 'lat_vertices' is ", result.problems("tas"))

    def test_a_variable_without_a_name(self):
        """The length of a name in the header of netCDF-3 becomes 0."""
        case, path = self.one_year(form="NETCDF3_CLASSIC", records=("f8",))
        with netCDF4.Dataset(path, "a") as nc:
            nc["tas"].coordinates = "lat lon"
            nc.renameVariable("before0", "abcd")
        with open(path, "rb") as file:
            data = file.read()
        named = b"\0\0\0\x04abcd"
        with netCDF4.Dataset(path) as nc:
            sizes = sum(nc[name].size * nc[name].dtype.itemsize for name in nc.variables)
        begin = len(data) - sizes
        self.assertEqual(data.count(named), 1)
        data = data[:begin].replace(named, bytes(4)) + bytes(4) + data[begin:]
        with open(path, "wb") as file:
            file.write(data)
        self.assertIn(case.run(timeout=60).code, (0, 2))


class Shapes(TestCase):
    def test_giant_claims(self):
        """A file of a few kilobytes that claims terabytes."""
        for shape in ((365, 100000, 100000), (365, 2 ** 31 - 2, 2), (2 ** 31, 2, 2)):
            with self.subTest(shape=shape), Case(variables=["tas", "good"]) as case:
                case.periods(2000, 2000)
                case.config["normals"].update(window=1, min_years=1)
                trees.year_file(case.data, "good", 2000)
                os.makedirs(os.path.join(case.data, "tas"))
                path = os.path.join(case.data, "tas", trees.name("tas", 2000))
                with netCDF4.Dataset(path, "w") as nc:
                    for name, size in zip(("time", "lat", "lon"), shape):
                        nc.createDimension(name, size)
                        var = nc.createVariable(name, "f8", (name,), chunksizes=(min(size, 1000),),
                                                zlib=True)
                        var.units = {"time": "days since 2000-01-01", "lat": "degrees_north",
                                     "lon": "degrees_east"}[name]
                        if size < 1000:
                            var[:] = np.arange(size)
                    nc.createVariable("tas", "f4", ("time", "lat", "lon"), zlib=True,
                                      chunksizes=(1, min(shape[1], 1000), min(shape[2], 1000)))
                result = case.run(timeout=60)
                self.assertIn(result.code, (1, 2, 3))
                self.assertIn("tas", result.said)
                self.assertFalse(os.path.exists(case.path("tas", 2000)))

    def long_axis(self, path, count, step):
        """A file of some kilobytes with many instants and no values."""
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with h5py.File(path, "w") as f:
            chunk = min(count, 1 << 20)
            time = f.create_dataset("time", (count,), "f8", chunks=(chunk,), compression=9,
                                    shuffle=True)
            for first in range(0, count, chunk):
                time[first:first + chunk] = np.arange(first, min(first + chunk, count)) * step
            for name, values in (("lat", [10.0, 20]), ("lon", [0.0, 120, 240])):
                f[name] = np.array(values)
            f.create_dataset("tas", (count, 2, 3), "f4", chunks=(chunk, 2, 3), compression=9)
            for name, units in (("time", "days since 1850-01-01"), ("lat", "degrees_north"),
                                ("lon", "degrees_east")):
                f[name].make_scale(name)
                f[name].attrs["units"] = np.bytes_(units)
            for k, name in enumerate(("time", "lat", "lon")):
                f["tas"].dims[k].attach_scale(f[name])

    def test_long_time_axes(self):
        """150 years of hours are honest; ten million instants take memory in vain."""
        with Case(normals={"window": 1, "min_years": 1}) as case:
            path = os.path.join(case.data, "tas", trees.name("tas", 2001))
            self.long_axis(path, 150 * 365 * 24, 1 / 24)
            result = subprocess.run([BIN, "inspect", path], capture_output=True, text=True)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("1314000 instants", result.stdout)
            self.long_axis(path, 10 ** 7, 1 / 1440)
            self.assertLess(os.path.getsize(path), 10 ** 6)
            result = subprocess.run([BIN, "inspect", path], capture_output=True, text=True)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn("has 10000000 instants, expected at most 2097152", result.stderr)
            trees.year_file(case.data, "tas", 2000)
            case.periods(2000, 2001)
            result = case.run()
            self.exits(result, 2)
            self.assertIn("expected at most 2097152", result.problems("tas"))
            self.assertTrue(os.path.exists(case.path("tas", 2000)))
            self.assertFalse(os.path.exists(case.path("tas", 2001)))

    def test_odd_axes(self):
        odd = {"latnan": dict(lat=np.array([0.0, np.nan])),
               "latbig": dict(lat=np.array([0.0, 100])),
               "lonnan": dict(lon=np.array([0.0, np.inf, 3])),
               "lonhuge": dict(lon=np.array([0, 1e300, 2])),
               "latzigzag": dict(lat=np.array([0.0, 10, 5])),
               "latsame": dict(lat=np.array([5.0, 5.0]))}
        with Case(variables=[*odd, "good"], normals={"window": 1, "min_years": 1}) as case:
            case.periods(2000, 2000)
            for variable, axes in odd.items():
                axes = {"lat": trees.LAT[:2], "lon": trees.LON[:3], **axes}
                trees.year_file(case.data, variable, 2000, **axes)
            trees.year_file(case.data, "good", 2000)
            result = case.run()
            self.exits(result, 2)
            self.judged(case, "good", [2000])
            for variable in ("latnan", "lonnan", "lonhuge", "latbig"):
                self.assertIn(trees.name(variable, 2000), result.problems(variable))

    def test_no_days(self):
        with Case(variables=["tas"], normals={"min_years": 2}) as case:
            case.periods(2002, 2002)
            for year in range(2000, 2003):
                trees.year_file(case.data, "tas", year, unlimited=True,
                                keep=(lambda d: False) if year == 2001 else None)
            result = case.run()
            self.assertIn(result.code, (0, 2))
            self.assertIn(trees.name("tas", 2001), result.said)
            self.judged(case, "tas", [2002], timeline=oracle.Tree(case.data).timeline(
                "tas", skip=(trees.name("tas", 2001),)))


class Links(TestCase):
    """An HDF5 link into another file, whose opening would wait for ever."""

    @staticmethod
    def link(case, path, inner=""):
        fifo = os.path.join(case.dir, "fifo")
        if not os.path.exists(fifo):
            os.mkfifo(fifo)
        with h5py.File(path, "a") as file:
            file[f"{inner}zz"] = h5py.ExternalLink(fifo, "/x")

    def test_inputs(self):
        with Case(variables=["tas"], normals={"min_years": 1}) as case:
            case.periods(2002, 2002)
            paths = [trees.year_file(case.data, "tas", year) for year in range(1999, 2003)]
            self.link(case, paths[1])
            self.link(case, paths[2], "group/")
            for path in paths[1:3]:
                result = case.run(command="inspect", config=path, timeout=50)
                self.exits(result, 2)
                self.assertIn("cannot be opened", result.err)
            plan = case.run(command="plan", timeout=50).out
            self.assertIn("tas historical 2000-2001: 2 files are left out", " ".join(plan.split()))
            self.exits(case.run(timeout=50), 2)
            self.judged(case, "tas", [2002], timeline=oracle.Tree(case.data).timeline(
                "tas", skip=[os.path.basename(path) for path in paths[1:3]]))

    def test_outputs(self):
        with Case(variables=["tas"], normals={"min_years": 1}) as case:
            case.periods(2000, 2001)
            for year in (2000, 2001):
                trees.year_file(case.data, "tas", year)
            self.exits(case.run(), 0)
            self.link(case, case.path("tas", 2001))
            result = case.run(timeout=50)
            self.exits(result, 0)
            self.assertEqual(result.variable("tas")["normals_written"], 1)
            self.judged(case, "tas", [2000, 2001])


class Noise(TestCase):
    """Seeded damage all over the file. Compressed values carry a checksum, so a normal is right
    with the year or right without it; damage to metadata may change a meaning, never crash."""

    def test_flipped_bytes(self):
        rng = np.random.default_rng(20)
        forms = ({}, {"form": "NETCDF3_CLASSIC"}, {"chunks": (365, 6, 8)}, {"fletcher32": True})
        names = [f"f{i}" for i in range(48)]
        with Case(variables=[*names, "good"], normals={"window": 2, "min_years": 1}) as case:
            case.periods(2001, 2001)
            for i, variable in enumerate(names):
                for year in (2000, 2001):
                    path = trees.year_file(case.data, variable, year, **forms[i % 4])
                size = os.path.getsize(path)
                with open(path, "r+b") as f:
                    for _ in range(1 + i % 7):
                        f.seek(int(rng.integers(0, size if i % 3 else min(size, 6000))))
                        f.write(rng.integers(0, 256, 1 + i % 5).astype("u1").tobytes())
            for year in (2000, 2001):
                trees.year_file(case.data, "good", year)
            result = case.run(timeout=300)
            self.assertIn(result.code, (0, 2))
            self.judged(case, "good", [2001])
            for variable in names:
                self.assertTrue(os.path.exists(case.path(variable, 2001))
                                or result.variable(variable)["problems"], variable)


class Trees(TestCase):
    def test_names(self):
        """Names that try to leave the output, or the terminal."""
        with Case(variables=None) as case:
            case.config["normals"] = {"window": 1, "min_years": 1}
            case.periods(2000, 2000)
            for model in ("..", "%s%n", "a b", "\x1b[2Jx", "ü", "x" * 150):
                trees.year_file(case.data, "tas", 2000, model=model, folder="m")
            result = case.run()
            self.exits(result, 1)
            self.assertNotIn("\x1b[2J", result.said)
            result = case.run("--set", "input.model=..", "--set",
                              "output.pattern={model}/{region}{variable}{year}.nc")
            self.assertIn(result.code, (0, 1, 2))
            self.assertEqual([f for f in os.listdir(case.dir) if f.endswith(".nc")], [])

    def test_variables_named_like_paths(self):
        with Case(variables=None) as case:
            case.config["normals"] = {"window": 1, "min_years": 1}
            case.periods(2000, 2000)
            for variable in ("..", ".", "-", "tas"):
                path = trees.year_file(case.data, "tas", 2000, folder="v")
                os.rename(path, os.path.join(case.data, "v", trees.name(variable, 2000)))
            result = case.run()
            self.assertIn(result.code, (0, 1, 2))
            if result.code != 1:
                self.assertTrue(os.path.exists(case.path("tas", 2000)))
            self.assertEqual([f for f in os.listdir(case.dir) if f.endswith(".nc")], [])


if __name__ == "__main__":
    main()
