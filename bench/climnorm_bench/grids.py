"""Loads one set of values on a regular, a curvilinear and an unstructured grid, in turns."""
import json
import os
import shutil
import subprocess
import tempfile
import types

from . import SCHEMA, Failure, data, options, peers, programs, turns
from .tables import Table, number, spread

KINDS = ("regular", "curvilinear", "unstructured")
AIM = 1.10  # the load of another grid / that of the regular one
CONFIG = """input:   {{ root = {tree}; }};
scenarios = [];
regions = [ "GLOBAL" ];
normals: {{ window = {years}; min_years = 1; min_days = {min_days}; targets = [ "{last}" ]; }};
output:  {{ root = "output"; existing = "overwrite"; }};
"""


def measure(arguments, found):
    """An entry for each kind, with figures."""
    first, last = arguments.years
    settings = types.SimpleNamespace(
        climnorm=found.climnorm, grid=arguments.grid, first_year=first, last_year=last,
        days=arguments.days, variables=["tas"], style=options.STYLES[0],
        data=os.path.abspath(arguments.data or found.data))
    os.makedirs(settings.data, exist_ok=True)
    regular = data.tree(settings)
    scratch = tempfile.mkdtemp(prefix="grids-", dir=settings.data)
    try:
        configs = {}
        for kind in KINDS:
            tree = regular if kind == "regular" else other_tree(regular, kind, scratch, found.venv)
            configs[kind] = os.path.join(scratch, f"{kind}.cfg")
            with open(configs[kind], "w", encoding="utf-8") as file:
                file.write(CONFIG.format(tree=json.dumps(tree), years=last - first + 1, last=last,
                                         min_days=0 if settings.days else 0.9))

        def run(kind):
            return programs.run(found.climnorm, configs[kind], scratch, threads=arguments.threads)

        turns.show("warming up")
        for kind in KINDS:
            run(kind)
        runs = turns.interleave([(kind, lambda k=kind: run(k)) for kind in KINDS], arguments.repeats)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return [{"grid": kind, **{f"times_regular_{key}": turns.ratio(
        [one[f"{key}_s"] for one in runs[kind]], [one[f"{key}_s"] for one in runs["regular"]])
        for key in ("load", "cpu", "wall")}, **{
            key: turns.figure([one[key] for one in runs[kind]])
            for key in ("load_s", "cpu_s", "wall_s", "peak_rss_bytes")}} for kind in KINDS]


def other_tree(regular, kind, scratch, venv):
    """The same chunks on another grid."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "other_grids.py")
    made, said = os.path.join(scratch, kind), ""
    turns.show(f"making the {kind} grid")
    for python in peers.pythons_of(venv):
        done = subprocess.run([python, script, regular, made, kind], capture_output=True, text=True,
                              check=False)
        if not done.returncode:
            return made
        said = (done.stderr.strip().splitlines() or [said])[-1]
    raise Failure(f"no Python here makes the {kind} grid ({said}); apt-get install python3-h5py "
                  "python3-netcdf4")


def text(entries):
    rows = [[entry["grid"], spread(entry["load_s"]), spread(entry["times_regular_load"]),
             f"≤ {AIM:.2f}" if entry["grid"] != "regular" else "", number(entry["cpu_s"]["median"]),
             spread(entry["wall_s"]), f"{entry['peak_rss_bytes']['median'] / 1e9:.2f}"]
            for entry in entries]
    return Table("One set of chunks on three grids", [
        "grid", "load, s", "times regular", "aim", "CPU s", "whole, s", "peak GB"], rows).text()


def save(path, arguments, entries):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"schema": SCHEMA, "grid": list(arguments.grid), "years": list(arguments.years),
                   "grids": entries}, file, indent=1)
