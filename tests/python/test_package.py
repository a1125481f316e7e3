"""The Python package over the library of this build: configs, errors, plans, runs and their display, how
runs are stopped, and outputs as datasets. What a run makes is compared with what the program makes."""
import doctest
import gc
import importlib
import json
import multiprocessing
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import warnings

import numpy as np
import xarray

from build import BIN, BUILD, main

PACKAGE = pathlib.Path(os.environ.get("CLIMNORM_PACKAGE") or os.path.join(BUILD, "python"))
if not any((PACKAGE / "climnorm").glob("_native*.so")):
    print("skipped: this build has no extension module")
    sys.exit(77)
sys.path.insert(0, str(PACKAGE))
import climnorm  # noqa: E402
from climnorm import _config, _library, _neat, _normals  # noqa: E402

EPOCH = {"SOURCE_DATE_EPOCH": "1600000000"}


def program(*words):
    return subprocess.run([BIN, *words], check=True, capture_output=True, text=True,
                          env={**os.environ, **EPOCH})


def run_child(data):
    return climnorm.run({"input.root": data, "output.root": data + "-child", "regions": ["GU"],
                         "variables": ["tas"], "normals.targets": [2019]}).complete


class TestCase(unittest.TestCase):
    folder = data = None  # set below, once

    @classmethod
    def setUpClass(cls):
        if not TestCase.folder:
            temporary = tempfile.TemporaryDirectory(prefix="climnorm-python-")
            unittest.addModuleCleanup(temporary.cleanup)
            TestCase.folder = pathlib.Path(temporary.name)
            TestCase.data = str(cls.folder / "data")
            program("synth", cls.data, "--years", "1987-2020", "--grid", "22x36")

    def config(self, **more):
        return {"input": {"root": self.data}, "output": {"root": str(self.folder / self.id())},
                "regions": ["CONUS"], "normals": {"targets": [2019, 2020]}, **more}


class Configs(TestCase):
    def test_the_examples_in_the_sources(self):
        for module in _config, _library, _neat, _normals, importlib.import_module("climnorm.progress"):
            done = doctest.testmod(module)
            self.assertGreater(done.attempted, 0, module)
            self.assertEqual(done.failed, 0, module)

    def test_odd_values_reach_the_library(self):
        odd = self.folder / 'a "quoted" \\ folder, é'
        os.symlink(self.data, odd)
        plan = climnorm.plan({
            "input.root": [odd], "output.root": odd.with_name("out"), "regions": (),
            "custom_regions": [{"name": "a", "lon": np.array([230, 294.5]), "lat": (np.int32(24), 1e1 * 5)}],
            "variables": np.array(["tas"]), "normals": {"targets": range(2019, 2021), "min_days": 1e-5},
            "output": {"counts": np.True_, "units": {"tas": "degC"}}, "scenarios": None}, estimate=False)
        self.assertEqual(plan["input"]["root"], str(odd))
        self.assertEqual([region["name"] for region in plan["variables"][0]["regions"]], ["a"])

    def test_wrong_values_are_named_before_anything_begins(self):
        for value, words in ((float("nan"), "a.b: nan is no finite number"), (b"x", "a.b: b'x' is a bytes"),
                             ("x\0y", "NUL"), (object(), "a.b: <object")):
            with self.assertRaisesRegex(climnorm.ConfigError, words):
                climnorm.plan({"a": {"b": value}})
        with self.assertRaisesRegex(climnorm.ConfigError, "output.units.a b: a key has letters"):
            climnorm.plan({"output": {"units": {"a b": "K"}}})

    def test_all_errors_of_the_library_are_listed(self):
        with self.assertRaises(climnorm.ConfigError) as caught:
            climnorm.run({"input": {"root": 1.5}, "outputs": {}})
        self.assertEqual(caught.exception.problems[:2], [
            "config: input.root: expected a path or a list of paths, not 1.5",
            'config: outputs: is not a key (did you mean "output"?)'])
        with self.assertRaisesRegex(climnorm.ConfigError, "output.root"):
            climnorm.run({"input": {"root": self.data}})
        self.assertIsInstance(caught.exception, (climnorm.Error, ValueError))
        with self.assertRaisesRegex(climnorm.ConfigError, "there is no variable|no variable .*xyz|xyz"):
            climnorm.run(self.config(variables=["xyz"]))

    def test_overrides_replace_values_of_a_file_and_of_a_dict(self):
        path = self.folder / "job.cfg"
        path.write_text(_config.config_text(self.config()))
        for config in (path, str(path), self.config()):
            plan = climnorm.plan(config, estimate=False, engine={"threads": 1}, variables=["pr"],
                                 **{"normals.targets": [2020]})
            self.assertEqual((plan["threads"], [v["name"] for v in plan["variables"]]), (1, ["pr"]))
        with self.assertRaisesRegex(climnorm.ConfigError, "give the whole config as a dict"):
            climnorm.plan(path, products=[{"name": "p90", "over": "p90"}])


class Jobs(TestCase):
    def setUp(self):
        os.environ.update(EPOCH)
        self.addCleanup(lambda: [os.environ.pop(name) for name in EPOCH])

    def write(self, config):
        path = self.folder / "job.cfg"
        path.write_text(_config.config_text(config))
        return str(path)

    def test_a_plan_is_that_of_the_program(self):
        path = self.write(self.config())
        told = json.loads(program("plan", path, "--json", "-q").stdout)
        plan = climnorm.plan(path)
        self.assertGreater(plan.pop("estimate")["seconds"], 0)
        told.pop("estimate")
        for key in "bytes_about", "bytes_free":  # measured
            told["output"].pop(key, None)
            plan["output"].pop(key, None)
        self.assertEqual(plan, told)
        self.assertFalse(os.path.exists(self.config()["output"]["root"]))

    def test_a_run_makes_the_files_of_the_program(self):
        config = self.config(products=[{"name": "normal"}, {"name": "p90", "over": "p90", "pool": 3}])
        events = []
        result = climnorm.run(config, progress=events.append)
        path = self.write({**config, "output": {"root": str(self.folder / "program")}})
        program("run", path, "-q", "--summary", str(self.folder / "summary.json"))
        made, wanted = ({p.relative_to(root): p.read_bytes() for p in pathlib.Path(root).rglob("*.nc")}
                        for root in (result.root, self.folder / "program"))
        self.assertEqual(len(made), 8)
        self.assertEqual(made, wanted)
        summary = json.loads((self.folder / "summary.json").read_text())
        self.assertEqual(result.keys(), summary.keys())
        self.assertEqual(result["variables"][0]["normals_written"],
                         summary["variables"][0]["normals_written"])
        self.assertTrue(result.complete)
        self.assertEqual(result.problems, [])
        self.assertEqual(events[-1]["event"], "end")
        self.assertEqual(climnorm.progress.fraction(events[-1]), 1)
        again = climnorm.run(config)
        self.assertEqual([v["normals_skipped"] for v in again["variables"]], [4, 4])

    def test_what_is_missing_is_a_warning(self):
        with self.assertWarns(climnorm.MissingWarning) as caught:
            result = climnorm.run(self.config(**{"normals.targets": [2020, 1990]}))
        self.assertFalse(result.complete)
        self.assertTrue(result.problems)
        self.assertIn("1990", str(caught.warning))
        self.assertEqual(caught.filename, __file__)

    def test_what_the_progress_function_raises_stops_the_run(self):
        def fail(event):
            raise RuntimeError("enough")
        with self.assertRaisesRegex(RuntimeError, "enough"):
            climnorm.run(self.config(), progress=fail)
        self.assertTrue(climnorm.run(self.config()).complete)  # nothing holds a lock

    def test_a_progress_function_starts_no_job(self):
        with self.assertRaisesRegex(climnorm.Error, "cannot start a job"):
            climnorm.run(self.config(), progress=lambda event: climnorm.run(self.config()))
        self.assertTrue(climnorm.run(self.config()).complete)

    def test_a_machine_error(self):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        try:
            with self.assertRaisesRegex(climnorm.MachineError, "File too large"):
                climnorm.run(self.config())
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    def test_shards(self):
        made = [climnorm.run(self.config(), shard=(part, 2))["shard"] for part in (1, 2)]
        self.assertEqual(made, ["1/2", "2/2"])

    def test_two_threads_take_turns_and_others_go_on(self):
        counted, done = [0], []
        threads = [threading.Thread(target=lambda i=i: done.append(climnorm.run(
            self.config(output={"root": f"{self.folder}/turn{i}"})).complete)) for i in range(2)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            counted[0] += 1
            time.sleep(0.001)
        self.assertEqual(done, [True, True])
        self.assertGreater(counted[0], 20)

    def test_a_forked_child_fails_instead_of_hanging(self):
        climnorm.run(self.config())
        reader, writer = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer Pythons warn of threads
            child = os.fork()
        if child == 0:
            try:
                climnorm.plan(self.config())
            except climnorm.Error as error:
                os.write(writer, str(error).encode())
            os._exit(0)
        os.close(writer)
        os.waitpid(child, 0)
        self.assertIn('get_context("spawn")', os.read(reader, 1000).decode())
        os.close(reader)

    def test_spawned_children_run(self):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            self.assertEqual(pool.map(run_child, [self.data]), [True])


STOPPED = """
import os, signal, sys, threading
sys.path.insert(0, sys.argv[1])
import climnorm
config = {"input.root": sys.argv[2], "output.root": sys.argv[3], "regions": ["GLOBAL"], "engine.threads": 1,
          "products": [{"name": "p90", "over": "p90", "pool": 31}]}
def interrupt(event):
    if event["event"] == "state":
        os.kill(os.getpid(), signal.SIGINT)
if sys.argv[4] == "late":
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    climnorm.run(config, progress=interrupt if sys.argv[4] == "progress" else None)
except KeyboardInterrupt:
    print("stopped", threading.active_count())
print(climnorm.plan(config, estimate=False)["output"]["files_to_make"] > 0)
"""


class Stops(TestCase):
    def test_ctrl_c_stops_a_run_and_leaves_the_process_well(self):
        for how in "late", "progress":
            done = subprocess.run([sys.executable, "-c", STOPPED, str(PACKAGE), self.data,
                                   str(self.folder / how), how], capture_output=True, text=True, timeout=60,
                                  preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
            self.assertEqual((done.stdout, done.stderr, done.returncode), ("stopped 1\nTrue\n", "", 0))


class Datasets(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = str(cls.folder / "single")
        cls.products = [{"name": "normal"}, {"name": "hot-days", "time": "year", "within": "count_gt",
                                             "threshold": "290 K", "variables": ["tas"]},
                        {"name": "monthly", "time": "month"}, {"name": "seasonal", "time": "season"}]
        cls.base = {"input": {"root": cls.data}, "regions": ["CONUS", "AK"],
                    "normals": {"targets": [2016, 2018, 2019]}, "products": cls.products}
        climnorm.run({**cls.base, "output": {"root": cls.root, "counts": True}})
        paths = sorted(pathlib.Path(cls.data).rglob("tas_*.nc"))
        cls.daily = xarray.open_mfdataset(paths, combine="by_coords", data_vars="minimal").tas.load()

    def box(self, region="CONUS"):
        made = climnorm.open(self.root, region=region)
        return self.daily.sel(lat=made.lat, lon=made.lon % 360)

    def window(self, last, region="CONUS"):
        return self.box(region).sel(time=slice(str(last - 29), str(last)))

    def test_all_products_are_in_one_lazy_dataset(self):
        made = climnorm.open(self.root, region="CONUS")
        self.assertEqual(set(made.data_vars), {
            "pr", "pr_count", "pr_monthly", "pr_monthly_count", "pr_seasonal", "pr_seasonal_count", "tas",
            "tas_count", "tas_hot_days", "tas_hot_days_count", "tas_monthly", "tas_monthly_count",
            "tas_seasonal", "tas_seasonal_count"})
        self.assertEqual(made.tas.dims, ("target_year", "dayofyear", "lat", "lon"))
        self.assertEqual(made.tas_hot_days.dims, ("target_year", "lat", "lon"))
        self.assertEqual(made.tas.chunks[0], (1, 1, 1))
        self.assertEqual(made.target_year.values.tolist(), [2016, 2018, 2019])
        self.assertEqual(made.scenario.values.tolist(), ["ssp245"] * 3)
        self.assertEqual(made.season.values.tolist(), ["DJF", "MAM", "JJA", "SON"])
        self.assertEqual((made.tas.attrs["units"], made.attrs["region"]), ("K", "CONUS"))
        self.assertNotIn("target_year", made.attrs)

    def test_values_are_those_of_xarray(self):
        made = climnorm.open(self.root, region="CONUS")
        window = self.window(2018)
        wanted = window.astype("f8").groupby("time.dayofyear").mean(skipna=False)
        xarray.testing.assert_allclose(made.tas.sel(target_year=2018, drop=True), wanted.astype("f4"),
                                       rtol=1e-6)
        hot = (window > 290).groupby("time.year").sum().mean("year").where(window[0].notnull())
        np.testing.assert_allclose(made.tas_hot_days.sel(target_year=2018), hot, rtol=1e-6)
        anomaly = window[-365:].groupby("time.dayofyear") - made.tas.sel(target_year=2018)
        self.assertEqual(anomaly.sizes["time"], 365)
        monthly = window.astype("f8").groupby("time.month").mean(skipna=False)
        np.testing.assert_allclose(made.tas_monthly.sel(target_year=2018, month=7),
                                   monthly.sel(month=7), rtol=1e-6)

    def test_every_layout_and_axis_opens_alike(self):
        products = [self.products[0], self.products[3]]
        wanted = climnorm.open(self.root, region="AK", products=["normal", "seasonal"]).load()
        for output in ({"layout": "stacked"}, {"axis": "time"}, {"layout": "stacked", "axis": "time"}):
            root = str(self.folder / "-".join(output.values()))
            climnorm.run({**self.base, "regions": ["AK"], "products": products,
                          "output": {"root": root, "counts": True, **output}})
            for chunks in "auto", None:
                made = climnorm.open(root, chunks=chunks)
                xarray.testing.assert_equal(made, wanted)

    def test_a_year_that_a_variable_lacks_is_nan(self):
        root = str(self.folder / "lacks")
        for variable, year in ("tas", 2018), ("pr", 2019):
            climnorm.run({**self.base, "regions": ["AK"], "variables": [variable], "output": {"root": root},
                          "normals": {"targets": [year]}, "products": [{"name": "normal"}]})
        for chunks in "auto", None:
            made = climnorm.open(root, chunks=chunks)
            self.assertEqual(made.tas.notnull().any(["dayofyear", "lat", "lon"]).values.tolist(),
                             [True, False])
            self.assertTrue(np.isnan(made.tas[1, 3:5, 0].values).all())
            self.assertEqual(made.pr[:, 5].values.shape, made.pr[:, 5].shape)
            self.assertEqual(made.pr[0:0].values.shape, made.pr[0:0].shape)

    def test_choices_are_asked_for(self):
        with self.assertRaisesRegex(ValueError, "several regions; choose one by region=…: AK, CONUS"):
            climnorm.open(self.root)
        with self.assertRaisesRegex(ValueError, "region='HI' is not there; there are AK, CONUS"):
            climnorm.open(self.root, region="HI")
        with self.assertRaisesRegex(FileNotFoundError, "no outputs of climnorm"):
            climnorm.open(self.data)
        with self.assertRaisesRegex(FileNotFoundError, "no such folder"):
            climnorm.open(self.root + "-")
        only = climnorm.open(self.root, region="AK", variables=["pr"], products=["normal"])
        self.assertEqual(set(only.data_vars), {"pr", "pr_count"})

    def test_windows_of_two_lengths(self):
        root = str(self.folder / "windows")
        for window in 30, 10:
            climnorm.run({**self.base, "regions": ["GU"], "output": {"root": root},
                          "normals": {"targets": [2019], "window": window}})
        with self.assertRaisesRegex(ValueError, "is there twice: .*; choose one by window=…: 10, 30"):
            climnorm.open(root)
        self.assertEqual(climnorm.open(root, window=10).sizes["target_year"], 1)

    def test_several_scenarios(self):
        data, root = str(self.folder / "two"), str(self.folder / "two-out")
        program("synth", data, "--years", "2010-2018", "--scenario", "ssp245,ssp585", "--variables", "tas")
        climnorm.run({"input.root": data, "output.root": root, "regions": ["GU"],
                      "normals": {"window": 3, "targets": [2013, 2018]}})
        with self.assertRaisesRegex(ValueError, "choose one by scenario=….*: ssp245, ssp585"):
            climnorm.open(root)
        made = climnorm.open(root, scenario="ssp585")
        self.assertEqual(made.scenario.values.tolist(), ["historical", "ssp585"])


class Normals(TestCase):
    def test_they_are_those_of_a_run(self):
        root = str(self.folder / "run")
        products = {"normal": {}, "p90": {"over": "p90"}}
        climnorm.run({"input.root": self.data, "output.root": root, "regions": ["AK"],
                      "normals": {"targets": [2018, 2019]},
                      "products": [{"name": name, **more} for name, more in products.items()]})
        made = climnorm.normals(self.data, ["1989-2018", (1990, 2019)], "AK", products=products)
        xarray.testing.assert_equal(made, climnorm.open(root))

    def test_arrays_are_memory_of_the_job_and_outlive_it(self):
        made = climnorm.normals(self.data, "1991-2020", "GU", variable="tas", output={"counts": True},
                                products={"normal": {}, "yearly": {"time": "year"}})
        value, memory = made.tas.values, made.tas.values
        while memory.base is not None and isinstance(memory.base, np.ndarray):
            memory = memory.base
        self.assertEqual(type(memory.base).__name__, "_Memory")
        kept = value.copy()
        self.assertEqual(made.tas_count.dtype, np.int16)
        self.assertTrue((made.tas_count == 30).all())
        yearly = made.tas_yearly
        wanted = float(yearly.mean())
        del made, memory
        for _ in range(2):
            climnorm.normals(self.data, "1991-2020", "GU", variable="pr")
        gc.collect()
        np.testing.assert_array_equal(value, kept)
        self.assertEqual(float(yearly.mean()), wanted)

    def test_periods_and_scenarios_of_one_dataset(self):
        data = str(self.folder / "periods")
        program("synth", data, "--years", "2009-2017", "--scenario", "ssp245,ssp585", "--variables", "tas")
        with self.assertRaisesRegex(ValueError, "choose one by scenario=….*: ssp245, ssp585"):
            climnorm.normals(data, ["2012-2014", "2015-2017"], "GU")
        made = climnorm.normals(data, ["2012-2014", "2015-2017"], "GU", scenario="ssp585")
        self.assertEqual(made.target_year.values.tolist(), [2014, 2017])
        self.assertEqual(made.scenario.values.tolist(), ["historical", "ssp585"])

    def test_a_box_and_one_span(self):
        made = climnorm.normals([self.data], (1991, 2020), (-130, -60, 24, 50), variable="tas")
        self.assertEqual(made.tas.dims, ("dayofyear", "lat", "lon"))
        self.assertEqual(int(made.target_year), 2020)
        self.assertEqual(made.attrs["region_name"], "-130 to -60 degrees east, 24 to 50 degrees north")
        self.assertTrue(((made.lon > -131) & (made.lon < -59)).all())

    def test_files_of_any_name(self):
        time = xarray.open_dataset(next(pathlib.Path(self.data).rglob("tas_*_2019.nc"))).time
        mine = self.folder / "mine"
        mine.mkdir()
        values = xarray.DataArray(np.arange(365 * 6, dtype="f4").reshape(365, 2, 3), dims=("time", "y", "x"),
                                  coords={"time": time, "y": [0., 1], "x": [0., 1, 2]}, name="t2m")
        values.y.attrs["units"], values.x.attrs["units"] = "degrees_north", "degrees_east"
        values.assign_attrs(units="K").to_netcdf(mine / "all of it.nc")
        made = climnorm.normals(mine, "2019-2019", variable={"tas": "t2m"})
        np.testing.assert_array_equal(made.tas, values)
        with self.assertRaises(climnorm.ConfigError) as caught:
            climnorm.normals(mine, "2019-2019")
        self.assertIn('variable={"tas": "t2m"}', str(caught.exception))

    def test_nothing_to_make_is_an_error(self):
        with self.assertWarns(climnorm.MissingWarning) as caught:
            with self.assertRaisesRegex(climnorm.InputError, "1930"):
                climnorm.normals(self.data, "1901-1930")
        self.assertEqual(caught.filename, __file__)

    def test_arguments_of_other_kinds_are_named(self):
        wrong = climnorm.ConfigError
        for years in ("1991", "1991-", "x-y", (1991,), (1991.5, 2000), None, [], 1991, slice(1991, 2020),
                      ["1991-2020", "2001-2020"], "2020-1991"):
            with self.subTest(years=years), self.assertRaisesRegex(wrong, "^years: expected"):
                climnorm.normals(self.data, years)
        for region in (None, 5, (0, 1, 2), ("a", 1, 2, 3)):
            with self.subTest(region=region), self.assertRaisesRegex(wrong, "^region: expected"):
                climnorm.normals(self.data, region=region)
        for config in (None, 3, ["a"]):
            with self.subTest(config=config), self.assertRaisesRegex(wrong, "^config: expected"):
                climnorm.plan(config)
        same = [climnorm.normals(self.data, years, "CONUS") for years in
                ("2019-2020", (2019, 2020), [2019, 2020], (np.int64(2019), np.int32(2020)), [(2019, 2020)])]
        for made in same[1:]:
            self.assertTrue(made.identical(same[0]))


if __name__ == "__main__":
    main()
