"""Turns: what is compared is measured alternately, so that a noisy neighbour meets all of it.

A figure is the median of its values with the least and the most of them. Nothing here knows what
is measured.
"""
import statistics
import sys


def figure(values):
    """Values of the turns as {"median", "least", "most", "n"}; None without any."""
    values = [v for v in values if v is not None]
    if not values:
        return None
    return {"median": tidy(statistics.median(values)), "least": tidy(min(values)),
            "most": tidy(max(values)), "n": len(values)}


def tidy(value):
    """Six digits: more is noise."""
    return float(f"{value:.6g}")


def interleave(measures, repeats, say=None):
    """Calls every measure of [(key, function)] in each turn; what they return, by key, in order."""
    results = {key: [] for key, _ in measures}
    for turn in range(repeats):
        for number, (key, function) in enumerate(measures):
            (say or show)(f"turn {turn + 1} of {repeats}, {number + 1} of {len(measures)}: {key}")
            results[key].append(function())
    (say or show)("")
    return results


def ratio(above, below):
    """The figure of the ratios, each within its turn."""
    return figure([a / b for a, b in zip(above, below) if a is not None and b])


def show(text):
    """What is being done, on one line of a terminal; nothing elsewhere."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text[:100]}")
        sys.stderr.flush()
