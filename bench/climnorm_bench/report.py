"""The tables of a results.json. README.md explains the file; nothing is measured here."""
import json

from . import SCHEMA, Failure
from .tables import Table, number, spread

BEGIN, END = "<!-- measured: climnorm-bench report --update -->", "<!-- end of measured -->"


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            results = json.load(file)
    except (OSError, ValueError) as error:
        raise Failure(f"{path}: cannot be read as results of climnorm-bench: {error}") from error
    parts = {"machine": dict, "settings": dict, "limits": list, "kernels": list, "stages": list,
             "runs": list, "peers": list}
    if (not isinstance(results, dict) or results.get("schema") != SCHEMA or
            not all(isinstance(results.get(key), kind) for key, kind in parts.items()) or
            not results["settings"].get("grid") or not results["machine"].get("date")):
        raise Failure(f"{path}: expected a results.json of climnorm-bench run, with \"schema\": "
                      f"{SCHEMA} and its parts; measure again")
    return results


def facts(results):
    """What the figures depend on, in lines."""
    machine, settings, job = results["machine"], results["settings"], results.get("job")
    rows, columns = settings["grid"]
    lines = [
        f"{machine['date']}, climnorm {machine['climnorm']}, {machine['isa']} kernels, "
        f"inflated by {machine.get('inflate', 'libdeflate')} "
        f"({machine['compiler']}, {machine['flags']})",
        f"{machine['cpu']}, {machine['usable_cores']} of {machine['cores']} cores, "
        f"{machine['memory_bytes'] / 2**30:.0f} GiB"
        + (f", {machine['caches']}" if machine["caches"] else "")
        + (f"; a virtual machine ({machine['virtual']})" if machine["virtual"] else ""),
        f"{machine['system']}; data on {machine['file_system']}; load average before: "
        f"{machine['load_average']}",
        ", ".join(machine["libraries"]),
        f"{settings['first_year']}-{settings['last_year']}, {rows}x{columns}, "
        f"{settings['days'] or 'all'} days a year, {','.join(settings['variables'])}, "
        f"{settings.get('style', 'smooth')} data; "
        f"regions {','.join(settings['regions'])}; window {settings['window']}",
    ]
    if job:
        lines.append(
            f"{job['source_years']} source years in {job['chunks']} chunks of "
            f"{job['chunk_bytes'] / 1e6:.2f} MB, {job['stored_bytes'] / 1e9:.2f} GB stored; "
            f"{job['normals']} normals; arena {job['arena_bytes'] / 1e9:.2f} GB")
    lines.append(f"Medians of {settings['repeats']} turns, with the least and the most of them")
    return lines


def limits(results):
    rows = [[str(entry["threads"])] + [spread(entry.get(f"{name}_gb_per_s")) for name in (
        "copy", "touch", "page_cache", "disk", "inflate", "inflate_form", "deflate")]
            for entry in results["limits"]]
    return [Table("Limits of this machine, GB/s", ["threads", "copy", "fresh memory", "page cache",
                                                   "disk, cold", "inflate", "inflate by form",
                                                   "deflate"], rows,
                  "Copy counts bytes read and bytes written; inflate and deflate, those not "
                  f"compressed. Inflate is libdeflate's; by form: {forms_of(results)}."
                  )] if rows else []


def forms_of(results):
    """The forms by which climnorm inflated."""
    return ", ".join(sorted({entry.get("form", "libdeflate") for entry in results["limits"]}))


def kernels(results):
    """A row for each kernel, a column for each ISA."""
    found = []
    isas = list(dict.fromkeys(row["isa"] for row in results["kernels"]))
    for where in ("in cache", "out of cache"):
        here = [row for row in results["kernels"] if row["where"] == where]
        rows = []
        for name in dict.fromkeys(row["kernel"] for row in here):
            mine = {row["isa"]: row for row in here if row["kernel"] == name}
            copy = max(row["copy_gb_per_s"]["median"] for row in mine.values())
            rows.append([name, number(copy), *(rate_of(mine.get(isa)) for isa in isas)])
        if rows:
            found.append(Table(
                f"Kernels, {where}: GB/s on one thread · share of the copy limit",
                ["kernel", "copy", *isas], rows,
                "Bytes that must be read and written, a copy's too. Shares are of the copy of the "
                "same turns, of which the quickest is shown. A kernel that works in place or reads "
                "more than it writes can pass a copy."))
    return found


def rate_of(row):
    if not row:
        return ""
    return f"{number(row['gb_per_s']['median'])} · {100 * row['share_of_copy']['median']:.0f} %"


def inflate(results):
    """A row for each form, a column for each variable."""
    found = [row for row in results.get("inflate", []) if "plane" not in row]
    variables = list(dict.fromkeys(row["variable"] for row in found))
    rows = []
    for kind in dict.fromkeys((row["threads"], row["form"], row["streams"]) for row in found):
        mine = {row["variable"]: row for row in found
                if (row["threads"], row["form"], row["streams"]) == kind}
        threads, form, streams = kind
        cells = [spread(mine[name].get("times_as_fast") or mine[name]["libdeflate_ms"])
                 for name in variables]
        rows.append([form + (", ms a chunk" if form == "libdeflate" else ""), str(streams),
                     str(threads), *cells])
    return [Table("Inflating, times as fast as libdeflate",
                  ["form", "streams", "threads", *variables], rows,
                  "Of processor times, checksums included; chunks and results in memory. All "
                  "threads inflate at once.")] if rows else []


def pipeline(results):
    """Seconds and shares of whole runs."""
    rows = []
    for run in results["runs"]:
        threads, one = run["threads"], len(run["regions"]) == 1
        peak = run["peak_rss_bytes"]["median"] / 1e9
        rows.append([run["run"] + (f", {run['regions'][0]} alone" if one else ""), str(threads),
                     number(run["load_s"]["median"]),
                     number(run["compute_thread_s"]["median"] / threads),
                     number(run["write_thread_s"]["median"] / threads), spread(run["wall_s"]),
                     percent(run.get("share_of_limit")), spread(run.get("speedup")),
                     percent(run.get("efficiency")), f"{peak:.2f}"])
    return [Table("Whole runs, seconds", ["run", "threads", "load", "compute", "write", "whole",
                                          "of limit", "speed-up", "efficiency", "peak GB"], rows,
                  "Compute and write are thread seconds over threads: all three overlap. The limit "
                  "inflates and deflates the same chunks and does nothing else.")] if rows else []


def percent(figure):
    return f"{100 * figure['median']:.0f} %" if figure else ""


# Ratio, where it stands, its key, what is aimed at.
RATIOS = (
    ("load / inflate, memory touched before", "reload", "times_inflate", "≤ 1.05"),
    ("load / inflate, fresh memory", "load", "times_inflate", "≤ 1.20"),
    ("load of all regions / of one", "alone", "all_regions_times_this", "≤ 1.05"),
    ("cold load / max(inflate, disk)", "cold load", "times_inflate_or_disk", "≤ 1.15"),
    ("compute / (inflate + deflate)", "run", "compute_times_limit", "≤ 0.05"),
    ("write / deflate", "run", "write_times_deflate", "≤ 1.15"),
    ("whole run / (inflate + deflate)", "run", "times_limit", "≤ 1.25"),
    ("whole run / (inflate by the form that ran + deflate)", "run", "times_form_limit", ""),
    ("speed-up of the run / of inflate", "run", "speedup_times_inflate", "≥ 0.95"),
    ("run of all regions / of one", "run alone", "all_regions_times_this", ""),
    ("cold run / warm run", "cold run", "times_warm", ""),
    ("peak memory / arena", "run", "peak_times_arena", "≤ 1.1"),
    ("whole run / model", "run", "times_model", "0.85 … 1.15"),
    ("whole run / model, fewest threads", "run on fewest", "times_model", "0.85 … 1.15"),
)

# Of ten products of one region.
PRODUCT_AIMS = {"compute / (inflate + deflate)": "≤ 0.25",
                "whole run / (inflate + deflate)": "≤ 1.25"}


def ratios(results):
    """One row for each ratio that is aimed at, on all threads."""
    if not results["runs"]:
        return []
    most, least = results["settings"]["threads"][-1], results["settings"]["threads"][0]
    regions = len(results["settings"]["regions"])
    found = {}
    for row in results["stages"]:
        if row["threads"] == most:
            found["alone" if "all_regions_times_this" in row else row["stage"]] = row
    for row in results["runs"]:
        name = "run" if row["run"] == "warm" else "cold run"
        if len(row["regions"]) < regions:
            found[f"{name} alone"] = row
        elif row["threads"] == most:
            found[name] = row
        elif row["threads"] == least:
            found[f"{name} on fewest"] = row
    rows = []
    for title, place, key, aim in RATIOS:
        row = found.get(place, {})
        if row.get(key):
            rows.append([title, spread(row[key]), spread(row.get(f"{key}_cpu")), aim])
    if results["settings"].get("size") == "products":
        rows = [[title, wall, cpu, PRODUCT_AIMS.get(title, "")] for title, wall, cpu, _ in rows]
    small = "" if results["settings"].get("size") in ("full", "products") else (
        "Aims are those of the full size: small chunks and short runs miss some. ")
    forms = forms_of(results)
    own = "" if forms == "libdeflate" else (
        f" Inflate is libdeflate's: ratios to it below 1 come from climnorm's own decoder ({forms}).")
    return [Table(f"Ratios, on {most} threads", ["ratio", "wall", "CPU", "aim"], rows,
                  small + "Each is formed within its turn. CPU: the same of processor times, which "
                  f"other programs on the machine hardly touch.{own}")]


# Of the whole globe in so much memory.
AIMS = {"16GiB": "≤ 1.15", "4GiB": "≤ 1.25", "1GiB": "≤ 1.40"}


def passes(results):
    """What less memory costs."""
    rows = [[row["memory"], str(row["passes"]), str(row["chunks_read"]),
             number(row["chunks_decoded"] / row["chunks_read"]), spread(row["wall_s"]),
             spread(row["times_limit"]), spread(row["times_limit_cpu"]),
             AIMS.get(row["memory"], ""), f"{row['peak_rss_bytes']['most'] / 1e9:.2f}",
             f"{row['arena_bytes'] / 1e9:.2f}"] for row in results.get("passes", [])]
    return [Table(
        f"The globe in passes, on {results['settings']['threads'][-1]} threads",
        ["engine.memory", "passes", "chunks", "decoded", "whole, s", "times limit", "CPU", "aim",
         "peak GB", "arena GB"], rows,
        "Decoded: how many times each chunk was, on average. The limit inflates the same chunks, "
        "deflates the same normals and does nothing else. Aims are those of the full size.")
    ] if rows else []


def peers(results):
    """What was measured, and apart from it what would follow for the full job."""
    rows, versions, further, whys = [], [], [], []
    for peer in results["peers"]:
        title = peer["title"]
        if peer.get("versions"):
            versions.append([title, peer["versions"]])
        if peer["status"] != "ok":
            rows.append([title, peer["status"], "", "", "", "", "", "", ""])
            whys.append([title, peer["status"], peer["why"]])
            continue
        rows.append([title, spread(peer["wall_s"]), number(peer.get("start_s", {}).get("median")),
                     number(peer["cpu_s"]["median"]),
                     f"{peer['peak_rss_bytes']['median'] / 1e9:.2f}", str(peer["files_read"]),
                     spread(peer.get("times_climnorm")), spread(peer.get("times_climnorm_cpu")),
                     exponential(peer.get("largest_difference"))])
        full = peer.get("extrapolated")
        if full:
            further.append([title, full["what"]])
    if not rows:
        return []
    first, bound = results["peers"][0], max(p.get("bound", 0) for p in results["peers"])
    beyond = (f" Beyond {bound:.1e}, what rounding float32 can come to, a peer's time does not "
              "count.")
    found = [Table(
        f"Peers, seconds on {first['threads']} cores, {first['last'] - first['first'] + 1} target "
        f"years ({first['first']}-{first['last']}) of {'+'.join(first['regions'])}",
        ["peer", "whole", "start-up", "CPU", "peak GB", "files read", "times climnorm",
         "times its CPU", "differs by"], rows,
        "Same files, same cores, same numbers: no value differs from climnorm's by a larger part "
        f"of it than the last column says.{beyond if bound else ''} Start-up, where it is told "
        "apart, is part of the whole; a larger job has no more of it. A time without a range was "
        "measured once: a peer that has used 300 s (with --quick 5 s) is not repeated.")]
    if whys:
        found.append(Table("Peers without a time", ["peer", "", "why"], whys))
    if versions:
        found.append(Table("Versions of peers", ["peer", ""], versions))
    if further:
        found.append(Table(
            "Extrapolated from these, not measured: one variable of the full job on this grid",
            ["peer", ""], further, "151 years, 121 targets, 5 regions; a rough figure. Who reads "
            "files again for every target takes as long for each as here, though small regions "
            "take somewhat less; of the others, reading grows with the files, the rest with "
            "targets and cells, though who crops files first has more to crop for five regions "
            "than for one."))
    return found


def exponential(value):
    return "" if value is None else f"{value:.1e}" if value else "0"


def tables(results):
    found = []
    for part in (limits, kernels, inflate, pipeline, ratios, passes, peers):
        found += part(results)
    return found


def text(results):
    notes = [f"Note: {note}" for note in results.get("notes", [])]
    return "\n".join(["\n".join(facts(results)), *notes, "",
                      *[table.text() for table in tables(results)]])


def markdown(results, plots=()):
    lines = [f"- {line}" for line in facts(results) + results.get("notes", [])]
    lines += ["", f"Made by `{results['command']}`, printed by `climnorm-bench report --markdown`.",
              ""]
    lines += [table.markdown() for table in tables(results)]
    lines += [f"![{title}]({path})" for title, path in plots]
    return "\n".join(lines).rstrip() + "\n"


def update(path, results, plots=()):
    """Puts the tables between the marks of a document."""
    with open(path, encoding="utf-8") as file:
        document = file.read()
    begin, end = document.find(BEGIN), document.find(END)
    if begin < 0 or end < begin:
        raise Failure(f"{path}: expected the lines {BEGIN} and {END} around the tables")
    with open(path, "w", encoding="utf-8") as file:
        file.write(document[:begin + len(BEGIN)] + "\n" + markdown(results, plots) + document[end:])
