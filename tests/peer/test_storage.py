"""Storage: every way a day of values can lie in a file, and every way it can be spoilt.

Each oddity is a variable of its own in one tree, so one run judges them all.
"""
import os
import unittest
import zlib

import netCDF4
import numpy as np

import oracle
import trees
from climnorm_case import Case, TestCase, main
from stored_years import PACK, holes, to

try:
    import h5py
except ImportError:
    h5py = None

YEARS = range(2000, 2003)


def bad_floats(values):
    values = holes(values)
    values.reshape(-1)[5::31] = np.nan
    values.reshape(-1)[6::31] = np.inf
    values.reshape(-1)[7::31] = -np.inf
    return values


def hide(values):
    """Missing by the library's default fill, no attribute says so."""
    values = values.copy()
    values.reshape(-1)[::9] = netCDF4.default_fillvals[values.dtype.str[1:]]
    return values


def edges(values):
    """Values exactly at, inside and outside limits of -1000 and 1000."""
    out = to("i2", -1200, 1200)(values)
    out.reshape(-1)[::10], out.reshape(-1)[1::10] = -1000, 1000
    out.reshape(-1)[2::10], out.reshape(-1)[3::10] = -1001, 1001
    return out


CASES = {
    # layouts
    "daily": dict(convert=holes),
    "noshuffle": dict(convert=holes, shuffle=False),
    "raw": dict(convert=holes, deflate=0, shuffle=False),
    "shuffleonly": dict(convert=holes, deflate=0, shuffle=True),
    "contiguous": dict(convert=holes, contiguous=True),
    "timechunks": dict(convert=holes, chunks=(100, 6, 8)),
    "onechunk": dict(convert=holes, chunks=(365, 6, 8)),
    "edges": dict(convert=holes, chunks=(50, 4, 5)),
    "cellchunks": dict(convert=holes, chunks=(365, 1, 1)),
    "unlimited": dict(convert=holes, unlimited=True),
    "unlimitedlib": dict(convert=holes, unlimited=True, chunks=None),
    "fletcher": dict(convert=holes, fletcher32=True),
    "fletcheronly": dict(convert=holes, fletcher32=True, deflate=0, shuffle=False),
    "deflate9": dict(convert=holes, deflate=9),
    "bigendian": dict(convert=holes, endian="big"),
    "bigcontig": dict(convert=holes, endian="big", contiguous=True),
    "unwritten": dict(convert=holes, written=200),
    "unwrittenpart": dict(convert=holes, written=130, chunks=(100, 4, 5)),
    "unwrittennofill": dict(written=300, fill=None),
    "classic4": dict(convert=holes, form="NETCDF4_CLASSIC"),
    "nc3": dict(convert=holes, form="NETCDF3_CLASSIC"),
    "nc3unlimited": dict(convert=holes, form="NETCDF3_CLASSIC", unlimited=True),
    "nc364": dict(convert=holes, form="NETCDF3_64BIT_OFFSET"),
    "cdf5": dict(convert=holes, form="NETCDF3_64BIT_DATA"),
    "cdf5u2": dict(convert=to("u2", 0, 65534, fill=65535), fill=65535, form="NETCDF3_64BIT_DATA"),
    # dimensions
    "lasttime": dict(convert=holes, dims=("lat", "lon", "time"), chunks=(3, 4, 60)),
    "lonfirst": dict(convert=holes, dims=("lon", "time", "lat")),
    "swapped": dict(convert=holes, dims=("time", "lon", "lat"), chunks=(30, 3, 4)),
    "height": dict(convert=holes, extra=("height",)),
    "twoextra": dict(convert=holes, extra=("member", "height"), chunks=(1, 1, 20, 4, 3)),
    "byaxis": dict(convert=holes, axis_by="axis",
                   names={"time": "t", "lat": "row", "lon": "column"}),
    "bystandard": dict(convert=holes, axis_by="standard_name",
                       names={"time": "t", "lat": "y", "lon": "x"}),
    "byunits": dict(convert=holes, axis_by="units", names={"time": "t", "lat": "y", "lon": "x"}),
    "bynames": dict(convert=holes, axis_by="names",
                    names={"time": "time", "lat": "latitude", "lon": "longitude"}),
    # types and missing values
    "double": dict(convert=lambda v: v.astype("f8") + 1e-9),
    "doublepacked": dict(convert=lambda v: v.astype("f8"), attributes={"scale_factor": 1 / 3}),
    "int32": dict(convert=to("i4", -2 ** 31 + 1, 2 ** 31 - 1, fill=-2 ** 31), fill=-2 ** 31),
    "int32big": dict(convert=to("i4", -10 ** 6, 10 ** 6, fill=-999), fill=-999, endian="big",
                     attributes=PACK),
    "uint32": dict(convert=to("u4", 0, 2 ** 32 - 2, fill=2 ** 32 - 1), fill=2 ** 32 - 1),
    "uint16": dict(convert=to("u2", 0, 65534, fill=65535), fill=65535, attributes=PACK),
    "byte": dict(convert=to("i1", -127, 127, fill=-128), fill=-128),
    "bytenofill": dict(convert=to("i1", -128, 127, fill=-127), fill=None),
    "ubyte": dict(convert=to("u1", 0, 255, fill=255), fill=None),
    "unsignedbyte": dict(convert=to("i1", -128, 127, fill=-1), fill=-1,
                         attributes={"_Unsigned": "true", "scale_factor": 0.5}),
    "unsignedshort": dict(convert=to("i2", -32768, 32767, fill=-7), fill=-7,
                          attributes={"_Unsigned": "true"}),
    "unsignedrange": dict(convert=to("i1", -128, 127), fill=None, attributes={
        "_Unsigned": "true", "valid_range": np.array([10, -56], "i1")}),
    "unsignednc3": dict(convert=to("i2", -32768, 32767, fill=-1), fill=-1, attributes={
        "_Unsigned": "true", "scale_factor": 0.125}, form="NETCDF3_CLASSIC"),
    "packed": dict(convert=trees.pack16(0.01, 273.15), fill=-32768, attributes=PACK),
    "packedfloat": dict(convert=trees.pack16(0.01, 273.15), fill=-32768, attributes={
        "scale_factor": np.float32(0.01), "add_offset": np.float32(273.15)}),
    "packednc3": dict(convert=trees.pack16(0.01, 273.15), fill=-32768, attributes=PACK,
                      form="NETCDF3_CLASSIC", unlimited=True),
    "range": dict(convert=edges, fill=-32768, attributes={
        **PACK, "valid_range": np.array([-1000, 1000], "i2")}),
    "wide": dict(convert=edges, fill=-32768, attributes={
        "scale_factor": 0.5, "add_offset": 100.0, "valid_range": np.array([-400.0, 600.0])}),
    "minmax": dict(convert=edges, fill=-32768, attributes={
        **PACK, "valid_min": np.int16(-1000), "valid_max": np.int16(1000)}),
    "floatmin": dict(attributes={"valid_min": np.float32(270)}),
    "defaultfill": dict(convert=hide, fill=None),
    "defaultshort": dict(convert=lambda v: hide(to("i2", -32767, 32767)(v)), fill=None),
    "bothfills": dict(convert=to("i2", -300, 300, fill=-999), fill=-32768, attributes={
        "missing_value": np.array([-999, 17, 250], "i2")}),
    "doublemissing": dict(convert=holes, fill=None, attributes={"missing_value": np.float64(1e20)}),
    "shortmissing": dict(convert=to("i2", -300, 300, fill=-999), fill=-32768,
                         attributes={"missing_value": -999.0, **PACK}),
    "nanfill": dict(convert=bad_floats, fill=np.nan,
                    attributes={"missing_value": np.float32(1e20)}),
    "nonfinite": dict(convert=bad_floats),
    "nonfinitebig": dict(convert=bad_floats, endian="big", form="NETCDF3_CLASSIC"),
    "negzero": dict(convert=lambda v: np.where(v > 280, np.float32(-0.0), v), fill=0.0),
    "allmissing": dict(convert=lambda v: np.full_like(v, 1e20)),
}


class Storage(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.case = Case(variables=list(CASES), output={"counts": True}).periods(2002, 2002)
        cls.addClassCleanup(cls.case.close)
        cls.cases = dict(CASES)
        if getattr(netCDF4, "__has_szip_support__", False):
            cls.cases["szip"] = dict(convert=holes, szip=True)
            cls.case.config["variables"] = list(cls.cases)
        for variable, options in cls.cases.items():
            for year in YEARS:
                trees.year_file(cls.case.data, variable, year, **options)
        rewrite = {"compact": lambda p: trees.repack(p, "-f", "NONE", "-l",
                                                              "compact:COMPA"),
                   "latest": lambda p: trees.repack(p, "-L"), "userblock": trees.add_user_block}
        for variable, change in rewrite.items():
            cls.cases[variable] = {}
            small = {"lat": trees.LAT[:2], "lon": trees.LON[:3]} if variable == "compact" else {}
            for year in YEARS:
                change(trees.year_file(cls.case.data, variable, year, **small))
        cls.case.config["variables"] = list(cls.cases)
        cls.result = cls.case.run()
        cls.tree = oracle.Tree(cls.case.data)

    def test_every_storage(self):
        self.exits(self.result, 0)
        for variable in self.cases:
            with self.subTest(variable=variable):
                self.judged(self.case, variable, [2002], timeline=self.tree.timeline(variable))
                self.assertEqual(self.result.variable(variable)["files_read"], 3)

    def test_regions_cut_through_chunks(self):
        config = {**self.case.config, "regions": [], "custom_regions": [
            {"name": "BOX", "lon": [-70.0, 70.0], "lat": [-40.0, 40.0]},
            {"name": "ONE", "lon": [112, 113], "lat": [12, 13]}]}
        config["variables"] = [v for v in self.cases if v != "compact"]
        self.case.config, kept = config, self.case.config
        try:
            self.exits(self.case.run(), 0)
            for variable in config["variables"]:
                for region in ("BOX", "ONE"):
                    with self.subTest(variable=variable, region=region):
                        self.judged(self.case, variable, [2002], region=region,
                                    timeline=self.tree.timeline(variable))
        finally:
            self.case.config = kept


class SharedChunks(TestCase):
    """Files of several years, chunks that span years, a chunk for all."""

    def test_chunks_span_years(self):
        shapes = {"all": (2190, 6, 8), "spans": (500, 6, 8), "small": (77, 4, 8), "day": "day",
                  "contig": None}
        with Case(variables=list(shapes)).periods(2002, 2005) as case:
            for variable, chunks in shapes.items():
                trees.many_years(lambda a, b, v=variable: os.path.join(
                    case.data, trees.name(v, trees.span(a, b))), variable, range(2000, 2006),
                    chunks=chunks, contiguous=variable == "contig")
            self.exits(case.run(), 0)
            for variable in shapes:
                with self.subTest(variable=variable):
                    self.judged(case, variable, range(2002, 2006))
            with self.subTest("the same with little memory and one year a batch"):
                before = {k: open(v, "rb").read() for k, v in case.normals().items()}
                self.assertEqual(len(before), 20)
                result = case.run("--set", "engine.batch_years=1", "-t", "1",
                                  "--set", "output.existing=overwrite")
                self.exits(result, 0)
                for variable in shapes:
                    self.judged(case, variable, range(2002, 2006))

    def test_chunks_larger_than_all_days(self):
        """86 MB inflated: their decodes count in the budget."""
        with Case(variables=["tas", "pr"]).periods(2002, 2003) as case:
            for variable, szip in (("tas", False), ("pr", True)):
                for year in range(2000, 2004):
                    trees.year_file(case.data, variable, year, chunks=(450000, 6, 8), szip=szip,
                                    unlimited=True)
            self.exits(case.run("-t", "4"), 0)
            for variable in ("tas", "pr"):
                self.judged(case, variable, [2002, 2003])

    def test_a_file_that_begins_mid_year(self):
        """Two files meet on 1 July; the year is assembled from both."""
        with Case(variables=["tas"]).periods(2002, 2003) as case:
            dates = [d for y in range(2000, 2004) for d in trees.dates_of_year("standard", y)]
            cut = dates.index((2001, 7, 1))
            for part in (dates[:cut], dates[cut:]):
                trees.write(os.path.join(case.data, trees.name(
                    "tas", trees.span(part[0], part[-1]).replace("-", "1200-") + "1200")), "tas",
                    part, trees.values_like("temp", str(part[0]), len(part)),
                    calendar="standard", chunks=(123, 6, 8))
            self.exits(case.run(), 0)
            self.judged(case, "tas", (2002, 2003))


def damage(path, where, data):
    """Overwrites bytes; where is a share of the file's length."""
    with open(path, "r+b") as f:
        f.seek(int(os.path.getsize(path) * where))
        f.write(data)


@unittest.skipUnless(h5py, "h5py is not installed")
class FilterMasks(TestCase):
    """HDF5 lets a writer leave filters out, chunk by chunk."""

    def test_filter_masks(self):
        with Case(variables=["tas"]).periods(2002, 2002) as case:
            for year in YEARS:
                path = trees.year_file(case.data, "tas", year, convert=holes)
                with h5py.File(path, "r+") as f:
                    values = f["tas"][:]
                    for day in range(365):
                        mask = day % 4
                        f["tas"].id.write_direct_chunk((day, 0, 0), self.data(values[day], mask),
                                                       mask)
            self.exits(case.run(), 0)
            self.judged(case, "tas", [2002])

    @staticmethod
    def data(values, mask):
        plain = values.tobytes()
        if not mask & 1:
            plain = np.frombuffer(plain, "u1").reshape(-1, 4).T.tobytes()
        return plain if mask & 2 else zlib.compress(plain)


class Spoilt(TestCase):
    """A file that cannot be decoded takes its source years along, never the run."""

    def test_spoilt_files(self):
        def text(path):
            with open(path, "w") as f:
                f.write("404: not found\n" * 50)

        def cut(share):
            return lambda path: os.truncate(path, int(os.path.getsize(path) * share))

        def noise(path):
            rng = np.random.default_rng(1)
            damage(path, 0.5, rng.integers(0, 256, 3000).astype("u1").tobytes())
        spoil = {
            "text": (text, {}), "empty": (cut(0), {}), "cut": (cut(0.6), {}),
            "cutlittle": (cut(0.999), {}), "cutnc3": (cut(0.5), dict(form="NETCDF3_CLASSIC")),
            "header": (cut(0.002), {}), "noise": (noise, {}),
            "fletchernoise": (noise, dict(fletcher32=True, deflate=0, shuffle=False)),
            "fletcherchunk": (noise, dict(fletcher32=True, chunks=(365, 6, 8))),
            "folder": (lambda p: (os.unlink(p), os.mkdir(p)), None),
            "dangling": (lambda p: (os.unlink(p), os.symlink("/nonexistent", p)), None),
        }
        with Case(variables=list(spoil) + ["good"], normals={"min_years": 2}) as case:
            case.periods(2002, 2003)
            for variable, (act, options) in spoil.items():
                for year in range(2000, 2004):
                    path = trees.year_file(case.data, variable, year, **(options or {}))
                    if year == 2001:
                        act(path)
            for year in range(2000, 2004):
                trees.year_file(case.data, "good", year)
            result = case.run()
            self.exits(result, 2)
            os.rmdir(os.path.join(case.data, "folder", trees.name("folder", 2001)))
            os.unlink(os.path.join(case.data, "dangling", trees.name("dangling", 2001)))
            for variable, (_, options) in spoil.items():
                with self.subTest(variable=variable):
                    file = trees.name(variable, 2001)
                    if options is not None:
                        self.assertIn(file, result.problems(variable))
                        self.assertIn(file, result.said)
                    timeline = oracle.Tree(case.data).timeline(variable, skip=(file,))
                    self.judged(case, variable, (2002, 2003), timeline=timeline)
            self.judged(case, "good", (2002, 2003))
            self.assertEqual(result.variable("good")["problems"], [])

    def test_wrong_contents(self):
        """Readable files that are not what their name says."""
        other = dict(lat=trees.LAT + 1.0)
        wrong = {
            "novariable": None, "grid": other, "size": dict(lat=trees.LAT[:5]),
            "order": dict(lat=trees.LAT[::-1]), "units": dict(units="kg"),
            "celsius": dict(units="degC"),
            "twod": dict(twod=True, axis_by="standard_name"),
            "levels": dict(levels=2), "text": dict(char=True),
        }
        with Case(variables=list(wrong), normals={"min_years": 2}) as case:
            case.periods(2002, 2003)
            for variable, options in wrong.items():
                for year in range(2000, 2004):
                    if year != 2001:
                        trees.year_file(case.data, variable, year)
                        continue
                    path = os.path.join(case.data, variable, trees.name(variable, year))
                    if options is None:
                        trees.year_file(case.data, "other", year)
                        other = os.path.join(case.data, "other", trees.name("other", year))
                        os.rename(other, path)
                    elif "levels" in options or "char" in options:
                        self.odd_variable(path, variable, **options)
                    else:
                        trees.year_file(case.data, variable, year, **options)
            result = case.run()
            self.exits(result, 2)
            self.assertIn("curvilinear", result.problems("twod"))
            for variable in wrong:
                with self.subTest(variable=variable):
                    file = trees.name(variable, 2001)
                    self.assertIn(file, result.problems(variable))
                    timeline = oracle.Tree(case.data).timeline(variable, skip=(file,))
                    self.judged(case, variable, (2002, 2003), timeline=timeline)

    @staticmethod
    def odd_variable(path, variable, levels=1, char=False):
        trees.year_file(os.path.dirname(os.path.dirname(path)), variable, 2001)
        with netCDF4.Dataset(path, "a") as nc:
            nc.renameVariable(variable, "hidden")
            nc.createDimension("plev", levels)
            nc.createVariable(variable, "S1" if char else "f4", ("time", "plev", "lat", "lon"))

    def test_kin_contents(self):
        """Differences that do not matter: equal units, float32 noise in the coordinates."""
        kin = {"units": dict(units="kelvin"), "noise": dict(lat=trees.LAT + 1e-4),
               "flux": dict(units="kg/m2/s")}
        with Case(variables=list(kin)).periods(2002, 2002) as case:
            for variable, options in kin.items():
                first = {"units": "kg m-2 s-1"} if variable == "flux" else {}
                for year in YEARS:
                    trees.year_file(case.data, variable, year,
                                    **(options if year == 2002 else first))
            self.exits(case.run(), 0)
            tree = oracle.Tree(case.data)
            for variable in kin:
                self.judged(case, variable, [2002], timeline=tree.timeline(variable),
                            near=1e-4 * 1.01)


if __name__ == "__main__":
    main()
