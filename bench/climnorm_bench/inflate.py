"""Inflating by each form, in turns with libdeflate: whole chunks, and their byte planes apart."""
import os

from . import programs, turns

ROUNDS = 5  # within a process, of which the median is taken


def measure(settings):
    def once(threads):
        return programs.json_of([
            os.path.join(settings.programs, "bench_inflate"), settings.config, "--threads",
            str(threads), "--rounds", str(ROUNDS), "--planes"])["variables"]

    # A process of its own for each turn: where memory lies matters, too.
    counts = sorted({1, settings.threads[-1]})
    found = turns.interleave([(f"inflating on {threads}", lambda t=threads: once(t))
                              for threads in counts], settings.repeats)
    return [row for threads in counts for samples in zip(*found[f"inflating on {threads}"])
            for row in rows_of(threads, samples)]


def rows_of(threads, samples):
    """What libdeflate takes, and how many times as fast each form is. samples: one of each turn."""
    first = samples[0]
    common = {"variable": first["variable"], "threads": threads,
              **({"plane": first["plane"]} if "plane" in first else {})}
    rows = [{**common, "form": "libdeflate", "streams": 1, "libdeflate_ms": turns.figure(
        [sample["libdeflate_ms"]["median"] for sample in samples])}]
    for forms in zip(*(sample["forms"] for sample in samples)):
        rows.append({**common, "form": forms[0]["form"], "streams": forms[0]["streams"],
                     "times_as_fast": turns.figure(
                         [form["times_as_fast"]["median"] for form in forms])})
    return rows
