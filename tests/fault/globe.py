"""The whole globe at full size within little memory: 33 years of 600x1440, 4 target years, in control
groups of 2 and of 1 GiB, as users would run it there: engine.memory is left out. `cmake --build build
--target test-globe`, or by hand with sizes in MiB; CLIMNORM_GLOBE names a tree that is there.
"""
import json
import os
import subprocess
import sys
import tempfile

from build import BIN
from control_group import Group
from memory_bound import MIB, most

YEARS = "1985-2017"
CONFIG = """input:   {{ root = "{tree}"; }};
regions = [ "GLOBAL" ];
normals: {{ periods = ( {{ name = "all"; first = 2014; last = 2017; }} ); }};
output:  {{ root = "{root}"; }};
"""


def in_group(group, *words):
    done = subprocess.run([BIN, *words], preexec_fn=group.enter, text=True, check=False,
                          stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}\n{done.stdout}")
    return done.stdout


def measure(group, folder, tree, mebibytes):
    """Runs the job in a group of so much memory. Returns what is wrong."""
    group.set(mebibytes * MIB)
    root, summary = os.path.join(folder, f"in-{mebibytes}"), os.path.join(folder, "summary.json")
    config = os.path.join(folder, "globe.cfg")
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG.format(tree=tree, root=root))
    arena = json.loads(in_group(group, "plan", config, "--json", "-p", "none"))["memory_bytes"]
    in_group(group, "run", config, "-q", "--summary", summary)
    with open(summary, encoding="utf-8") as file:
        said = json.load(file)
    tas, peak = said["variables"][0], said["peak_rss_bytes"]
    bound = most(arena, said["threads"], mebibytes * MIB)
    print(f"{mebibytes} MiB: {tas['passes']} passes, {tas['wall_s']:.0f} s on {said['threads']} "
          f"threads; {tas['chunks_decoded']} decoded of {tas['chunks_read']} chunks; arena "
          f"{arena / MIB:.0f} MiB, peak {peak / MIB:.0f} MiB, at most {bound / MIB:.0f} MiB",
          flush=True)
    return [what for what, is_wrong in (
        ("the peak is above the bound", peak > bound),
        ("not all normals were made", tas["normals_written"] != 4),
        ("chunks were decoded again", tas["chunks_decoded"] != tas["chunks_read"]),
    ) if is_wrong]


def main(sizes):
    group, wrong = Group(), []
    if not group.path:
        sys.exit("no control group of memory can be made here")
    try:
        with tempfile.TemporaryDirectory(prefix="climnorm-globe-") as folder:
            tree = os.environ.get("CLIMNORM_GLOBE")
            if not tree:
                tree = os.path.join(folder, "tree")
                subprocess.run([BIN, "synth", tree, "--grid", "600x1440", "--years", YEARS,
                                "--variables", "tas"], check=True)
            for mebibytes in sizes:
                wrong += [f"{mebibytes} MiB: {what}"
                          for what in measure(group, folder, tree, mebibytes)]
    finally:
        group.close()
    if wrong:
        sys.exit("\n".join(wrong))


main([int(word) for word in sys.argv[1:]] or [2048, 1024])
