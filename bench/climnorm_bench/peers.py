"""Peers: the same normals made by what people use instead of climnorm, each a recipe in peers/.

A recipe gets climnorm's files, cores, targets and regions. What it writes in its first turn is held
against climnorm's, value by value (peers/check.py): a recipe that differs is wrong and its time
does not count. Turns alternate among all; a recipe that has used up its time is not repeated. What
a recipe does, it says itself; how it is timed, processes.py.
"""
import dataclasses
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv

from . import Failure, processes, programs
from .options import BOXES

RECIPES = {"seed": ("seed.py", "xarray, files read again for every target"),
           "rolling": ("rolling.py", "xarray, files read once, rolling"),
           "dask_flox": ("dask_flox.py", "dask and flox"),
           "cdo": ("cdo.sh", "CDO, ydaymean"),
           "nco": ("nco.sh", "NCO, nces")}
# These make percentiles; `--peers` asks for them by name, as climnorm then makes percentiles too.
PERCENTILES = {"xclim_percentiles": ("xclim_percentiles.py", "xclim, percentile_doy"),
               "cdo_percentiles": ("cdo_percentiles.sh", "CDO, ydrunpctl")}
POOL = 5
PRODUCTS = {f"_p{p}": f'{{ name = "p{p}"; over = "p{p}"; pool = {POOL}; }}' for p in (10, 50, 90)}
JUDGE = "check.py"
MISSING = 77       # what a recipe exits with where something is not installed
# Of one recipe, all its turns together: no other turn is begun after that.
BUDGET_S, QUICK_BUDGET_S = 300, 5
# One variable of the job that climnorm is made for.
FULL = {"years": 151, "targets": 121, "regions": ("CONUS", "AK", "HI", "PRVI", "GU")}
CONFIG = """input:   {{ root = {tree}; }};
variables = [ {variable} ];
regions = {names};
custom_regions = ( {customs} );
normals: {{ window = {window}; min_years = 1; min_days = 0.0;
           quantiles = "median_unbiased";
           periods = ( {{ name = "all"; first = {first}; last = {last}; }} ); }};
products = ( {products} );
output:  {{ root = "climnorm"; existing = "overwrite"; pattern = "{pattern}"; }};
"""


@dataclasses.dataclass
class Job:
    """What all make: normals of one variable."""
    climnorm: str
    pythons: list     # which may run recipes in Python and the judge: the first that can does
    recipes: str      # folder of the recipes
    tree: str         # the data
    scratch: str      # for what is written
    variable: str
    first: int        # target years
    last: int
    window: int
    boxes: dict       # region -> (lon0, lon1, lat0, lat1)
    threads: int
    repeats: int
    names: list       # recipes
    budget_s: float = BUDGET_S
    commands: dict = dataclasses.field(default_factory=dict)  # recipe or judge -> its command

    @property
    def products(self):
        """What stands behind the year in names of files -> the product in a config."""
        return PRODUCTS if set(self.names) & set(PERCENTILES) else {"": '{ name = "normal"; }'}

    @property
    def files(self):
        return self.last - self.first + self.window

    @property
    def targets(self):
        return self.last - self.first + 1


def job_of(settings):
    """Peers make few normals of one region: the slowest takes seconds for each file it reads. A
    target a core at least, where there are as many."""
    last = settings.last_year
    count = max(settings.threads[-1], 2 if settings.size == "quick" else 4)
    first = max(settings.first_year + settings.window - 1, last - count + 1)
    region = settings.regions[0]
    return Job(climnorm=settings.climnorm, pythons=pythons_of(settings.venv), tree=settings.tree,
               recipes=os.path.join(settings.home, "peers"), scratch=settings.scratch,
               variable=settings.variables[0], first=first, last=last, window=settings.window,
               boxes={region: settings.boxes[region]}, threads=settings.threads[-1],
               repeats=settings.repeats, names=settings.peers or list(RECIPES),
               budget_s=QUICK_BUDGET_S if settings.size == "quick" else BUDGET_S)


def pythons_of(folder):
    """Python of the virtual environment, the one that runs this, the system's, and those in PATH."""
    found = [os.path.join(folder, "bin", "python"), sys.executable, "/usr/bin/python3",
             *(os.path.join(path, "python3") for path in os.get_exec_path())]
    return list(dict.fromkeys(path for path in found if os.access(path, os.X_OK)))


def install(folder, recipes):
    """Makes the virtual environment with current releases of what the recipes in Python need."""
    try:
        venv.create(folder, with_pip=True, symlinks=True)
    except subprocess.CalledProcessError as error:
        raise Failure(f"{folder}: no virtual environment could be made; apt-get install "
                      "python3-venv") from error
    command = [os.path.join(folder, "bin", "python"), "-m", "pip", "install", "--quiet", "-r",
               os.path.join(recipes, "requirements.txt")]
    if subprocess.run(command, check=False).returncode:
        raise Failure(f"{' '.join(command)} failed")
    print(f"The recipes in Python will run with {command[0]}")


def run(settings, turns):
    """The list "peers" of results.json, climnorm first."""
    return measure(job_of(settings), turns)


def check_names(names):
    unknown = set(names) - set(RECIPES) - set(PERCENTILES)
    if unknown:
        raise Failure(f"--peers {','.join(sorted(unknown))}: expected of {','.join(RECIPES)}, or of "
                      f"{','.join(PERCENTILES)}")
    if set(names) & set(RECIPES) and set(names) & set(PERCENTILES):
        raise Failure(f"--peers {','.join(names)}: {','.join(PERCENTILES)} make something else "
                      "than the others")


def measure(job, turns):
    check_names(job.names)
    entries = [entry(job, "climnorm", "climnorm")]
    entries += [entry(job, name, {**RECIPES, **PERCENTILES}[name][1]) for name in job.names]
    for each in entries[1:]:
        look_for(job, each)
    turns.show("peers: climnorm's normals to compare with")
    run_climnorm(job)
    runs = {each["name"]: [] for each in entries}
    for turn in range(job.repeats):
        for each in entries:
            done = runs[each["name"]]
            if each["status"] == "ok" and sum(r["wall_s"] for r in done) < job.budget_s:
                turns.show(f"peers, turn {turn + 1} of {job.repeats}: {each['name']}")
                try:
                    done.append(run_climnorm(job) if each["name"] == "climnorm"
                                else run_recipe(job, each, compare=turn == 0))
                except processes.Ended as error:
                    each.update(status="failed", why=str(error))
    turns.show("")
    for each in entries:
        if each["status"] == "ok":
            figures(job, each, runs[each["name"]], runs["climnorm"], turns)
    return entries


def entry(job, name, title):
    return {"name": name, "title": title, "status": "ok", "threads": job.threads,
            "first": job.first, "last": job.last, "regions": list(job.boxes)}


def ask(job, name, file):
    """(exit code, lines): what the file says of its versions. The first Python that has all that it
    needs is noted."""
    path = os.path.join(job.recipes, file)
    answers = []
    for start in [[python] for python in job.pythons] if path.endswith(".py") else [[]]:
        command = [*start, path]
        done = subprocess.run([*command, "--version"], capture_output=True, text=True,
                              errors="replace", check=False)
        said = (done.stdout.strip() or done.stderr.strip()).splitlines() or ["it said nothing"]
        answers.append((done.returncode, said, command))
        if done.returncode != MISSING:
            break
    code, said, job.commands[name] = min(answers, key=lambda answer: answer[0] == MISSING)
    return code, said


def look_for(job, each):
    """Its versions, or how to install it, or what it is compared with."""
    code, said = ask(job, each["name"], {**RECIPES, **PERCENTILES}[each["name"]][0])
    if not code:
        each["versions"] = said[0]
        code, said = ask(job, JUDGE, JUDGE)
        said[-1] = f"its numbers cannot be compared: {said[-1]}"
    if code:
        each.update(status="missing" if code == MISSING else "failed", why=said[-1])


def run_climnorm(job):
    def text(value):
        return json.dumps(value, ensure_ascii=False)

    built_in = [name for name, box in job.boxes.items() if BOXES.get(name) == tuple(box)]
    customs = ", ".join(f"{{ name = {text(name)}; lon = [{box[0]:.6f}, {box[1]:.6f}]; "
                        f"lat = [{box[2]:.6f}, {box[3]:.6f}]; }}"
                        for name, box in job.boxes.items() if name not in built_in)
    config, summary = (os.path.join(job.scratch, f) for f in ("peers.cfg", "peers-summary.json"))
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG.format(tree=text(job.tree), variable=text(job.variable),
                                 names=text(list(job.boxes)), customs=customs, window=job.window,
                                 first=job.first, last=job.last,
                                 products=", ".join(job.products.values()),
                                 pattern="{region}_{year}" + ("_{product}.nc" if len(job.products) > 1
                                                              else ".nc")))
    try:
        done = processes.timed([job.climnorm, "run", config, "-q", "-p", "none", "--summary",
                                summary, "--threads", str(job.threads)], job.threads, job.scratch)
    except processes.Ended as error:
        raise Failure(f"climnorm, beside its peers, {error}") from error
    with open(summary, encoding="utf-8") as file:
        said = json.load(file)["variables"][0]
    load_s = min(said["load_s"], done["wall_s"])
    return {**done, "reads": said["files_read"], "read_s": load_s,
            "windows_s": done["wall_s"] - load_s}


def run_recipe(job, each, compare):
    out = os.path.join(job.scratch, each["name"])
    try:
        command = [*job.commands[each["name"]], "--data", job.tree, "--variable", job.variable,
                   "--first", str(job.first), "--last", str(job.last), "--window", str(job.window),
                   "--threads", str(job.threads), "--out", out]
        for name, box in job.boxes.items():
            command += ["--region", f"{name}={','.join(f'{bound:g}' for bound in box)}"]
        done = processes.timed(command, job.threads, job.scratch)
        try:
            done.update(json.loads(done.pop("said").splitlines()[-1]))
        except (IndexError, ValueError) as error:
            raise processes.Ended("it did not say what it read") from error
        if compare:
            each.update(compared(job, out))
        return done
    finally:
        shutil.rmtree(out, ignore_errors=True)


def compared(job, out):
    """What check.py finds; status "wrong" where one value differs."""
    ends = POOL // 2 if "" not in job.products else 0
    pairs = [(job.variable, job.window, ends, os.path.join(out, f"{name}_{year}{product}.nc"),
              os.path.join(job.scratch, "climnorm", f"{name}_{year}{product}.nc"))
             for name in job.boxes for year in range(job.first, job.last + 1) for product in job.products]
    with tempfile.NamedTemporaryFile("w", suffix=".json", dir=job.scratch) as file:
        json.dump(pairs, file)
        file.flush()
        done = subprocess.run([*job.commands[JUDGE], file.name], capture_output=True, text=True,
                              errors="replace", check=False)
    if done.returncode:
        said = (done.stdout.strip() or done.stderr.strip()).splitlines() or ["it said nothing"]
        raise processes.Ended(f"its output could not be compared: {said[-1]}")
    found = json.loads(done.stdout)
    said = {"compared_values": found["values"], "largest_difference": found["largest"],
            "bound": found["bound"]}
    return {**said, "status": "wrong", "why": found["wrong"]} if found["wrong"] else said


def figures(job, each, runs, of_climnorm, turns):
    for key in ("wall_s", "cpu_s", "peak_rss_bytes", "read_s", "windows_s"):
        figure = turns.figure([r.get(key) for r in runs])
        if figure:
            each[key] = figure
    if "read_s" in runs[0] and each["name"] != "climnorm":
        each["start_s"] = turns.figure([start_of(r) for r in runs])
    each["files_read"] = runs[0]["reads"]
    if each["name"] != "climnorm":
        for key, of in (("times_climnorm", "wall_s"), ("times_climnorm_cpu", "cpu_s")):
            each[key] = turns.ratio([r[of] for r in runs], [r[of] for r in of_climnorm])
    full = turns.figure([full_job(job, r) for r in runs])
    each["extrapolated"] = {"wall_s": full, "what": f"about {duration(full['median'])}"}


def start_of(done):
    """Seconds before it reads and after it has written."""
    return done["wall_s"] - done["read_s"] - done["windows_s"]


def full_job(job, done):
    """Seconds of the full job on this grid: extrapolated, not measured. A recipe that reads files
    again takes as long for each read as here; of the others, reading grows with the files, the
    windows with targets and cells, and what comes before and after stays."""
    if "read_s" not in done:
        size = 2 if job.targets >= 2 * job.threads else 1  # of a batch: seed.py
        batches = -(-job.targets // size)
        busy = job.targets / (-(-batches // job.threads) * size * job.threads)
        reads = FULL["targets"] * job.window * len(FULL["regions"])
        return done["wall_s"] * busy * reads / done["reads"]
    cells = sum(area(BOXES[name]) for name in FULL["regions"]) / sum(map(area, job.boxes.values()))
    return (start_of(done) + done["read_s"] * FULL["years"] / job.files
            + done["windows_s"] * FULL["targets"] / job.targets * cells)


def area(box):
    return ((box[1] - box[0]) % 360 or 360) * (box[3] - box[2])


def duration(seconds):
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def refuse_leap_days(climnorm, tree, variable):
    """With leap days, day 60 is 29 February to some peers and 1 March to others."""
    files = os.path.join(glob.escape(tree), "**", f"{glob.escape(variable)}_day_*.nc")
    path = next(glob.iglob(files, recursive=True), None)
    if not path:
        raise Failure(f"--tree {tree}: expected files {variable}_day_*.nc in it")
    said = programs.output_of([climnorm, "inspect", path], codes=(0, 2))
    calendar = re.search(r"^ *calendar +([^,\n]+)", said, re.M)
    if not calendar or calendar.group(1) not in ("noleap", "365_day"):
        raise Failure(f"{path}: expected the noleap calendar, not "
                      f"{calendar.group(1) if calendar else 'none'}: with leap days, peers do not "
                      "agree on what a day of the year is")


def command(arguments, found, turns):
    """`climnorm-bench peers`; the entries, None after --install."""
    recipes = os.path.join(found.home, "peers")
    if arguments.install:
        install(found.venv, recipes)
        return None
    if not arguments.tree or not os.path.isdir(arguments.tree):
        raise Failure(f"--tree {arguments.tree or ''}: expected the folder of the files")
    first, last = arguments.targets
    cores = len(os.sched_getaffinity(0))
    threads = cores if arguments.threads is None else arguments.threads
    if min(arguments.window, threads) < 1 or threads > cores or last < first:
        raise Failure(f"expected --targets A-B, a window of 1 or more, and 1 to {cores} threads")
    tree = os.path.abspath(arguments.tree)
    refuse_leap_days(found.climnorm, tree, arguments.variable)
    scratch = tempfile.mkdtemp(prefix=".climnorm-bench-", dir=arguments.scratch or tree)
    try:
        entries = measure(Job(
            climnorm=found.climnorm, pythons=pythons_of(found.venv), recipes=recipes, tree=tree,
            scratch=os.path.abspath(scratch), variable=arguments.variable, first=first, last=last,
            window=arguments.window, boxes=dict(arguments.region or [("CONUS", BOXES["CONUS"])]),
            threads=threads, repeats=arguments.repeats, names=arguments.peers or list(RECIPES)),
            turns)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"schema": 1, "peers": entries}, file, indent=1)
            file.write("\n")
    return entries
