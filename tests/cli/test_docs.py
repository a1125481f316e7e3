"""The documents: every code block of README.md and docs/ is run, here or by the test that a table
names, or the table says why not; every page stands in the navigation of the site.

What is not in the table runs here, the blocks of a page one after another in one folder: `sh` and
`python` as they stand, of `console` the commands, of `libconfig` whole configs with `climnorm run`, and
parts of configs, completed, with `climnorm plan`. `text` is what programs print, and pictures."""
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from build import BIN, ROOT, main

PAGES = ["README.md", *sorted(f"docs/{path.name}" for path in pathlib.Path(ROOT, "docs").glob("*.md"))]
LANGUAGES = {"sh", "console", "python", "c", "r", "cmake", "libconfig", "text"}
BUCKET = "https://nex-gddp-cmip6.s3.us-west-2.amazonaws.com"

# Page, what the lines above and in a block match, the test that runs it, words that must stand there.
ELSEWHERE = [
    ("README.md", r"", "cli/test_readme.py", "test_every_command_does_what_it_says"),
    ("docs/use.md", r"<!-- command: \S+ -->", "peer/test_tools.py", "test_every_command_of_the_page_is_run"),
    ("docs/products.md", r"<!-- config: \S+ -->", "peer/test_products.py", "set(recipes())"),
    ("docs/inputs.md", r"\n### (?s:.*)```libconfig", "peer/test_inputs.py", "RECIPES"),
    ("docs/grids.md", r"", "peer/test_grids.py", "test_the_recipe_of_the_docs"),
    ("docs/install.md", r"cc examples/normals.c -o normals", "cli/test_install.py",
     "test_pkg_config_links_the_example"),
    ("docs/api.md", r"cc examples/normals.c -o normals", "cli/test_install.py",
     "test_pkg_config_links_the_example"),
    ("docs/install.md", r"find_package\(climnorm 0.1 REQUIRED\)", "cli/test_install.py",
     "test_the_cmake_package_links_the_example"),
    ("docs/python.md", r"^```python$", "python/test_documents.py", "test_the_page"),
    ("docs/science.md", r"climnorm-bench peers --install", "peer/test_science.py", "xclim"),
]

# Page, what a block matches, why no test runs it.
NOT_RUN = [
    ("docs/install.md", r"sudo (make|apt) install",
     "installs into the system; .ci/packages does it on a new one"),
    ("docs/install.md", r"^(podman|apptainer) run", ".ci/container does it, without a registry"),
    ("docs/install.md", r"^rattler-build", "needs conda-forge; .ci/container runs the build script"),
    ("docs/python.md", r"^\.ci/wheel", "builds and installs from PyPI; .ci/wheel tests what it has made"),
    ("docs/extending.md", r"cmake -S \. -B build", "builds the program; .ci/run does it"),
    ("docs/extending.md", r"^```(c|python)$", "parts of a change of the program, which was tried as a whole"),
    ("docs/extending.md", r"climnorm regions --title", "a command of an example that is not in the program"),
    ("docs/engine.md", r"test_busy 56 151", "takes minutes; test_busy runs it with a smaller graph"),
    ("docs/pictures.md", r"^climnorm (map|series)", "needs results of many years; "
     "test_pictures draws others"),
    ("docs/performance.md", r"make bench|climnorm-bench peers", "measures for a quarter of an hour; "
     "test_bench runs the program on a small tree"),
    ("docs/scaling.md", r"^parallel --sshlogin", "GNU parallel is not among what tests need"),
    ("docs/scaling.md", r"slurm\.sh", ".ci/slurm runs the script under a Slurm"),
]


def read(name):
    return pathlib.Path(ROOT, name).read_text("utf-8")


class Block:
    def __init__(self, page, above, fence, text):
        self.page, self.above, self.text = page, above, text
        self.language = fence
        self.name = f"{page}: {text.strip().splitlines()[0]}"

    def matches(self, page, pattern, with_above):
        text = f"```{self.language}\n{self.text}"
        return page == self.page and re.search(pattern, self.above + text if with_above else text, re.M)

    @functools.cached_property
    def elsewhere(self):
        return [row for row in ELSEWHERE if self.matches(*row[:2], True)]

    @functools.cached_property
    def not_run(self):
        return [row for row in NOT_RUN if self.matches(*row[:2], False)]


@functools.cache
def blocks():
    """Of all pages, in order. above: what stands between the block and the one before."""
    found = []
    for page in PAGES:
        end, text = 0, read(page)
        for match in re.finditer(r"^( *)```(\w*)\n(.*?)^\1```$", text, re.S | re.M):
            body = re.sub(rf"^{match[1]}", "", match[3], flags=re.M)
            found.append(Block(page, text[end:match.start()], match[2], body))
            end = match.end()
        assert not re.search(r"^ *```", text[end:], re.M), f"{page}: a block has no end"
    return found


class Table(unittest.TestCase):
    def test_every_block_has_a_language(self):
        for block in blocks():
            self.assertIn(block.language, LANGUAGES, block.name)

    def test_text_is_no_way_around(self):
        for block in blocks():
            if block.language == "text":
                self.assertNotRegex(block.text, r"(?m)^(\$ |climnorm [a-z]+ [^·]*$)", block.name)

    def test_every_block_is_run_once(self):
        for block in blocks():
            if block.language == "text":
                continue
            rows = block.elsewhere + block.not_run
            self.assertLessEqual(len(rows), 1, f"{block.name}: {rows}")
            self.assertTrue(rows or block.language in Run.HOW,
                            f"{block.name}: run it in a test, and name that in a row of ELSEWHERE")

    def test_every_row_is_of_a_block(self):
        for number, row in enumerate(ELSEWHERE + NOT_RUN):
            self.assertTrue(any(row in block.elsewhere + block.not_run for block in blocks()), row)
            if number < len(ELSEWHERE):
                self.assertIn(row[3], read(f"tests/{row[2]}"), row)


AWS = """
import fnmatch, pathlib, shutil, sys
words = sys.argv[1:]
assert words[:7] == ["s3", "sync", "--no-sign-request", "--exclude", "*", "--include", words[6]], words
source, target = (pathlib.Path(w.replace("s3://nex-gddp-cmip6", "%s")) for w in words[7:])
for path in source.rglob("*.nc"):
    if fnmatch.fnmatch(str(path.relative_to(source)), words[6]):
        to = target / path.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to)
"""


class Run(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="climnorm-docs-"))
        cls.addClassCleanup(shutil.rmtree, cls.root)
        cls.bucket = cls.root / "bucket"
        tools = cls.root / "tools"
        tools.mkdir()
        for name, text in (("ssh", '#!/bin/sh\nshift\nexec sh -c "$*"\n'),
                           ("aws", f"#!{sys.executable}\n" + AWS % cls.bucket)):
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        path = [str(tools), os.path.dirname(BIN), os.environ["PATH"]]
        cls.env = {**os.environ, "PATH": os.pathsep.join(path)}
        cls.synth("bucket/NEX-GDDP-CMIP6", "ACCESS-CM2", "1961-2020", "22x36", "ssp245")
        cls.synth("models", "CanESM5", "1985-2017", "6x9", "ssp245,ssp585")
        for path in cls.bucket.rglob("*.nc"):
            path.rename(path.with_name(f"{path.stem}_v2.0.nc"))
        cls.copy(cls.bucket / "NEX-GDDP-CMIP6", "ACCESS-CM2")
        cls.copy(cls.root / "models", "CanESM5")
        cls.data = cls.bucket / "NEX-GDDP-CMIP6/ACCESS-CM2"
        cls.sh("find * -name '*.nc' | sort | xargs md5sum > index_v2.0_md5.txt", cls.bucket)

    @classmethod
    def synth(cls, folder, model, years, grid, scenarios):
        subprocess.run([BIN, "synth", cls.root / folder, "--years", years, "--grid", grid, "--model", model,
                        "--scenario", scenarios, "--variables", "tas"], check=True, capture_output=True)

    @classmethod
    def copy(cls, folder, model):
        """Names the files of a model as those of another one, too."""
        for path in list((folder / model).rglob("*.nc")):
            to = pathlib.Path(str(path).replace(model, "MIROC6"))
            to.parent.mkdir(parents=True, exist_ok=True)
            to.hardlink_to(path)

    @classmethod
    def sh(cls, text, folder, codes=(0,)):
        done = subprocess.run(["sh", "-euc", text.replace(BUCKET, f"file://{cls.bucket}")], cwd=folder,
                              env=cls.env, text=True, capture_output=True, timeout=300)
        assert done.returncode in codes, f"{text}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def folder_of(self, page):
        """A folder with what the pages speak of: data, output, my.cfg, nex.cfg, index_md5.txt."""
        folder = self.root / os.path.basename(page)
        folder.mkdir()
        (folder / "data").symlink_to(self.data)
        (folder / "index_md5.txt").symlink_to(self.bucket / "index_v2.0_md5.txt")
        if page != "docs/nex-gddp-cmip6.md":
            (folder / "NEX-GDDP-CMIP6").symlink_to(self.root / "models")
        for name, group in (("my", 'root = "data";'), ("nex", 'root = "NEX-GDDP-CMIP6"; model = "CanESM5";')):
            (folder / f"{name}.cfg").write_text(f'input: {{ {group} }}; regions = [ "CONUS" ];\n'
                                                'output: { root = "normals"; };\n')
        if page == "docs/output.md":
            self.sh("climnorm run my.cfg -q -s output.root=output", folder)
        return folder

    def run_sh(self, block, folder):
        self.sh(block.text, folder)

    def run_python(self, block, folder):
        self.sh(f'"{sys.executable}" - <<"END"\n{block.text}\nEND\n', folder)

    def run_console(self, block, folder):
        for line in re.findall(r"^\$ (.*)$", block.text, re.M):
            self.sh(line, folder, (0, 2))

    def run_libconfig(self, block, folder):
        text = block.text.replace('"NEX-GDDP-CMIP6"', f'"{self.bucket}/NEX-GDDP-CMIP6"' if
                                  block.page == "docs/nex-gddp-cmip6.md" else '"NEX-GDDP-CMIP6"')
        whole = all(re.search(rf"^{group}:", text, re.M) for group in ("input", "output"))
        for group, folder_name in ("input", "data"), ("output", "normals"):
            if not re.search(rf"^{group}:", text, re.M):
                text += f'{group}: {{ root = "{folder_name}"; }};\n'
        (folder / "block.cfg").write_text(text)
        self.sh("climnorm run block.cfg -q" if whole else "climnorm plan block.cfg", folder,
                (0,) if whole else (0, 2))

    HOW = {"sh": run_sh, "python": run_python, "console": run_console, "libconfig": run_libconfig}

    def test_every_block_runs(self):
        here = [b for b in blocks() if b.language in self.HOW and not b.elsewhere and not b.not_run]
        self.assertGreater(len(here), 15)
        for page in PAGES:
            of_page = [block for block in here if block.page == page]
            folder = self.folder_of(page) if of_page else None
            for block in of_page:
                with self.subTest(block.name):
                    self.HOW[block.language](self, block, folder)


class Site(unittest.TestCase):
    def test_the_navigation_lists_every_page(self):
        listed = re.findall(r"^(docs/[\w./-]+)$", read("docs/site/navigation.md"), re.M)
        self.assertEqual(sorted(f"{name}.md" for name in listed if "decisions" not in name), PAGES[1:],
                         "list each page in docs/site/navigation.md")

    def test_every_link_leads_to_a_file_and_a_heading(self):
        for page in PAGES:
            for name, place in re.findall(r"\]\(([^)#:\s]*)(?:#([\w-]+))?\)", read(page)):
                target = os.path.normpath(os.path.join(os.path.dirname(page), name)) if name else page
                self.assertTrue(os.path.exists(os.path.join(ROOT, target)), f"{page}: {name}")
                if place:
                    headings = [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
                                for heading in re.findall(r"^#+ (.*)$", read(target), re.M)]
                    self.assertIn(place, headings, f"{page}: {name}")


if __name__ == "__main__":
    main()
