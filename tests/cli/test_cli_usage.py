"""The command line as a user types it: help, version, and what a wrong word leads to."""

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
    def test_alone_it_says_what_it_takes(self):
        code, out, err = climnorm()
        self.assertEqual((code, out), (1, ""))
        for word in ("usage: climnorm COMMAND", "run", "plan", "inspect", "synth", "--help"):
            self.assertIn(word, err)

    def test_help_is_a_result(self):
        code, out, err = climnorm("--help")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out, climnorm()[2])
        self.assertEqual(climnorm("-h"), (0, out, ""))
        self.assertLessEqual(max(map(len, out.splitlines())), 80)

    def test_every_command_has_help(self):
        for command in ("run", "plan", "inspect", "synth"):
            with self.subTest(command=command):
                code, out, err = climnorm(command, "--help")
                self.assertEqual((code, err), (0, ""))
                self.assertIn(f"climnorm {command}", out)
                self.assertLessEqual(max(map(len, out.splitlines())), 80)

    def test_help_of_run_and_plan_lists_all_options(self):
        options = ("-t, --threads N", "-s, --set KEY=VALUE", "-p, --progress MODE",
                   "--summary FILE", "-q, --quiet", "-v, --verbose", "-h, --help")
        for command in ("run", "plan"):
            out = climnorm(command, "--help")[1]
            self.assertIn(f"usage: climnorm {command} [OPTION]... CONFIG", out)
            for option in options:
                self.assertIn(option, out)
            self.assertEqual("--wait" in out, command == "run")

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
    CASES = [
        (["rnu"], 'climnorm: there is no command "rnu" (did you mean "run"?)\n'
                  'Try "climnorm --help".\n'),
        (["frobnicate"], 'climnorm: there is no command "frobnicate"\nTry "climnorm --help".\n'),
        (["--versoin"], 'climnorm: there is no option "--versoin" (did you mean "--version"?)\n'
                        'Try "climnorm --help".\n'),
        ([""], 'climnorm: there is no command ""\nTry "climnorm --help".\n'),
        (["a\x1b[31m"], 'climnorm: there is no command "a?[31m"\nTry "climnorm --help".\n'),
        (["run"], 'climnorm run: name a config file: climnorm run CONFIG\n'
                  'Try "climnorm run --help".\n'),
        (["plan"], 'climnorm plan: name a config file: climnorm plan CONFIG\n'
                   'Try "climnorm plan --help".\n'),
        (["run", "a", "b"], 'climnorm run: expected one CONFIG, not "a" and "b"\n'
                            'Try "climnorm run --help".\n'),
        (["run", "--thread", "3", "a"],
         'climnorm run: there is no option --thread (did you mean "--threads"?)\n'
         'Try "climnorm run --help".\n'),
        (["plan", "--zzz", "a"], 'climnorm plan: there is no option --zzz\n'
                                 'Try "climnorm plan --help".\n'),
        (["run", "-x", "a"], 'climnorm run: there is no option -x\n'
                             'Try "climnorm run --help".\n'),
        (["run", "a", "-t"], 'climnorm run: --threads needs a value: --threads N\n'
                             'Try "climnorm run --help".\n'),
        (["run", "a", "--set"], 'climnorm run: --set needs a value: --set KEY=VALUE\n'
                                'Try "climnorm run --help".\n'),
        (["run", "a", "--wait=3"], 'climnorm run: --wait takes no value\n'
                                   'Try "climnorm run --help".\n'),
        (["plan", "a", "--wait"], 'climnorm plan: there is no option --wait\n'
                                  'Try "climnorm plan --help".\n'),
        (["run", "a", "--quiet=yes"], 'climnorm run: --quiet takes no value\n'
                                      'Try "climnorm run --help".\n'),
        (["run", "a", "--summary="], 'climnorm run: --summary: expected the path of a file to '
                                     'write, not ""\nTry "climnorm run --help".\n'),
        (["inspect"], 'climnorm inspect: name a netCDF file: climnorm inspect FILE...\n'
                      'Try "climnorm inspect --help".\n'),
        (["synth", "a", "b"], 'climnorm synth: expected one DIR, not "a" and "b"\n'
                              'Try "climnorm synth --help".\n'),
        (["run", "-p", "fancy", "a"],
         'climnorm run: --progress: expected auto, tty, plain, json or none, not "fancy"\n'
         'Try "climnorm run --help".\n'),
    ]

    def test_each_says_what_is_wrong_and_what_to_type(self):
        for arguments, message in self.CASES:
            with self.subTest(arguments=arguments):
                self.assertEqual(climnorm(*arguments), (1, "", message))


class WrongConfigs(unittest.TestCase):
    def config(self, text):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "a.cfg")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_a_missing_config(self):
        for command in ("run", "plan"):
            self.assertEqual(climnorm(command, "nosuch.cfg"),
                             (1, "", "climnorm: nosuch.cfg: cannot be opened: "
                                     "No such file or directory\n"))

    def test_after_two_dashes_all_are_files(self):
        self.assertIn("climnorm: --help: cannot be opened", climnorm("run", "--", "--help")[2])

    def test_errors_of_file_and_set_come_together(self):
        path = self.config('input = { root = "in"; };\nengine = { thread = 3; };\n')
        for command in ("run", "plan"):
            code, out, err = climnorm(command, "-qs", "output.counts=2", path, "--set=x=1")
            self.assertEqual((code, out), (1, ""))
            self.assertEqual(err.splitlines(), [
                'climnorm: --set output.counts=2: expected true or false, not "2"',
                "climnorm: --set x=1: is not a key; docs/config.md lists all keys",
                f'climnorm: {path}:2: engine.thread: is not a key (did you mean '
                '"engine.threads"?)',
                f"climnorm: {path}: output.root: is missing: every config needs it (a path)"])

    def test_threads_are_a_key_of_the_config(self):
        path = self.config('input = { root = "."; }; output = { root = "out"; };\n')
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
        path = self.config('input = { root = "."; }; output = { root = "out"; }; x = 1;\n')
        self.assertEqual(climnorm("run", path)[0], 1)
        self.assertEqual(os.listdir(os.path.dirname(path)), ["a.cfg"])


if __name__ == "__main__":
    main()
