"""The kernels, of each ISA, in cache and out of it, beside the copy that took turns with each."""
import os

from . import Failure, programs, turns


def measure(settings):
    command = [os.path.join(settings.programs, "bench_kernels"), "--json", "--repeats", "1"]
    if settings.kernels:
        command.append(settings.kernels)
    # A process of its own for each turn: where memory lies matters, too.
    found = turns.interleave([("kernels", lambda: programs.json_of(command))], settings.repeats)
    if not found["kernels"][0]:
        raise Failure(f"--kernels {settings.kernels}: no kernel is named like this")
    entries = []
    for rows in zip(*found["kernels"]):
        rates, copies = ([row[key][0] for row in rows] for key in ("gb_per_s", "copy_gb_per_s"))
        entries.append({**{key: rows[0][key] for key in ("kernel", "isa", "where", "bytes")},
                        "gb_per_s": turns.figure(rates), "copy_gb_per_s": turns.figure(copies),
                        "share_of_copy": turns.ratio(rates, copies)})
    return entries
