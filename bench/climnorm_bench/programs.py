"""Finds and runs the programs that measure: climnorm, bench_stages and its like."""
import dataclasses
import json
import os
import resource
import shutil
import subprocess
import time

from . import Failure


@dataclasses.dataclass
class Found:
    climnorm: str
    programs: str
    home: str
    data: str
    venv: str


def find(script, climnorm=None, measuring=True, venv=None):
    """In a build, programs lie beside the link that was called; installed, beside its target."""
    called, home = (os.path.dirname(path(script)) for path in (os.path.abspath, os.path.realpath))
    beside = [os.path.join(called, "climnorm"), os.path.join(os.path.dirname(called), "climnorm")]
    candidates = [climnorm] if climnorm else [*beside, shutil.which("climnorm")]
    program = next((c for c in candidates if c and os.path.isfile(c) and os.access(c, os.X_OK)), "")
    if not program:
        raise Failure(f"{climnorm or 'climnorm'}: no such program; name it with --climnorm FILE")
    folder = next((f for f in (called, home) if os.path.exists(os.path.join(f, "bench_stages"))),
                  "")
    if measuring and not folder:
        raise Failure("bench_stages is not beside this program; build it with make, or install")
    in_build = folder and folder != home
    own = folder if in_build else os.getcwd()
    return Found(os.path.abspath(program), folder, home, os.path.join(own, "bench-data"),
                 os.path.abspath(venv or os.path.join(own, "venv" if in_build else "bench-venv")))


def output_of(arguments, codes=(0,), env=None):
    """What a program prints; it must end with one of the codes."""
    done = subprocess.run(arguments, capture_output=True, text=True, errors="replace",
                          env={**os.environ, **(env or {})}, check=False)
    if done.returncode not in codes:
        said = [line for line in (done.stderr.strip() or done.stdout.strip()).splitlines()
                if not line.startswith("Try ")]
        raise Failure(f"{' '.join(arguments)} ended with {done.returncode}: "
                      f"{said[-1] if said else 'it said nothing'}")
    return done.stdout


def json_of(arguments, **options):
    return json.loads(output_of(arguments, **options))


def about(folder):
    """What bench_stages says of its build, and of the cores and memory that a program may use here:
    containers give less than the machine has."""
    return json_of([os.path.join(folder, "bench_stages"), "--about"])


def stages(settings, config, threads, names, sets=()):
    """The JSON of bench_stages."""
    options = [word for item in sets for word in ("--set", item)]
    return json_of([os.path.join(settings.programs, "bench_stages"), config, "--threads",
                    str(threads), *options, *names])


def run(climnorm, config, scratch, sets=(), threads=None, codes=(0,)):
    """A run of the program, from its start to its end, as users start it."""
    summary = os.path.join(scratch, "summary.json")
    options = [word for item in sets for word in ("--set", item)]
    if threads:
        options += ["--threads", str(threads)]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    output_of([climnorm, "run", config, "-q", "-p", "none", "--summary", summary, *options],
              codes=codes)
    wall_s, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(summary, encoding="utf-8") as file:
        said = json.load(file)
    sums = {key: sum(v[key] for v in said["variables"])
            for key in ("load_s", "compute_s", "write_s", "normals_written", "bytes_read", "passes",
                        "chunks_read", "chunks_decoded")}
    return {"wall_s": wall_s, "threads": said["threads"], "isa": said["isa"],
            "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "peak_rss_bytes": said["peak_rss_bytes"], **sums}
