"""The commands of climnorm-bench, put together from the other modules."""
import json
import os
import shlex
import signal
import sys
import tempfile

from . import (SCHEMA, Failure, compare, data, grids, inflate, kernels, machine, options, passes,
               peers, pipeline, plots, programs, report, sweep, turns)


def measure(settings, results):
    """Fills in a results.json, part by part."""
    try:
        if set(settings.parts) - {"kernels"}:
            data.prepare(settings)
        if "kernels" in settings.parts:
            results["kernels"] = kernels.measure(settings)
        if "inflate" in settings.parts:
            results["inflate"] = inflate.measure(settings)
        if {"limits", "pipeline"} & set(settings.parts):
            results.update(pipeline.measure(settings))
        if "passes" in settings.parts:
            results.update(passes.measure(settings))
        if "peers" in settings.parts:
            data.warm(settings)
            results["peers"] = peers.run(settings, turns)
    finally:
        data.remove(settings)


def run(arguments, script, command):
    found = programs.find(script, arguments.climnorm, venv=arguments.venv)
    settings = options.settings_of(arguments, found)
    peers.check_names(settings.peers)
    old = report.read(settings.baseline) if settings.baseline else None
    os.makedirs(settings.output, exist_ok=True)
    with tempfile.TemporaryFile(dir=settings.output):
        pass  # else an hour could be spent on what cannot be saved
    results = {"schema": SCHEMA, "command": command, "machine": machine.describe(settings),
               "settings": settings.described(), "job": None, "limits": [], "kernels": [],
               "inflate": [], "stages": [], "runs": [], "passes": [], "peers": [], "notes": []}
    try:
        measure(settings, results)
    except (Failure, OSError, KeyboardInterrupt) as error:
        results["notes"].append(f"not all was measured: {str(error) or 'stopped'}")
        if results["kernels"] or results["inflate"] or results["limits"]:
            save(settings, results, "results-partial.json")
        raise
    print(report.text(results))
    made = draw(results, settings.output)
    save(settings, results, "results.json", *(name for _, name in made))
    if old:
        show_comparison(old, results, False)


def must_be_writable(path):
    """Before time is spent on what goes there."""
    with open(path, "a", encoding="utf-8"):
        pass


def save(settings, results, name, *plots_made):
    path = os.path.join(settings.output, name)
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    os.replace(path + ".new", path)
    print(f"Figures: {', '.join((path, *plots_made))}")


def draw(results, folder):
    made = plots.draw(results, folder)
    if made is None:
        print(f"No plots: {plots.MISSING}")
    return made or []


def show_comparison(old, new, everything):
    tables, lines = compare.compare(old, new, everything)
    print("".join("\n" + table.text() for table in tables))
    print("\n".join(lines))


def print_report(arguments):
    results = report.read(arguments.results)
    made = []
    if arguments.plots:
        os.makedirs(arguments.plots, exist_ok=True)
        made = draw(results, arguments.plots)
    if arguments.update:
        beside = os.path.dirname(os.path.abspath(arguments.update))
        paths = [(title, os.path.relpath(os.path.join(arguments.plots, name), beside))
                 for title, name in made]
        report.update(arguments.update, results, paths)
    elif arguments.markdown:
        print(report.markdown(results), end="")
    else:
        print(report.text(results), end="")


def run_sweep(arguments, script):
    found = programs.find(script, arguments.climnorm, measuring=False)
    if arguments.json:
        must_be_writable(arguments.json)
    entries = sweep.measure(arguments, found.climnorm)
    print(sweep.text(entries), end="")
    if arguments.json:
        sweep.save(arguments.json, arguments, entries)


def run_peers(arguments, script):
    found = programs.find(script, arguments.climnorm, measuring=False, venv=arguments.venv)
    if arguments.json:
        must_be_writable(arguments.json)
    entries = peers.command(arguments, found, turns)
    if entries:
        print("\n".join(table.text() for table in report.peers({"peers": entries})), end="")


def run_grids(arguments, script):
    found = programs.find(script, arguments.climnorm, measuring=False, venv=arguments.venv)
    if arguments.json:
        must_be_writable(arguments.json)
    entries = grids.measure(arguments, found)
    print(grids.text(entries), end="")
    if arguments.json:
        grids.save(arguments.json, arguments, entries)


def main(script, words):
    if not words or words[0].startswith("--") and words[0] != "--help":
        words = ["run", *words]
    arguments = options.parser().parse_args(words)
    # What was begun is cleared away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    try:
        if arguments.command == "run":
            run(arguments, script, shlex.join(["climnorm-bench", *words]))
        elif arguments.command == "report":
            print_report(arguments)
        elif arguments.command == "compare":
            show_comparison(report.read(arguments.old), report.read(arguments.new), arguments.all)
        elif arguments.command == "peers":
            run_peers(arguments, script)
        elif arguments.command == "grids":
            run_grids(arguments, script)
        else:
            run_sweep(arguments, script)
    except (Failure, OSError) as error:
        print(f"climnorm-bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nclimnorm-bench: stopped", file=sys.stderr)
        return 130
    return 0
