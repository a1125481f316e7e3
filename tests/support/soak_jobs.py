"""Random jobs for the soak: one is a dict of plain values, drawn from a seed. make() writes its input, the
program runs, judge() compares every value with the oracles. A job that fails is made simpler, key by key.
"""
import itertools
import math
import os
import random
import shutil
import subprocess
import warnings

import netCDF4
import numpy as np

import group_oracle
import oracle
import trees
from build import BIN
from climnorm_case import Case, inflate_forms_here, kernels_here

PATTERN = "{region}/{variable}_{year}_{product}.nc"
STACKED = "{region}/{variable}_{product}.nc"
warnings.filterwarnings("ignore", "endian-ness of dtype")  # as the job wants it
EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}
THRESHOLDS = {"tas": ("10.35 degC", 283.5), "pr": ("1 mm d-1", 1 / 86400)}
WITH_THRESHOLD = ("count_gt", "count_ge", "count_lt", "count_le", "excess", "deficit")
UNITS = {"tas": "K", "pr": "kg m-2 s-1"}

# The simplest value of each key: what a job is made of that says nothing else.
SIMPLEST = {
    "calendar": "noleap", "rule": "dayofyear", "rows": 1, "columns": 1, "grid": "regular",
    "lat_falls": False, "lon_first": 22.5, "first": 2000, "years": 3, "years_absent": [],
    "days_absent": 0, "years_a_file": 1, "variables": ["tas"], "type": "f4", "missing": 0, "wild": False,
    "form": "NETCDF4", "chunks": "day", "deflate": 0, "shuffle": False, "fletcher32": False,
    "contiguous": False, "endian": "little", "unlimited": False,
    "dims": ["time", "lat", "lon"], "extra": [], "hours": [12.0], "time_units": "days since 1950-01-01",
    "window": 2, "min_years": 1, "min_days": 0.9, "quantiles": "linear", "products": [{"name": "normal"}],
    "box": None, "layout": "single", "axis": "dayofyear", "threads": 1, "batch_years": 0, "memory": 0,
    "isa": "portable", "inflate": "libdeflate", "shards": 1,
}


def draw_product(dice, number, window, variables):
    product = {"name": f"q{number}", "over": dice.choice(
        ["mean", "mean", "std", "min", "max", "median", "p90", "p2.5", "p99"])}
    product["time"] = dice.choice(["day", "day", "month", "season", "year"])
    withins = WITH_THRESHOLD if product["time"] == "day" else ("sum", "min", "max", *WITH_THRESHOLD)
    product["within"] = dice.choice(withins) if dice.random() < 0.6 else "mean"
    if product["within"] in WITH_THRESHOLD:
        variable = dice.choice(variables)
        product["threshold"], product["source_threshold"] = THRESHOLDS[variable]
        product["variables"] = [variable]
    if product["time"] == "day" and dice.random() < 0.3:
        product["pool"] = dice.choice([3, 5, 31])
    if dice.random() < 0.2:
        product["window"] = dice.randint(1, window + 1)
        product["min_years"] = dice.randint(1, product["window"])
    if dice.random() < 0.2:
        product["min_values"] = dice.randint(1, product.get("window", window) * product.get("pool", 1))
    if product["over"] == "std" and product.get("window", window) == 1 and product.get("pool", 1) == 1:
        product["over"] = "max"
    return product


def draw(seed):
    dice = random.Random(seed)
    job = dict(SIMPLEST, seed=seed)
    job.update(
        calendar=dice.choice(oracle.CALENDARS), rule=dice.choice(oracle.RULES), rows=dice.randint(1, 4),
        columns=dice.randint(1, 5), grid=dice.choice(["regular"] * 4 + ["curvilinear", "unstructured"]),
        lat_falls=dice.random() < 0.3, lon_first=dice.choice([22.5, -170.0, 0.5, 350.0]),
        first=dice.choice([2000, 1950, 1897, 1579]), years=dice.randint(3, 8),
        years_a_file=dice.choice([1, 1, 1, 2, 3, 8]), type=dice.choice(["f4", "f4", "f8", "i2"]),
        missing=dice.choice([0, 0.05, 0.6]), wild=dice.random() < 0.15,
        variables=dice.choice([["tas"], ["pr"], ["tas", "pr"]]))
    job["years_absent"] = [k for k in range(job["years"]) if dice.random() < 0.1]
    job["days_absent"] = dice.choice([0, 0, 0.01, 0.09, 0.2])
    if dice.random() < 0.75:
        job.update(deflate=dice.choice([0, 1, 5, 9]), shuffle=dice.random() < 0.7,
                   fletcher32=dice.random() < 0.2, endian=dice.choice(["little", "big"]),
                   chunks=dice.choice(["day", "day", "year", "odd", None]), contiguous=dice.random() < 0.1)
    else:
        job["form"] = dice.choice(["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA",
                                   "NETCDF4_CLASSIC"])
    job.update(
        unlimited=not job["contiguous"] and dice.random() < 0.4,
        dims=dice.choice([["time", "lat", "lon"]] * 3 + [["time", "lon", "lat"], ["lat", "lon", "time"]]),
        extra=dice.choice([[], [], ["height"]]),
        hours=dice.choice([[12.0], [12.0], [0.0], [0.0, 6.0, 12.0, 18.0]]),
        time_units=dice.choice(["days since 1950-01-01", "days since 0001-01-01", "seconds since 1970-01-01",
                                "hours since 1850-01-01 00:00", "minutes since 1900-01-01 12:00:00"]))
    if job["grid"] != "regular" or job["dims"][0] != "time":
        job["unlimited"] = False
    if job["grid"] != "regular":
        job.update(dims=["time", "lat", "lon"], extra=[])
    if job["unlimited"] and job["form"] != "NETCDF4":
        job["extra"] = []
    window = dice.randint(1, 6)
    job.update(
        window=window, min_years=dice.randint(1, window), min_days=dice.choice([0.9, 0.5, 1.0]),
        quantiles=dice.choice(["linear", "median_unbiased"]),
        products=[{"name": "normal"}] * (dice.random() < 0.5), layout=dice.choice(["single", "stacked"]),
        axis=dice.choice(["dayofyear", "time"]), threads=dice.randint(1, 4),
        batch_years=dice.choice([0, 0, 1, 2, 3]),
        memory=dice.choice([0, 0, 1.0, 1.3, 2.0]), isa=dice.choice(kernels_here()),
        inflate=dice.choice(inflate_forms_here()), shards=dice.choice([1, 1, 1, 2, 3]))
    job["products"] = job["products"] + [draw_product(dice, k, window, job["variables"])
                                         for k in range(dice.randint(not job["products"], 4))]
    if job["grid"] == "regular" and dice.random() < 0.5:
        west, south = dice.uniform(0, 360), dice.uniform(-90, 40)
        job["box"] = [[round(west, 2), round((west + dice.uniform(30, 350)) % 360, 2)],
                      [round(south, 2), round(south + dice.uniform(20, 90 - min(south, 0)), 2)]]
        job["box"][1][1] = min(job["box"][1][1], 90.0)
    return job


def axes(job):
    lat = np.linspace(-60, 60, job["rows"]) if job["rows"] > 1 else np.array([10.0])
    return (lat[::-1].copy() if job["lat_falls"] else lat,
            job["lon_first"] + np.arange(job["columns"]) * 360 / max(job["columns"], 3))


def values(job, variable, dates, shape):
    """In storage values."""
    rng = np.random.default_rng([job["seed"], variable == "pr", dates[0][0]])
    kind = "temp" if variable == "tas" else "pr"
    found = trees.values_like(kind, f"{job['seed']}{variable}{dates[0]}", *shape)
    if job["wild"]:
        found = found * np.float32(10) ** rng.choice([-30, 0, 0, 30], found.shape).astype(np.float32)
    else:
        found[rng.random(found.shape) < 0.05] = np.float32(THRESHOLDS[variable][1])
    absent = rng.random(found.shape) < job["missing"]
    if job["type"] == "i2":
        scale, offset = (0.01, 280.0) if variable == "tas" else (1e-7, 3e-3)
        found = trees.pack16(scale, offset)(np.clip(found, 0, 600 if variable == "tas" else 6e-3))
        return np.where(absent, np.int16(-32768), found), {"scale_factor": scale, "add_offset": offset}
    found = found.astype(job["type"])
    found[absent] = 1e20
    return found, {}


def chunks_of(job, shape):
    """In the order of the dimensions, or as trees.write takes them."""
    order = [shape[("time", "lat", "lon").index(d)] for d in job["dims"]]
    if job["chunks"] == "year":
        return tuple([1] * len(job["extra"]) + order)
    if job["chunks"] == "odd":
        return tuple([1] * len(job["extra"]) + [max(1, n // 2 + 1) if n < 100 else 37 for n in order])
    return job["chunks"]


def write_file(job, root, variable, years):
    dates = [d for y in years for d in trees.dates_of_year(job["calendar"], y)]
    rng = np.random.default_rng([job["seed"], years[0]])
    kept = rng.random(len(dates)) >= job["days_absent"] * rng.integers(0, 2)
    dates = [d for d, keep in zip(dates, kept) if keep]
    lat, lon = axes(job)
    shape = (len(dates) * len(job["hours"]), len(lat), len(lon))
    raw, attributes = values(job, variable, dates, (shape[0], shape[1:]))
    time = str(years[0]) if len(years) == 1 else trees.span(dates[0], dates[-1])
    is_4 = job["form"] == "NETCDF4"
    path = os.path.join(root, variable, trees.name(variable, time))
    return trees.write(
        path, variable, dates, raw, calendar=job["calendar"], hours=job["hours"],
        time_units=job["time_units"], lat=lat, lon=lon, units=UNITS[variable],
        attributes=attributes, fill=-32768 if job["type"] == "i2" else 1e20, form=job["form"],
        chunks=chunks_of(job, shape), deflate=job["deflate"], shuffle=job["shuffle"],
        fletcher32=job["fletcher32"] and not job["contiguous"], contiguous=job["contiguous"],
        endian=job["endian"] if is_4 else "native", unlimited=job["unlimited"], dims=job["dims"],
        extra=job["extra"])


def on_other_grid(job, source, path, variable):
    """The same values on cells that have two coordinates each, in rows or in one list."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    is_list = job["grid"] == "unstructured"
    with netCDF4.Dataset(source) as old, netCDF4.Dataset(path, "w", format=job["form"]) as new:
        for each in (old, new):
            each.set_auto_maskandscale(False)
        places = np.meshgrid(old["lat"][:], old["lon"][:], indexing="ij")
        dims = ("cell",) if is_list else ("y", "x")
        sizes = (places[0].size,) if is_list else places[0].shape
        new.createDimension("time", len(old["time"]))
        for dim, size in zip(dims, sizes):
            new.createDimension(dim, size)
        new.createVariable("time", "f8", ("time",))[:] = old["time"][:]
        new["time"].setncatts(old["time"].__dict__)
        for name, place, standard, unit in zip(("lat", "lon"), places, ("latitude", "longitude"),
                                               ("degrees_north", "degrees_east")):
            new.createVariable(name, "f8", dims)[:] = place.reshape(sizes)
            new[name].setncatts({"units": unit, "standard_name": standard})
        was = old[variable]
        storage = {} if not job["form"].startswith("NETCDF4") or job["contiguous"] else {
            "zlib": job["deflate"] > 0, "complevel": max(job["deflate"], 1), "shuffle": job["shuffle"],
            "fletcher32": job["fletcher32"], "endian": was.endian(),
            "chunksizes": (1 if job["chunks"] == "day" else min(37, len(old["time"])), *sizes)}
        made = new.createVariable(variable, was.dtype, ("time", *dims), fill_value=was._FillValue, **storage)
        made.set_auto_maskandscale(False)
        made.setncatts({k: v for k, v in was.__dict__.items() if k != "_FillValue"})
        made.coordinates = "lat lon"
        made[:] = was[:].reshape(len(old["time"]), *sizes)


def make(job, case):
    """Writes the input, and what the oracle reads, where that is another file."""
    plain = case.data if job["grid"] == "regular" else os.path.join(case.dir, "regular")
    present = [job["first"] + k for k in range(job["years"]) if k not in job["years_absent"]]
    for variable in job["variables"]:
        for _, run in itertools.groupby(enumerate(present), lambda e: e[1] - e[0]): # years without a gap
            run = [year for _, year in run]
            for k in range(0, len(run), job["years_a_file"]):
                path = write_file(job, plain, variable, run[k:k + job["years_a_file"]])
                if plain != case.data:
                    on_other_grid(job, path, path.replace(plain, case.data), variable)
    return plain


def case_of(job):
    stacked = job["layout"] == "stacked"
    case = Case(variables=job["variables"],
                output={"counts": True, "layout": job["layout"], "axis": job["axis"],
                        "pattern": STACKED if stacked else PATTERN},
                products=[{k: v for k, v in p.items() if k != "source_threshold"} for p in job["products"]])
    case.config["normals"] = {"leap_day": job["rule"],
                              **{key: job[key] for key in ("window", "min_years", "min_days", "quantiles")}}
    case.periods(job["first"], job["first"] + job["years"] - 1)
    if job["box"]:
        case.config["custom_regions"] = [{"name": "BOX", "lon": job["box"][0], "lat": job["box"][1]}]
    return case


def ways(job, case):
    """Options and environment of the drawn way to run the job."""
    options = ["-s", f"engine.threads={job['threads']}", "-s", f"engine.batch_years={job['batch_years']}"]
    if job["memory"]:
        least = subprocess.run([BIN, "run", case.write_config(), "-s", "engine.memory=1B", *options],
                               capture_output=True, text=True, cwd="/", check=False).stderr
        if "(" in least and " bytes" in least:
            least = int(least.split("(")[-1].split(" bytes")[0])
            options += ["-s", f"engine.memory={math.ceil(least * job['memory'])}B"]
    return options, {**EPOCH, "CLIMNORM_ISA": job["isa"], "CLIMNORM_INFLATE": job["inflate"]}


def regions_of(job, timeline):
    """Name -> indices of its cells in the grid. A box without any cell has no outputs."""
    columns = len(timeline.lon)
    found = {"GLOBAL": None, **({"BOX": job["box"]} if job["box"] else {})}
    for name, box in found.items():
        rows, across, _ = oracle.cells_of(box and tuple(map(tuple, box)), timeline.lat, timeline.lon)
        found[name] = [r * columns + c for r in rows for c in across]
    return {name: cells for name, cells in found.items() if cells}


def read(path, year, is_stacked):
    """(values as [group][cell] with NaN, counts); None: the file does not have the target year."""
    if not os.path.exists(path):
        return None
    with netCDF4.Dataset(path) as nc:
        nc.set_auto_maskandscale(False)
        (name,) = [n for n in nc.variables if f"{n}_count" in nc.variables]
        found = [np.asarray(nc[n][:]) for n in (name, f"{name}_count")]
        if is_stacked:
            at = np.atleast_1d(nc["target_year"][:]).tolist()
            if year not in at:
                return None
            found = [part[at.index(year)] for part in found]
    found[0] = np.where(found[0] == np.float32(1e20), np.nan, found[0])
    return [part.reshape(len(part), -1) for part in found]


def compare(got, exact, counts):
    """What is wrong with the values of one region and target year; None: nothing."""
    with np.errstate(over="ignore"):
        exact = np.where(np.isinf(exact.astype(np.float32)), np.nan, exact)
    if got[0].shape != exact.shape:
        return f"shape {got[0].shape}, not {exact.shape}"
    bad = np.argwhere(oracle.ulp_distance(got[0], exact) > 1 + 1e-6)
    if len(bad):
        at = tuple(bad[0])
        return f"{len(bad)} values differ; [slot, cell] {at}: got {got[0][at]!r}, exact {exact[at]!r}"
    return None if np.array_equal(got[1], counts) else "counts differ"


def judge_product(job, case, timeline, variable, product):
    """Yields for each target year and region what is wrong or None, and how many values were compared."""
    window, known, regions = product.get("window", job["window"]), {}, regions_of(job, timeline)
    for year in range(job["first"], job["first"] + job["years"]):
        used = timeline.window_years(year, window, job["min_days"])
        is_made = (len(used) >= product.get("min_years", job["min_years"])
                   and year <= max(date[0] for date in timeline.days))
        if is_made:
            exact, counts = group_oracle.product_of(
                timeline, job["rule"], product, year, window=window, min_days=job["min_days"],
                method=job["quantiles"], known=known)
        for region, cells in regions.items():
            path = case.config["output"]["pattern"].format(region=region, variable=variable, year=year,
                                                           product=product["name"])
            got = read(os.path.join(case.out, path), year, job["layout"] == "stacked")
            label = f"{variable} {product['name']} {region} {year}: "
            if (got is not None) != is_made:
                yield label + ("not made" if is_made else "made") + ", which is wrong", 0
            elif is_made:
                wrong = compare(got, exact[:, cells], counts[:, cells])
                yield wrong and label + wrong, got[0].size


def judge(job, case, plain):
    """Complaints; how many values were compared."""
    tree = oracle.Tree(plain)
    found = [each for variable in job["variables"] for product in job["products"]
             if variable in product.get("variables", job["variables"])
             for each in judge_product(job, case, tree.timeline(variable), variable, product)]
    return [wrong for wrong, _ in found if wrong], sum(size for _, size in found)


def contents(case):
    found = {}
    for name, path in case.normals().items():
        with open(path, "rb") as file:
            found[name] = file.read()
    return found


def run_once(job, case, options, env):
    """The exit code and what was said, of all shards."""
    said, code = "", 0
    for k in range(job["shards"]):
        shard = ["--shard", f"{k + 1}/{job['shards']}"] if job["shards"] > 1 else []
        result = case.run(*options, *shard, env=env)
        said, code = said + result.err, max(code, result.code)
    return code, said


def try_job(job):
    """Complaints, how many values were compared, the config."""
    with case_of(job) as case:
        plain = make(job, case)
        options, env = ways(job, case)
        code, said = run_once(job, case, options, env)
        with open(case.write_config(), encoding="utf8") as file:
            config = file.read()
        if code not in (0, 2):
            return [f"exit {code}: {said[-1500:]}"], 0, config
        complaints, compared = judge(job, case, plain)
        if not complaints and job["seed"] % 2:  # the same bytes the plain way
            first = contents(case)
            shutil.rmtree(case.out, ignore_errors=True)
            run_once({**job, "shards": 1}, case, [], EPOCH)
            second = contents(case)
            complaints = [f"{name}: other bytes than in a run of {' '.join(options)}"
                          for name in sorted(first | second) if first.get(name) != second.get(name)]
        return complaints, compared, config


def shrink(job):
    """The simplest job found that still fails."""
    def fails(candidate):
        try:
            return bool(try_job(candidate)[0])
        except (AssertionError, ValueError, RuntimeError, IndexError, KeyError):
            return False
    for product in job["products"]:
        if len(job["products"]) > 1 and fails({**job, "products": [product]}):
            job = {**job, "products": [product]}
            break
    for key, value in SIMPLEST.items():
        if job[key] != value and fails({**job, key: value}):
            job = {**job, key: value}
    return job
