"""Plots as SVG, drawn without a display. matplotlib is needed here and nowhere else."""
import os
import sys

MISSING = (f"{sys.executable} has no matplotlib; apt install python3-matplotlib and use "
           "/usr/bin/python3, or pip install matplotlib")
BLUE, ORANGE, GREEN, GREY = "#1f6fb4", "#d95f0e", "#2a8a4a", "#8a8a8a"
ISAS = {"portable": GREY, "avx2": ORANGE, "avx512": BLUE, "neon": BLUE}


def draw(results, folder):
    """Writes the plots that the results have figures for; [(title, file name)], or None without
    matplotlib."""
    try:
        import matplotlib
    except ImportError:
        return None
    matplotlib.use("svg")
    import matplotlib.pyplot as plt
    plt.rcParams.update({
        "svg.fonttype": "none", "svg.hashsalt": "climnorm", "font.size": 10, "font.family":
        "sans-serif", "font.sans-serif": ["DejaVu Sans", "Helvetica", "Arial"],
        "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
        "grid.color": "#e4e4e4", "grid.linewidth": 0.8, "axes.axisbelow": True,
        "axes.titlesize": 11, "axes.titlelocation": "left", "axes.titleweight": "bold",
        "axes.edgecolor": "#555555", "legend.frameon": False, "figure.facecolor": "white"})
    made = []
    for name, title, function in (("scaling", "Scaling with threads", scaling),
                                  ("roofline", "Kernels under the roof", roofline),
                                  ("peers", "Peers", peers)):
        figure = function(plt, results)
        if figure:
            footer(figure, results)
            path = os.path.join(folder, f"{name}.svg")
            figure.savefig(path, bbox_inches="tight", metadata={"Date": None, "Title": title})
            plt.close(figure)
            made.append((title, f"{name}.svg"))
    return made


def footer(figure, results, below=0.08):
    machine, (rows, columns) = results["machine"], results["settings"]["grid"]
    figure.text(0.01, -below, f"{machine['cpu']}, {machine['usable_cores']} cores · climnorm "
                f"{machine['climnorm']} · {rows}x{columns} · {machine['date']} · medians of "
                f"{results['settings']['repeats']} turns, bars from least to most",
                fontsize=7.5, color="#666666", va="top")


def bars(figures, scale=1):
    """Medians, and how far the least and the most lie from them."""
    medians = [scale * f["median"] for f in figures]
    return medians, [[scale * (f["median"] - f["least"]) for f in figures],
                     [scale * (f["most"] - f["median"]) for f in figures]]


def whole_runs(results):
    """Warm runs of all regions by threads."""
    regions = len(results["settings"]["regions"])
    return [r for r in results["runs"] if r["run"] == "warm" and len(r["regions"]) == regions]


def scaling(plt, results):
    """Seconds of the run and of its limit, and what each gains from threads."""
    runs = whole_runs(results)
    if not runs:
        return None
    threads = [r["threads"] for r in runs]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    medians, errors = bars([r["wall_s"] for r in runs])
    bound = [limit["inflate_s"]["median"] + limit["deflate_s"]["median"] for limit in results["limits"]]
    left.errorbar(threads, medians, yerr=errors, color=BLUE, marker="o", capsize=3,
                  label="whole run")
    left.plot(threads, bound, color=GREY, marker="s", markersize=4, linestyle="--",
              label="limit: inflate + deflate alone")
    left.set(title="Seconds", xlabel="threads", ylim=(0, None))
    left.legend()
    ideal = [t / threads[0] for t in threads]
    right.plot(threads, ideal, color="#bbbbbb", linestyle=":", label="ideal")
    gained = [r for r in runs if r.get("speedup")]
    medians, errors = bars([r["inflate_speedup"] for r in gained])
    right.plot(threads, [1, *medians], color=GREY, marker="s", markersize=4, linestyle="--",
               label="inflate alone")
    medians, errors = bars([r["speedup"] for r in gained])
    right.errorbar(threads, [1, *medians], yerr=[[0, *e] for e in errors], color=BLUE, marker="o",
                   capsize=3, label="whole run")
    right.set(title=f"Speed-up over {threads[0]} thread{'s' * (threads[0] > 1)}",
              xlabel="threads", ylim=(0, None))
    right.legend()
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.set_xticks(threads, [str(t) for t in threads])
        axes.minorticks_off()
        axes.margins(x=0.12)
    if threads[-1] > 4 * threads[0]:  # straight lines show best what scales
        left.set_yscale("log")
        left.set_ylim(min(bound) / 1.3, 1.3 * max(r["wall_s"]["most"] for r in runs))
        ticks(left.yaxis, left.get_ylim())
        right.set_yscale("log", base=2)
        right.set_ylim(0.9, 1.2 * ideal[-1])
        right.set_yticks(ideal, [f"{value:g}" for value in ideal])
        right.yaxis.set_ticks([], minor=True)
    return figure


def roofline(plt, results):
    """Each kernel beside the copy that took turns with it: the roof of memory."""
    rows = results["kernels"]
    if not rows:
        return None
    names = list(dict.fromkeys(row["kernel"] for row in rows))
    isas = [isa for isa in ISAS if any(row["isa"] == isa for row in rows)]
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 1.2 + 0.46 * len(names)), sharey=True,
                                layout="constrained")
    for plot, where in zip(axes, ("in cache", "out of cache")):
        for index, isa in enumerate(isas):
            mine = {row["kernel"]: row for row in rows
                    if row["isa"] == isa and row["where"] == where}
            at = [names.index(name) + (index - (len(isas) - 1) / 2) * 0.25 for name in mine]
            medians, errors = bars([row["gb_per_s"] for row in mine.values()])
            plot.barh(at, medians, height=0.22, color=ISAS[isa], label=isa)
            plot.errorbar(medians, at, xerr=errors, fmt="none", ecolor="#333333", elinewidth=0.8)
        for number, name in enumerate(names):
            copies = [row["copy_gb_per_s"]["median"] for row in rows
                      if row["kernel"] == name and row["where"] == where]
            if copies:
                roof = max(copies)
                plot.plot([roof, roof], [number - 0.42, number + 0.42], color="#c00000",
                          linewidth=1.8, label="copy, the roof" if number == 0 else None)
        plot.set(title=f"{where.capitalize()}, GB/s on one thread")
        plot.set_xscale("log")
        plot.grid(axis="y", visible=False)
        ticks(plot.xaxis, plot.get_xlim())
        plot.set_ylim(len(names) - 0.4, -0.6)
    axes[0].set_yticks(range(len(names)), names)
    handles, labels = axes[1].get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda k: labels[k].startswith("copy"))
    figure.legend([handles[k] for k in order], [labels[k] for k in order],
                  loc="upper center", bbox_to_anchor=(0.5, 0), ncols=4)
    return figure


def ticks(axis, limits):
    """1, 2, 5, 10, ... as plain numbers."""
    values = [m * 10 ** e for e in range(-4, 6) for m in (1, 2, 5)]
    shown = [v for v in values if limits[0] <= v <= limits[1]]
    axis.set_ticks(shown, [f"{v:g}" for v in shown])
    axis.set_ticks([], minor=True)


def peers(plt, results):
    """Seconds of those that gave the right numbers, the quickest above."""
    rows = sorted((p for p in results["peers"] if p["status"] == "ok"),
                  key=lambda p: p["wall_s"]["median"])
    if len(rows) < 2:
        return None
    figure, axes = plt.subplots(figsize=(8.5, 1.2 + 0.5 * len(rows)), layout="constrained")
    medians, errors = bars([p["wall_s"] for p in rows])
    colors = [BLUE if p["name"] == "climnorm" else GREY for p in rows]
    axes.barh(range(len(rows)), medians, xerr=errors, height=0.6, color=colors,
              error_kw={"ecolor": "#333333", "elinewidth": 0.8, "capsize": 2})
    for number, peer in enumerate(rows):
        text = f"{peer['wall_s']['median']:.3g} s"
        if peer.get("times_climnorm") and peer["name"] != "climnorm":
            text += f", {peer['times_climnorm']['median']:.3g} times climnorm"
        axes.annotate(text, (peer["wall_s"]["most"], number), (6, 0), textcoords="offset points",
                      va="center", fontsize=9)
    axes.set_yticks(range(len(rows)), [p.get("title") or p["name"] for p in rows])
    axes.invert_yaxis()
    axes.set_xlim(0, max(p["wall_s"]["most"] for p in rows) * 1.4)
    first = rows[0]
    targets = (f"{first['first']}-{first['last']}" if first["first"] < first["last"]
               else str(first["last"]))
    axes.set(title=f"Seconds on {first['threads']} cores for the normals of {targets} of "
                   f"{'+'.join(first['regions'])}")
    axes.grid(axis="y", visible=False)
    return figure
