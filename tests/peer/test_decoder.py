"""The parallel decoder: every filter and order of filters, every place of values in a file without
chunks, and what happens when the bytes are not what they should be. `inspect` says that it is the
parallel decoder indeed that reads them.
"""
import os
import shutil
import struct
import subprocess
import unittest
import zlib

import netCDF4
import numpy as np

import oracle
import trees
from climnorm_case import BIN, Case, TestCase, main
from stored_years import PACK, doubles, holes, to

try:
    import h5py
    import zstandard

    import filters
except ImportError:
    filters = None

YEARS = range(2000, 2003)


ORDERS = [("time", "lat", "lon"), ("time", "lon", "lat"), ("lat", "time", "lon"),
          ("lon", "time", "lat"), ("lat", "lon", "time"), ("lon", "lat", "time")]


def read_by(path):
    """Who reads a file, as inspect says."""
    done = subprocess.run([BIN, "inspect", path], capture_output=True, text=True, timeout=60)
    lines = [line for line in done.stdout.splitlines() if line.startswith("  read by ")]
    return lines[0][20:] if lines else done.stderr


@unittest.skipUnless(filters, "h5py or zstandard is not installed")
class Filters(TestCase):
    """Plain files for the oracle, the same values through filters for the program: the zstd plugin of
    HDF5 is not needed."""

    DAY, EDGES = (1, 6, 8), (50, 4, 5)
    CASES = {
        "zstd": (["zstd"], DAY, {}),
        "shufflezstd": (["shuffle", "zstd"], DAY, {}),
        "shufflezstdedges": (["shuffle", "zstd"], EDGES, {}),
        "zstdchecked": (["shuffle", "zstd", "fletcher32"], EDGES, {}),
        "checkedfirst": (["fletcher32", "shuffle", "deflate"], DAY, {}),
        "checkedfirst2": (["fletcher32", "shuffle", "zstd"], EDGES,
                          dict(convert=to("i2", -900, 900, fill=-999), fill=-999)),
        "checkedfirst8": (["fletcher32", "shuffle", "deflate"], EDGES,
                          dict(convert=doubles)),
        "checkedlast": (["shuffle", "deflate", "fletcher32"], DAY, {}),
        "checkedtwice": (["fletcher32", "zstd", "fletcher32"], EDGES, {}),
        "checkedalone": (["fletcher32"], DAY, {}),
        "checkedswapped": (["shuffle", "deflate", "fletcher32 swapped"], EDGES, {}),
        "backwards": (["zstd", "shuffle"], DAY, {}),
        "backwards2": (["deflate", "shuffle"], EDGES, {}),
        "shuffletwice": (["shuffle", "shuffle", "deflate"], DAY, {}),
        "twice": (["deflate", "shuffle", "deflate"], DAY, {}),
        "twicechecked": (["shuffle", "zstd", "fletcher32", "deflate", "fletcher32"], EDGES, {}),
        "thrice": (["deflate", "zstd", "deflate"], EDGES, {}),
        "shorts": (["shuffle", "zstd"], EDGES,
                   dict(convert=trees.pack16(0.01, 273.15), fill=-32768, attributes=PACK)),
        "bytes": (["shuffle", "zstd"], DAY, dict(convert=to("i1", -99, 99, fill=-100), fill=-100)),
        "doubles": (["shuffle", "zstd"], DAY, dict(convert=doubles)),
        "bigfloats": (["shuffle", "zstd"], EDGES, dict(endian="big")),
        "bigraw": (["zstd"], DAY, dict(endian="big")),
        "bigints": (["shuffle", "zstd", "fletcher32"], EDGES, dict(
            endian="big", convert=to("i4", -10 ** 9, 10 ** 9, fill=-1), fill=-1)),
        "bigdoubles": (["shuffle", "zstd"], EDGES, dict(
            endian="big", convert=doubles)),
        "lasttime": (["shuffle", "zstd"], (3, 4, 60), dict(dims=("lat", "lon", "time"))),
    }
    MASKED = {"maskedone": ["shuffle", "deflate"], "masked": ["fletcher32", "shuffle", "zstd"],
              "maskedmore": ["shuffle", "fletcher32", "deflate", "fletcher32", "shuffle"]}

    def test_filters(self):
        cases = {k: (*v, lambda i: 0) for k, v in self.CASES.items()}
        for variable, steps in self.MASKED.items():
            cases[variable] = (steps, self.DAY, {}, lambda i, n=2 ** len(steps): i % n)
        cases["skipped"] = (["shuffle", "zstd"], self.DAY, {}, lambda i: 0)
        with Case(variables=list(cases), output={"counts": True}) as case:
            case.periods(2002, 2002)
            plain = os.path.join(case.dir, "plain")
            for variable, (steps, chunks, options, mask) in cases.items():
                for year in YEARS:
                    values = {"convert": holes, **options}
                    written = {"written": 200} if variable == "skipped" else {}
                    for root in (plain, case.data):
                        path = trees.year_file(root, variable, year, contiguous=True, **values,
                                               **written)
                    filters.refilter(path, variable, steps, chunks, mask, lambda i, data: (
                        None if variable == "skipped" and i >= 200 else data))
                self.assertEqual(read_by(path), "parallel decoder: " + " + ".join(
                    {"deflate": "deflate 3", "zstd": "zstd 3"}.get(s, s.split()[0])
                    for s in steps))
            self.exits(case.run(), 0)
            tree = oracle.Tree(plain)
            for variable in cases:
                with self.subTest(variable=variable):
                    self.judged(case, variable, [2002], timeline=tree.timeline(variable))

    def test_hdf5_agrees_with_these_filters(self):
        """Else the tests above would prove little."""
        with Case() as case:
            for steps in (["shuffle", "deflate", "fletcher32"], ["fletcher32", "shuffle"],
                          ["deflate", "shuffle"], ["fletcher32 swapped"]):
                for chunks in (self.DAY, self.EDGES):
                    path = trees.year_file(case.data, "tas", 2000, convert=holes, contiguous=True)
                    with netCDF4.Dataset(path) as nc:
                        expected = np.ma.getdata(nc["tas"][:])
                    filters.refilter(path, "tas", steps, chunks)
                    with netCDF4.Dataset(path) as nc:
                        self.assertTrue(np.array_equal(np.ma.getdata(nc["tas"][:]), expected))


@unittest.skipUnless(filters, "h5py or zstandard is not installed")
class SpoiltChunks(TestCase):
    """One chunk of one year is not what it should be: that year is left out, and nothing else."""

    @staticmethod
    def frame(size=192, **options):
        return zstandard.ZstdCompressor(**options).compress(bytes(size))

    def spoil(self):
        """What becomes of a chunk of 192 bytes."""
        frame = self.frame()
        return {
            "shuffle zstd": {
                "short": lambda d: d[:-5], "long": lambda d: d + b"\0" * 7, "one": lambda d: d[:1],
                "magic": lambda d: d[:4], "flipped": lambda d: d[:9] + bytes([d[9] ^ 255]) + d[10:],
                "less": lambda d: self.frame(188), "more": lambda d: self.frame(196),
                "bomb": lambda d: self.frame(1 << 24),
                "nosize": lambda d: self.frame(196, write_content_size=False),
                "lies": lambda d: d[:5] + b"\xbf" + d[6:],
                "window": lambda d: frame[:4] + b"\x00\xf8" + frame[6:],
                "huge": lambda d: frame[:4] + b"\xe0" + b"\xff" * 7 + b"\x7f" + frame[6:],
                "twoframes": lambda d: self.frame(96) * 2,
                "skippable": lambda d: b"\x50\x2a\x4d\x18\4\0\0\0abcd" + d,
                "legacy": lambda d: struct.pack("<I", 0xfd2fb527) + d[4:],
                "deflated": lambda d: zlib.compress(bytes(192)), "noise": lambda d: b"\xa7" * 100},
            "deflate": {"dlong": lambda d: zlib.compress(bytes(193)),
                        "dshort": lambda d: zlib.compress(bytes(191)),
                        "dbomb": lambda d: zlib.compress(bytes(1 << 18)),
                        "dcut": lambda d: d[:-1]},
            "deflate deflate": {
                "tshort": lambda d: zlib.compress(zlib.compress(bytes(40))),
                "tbomb": lambda d: zlib.compress(zlib.compress(bytes(1 << 24))),
                "touter": lambda d: zlib.compress(bytes(1 << 20)),
                "tonce": lambda d: zlib.compress(bytes(192))},
            "deflate fletcher32": {
                "fsum": lambda d: d[:-1] + bytes([d[-1] ^ 1]),
                "fdata": lambda d: d[:20] + bytes([d[20] ^ 4]) + d[21:],
                "fcut": lambda d: d[:3], "fempty": lambda d: d[:4]},
            "fletcher32": {"plainsum": lambda d: d[:50] + bytes([d[50] ^ 1]) + d[51:],
                           "plaincut": lambda d: d[:100] + struct.pack(
                               "<I", filters.fletcher32(d[:100])),
                           "plainlong": lambda d: d + struct.pack("<I", filters.fletcher32(d))},
            "shuffle": {"rawlong": lambda d: d + b"1", "rawshort": lambda d: d[:-4]},
        }

    def test_spoilt_chunks(self):
        spoil = self.spoil()
        steps = {v: s.split() for s, ways in spoil.items() for v in ways}
        with Case(variables=list(steps), normals={"min_years": 2}) as case:
            case.periods(2002, 2002)
            plain = os.path.join(case.dir, "plain")
            for variable, own in steps.items():
                act = spoil[" ".join(own)][variable]
                for year in YEARS:
                    shutil.copy(trees.year_file(plain, variable, year, contiguous=True),
                                path := os.path.join(case.data, trees.name(variable, year)))
                    filters.refilter(path, variable, own, (1, 6, 8), store=lambda i, d: (
                        act(d) if i == 130 and year == 2001 else d))
            result = case.run()
            self.exits(result, 2)
            tree = oracle.Tree(plain)
            for variable, own in steps.items():
                with self.subTest(variable=variable):
                    file = trees.name(variable, 2001)
                    self.assertIn(f"{file}: chunk 130 of {variable}", result.problems(variable))
                    if own[-1] == "fletcher32" and variable not in ("plaincut", "plainlong"):
                        self.assertIn("checksum", result.problems(variable))
                    self.judged(case, variable, [2002],
                                timeline=tree.timeline(variable, skip=(file,)))

    def test_a_chunk_that_was_left_out_of_the_filters_is_as_long_as_a_chunk(self):
        with Case(variables=["tas"], normals={"min_years": 2}).periods(2002, 2002) as case:
            for year in YEARS:
                path = trees.year_file(case.data, "tas", year)
                filters.refilter(path, "tas", ["shuffle", "zstd"], (1, 6, 8),
                                 mask=lambda i: 2 * (i == 7 and year == 2001),
                                 store=lambda i, d: d[:-8] if i == 7 and year == 2001 else d)
            result = case.run()
            self.exits(result, 2)
            self.assertIn("chunk 7 of tas is not as long as a chunk", result.problems("tas"))

    def test_an_index_that_lists_a_chunk_twice(self):
        """In place of another one, also where only half of the chunks are asked for."""
        west = {"name": "WEST", "lon": [0, 100], "lat": [-90, 90]}
        for box in ({"regions": ["GLOBAL"]}, {"regions": [], "custom_regions": [west]}):
            with self.subTest(box), Case(variables=["tas"], normals={"min_years": 2},
                                         **box).periods(2002, 2002) as case:
                for year in YEARS:
                    path = trees.year_file(case.data, "tas", year, chunks=(73, 6, 4))
                with h5py.File(path, "r") as file:
                    ids = file["tas"].id
                    chunks = [ids.get_chunk_info(i) for i in range(ids.get_num_chunks())]
                chunk = next(c for c in chunks if c.chunk_offset == (146, 0, 0))
                key = struct.pack("<II4Q", chunk.size, 0, 146, 0, 0, 0)
                with open(path, "rb") as file:
                    data = file.read()
                self.assertEqual(data.count(key), 1)
                with open(path, "wb") as file:
                    file.write(data.replace(key, struct.pack("<II4Q", chunk.size, 0, 73, 0, 0, 0)))
                result = case.run()
                self.exits(result, 2)
                self.assertIn(os.path.basename(path), result.problems("tas"))


class Pieces(TestCase):
    """Files without chunks."""

    def test_every_order_of_dimensions(self):
        cases = {}
        types = [(holes, 1e20), (trees.pack16(0.01, 273.15), -32768),
                 (to("i1", -99, 99, fill=-100), -100), (doubles, 1e20)]
        for i, dims in enumerate(ORDERS):
            for k, how in enumerate((dict(), dict(endian="big"), dict(form="NETCDF3_CLASSIC"))):
                convert, fill = types[(i + k) % 4]
                cases[f"o{i}{k}"] = dict(dims=dims, convert=convert, fill=fill, contiguous=True,
                                         **how)
        # Records are padded to 4 bytes for each variable: odd numbers of odd values need it.
        odd = dict(lat=trees.LAT[:3], lon=trees.LON[:5], unlimited=True)
        for form in ("CLASSIC", "64BIT_OFFSET", "64BIT_DATA"):
            for k, (convert, fill) in enumerate(types):
                records = (("i1", "i2", "f8", "f4"), ("f4", "i2", "i1"), (), ("i1",))
                for n, more in enumerate(records if form == "CLASSIC" else records[k:k + 1]):
                    cases[f"r{form[:1]}{form[-1:]}{k}{n}".lower()] = dict(
                        odd, form="NETCDF3_" + form, convert=convert, fill=fill, records=more,
                        dims=ORDERS[k % 2])
        cases["extra"] = dict(contiguous=True, extra=("member", "height"), convert=holes)
        cases["extra3"] = dict(form="NETCDF3_CLASSIC", extra=("height",), convert=holes)
        cases["unwritten"] = dict(contiguous=True, written=0)
        cases["late"] = dict(contiguous=True, written=200)
        with Case(variables=list(cases), output={"counts": True}) as case:
            case.periods(2000, 2000)
            case.config["normals"].update(window=1, min_years=1)
            for variable, options in cases.items():
                path = trees.year_file(case.data, variable, 2000, **options)
                storage = "contiguous" if options.get("contiguous") and "form" not in options \
                    else "netCDF-3"
                self.assertEqual(read_by(path), "parallel decoder: " + storage)
            case.config["custom_regions"] = [
                {"name": "BOX", "lon": [-70.0, 70.0], "lat": [-40.0, 40.0]},
                {"name": "ONE", "lon": [112, 113], "lat": [-13, -12]}]
            self.exits(case.run(), 0)
            tree = oracle.Tree(case.data)
            for variable in cases:
                for region in ("GLOBAL", "BOX", "ONE"):
                    with self.subTest(variable=variable, region=region):
                        self.judged(case, variable, [2000], region=region,
                                    timeline=tree.timeline(variable))

    def test_pieces_of_larger_files(self):
        """Days, rows and columns too far apart to be read together, and more than one piece."""
        lat, lon = np.linspace(-60, 60, 5), np.arange(600) * 0.6
        common = dict(lat=lat, lon=lon, convert=doubles, attributes=PACK)
        cases = {f"c{i}": dict(dims=dims, contiguous=True) for i, dims in enumerate(ORDERS)}
        cases["record"] = dict(form="NETCDF3_64BIT_OFFSET", unlimited=True, records=("f8", "i1"))
        cases["fixed"] = dict(form="NETCDF3_64BIT_DATA", dims=ORDERS[4])
        with Case(variables=list(cases), regions=[]) as case:
            case.periods(2000, 2000)
            case.config["normals"].update(window=1, min_years=1)
            case.config["custom_regions"] = [
                {"name": "FAR", "lon": [100, 101], "lat": [-40, 40]}]
            for variable, options in cases.items():
                trees.year_file(case.data, variable, 2000, **common, **options)
            tree = oracle.Tree(case.data)
            boxes = {"alone": [], "wide": [{"name": "WIDE", "lon": [2, 300], "lat": [50, 70]}]}
            for title, more in boxes.items():
                case.config["custom_regions"] += more
                self.exits(case.run("--set", "output.existing=overwrite"), 0)
                for variable in cases:
                    with self.subTest(variable=variable, regions=title):
                        self.judged(case, variable, [2000], region="FAR",
                                    timeline=tree.timeline(variable))
                        if more:
                            self.judged(case, variable, [2000], region="WIDE",
                                        timeline=tree.timeline(variable))

    def test_cut_files(self):
        """Whatever is missing at the end of a file, its year is left out."""
        kinds = {"contiguous": dict(contiguous=True)}
        for form in ("CLASSIC", "64BIT_OFFSET", "64BIT_DATA"):
            for unlimited in (False, True):
                kinds[form.lower().replace("_", "") + "fr"[unlimited]] = dict(
                    form="NETCDF3_" + form, unlimited=unlimited)
        cases = {f"{kind}{n}": (options, cut) for kind, options in kinds.items()
                 for n, cut in enumerate((0.0001, 0.1, 0.9))}
        with Case(variables=list(cases), normals={"min_years": 2}) as case:
            case.periods(2002, 2002)
            for variable, (options, cut) in cases.items():
                for year in YEARS:
                    path = trees.year_file(case.data, variable, year, convert=holes, **options)
                    if year == 2001:
                        size = os.path.getsize(path)
                        os.truncate(path, int(size * (1 - cut)))
            result = case.run()
            self.exits(result, 2)
            tree = oracle.Tree(case.data)
            for variable in cases:
                with self.subTest(variable=variable):
                    file = trees.name(variable, 2001)
                    self.assertIn(file, result.problems(variable))
                    self.judged(case, variable, [2002],
                                timeline=tree.timeline(variable, skip=(file,)))

    def test_values_that_begin_elsewhere(self):
        """A header that places values beyond the end of the file."""
        with Case(variables=["tas"], normals={"min_years": 2}).periods(2002, 2002) as case:
            for year in YEARS:
                path = trees.year_file(case.data, "tas", year, form="NETCDF3_CLASSIC")
                if year == 2001:
                    size = os.path.getsize(path)
                    begin = size - 365 * 48 * 4
                    with open(path, "r+b") as f:
                        data = f.read(4096)
                        at = data.index(struct.pack(">I", begin))
                        f.seek(at)
                        f.write(struct.pack(">I", begin + 4))
            result = case.run()
            self.exits(result, 2)
            self.assertIn(trees.name("tas", 2001), result.problems("tas"))


if __name__ == "__main__":
    main()
