"""Results in memory are those of files, bit by bit: values, counts, and all that a stacked file has
besides its values, over products, regions, grids, passes and threads; a damaged year; a run that is
stopped; results that do not fit. Nothing is written.
"""
import errno
import json
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest

import netCDF4
import numpy as np

import build
import trees
from climnorm_case import ALL, Case, TestCase, main
from test_grids import GRIDS

DUMP = os.path.join(build.BUILD, "tests", "values_dump")
SHIM = os.environ.get("CLIMNORM_FAULTS_SHIM", "")
MMAP, MALLOC = 6, 7  # as enum kind in support/preload/faults.c
CONTROL, CONTROL_BYTES = struct.Struct("QQQqQ"), 1 << 22  # as struct control there
EAST = {"name": "EAST", "lon": [0.0, 200.0], "lat": [-90.0, 10.0]}
PATTERN = "{model}/{variable}/{product}/{region}/{period}/{scenario}.nc"
ENV = {"SOURCE_DATE_EPOCH": "1700000000"}
LAT, LON = [-75 + 10 * i for i in range(16)], [7.5 + 15 * i for i in range(24)]
PRODUCTS = [{"name": "normal"}, {"name": "p90", "over": "p90", "pool": 5},
            {"name": "month", "time": "month"},
            {"name": "season", "time": "season", "within": "max", "over": "std"},
            {"name": "change", "time": "season", "baseline": 2003, "change": "difference"}]


def bytes_in(message):
    return int(message.split("(")[-1].split(" bytes")[0])


class Values:
    """What values_dump said."""

    def __init__(self, case, process, folder):
        lines = process.stdout.splitlines()
        self.code, self.err, self.folder = process.returncode, process.stderr, folder
        self.bytes = int(lines[0]) if lines else None
        self.outputs = [json.loads(line) for line in lines[1:-1]]
        self.result = json.loads(lines[-1]) if lines else None

    def array(self, number, what):
        path = self.folder / f"{number}.{what}"
        if not path.exists():
            return None
        output = self.outputs[number]
        dtype = np.float32 if what == "values" else f"int{8 * output['count_size']}"
        return np.fromfile(path, dtype).reshape(output["shape"])

    def image(self, number):
        return netCDF4.Dataset("image", memory=(self.folder / f"{number}.image").read_bytes())


class InMemory(TestCase):
    def make(self, products=None, last=2006, chunks=(1, 16, 24), **more):
        case = Case(variables=["tas"], products=products or PRODUCTS, custom_regions=[ALL, EAST],
                    regions=[], normals={"window": 4, "min_years": 3},
                    output={"counts": True, "layout": "stacked", "pattern": PATTERN}, **more)
        self.addCleanup(case.close)
        case.periods(2003, last)
        for year in range(2000, last + 1):
            trees.year_file(case.data, "tas", year, calendar="standard", chunks=chunks, lat=LAT, lon=LON)
        return case

    def dump(self, case, *words, code=0):
        folder = pathlib.Path(case.dir, f"memory-{len(os.listdir(case.dir))}")
        folder.mkdir()
        before = set(case.files())
        output, case.config["output"] = case.config["output"], {"counts": True}
        path = case.write_config()  # without output.root
        case.config["output"] = output
        done = subprocess.run([DUMP, path, folder, *words], capture_output=True, text=True, cwd=case.dir,
                              env={**os.environ, **ENV})
        self.assertEqual(done.returncode if code else done.stderr, code or "", done.stderr)
        self.assertEqual(set(case.files()), before)
        return Values(case, done, folder)

    def least_memory(self, case):
        small = self.dump(case, "engine.memory=1B", code=1).err
        self.assertIn("but the results in memory take", small)
        least = self.dump(case, f"engine.memory={bytes_in(small) + 1}B", code=1).err
        return bytes_in(least)

    def compare(self, case, values):
        """With the files that the command has made."""
        files = case.normals()
        self.assertEqual(len([o for o in values.outputs if o["made"]]), len(files))
        for number, output in enumerate(values.outputs):
            if output["made"]:
                self.compare_one(files[PATTERN.format(**output)], values, number)

    def compare_one(self, path, values, number):
        output = values.outputs[number]
        with netCDF4.Dataset(path) as file, values.image(number) as image:
            file.set_auto_maskandscale(False)
            image.set_auto_maskandscale(False)
            want = file[output["name"]][:]
            got = values.array(number, "values")
            got[np.isnan(got)] = np.float32(1e20)
            np.testing.assert_array_equal(got.view(np.uint32), want.view(np.uint32))
            counts = values.array(number, "counts")
            np.testing.assert_array_equal(counts, file[output["count_name"]][:])
            self.assertEqual(counts.dtype, file[output["count_name"]].dtype)
            self.assertEqual(output["years"], file["target_year"][:].tolist())
            self.assertEqual(output["units"], file[output["name"]].units)
            self.compare_metadata(file, image, {output["name"], output["count_name"]})

    def compare_metadata(self, file, image, fields):
        """All of the file but its fields, and two digests of what differs."""
        own = {"climnorm_content_digest", "climnorm_config_digest"}
        self.assertEqual({k: v for k, v in file.__dict__.items() if k not in own},
                         {k: v for k, v in image.__dict__.items() if k not in own})
        self.assertEqual({k: len(v) for k, v in file.dimensions.items()},
                         {k: len(v) for k, v in image.dimensions.items()})
        self.assertEqual(list(file.variables), list(image.variables))
        for name, variable in file.variables.items():
            other = image[name]
            self.assertEqual((variable.dtype, variable.dimensions), (other.dtype, other.dimensions))
            self.assertEqual(str(variable.__dict__), str(other.__dict__))
            if name not in fields:
                np.testing.assert_array_equal(variable[:], other[:])
            elif variable.dtype == np.float32:
                self.assertTrue((other[:] == np.float32(1e20)).all())

    def test_products_regions_passes_and_threads(self):
        case = self.make()
        self.exits(case.run(env=ENV), 0)
        once = self.dump(case)
        self.assertEqual(len(once.outputs), 10)
        self.assertGreater(once.result["reports"], 0)
        self.assertEqual(once.bytes, sum(np.prod(o["shape"]) * (4 + o["count_size"])
                                         for o in once.outputs))
        self.compare(case, once)
        memory = self.least_memory(case)
        self.assertGreater(memory, once.bytes)
        for words in (["engine.threads=1"], ["engine.threads=5", "engine.batch_years=1"],
                      [f"engine.memory={memory}B"], [f"engine.memory={memory * 3 // 2}B"]):
            with self.subTest(words=words):
                values = self.dump(case, *words)
                if "memory" in words[0]:
                    self.assertGreater(values.result["variables"][0]["passes"], 1)
                self.compare(case, values)

    def test_a_damaged_year_is_left_out(self):
        case = self.make(last=2008)
        self.damage(case, 2005)
        self.exits(case.run(env=ENV), 2)
        memory = self.least_memory(case)
        for words in ([], ["engine.threads=3"], [f"engine.memory={memory}B"]):
            values = self.dump(case, *words, code=2)
            self.compare(case, values)
            self.assertIn("2005", json.dumps(values.result["variables"][0]["problems"]))

    def damage(self, case, year):
        import h5py
        path = os.path.join(case.data, "tas", trees.name("tas", year))
        with h5py.File(path, "r") as file:
            chunk = file["tas"].id.get_chunk_info(file["tas"].id.get_num_chunks() - 1)
        with open(path, "r+b") as file:
            file.seek(chunk.byte_offset)
            file.write(b"\0" * chunk.size)

    @unittest.skipUnless(SHIM, "CLIMNORM_FAULTS_SHIM is not set")
    def test_whatever_allocation_fails(self):
        """The run ends by itself, and what it then has is right."""
        case = Case(variables=["tas"], output={"counts": True}, engine={"threads": 1, "memory": "64MiB"},
                    products=[{"name": "normal"}, {"name": "month", "time": "month"}],
                    normals={"window": 2, "min_years": 1})
        self.addCleanup(case.close)
        case.periods(2001, 2002)
        for year in (2000, 2001, 2002):
            trees.year_file(case.data, "tas", year, calendar="360_day")
        wanted = self.dump(case)
        control = os.path.join(case.dir, "control")

        def failing(kind, first, last):
            with open(control, "wb") as file:
                file.write(CONTROL.pack(kind, first, last, errno.ENOMEM, 0))
                file.truncate(CONTROL_BYTES)
            folder = tempfile.mkdtemp(dir=case.dir)
            done = subprocess.run([DUMP, case.write_config(), folder], capture_output=True, text=True,
                                  cwd=case.dir, env={"LD_PRELOAD": SHIM, "CLIMNORM_FAULTS": control, **ENV})
            with open(control, "rb") as file:
                counts = np.frombuffer(file.read(CONTROL.size + 16 + 17 * 8)[CONTROL.size + 16:], np.uint64)
            return done, pathlib.Path(folder), int(counts[kind])
        for kind, runs in ((MALLOC, 40), (MMAP, 10)):
            count = failing(kind, 0, 0)[2]
            for k in range(runs):
                first = 1 + count * k // runs
                with self.subTest(kind=kind, first=first):
                    done, folder, _ = failing(kind, first, first if k % 2 else 2 ** 64 - 1)
                    self.assertIn(done.returncode, (0, 1, 2, 3, 98), done.stderr)  # 98: a crash in a library
                    for number in range(len(wanted.outputs)):
                        path = folder / f"{number}.values"
                        if done.returncode == 0 or path.exists():
                            self.assertEqual(path.read_bytes(),
                                             (wanted.folder / f"{number}.values").read_bytes())

    def test_a_stopped_run_gives_what_is_whole(self):
        case = self.make(products=[{"name": "normal"}])
        case.config["variables"] = ["pr", "tas"]
        for year in range(2000, 2007):
            trees.year_file(case.data, "pr", year, kind="precip", calendar="standard")
        values = self.dump(case, "stop", code=4)
        self.assertEqual([o["variable"] for o in values.outputs if o["made"]], ["pr", "pr"])
        for number, output in enumerate(values.outputs):
            for what in ("values", "counts", "image"):
                self.assertEqual((values.folder / f"{number}.{what}").exists(), output["made"])
            self.assertEqual(output["shape"][0], len(output["years"]))
        self.assertEqual([v["status"] for v in values.result["variables"]], ["done", "stopped"])

    def test_other_grids(self):
        """Curvilinear with holes, cells in one dimension, and a point."""
        for model, rank in (("OCEAN", 4), ("ICON", 3), ("POINT", 2)):
            with self.subTest(model=model):
                case = Case(variables=["tas"], output={"counts": True, "layout": "stacked",
                                                       "pattern": PATTERN}).periods(2003, 2004)
                self.addCleanup(case.close)
                GRIDS[model].write(case.data)
                self.exits(case.run(env=ENV), 0)
                values = self.dump(case)
                self.assertEqual([len(o["shape"]) for o in values.outputs], [rank])
                self.compare(case, values)


if __name__ == "__main__":
    main(DUMP)
