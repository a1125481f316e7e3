"""The pictures of the documents, made by the program itself: docs/pictures/make.py build/climnorm

display.svg is the screen of a run over the sample tree of `make demo`; july.png and curves.png are those of
`climnorm map` and `climnorm series` over a finer one. Needs python3-pyte.
"""
import glob
import html
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../tests/support"))
import terminal  # noqa: E402

COLUMNS, ROWS, CELL, LINE = 88, 7, 8.4, 19
COLORS = {"default": "#d8dee9", "green": "#8fce7b", "cyan": "#6cc5d9", "brown": "#e8c46a",
          "red": "#e06c75"}


def climnorm(program, *words):
    subprocess.run([program, *words], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def spans(row):
    """The characters of a line, together while they look alike."""
    start = 0
    for column in range(1, COLUMNS + 1):
        if column == COLUMNS or (row[column].fg, row[column].bold) != (row[start].fg, row[start].bold):
            text = "".join(row[k].data for k in range(start, column))
            if text.strip():
                yield start, text, row[start]
            start = column


def write_screen(rows, path):
    width, height = COLUMNS * CELL + 24, len(rows) * LINE + 20
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
             f'width="{width:.0f}" role="img" aria-label="climnorm run on a terminal">',
             f'<rect width="{width:.0f}" height="{height}" rx="8" fill="#1f2430"/>',
             '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">']
    for y, row in enumerate(rows):
        for start, text, look in spans(row):
            weight = ' font-weight="bold"' if look.bold else ""
            color = COLORS.get(look.fg, COLORS["default"])
            faint = ' opacity="0.55"' if set(text.strip()) == {"─"} or "waiting" in text else ""
            lines.append(f'<text x="{12 + start * CELL:.1f}" y="{24 + y * LINE}" fill="{color}"'
                         f'{weight}{faint} textLength="{len(text) * CELL:.1f}" '
                         f'xml:space="preserve">{html.escape(text)}</text>')
    lines += ["</g>", "</svg>", ""]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


def draw_display(program, folder):
    """The screen when the second variable is half done."""
    tree, config = os.path.join(folder, "demo"), os.path.join(folder, "demo.cfg")
    climnorm(program, "synth", tree, "--years", "1950-2040", "--grid", "66x108", "--variables",
             "pr,tas,tasmax")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f'input: {{ root = "{tree}"; }};\noutput: {{ root = "{folder}/normals"; }};\n')
    job = terminal.Job([program, "run", config], columns=COLUMNS, rows=ROWS + 4)
    job.wait_for(r"  tas +━+[╸─]+ +[456]\d %")
    shown = next(y for y in range(ROWS) if job.screen.display[y].startswith("climnorm ·"))
    rows = [job.screen.buffer[shown + y] for y in range(ROWS)
            if job.screen.display[shown + y].strip()]
    write_screen(rows, os.path.join(HERE, "display.svg"))
    job.process.kill()
    job.process.wait()


def draw_july_and_curves(program, folder):
    tree, out = os.path.join(folder, "fine"), os.path.join(folder, "fine-out")
    climnorm(program, "synth", tree, "--years", "1995-2014", "--grid", "300x720", "--variables",
             "tas", "--days", "365")
    climnorm(program, "normals", tree, "-o", out, "--years", "1995-2004", "--years", "2005-2014",
             "--region", "CONUS", "-p", "none")
    paths = sorted(glob.glob(os.path.join(out, "**", "*.nc"), recursive=True))
    climnorm(program, "map", paths[-1], "-o", os.path.join(HERE, "july.png"), "--day", "07-15",
             "--width", "720")
    climnorm(program, "series", *paths, "--at", "-105.3,40", "-o", os.path.join(HERE, "curves.png"),
             "--width", "720")


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="climnorm-pictures-") as folder:
        draw_display(program, folder)
        draw_july_and_curves(program, folder)


if __name__ == "__main__":
    main()
