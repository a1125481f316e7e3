"""What shells complete of a command line: what `climnorm complete` offers for it, and what bash, zsh
and fish make of that with the scripts of completion/. A shell that is not installed is skipped."""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import tempfile
import unittest

import trees
from build import BIN, ROOT, main

COMPLETION = pathlib.Path(ROOT, "completion")
CONFIG = """input: { root = "tree"; }; output: { root = "out"; };
custom_regions = ( { name = "ALPS"; lon = [4.0, 17.0]; lat = [43.0, 49.0]; } );
"""
BASH = """
source "$1"
COMP_LINE=$2 COMP_POINT=${#2}
_climnorm
printf '%s\\0' "${COMPREPLY[@]}"
"""


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.dir = pathlib.Path(folder.name)
        (cls.dir / "tree").mkdir()
        for variable in "pr", "tas":
            trees.year_file(str(cls.dir / "tree"), variable, 1990)
        (cls.dir / "my.cfg").write_text(CONFIG)
        (cls.dir / "notes.txt").write_text("")
        (cls.dir / "data.nc").write_text("")
        cls.env = {**os.environ, "HOME": str(cls.dir),
                   "PATH": f"{os.path.dirname(BIN)}:{os.environ['PATH']}"}

    def run_program(self, *command):
        done = subprocess.run(command, cwd=self.dir, env=self.env, capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def offered(self, *words):
        lines = self.run_program(BIN, "complete", *words).splitlines()
        return [line.split("\t")[0] for line in lines]

    def test_commands_are_those_of_the_help(self):
        listed = re.findall(r"^  ([a-z]+) .*\.$", self.run_program(BIN, "--help"), re.M)
        self.assertIn("run", listed)
        self.assertLessEqual(set(listed), set(self.offered("")))
        self.assertEqual(self.offered("ru"), ["run"])

    def test_options_are_those_of_the_command(self):
        for command in "run", "plan", "synth", "verify":
            listed = re.findall(r"^  (?:-\w,|   ) (--[\w-]+)",
                                self.run_program(BIN, command, "--help"), re.M)
            self.assertGreater(len(listed), 2)
            self.assertEqual(self.offered(command, "--"), listed)

    def test_values_are_those_of_the_option(self):
        modes = ["auto", "tty", "plain", "json", "none"]
        self.assertEqual(self.offered("run", "-p", ""), modes)
        self.assertEqual(self.offered("run", "my.cfg", "--progress", ""), modes)
        self.assertEqual(self.offered("run", "--progress=t"), ["--progress=tty"])
        self.assertIn("360_day", self.offered("synth", "demo", "--calendar", ""))

    def test_options_may_be_short_as_for_the_command(self):
        self.assertEqual(self.offered("run", "--thread", "2", "my"), [":cfg"])
        self.assertEqual(self.offered("run", "--prog", "t"), ["tty"])
        self.assertEqual(self.offered("run", "--prog=t"), ["--prog=tty"])
        self.assertEqual(self.offered("run", "-qp", "t"), ["tty"])
        self.assertEqual(self.offered("run", "-qpt"), ["-qptty"])
        self.assertEqual(self.offered("run", "-t2", "my"), [":cfg"])
        self.assertEqual(self.offered("run", "--", "-"), [":cfg"])
        self.assertEqual(self.offered("run", "--s", ""), [":cfg"])  # several begin so

    def test_keys_are_those_of_the_config(self):
        document = pathlib.Path(ROOT, "docs/config.md").read_text("utf-8")
        table = document.partition("<!-- keys -->")[2].partition("<!-- end of keys -->")[0]
        listed = re.findall(r"^\| `([\w.]+)` \|", table, re.M)
        settable = {f"{key}." if key in ("output.units", "input.select") else f"{key}=" for key in listed
                    if not key.startswith(("input.datasets", "custom_regions", "normals.periods",
                                           "products"))}
        self.assertGreater(len(settable), 15)
        self.assertEqual(set(self.offered("run", "my.cfg", "--set", "")), settable)
        self.assertEqual(self.offered("run", "-s", "normals.wi"), ["normals.window="])

    def test_values_are_those_of_the_key(self):
        def of(text):
            return [word.removeprefix(text) for word in self.offered("run", "my.cfg", "-s", text)]

        self.assertEqual(of("output.existing="), ["skip", "overwrite", "fail"])
        self.assertEqual(of("output.counts="), ["true", "false"])
        self.assertEqual(of("regions="), ["CONUS", "AK", "HI", "PRVI", "GU", "GLOBAL", "ALPS"])
        self.assertEqual(of("regions=AK,"), ["CONUS", "HI", "PRVI", "GU", "GLOBAL", "ALPS"])

    def test_keys_of_products_and_their_values_are_offered(self):
        self.assertEqual(self.offered("normals", "tree", "--product", "t"), ["time=", "threshold="])
        self.assertEqual(self.offered("normals", "tree", "--product", "name=a,o"), ["name=a,over="])
        self.assertEqual(self.offered("normals", "tree", "--product", "name=a,within=count_g"),
                         ["name=a,within=count_gt", "name=a,within=count_ge"])
        self.assertEqual(self.offered("normals", "tree", "--product", "variables="),
                         ["variables=pr", "variables=tas"])

    def test_names_are_those_of_the_tree(self):
        for words in (["run", "my.cfg", "-s"], ["plan", "-s", "input.root=tree", "my.cfg", "--set"]):
            self.assertEqual(self.offered(*words, "variables="), ["variables=pr", "variables=tas"])
            self.assertEqual(self.offered(*words, "variables=pr,"), ["variables=pr,tas"])
            self.assertEqual(len(self.offered(*words, "input.model=")), 1)
        self.assertEqual(self.offered("run", "my.cfg", "-s", "input.root=nothing", "-s",
                                      "variables="), [])

    def test_names_are_those_of_a_folder_on_the_line(self):
        self.assertEqual(self.offered("normals", "tree", "--variable", ""), ["pr", "tas"])
        self.assertEqual(len(self.offered("normals", "tree", "--model", "")), 1)
        self.assertEqual(self.offered("normals", "tree", "--set", "output.units.t"),
                         ["output.units.tas"])
        self.assertEqual(self.offered("normals", "tree", "--region", "CO"), ["CONUS"])

    def test_names_that_could_mean_something_to_a_shell_are_not_offered(self):
        bad = self.dir / "tree" / "$(touch x)_day_M_historical_r1_gn_1990.nc"
        bad.write_text("")
        self.addCleanup(bad.unlink)
        self.assertEqual(self.offered("run", "my.cfg", "-s", "variables="),
                         ["variables=pr", "variables=tas"])

    def test_files_are_those_that_the_command_takes(self):
        self.assertEqual(self.offered("run", ""), [":cfg"])
        self.assertEqual(self.offered("run", "my.cfg", ""), [])
        self.assertEqual(self.offered("inspect", "data.nc", ""), [":nc"])
        self.assertEqual(self.offered("synth", ""), [":folders"])
        self.assertEqual(self.offered("run", "my.cfg", "--summary", ""), [":files"])
        self.assertEqual(self.offered("run", "my.cfg", "-s", "output.root="), [":folders"])

    def test_nonsense_offers_nothing_and_says_nothing(self):
        for words in ([], ["nonsense", ""], ["run", "--nonsense", "x", "--set"], ["run", "=", "="],
                      ["run", "/", "-s", "variables="], ["run", "data.nc", "-s", "regions=X"]):
            self.assertEqual([word for word in self.offered(*words) if word != "--set"], [])

    def bash(self, line):
        script = str(COMPLETION / "climnorm.bash")
        return self.run_program("bash", "--norc", "-c", BASH, "bash", script, line).split("\0")[:-1]

    def test_bash_completes(self):
        self.assertEqual(self.bash("climnorm ru"), ["run"])
        self.assertEqual(self.bash("climnorm run "), ["my.cfg", "tree"])
        self.assertEqual(self.bash("climnorm run ~/my"), [f"{self.dir}/my.cfg"])
        self.assertEqual(self.bash("climnorm inspect d"), ["data.nc"])
        self.assertEqual(self.bash("climnorm run my.cfg --set normals.wi"), ["normals.window="])
        # What follows the last = replaces what bash takes for the word.
        self.assertEqual(self.bash("climnorm run my.cfg -s variables=p"), ["pr"])
        self.assertEqual(self.bash("climnorm run my.cfg -s variables=pr,"), ["pr,tas"])
        self.assertEqual(self.bash("climnorm run my.cfg --set=output.root=t"), ["tree"])

    def test_bash_completes_words_in_quotes(self):
        folder = self.dir / "two words"
        folder.mkdir()
        self.addCleanup(shutil.rmtree, folder)
        for name in "a=b.cfg", "it's.cfg", "line\nbreak.cfg":
            (folder / name).write_text("")
        names = [f"two words/{name}" for name in ("a=b.cfg", "it's.cfg", "line\nbreak.cfg")]
        for start in r"two\ words/", '"two words/', "'two words/", "two' 'words/", '"two words"/':
            self.assertEqual(self.bash(f"climnorm run {start}"), names, start)
        self.assertEqual(self.bash(r"climnorm run two\ words/a=b"), ["b.cfg"])
        self.assertEqual(self.bash("climnorm run 'two words/a=b"), names[:1])
        self.assertEqual(self.bash("climnorm run my.cfg -s 'output.root=two w"),
                         ["output.root=two words"])
        self.assertEqual(self.bash("climnorm run my.cfg -s output.root='two w"), ["two words"])
        self.assertEqual(self.bash("climnorm 'run' \"my.cfg\" -s 'normals.wi"), ["normals.window="])

    def fish(self, line):
        script = (f"source '{COMPLETION}/climnorm.fish'; complete -C'{line}'")
        lines = self.run_program("fish", "--no-config", "-c", script).splitlines()
        return [line.split("\t")[0] for line in lines]

    def test_fish_completes(self):
        if not shutil.which("fish"):
            self.skipTest("fish is not installed")
        self.assertEqual(self.fish("climnorm ru"), ["run"])
        self.assertIn("my.cfg", self.fish("climnorm run "))
        self.assertNotIn("notes.txt", self.fish("climnorm run "))
        self.assertEqual(self.fish("climnorm run my.cfg --set normals.wi"), ["normals.window="])
        self.assertEqual(self.fish("climnorm run my.cfg -s variables=p"), ["variables=pr"])

    def expect(self, shell, start, line, expected):
        """An interactive shell shows `expected` after the line and a tab."""
        leader, follower = pty.openpty()
        with subprocess.Popen(shell, cwd=self.dir, stdin=follower, stdout=follower,
                              stderr=follower, start_new_session=True,
                              env={**self.env, "TERM": "dumb", "PS1": "> "}) as process:
            os.close(follower)
            said = b""

            def wait_for(mark):
                nonlocal said
                while mark.encode() not in said.replace(b"\a", b""):
                    if not select.select([leader], [], [], 30)[0]:
                        self.fail(f"{line!r}: it says {said!r}, not {mark!r}")
                    said += os.read(leader, 4096)

            try:
                os.write(leader, f"{start.format(COMPLETION)}; echo 'rea''dy'\n".encode())
                wait_for("ready")
                said = b""
                os.write(leader, f"{line}\t".encode())
                wait_for(expected)
            finally:
                process.kill()
                os.close(leader)

    def test_bash_shows_what_it_completes(self):
        (self.dir / "two words").mkdir()
        self.addCleanup((self.dir / "two words").rmdir)
        for line, expected in (("run m", "y.cfg "), ("run 'two", " words'/"),
                               ("run two\\ w", "ords/"), ("run my.cfg -s 'output.root=tw", "o words"),
                               ("run my.cfg -s output.root=tw", r"o\ words/")):
            self.expect(["bash", "--norc", "--noprofile", "-i"], "source {}/climnorm.bash",
                        f"climnorm {line}", f"climnorm {line}{expected}")

    def test_zsh_completes(self):
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed")

        def expect(line, expected, start="source '{}/_climnorm'"):
            start = f"bindkey -e; autoload -Uz compinit; compinit -D -u; {start}"
            self.expect(["zsh", "-f", "-i"], start, line, expected)

        expect("climnorm ru", "climnorm run ")
        expect("climnorm ru", "climnorm run ",  # as it is installed
               "fpath=('{}' $fpath); compinit -D -u")
        expect("climnorm run m", "climnorm run my.cfg ")
        expect("climnorm run my.cfg --set normals.wi", "normals.window=")
        expect("climnorm run my.cfg -s variables=p", "variables=pr ")
        expect("climnorm run my.cfg -s output.root=t", "output.root=tree/")


if __name__ == "__main__":
    main(is_whole=True)
