"""`climnorm config`: what it writes for a tree is a config that plan and run take as it is, and says
what the tree holds, also where names attack.
"""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import trees
from climnorm_case import BIN, main
from test_normals_command import ENV, climnorm, contents

SETTING = re.compile(r"^ *(\w+) = (.*);$", re.M)


def settings(text):
    """The settings that are no comments."""
    return {name: value for name, value in SETTING.findall(text) if name != "root"}


class Config(unittest.TestCase):
    def setUp(self):
        self.base = tempfile.mkdtemp(prefix="climnorm-config-")
        self.addCleanup(shutil.rmtree, self.base)
        self.data = os.path.join(self.base, "data")
        os.mkdir(self.data)

    def years(self, first, last, variable="tas", **options):
        for year in range(first, last + 1):
            trees.year_file(self.data, variable, year, **options)

    def written(self, path="data", code=2):
        """The text, which plan takes at once; most trees here have too few years for a normal."""
        text = climnorm("config", path, folder=self.base).stdout
        with open(os.path.join(self.base, "my.cfg"), "w") as f:
            f.write(text)
        climnorm("plan", "my.cfg", folder=self.base, code=code)
        return text

    def test_it_says_what_the_tree_holds(self):
        for variable in ("tas", "pr"):
            self.years(1976, 2005, variable)
            for scenario in ("rcp26", "rcp85"):
                self.years(2006, 2010, variable, experiment=scenario)
        text = self.written(code=0)
        self.assertEqual(settings(text), {
            "model": '"M1"', "variant": '"r1i1p1f1"', "grid": '"gn"',
            "variables": '[ "pr", "tas" ]', "scenarios": '[ "rcp26", "rcp85" ]',
            "regions": '[ "CONUS", "AK" ]'})
        words = " ".join(text.replace("#", " ").split())
        self.assertIn("pr, tas: historical 1976-2005, rcp26 2006-2010, rcp85 2006-2010; calendar "
                      "noleap, grid of 6 latitudes and 8 longitudes.", words)
        self.assertIn('periods = ( { name = "historical"; first = 1980; last = 2005; }, '
                      '{ name = "hybrid-{scenario}"; first = 2006; last = 2010; } );', words)
        self.assertIn("pr historical: target years 1980-1999 are left out", words)
        self.assertRegex(words, r"Without a cell of this grid: HI, PRVI, GU\.")

    def test_its_run_makes_what_the_least_config_makes(self):
        self.years(2000, 2004)
        text = self.written()
        text = text.replace("# window = 30;", "window = 2;")
        with open(os.path.join(self.base, "my.cfg"), "w") as f:
            f.write(text)
        climnorm("run", "my.cfg", "-p", "none", folder=self.base)
        with open(os.path.join(self.base, "least.cfg"), "w") as f:
            f.write('input = { root = "data"; }; output = { root = "least"; };'
                    'regions = [ "CONUS", "AK" ]; normals = { window = 2; };')
        climnorm("run", "least.cfg", "-p", "none", folder=self.base)
        made = contents(os.path.join(self.base, "normals"))
        self.assertEqual(len(made), 2 * 4)
        self.assertEqual(made, contents(os.path.join(self.base, "least")))

    def test_each_commented_setting_may_be_taken(self):
        self.years(1990, 2016)
        text = self.written(code=0)
        free = re.sub(r"^( *)# (\w+) = (.*;)$", r"\1\2 = \3", text, flags=re.M)
        self.assertGreater(len(settings(free)), len(settings(text)) + 15)
        free = free.replace("[ 4, 17 ]; lat = [ 43, 49 ]", "[ 0, 90 ]; lat = [ 0, 60 ]")
        free = free.replace('targets = [ "1990-2020/10" ]', 'targets = [ "2015" ]')
        with open(os.path.join(self.base, "my.cfg"), "w") as f:
            f.write(free)
        climnorm("plan", "my.cfg", folder=self.base)

    def test_several_models_become_a_list(self):
        for model, grid in ("B", "gn"), ("A", "gr"), ("C", "gn"):
            self.years(2000, 2004, model=model, grid=grid)
        self.years(2000, 2009, "pr", model="C")
        text = self.written()
        self.assertEqual(settings(text)["model"], '[ "A", "B", "C" ]')
        for key in "variant", "grid", "variables", "scenarios":  # some may lack what others have
            self.assertNotIn(key, settings(text))
        self.assertIn('# variables = [ "pr", "tas" ];', text)
        words = " ".join(text.replace("#", " ").split())
        self.assertIn("What is said of variables, years and regions is of C.", words)
        self.assertIn("pr: historical 2000-2009; calendar noleap", words)
        self.assertNotIn("Left out, as", words)

    def test_a_variant_that_most_models_have_is_set(self):
        self.years(2000, 2002, model="A")
        self.years(2000, 2009, model="B")
        self.years(2000, 2004, model="B", variant="r2i1p1f1")
        self.years(2000, 2000, model="C", grid="gr")
        text = self.written()
        self.assertEqual([settings(text).get(k) for k in ("model", "variant", "grid")],
                         ['[ "A", "B", "C" ]', '"r1i1p1f1"', None])

    def test_models_that_cannot_be_made_with_the_others_are_named(self):
        for model in "A", "C":
            self.years(2000, 2004, model=model, variant="r3i1p1f1")
        self.years(2000, 2009, model="B")
        self.years(2000, 2004, model="B", grid="gr")
        text = self.written()
        self.assertEqual(settings(text)["model"], '[ "A", "C" ]')
        words = " ".join(text.replace("#", " ").split())
        self.assertIn("Left out, as their files are of several variants or grids: B.", words)

    def test_of_one_model_it_takes_the_variant_and_grid_of_most_files(self):
        self.years(2000, 2009)
        self.years(2000, 2004, variant="r2i1p1f1")
        self.years(2000, 2002, grid="gr")
        text = self.written()
        self.assertEqual([settings(text)[k] for k in ("model", "variant", "grid")],
                         ['"M1"', '"r1i1p1f1"', '"gn"'])
        self.assertIn("# Other variants in this tree: r2i1p1f1.", text)
        self.assertIn("# Other grids in this tree: gr.", text)

    def test_variables_that_cannot_be_used_are_left_out(self):
        self.years(2000, 2003)
        self.years(2000, 2003, "pr")
        for folder, _, names in os.walk(self.data):
            for name in names:
                if name.startswith("pr_"):
                    with open(os.path.join(folder, name), "wb") as f:
                        f.write(b"CDF")
        text = self.written()
        self.assertEqual(settings(text)["variables"], '[ "tas" ]')
        words = " ".join(text.replace("#", " ").split())
        self.assertIn("Left out: pr (none of its files can be used, as other lines say). "
                      "pr historical 2000-2003: 4 files are left out, such as ", words)

    def test_where_no_variable_can_be_used_it_says_what_is_wrong_with_the_files(self):
        self.years(2000, 2003)
        self.years(2000, 2003, "pr")
        for folder, _, names in os.walk(self.data):
            for name in names:
                with open(os.path.join(folder, name), "wb") as f:
                    f.write(b"CDF")
        done = climnorm("config", "data", folder=self.base, code=1)
        self.assertEqual(done.stdout, "")
        *lines, last = done.stderr.splitlines()
        self.assertEqual([line.split(", such as")[0] for line in lines],
                         [f"climnorm: {variable} historical 2000-2003: 4 files are left out"
                          for variable in ("pr", "tas")])
        self.assertIn("no variable can be used; the first, pr: none of its files can be used", last)

    def test_it_lists_all_that_there_is_however_much_that_is(self):
        self.years(2000, 2002)
        scenarios = [f"ssp{number}" for number in range(100, 130)]
        for scenario in scenarios:
            self.years(2003, 2003, experiment=scenario)
        variables = [f"var{number}" for number in range(70)]
        for number, variable in enumerate(variables):  # each has a note, as all are different
            self.years(1900 + number, 1900 + number, variable)
        text = self.written()
        self.assertEqual(settings(text)["scenarios"].count('"ssp'), 30)
        for variable in variables:
            self.assertIn(f"{variable}: historical", text)

    def test_it_counts_the_files_of_any_number_of_models(self):
        for number in range(1100):
            name = f"tas_day_A{number}_historical_r1i1p1f1_gn_2000.nc"
            with open(os.path.join(self.data, name), "w"):
                pass
        self.years(2000, 2004, model="Z")
        text = self.written()
        self.assertEqual(settings(text)["model"], '"Z"')
        self.assertIn(", and more.", text)

    def test_names_that_attack_do_not_show(self):
        self.years(2000, 2003)
        plain = self.written()
        for model in ('X\n}; output: { root = "y"; };\x1b[2J', 'X"; root = "y'):
            self.years(2000, 2009, model=model)
            self.assertEqual(self.written(), plain)

    def test_paths_with_odd_characters(self):
        self.years(2000, 2003)
        odd = os.path.join(self.base, 'a"b\\c ä#')
        os.symlink(self.data, odd)
        self.assertIn('root = "%s";' % os.path.realpath(self.base).replace("\\", "\\\\"),
                      self.written(odd).replace('/a\\"b\\\\c ä#', ""))

    def test_what_is_no_tree_is_refused(self):
        with open(os.path.join(self.base, "file"), "w") as f:
            f.write("x")
        for path, said in (("data", "data: no file in this folder or below it has a name that"),
                           ("nothere", "nothere: No such file or directory"),
                           ("file", "file: is not a folder; name the folder that holds")):
            done = climnorm("config", path, folder=self.base, code=1)
            self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1))
            self.assertIn(f"climnorm: {said}", done.stderr)
        with open(os.path.join(self.data, "odd.nc"), "w") as f:
            f.write("x")
        done = climnorm("config", "data", folder=self.base, code=1)
        self.assertIn("1 has a name of another form", done.stderr)

    @unittest.skipUnless(shutil.which("setpriv") and os.geteuid() == 0, "no setpriv, or not root")
    def test_a_folder_that_cannot_be_read_is_refused(self):
        os.chmod(self.base, 0o755)
        os.chmod(self.data, 0)
        done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", BIN, "config", "data"],
                              capture_output=True, text=True, timeout=60, env=ENV, cwd=self.base)
        self.assertEqual(done.returncode, 1)
        self.assertIn("data: Permission denied", done.stderr)


if __name__ == "__main__":
    main()
