"""The command line, and the settings that all measurements share."""
import argparse
import dataclasses
import os

from . import Failure, programs

BOXES = {"CONUS": (234.0, 294.0, 24.0, 50.0), "AK": (170.0, 235.0, 50.0, 72.0),
         "HI": (181.63, 205.20, 18.92, 28.45), "PRVI": (292.03, 295.49, 17.62, 18.57),
         "GU": (144.58, 146.12, 13.18, 20.61), "GLOBAL": (0.0, 360.0, -90.0, 90.0)}
PARTS = ("limits", "kernels", "inflate", "pipeline", "peers")
STYLES = ("smooth", "nex-gddp")  # of climnorm synth
GLOBE = "passes"  # the part that --global measures instead
WINDOW = 30
# Grid, last year from 1985 on, repeats. A chunk of the full size is 3.5 MB inflated, of the others
# 0.9 and 0.1 MB: they differ in what stays in the caches.
SIZES = {"quick": ((120, 240), 2016, 2), "standard": ((300, 720), 2024, 3),
         "full": ((600, 1440), 2024, 5), "global": ((600, 1440), 2017, 3),
         "products": ((600, 1440), 2024, 3)}


@dataclasses.dataclass
class Settings:
    """What is measured, and with what. Paths are absolute."""
    climnorm: str            # the program
    programs: str            # folder of bench_stages and its like
    home: str                # folder of peers/
    data: str                # folder of the data trees, kept
    output: str              # folder of results.json and plots
    size: str
    grid: tuple              # (latitudes, longitudes)
    first_year: int
    last_year: int
    days: int                # of each year; 0: all
    variables: list
    regions: list            # those that hold a cell of the grid
    threads: list            # ascending
    repeats: int
    parts: list
    memory: list             # of --global: engine.memory of each run
    style: str               # of the data: one of STYLES
    kernels: str             # only headlines with this text
    peers: list              # only these; empty: all
    baseline: str = ""
    window: int = WINDOW
    tree: str = ""           # the data tree, made by data.prepare
    scratch: str = ""        # a folder for output and configs, removed at the end
    config: str = ""         # of the whole job
    venv: str = ""           # a virtual environment for recipes in Python

    @property
    def boxes(self):
        """Region -> (lon0, lon1, lat0, lat1), degrees east and north."""
        return {name: BOXES[name] for name in self.regions}

    def described(self):
        """What two runs must have in common to be compared."""
        return {"size": self.size, "grid": list(self.grid), "first_year": self.first_year,
                "last_year": self.last_year, "days": self.days, "window": self.window,
                "variables": self.variables, "style": self.style, "regions": self.regions,
                "threads": self.threads, "repeats": self.repeats, "parts": self.parts,
                "memory": self.memory}


def usable_cells(grid, box):
    """Whether a box holds a cell centre of a tree made by `climnorm synth`."""
    lats, lons = grid
    return (any(box[2] <= -60 + (i + 0.5) * 150 / lats <= box[3] for i in range(lats)) and
            any(box[0] <= (j + 0.5) * 360 / lons <= box[1] for j in range(lons)))


def expected(what, parse):
    """Parses an argument; says what was expected where it cannot be."""
    def parse_or_say(text):
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"expected {what}, not '{text}'") from error
    return parse_or_say


def numbers_of(text):
    values = sorted({int(word) for word in text.split(",")})
    if values[0] < 1:
        raise ValueError
    return values


def count_of(text):
    if not 1 <= int(text) <= 25:
        raise ValueError
    return int(text)


def pair(separator):
    def parse(text):
        first, second = (int(word) for word in text.split(separator))
        return first, second
    return parse


def region_of(text):
    """NAME=W,E,S,N, or the name of a region that is known."""
    name, _, box = text.partition("=")
    bounds = tuple(float(bound) for bound in box.split(",")) if box else BOXES.get(name, ())
    if len(bounds) != 4:
        raise ValueError
    return name, bounds


numbers = expected("numbers such as 1,2,4", numbers_of)
turns_count = expected("1 to 25 repeats", count_of)
years = expected("years such as 1985-2024", pair("-"))
region = expected(f"NAME=W,E,S,N or one of {','.join(BOXES)}", region_of)


def words(text):
    return [word for word in text.split(",") if word]


def doubling(cores):
    """1, 2, 4, ... and all cores."""
    return sorted({1 << k for k in range(cores.bit_length()) if 1 << k <= cores} | {cores})


def parser():
    top = argparse.ArgumentParser(
        prog="climnorm-bench", description="Measures climnorm on this machine.",
        epilog="`climnorm-bench` alone is `climnorm-bench run`; COMMAND --help shows the options.")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    run = commands.add_parser("run", help="measure limits, kernels, inflating, the pipeline, "
                              "peers")
    size = run.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="size", action="store_const", const="quick",
                      help="a grid of 120x240, 32 years, 2 repeats: two minutes on 2 cores")
    size.add_argument("--full", dest="size", action="store_const", const="full",
                      help="a grid of 0.25 degree (9 GB of data), 5 repeats: an hour or more")
    size.add_argument("--global", dest="size", action="store_const", const="global",
                      help="the whole globe at 0.25 degree instead, 4 target years, in passes: "
                           "8 GB of data and 2 of normals, 3 repeats, a quarter of an hour")
    size.add_argument("--products", dest="size", action="store_const", const="products",
                      help="ten products of CONUS at 0.25 degree instead of normals: statistics of "
                           "5 days, months, seasons, years; 9 GB of data, 3 repeats")
    run.add_argument("--grid", metavar="LATxLON",
                     type=expected("rows and columns such as 120x240", pair("x")))
    run.add_argument("--years", type=years, metavar="A-B")
    run.add_argument("--days", type=int, default=0, metavar="N", help="of each year only the first")
    run.add_argument("--variables", type=words, default=["tas"], metavar="LIST")
    run.add_argument("--style", choices=STYLES, default=STYLES[0],
                     help="of the data: nex-gddp inflates as slowly as NEX-GDDP-CMIP6, and takes "
                          "longer to make (default smooth)")
    run.add_argument("--regions", type=words, metavar="LIST",
                     help="the first alone is held against all (default CONUS,AK,HI,PRVI,GU)")
    run.add_argument("--threads", type=numbers, metavar="LIST",
                     help="default: 1, 2, 4, ... and all cores")
    run.add_argument("--repeats", type=turns_count, metavar="N")
    run.add_argument("--what", type=words, metavar="LIST",
                     help=f"of {','.join(PARTS)} (default all)")
    run.add_argument("--memory", type=words, default=["16GiB", "4GiB", "1GiB"], metavar="LIST",
                     help="engine.memory of the runs of --global (default 16GiB,4GiB,1GiB)")
    run.add_argument("--kernels", default="", metavar="TEXT", help="kernels named like this only")
    run.add_argument("--peers", type=words, default=[], metavar="LIST", help="these peers only")
    run.add_argument("--data", metavar="DIR",
                     help="where the data are kept (default bench-data, in a build beside the "
                          "program)")
    run.add_argument("--output", metavar="DIR",
                     help="gets results.json and plots (default bench-results, beside bench-data)")
    run.add_argument("--baseline", default="", metavar="FILE",
                     help="results.json of an earlier run to compare with")
    report = commands.add_parser("report", help="print the tables of a results.json")
    report.add_argument("results")
    report.add_argument("--markdown", action="store_true")
    report.add_argument("--update", metavar="FILE",
                        help="put the tables between the marks in FILE, in markdown")
    report.add_argument("--plots", metavar="DIR", help="draw the plots again")
    compare = commands.add_parser("compare", help="mark what got slower between two results.json")
    compare.add_argument("old")
    compare.add_argument("new")
    compare.add_argument("--all", action="store_true", help="also what did not change")
    sweep = commands.add_parser("sweep", help="find the best settings for a config and its data")
    sweep.add_argument("config")
    sweep.add_argument("--threads", type=numbers, metavar="LIST")
    sweep.add_argument("--set", action="append", default=[], metavar="KEY=A,B,...",
                       help="try each of these values of a key of the config; can be repeated")
    sweep.add_argument("--fix", action="append", default=[], metavar="KEY=VALUE",
                       help="in all runs, as climnorm's --set; can be repeated")
    sweep.add_argument("--repeats", type=turns_count, default=3, metavar="N")
    sweep.add_argument("--output", metavar="DIR",
                       help="a folder on the disk that the normals will go to, for normals that "
                            "are removed again (default: that of CONFIG)")
    sweep.add_argument("--json", metavar="FILE", help="write every figure to FILE")
    peers = commands.add_parser(
        "peers", help="measure what people use instead, on files that are there; or install it",
        description="Holds climnorm against what people use instead, on files that are there "
                    "already, in the noleap calendar: without leap days all agree on what day 60 "
                    "is.")
    peers.add_argument("--install", action="store_true",
                       help="put what the recipes in Python need into --venv, and end")
    peers.add_argument("--tree", metavar="DIR", help="the files")
    peers.add_argument("--variable", default="tas")
    peers.add_argument("--targets", type=years, default=(2014, 2017), metavar="A-B",
                       help="years whose normals are made (default 2014-2017)")
    peers.add_argument("--window", type=int, default=WINDOW, metavar="N")
    peers.add_argument("--region", type=region, action="append", metavar="NAME[=W,E,S,N]",
                       help="default CONUS; can be repeated")
    peers.add_argument("--threads", type=int, metavar="N", help="default: all cores")
    peers.add_argument("--repeats", type=turns_count, default=3, metavar="N")
    peers.add_argument("--peers", type=words, default=[], metavar="LIST", help="these peers only")
    peers.add_argument("--scratch", metavar="DIR",
                       help="a folder for what is written, removed again (default: the tree's)")
    peers.add_argument("--json", metavar="FILE", help="write every figure to FILE")
    grids = commands.add_parser(
        "grids", help="hold curvilinear and unstructured grids against the regular one",
        description="Loads the same chunks on a regular, a curvilinear and an unstructured grid, in "
                    "turns. Needs a Python with netCDF4 and h5py.")
    grids.add_argument("--grid", metavar="LATxLON", default=(600, 1440),
                       type=expected("rows and columns such as 120x240", pair("x")))
    grids.add_argument("--years", type=years, default=(1985, 1988), metavar="A-B")
    grids.add_argument("--days", type=int, default=0, metavar="N", help="of each year only the first")
    grids.add_argument("--threads", type=int, metavar="N", help="default: all cores")
    grids.add_argument("--repeats", type=turns_count, default=5, metavar="N")
    grids.add_argument("--data", metavar="DIR", help="as of run; 0.6 GB a year at 600x1440")
    grids.add_argument("--json", metavar="FILE", help="write every figure to FILE")
    for command in (run, peers, grids):
        command.add_argument("--venv", metavar="DIR", help="what the recipes in Python run with "
                             "(default venv beside the program)")
    for command in (run, sweep, peers, grids):
        command.add_argument("--climnorm", metavar="FILE",
                             help="the program (default: beside this one, or in PATH)")
    return top


def settings_of(arguments, found):
    """Settings of a parsed command line; `found` names programs and folders."""
    size = arguments.size or "standard"
    grid, last_year, repeats = SIZES[size]
    grid = arguments.grid or grid
    first_year, last_year = arguments.years or (1985, last_year)
    if min(grid) < 1 or last_year - first_year < WINDOW - 1:
        raise Failure(f"expected a grid of cells and {WINDOW} years or more")
    is_global = size == "global"
    if is_global and (arguments.what is not None or arguments.regions):
        raise Failure("--global measures one thing, without --what and --regions")
    is_products = size == "products"
    all_parts = [GLOBE] if is_global else ["limits", "pipeline"] if is_products else PARTS
    parts = arguments.what if arguments.what is not None else all_parts
    unknown = set(parts) - {*PARTS, *([GLOBE] if is_global else [])}
    if unknown or not parts:
        raise Failure(f"--what {','.join(sorted(unknown))}: expected of {','.join(PARTS)}")
    if is_products and "peers" in parts:
        raise Failure("--products: no peer makes them all")
    regions = ["GLOBAL"] if is_global else arguments.regions or (
        ["CONUS"] if is_products else ["CONUS", "AK", "HI", "PRVI", "GU"])
    for name in regions:
        if name not in BOXES:
            raise Failure(f"--regions {name}: expected of {','.join(BOXES)}")
    usable = [name for name in regions if usable_cells(grid, BOXES[name])]
    if not usable:
        raise Failure("no region holds a cell of the grid; use a finer one")
    return Settings(
        climnorm=found.climnorm, programs=found.programs, home=found.home,
        data=os.path.abspath(arguments.data or found.data),
        output=os.path.abspath(arguments.output or os.path.join(
            os.path.dirname(found.data), "bench-results")), size=size, grid=tuple(grid),
        first_year=first_year, last_year=last_year, days=arguments.days,
        variables=arguments.variables, style=arguments.style, regions=usable,
        threads=arguments.threads or doubling(programs.about(found.programs)["threads"]),
        repeats=arguments.repeats or repeats,
        parts=[part for part in (*PARTS, GLOBE) if part in parts],
        memory=arguments.memory if is_global else [], kernels=arguments.kernels,
        peers=arguments.peers, venv=found.venv, baseline=arguments.baseline)
