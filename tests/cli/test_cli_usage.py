"""The command line as a user types it, beyond what transcripts show (test_golden.py)."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from build import BIN, BUILD, ROOT, main

CONFIG_PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/config.md")


def climnorm(*arguments):
    """Returns (exit code, stdout, stderr)."""
    done = subprocess.run([BIN, *arguments], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


class Help(unittest.TestCase):
    def test_help_is_a_result_of_80_columns(self):
        code, out, err = climnorm("--help")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out, climnorm()[2])
        self.assertEqual(climnorm("-h"), (0, out, ""))
        self.assertLessEqual(max(map(len, out.splitlines())), 80)
        self.assertEqual(climnorm("help"), (0, out, ""))

    def test_help_wins_over_what_stands_beside_it(self):
        self.assertEqual(climnorm("run", "-q", "nosuch.cfg", "--help")[0], 0)


    def test_help_of_a_command_is_what_its_option_shows(self):
        for command in ("run", "plan", "synth", "help"):
            self.assertEqual(climnorm("help", command), climnorm(command, "--help"))

    def test_help_explains_every_key_in_80_columns(self):
        with open(CONFIG_PAGE, encoding="utf-8") as page:
            keys = re.findall(r"^\| (?:\*\*)?`([\w.]+)`", page.read(), re.M)
        self.assertIn("normals.window", keys)
        known = [key for key in keys if climnorm("help", key)[0] == 0]
        self.assertGreater(len(known), 30)
        for key in known:
            out = climnorm("help", key)[1]
            self.assertIn(key, out.splitlines()[0])
            self.assertNotRegex(out, r"`|\]\(")
            self.assertNotRegex(out, r"(?i)\bsee\b(?!\s+docs/\w+\.md)")
            for line in out.splitlines():
                self.assertTrue(len(line) <= 80 or "_{product}.nc" in line, line)

    def test_the_last_part_of_a_key_is_enough(self):
        self.assertEqual(climnorm("help", "window"), climnorm("help", "normals.window"))
        code, out, err = climnorm("help", "windwo")
        self.assertEqual((code, out), (1, ""))
        self.assertIn('(did you mean "window"?)', err)

    def test_a_group_lists_its_keys(self):
        out = climnorm("help", "output")[1]
        for key in ("root", "pattern", "existing"):
            self.assertRegex(out, rf"(?m)^output\.{key}$")


class Version(unittest.TestCase):
    def test_version_names_libraries_isa_and_threads(self):
        code, out, err = climnorm("--version")
        self.assertEqual(climnorm("-V"), (code, out, err))
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"\Aclimnorm \d+\.\d+\.\d+\n")
        for library in ("netCDF", "HDF5", "libdeflate", "libconfig", "xxHash", "Jansson", "zstd",
                        "OpenMP"):
            self.assertRegex(out, rf"\b{library} \d+\.\d+")
        self.assertRegex(out, r"\bUDUNITS 2\b")
        self.assertRegex(out, r"(?m)^kernels: \w+$")
        self.assertRegex(out, r"(?m)^inflate: (libdeflate|scalar|vector|portable)$")
        threads = int(re.search(r"(?m)^threads: (\d+)$", out).group(1))
        self.assertTrue(1 <= threads <= len(os.sched_getaffinity(0)))

    def test_version_names_the_build_and_the_licence(self):
        out = climnorm("--version")[1]
        build = re.search(r"(?m)^build: (\w+) \d+\.[\d.]+, (\w+)(?:, commit (\w+)(-changed)?)?$", out)
        self.assertTrue(build, out)
        with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
            self.assertIn(f"CMAKE_BUILD_TYPE:STRING={build[2]}\n", file.read())
        if shutil.which("git") and os.path.exists(os.path.join(ROOT, ".git")):
            self.assertEqual(len(build[3]), 12)
        with open(os.path.join(ROOT, "LICENSE"), encoding="utf-8") as file:
            self.assertIn(f"licence: {file.read().split()[0]}\n", out)

    def test_threads_follow_the_affinity(self):
        core = min(os.sched_getaffinity(0))
        done = subprocess.run([BIN, "--version"], capture_output=True, text=True,
                              preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        self.assertIn("\nthreads: 1\n", done.stdout)


class WrongWords(unittest.TestCase):
    def test_control_characters_are_not_shown(self):
        self.assertIn('there is no command "a?[31m"\n', climnorm("a\x1b[31m")[2])


class WrongConfigs(unittest.TestCase):
    def test_after_two_dashes_all_are_files(self):
        self.assertIn("climnorm: --help: cannot be opened", climnorm("run", "--", "--help")[2])

    def test_threads_are_a_key_of_the_config(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "a.cfg")
        with open(path, "w", encoding="utf-8") as file:
            file.write('input = { root = "."; }; output = { root = "out"; };\n')
        for text in ("-1", "4097", "many", "", "3x", "0x3", "1.5"):
            shown = text if text.lstrip("-").isdigit() else f'"{text}"'
            message = f"{text}: expected a whole number from 0 to 4096, not {shown}\n"
            for arguments in (["-t", text], [f"--threads={text}"], ["-t", "3", "--threads", text],
                              ["--set=engine.threads=3", "-qt", text]):
                for command in ("run", "plan"):
                    with self.subTest(arguments=arguments):
                        self.assertEqual(climnorm(command, *arguments, path),
                                         (1, "", f"climnorm: --threads {message}"))
            self.assertEqual(climnorm("plan", "-t3", f"-sengine.threads={text}", path),
                             (1, "", f"climnorm: --set engine.threads={message}"))
        for arguments in (["-t", "many", "-t", "0"], ["-t", "x", "--set", "engine.threads=1"]):
            self.assertNotIn("threads", climnorm("plan", *arguments, path)[2])

    def test_nothing_is_made_when_the_config_is_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.cfg")
            with open(path, "w", encoding="utf-8") as file:
                file.write('input = { root = "."; }; output = { root = "out"; }; x = 1;\n')
            self.assertEqual(climnorm("run", path)[0], 1)
            self.assertEqual(os.listdir(folder), ["a.cfg"])


if __name__ == "__main__":
    main()
