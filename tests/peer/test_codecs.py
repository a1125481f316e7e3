"""Codecs: files that HDF5, its plugins and nccopy compressed, and what happens when chunks or the
parameters of filters are not what they should be. A plugin is needed to write a file, never to read
it.

Each file is a year stored in its own way. The window is one year, so that normals are the values.
"""
import bz2
import io
import os
import pickle
import random
import resource
import shutil
import struct
import subprocess
import time
import unittest

import numpy as np

import oracle
import trees
from climnorm_case import BIN, main, read
from stored_years import FIRST, NO_PLUGINS, TYPES, OneYear, filters, h5py, has_filter, narrow

DAY, EDGES, ALL, CHUNK = (1, 6, 8), (50, 4, 5), (365, 6, 8), (146, 6, 8)
EC, NN = 4, 32


def cases():
    """(steps, chunk shape, type)."""
    kinds = list(TYPES)
    for block in (0, 16, 100, 1000, 4096, 1 << 20):
        yield [f"lz4:{block}"], EDGES, "f4"
    for kind in kinds:
        yield ["lz4"], DAY, kind
        yield ["shuffle", "bzip2"], EDGES, kind
    for i in range(18):
        level, mode, compressor = (1, 5, 9)[i % 3], i // 6, i % 6
        yield [f"blosc:{level},{mode},{compressor}"], (EDGES, ALL)[i % 2], kinds[i % 10]
    for level in (1, 5, 9):
        yield [f"bzip2:{level}"], ALL, "f4"
    for i, pixels in enumerate((2, 6, 8, 10, 16, 30, 32)):
        for k, coding in enumerate((EC, NN)):
            yield [f"szip:{coding},{pixels}"], (DAY, EDGES, ALL)[(i + k) % 3], "f4"
    for kind in kinds:
        yield [f"szip:{NN},8"], DAY, kind
        yield [f"szip:{NN},16"], EDGES, kind  # scan lines that are no multiple of a block
    for steps in ("shuffle lz4 fletcher32", "fletcher32 lz4", "fletcher32 shuffle lz4",
                  "lz4 shuffle", "lz4 deflate", "bzip2 lz4", "blosc fletcher32",
                  "fletcher32 bzip2 fletcher32",
                  "shuffle szip", "szip fletcher32", "fletcher32 szip", "szip deflate",
                  "shuffle szip:4,16 lz4 fletcher32", "shuffle bzip2 blosc lz4"):
        yield steps.split(), EDGES, "f4"


def described(steps):
    """As inspect says it."""
    def one(step):
        name = step.split(":")[0].split()[0]
        parameters = filters.filter_of(step)[1]
        level = {"deflate": 0, "zstd": 0, "bzip2": 0, "blosc": 4}.get(name)
        return name if level is None else f"{name} {parameters[level]}"
    return " + ".join(map(one, steps))


def readers(paths):
    """Who reads the files, as inspect says."""
    done = subprocess.run([BIN, "inspect", *paths], capture_output=True, text=True, timeout=120,
                          env={**os.environ, **NO_PLUGINS})
    return [line[20:] for line in done.stdout.splitlines() if line.startswith("  read by ")]


def in_child(function, *arguments):
    """What the function returns in a process of its own; None: it failed, crashed or hung, as HDF5's
    plugin of bzip2 does on some damaged streams."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(out)
            used = int(time.process_time()) + 1
            resource.setrlimit(resource.RLIMIT_CPU, (used + 5, used + 5))
            with os.fdopen(into, "wb") as pipe:
                pickle.dump(function(*arguments), pipe)
        finally:
            os._exit(0)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(data) if data else None


def values_of(path):
    """As netCDF-C reads them."""
    return np.stack(list(oracle.SourceFile(path, "tas").days.values()))


@unittest.skipUnless(filters, "h5py or zstandard is not installed")
class Codecs(OneYear):
    def add(self, case, kind, year, written=None):
        """The same values plain, and to be stored in another way."""
        options = dict(TYPES[kind], written=written, contiguous=True)
        plain = trees.year_file(os.path.join(case.dir, "plain"), "tas", year, **options)
        os.makedirs(os.path.join(case.data, "tas"), exist_ok=True)
        return shutil.copy(plain, self.path(case, year))

    def test_files_of_hdf5(self):
        case, expected, paths = self.start(output={"counts": True}), [], []
        for steps, chunks, kind in cases():
            lacking = [step for step in steps if not has_filter(step)]
            for step in lacking:
                with self.subTest(step):
                    self.skipTest(f"HDF5 has no plugin for {step}")
            if not lacking:
                written = 200 if len(paths) % 5 == 4 else None
                path = self.add(case, kind, FIRST + len(paths), written)
                paths.append(filters.rewrite(path, "tas", steps, chunks, written=written))
                expected.append("parallel decoder: " + described(steps))
        self.assertEqual(readers(paths), expected)
        unfiltered = sum(filters.is_unfiltered(path, "tas") for path in paths)
        self.assertLess(unfiltered, 0.1 * len(paths), "HDF5 left filters out")
        self.judge_years(case, len(paths), threads=(4, 1))

    def test_files_of_nccopy(self):
        case, expected, paths = self.start(), [], []
        for step in ("lz4:100", "blosc:9,1,0", "blosc:5,2,1", "blosc:1,1,5", "bzip2:9",
                     f"szip:{NN},8", f"szip:{EC},32", f"szip:{NN},10"):
            with self.subTest(step):
                if not has_filter(step):
                    self.skipTest(f"HDF5 has no plugin for {step}")
                for kind in ("f4", "big f8"):
                    path = self.add(case, kind, FIRST + len(paths))
                    os.rename(path, path + ".old")
                    words = ["tas", *map(str, [filters.FILTERS[step.split(":")[0]][0],
                                               *filters.filter_of(step)[1]])]
                    subprocess.run(["nccopy", "-4", "-c", "time/73,lat/4,lon/8", "-F",
                                    ",".join(words), path + ".old", path], check=True, timeout=60)
                    paths.append(path)
                    expected.append("parallel decoder: " + described([step]))
        self.assertEqual(readers(paths), expected)
        self.judge_years(case, len(paths))

    def test_filters_that_chunks_leave_out(self):
        case, years = self.start(), 0
        for steps in ("lz4 fletcher32", "shuffle bzip2", "fletcher32 blosc lz4",
                      "shuffle szip zstd", "szip fletcher32"):
            steps = steps.split()
            if all(step == "zstd" or has_filter(step) for step in steps):
                path = self.add(case, "f4", FIRST + years)
                filters.refilter(path, "tas", steps, EDGES, lambda i, n=2 ** len(steps): i % n)
                years += 1
        self.judge_years(case, years)


@unittest.skipUnless(filters, "h5py or zstandard is not installed")
class Damaged(OneYear):
    """Files of which one chunk, or a parameter, is another one. Each year is left out and its file
    named, or its values are those that netCDF-C reads in a process of its own."""

    def content(self, base, kind="f4"):
        """Of a sound file of the year FIRST. base: its steps."""
        steps = base.split()
        if not all(map(has_filter, steps)):
            self.skipTest(f"HDF5 has no plugin for {base}")
        stored, values = None, kind
        if kind == "narrow":
            stored, values = narrow(2), "i2"
        case = self.start()
        path = trees.year_file(case.data, "tas", FIRST, contiguous=True, **TYPES[values])
        # Scan lines of 16 are then no multiple of a block.
        filters.rewrite(path, "tas", steps, (50, 3, 7) if "16" in base else CHUNK, stored)
        self.assertFalse(filters.is_unfiltered(path, "tas"), base)
        with open(path, "rb") as file:
            return file.read()

    def add(self, case, year, content):
        """Writes the content as a file of another year."""
        path = self.path(case, year)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        times = [trees.numbers(trees.dates_of_year("noleap", y), "days since 1950-01-01", "noleap")
                 .astype("<f8").tobytes() for y in (FIRST, year)]
        self.assertEqual(content.count(times[0]), 1)
        with open(path, "wb") as file:
            file.write(content.replace(*times))
        return path

    def judge_mutants(self, case, names, left_out=None):
        """names: of the years' mutants. left_out: whether all must be. Returns how many are, and
        how many are not."""
        case.periods(FIRST, FIRST + len(names) - 1)
        result, counts = case.run("-t", "4", env=NO_PLUGINS), [0, 0]
        self.assertNotIn("Sanitizer", result.err)
        self.assertNotIn("runtime error", result.err)
        self.exits(result, 2)
        problems = result.problems("tas")
        for year, name in enumerate(names, FIRST):
            with self.subTest(name):
                output = case.path("tas", year)
                if trees.name("tas", year) in problems:
                    self.assertFalse(os.path.exists(output))
                    counts[0] += 1
                    continue
                self.assertFalse(left_out)
                counts[1] += 1
                wanted = in_child(values_of, self.path(case, year))
                self.assertIsNotNone(wanted, "netCDF-C cannot read it")
                self.assertTrue(np.array_equal(read(output, "tas")["values"], wanted,
                                               equal_nan=True), "other values")
        return counts

    def chunks(self, mutants):
        """mutants: (name, content, act on a chunk's bytes)."""
        case, names = self.start(), []
        for name, content, act in mutants:
            path = self.add(case, FIRST + len(names), content)
            filters.change_chunk(path, "tas", 1, act)
            names.append(name)
        return case, names

    BASES = {base: "narrow" if base.startswith("nbit") else "f4" for base in (
        "lz4:1000", "lz4", "bzip2", "blosc:5,1,0", "blosc:5,2,1", "blosc:5,0,4", "blosc:5,1,5",
        "blosc:5,1,3", f"szip:{NN},8", f"szip:{EC},16", "lz4 fletcher32", "fletcher32 bzip2",
        "blosc deflate", "shuffle lz4 bzip2", "scaleoffset:0,2", "scaleoffset:0,1 deflate", "nbit",
        "nbit fletcher32")}
    WAYS = {
        "cut": lambda d: d[:-1], "half": lambda d: d[:len(d) // 2],
        "quarter": lambda d: d[:len(d) // 4], "header": lambda d: d[:16],
        "twelve": lambda d: d[:12], "four": lambda d: d[:4], "one": lambda d: d[:1],
        "zeros": lambda d: bytes(len(d)), "four zeros": lambda d: bytes(4),
        "ones": lambda d: b"\xff" * len(d), "four ones": lambda d: b"\xff" * 4,
        "zero tail": lambda d: d[:40] + bytes(len(d) - 40),
        "noise": lambda d: random.Random(1).randbytes(len(d)),
        "shifted": lambda d: d[1:] + d[:1], "doubled": lambda d: d + d,
        "extended": lambda d: d + b"\0", "much extended": lambda d: d + bytes(len(d) // 3),
    }

    def test_chunks_of_wrong_bytes(self):
        mutants = []
        for base, kind in self.BASES.items():
            content = self.content(base, kind)
            mutants += [(f"{base} {way}", content, act) for way, act in self.WAYS.items()]
        self.judge_mutants(*self.chunks(mutants))

    def test_flipped_bits(self):
        """CLIMNORM_MUTANTS: how many of each kind; CLIMNORM_SEED: others."""
        mutants, dice = [], random.Random(int(os.environ.get("CLIMNORM_SEED") or 1))
        for base, kind in self.BASES.items():
            content = self.content(base, kind)
            for n in range(int(os.environ.get("CLIMNORM_MUTANTS") or 6)):
                def act(data, share=dice.random() ** 3, bit=dice.randrange(8)):
                    place = int(share * len(data))
                    return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1:]
                mutants.append((f"{base} flip {n}", content, act))
        self.judge_mutants(*self.chunks(mutants))

    WHOLE = 4 * 146 * 6 * 8
    NUMBERS = (0, 1, 3, 100, 1 << 14, 1 << 24, (1 << 31) - 1, 1 << 31, 0xfffffff0, 0xffffffff)
    SIZES = (*NUMBERS, WHOLE - 4, WHOLE - 1, WHOLE + 1, WHOLE + 4, 2 * WHOLE)
    HEADERS = {  # base: {field: (place, form, values)}
        "lz4:1000": {
            "size": (0, ">Q", (*SIZES, 1 << 32, WHOLE + (1 << 32), 1 << 63, (1 << 64) - 1)),
            "block": (8, ">I", (*NUMBERS, 999, 1001)), "stored": (12, ">I", (*NUMBERS, 1000))},
        "blosc:5,1,0": {
            "version": (0, "B", range(5)), "compressor's version": (1, "B", range(4)),
            "flags": (2, "B", range(0, 256, 5)), "width": (3, "B", (0, 1, 2, 3, 8, 255)),
            "size": (4, "<I", SIZES), "block": (8, "<I", SIZES), "stored": (12, "<I", SIZES),
            "start": (16, "<I", SIZES)},
        f"szip:{NN},8": {"size": (0, "<I", SIZES)}, f"szip:{EC},16": {"size": (0, "<I", SIZES)},
        "bzip2": {"block": (3, "B", (0, 48, 49, 50, 58, 255))},
        "scaleoffset:0,2": {
            "bits": (0, "<I", (*range(40), *NUMBERS)), "size": (4, "B", (0, 3, 9, 255))},
    }

    def test_headers_of_chunks(self):
        """Sizes, versions and flags in front of compressed bytes."""
        mutants = []
        for base, fields in self.HEADERS.items():
            content = self.content(base)
            for field, (place, form, values) in fields.items():
                for value in values:
                    def act(data, place=place, packed=struct.pack(form, value)):
                        return data[:place] + packed + data[place + len(packed):]
                    mutants.append((f"{base} {field} {value}", content, act))
        self.judge_mutants(*self.chunks(mutants))

    def test_chunks_of_another_length(self):
        """Sound streams of more bytes than a chunk has, of less, and none."""
        large = bytes(1 << 24)
        mutants = [(f"{base} of {len(data)} bytes", self.content(base), lambda _, data=data: data)
                   for base, data in (
                       ("bzip2", bz2.compress(large)), ("bzip2", bz2.compress(large[:40])),
                       ("bzip2 bzip2", bz2.compress(bz2.compress(large))),
                       ("lz4", filters.through_hdf5(large, "lz4", 1)),
                       ("lz4", filters.through_hdf5(large[:40], "lz4", 1)),
                       ("blosc", filters.through_hdf5(large, "blosc", 4)),
                       ("szip", filters.through_hdf5(large, "szip", 4)),
                       ("fletcher32 bzip2", bz2.compress(large[:self.WHOLE])),
                       ("deflate shuffle fletcher32", bytes(4)))]
        self.judge_mutants(*self.chunks(mutants), left_out=True)

    def test_chunks_without_bytes(self):
        """As the index has it."""
        case, names = self.start(), []
        for base, kind in {**self.BASES, "fletcher32": "f4", "shuffle": "f4"}.items():
            content = self.content(base, kind)
            with h5py.File(io.BytesIO(content), "r") as f:
                chunk = f["tas"].id.get_chunk_info(1)
            rest = struct.pack("<I4Q", chunk.filter_mask, *chunk.chunk_offset, 0)
            key = struct.pack("<I", chunk.size) + rest
            self.assertEqual(content.count(key), 1)
            self.add(case, FIRST + len(names), content.replace(key, bytes(4) + rest))
            names.append(base)
        self.judge_mutants(case, names, left_out=True)

    def parameters_of(self, content, base):
        """A filter's parameters in the header of the variable, and where they are."""
        number, given = filters.filter_of(base)
        if number == 6:  # more than h5py reads
            elements = struct.pack("<3I", *given, self.WHOLE // 4)
            self.assertEqual(content.count(elements), 1)
            place = content.index(elements)
            return struct.unpack_from("<20I", content, place), place
        with h5py.File(io.BytesIO(content), "r") as f:
            at = f["tas"].id.get_create_plist().get_filter_by_id(number)[1]
        packed = struct.pack(f"<{len(at)}I", *at)
        self.assertEqual(content.count(packed), 1)
        return at, content.index(packed)

    def test_parameters_that_are_changed(self):
        """Those of szip, n-bit and scale-offset, each for itself, in the header of the variable."""
        case, names = self.start(), []
        for base, kind in (("szip", "f4"), (f"szip:{EC},16", "f4"), (f"szip:{NN},8", "big i2"),
                           ("nbit", "narrow"), ("nbit deflate", "f4"), ("scaleoffset:0,2", "f4"),
                           ("scaleoffset:0,1", "big f8"), ("scaleoffset:2,0 deflate", "i2"),
                           ("scaleoffset:2,20", "i4")):
            content = self.content(base, kind)
            at, place = self.parameters_of(content, base.split()[0])
            self.add(case, FIRST + len(names), content)
            names.append(f"{base} unchanged")
            for k, old in enumerate(at):
                news = {old + 1, 0xffffffff}
                if k < 8:  # else it is a part of a fill value
                    news |= {0, 1, 3, 8, 33, 4096, old - 1, 2 * old}
                for new in sorted({new % (1 << 32) for new in news} - {old}):
                    here = place + 4 * k
                    self.add(case, FIRST + len(names),
                             filters.change_header(content, here, struct.pack("<I", new)))
                    names.append(f"{base} parameter {k}: {old} -> {new}")
        left_out, read_all_the_same = self.judge_mutants(case, names)
        self.assertGreater(left_out, 9 * read_all_the_same)


if __name__ == "__main__":
    main()
