"""The installed library, as another program uses it: what it exports, headers that compile alone, and
examples/normals.c, which makes the same files as `climnorm run`."""
import os
import pathlib
import shutil
import subprocess

import trees
from climnorm_case import Case, TestCase, main

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = os.environ.get("CLIMNORM_BUILD", "")
EPOCH = {"SOURCE_DATE_EPOCH": "1600000000"}


def output_of(*command, **env):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          env={**os.environ, **env}).stdout


class Installed(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.case = Case(variables=["pr"]).periods(1992, 1994)
        cls.addClassCleanup(cls.case.close)
        cls.prefix = pathlib.Path(cls.case.dir, "usr")
        output_of("cmake", "--install", BUILD, "--prefix", str(cls.prefix))
        cls.library = next(cls.prefix.rglob("libclimnorm.so"))
        pc = next(cls.prefix.rglob("climnorm.pc"))
        cls.flags = output_of("pkg-config", "--cflags", "--libs", "climnorm",
                              PKG_CONFIG_PATH=str(pc.parent)).split()

    def test_the_library_exports_what_the_list_says(self):
        listed = (ROOT / "tests/cli/exported_symbols.txt").read_text().split()
        symbols = output_of("nm", "-D", "--defined-only", str(self.library))
        exported = [line.split()[-1] for line in symbols.splitlines()]
        linker_made = {"__bss_start", "_edata", "_end", "_init", "_fini"}
        self.assertEqual(sorted(set(exported) - linker_made), listed)

    def test_every_header_compiles_alone(self):
        for header in sorted((self.prefix / "include/climnorm").glob("*.h")):
            output_of("cc", "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                      "-fsyntax-only", "-x", "c", str(header), *self.flags[:1])

    def test_the_example_makes_the_same_files_as_the_program(self):
        for year in range(1990, 1995):
            trees.year_file(self.case.data, "pr", year)
        self.exits(self.case.run(env=EPOCH), 0)
        expected = self.contents()
        self.assertEqual(len(expected), 3)
        shutil.rmtree(self.case.out)
        example = os.path.join(self.case.dir, "normals")
        output_of("cc", "-std=c17", "-Wall", "-Wextra", "-Werror",
                  str(ROOT / "examples/normals.c"), "-o", example, *self.flags)
        text = output_of(example, os.path.join(self.case.dir, "climnorm.cfg"), **EPOCH,
                         LD_LIBRARY_PATH=str(self.library.parent))
        self.assertIn("pr: 5 source years, 3 normals to make, 0 there already\n", text)
        self.assertIn("pr: 3 normals written in ", text)
        self.assertEqual(self.contents(), expected)

    def contents(self):
        return {name: pathlib.Path(path).read_bytes()
                for name, path in self.case.files().items() if name.endswith(".nc")}


if __name__ == "__main__":
    main()
