"""The catalog on small trees: which files take part, and what becomes of odd ones."""
import os
import pathlib
import shutil
import tempfile
import unittest

import netCDF4
import numpy as np

from build import main
from catalog_trees import DUMP, LAT, LON, catalog, write, year_file


class Tree(unittest.TestCase):
    def setUp(self):
        self.base = tempfile.mkdtemp()
        self.root = os.path.join(self.base, "data")
        os.mkdir(self.root)
        self.addCleanup(shutil.rmtree, self.base)

    def catalog(self, **keys):
        self.lines = catalog(self.root, **keys)
        return self.lines

    def years(self, *years, **options):
        return [year_file(self.root, year, **options) for year in years]

    def named(self, kind):
        return [line for line in self.lines if line.startswith(kind + " ")]

    def one(self, kind):
        found = self.named(kind)
        self.assertEqual(len(found), 1, "\n".join(self.lines))
        return found[0]

    def assert_clean(self):
        for kind in ("problem", "warning", "failure", "error"):
            self.assertEqual(self.named(kind), [])


class Selection(Tree):
    def test_plain_tree(self):
        self.years(2000, 2001, 2002)
        self.years(2003, experiment="ssp245", folder="deep/down")
        self.catalog()
        self.assert_clean()
        self.assertEqual(self.one("of"), "of M r1i1p1f1 gn")
        self.assertEqual(self.one("timeline"), "timeline pr ssp245 2000-2003 pure 0 1 2 3")
        self.assertIn("year pr 3 2003 ssp245 365/365 usable", self.named("year")[3])

    def test_other_tables_and_names_are_counted(self):
        self.years(2000)
        for name in ("tas_Amon_M_historical_r1i1p1f1_gn_185001-201412.nc", "notes.nc",
                     "pr_day_M_historical_r1i1p1f1_gn_latest.nc", "readme.txt"):
            open(os.path.join(self.root, name), "w").close()
        self.catalog()
        self.assertEqual(self.one("seen"),
                         "seen 4 mismatched 2 other_tables 1 filtered 0 superseded 0 files 1")

    def test_newest_version_of_each_file(self):
        for version in ("", "_v1.1", "_v1.9", "_v1.10"):
            self.years(2000, version=version)
        self.years(2001, version="")
        self.catalog()
        files = self.named("file")
        self.assertEqual(len(files), 2)
        self.assertIn("_v1.10.nc historical 1.10 usable", files[0])
        self.assertIn("superseded 3", self.one("seen"))
        self.assertIn("mixed", self.one("timeline"))
        self.assertIn("mixes versions: 1.0 (1 file), 1.10 (1 file)", self.one("warning"))

    def test_one_version_by_number(self):
        for version in ("", "_v1.1", "_v2.0"):
            self.years(2000, version=version)
        self.catalog(version="1.1")
        self.assertIn("_v1.1.nc historical 1.1", self.one("file"))
        self.catalog(version="1.0")
        self.assertIn("_2000.nc historical 1.0", self.one("file"))
        self.catalog(version="3.0")
        self.assertIn("other versions (1.0, 1.1, 2.0) than input.version", self.one("error"))

    def test_several_candidates(self):
        self.years(2000, model="A")
        self.years(2000, 2001, model="B", variant="r2i1p1f1")
        self.catalog()
        error = self.one("error")
        self.assertTrue(error.startswith("error 1 "))
        for part in ("A (1 file), B (2 files); set input.model", "set input.variant"):
            self.assertIn(part, error)
        self.assertNotIn("input.grid", error)
        self.catalog(model="B")
        self.assertEqual(self.one("of"), "of B r2i1p1f1 gn")

    def test_cmip5_names_have_no_grid(self):
        write(os.path.join(self.root, "pr_day_M_historical_r1i1p1_20000101-20001231.nc"))
        self.catalog()
        self.assert_clean()
        self.assertEqual(self.one("of"), "of M r1i1p1 ")

    def test_nothing_left_explains_itself(self):
        self.catalog()
        self.assertIn("0 .nc files", self.one("error"))
        self.years(2000, model="CanESM5")
        self.catalog(model="CanESM2")
        self.assertIn('(did you mean "CanESM5"?)', self.one("error"))
        self.catalog(table="Day")
        self.assertIn('input.table = "Day" (did you mean "day"?)', self.one("error"))
        self.catalog(config='variables = ["prr"];')
        self.assertIn('variables = ["prr"] (did you mean "pr"?)', self.one("error"))
        self.catalog(config='scenarios = ["ssp245"];', historical="hist")
        self.assertIn("other experiments (historical)", self.one("error"))

    def test_root_that_is_not_there(self):
        os.rmdir(self.root)
        self.catalog()
        self.assertIn("No such file", self.one("error"))
        open(self.root, "w").close()
        self.catalog()
        self.assertIn("neither a folder", self.one("error"))

    def test_links_and_loops(self):
        path = self.years(2000, folder="a")[0]
        os.symlink("..", os.path.join(self.root, "a", "up"))
        os.symlink(os.path.join(self.root, "a"), os.path.join(self.root, "b"))
        os.symlink(path, os.path.join(self.root, os.path.basename(path)))
        os.link(path, path.replace("_2000.nc", "_20000101-20001231.nc"))
        os.symlink("nowhere.nc", os.path.join(self.root, "dangling.nc"))
        self.catalog()
        self.assertIn("usable", self.one("file"))
        self.assertIn("dangling.nc", self.one("warning"))
        self.assertEqual(len(self.named("year")), 1)

    def test_only_regular_files_are_opened(self):
        self.years(2000)
        stem = os.path.join(self.root, "pr_day_M_historical_r1i1p1f1_gn_")
        os.mkfifo(stem + "2001.nc")
        os.mkdir(stem + "2002.nc")
        self.catalog()
        self.assert_clean()
        self.assertIn("seen 1 ", self.one("seen"))

    @unittest.skipIf(os.geteuid() == 0, "root reads every folder")
    def test_unreadable_folder_is_a_warning(self):
        self.years(2000)
        locked = os.path.join(self.root, "locked")
        os.mkdir(locked, 0)
        self.addCleanup(os.chmod, locked, 0o700)
        self.catalog()
        self.assertIn("locked", self.one("warning"))

    @unittest.skipIf(os.geteuid() == 0, "root enters every folder")
    def test_two_of_one_name_where_nobody_may_look(self):
        """Folders that may be listed and not entered: neither file is taken for the other."""
        for name in ("one", "two"):
            folder = os.path.join(self.root, name)
            os.mkdir(folder)
            with open(os.path.join(folder, "pr_day_M_historical_r1i1p1f1_gn_2001.nc"), "w"):
                os.chmod(folder, 0o444)
            self.addCleanup(os.chmod, folder, 0o755)
        self.catalog()
        self.assertIn("seen 2 ", self.one("seen"))

    def test_variables(self):
        self.years(2000, variable="tas")
        self.years(2000, variable="pr")
        self.catalog()
        self.assertEqual(self.named("variable"), ["variable pr", "variable tas"])
        self.catalog(config='variables = ["tas", "tasmin", "pr"];')
        self.assertEqual(self.named("variable"), ["variable tas", "variable tasmin", "variable pr"])
        self.assertIn("failure tasmin no file", self.one("failure"))


class Models(Tree):
    """Several models in one tree, each with a variant and a grid of its own."""

    def setUp(self):
        super().setUp()
        for model, variant, grid in (("B", "r1i1p1f1", "gn"), ("A", "r1i1p1f3", "gr1"),
                                     ("C-1", "r2i1p1f1", "gr")):
            for variable in ("pr", "tas"):
                self.years(2000, 2001, model=model, variant=variant, grid=grid, variable=variable)

    def test_all_of_them_are_in_order_of_their_names(self):
        self.catalog(model="*")
        self.assert_clean()
        self.assertEqual(self.named("of"),
                         ["of A r1i1p1f3 gr1", "of B r1i1p1f1 gn", "of C-1 r2i1p1f1 gr"])
        self.assertEqual([line[len("variable "):] for line in self.named("variable")],
                         ["A pr", "A tas", "B pr", "B tas", "C-1 pr", "C-1 tas"])
        self.assertEqual(len(self.named("file")), 12)
        self.assertIn("year A pr 0 2000 historical 365/365 usable "
                      "pr_day_A_historical_r1i1p1f3_gr1_2000.nc[0+365]", self.lines)

    def test_a_list_has_the_order_of_the_config(self):
        self.catalog(model=["C-1", "A"], config='variables = [ "tas", "pr" ];')
        self.assert_clean()
        self.assertEqual([line[len("variable "):] for line in self.named("variable")],
                         ["C-1 tas", "C-1 pr", "A tas", "A pr"])
        self.assertIn("filtered 4 superseded 0 files 8", self.one("seen"))

    def test_a_model_of_two_variants_fails_alone(self):
        self.years(2002, model="B", variant="r9i1p1f1")
        self.catalog(model="*")
        failures = self.named("failure")
        self.assertEqual([line.split()[1:3] for line in failures], [["B", "pr"], ["B", "tas"]])
        self.assertIn("the files are of several variants: r1i1p1f1 (4 files), r9i1p1f1 (1 file); make "
                      "this model in a run of its own, with input.variant", failures[0])
        self.assertEqual(len(self.named("timeline")), 4)
        self.assertEqual(len(self.named("file")), 8)

    def test_a_variant_that_only_some_have_leaves_out_the_others(self):
        self.catalog(model="*", variant="r1i1p1f1")
        self.assertEqual(self.named("of"), ["of B r1i1p1f1 gn"])
        self.catalog(model=["A", "B"], variant="r1i1p1f1", config='variables = [ "pr" ];')
        self.assertEqual(self.one("failure"),
                         f"failure A pr no file in {self.root} passes: 2 are named pr_day_..., but "
                         "are of other experiments, variants, grids or versions")

    def test_no_model_that_can_be_used_is_an_error(self):
        for model, variant in ("A", "r1i1p1f3"), ("B", "r1i1p1f1"), ("C-1", "r2i1p1f1"):
            self.years(2002, model=model, variant=variant, grid="g9")
        self.catalog(model="*")
        self.assertRegex(self.one("error"), "^error 1 input.root: no model in .* can be used; A: the "
                         "files are of several grids: ")
        self.catalog(model=["Y", "Z"])
        self.assertIn('other models (A, B, C-1) than input.model = ["Y", "Z"]', self.one("error"))

    def test_a_model_without_files_fails_and_the_others_go_on(self):
        self.catalog(model=["B", "CC-1"], config='variables = [ "pr", "tas" ];')
        self.assertEqual(self.named("failure"), [
            f'failure CC-1 {name} no file in {self.root} is of model CC-1 (did you mean "C-1"?)'
            for name in ("pr", "tas")])
        self.assertEqual(len(self.named("timeline")), 2)
        self.catalog(model=["B", "CC-1"])
        self.assertEqual(self.named("failure"), [])
        self.assertEqual(self.one("problem"), f"problem tree input.model: no file in {self.root} is "
                         'of model CC-1 (did you mean "C-1"?)')

    def test_a_variable_that_some_models_lack(self):
        self.years(2000, model="B", variable="huss")
        self.catalog(model="*")
        self.assertEqual(self.one("warning"),
                         "warning tree A, C-1 have no file of huss, which other models have")
        self.catalog(model="*", config='variables = [ "tas", "huss" ];')
        self.assertEqual(self.named("failure"), [
            f"failure {model} huss no file in {self.root} is named huss_day_{{model}}_..."
            for model in ("A", "C-1")])
        self.catalog(model="*", config='variables = [ "huss" ];')
        self.assertEqual(self.named("of"), ["of B r1i1p1f1 gn"])

    def test_a_scenario_that_some_models_lack(self):
        self.years(2002, model="A", variant="r1i1p1f3", grid="gr1", experiment="ssp245")
        self.years(2002, model="B", experiment="ssp370")
        self.catalog(model=["A", "B"], config='variables = [ "pr" ]; scenarios = [ "ssp245" ];')
        self.assertIn("B pr: no usable file of experiment ssp245; the tree holds ssp370",
                      self.one("problem"))
        self.assertEqual([line.split()[1:4] for line in self.named("timeline")],
                         [["A", "pr", "ssp245"], ["B", "pr", "-"]])

    def test_one_model_in_a_list_is_named_as_ever(self):
        self.catalog(model=["B"])
        self.assertEqual(self.named("variable"), ["variable pr", "variable tas"])

    def test_reissues_of_one_model_replace_no_file_of_another(self):
        self.years(2000, model="B", version="_v1.1")
        self.catalog(model="*")
        self.assertIn("superseded 1 files 12", self.one("seen"))
        self.assertEqual([line for line in self.named("file") if "_v1.1.nc" in line],
                         ["file pr_day_B_historical_r1i1p1f1_gn_2000_v1.1.nc historical 1.1 usable"])


class Timelines(Tree):
    def test_scenarios_share_the_historical_years(self):
        self.years(2000, 2001)
        self.years(2002, 2003, experiment="ssp245")
        self.years(2002, experiment="ssp585")
        self.catalog()
        self.assert_clean()
        self.assertEqual(self.named("timeline"), ["timeline pr ssp245 2000-2003 pure 0 1 2 4",
                                                  "timeline pr ssp585 2000-2002 pure 0 1 3"])

    def test_historical_alone(self):
        self.years(2000, 2001)
        self.years(2002, experiment="ssp245")
        self.catalog(config="scenarios = [];")
        self.assertEqual(self.one("timeline"), "timeline pr - 2000-2001 pure 0 1")

    def test_scenario_without_files(self):
        self.years(2000)
        self.years(2001, experiment="ssp245")
        self.catalog(config='scenarios = ["ssp245", "ssp585"];')
        self.assertIn("no usable file of experiment ssp585; the tree holds ", self.one("problem"))
        self.assertEqual(self.one("timeline"), "timeline pr ssp245 2000-2001 pure 0 1")

    def test_experiments_that_meet_within_a_year(self):
        stem = os.path.join(self.root, "pr_day_M_%s_r1i1p1f1_gn_%s.nc")
        write(stem % ("historical", "20000101-20010630"), count=365 + 181)
        write(stem % ("ssp245", "20010701-20021231"), first=365 + 181, count=184 + 365)
        write(stem % ("ssp585", "20020101-20021231"), first=730)
        self.catalog(normals="min_days = 0.4;")
        years = self.named("year")
        joint = [line for line in years if " 2001 ssp245 365/365 usable" in line]
        self.assertEqual(len(joint), 1)
        self.assertIn("20000101-20010630.nc[365+181]", joint[0])
        self.assertIn("20010701-20021231.nc[0+184]", joint[0])
        self.assertTrue(any(" 2001 historical 181/365 usable" in line for line in years))

    def test_overlap_names_both_files_and_the_day(self):
        self.years(2000)
        write(os.path.join(self.root, "pr_day_M_historical_r1i1p1f1_gn_20001231-20011231.nc"),
              first=364, count=366)
        self.years(2000, variable="tas")
        self.catalog()
        failure = self.one("failure")
        for part in ("failure pr ", "2000-12-31", "gn_2000.nc", "gn_20001231-20011231.nc"):
            self.assertIn(part, failure)
        self.assertIn("timeline tas - 2000-2000 pure 0", self.lines)

    def test_same_name_in_two_folders_overlaps(self):
        self.years(2000, folder="a")
        self.years(2000, folder="b")
        self.catalog()
        self.assertIn("overlap", self.one("failure"))

    def test_scenarios_may_hold_the_same_days(self):
        self.years(2000, experiment="ssp245")
        self.years(2000, experiment="ssp585")
        self.catalog()
        self.assertEqual(self.named("failure"), [])
        self.assertEqual(len(self.named("timeline")), 2)

    def test_days_between_days_of_another_file(self):
        stem = os.path.join(self.root, "pr_day_M_historical_r1i1p1f1_gn_%s.nc")
        even = np.concatenate([np.arange(0, 300), np.arange(310, 365)])
        write(stem % "20000101-20001231", times=even.astype(float))
        write(stem % "20001028-20001106", first=300, count=10)
        self.catalog()
        self.assert_clean()
        self.assertIn("365/365 usable", self.one("year"))

    def test_short_years_and_gaps(self):
        self.years(2000, 2003)
        write(os.path.join(self.root, "pr_day_M_historical_r1i1p1f1_gn_2004.nc"), first=1460,
              count=300)
        write(os.path.join(self.root, "pr_day_M_historical_r1i1p1f1_gn_2005.nc"), first=1825,
              count=360)
        self.catalog()
        warnings = "\n".join(self.named("warning"))
        self.assertIn("not used, with less than normals.min_days = 0.9 of their days: "
                      "2004 (historical, 300 of 365)", warnings)
        self.assertIn("missing days: 2005 (historical, 360 of 365)", warnings)
        self.assertIn("years without a file: 2001-2002", warnings)
        self.assertEqual(self.one("timeline"), "timeline pr - 2000-2005 pure 0 -1 -1 1 2 3")
        self.assertIn("2004 historical 300/365 unused", self.named("year")[2])

    def test_calendar_families(self):
        self.years(2000, calendar="365_day")
        self.years(2001, calendar="noleap")
        self.catalog()
        self.assert_clean()
        self.years(2002, calendar="360_day", time_units="days since 2002-01-01", first=0, count=360)
        self.catalog()
        self.assertIn("two calendars", self.one("failure"))
        self.assertIn("360_day", self.one("failure"))

    def test_standard_and_proleptic_are_one_family(self):
        self.years(2000, calendar=None, first=0, count=366)
        self.years(2001, calendar="proleptic_gregorian", first=366)
        self.catalog()
        self.assert_clean()
        self.assertIn("365/365", self.named("year")[1])

    def test_end_stamps_are_warned_of(self):
        days = np.arange(365.0)
        self.years(2000, times=days + 1, bounds=np.stack([days, days + 1], 1))
        self.years(2002, bounds=np.stack([days + 730, days + 731], 1))
        self.catalog()
        self.assertTrue(any("1 of 2 files are end-stamped" in line
                            for line in self.named("warning")))


class OddFiles(Tree):
    def check_left_out(self, *parts):
        """2001 is odd; 2000 and 2002 are fine."""
        self.catalog()
        problem = self.one("problem")
        for part in ("2001", "_2001.nc", "left out", *parts):
            self.assertIn(part, problem)
        self.assertEqual(self.named("failure"), [])
        self.assertEqual(self.one("timeline"), "timeline pr - 2000-2002 pure 0 -1 1")

    def test_odd_grid(self):
        self.years(2000, 2002)
        self.years(2001, lat=LAT + 0.5)
        self.check_left_out("grid")
        self.years(2001, lat=LAT + 0.005)
        self.catalog()
        self.assert_clean()
        self.years(2001, lon=LON[:3])
        self.check_left_out("3 x 3 cells")
        self.years(2001, lat=LAT[::-1])
        self.check_left_out("latitude 1 is 30")

    def test_the_first_file_may_be_the_odd_one(self):
        self.years(2000, lat=LAT + 1)
        self.years(2001, 2002)
        self.catalog()
        self.assertIn("_2000.nc", self.one("problem"))
        self.assertIn("grid pr 3 4 10 0", self.one("grid"))

    def test_odd_units(self):
        self.years(2000, units="kg m-2 s-1")
        self.years(2002, units="kg/m2/s")
        self.years(2001, units="mm day-1")
        self.check_left_out("mm day-1")

    def test_what_cannot_be_used(self):
        self.years(2000, 2002)
        cases = {
            "curvilinear": self.curvilinear,
            "length 2": lambda path: write(path, first=365, order=("time", "lev", "lat", "lon"),
                                           extra=[("lev", 2)]),
            "monthly data": lambda path: write(path, first=365, count=12, step=30.4),
            "median time step is 5 days": lambda path: write(path, first=365, count=73, step=5),
            "monthly data: the interval of its only time is 31 days": lambda path: write(
                path, first=380, count=1, bounds=[[365, 396]]),
            "no variable 'pr'": lambda path: write(path, variable="tas", first=365),
            "int64": lambda path: write(path, dtype="i8", first=365),
            "text": lambda path: write(path, dtype="S1", first=365),
            "scale_factor": lambda path: write(path, first=365, attributes={"scale_factor": 0.0}),
            "latitude 2 (counted from 0) is 95": lambda path: write(
                path, first=365, lat=np.array([75.0, 85.0, 95.0])),
            "latitude 2 (counted from 0) is 2, after 3": lambda path: write(
                path, first=365, lat=np.array([1.0, 3.0, 2.0])),
            "has no value": lambda path: write(path, first=365, lat=np.array([1.0, np.nan, 2.0])),
            "unknown calendar": lambda path: write(path, first=365, calendar="mayan"),
            "months": lambda path: write(path, count=365, time_units="months since 2001-01-01"),
            "instant 3 of 'time'": lambda path: write(path, times=365.0 + np.array([0, 1, 2, 2, 3])),
            "has no instants, so the file has no data": lambda path: write(path, count=0),
            "empty": lambda path: pathlib.Path(path).touch(),
            "such as CSV": lambda path: pathlib.Path(path).write_text("hello\n" * 99),
            "neither netCDF-3 nor": lambda path: pathlib.Path(path).write_bytes(b"\1\2\3" * 99),
            "truncated": self.truncated_classic,
            "cannot be opened": self.truncated_netcdf4,
        }
        for reason, make in cases.items():
            with self.subTest(reason):
                path = os.path.join(self.root, "pr_day_M_historical_r1i1p1f1_gn_2001.nc")
                make(path)
                self.check_left_out(reason)
                os.remove(path)

    def curvilinear(self, path):
        write(path, first=365, names=("time", "y", "x"), clues=False)
        with netCDF4.Dataset(path, "a") as file:
            for name, units in (("lat", "degrees_north"), ("lon", "degrees_east")):
                file.createVariable(name, "f8", ("y", "x"))[:] = 1
                file[name].units = units
            file["y"].axis = "Y"
            file["x"].axis = "X"

    def truncated_classic(self, path):
        write(path, first=365, fmt="NETCDF3_CLASSIC")
        os.truncate(path, os.path.getsize(path) - 100)

    def truncated_netcdf4(self, path):
        write(path, first=365)
        os.truncate(path, os.path.getsize(path) // 2)

    def test_no_usable_file(self):
        self.years(2000, dtype="i8")
        self.catalog()
        self.assertIn("none of its files can be used", self.one("failure"))
        self.assertIn("int64", self.one("problem"))


if __name__ == "__main__":
    main(DUMP)
