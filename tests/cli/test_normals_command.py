"""`climnorm normals`: normals without a config file, against the oracle; what --show prints makes the
same bytes; what is wrong is told in the words that were typed.
"""
import glob
import os
import shutil
import subprocess
import tempfile

import oracle
import trees
from climnorm_case import BIN, Case, TestCase, main

ENV = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
FIRST, LAST = 2000, 2009


def climnorm(*words, folder=None, code=0):
    done = subprocess.run([BIN, *words], capture_output=True, text=True, timeout=120, env=ENV,
                          cwd=folder, errors="replace")
    assert done.returncode == code, (f"{' '.join(words)}: exit {done.returncode}, not {code}\n"
                                     f"{done.stdout}\n{done.stderr}")
    return done


def contents(root):
    found = {}
    for path in glob.glob(os.path.join(root, "**", "*.nc"), recursive=True):
        with open(path, "rb") as f:
            found[os.path.relpath(path, root)] = f.read()
    return found


class Normals(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.case = Case(variables=["tas", "pr"])
        cls.addClassCleanup(cls.case.close)
        for variable in ("tas", "pr"):
            for year in range(FIRST, LAST + 1):
                trees.year_file(os.path.join(cls.case.data, variable), variable, year)

    def setUp(self):
        self.case.out = tempfile.mkdtemp(prefix="climnorm-normals-")
        self.addCleanup(shutil.rmtree, self.case.out, ignore_errors=True)

    def made(self, *options, paths=("data",), **more):
        return climnorm("normals", *paths, "-o", self.case.out, "-p", "none", *options,
                        folder=self.case.dir, **more)

    def shown(self, *options, **more):
        """The files of the config that --show prints."""
        text = self.made(*options, "--show", **more).stdout
        config, out = os.path.join(self.case.dir, "shown.cfg"), self.case.out + "-shown"
        with open(config, "w") as f:
            f.write(text)
        self.addCleanup(shutil.rmtree, out, ignore_errors=True)
        climnorm("run", config, "-p", "none", "--set", f"output.root={out}", folder="/")
        return contents(out)

    def expect_same_of_show(self, *options, **more):
        self.assertEqual(os.listdir(self.case.out), [])
        shown = self.shown(*options, **more)
        self.assertEqual(os.listdir(self.case.out), [])
        self.made(*options, **more)
        self.assertEqual(contents(self.case.out), shown)
        return sorted(shown)

    def test_the_years_of_a_window_make_one_normal(self):
        names = self.expect_same_of_show("--years", "2003-2007", "--variable", "tas")
        self.assertEqual(names, ["GLOBAL/tas/historical/tas_GLOBAL_historical_2007_5yr_normal.nc"])
        self.case.config["normals"] = {"window": 5}
        self.judged(self.case, "tas", [2007], period="historical")

    def test_windows_of_one_length_and_targets_with_a_window_of_their_own(self):
        self.made("--years", "2000-2004", "--years", "2005-2009")
        self.case.config["normals"] = {"window": 5}
        for variable in ("pr", "tas"):
            self.judged(self.case, variable, (2004, 2009), period="historical")
        self.made("--target", "2004", "--target", "2006-2008/2", "--set", "normals.window=3")
        self.case.config["normals"] = {"window": 3}
        for variable in ("pr", "tas"):
            self.judged(self.case, variable, (2004, 2006, 2008), period="historical")
        self.assertEqual(len(self.case.normals()), 2 * 5)

    def test_regions_are_names_and_boxes(self):
        names = self.expect_same_of_show(
            "--years", "2000-2004", "--variable", "tas", "--region", "CONUS,AK", "--region",
            "-30,30.5,-20,40", "--region", "GLOBAL", "--set", "output.counts=true")
        self.assertEqual([n.split("/")[0] for n in names],
                         ["30W-30p5E_20S-40N", "AK", "CONUS", "GLOBAL"])
        self.case.config["normals"] = {"window": 5}
        self.case.config["custom_regions"] = [
            {"name": "30W-30p5E_20S-40N", "lon": [-30, 30.5], "lat": [-20, 40]}]
        for name in ("30W-30p5E_20S-40N", "CONUS", "GLOBAL"):
            self.judged(self.case, "tas", [2004], region=name, period="historical")
        del self.case.config["custom_regions"]

    def test_products_are_those_that_the_options_describe(self):
        names = self.expect_same_of_show(
            "--years", "2000-2004", "--product", "name=p90,over=p90,pool=5,min_values=25",
            "--product", "name=sd,variables=tas,pr,over=std", "--product", "variables=tas,name=top,over=max")
        self.assertEqual(names, sorted(
            f"GLOBAL/{variable}/historical/{variable}_GLOBAL_historical_2004_5yr_{product}.nc"
            for variable, product in (("tas", "p90"), ("pr", "p90"), ("tas", "sd"), ("pr", "sd"),
                                      ("tas", "top"))))

    def test_every_key_of_a_product_is_shown(self):
        words = ["name=a", "variables=tas,pr", "time=season", "within=excess", "threshold=-0.1 degC",
                 "over=p2.5", "window=4", "min_years=3", "min_values=2", "units=degC d",
                 "baseline=2005", "change=difference"]
        for order in words, words[::-1]:
            text = self.made("--product", ",".join(order), "--show").stdout
            self.assertIn('\nproducts = ( { name = "a"; variables = [ "tas", "pr" ]; time = "season"; '
                          'within = "excess"; threshold = "-0.1 degC"; over = "p2.5"; window = 4; '
                          'min_years = 3; min_values = 2; units = "degC d"; baseline = 2005; '
                          'change = "difference"; } );\n', text)
        text = self.made("--product", "name=a,pool=61", "--show").stdout
        self.assertIn('{ name = "a"; time = "day"; within = "mean"; over = "mean"; pool = 61; }', text)

    def test_several_folders_and_files(self):
        tas = sorted(glob.glob(os.path.join(self.case.data, "tas", "**", "*.nc"), recursive=True))
        names = self.expect_same_of_show("--years", "2003-2007", paths=[
            "data/pr", *[os.path.relpath(p, self.case.dir) for p in tas[3:8]], tas[4]])
        self.assertEqual(len(names), 2)
        self.case.config["normals"] = {"window": 5}
        timeline = oracle.Tree(self.case.data).timeline("tas")
        self.judged(self.case, "tas", [2007], period="historical", timeline=timeline)

    def test_paths_with_odd_characters(self):
        odd = os.path.join(self.case.dir, 'a"b\\c ä#')
        os.symlink(self.case.data, odd)
        self.addCleanup(os.unlink, odd)
        names = self.expect_same_of_show("--years", "2003-2007", "--variable", "tas", paths=[odd])
        self.assertEqual(len(names), 1)
        line = os.path.join(self.case.dir, "a\nb")
        os.symlink(self.case.data, line)
        self.addCleanup(os.unlink, line)
        said = self.made(paths=[line], code=1).stderr
        self.assertIn("holds control characters", said)
        self.assertEqual(said.count("\n"), 1)

    def test_what_is_wrong_is_told_in_the_words_that_were_typed(self):
        for words, said in (
                (["--years", "2007-2003"], "--years 2007-2003: expected the first and the last year"),
                (["--years", "2007"], "--years 2007: expected the first and the last year"),
                (["--years", "2000-2004", "--years", "2000-2005"], "--years 2000-2005: windows of "),
                (["--years", "2000-2004", "--target", "2004"], "--years and --target both"),
                (["--target", "x"], "--target x: expected a year such as 2020"),
                (["--region", "1,2,3"], "--region 1,2,3: expected a region's name, or west,east,"),
                (["--region", "1,2,3,nan"], "--region 1,2,3,nan: expected a region's name"),
                (["--region", "1,2,40,30"], "--region 1,2,40,30: custom_regions.lat: [40, 30] runs"),
                (["--region", "conus"], '--region conus: regions: "conus" is not a known region'),
                (["--variable", "t/s"], "--variable t/s: expected a name"),
                (["--product", "p90"], "--product p90: expected KEY=VALUE,... such as"),
                (["--product", ""], "--product : expected KEY=VALUE,... such as"),
                (["--product", "name=a,"], "--product name=a,: expected KEY=VALUE,... such as"),
                (["--product", "name=a,=3"], "--product name=a,=3: expected KEY=VALUE,... such as"),
                (["--product", "name=a;x=1"], "--product name=a;x=1: products.name: expected a name"),
                (["--product", "name=a,name=b"], '--product name=a,name=b: "name" is given twice'),
                (["--product", "over=std"], "--product over=std: products.name: is missing"),
                (["--product", "name=a", "--product", "name=b,pool=4"],
                 "--product name=b,pool=4: products.pool: 4 is even"),
                (["--product", "name=a", "--product", "name=a"],
                 '--product name=a: products.name: "a" is already defined in --product name=a'),
                (["--product", "name=a,pool=99999999999"],
                 "--product name=a,pool=99999999999: products.pool: expected a whole number from 1"),
                (["--product", 'name="a'], '--product name="a: products.name: expected a name'),
                (["--product", "name=a,ovre=p90"],
                 '--product name=a,ovre=p90: products.ovre: is not a key (did you mean "products.over"?)'),
                (["-t", "many"], "--threads many: expected a whole number"),
                (["--set", "engine.memory=1kB", "--years", "2000-2004"],
                 "--set engine.memory=1kB: engine.memory gives")):
            with self.subTest(words=words):
                done = self.made(*words, code=1)
                self.assertIn(f"climnorm: {said}", done.stderr)
                self.assertNotIn("normals:", done.stderr)
        done = climnorm("normals", "data", folder=self.case.dir, code=1)
        self.assertIn("name the folder for the results: --output OUT", done.stderr)
        done = self.made(paths=["nothere"], code=1)
        self.assertIn("climnorm: nothere: No such file or directory", done.stderr)
        self.assertEqual(contents(self.case.out), {})

    def test_a_window_outside_the_data_is_missing(self):
        done = self.made("--years", "1990-2001", code=2)
        self.assertIn("tas 2001: not made, its window has 2 of 12 years", done.stderr)


if __name__ == "__main__":
    main()
