"""A job in passes: the whole globe, in less and less memory, in turns with the limits of its own chunks
and normals. What the figures mean stands in README.md.
"""
import json

from . import data, pipeline, programs, turns


def measure(settings):
    """The entries of results.json: job, limits, passes, notes."""
    threads = settings.threads[-1]

    def run(memory):
        return programs.run(settings.climnorm, settings.config, settings.scratch,
                            [f"engine.memory={memory}"], threads)

    turns.show("warming up")
    data.warm(settings)
    arenas = {memory: arena_of(settings, memory, threads) for memory in settings.memory}
    run(settings.memory[0])  # deflate reads back its normals
    measures = [(f"stages on {threads}", lambda: programs.stages(
        settings, settings.config, threads, pipeline.LIMITS))]
    measures += [(memory, lambda m=memory: run(m)) for memory in settings.memory]
    found = turns.interleave(measures, settings.repeats)
    kept = programs.stages(settings, settings.config, threads, ["kept"])["stages"]["kept"]["share"]
    figures = pipeline.Pipeline(settings, found, kept)
    return {"job": figures.job, "limits": [figures.limits(threads)],
            "passes": [row_of(memory, arenas[memory], figures) for memory in settings.memory],
            "notes": figures.warm_notes()}


def arena_of(settings, memory, threads):
    """The bytes of the plan's arena."""
    return json.loads(programs.output_of(
        [settings.climnorm, "plan", settings.config, "--json", "-p", "none", "--set",
         f"engine.memory={memory}", "--threads", str(threads)]))["memory_bytes"]


def row_of(memory, arena_bytes, figures):
    found, threads = figures.found[memory], figures.most
    row = {"memory": memory, "arena_bytes": arena_bytes, **{
        key: found[0][key] for key in ("passes", "chunks_read", "chunks_decoded")}}
    row.update(figures.run("warm", threads, figures.settings.regions, found))
    for suffix, key in (("", "wall_s"), ("_cpu", "cpu_s")):
        row[f"times_limit{suffix}"] = turns.ratio(figures.values(memory, key),
                                                  figures.bound(threads, key))
    row["peak_times_arena"] = turns.ratio(figures.values(memory, "peak_rss_bytes"),
                                          [arena_bytes] * len(found))
    return row
