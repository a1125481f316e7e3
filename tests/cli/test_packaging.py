"""packaging/conda and packaging/container name the packages that .ci/install brings, and the version of
CMakeLists.txt. .ci/container makes what they describe."""
import os
import re
import subprocess
import unittest

import yaml

from build import ROOT, main


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def names_of(*options):
    return subprocess.run(["sh", os.path.join(ROOT, ".ci/install"), "--names", *options], check=True,
                          text=True, capture_output=True).stdout.split()


def conda_names():
    """The last column of the table in docs/install.md, which test_install compares with .ci/install."""
    table = read("docs/install.md").partition("<!-- packages -->")[2].partition("<!-- end of packages -->")[0]
    rows = [line.split("|")[3] for line in table.strip().splitlines()[2:]]
    return {name.strip() for row in rows for name in row.split(",")}


class Conda(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.recipe = yaml.safe_load(read("packaging/conda/recipe/recipe.yaml"))

    def test_it_needs_what_the_table_names(self):
        needs = self.recipe["requirements"]
        named = {"c-compiler" if "compiler(" in name else name for name in needs["build"] + needs["host"]
                 if "stdlib(" not in name}
        self.assertEqual(named, conda_names())

    def test_its_version_is_that_of_the_build(self):
        self.assertEqual(self.recipe["context"]["version"],
                         re.search(r"project\(climnorm VERSION (\S+)", read("CMakeLists.txt"))[1])


class Container(unittest.TestCase):
    STEPS = [".ci/install", ".ci/install --deb", "make deb", "mv build/climnorm_*.deb /climnorm.deb"]

    def installs_only_the_package(self, text):
        """All packages but climnorm's own are those that .ci/install and the package ask for."""
        asked = re.findall(r"apt-get install ((?:-\S+ )*)(.*?)(?: &&|$)", text, re.M)
        self.assertEqual([names.strip(" \\") for _, names in asked], ["/climnorm.deb"])
        known = set(names_of()) | set(names_of("--deb"))
        known -= {"make", "file"}  # words of other meanings, too
        self.assertEqual(known & set(re.findall(r"[\w.+-]+", re.sub(r"(?m)^#.*$", "", text))), set())

    def test_the_image_is_built_by_the_package(self):
        text = read("packaging/container/Containerfile")
        self.installs_only_the_package(text)
        self.assertEqual(re.search(r"^RUN (\.ci.*)$", text, re.M)[1].split(" && "), self.STEPS)
        self.assertEqual(len(set(re.findall(r"^FROM (\S+)", text, re.M))), 1)

    def test_apptainer_takes_the_same_steps(self):
        text = read("packaging/container/climnorm.def")
        self.installs_only_the_package(text)
        post = re.search(r"^%post\n(.*?)\n\n", text, re.M | re.S)[1]
        self.assertEqual([line.strip() for line in post.splitlines()], ["cd /src", *self.STEPS])
        self.assertEqual(set(re.findall(r"^From: (.*)$", text, re.M)), {"debian:12-slim"})


if __name__ == "__main__":
    main(ROOT)
