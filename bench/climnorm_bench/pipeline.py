"""Limits, stages and whole runs, in the same turns: what they are compared by are ratios within a
turn. What the figures mean stands in README.md.
"""
from . import data, programs, turns

LIMITS = ("copy", "touch", "read", "inflate", "inflate_form", "deflate")
# T = 1.03 I + 1.1 D + 2 C + F: docs/performance.md, "What bounds a run".
MODEL = {"inflate_form": 1.03, "deflate": 1.1, "copy": 2.0, "touch": 1.0}


def measure(settings):
    """The entries of results.json: job, limits, stages, runs, notes."""
    whole, most = "pipeline" in settings.parts, settings.threads[-1]
    alone = f"regions={settings.regions[0]}"
    several = whole and len(settings.regions) > 1

    def run(threads, *sets):
        return programs.run(settings.climnorm, settings.config, settings.scratch, sets, threads)

    def cold_run():
        forgotten = programs.stages(settings, settings.config, most, ["forget"])["stages"]
        found = run(most)
        data.warm(settings)
        return {**found, **forgotten}

    turns.show("warming up")
    data.warm(settings)
    run(most)
    measures = []
    for threads in settings.threads:
        names = LIMITS + (("load", "reload") if whole else ())
        measures.append((f"stages on {threads}", lambda t=threads, n=names: programs.stages(
            settings, settings.config, t, n)))
        if whole:
            measures.append((f"run on {threads}", lambda t=threads: run(t)))
    if several:
        # Into another folder: deflate reads back the normals of all regions.
        measures.append(("stages of one region", lambda: programs.stages(
            settings, settings.config, most, ["load", "reload"], [alone])))
        measures.append(("run of one region", lambda: run(most, alone, "output.root=alone")))
    measures.append(("disk", lambda: programs.stages(
        settings, settings.config, most, ["disk", "cold"] if whole else ["disk"])))
    if whole:
        measures.append(("cold run", cold_run))
    else:
        measures.append(("warming", lambda: data.warm(settings)))
    found = turns.interleave(measures, settings.repeats)
    kept = programs.stages(settings, settings.config, most, ["kept"])["stages"]["kept"]["share"]
    return Pipeline(settings, found, kept).results()


class Pipeline:
    """What the turns gave, made into figures."""

    def __init__(self, settings, found, kept):
        self.settings, self.found, self.kept = settings, found, kept
        self.most, self.least = settings.threads[-1], settings.threads[0]
        self.job = found[f"stages on {self.most}"][0]["job"]

    def stage(self, threads, name, key="wall_s"):
        """Values of a stage, one a turn."""
        return [turn["stages"][name][key] for turn in self.found[f"stages on {threads}"]]

    def bound(self, threads, key="wall_s", inflate="inflate"):
        """Inflating all that is read and deflating all that is written."""
        return [a + b for a, b in zip(self.stage(threads, inflate, key),
                                      self.stage(threads, "deflate", key))]

    def model(self, threads, key="wall_s"):
        """How long a run should take. A copy's bytes are counted twice, read and written."""
        copy_bytes = self.stage(threads, "copy", "bytes")[0] / 2
        touch_bytes = self.stage(threads, "touch", "bytes")[0]
        scale = {"inflate_form": 1, "deflate": 1, "copy": self.job["compute_bytes"] / copy_bytes,
                 "touch": self.job["arena_bytes"] / touch_bytes}
        parts = [[MODEL[name] * scale[name] * value for value in self.stage(threads, name, key)]
                 for name in MODEL]
        return [sum(turn) for turn in zip(*parts)]

    def results(self):
        cold = [turn["stages"]["disk"] for turn in self.found["disk"]]
        why = self.no_cold()
        results = {"job": self.job, "limits": [self.limits(t) for t in self.settings.threads],
                   "stages": [], "runs": [], "notes": self.warm_notes()}
        if why:
            results["notes"].append(f"no cold figures: {why}")
        else:
            results["limits"][-1]["disk_gb_per_s"] = turns.figure(rates(cold))
            results["limits"][-1]["disk_cpu_s"] = turns.figure([c["cpu_s"] for c in cold])
        if "pipeline" in self.settings.parts:
            results["stages"] = self.stages(cold, why)
            results["runs"] = self.runs(why)
        return results

    def warm_notes(self):
        """What is said where warm figures are not warm."""
        return [] if self.kept >= 0.95 else [
            f"only {100 * self.kept:.0f} % of the input stays in the page cache: what is called "
            "warm was read from the disk in part; take a smaller grid or fewer years"]

    def no_cold(self):
        """Why the disk could not be measured in each turn, or None."""
        stages = [stage for turn in self.found["disk"] for stage in turn["stages"].values()]
        stages += [turn["forget"] for turn in self.found.get("cold run", [])]
        return next((stage["unavailable"] for stage in stages if "unavailable" in stage), None)

    def limits(self, threads):
        entry = {"threads": threads}
        for name in LIMITS:
            key = "page_cache" if name == "read" else name
            turn_by_turn = [turn["stages"][name] for turn in self.found[f"stages on {threads}"]]
            entry[f"{key}_gb_per_s"] = turns.figure(rates(turn_by_turn))
            if name in ("inflate", "inflate_form", "deflate"):
                entry[f"{key}_s"] = turns.figure(self.stage(threads, name))
                entry[f"{key}_cpu_s"] = turns.figure(self.stage(threads, name, "cpu_s"))
        # Each process chooses; two may choose differently where forms are equally fast.
        entry["form"] = "/".join(sorted(set(self.stage(threads, "inflate_form", "form"))))
        return entry

    def stages(self, cold, why):
        rows = []
        for threads in self.settings.threads:
            for name in ("load", "reload"):
                rows.append(self.loading(name, threads, self.settings.regions,
                                         self.found[f"stages on {threads}"]))
        single = self.found.get("stages of one region")
        if single:
            row = self.loading("reload", self.most, self.settings.regions[:1], single)
            for suffix, key in (("", "wall_s"), ("_cpu", "cpu_s")):
                row[f"all_regions_times_this{suffix}"] = turns.ratio(
                    self.stage(self.most, "reload", key),
                    [turn["stages"]["reload"][key] for turn in single])
            rows.append(row)
        if not why:
            values = [turn["stages"]["cold"] for turn in self.found["disk"]]
            bound = [max(i, d["wall_s"]) for i, d in zip(self.stage(self.most, "inflate"), cold)]
            rows.append({
                "stage": "cold load", "threads": self.most, "regions": self.settings.regions,
                "wall_s": turns.figure([v["wall_s"] for v in values]),
                "cpu_s": turns.figure([v["cpu_s"] for v in values]),
                "times_inflate_or_disk": turns.ratio([v["wall_s"] for v in values], bound)})
        return rows

    def loading(self, name, threads, regions, turn_by_turn):
        values = [turn["stages"][name] for turn in turn_by_turn]
        row = {"stage": name, "threads": threads, "regions": regions}
        for suffix, key in (("", "wall_s"), ("_cpu", "cpu_s")):
            times = [value[key] for value in values]
            row[key] = turns.figure(times)
            row[f"times_inflate{suffix}"] = turns.ratio(times, self.stage(threads, "inflate", key))
        return row

    def runs(self, why):
        rows = [self.warm_run(threads) for threads in self.settings.threads]
        whole = self.values(f"run on {self.most}")
        single = self.found.get("run of one region")
        if single:
            row = self.run("warm", self.most, self.settings.regions[:1], single)
            row["all_regions_times_this"] = turns.ratio(whole, [turn["wall_s"] for turn in single])
            rows.append(row)
        if not why:
            row = self.run("cold", self.most, self.settings.regions, self.found["cold run"])
            row["times_warm"] = turns.ratio(self.values("cold run"), whole)
            rows.append(row)
        return rows

    def values(self, measure, key="wall_s"):
        return [turn[key] for turn in self.found[measure]]

    @staticmethod
    def run(state, threads, regions, found):
        row = {"run": state, "threads": threads, "regions": regions,
               "normals": found[0]["normals_written"]}
        for key in ("wall_s", "cpu_s", "load_s"):
            row[key] = turns.figure([turn[key] for turn in found])
        for key in ("compute_s", "write_s"):
            row[key.replace("_s", "_thread_s")] = turns.figure([turn[key] for turn in found])
        row["peak_rss_bytes"] = turns.figure([turn["peak_rss_bytes"] for turn in found])
        return row

    def warm_run(self, threads):
        name = f"run on {threads}"
        row = self.run("warm", threads, self.settings.regions, self.found[name])
        for suffix, key in (("", "wall_s"), ("_cpu", "cpu_s")):
            row[f"times_limit{suffix}"] = turns.ratio(self.values(name, key),
                                                      self.bound(threads, key))
            row[f"times_form_limit{suffix}"] = turns.ratio(
                self.values(name, key), self.bound(threads, key, "inflate_form"))
            row[f"times_model{suffix}"] = turns.ratio(self.values(name, key),
                                                      self.model(threads, key))
        row["share_of_limit"] = turns.ratio(self.bound(threads), self.values(name))
        # The program sums what passed on the wall over its threads.
        row["compute_times_limit"] = turns.ratio(self.values(name, "compute_s"),
                                                 [threads * b for b in self.bound(threads)])
        row["write_times_deflate"] = turns.ratio(
            self.values(name, "write_s"), [threads * d for d in self.stage(threads, "deflate")])
        row["peak_times_arena"] = turns.ratio(self.values(name, "peak_rss_bytes"),
                                              [self.job["arena_bytes"]] * self.settings.repeats)
        if threads > self.least:
            self.add_speedup(row, threads, name)
        return row

    def add_speedup(self, row, threads, name):
        """Against the least of the thread counts, and against what inflating gains."""
        for suffix, key in (("", "wall_s"), ("_cpu", "cpu_s")):
            speedup = [a / b for a, b in zip(self.values(f"run on {self.least}", key),
                                             self.values(name, key))]
            inflate = [a / b for a, b in zip(self.stage(self.least, "inflate", key),
                                             self.stage(threads, "inflate", key))]
            row[f"speedup_times_inflate{suffix}"] = turns.ratio(speedup, inflate)
            if key == "wall_s":
                row["speedup"] = turns.figure(speedup)
                row["efficiency"] = turns.figure([s * self.least / threads for s in speedup])
                row["inflate_speedup"] = turns.figure(inflate)


def rates(stages):
    return [1e-9 * stage["bytes"] / stage["wall_s"] for stage in stages]
