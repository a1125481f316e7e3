"""Every command of README.md does what it says. Commands that install or test climnorm itself are run
elsewhere; they must stand there.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from build import BIN, ROOT, main

# Commands and where they are run, with the words that must stand there.
ELSEWHERE = {
    ".ci/install && make demo": (".ci/run", "readme_command demo"),
    ".ci/install --tests && make test": (".ci/run", "readme_command test"),
    ".ci/install --deb && make deb && sudo apt install ./build/climnorm_*.deb":
        (".ci/packages", "make deb"),
}


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", read("README.md"), re.S | re.M)


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="climnorm-readme-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.env = {**os.environ, "MPLBACKEND": "Agg",
                   "PATH": os.path.dirname(BIN) + os.pathsep + os.environ["PATH"]}
        cls.run_line("climnorm synth data --years 1985-2020 --grid 22x36 --variables pr,tas")

    @classmethod
    def run_line(cls, line):
        done = subprocess.run(["sh", "-euc", line], cwd=cls.folder, env=cls.env, text=True,
                              capture_output=True, timeout=300)
        assert done.returncode == 0, f"{line}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def test_every_command_does_what_it_says(self):
        said = {}
        lines = [line for block in blocks("sh") for line in block.splitlines()]
        self.assertGreater(len(lines), 4)
        for line in lines:
            if line in ELSEWHERE:
                name, words = ELSEWHERE[line]
                self.assertIn(words, read(name))
            else:
                said[line.split("#")[0].strip()] = self.run_line(line)
        for code in blocks("python"):
            done = subprocess.run([sys.executable, "-c", code], cwd=self.folder, env=self.env,
                                  capture_output=True, text=True, timeout=300)
            self.assertEqual(done.returncode, 0, done.stderr)
        (first,) = [line for line in said if line.startswith("climnorm normals ")]
        self.assertRegex(said[first], r"\nDone: all 2 normals are in .*/normals\n$")
        for path in re.findall(r"`(normals/\S+\.nc)`", read("README.md")):
            self.assertTrue(os.path.exists(os.path.join(self.folder, path)), path)
        self.assertRegex(said["climnorm run my.cfg"], r"\nDone: all \d+ normals are in ")

    def test_every_command_that_is_named_exists(self):
        commands = re.findall(r"`climnorm (\w+)", read("README.md"))
        self.assertIn("verify", commands)
        for command in set(commands):
            self.run_line(f"climnorm {command} --help")

    def test_every_target_of_make_that_is_named_exists(self):
        targets = set(re.findall(r"\bmake (\w+)\b", "".join(re.findall(r"`.*?`|^```sh.*?^```",
                                                                       read("README.md"),
                                                                       re.S | re.M))))
        self.assertIn("check", targets)
        for target in targets:
            self.assertRegex(read("Makefile"), rf"(?m)^([\w-]+ )*{target}( [\w-]+)*:")

    def test_it_fits_two_screens(self):
        self.assertLessEqual(len(read("README.md").splitlines()), 120)


if __name__ == "__main__":
    main()
