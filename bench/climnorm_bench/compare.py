"""Two runs side by side: what got slower, or better, beyond the noise.

A figure has changed when its medians are further apart than the spreads of both together (most less
least), and by more than 3 %. A single turn has no spread and is never judged. Spreads that wide
hide small changes: more repeats, or a quieter machine, show them. Of runs of different jobs only
kernels and ratios to limits are judged, which such runs have in common.
"""
from .tables import Table, number, spread

LEAST = 0.03
# Units and words of keys whose figures are the better the larger; of others, smaller is better.
LARGER = ("_per_s", "times_as_fast", "share_of_limit", "share_of_copy", "speedup_times_inflate",
          "speedup_times_inflate_cpu")
# Figures that say what the machine gave, not what climnorm made of it.
MACHINE = ("copy_gb_per_s", "libdeflate_ms")
# Of two figures of a kind, of which either may have changed: no judgement.
DERIVED = ("inflate_speedup", "speedup", "efficiency", "all_regions_times_this",
           "all_regions_times_this_cpu", "times_warm", "times_climnorm", "times_climnorm_cpu")
TO_LIMITS = ("times_inflate", "times_limit", "times_form_limit", "times_model", "share_of_",
             "times_deflate")
# How many figures are marked as slower that are not, by turns of both runs: simulated, of normal
# and long-tailed noise, each turn independent of the others.
CHANCE = {2: 1 / 16, 3: 1 / 140, 4: 1 / 1200, 5: 1 / 10000}


def figures(results):
    """(group, entry, key) -> figure, of all lists of a results.json."""
    found = {}
    for group in ("limits", "kernels", "inflate", "stages", "runs", "passes", "peers"):
        for entry in results.get(group, []):
            name = ", ".join(text_of(key, value) for key, value in entry.items()
                             if key in ("kernel", "isa", "where", "variable", "plane", "form",
                                        "streams", "stage", "run", "name", "memory", "threads",
                                        "regions"))
            for key, value in entry.items():
                if isinstance(value, dict) and "median" in value and key not in DERIVED:
                    found[group, name, key] = value
    return found


def text_of(key, value):
    if key in ("threads", "streams"):
        return f"{value} {key[:-1]}{'s' * (value > 1)}"
    if key == "plane":
        return f"plane {value}"
    if key == "regions":
        return "+".join(value)
    return str(value)


def verdict(old, new, key):
    """"slower", "faster", "" (within the noise) or "?" (cannot be told)."""
    if old["n"] < 2 or new["n"] < 2:
        return "?"
    change = new["median"] - old["median"]
    noise = old["most"] - old["least"] + new["most"] - new["least"]
    if abs(change) <= max(noise, LEAST * abs(old["median"])):
        return ""
    better = change > 0 if key.endswith(LARGER) else change < 0
    if key.endswith("_bytes"):
        return "less" if better else "more"
    return "faster" if better else "slower"


def is_general(place):
    """Whether a figure means the same for different jobs."""
    group, _, key = place
    return (group == "kernels" or key in ("copy_gb_per_s", "touch_gb_per_s") or
            any(word in key for word in TO_LIMITS))


def is_machine(group, key):
    return group == "limits" or key in MACHINE


def compare(old, new, everything=False):
    """The tables of what changed, and lines that say how far it can be trusted."""
    before, after = figures(old), figures(new)
    lines, same_job = differences(old, new)
    both = [place for place in after if place in before and (same_job or is_general(place))]
    rows, counts, machine_slower, chance = [], {}, False, 0
    for place in both:
        figure = after[place]
        group, name, key = place
        word = verdict(before[place], figure, key)
        whose = "machine" if is_machine(group, key) else "climnorm"
        if group == "peers" and not name.startswith("climnorm"):
            whose = "peer"
        counts[word] = counts.get(word, 0) + (whose == "climnorm")
        turns = min(figure["n"], before[place]["n"])
        chance += CHANCE.get(turns, 0) * (whose == "climnorm")
        machine_slower |= whose == "machine" and word == "slower"
        if everything or word not in ("", "?"):
            times = figure["median"] / before[place]["median"] if before[place]["median"] else 0
            rows.append([f"{group}: {name}", key, spread(before[place]), spread(figure),
                         number(times), (word.upper() if word in ("slower", "more") else word)
                         + (f" ({whose})" if word and whose != "climnorm" else "")])
    rows.sort(key=lambda row: (not row[5].startswith(("SLOWER", "MORE")), "(" in row[5]))
    lines.append(f"{len(both)} figures were compared; of climnorm's, "
                 f"{counts.get('slower', 0)} got slower beyond the noise, "
                 f"{counts.get('faster', 0)} faster, {counts.get('more', 0)} take more memory.")
    if chance >= 0.5:
        lines.append(f"By chance alone about {chance:.0f} would seem slower, of so few turns: "
                     "--repeats 5.")
    measured = {group for group, _, _ in after}
    gone = sum(place not in after and place[0] in measured for place in before)
    if gone and same_job:
        lines.append(f"{gone} figures of the old run are not in the new one.")
    if counts.get("?"):
        lines.append(f"{counts['?']} were measured once and cannot be judged; --repeats 3 or more.")
    if machine_slower:
        lines.append("The machine itself gave less than before: judge climnorm by its ratios to "
                     "the limits (times_…, share_…), which were measured in the same turns.")
    return [Table("Changes beyond the noise" if not everything else "All figures",
                  ["what", "figure", "old", "new", "new/old", ""], rows)] if rows else [], lines


def differences(old, new):
    """Why the runs are not of one kind, if they are not; whether they are of the same job."""
    lines = []
    # What results of before a setting was there had.
    since = {"style": "smooth", "inflate": "libdeflate"}
    for part, keys in (("machine", ("cpu", "usable_cores", "system", "compiler", "flags", "isa",
                                    "inflate", "libraries", "file_system", "climnorm")),
                       ("settings", ("size", "grid", "first_year", "last_year", "days", "window",
                                     "variables", "style", "regions"))):
        for key in keys:
            before, now = (run[part].get(key, since.get(key)) for run in (old, new))
            if before != now:
                lines.append(f"{part}, {key}: {before} before, {now} now")
    if any(line.startswith("settings") for line in lines):
        lines.append("The settings differ: seconds of different jobs cannot be compared, and are "
                     "not; kernels and ratios to limits are.")
        return lines, False
    return lines, True
