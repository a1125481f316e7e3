"""Tries settings on a user's own config and data, in turns, and recommends one.

The quickest combination is found by its median; all others are held against it turn by turn. Of
those that cannot be told apart from it (some turns quicker, some slower, by a tenth at most; or
slower by 3 % at most), the one with the fewest threads is recommended, then the one that takes the
least memory: what cannot be told apart in time should cost as little as possible.
"""
import itertools
import json
import os
import re
import shutil
import tempfile

from . import Failure, SCHEMA, programs, turns
from .tables import Table, number, spread


def combinations(arguments):
    """[{key: value}] of all that is to be tried; "threads" stands for --threads."""
    choices = {}
    if arguments.threads:
        choices["threads"] = [str(t) for t in arguments.threads]
    for item in arguments.set:
        key, equals, values = item.partition("=")
        if not key or not equals or not values:
            raise Failure(f"--set {item}: expected KEY=VALUE,VALUE,...")
        choices[key] = values.split(",")
    if not choices:
        raise Failure("nothing to try; give --threads 1,2,4 or --set engine.batch_years=2,8")
    return [dict(zip(choices, values)) for values in itertools.product(*choices.values())]


def output_root(arguments, climnorm):
    """The folder that a config writes to, as far as it is there, so that normals for trial go to
    the same disk."""
    sets = [word for item in arguments.fix for word in ("--set", item)]
    said = programs.output_of([climnorm, "plan", arguments.config, "-p", "none", *sets],
                              codes=(0, 2, 3))
    found = re.search(r"^Output +(.+)$", said, re.M)
    root = os.path.abspath(found.group(1) if found else ".")
    while not os.path.isdir(root):
        root = os.path.dirname(root)
    return root


def measure(arguments, climnorm):
    """Entries with figures, in the order in which they were tried."""
    tried = combinations(arguments)
    folder = arguments.output or output_root(arguments, climnorm)
    scratch = tempfile.mkdtemp(prefix=".climnorm-bench-", dir=folder)
    try:
        def run(choice):
            sets = arguments.fix + [f"{k}={v}" for k, v in choice.items() if k != "threads"] + [
                f"output.root={scratch}/normals", "output.existing=overwrite"]
            return programs.run(climnorm, arguments.config, scratch, sets, choice.get("threads"),
                                codes=(0, 2))

        turns.show("warming up")
        run(tried[-1])
        measures = [(label(choice), lambda c=choice: run(c)) for choice in tried]
        found = turns.interleave(measures, arguments.repeats)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    def seconds(choice):
        return [run["wall_s"] for run in found[label(choice)]]

    best = min(tried, key=lambda choice: turns.figure(seconds(choice))["median"])
    entries = []
    for choice in tried:
        runs = found[label(choice)]
        if not runs[0]["normals_written"]:
            raise Failure(f"{arguments.config}: no normals came of it; climnorm plan tells why")
        entries.append({"settings": choice, "threads": runs[0]["threads"],
                        "times_best": turns.ratio(seconds(choice), seconds(best)),
                        **{key: turns.figure([r[key] for r in runs])
                           for key in ("wall_s", "cpu_s", "peak_rss_bytes")}})
    return entries


def label(choice):
    return " ".join(f"{key}={value}" for key, value in choice.items())


def recommend(entries):
    """The entry to use, and why."""
    def as_quick(times):
        return times["median"] <= 1.03 or times["least"] <= 1 and times["median"] <= 1.1

    same = [entry for entry in entries if as_quick(entry["times_best"])]
    chosen = min(same, key=lambda e: (e["threads"], e["peak_rss_bytes"]["median"]))
    if entries[0]["times_best"]["n"] < 2 and len(entries) > 1:
        return chosen, "it is the quickest of one turn each; --repeats 3 tells noise from gain"
    if len(entries) == 1:
        return chosen, "nothing else was tried"
    if len(same) == 1:
        return chosen, "it is quicker than all others beyond the noise"
    return chosen, (f"{len(same)} of {len(entries)} are as quick within the noise; of these it has "
                    "the fewest threads and takes the least memory")


def text(entries):
    chosen, why = recommend(entries)
    rows = [[label(e["settings"]), spread(e["wall_s"]), spread(e["times_best"]),
             number(e["cpu_s"]["median"]), f"{e['peak_rss_bytes']['median'] / 1e9:.2f}",
             "<" if e is chosen else ""] for e in sorted(
                 entries, key=lambda e: e["wall_s"]["median"])]
    table = Table("Settings, the quickest first", ["settings", "seconds", "times best", "CPU s",
                                                   "peak GB", ""], rows)
    options = " ".join(f"--threads {v}" if k == "threads" else f"--set {k}={v}"
                       for k, v in chosen["settings"].items())
    return f"{table.text()}\nRecommended: {options}\n  {why}.\n"


def save(path, arguments, entries):
    chosen, why = recommend(entries)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"schema": SCHEMA, "config": os.path.abspath(arguments.config),
                   "fixed": arguments.fix, "sweep": entries, "recommended": chosen["settings"],
                   "why": why}, file, indent=1)
        file.write("\n")
