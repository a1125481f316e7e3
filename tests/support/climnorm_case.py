"""Runs the program on a small tree as a user would, and hands back what it said and wrote.

A case owns one temporary folder: data/, output/, climnorm.cfg, summary.json. Judging is the
business of oracle.py; this file knows commands, keys and paths, nothing else.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import netCDF4
import numpy as np

import oracle
from build import BIN, main  # noqa: F401

PATTERN = "{region}/{variable}/{period}/{variable}_{region}_{period}_{year}_{window}yr_normal.nc"
ALL = {"name": "ALL", "lon": [0.0, 360.0], "lat": [-90.0, 90.0]}


def text_of(value):
    """A Python value in libconfig's syntax."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, dict):
        return "{ " + " ".join(f"{k} = {text_of(v)};" for k, v in value.items()) + " }"
    if any(isinstance(v, (dict, list, tuple)) for v in value):
        return "( " + ", ".join(text_of(v) for v in value) + " )"
    return "[ " + ", ".join(text_of(v) for v in value) + " ]"


def kernels_here():
    """The forms of the kernels that the program has and this CPU can run, as its message lists them."""
    said = subprocess.run([BIN, "--version"], env={**os.environ, "CLIMNORM_ISA": "?"},
                          capture_output=True, text=True).stderr
    return re.search(r"on this CPU has (.*); name", said)[1].split(", ")


def inflate_forms_here():
    """The ways to inflate that the program has on this CPU, as its message lists them."""
    said = subprocess.run([BIN, "--version"], env={**os.environ, "CLIMNORM_INFLATE": "?"},
                          capture_output=True, text=True).stderr
    return re.search(r"on this CPU has (.*); name", said)[1].split(", ")


class Result:
    def __init__(self, case, process):
        self.code = process.returncode
        self.out, self.err = process.stdout, process.stderr
        self.summary, self.files = None, case.files()
        if os.path.exists(case.summary):
            with open(case.summary) as f:
                self.summary = json.load(f)

    def variable(self, name):
        assert self.summary, f"no --summary was written; exit {self.code}\n{self.err[-2000:]}"
        return next(v for v in self.summary["variables"] if v["name"] == name)

    def problems(self, name):
        """Those of the variable, and the files that one problem is of; without values that are
        implausible, which leave no file out."""
        texts = self.variable(name)["problems"] + self.variable(name)["details"]
        return json.dumps([text for text in texts if "implausible" not in text])

    @property
    def said(self):
        return self.out + self.err


class Case:
    """config: sections that replace the defaults of a quick case (window 3, GLOBAL box); custom
    regions are asked for too."""

    def __init__(self, **config):
        self.dir = tempfile.mkdtemp(prefix="climnorm-test-")
        self.data, self.out = os.path.join(self.dir, "data"), os.path.join(self.dir, "output")
        self.summary = os.path.join(self.dir, "summary.json")
        os.makedirs(self.data)
        self.config = {"input": {"root": "data"}, "output": {"root": "output"}, "scenarios": [],
                       "regions": ["GLOBAL"], "normals": {"window": 3, "min_years": 3}}
        for key, value in config.items():
            both = isinstance(value, dict) and isinstance(self.config.get(key), dict)
            self.config[key] = {**self.config[key], **value} if both else value

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def periods(self, first, last, name="p"):
        self.config["normals"]["periods"] = [{"name": name, "first": first, "last": last}]
        return self

    def files(self):
        """Relative path -> full path of everything below the output root."""
        found = {}
        for folder, _, names in os.walk(self.out):
            for base in names:
                full = os.path.join(folder, base)
                found[os.path.relpath(full, self.out)] = full
        return found

    def normals(self):
        return {k: v for k, v in self.files().items() if k.endswith(".nc")}

    def write_config(self, text=None):
        path = os.path.join(self.dir, "climnorm.cfg")
        if text is None:
            own = [c.get("name") for c in self.config.get("custom_regions") or ()]
            config = {**self.config, "regions": list(self.config["regions"]) + own}
            text = "".join(f"{k} = {text_of(v)};\n" for k, v in config.items() if v is not None)
        with open(path, "w") as f:
            f.write(text)
        return path

    def run(self, *options, command="run", text=None, env=None, timeout=120, config=None):
        """Runs `climnorm COMMAND CONFIG …`; a crash by a signal fails at once."""
        if os.path.exists(self.summary):
            os.unlink(self.summary)
        arguments = [BIN, command, config or self.write_config(text), *options]
        if command == "run":
            arguments += ["--summary", self.summary]
        process = subprocess.run(arguments, capture_output=True, text=True, timeout=timeout,
                                 cwd="/", env={**os.environ, **(env or {})}, errors="replace")
        assert process.returncode >= 0, (
            f"{' '.join(arguments)} died of signal {-process.returncode}\n{process.stderr}")
        return Result(self, process)

    def path(self, variable, year, region="GLOBAL", period="p", window=None):
        window = window or self.config["normals"]["window"]
        return os.path.join(self.out, PATTERN.format(region=region, variable=variable, year=year,
                                                     period=period, window=window))

    def region(self, name):
        """The box of a region of this case as ((a, b), (south, north)); None is GLOBAL."""
        for custom in self.config.get("custom_regions") or ():
            if custom["name"] == name:
                return tuple(custom["lon"]), tuple(custom["lat"])
        return None if name == "GLOBAL" else oracle.BUILT_IN[name]

    def judge(self, variable, years, region="GLOBAL", period="p", timeline=None, ulps=1.0,
              near=1e-9):
        """Every normal of `years` against the oracle; returns complaints, one a line."""
        if timeline is None:
            timeline = oracle.Tree(self.data).timeline(variable)
        normals = self.config["normals"]
        window, rule = normals["window"], normals.get("leap_day", "dayofyear")
        rows, columns, lon = oracle.cells_of(self.region(region), timeline.lat, timeline.lon)
        complaints = []
        for year in years:
            path = self.path(variable, year, region, period)
            label = f"{variable} {region} {year}"
            if not os.path.exists(path):
                complaints.append(f"{label}: no output file {os.path.relpath(path, self.out)}")
                continue
            exact, count, _ = timeline.normal(year, window, rule, normals.get("min_days", 0.9),
                                              rows, columns)
            got = read(path, variable)
            if got["values"].shape != exact.shape:
                complaints.append(f"{label}: shape {got['values'].shape}, not {exact.shape}")
                continue
            for axis, want in (("lat", timeline.lat[rows]), ("lon", np.array(lon))):
                if not np.allclose(got[axis], want, rtol=0, atol=near):
                    complaints.append(f"{label}: {axis} {got[axis]}, not {want}")
            distance = oracle.ulp_distance(got["values"], exact)
            bad = np.argwhere(distance > ulps * (1 + 1e-6))
            if len(bad):
                at = tuple(bad[0])
                complaints.append(
                    f"{label}: {len(bad)} of {distance.size} cells differ; [slot, row, column] "
                    f"{at}: got {got['values'][at]!r}, exact {exact[at]!r}, n {count[at]}")
            if got["count"] is not None and not np.array_equal(got["count"], count):
                complaints.append(f"{label}: counts differ")
        return complaints


def read(path, variable):
    """Values (NaN where missing), axes and counts of one output, read without any decoding."""
    with netCDF4.Dataset(path) as nc:
        nc.set_auto_maskandscale(False)
        values = np.array(nc.variables[variable][:], np.float32)
        values[values == np.float32(1e20)] = np.nan
        count = nc.variables.get(f"{variable}_count")
        return {"values": values, "lat": np.array(nc.variables["lat"][:]),
                "lon": np.array(nc.variables["lon"][:]),
                "count": None if count is None else np.array(count[:])}


def attribute(nc, variable, key):
    """An attribute that describes the normal: on the variable, else on the file."""
    holder = nc.variables[variable] if key in nc.variables[variable].ncattrs() else nc
    return holder.getncattr(key)


class TestCase(unittest.TestCase):
    def judged(self, case, variable, years, **options):
        complaints = case.judge(variable, years, **options)
        self.assertFalse(complaints, "\n  " + "\n  ".join(complaints[:10]))

    def exits(self, result, code):
        self.assertEqual(result.code, code, f"exit {result.code}, not {code}; it said:\n"
                         f"{result.out[-1500:]}\n{result.err[-3000:]}")
