"""Transcripts: golden/*.txt show commands as typed, and all that they say. Each file starts anew in a
folder with golden/*.cfg, `data`, a small tree made by `climnorm synth`, `gap`, the same without 2003, and
`models`, a tree of two models of which one has no tas.

With --write, as `cmake --build build --target golden` does, the files are written again.
"""
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from build import BIN, main

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"
TREE = "--years 2000-2006 --grid 12x18 --variables pr,tas --threads 2".split()
# What differs from one machine or run to another. In a table, a word takes the place of a number.
MASKS = [
    (r"( +)[\d.]+ (?:[KMGTPE]i)?B\b", "SIZE"),
    (r"(  +)[\d.]+k?/(?:s|min)\b", "RATE"),
    (r"(  +)\d+\.\d\b", "TIME"),
    (r"( *)\b\d\d:\d\d\b", "TIME"),
    (r"( )\d+\.\d s$", "TIME"),
    (r"(?<=^Took)( )\d+\.\d s\b", "TIME"),
    (r"(?<=about)( )\d+ \w+(?= with)", "TIME"),
    (r"(?<=measured for)( )[\d.]+ s", "TIME"),
    (r"( +)\d+ bytes$", "BYTES"),
    (r"( )\d+(?:\.\d+)+(?=, .*OpenMP|$)", "VERSION"),
    (r"(?<=^build:)( ).*$", "COMPILER, TYPE, COMMIT"),
    (r"(?<=^kernels:)( )\w+$", "NAME"),
    (r"(?<=^inflate:)( )\w+$", "NAME"),
    (r"(?<=^  inflated by       )()\w+$", "NAME"),
    (r"(?<=^threads:)( )\d+$", "COUNT"),
]
WRITE = "--write" in sys.argv


def masked(text, folder):
    text = text.replace(folder, "/FOLDER")
    for pattern, name in MASKS:
        def word(match, name=name):
            return name.rjust(len(match[0])) if len(match[1]) > 1 else match[1] + name
        text = re.sub(pattern, word, text, flags=re.M)
    return text


class Folder(unittest.TestCase):
    """A folder in which commands run: `data`, `gap`, `models` and the configs."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="climnorm-golden-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = os.path.realpath(folder.name)
        cls.env = {k: v for k, v in os.environ.items() if not k.startswith("OMP_")}
        cls.env |= {"LC_ALL": "C.UTF-8", "SOURCE_DATE_EPOCH": "1700000000",
                    "PATH": os.path.dirname(BIN) + os.pathsep + os.environ["PATH"]}
        for name in ("data", "gap"):
            subprocess.run([BIN, "synth", os.path.join(cls.folder, name), *TREE], check=True,
                           capture_output=True, env=cls.env)
        for path in pathlib.Path(cls.folder, "gap").rglob("*_2003.nc"):
            path.unlink()
        for model, variables in ("CanESM5", "pr,tas"), ("MIROC6", "pr"):
            subprocess.run([BIN, "synth", os.path.join(cls.folder, "models"), *TREE, "--model", model,
                            "--variables", variables], check=True, capture_output=True, env=cls.env)
        cls.given = {"data", "gap", "models", *(shutil.copy(p, cls.folder) and p.name
                                      for p in GOLDEN.glob("*.cfg"))}

    def clean(self):
        """Removes what earlier commands made."""
        for name in set(os.listdir(self.folder)) - self.given:
            subprocess.run(["rm", "-r", os.path.join(self.folder, name)], check=True)


class Golden(Folder):
    def transcript(self, text):
        """The commands of a transcript, with what they say now."""
        self.clean()
        lines = []
        for line in text.splitlines():
            if not line.startswith("$ "):
                continue
            done = subprocess.run(["sh", "-c", line[2:]], cwd=self.folder, env=self.env,
                                  capture_output=True, text=True, timeout=120)
            lines += ["", line, f"--- exit code {done.returncode}"]
            for name, said in (("stdout", done.stdout), ("stderr", done.stderr)):
                if said:
                    lines += [f"--- {name}", masked(said, self.folder).removesuffix("\n")]
        return "\n".join(lines[1:]) + "\n"

    def test_commands_say_what_their_transcripts_show(self):
        for path in sorted(GOLDEN.glob("*.txt")):
            with self.subTest(path.name):
                old = path.read_text(encoding="utf-8")
                new = self.transcript(old)
                if WRITE:
                    path.write_text(new, encoding="utf-8")
                elif new != old:
                    self.fail("\n" + "".join(difflib.unified_diff(
                        old.splitlines(True), new.splitlines(True), path.name, "now")))

    def test_every_command_shows_its_help_in_a_transcript(self):
        said = subprocess.run([BIN, "--help"], capture_output=True, text=True, check=True).stdout
        commands = re.findall(r"^  (?!climnorm)(\w+) +[A-Z]", said, re.M)
        self.assertIn("run", commands)
        for command in commands:
            path = GOLDEN / f"help-{command}.txt"
            self.assertTrue(path.exists(), f"{path} is missing: write the line `$ climnorm {command} "
                            "--help` into it and build the target golden")


if __name__ == "__main__":
    sys.argv = [word for word in sys.argv if word != "--write"]
    main()
