"""The manual pages: one for each command, with every option; one for the config, with every key; and
mandoc finds nothing wrong with any."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from build import BIN, BUILD, ROOT, main

MAN = pathlib.Path(BUILD, "man")


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout


def words(text):
    return " ".join(text.split())


def page(name):
    """What a reader sees; mandoc writes each bold letter twice."""
    section = "man5" if name.endswith(".5") else "man1"
    return re.sub(".\b", "", output_of("mandoc", "-T", "utf8", str(MAN / section / name)))


class Manual(unittest.TestCase):
    def setUp(self):
        if not shutil.which("mandoc"):
            self.skipTest("mandoc is not installed")

    def test_each_command_has_a_page_with_all_that_its_help_says(self):
        commands = [word.split("\t")[0] for word in output_of(BIN, "complete", "").splitlines()]
        commands = [word for word in commands if not word.startswith("-")]
        self.assertIn("run", commands)
        overview = words(page("climnorm.1"))
        for command in commands:
            text = words(page(f"climnorm-{command}.1"))
            shown = output_of(BIN, command, "--help")
            self.assertIn(f"climnorm-{command}(1)", overview)
            options = re.findall(r"^  (-\w, --[\w-]+(?: [A-Z=]+)?|    --[\w-]+)", shown, re.M)
            self.assertGreater(len(options), 0)
            for option in options:
                self.assertIn(option.strip(), text)
            for default in re.findall(r"\(default: (.*?)\)", words(shown)):
                self.assertIn(f"Default: {default}.", text)
            examples = re.findall(r"^  (climnorm .*)$", shown, re.M)
            for example in examples:
                self.assertIn(words(example), text)

    def test_the_page_of_the_config_has_all_keys(self):
        document = pathlib.Path(ROOT, "docs/config.md").read_text("utf-8")
        table = document.partition("<!-- keys -->")[2].partition("<!-- end of keys -->")[0]
        keys = re.findall(r"^\| `([\w.]+)` \| (.*?)(?:; at most \d+ \w+)? \| (.*?) \|", table, re.M)
        self.assertGreater(len(keys), 20)
        text = page("climnorm.cfg.5")
        for key, value, default in keys:
            default = {"-": "", "required": "Default: none; the key is required."}.get(
                default, f"Default: {default.strip('`')}.")
            label = re.search(rf"^ {{7}}{re.escape(key)}( |$)", text, re.M)
            self.assertTrue(label, key)
            entry = words(text[label.end():label.end() + 1500])
            self.assertIn(f"Value: {value}.", entry)
            self.assertIn(default.replace(" ", ""), entry.replace(" ", ""))

    def test_checkers_find_nothing_wrong(self):
        pages = sorted(map(str, MAN.glob("man*/*")))
        self.assertGreater(len(pages), 5)
        for path in pages:
            done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", path],
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
            if shutil.which("groff"):
                done = subprocess.run(["groff", "-man", "-ww", "-z", "-rLL=80n", "-Tutf8", path],
                                      capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    main(is_whole=True)
