"""Patterns of paths: glob_dump says which paths fit, Python's glob on real folders judges."""
import glob
import os
import random
import subprocess
import tempfile
import unittest

from build import driver, main

DUMP = driver("glob_dump")


def ask(lines):
    done = subprocess.run([DUMP], input="\n".join(lines) + "\n", capture_output=True, text=True,
                          check=True, timeout=60)
    return done.stdout.split("\n")[:-1]


def fits(pattern, path):
    return ask([f"{pattern}\t{path}"]) == ["1"]


class Globs(unittest.TestCase):
    def test_it_is_the_glob_of_shells(self):
        dice = random.Random(1)
        names = ["a", "b", "ab", "aab", ".a", "a.nc", "b.nc", "é", "a1", "a-b", "[", "]", "a]", "*"]
        parts = ["*", "**", "?", "a*", "*a", "*.nc", "a?b", "[ab]", "[!a]*", "[a-c]*", "[", "é", "?b",
                 "*a*b*", "[]]", "[^b]", "a", ".*", "a[1-9]", "[é-ü]", "***", "[a-]*"]
        with tempfile.TemporaryDirectory() as root:
            paths = set()
            for _ in range(300):
                path = "/".join(dice.choice(names) for _ in range(dice.randint(1, 4)))
                try:
                    os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                    open(os.path.join(root, path), "a").close()
                    paths.add(path)
                except OSError:  # a file where a folder would be, or the other way round
                    continue
            patterns = ["/".join(dice.choice(parts) for _ in range(dice.randint(1, 4)))
                        for _ in range(400)]
            # Python takes "**" at the end for the folder itself, too, and "[^" is not its negation.
            patterns = [p for p in patterns if not p.endswith("**") and "[^" not in p]
            lines = [f"{pattern}\t{path}" for pattern in patterns for path in sorted(paths)]
            answers = iter(ask(lines))
            for pattern in patterns:
                expected = {p for p in glob.glob(pattern, root_dir=root, recursive=True)
                            if os.path.isfile(os.path.join(root, p))}
                got = {path for path in sorted(paths) if next(answers) == "1"}
                self.assertEqual(got, expected, pattern)

    def test_a_double_star_stands_for_any_folders(self):
        for path in ("x.nc", "a/x.nc", "a/b/c/x.nc"):
            self.assertTrue(fits("**/x.nc", path), path)
            self.assertTrue(fits("**/**/*.nc", path), path)
        for path in ("x.nc4", ".a/x.nc", "a/.b/x.nc", "a/.x.nc"):
            self.assertFalse(fits("**/*.nc", path), path)
        self.assertTrue(fits("a/**/b/*.nc", "a/x/y/b/1.nc"))
        self.assertTrue(fits("a/**/b/*.nc", "a/b/b/1.nc"))
        self.assertFalse(fits("a/**/b/*.nc", "a/x/y/b/c/1.nc"))
        self.assertFalse(fits("*.nc", "a/x.nc"))

    def test_a_set_may_exclude_characters(self):
        for pattern in ("[!a]", "[^a]"):
            self.assertTrue(fits(pattern, "b"))
            self.assertTrue(fits(pattern, "ü"))
            self.assertFalse(fits(pattern, "a"))

    def test_bytes_that_are_not_utf8_are_characters(self):
        done = subprocess.run([DUMP], input=b"?.nc\t\xff.nc\n\xff*\t\xff.nc\n?.nc\t\xff\xfe.nc\n",
                              capture_output=True, check=True, timeout=60)
        self.assertEqual(done.stdout, b"1\n1\n0\n")

    def test_hostile_patterns_end_soon(self):
        pattern = "/".join(["**", "*a" * 300 + "b"] * 8)
        self.assertEqual(ask([f"{pattern}\t{'/'.join(['a' * 200] * 12)}"]), ["0"])

    def test_what_is_no_pattern_of_a_relative_path(self):
        for pattern in ("/data/x.nc", "../x.nc", "a/../b.nc", "./x.nc", "a/./x.nc", "a//b.nc", "a/",
                        "**", "a/**"):
            self.assertNotEqual(ask([pattern]), [""], pattern)
        for pattern in ("x.nc", "**/*.nc", "a/**/b[!/]", "a/..b", "a[.nc", ".hidden/x.nc"):
            self.assertEqual(ask([pattern]), [""], pattern)


if __name__ == "__main__":
    main(DUMP)
