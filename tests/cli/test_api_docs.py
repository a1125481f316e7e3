"""The reference of the headers: Doxygen gives no warning, and every comment of a header is in it, at the
declaration that it is of."""
import html
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from build import ROOT, main

DOXYGEN = shutil.which("doxygen") or "doxygen"


def make(root):
    return subprocess.run([DOXYGEN, "docs/Doxyfile"], cwd=root, capture_output=True, text=True,
                          env={**os.environ, "API_DOCS": os.path.join(root, "out"), "API_VERSION": "1.2.3"})


class ApiDocs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name)
        shutil.copytree(os.path.join(ROOT, "docs"), cls.root / "docs")
        shutil.copytree(os.path.join(ROOT, "include"), cls.root / "include")
        cls.made = make(cls.root)
        pages = sorted((cls.root / "out" / "html").glob("*_8h.html")) + sorted(
            (cls.root / "out" / "html").glob("struct*.html"))
        cls.text = " ".join(cls.words_of(page.read_text("utf-8")) for page in pages)

    @staticmethod
    def words_of(page):
        return re.sub(r"\W+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))

    def test_there_is_no_warning(self):
        self.assertEqual((self.made.returncode, self.made.stderr), (0, ""))

    def test_every_comment_is_in_it(self):
        lost = []
        for header in sorted((self.root / "include/climnorm").glob("*.h")):
            text = re.sub(r"\\\n", "", header.read_text("utf-8"))
            text = re.sub(r"(?ms)^#define.*?$|^static inline.*?^}", "", text)
            for comment in re.findall(r"/\*(.*?)\*/", text, re.S):
                words = self.words_of(re.sub(r"\n *\*", "\n", comment)).strip()
                if words not in self.text:
                    lost.append(f"{header.name}: {words}")
        self.assertEqual(lost, [])

    def test_a_fault_is_a_warning(self):
        header = self.root / "include/climnorm/shard.h"
        text = header.read_text("utf-8")
        self.addCleanup(header.write_text, text, "utf-8")
        header.write_text(text.replace("/* Part", "/* @nonsense Part"), "utf-8")
        self.assertIn("nonsense", make(self.root).stderr)


if __name__ == "__main__":
    main(DOXYGEN)
