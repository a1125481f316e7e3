"""The command line as a user types it, beyond what transcripts show (test_golden.py)."""

import os
import re
import subprocess
import tempfile
import unittest

from build import BIN, main


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

    def test_help_wins_over_what_stands_beside_it(self):
        self.assertEqual(climnorm("run", "-q", "nosuch.cfg", "--help")[0], 0)


class Version(unittest.TestCase):
    def test_version_names_libraries_isa_and_threads(self):
        code, out, err = climnorm("--version")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"\Aclimnorm \d+\.\d+\.\d+\n")
        for library in ("netCDF", "HDF5", "libdeflate", "libconfig", "xxHash", "Jansson", "zstd",
                        "OpenMP"):
            self.assertRegex(out, rf"\b{library} \d+\.\d+")
        self.assertRegex(out, r"\bUDUNITS 2\b")
        self.assertRegex(out, r"(?m)^kernels: \w+$")
        threads = int(re.search(r"(?m)^threads: (\d+)$", out).group(1))
        self.assertTrue(1 <= threads <= len(os.sched_getaffinity(0)))

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
