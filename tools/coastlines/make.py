#!/usr/bin/env python3
"""Writes src/pictures/coastlines.inc: coast lines, borders of countries and of the states of the USA.

    tools/coastlines/make.py > src/pictures/coastlines.inc

They are those of Natural Earth at 1:50 million, which is in the public domain
(naturalearthdata.com/about/terms-of-use), as Debian's r-cran-rnaturalearthdata has them (CC0). Needs
that package, and Rscript. A line keeps the points that are more than TOLERANCE degrees off it; small
islands are left out, but not those in the built-in regions. A border is what two polygons share.

A line is a text: a letter for its kind, then for each point the steps of longitude and latitude in
hundredths of a degree, as the Encoded Polyline Algorithm Format has signed numbers, from 0, 0 on
(developers.google.com/maps/documentation/utilities/polylinealgorithm)."""

import collections
import os
import subprocess

LIBRARY = os.environ.get("RNATURALEARTHDATA", "/usr/lib/R/site-library/rnaturalearthdata")
SCALE = 100  # steps of a degree
FINE = [(234, 294, 24, 50), (170, 235, 50, 72), (181.63, 205.2, 18.92, 28.45),
        (292.03, 295.49, 17.62, 18.57), (144.58, 146.12, 13.18, 20.61)]  # the built-in regions
TOLERANCE, FINE_TOLERANCE = 0.06, 0.02
LEAST_ISLAND = 0.4  # degrees

R = r"""
e <- new.env(); invisible(lazyLoad("%s/data/Rdata", envir = e))
write_lines <- function(kind, lines, part)
    for (line in lines) for (p in attr(line, part)) {
        m <- attr(p, "coords"); cat(kind, nrow(m), "\n"); write(t(m), stdout(), 2) }
write_lines("coast", attr(e$coastline50, "lines"), "Lines")
write_lines("border", attr(e$countries50, "polygons"), "Polygons")
usa <- attr(e$states50, "data")$admin == "United States of America"
write_lines("state", attr(e$states50, "polygons")[usa], "Polygons")
"""


def read():
    """The lines of each kind, in steps."""
    out = subprocess.run(["Rscript", "-e", R % LIBRARY], check=True, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.split("\n")
    found, at = collections.defaultdict(list), 0
    while out[at]:
        kind, count = out[at].split()
        points = [line.split() for line in out[at + 1:at + 1 + int(count)]]
        found[kind].append([(round(float(x) * SCALE), round(float(y) * SCALE)) for x, y in points])
        at += 1 + int(count)
    return found


def shared(rings):
    """What two rings have in common, as lines."""
    uses = collections.Counter(tuple(sorted(pair)) for ring in rings
                               for pair in set(zip(ring, ring[1:])) if pair[0] != pair[1])
    ends = collections.defaultdict(list)
    for (a, b), count in uses.items():
        if count > 1:
            ends[a].append(b)
            ends[b].append(a)
    left = {tuple(sorted(pair)) for pair, count in uses.items() if count > 1}
    starts = sorted(ends, key=lambda point: (len(ends[point]) == 2, point))
    lines = []
    for start in starts:
        for second in ends[start]:
            line = [start]
            while tuple(sorted((line[-1], second))) in left:
                left.remove(tuple(sorted((line[-1], second))))
                line.append(second)
                if len(ends[second]) != 2:
                    break
                second = next((p for p in ends[second] if tuple(sorted((line[-1], p))) in left),
                              second)
            if len(line) > 1:
                lines.append(line)
    return lines


def is_fine(point):
    x, y = point[0] / SCALE % 360, point[1] / SCALE
    return any(w - 1 <= x <= e + 1 and s - 1 <= y <= n + 1 for w, e, s, n in FINE)


def distance(point, a, b):
    """To the line from a to b."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    share = ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / length if length else 0
    share = min(1, max(0, share))
    return ((point[0] - a[0] - share * dx) ** 2 + (point[1] - a[1] - share * dy) ** 2) ** 0.5


def simplify(line):
    """Douglas and Peucker's algorithm, with a tolerance by place."""
    keep, stack = {0, len(line) - 1}, [(0, len(line) - 1)]
    while stack:
        first, last = stack.pop()
        worst, at = 1, 0
        for i in range(first + 1, last):
            tolerance = SCALE * (FINE_TOLERANCE if is_fine(line[i]) else TOLERANCE)
            excess = distance(line[i], line[first], line[last]) / tolerance
            if excess > worst:
                worst, at = excess, i
        if at:
            keep.add(at)
            stack += [(first, at), (at, last)]
    return [line[i] for i in sorted(keep)]


def is_small(line):
    width, height = (max(p[d] for p in line) - min(p[d] for p in line) for d in (0, 1))
    return line[0] == line[-1] and max(width, height) < LEAST_ISLAND * SCALE


def encode(line):
    text, x, y = "", 0, 0
    for point in line:
        for step in (point[0] - x, point[1] - y):
            value = ~(step << 1) if step < 0 else step << 1
            while value >= 32:
                text += chr((32 | value & 31) + 63)
                value >>= 5
            text += chr(value + 63)
        x, y = point
    return text.replace("\\", "\\\\").replace("?", "\\?")


def main():
    found = read()
    kinds = {"c": [line for line in found["coast"]
                   if not is_small(line) or any(map(is_fine, line))],
             "b": shared(found["border"]), "s": shared(found["state"])}
    print("/* Made by tools/coastlines/make.py from Natural Earth, 1:50 million (public domain). */")
    for kind, lines in kinds.items():
        for line in lines:
            line = simplify(line)
            text = encode(line)
            if len(line) > 1:
                print(f'"{kind}{text}",')


if __name__ == "__main__":
    main()
