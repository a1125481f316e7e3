"""The data of a run: a tree made once by `climnorm synth` and kept, a config, a scratch folder."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from . import Failure, options, programs

CONFIG = """input:   {{ root = {tree}; }};
regions = {regions};
normals: {{ window = {window}; min_days = {min_days};
           periods = ( {{ name = "all"; first = {first}; last = {last}; }} ); }};
output:  {{ root = "output"; existing = "overwrite"; }};
"""
# What --products makes instead of the normals.
PRODUCTS = """products = (
    { name = "mean"; pool = 5; }, { name = "sd"; over = "std"; pool = 5; },
    { name = "low"; over = "min"; pool = 5; }, { name = "high"; over = "max"; pool = 5; },
    { name = "p10"; over = "p10"; pool = 5; }, { name = "p50"; over = "p50"; pool = 5; },
    { name = "p90"; over = "p90"; pool = 5; }, { name = "monthly"; time = "month"; },
    { name = "seasonal"; time = "season"; within = "sum"; },
    { name = "frost"; time = "year"; within = "count_lt"; threshold = "273.15 K"; } );
"""


def prepare(settings):
    """Fills in settings.tree, .scratch and .config."""
    os.makedirs(settings.data, exist_ok=True)
    settings.tree = tree(settings)
    settings.scratch = tempfile.mkdtemp(prefix="run-", dir=settings.data)
    settings.config = os.path.join(settings.scratch, "bench.cfg")
    with open(settings.config, "w", encoding="utf-8") as file:
        file.write(CONFIG.format(
            tree=json.dumps(settings.tree, ensure_ascii=False),
            regions=json.dumps(settings.regions), window=settings.window,
            min_days=0 if settings.days else 0.9, last=settings.last_year,
            first=settings.first_year + settings.window - 1))
        if settings.size == "products":
            file.write(PRODUCTS)


def remove(settings):
    if settings.scratch:
        shutil.rmtree(settings.scratch, ignore_errors=True)


def tree(settings):
    """The folder of the data, made unless an earlier run left just these there."""
    version = programs.output_of([settings.climnorm, "--version"]).splitlines()[0]
    stamp = {"version": version, "grid": list(settings.grid), "first_year": settings.first_year,
             "last_year": settings.last_year, "days": settings.days,
             "variables": settings.variables}
    style = "" if settings.style == options.STYLES[0] else f"-{settings.style}"
    if style:  # trees from before there were styles stay good
        stamp["style"] = settings.style
    rows, columns = settings.grid
    name = (f"{rows}x{columns}-{settings.first_year}-{settings.last_year}-"
            f"{settings.days or 'all'}-{'-'.join(settings.variables)}{style}")
    folder = os.path.join(settings.data, name)
    if stamp_of(folder) == stamp:
        return folder
    need = rows * columns * 4 * (settings.days or 365) * len(settings.variables) * 0.22 * (
        settings.last_year - settings.first_year + 1)
    free = shutil.disk_usage(settings.data).free
    if need > free:
        raise Failure(f"{settings.data}: the data take about {need / 1e9:.1f} GB and only "
                      f"{free / 1e9:.1f} GB are free; use --quick, or --data DIR on another disk")
    print(f"Making about {need / 1e9:.1f} GB of data in {folder}, once", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    making = tempfile.mkdtemp(prefix="making-", dir=settings.data)
    try:
        command = [settings.climnorm, "synth", making, "--grid", f"{rows}x{columns}", "--years",
                   f"{settings.first_year}-{settings.last_year}", "--variables",
                   ",".join(settings.variables), "--force"]
        if style:
            command += ["--style", settings.style]
        if settings.days:
            command += ["--days", str(settings.days)]
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
            raise Failure(f"{' '.join(command)} failed")
        with open(os.path.join(making, "made.json"), "w", encoding="utf-8") as file:
            json.dump(stamp, file)
        os.chmod(making, 0o755)
        os.rename(making, folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return folder


def stamp_of(folder):
    try:
        with open(os.path.join(folder, "made.json"), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def warm(settings):
    """Reads all files, so that they lie in the page cache if that has room for them."""
    for folder, _, names in os.walk(settings.tree):
        for name in names:
            with open(os.path.join(folder, name), "rb", buffering=0) as file:
                while file.read(1 << 22):
                    pass
