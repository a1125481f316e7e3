"""`climnorm report`: the page is whole, its numbers are those that xarray finds, nothing in it asks for
anything elsewhere, texts of files are texts, and it works at each width, in light and dark.
"""
import base64
import hashlib
import html.parser
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import matplotlib.image
import numpy as np
import xarray

import browser
import climnorm_case
import trees
from climnorm_case import BIN
from scale_colours import TEMPERATURE, WARMING, colours

BEYOND = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
HOSTILE = "<script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>\"'&"
VOID = {"meta", "link", "br", "img", "input", "hr", "rect", "image", "use", "circle", "stop", "path"}
MINUS = "\u2212"
PER_DAY = {"tas": 1, "pr": 86400}  # a flux of rain is shown in mm/day


class Page(html.parser.HTMLParser):
    """Elements with their attributes; fails where one is not closed in its turn."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        assert len(attrs) == len(dict(attrs)), (tag, attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.open)

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))


def number(text):
    """A number of the page."""
    match = re.fullmatch(rf"([+{MINUS}]?)([\d.]+)(?:\s*×\s*10(\S+))?", text.strip())
    assert match, text
    digits = "⁰¹²³⁴⁵⁶⁷⁸⁹"
    power = match[3] or "⁰"
    size = int("".join(str(digits.index(d)) for d in power.lstrip("⁻")))
    return ((-1 if match[1] == MINUS else 1) * float(match[2]) *
            10.0 ** (-size if power.startswith("⁻") else size))


def region_means(path, variable):
    """The mean of the region of each slot."""
    with xarray.open_dataset(path, decode_times=False) as data:
        values = data[variable].astype(np.float64)
        weighted = values.weighted(np.cos(np.deg2rad(data.lat)))
        return weighted.mean(("lat", "lon")).values, values.mean(values.dims[0])


def image(text):
    """Red, green, blue and alpha of a PNG of the page, 0 to 1."""
    return matplotlib.image.imread(io.BytesIO(base64.b64decode(text)), format="png")


class Report(climnorm_case.TestCase):
    @classmethod
    def setUpClass(cls):
        """Two variables, three products, a region and the globe; one file is damaged, one source year
        is missing, and the source's texts are hostile."""
        cls.case = climnorm_case.Case(
            variables=["tas", "pr"], normals={"window": 3, "min_years": 2},
            custom_regions=[{"name": "BOX", "title": "A <b>box</b>", "lon": [0.0, 180.0],
                             "lat": [0.0, 90.0]}],
            products=[{"name": "normal"},
                      {"name": "monthly", "time": "month", "variables": ["tas"]},
                      {"name": "wet", "time": "year", "within": "count_gt", "variables": ["pr"],
                       "threshold": "1 mm d-1"}])
        cls.addClassCleanup(cls.case.close)
        for year in range(2000, 2009):
            for variable, kind in (("tas", "temp"), ("pr", "pr")):
                if (variable, year) != ("pr", 2004):
                    trees.year_file(cls.case.data, variable, year, kind=kind,
                                    units={"tas": "K", "pr": "kg m-2 s-1"}[variable],
                                    globals_={"institution": HOSTILE, "title": HOSTILE,
                                              "references": "a\u202eb"})
        cls.case.config["output"]["pattern"] = (
            "{region}/{variable}/{variable}_{region}_{period}_{year}_{product}.nc")
        cls.case.periods(2002, 2008)
        cls.ran = cls.case.run("-q")
        assert cls.ran.code in (0, 2), cls.ran.err
        cls.damaged = os.path.join(cls.case.out, "BOX/tas/tas_BOX_p_2005_normal.nc")
        with open(cls.damaged, "r+b") as file:
            file.seek(60)
            file.write(b"\xff" * 40)
        cls.path = os.path.join(cls.case.dir, "report.html")
        cls.done = cls.report(cls.case.out, "-o", cls.path, "--summary", cls.case.summary)
        with open(cls.path, encoding="utf-8") as file:
            cls.html = file.read()
        cls.page = Page(cls.html)

    @staticmethod
    def report(*words):
        done = subprocess.run([BIN, "report", *words], capture_output=True, text=True, timeout=120)
        assert done.returncode >= 0, done.stderr
        return done

    def of_file(self, region, variable, year, product="normal", name=None):
        path = os.path.join(self.case.out, region, variable,
                            f"{variable}_{region}_p_{year}_{product}.nc")
        return region_means(path, name or variable)

    def block(self, phrase, region):
        """The part of the page of a product and a region."""
        heading = rf'<h3 id="product\d+">{phrase}(?: <span class="soft">\w+</span>)?</h3>'
        part = re.split(heading, self.html)[1]
        part = part.split("<h3")[0]
        blocks = part.split('<details class="block"')[1:]
        return next(b for b in blocks if re.search(rf"<h4>{region}\b", b))

    def test_it_says_what_it_made(self):
        self.assertEqual(self.done.returncode, 2, self.done.stderr)
        self.assertEqual(self.done.stdout, f"Report of 56 files: {self.path}\n")
        self.assertIn("1 file cannot be shown: the page says why", self.done.stderr)

    def test_nothing_comes_from_elsewhere(self):
        hosts = [(tag, key, value) for tag, attributes in self.page.elements
                 for key, value in attributes.items()
                 if key in ("src", "href", "xlink:href", "action", "srcset", "data", "poster")
                 and not value.startswith(("#", "data:image/png;base64,"))]
        self.assertEqual(hosts, [])
        tags = {tag for tag, _ in self.page.elements}
        self.assertFalse(tags & {"script", "link", "iframe", "object", "embed", "base"})
        self.assertNotRegex(self.html.split("</style>")[0], r"@import|url\(")
        self.assertFalse([key for _, attributes in self.page.elements for key in attributes
                          if key.startswith("on") or key == "style"])
        policy = next(a["content"] for tag, a in self.page.elements
                      if a.get("http-equiv") == "Content-Security-Policy")
        style = re.search(r"<style>(.*?)</style>", self.html, re.S)[1]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.assertEqual(policy, f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
                                 "base-uri 'none'; form-action 'none'")

    def test_texts_of_files_are_texts(self):
        self.assertIn(HOSTILE, self.page.text)
        self.assertNotIn("evil.example/x onerror=alert(2)>", self.html)
        self.assertIn("A <b>box</b>", self.page.text)
        self.assertNotIn("\u202e", self.html)
        self.assertIn("a?b", self.page.text)

    def test_headings_and_names_are_in_order(self):
        levels = [int(tag[1]) for tag, _ in self.page.elements if re.fullmatch(r"h\d", tag)]
        self.assertEqual(levels[0], 1)
        self.assertEqual(levels.count(1), 1)
        self.assertTrue(all(b <= a + 1 for a, b in zip(levels, levels[1:])), levels)
        ids = [a["id"] for _, a in self.page.elements if "id" in a]
        self.assertEqual(len(ids), len(set(ids)))
        named = [a[key].lstrip("#") for _, a in self.page.elements
                 for key in ("href", "aria-labelledby") if a.get(key, "data:")[:5] != "data:"]
        self.assertFalse(set(named) - set(ids))
        html_attributes = self.page.elements[0][1]
        self.assertEqual(html_attributes["lang"], "en")

    def test_means_are_those_of_xarray(self):
        for phrase, variable, product, name in (("daily normal of tas", "tas", "normal", "tas"),
                                                ("daily normal of pr", "pr", "normal", "pr"),
                                                ("monthly mean of tas", "tas", "monthly", "tas")):
            for region in ("GLOBAL", "BOX"):
                part = self.block(phrase, region)
                rows = re.findall(r'<tr><th scope="row">(\d+)</th><td>(.*?)</td><td>.*?</td><td>(.*?)'
                                  r'</td></tr>', part.split('class="years"')[1])
                years = [int(row[0]) for row in rows]
                damaged = region == "BOX" and product == "normal" and variable == "tas"
                self.assertEqual(years, [y for y in range(2002, 2009)
                                         if not (damaged and y == 2005)])
                for year, window, mean in rows:
                    expected = PER_DAY[variable] * np.nanmean(
                        self.of_file(region, variable, year, product, name)[0])
                    self.assertEqual(window, f"{int(year) - 2}-{year}")
                    self.near(number(mean), expected)
                self.check_months(part, region, variable, product, name)

    def near(self, shown, value):
        """Numbers of the page have two decimals, or four digits."""
        self.assertLessEqual(abs(shown - value), max(6e-3, 6e-4 * abs(value)))

    def check_months(self, part, region, variable, product, name):
        months = re.findall(r'<tr><th scope="row">[A-Z][a-z]{2}</th><td>(.*?)</td><td>(.*?)</td>',
                            part.split('class="cycle"')[1])
        self.assertEqual(len(months), 12)
        ends = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
        for column, year in enumerate((2002, 2008)):
            means = PER_DAY[variable] * self.of_file(region, variable, year, product, name)[0]
            expected = (means if len(means) == 12 else
                        [means[a:b].mean() for a, b in zip(ends, ends[1:])])
            for month, want in zip(months, expected):
                self.near(number(month[column]), want)

    def test_maps_say_and_show_what_xarray_finds(self):
        part = self.block("daily normal of tas", "GLOBAL")
        alts = re.findall(r"<title>(Map of .*?)</title>", part)
        self.assertEqual(len(alts), 3)
        first, last = (self.of_file("GLOBAL", "tas", year)[1] for year in (2002, 2008))
        for alt, field in zip(alts, (first, last, last - first)):
            least, most, mean = (number(n) for n in re.search(
                r": from (\S+) to (\S+) K, area mean (\S+)$", alt).groups())
            self.assertAlmostEqual(least, float(field.min()), delta=6e-2)
            self.assertAlmostEqual(most, float(field.max()), delta=6e-2)
            weights = np.cos(np.deg2rad(field.lat))
            self.assertAlmostEqual(mean, float(field.weighted(weights).mean()), delta=6e-2)
        found = [image(text) for text in re.findall(r"base64,([^\"]*)", part)]
        bars = [[number(text) for text in re.findall(r"<span>(?:[≤≥] )?([^<]*)</span>", bar)[:2]]
                for bar in part.split('class="bar"')[1:]]
        first, last = (field.sortby("lat", ascending=False).values for field in (first, last))
        for pixels, values, anchors, (low, high) in zip(
                found, (first, last, last - first), (TEMPERATURE, TEMPERATURE, WARMING), bars):
            np.testing.assert_allclose(pixels[..., :3], colours(anchors, (values - low) / (high - low)),
                                       atol=.03)

    def test_problems_are_told(self):
        part = self.html.split('id="problems"')[1].split("</section>")[0]
        self.assertIn(os.path.basename(self.damaged), part)
        self.assertRegex(part, r"daily normal of tas, BOX, M1: 1 target year is missing between 2002 and "
                               r"2008, the first is 2005")
        self.assertRegex(part, r"daily normal of pr, GLOBAL, M1: 3 of 7 windows lack source years; that "
                               r"of target year 2004 lacks 2004")
        for text in self.ran.variable("pr")["problems"]:
            self.assertIn(text.removeprefix("warning: ")[:60], self.page.text)

    def test_times_and_limits(self):
        self.assertRegex(self.page.text, r"The run took .* s with \d+ thread")
        bench = os.path.join(self.case.dir, "results.json")
        with open(bench, "w", encoding="utf-8") as file:
            json.dump({"machine": {"cpu": "<i>CPU</i>", "date": "2026-01-02"},
                       "job": {"stored_bytes": 1e9, "inflated_bytes": 2e9},
                       "limits": [{"threads": 1, "inflate_gb_per_s": {"median": 2 * 1.024**3},
                                   "disk_gb_per_s": None, "page_cache_gb_per_s": {}}]}, file)
        done = self.report(self.case.out, "-o", self.path + "2", "--bench", bench)
        self.assertEqual(done.returncode, 2, done.stderr)
        with open(self.path + "2", encoding="utf-8") as file:
            text = file.read()
        page = Page(text)
        self.assertIn("<i>CPU</i>", page.text)
        self.assertRegex(page.text, r"limit: inflating, on all threads 1\.0 GiB/s")
        self.assertIn("climnorm run CONFIG --summary made.json", page.text)

    def test_what_it_refuses(self):
        out = os.path.join(self.case.dir, "no.html")
        empty = tempfile.mkdtemp(dir=self.case.dir)
        for words, code, pattern in (
                ((empty,), 1, "no file below it ends in .nc"),
                ((os.path.join(empty, "none"),), 1, "No such file"),
                ((self.case.data,), 2, r"none of its \d+ files can be shown"),
                ((self.case.out, "--summary", self.damaged), 1, "--summary .*: is no JSON object"),
                ((self.case.out, "--bench", "none"), 1, "--bench none: No such file")):
            with self.subTest(words):
                done = self.report(*words, "-o", out)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertRegex(done.stderr, pattern)
                self.assertFalse(os.path.exists(out))

    def test_stacked_files_make_the_same_curves(self):
        with climnorm_case.Case(variables=["tas"], normals={"window": 3, "min_years": 2},
                                output={"root": "output", "layout": "stacked",
                                        "pattern": "{variable}_{region}_{period}_{product}.nc"}) as case:
            shutil.rmtree(case.data)
            os.symlink(self.case.data, case.data)
            case.periods(2002, 2008)
            self.exits(case.run("-q"), 0)
            path = os.path.join(case.dir, "stacked.html")
            self.exits_with(self.report(case.out, "-o", path), 0)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            Page(text)
            single = self.block("daily normal of tas", "GLOBAL")
            for table in ("years", "cycle"):
                self.assertEqual(*(re.search(rf'<table class="{table}">(.*?)</table>', t, re.S)[1]
                                   for t in (text, single)))

    def exits_with(self, done, code):
        self.assertEqual(done.returncode, code, done.stderr)

    @unittest.skipUnless(browser.PROGRAM, "Chromium is not installed: .ci/install --tests")
    def test_in_a_browser(self):
        with browser.Browser() as chromium:
            grounds = {}
            for width in (400, 1400):
                for dark in (False, True):
                    with self.subTest(width=width, dark=dark):
                        chromium.open(self.path, width, dark)
                        self.assertEqual(chromium.ask(BEYOND), 0)
                        chromium.ask("document.querySelectorAll('details').forEach(d => d.open = true)")
                        self.assertEqual(chromium.ask(BEYOND), 0)
                        self.assertEqual(chromium.complaints(), ([], []))
                        grounds[dark] = chromium.ask("getComputedStyle(document.body).backgroundColor")
            self.assertNotEqual(grounds[False], grounds[True])
            self.keyboard(chromium, grounds)

    def keyboard(self, chromium, grounds):
        """Tab reaches the skip link, then the choice of colours; arrows change it."""
        chromium.open(self.path, 1400, False)
        chromium.key("Tab", 9)
        self.assertEqual(chromium.ask("document.activeElement.className"), "skip")
        chromium.key("Tab", 9)
        self.assertEqual(chromium.ask("document.activeElement.id"), "auto")
        chromium.key("ArrowLeft", 37)
        self.assertEqual(chromium.ask("document.activeElement.id"), "dark")
        self.assertEqual(chromium.ask("getComputedStyle(document.body).backgroundColor"), grounds[True])
        chromium.key("ArrowLeft", 37)
        self.assertEqual(chromium.ask("getComputedStyle(document.body).backgroundColor"), grounds[False])


if __name__ == "__main__":
    climnorm_case.main()
