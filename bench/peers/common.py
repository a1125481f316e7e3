"""What the recipes in Python share: the arguments, the source files, the cells of a box, the
encoding of what is written, and the line that says how long a stage took. No recipe is in here.
"""
import argparse
import glob
import importlib
import importlib.metadata
import json
import os
import platform
import sys
import time

MISSING = 77


def modules(*names):
    """Imports the recipe's modules; says how to install them where one is missing."""
    try:
        found = [importlib.import_module(name) for name in names]
    except ImportError as error:
        print(f"{error}: climnorm-bench peers --install")
        sys.exit(MISSING)
    if "--version" in sys.argv[1:]:
        print(", ".join(f"{name} {importlib.metadata.version(name)}"
                        for name in (module.partition(".")[0] for module in names)),
              f"(Python {platform.python_version()})")
        sys.exit(0)
    return found


def region(text):
    name, box = text.split("=")
    return name, tuple(float(bound) for bound in box.split(","))


def arguments():
    """The arguments all recipes take; .years are the source years, .regions {name: box}."""
    parser = argparse.ArgumentParser()
    for name in "data", "variable", "out":
        parser.add_argument("--" + name, required=True)
    for name in "first", "last", "window", "threads":
        parser.add_argument("--" + name, type=int, required=True)
    parser.add_argument("--region", type=region, action="append", required=True,
                        metavar="NAME=lon0,lon1,lat0,lat1")
    options = parser.parse_args()
    options.targets = range(options.first, options.last + 1)
    options.years = range(options.first - options.window + 1, options.last + 1)
    options.regions = dict(options.region)
    os.makedirs(options.out, exist_ok=True)
    return options


def source(options, year):
    """The file of a source year, anywhere below --data."""
    name = f"{options.variable}_day_*_{year}.nc"
    found = sorted(glob.glob(os.path.join(glob.escape(options.data), "**", name), recursive=True))
    if not found:
        sys.exit(f"no file {name} below {options.data}")
    return found[-1]


def cells(dataset, box):
    """The rows and columns whose centres lie in the box, the columns from west to east."""
    lon0, lon1, lat0, lat1 = box
    lat, east = dataset["lat"].values, (dataset["lon"].values - lon0) % 360
    rows = ((lat >= lat0) & (lat <= lat1)).nonzero()[0]
    columns = (east <= lon1 - lon0).nonzero()[0]
    return rows, columns[east[columns].argsort()]


def union(dataset, boxes):
    """What holds all boxes, as slices of rows and columns: a file is cropped to it at the read."""
    return (slice(min(map(min, axis)), max(map(max, axis)) + 1)
            for axis in zip(*(cells(dataset, box) for box in boxes)))


def encoding(array):
    """Compressed like climnorm's files: shuffle and deflate 1, a chunk a day."""
    return {array.name: {"zlib": True, "shuffle": True, "complevel": 1, "_FillValue": 1e20,
                         "chunksizes": (1, *array.shape[1:])}}


class Stages:
    """Says at the end how many files were opened, and the seconds of each stage."""

    def __init__(self):
        self.started, self.said = time.monotonic(), {}

    def end(self, name):
        now = time.monotonic()
        self.said[name], self.started = now - self.started, now

    def print(self, reads):
        print(json.dumps({"reads": reads, **self.said}))
