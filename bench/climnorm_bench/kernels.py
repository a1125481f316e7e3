"""The kernels, of each ISA, in cache and out of it, beside the copy that took turns with each."""
import os

from . import programs, turns


def measure(settings):
    command = [os.path.join(settings.programs, "bench_kernels"), "--json", "--repeats",
               str(settings.repeats)]
    turns.show("kernels")
    rows = programs.json_of(command + ([settings.kernels] if settings.kernels else []))
    turns.show("")
    return [{"kernel": row["kernel"], "isa": row["isa"], "where": row["where"],
             "bytes": row["bytes"], "gb_per_s": turns.figure(row["gb_per_s"]),
             "copy_gb_per_s": turns.figure(row["copy_gb_per_s"]),
             "share_of_copy": turns.ratio(row["gb_per_s"], row["copy_gb_per_s"])}
            for row in rows]
